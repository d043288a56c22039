"""ipsec dynamic show mmfilter and qmfilter: what the policy agent made of the policy in force."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from commands import cells
from commands.answer import Answer, Cell, Line, Lines
from commands.dynamic.select import MainSelection, QuickSelection, Wanted, names_of, resolved
from commands.dynamic.view import AUTH_WORDS, protocol_word
from commands.kinds import Choice, Text
from commands.spec import tag
from engine.address import Address, Network
from engine.spd import OUTBOUND, SpdEntry
from engine.suites import format_main_mode, format_quick_mode

if TYPE_CHECKING:
    from commands.session import Session

NO_MAIN_MODE = "IPsec MainMode Filters not available."
NO_QUICK_MODE = "IPsec QuickMode Filters not available."
RULE = "-" * 78
LABEL = 28


def _name() -> str:
    one: str = tag(Text("<string> | all"), "Only the filter of this name.", default="all")
    return one


def _field(label: str, *parts: str | Cell) -> Line:
    return (f"{label:<{LABEL}}: ", *parts)


def _named(entry: SpdEntry, name: str) -> bool:
    return name.lower() in ("all", entry.name.lower())


def _auth(entry: SpdEntry) -> Cell:
    return cells.enum(", ".join(AUTH_WORDS[one.kind] for one in entry.auth) or "None")


def _ends(network: Network, names: Mapping[Address, str]) -> Line:
    if not network.prefix:
        return (Cell("ip", "0.0.0.0", "<Any IP Address>"),)
    return (cells.ip(network.address), *resolved(network.address, names), " , mask ",
            cells.mask(network.prefix))


# --- main mode ----------------------------------------------------------------------------------


class _MainMode(NamedTuple):
    """Whom main mode may be made with: an own address and a peer, both as networks."""

    entry: SpdEntry
    source: Network
    destination: Network


def _main_mode(session: "Session") -> list[_MainMode]:
    """One for each peer that some rule names; a tunnel's peer is its end."""
    host = session.world.hosts[session.machine]
    found: dict[tuple[Network, Network], _MainMode] = {}
    for entry in host.spd.entries:
        if entry.direction != OUTBOUND or entry.action != "negotiate":
            continue
        if entry.tunnel is None:
            one = _MainMode(entry, entry.source, entry.destination)
        else:
            own: Address = host.source_for(entry.tunnel)
            one = _MainMode(entry, Network(own, 32), Network(entry.tunnel, 32))
        found.setdefault((one.source, one.destination), one)
    return list(found.values())


def _methods(session: "Session", entry: SpdEntry) -> tuple[str, ...]:
    policy = session.world.hosts[session.machine].agent.main_policy(entry)
    return tuple(format_main_mode(one) for one in policy.methods)


def _type(default: str) -> str:
    one: str = tag(Choice("generic", "specific", help=("as the rules say", "by direction")),
                   "generic: one for each filter; specific: one for each direction.",
                   default=default)
    return one


class ShowMmfilter(MainSelection, words="ipsec dynamic show mmfilter", own_first=True,
                   help="Displays main mode filters.",
                   examples=("ipsec dynamic show mmfilter",)):
    """Between which addresses main mode may be made, and with what."""

    name: str = _name()
    type: str = _type("generic")

    def run(self, session: "Session") -> Answer:
        """One block a filter, or the sentence that there is none."""
        wanted = Wanted.typed(self)
        names = names_of(session, self.resolvedns)
        found = [one for one in _main_mode(session) if _named(one.entry, self.name)
                 and wanted.ends(one.source, one.destination)]
        data = [{"name": cells.name(one.entry.name), "policy": cells.name(one.entry.policy),
                 "source": cells.net(one.source), "destination": cells.net(one.destination),
                 "authentication": _auth(one.entry),
                 "methods": list(_methods(session, one.entry))} for one in found]
        if not found:
            return Answer((Lines(((NO_MAIN_MODE,),), data, "mmfilters"),))
        lines: list[Line] = [(), (f"Main Mode Filters: {self.type.capitalize()}",), (RULE,)]
        for one in found:
            methods = _methods(session, one.entry)
            lines += [
                _field("Filter Name", cells.name(one.entry.name)),
                _field("Policy Name", cells.name(one.entry.policy)),
                _field("Source Address", *_ends(one.source, names)),
                _field("Destination Address", *_ends(one.destination, names)),
                _field("Authentication Methods", _auth(one.entry)),
                _field("Security Methods", cells.count(len(methods))),
                *((f"    {text}",) for text in methods),
                (),
            ]
        lines.append(_field("No. of Main Mode Filters", cells.count(len(found))))
        return Answer((Lines(tuple(lines), data, "mmfilters"),))


# --- quick mode ---------------------------------------------------------------------------------


def _quick_mode_lines(entry: SpdEntry, names: Mapping[Address, str]) -> list[Line]:
    lines: list[Line] = [
        _field("Filter Name", cells.name(entry.name)),
        _field("Filter Id", cells.guid(entry.id)),
        _field("Policy Name", cells.name(entry.policy)),
        _field("Rule Name", cells.name(entry.rule)),
        _field("Direction", cells.enum(entry.direction.capitalize())),
        _field("Action", cells.enum(entry.action.capitalize())),
        _field("Source Address", *_ends(entry.source, names)),
        _field("Destination Address", *_ends(entry.destination, names)),
        _field("Protocol", cells.enum(protocol_word(entry.protocol)), "    Source Port: ",
               cells.port(entry.source_port), "    Destination Port: ",
               cells.port(entry.destination_port)),
    ]
    if entry.tunnel is not None:
        lines.append(_field("Tunnel Destination", cells.ip(entry.tunnel),
                            *resolved(entry.tunnel, names)))
    lines.append(_field("Weight", cells.number(entry.weight)))
    if entry.action == "negotiate":
        lines.append(_field("Security Methods", cells.count(len(entry.methods))))
        lines += [("    ", cells.method(format_quick_mode(one))) for one in entry.methods]
    return [*lines, ()]


def _quick_mode_datum(entry: SpdEntry) -> dict[str, object]:
    return {
        "name": cells.name(entry.name), "id": cells.guid(entry.id),
        "policy": cells.name(entry.policy), "rule": cells.name(entry.rule),
        "direction": entry.direction, "action": entry.action, "source": cells.net(entry.source),
        "destination": cells.net(entry.destination), "protocol": entry.protocol,
        "source_port": entry.source_port, "destination_port": entry.destination_port,
        "tunnel": None if entry.tunnel is None else cells.ip(entry.tunnel),
        "weight": entry.weight, "mirrored": entry.mirrored,
        "methods": [format_quick_mode(one) for one in entry.methods],
    }


def _generic(entries: tuple[SpdEntry, ...]) -> list[SpdEntry]:
    """The filters as they were written, without their mirror images.

    Of a filter between hosts without a tunnel the outbound side stands for both.
    """
    kept: dict[tuple[object, ...], SpdEntry] = {}
    for one in entries:
        key = one.policy, one.rule, one.filter or one.id, one.tunnel
        old = kept.get(key)
        if old is None or (old.mirrored, old.direction != OUTBOUND) > (
                one.mirrored, one.direction != OUTBOUND):
            kept[key] = one
    return [one for one in entries if one in kept.values()]


class ShowQmfilter(QuickSelection, words="ipsec dynamic show qmfilter", own_first=True,
                   help="Displays quick mode filters.",
                   remarks=("The order is the one in which they are looked up: the most specific "
                            "first.",),
                   examples=("ipsec dynamic show qmfilter",)):
    """The security policy database of the machine."""

    name: str = _name()
    type: str = _type("specific")

    def run(self, session: "Session") -> Answer:
        """One block a filter and direction, or the sentence that there is none."""
        host = session.world.hosts[session.machine]
        entries = host.spd.entries if self.type == "specific" else _generic(host.spd.entries)
        names = names_of(session, self.resolvedns)
        found = [one for one in entries if self._wants(one)]
        data = [_quick_mode_datum(one) for one in found]
        if not found:
            return Answer((Lines(((NO_QUICK_MODE,),), data, "qmfilters"),))
        lines: list[Line] = [(), ("Quick Mode Filters",), (RULE,)]
        for one in found:
            lines += _quick_mode_lines(one, names)
        lines.append(_field("No. of Quick Mode Filters", cells.count(len(found))))
        return Answer((Lines(tuple(lines), data, "qmfilters"),))

    def _wants(self, one: SpdEntry) -> bool:
        wanted = Wanted.typed(self)
        action = self.actionoutbound if one.direction == OUTBOUND else self.actioninbound
        other = self.actioninbound if one.direction == OUTBOUND else self.actionoutbound
        return (_named(one, self.name) and wanted.ends(one.source, one.destination)
                and wanted.ports(one.protocol, one.source_port, one.destination_port)
                and (action == one.action if action else not other))
