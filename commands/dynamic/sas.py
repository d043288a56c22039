"""ipsec dynamic show mmsas and qmsas: the security associations that exist now."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Cell, Line, Lines, Table
from commands.clock import time_cell
from commands.dynamic.select import names_of, resolve_tag, resolved
from commands.dynamic.view import confidentiality, entry_of, protocol_word
from commands.kinds import Address, Choice
from commands.spec import Command, tag
from engine.address import Network
from engine.ike.interface import Phase1Info
from engine.spd import SpdEntry
from engine.suites import QuickModeMethod, netsh_group

if TYPE_CHECKING:
    from commands.session import Session
    from engine.esp.sa import SecurityAssociation
    from engine.host import Host
    from engine.sad import SaPair, SoftAssociation

RULE = "-" * 78
NO_MAIN_MODE = "IPsec MainMode Security Associations not available."
NO_QUICK_MODE = "IPsec QuickMode Security Associations not available."
LABEL = 28
ALL = {"all": 0}


def _srcaddr() -> int:
    one: int = tag(Address("all | <ip>", words=ALL), "Only SAs of this source address.", default=0)
    return one


def _dstaddr() -> int:
    one: int = tag(Address("<ip>"), "Only SAs of this destination address.", default=0)
    return one


def _format() -> str:
    one: str = tag(Choice("list", "table"), "The layout.", default="list")
    return one


AUTH_MODES = {"psk": "Preshared Key", "rsa": "RSA Signature"}


def _field(label: str, *parts: str | Cell, width: int = LABEL) -> Line:
    return (f"{label:<{width}}: ", *parts)


# --- main mode ----------------------------------------------------------------------------------


def _auth_mode(one: Phase1Info) -> Cell:
    """How the peer was authenticated."""
    return cells.enum(AUTH_MODES[one.authentication] if one.method else "None")


def _certificate_lines(one: Phase1Info) -> list[Line]:
    """Whose certificate it was, and what is weak about it; nothing with a pre-shared key."""
    known = one.certificate
    if known is None:
        return []
    weak = [_field("Weak", cells.text(", ".join(known.weak)))] if known.weak else []
    return [_field("Peer ID", cells.text(known.subject)),
            _field("Root CA", cells.text(known.root)), *weak]


def _suite(one: Phase1Info) -> Cell:
    if one.method is None:
        return cells.method("None")
    method = one.method
    return cells.method(f"{method.cipher}/{method.hash}/{netsh_group(method.group)}/"
                        f"{one.lifetime}")


def _main_mode_lines(one: Phase1Info, names: Mapping[int, str]) -> list[Line]:
    return [
        _field("Cookie Pair", cells.cookies(one.cookies)),
        _field("Sec Methods", _suite(one)),
        _field("Auth Mode", _auth_mode(one)),
        *_certificate_lines(one),
        _field("Source", cells.ip(one.local), *resolved(one.local, names), " , port ",
               cells.port(one.local_port)),
        _field("Destination", cells.ip(one.peer), *resolved(one.peer, names), " , port ",
               cells.port(one.peer_port)),
        (),
    ]


def _main_mode_datum(one: Phase1Info, session: "Session") -> dict[str, object]:
    return {"cookies": cells.cookies(one.cookies), "method": _suite(one),
            "authentication": _auth_mode(one),
            "peer_id": cells.text(one.certificate.subject) if one.certificate else None,
            "source": cells.ip(one.local),
            "source_port": cells.port(one.local_port), "destination": cells.ip(one.peer),
            "destination_port": cells.port(one.peer_port), "initiator": one.initiator,
            "quick_modes": cells.count(one.quick_modes),
            "created": time_cell(session.world.wall(one.created))}


class ShowMmsas(Command, words="ipsec dynamic show mmsas",
                help="Displays main mode security associations.",
                examples=("ipsec dynamic show mmsas", "ipsec dynamic show mmsas format=table")):
    """ISAKMP SAs whose six messages are through."""

    srcaddr: int = _srcaddr()
    dstaddr: int = _dstaddr()
    format: str = _format()
    resolvedns: bool = resolve_tag()

    def run(self, session: "Session") -> Answer:
        """One block an SA, or the sentence that there is none."""
        host = session.world.hosts[session.machine]
        found = [one for one in host.main_modes() if one.state == "up"
                 and self.srcaddr in (0, one.local) and self.dstaddr in (0, one.peer)]
        data = [_main_mode_datum(one, session) for one in found]
        if not found:
            return Answer((Lines(((NO_MAIN_MODE,),), data, "mmsas"),))
        if self.format == "table":
            return Answer((_main_mode_table(host, found),))
        at = time_cell(session.world.wall())
        lines: list[Line] = [(), ("IKE Main Mode SAs at ", at), (RULE,)]
        for one in found:
            lines += _main_mode_lines(one, names_of(session, self.resolvedns))
        return Answer((Lines(tuple(lines), data, "mmsas"),))


def _main_mode_table(host: "Host", found: list[Phase1Info]) -> Table:
    columns = (("source", "Source"), ("destination", "Destination"), ("method", "Sec Methods"),
               ("cookies", "Cookie Pair"))
    rows = tuple((cells.ip(one.local), cells.ip(one.peer), _suite(one), cells.cookies(one.cookies))
                 for one in found)
    return Table(columns, rows, "", "mmsas")


# --- quick mode ---------------------------------------------------------------------------------


class _Half:
    """One direction of a pair: its SA, and whose traffic it carries."""

    def __init__(self, pair: "SaPair", sa: "SecurityAssociation", entry: SpdEntry | None) -> None:
        self.pair, self.sa, self.entry = pair, sa, entry
        self.outbound = sa is pair.outbound
        local, remote, self.protocol, local_port, remote_port = pair.selector
        near = (local, local_port)
        far = (remote, remote_port)
        (self.source, self.source_port), (self.destination, self.destination_port) = (
            (near, far) if self.outbound else (far, near))

    @property
    def direction(self) -> str:
        return "Outbound" if self.outbound else "Inbound"

    def lines(self, names: Mapping[int, str]) -> list[Line]:
        """netsh's block, with SPI and traffic added; `names` of known addresses."""
        pair, sa, method = self.pair, self.sa, self.pair.method
        policy = self.entry.policy if self.entry else ""
        name = self.entry.name if self.entry else ""
        lines: list[Line] = [
            ("Tunnel Filter" if pair.tunnel else "Transport Filter",),
            _field("Policy Name", cells.name(policy)),
            _field("Filter Name", cells.name(name)),
            _field("Source Address", *_network(self.source, names)),
            _field("Destination Address", *_network(self.destination, names)),
            _field("Protocol", cells.enum(protocol_word(self.protocol)), "    Source Port: ",
                   cells.port(self.source_port), "    Destination Port: ",
                   cells.port(self.destination_port)),
            _field("Direction", cells.enum(self.direction)),
        ]
        if pair.tunnel:
            lines += [_field("Tunnel Source", cells.ip(sa.source), *resolved(sa.source, names)),
                      _field("Tunnel Destination", cells.ip(sa.destination),
                             *resolved(sa.destination, names))]
        return [*lines, _field("SPI", cells.spi(sa.spi)),
                _field("Packets", cells.count(sa.packets), "    Bytes: ", cells.octets(sa.octets)),
                ("Offer Used",), *_offer(method, pair.pfs_group),
                _field("Key Life Time(s/k)", cells.number(pair.seconds), "/",
                       cells.number(pair.kilobytes)),
                ()]

    def datum(self, session: "Session") -> dict[str, object]:
        """The same as a dictionary of cells."""
        pair, sa = self.pair, self.sa
        return {
            "policy": cells.name(self.entry.policy if self.entry else ""),
            "filter": cells.name(self.entry.name if self.entry else ""),
            "direction": self.direction.lower(), "tunnel": pair.tunnel, "soft": False,
            "source": cells.net(self.source), "destination": cells.net(self.destination),
            "protocol": self.protocol, "source_port": self.source_port,
            "destination_port": self.destination_port, "from": cells.ip(sa.source),
            "to": cells.ip(sa.destination), "spi": cells.spi(sa.spi),
            "packets": cells.count(sa.packets), "bytes": cells.octets(sa.octets),
            "ah": pair.method.ah_auth or None, "cipher": pair.method.esp_cipher or None,
            "integrity": pair.method.esp_auth or None, "pfs_group": pair.pfs_group,
            "seconds": pair.seconds, "kilobytes": pair.kilobytes,
            "cookies": cells.cookies(pair.cookies),
            "created": time_cell(session.world.wall(pair.created)),
        }


def _network(one: Network, names: Mapping[int, str]) -> Line:
    return (cells.ip(one.address), *resolved(one.address, names), " , mask ",
            cells.mask(one.prefix))


def _offer(method: QuickModeMethod, group: int) -> list[Line]:
    ah = f"{method.ah_auth}" if method.ah_auth else "None"
    pfs = netsh_group(group) if group else "<Unassigned>"
    return [
        ("AH(b/r)      ESP Con(b/r)      ESP Int      PFS DH Group",),
        ("----------   -------------     -------      ------------",),
        cells.columns(((cells.method(ah), 13), (cells.method(confidentiality(method)), 18),
                       (cells.method(method.esp_auth or "None"), 13), (cells.enum(pfs), 0))),
    ]


def _soft_lines(entry: SpdEntry | None, one: "SoftAssociation", session: "Session") -> list[Line]:
    lines: list[Line] = [
        ("Soft Association",),
        _field("Policy Name", cells.name(entry.policy if entry else "")),
        _field("Filter Name", cells.name(entry.name if entry else "")),
        _field("Peer", cells.ip(one.peer)),
        ("Offer Used",), *_offer(QuickModeMethod(), 0),
        _field("Ends", time_cell(session.world.wall(one.until))),
    ]
    return [*lines, ()]


def _soft_datum(entry: SpdEntry | None, one: "SoftAssociation",
                session: "Session") -> dict[str, object]:
    return {"policy": cells.name(entry.policy if entry else ""),
            "filter": cells.name(entry.name if entry else ""), "soft": True,
            "to": cells.ip(one.peer), "ends": time_cell(session.world.wall(one.until))}


def halves(host: "Host") -> list[_Half]:
    """Both directions of every pair, oldest pair first, outbound before inbound."""
    found = []
    for pair in host.sad.pairs():
        entry = entry_of(host, pair.entry)
        for sa in (pair.outbound, pair.inbound):
            if sa is not None:
                found.append(_Half(pair, sa, entry))
    return found


class ShowQmsas(Command, words="ipsec dynamic show qmsas",
                help="Displays quick mode security associations.",
                remarks=("A soft association is agreed clear traffic, no protection.",),
                examples=("ipsec dynamic show qmsas", "ipsec dynamic show qmsas format=table")):
    """IPsec SAs, one block a direction, and soft associations."""

    srcaddr: int = _srcaddr()
    dstaddr: int = _dstaddr()
    format: str = _format()
    resolvedns: bool = resolve_tag()

    def run(self, session: "Session") -> Answer:
        """The blocks, or the sentence that there are none."""
        host = session.world.hosts[session.machine]
        found = [one for one in halves(host) if self._wanted(one)]
        soft = [] if self.srcaddr or self.dstaddr else [
            (entry_of(host, one.entry), one) for one in host.soft]
        data = [one.datum(session) for one in found]
        data += [_soft_datum(entry, one, session) for entry, one in soft]
        if not data:
            return Answer((Lines(((NO_QUICK_MODE,),), data, "qmsas"),))
        if self.format == "table" and found:
            return Answer((_quick_mode_table(found),))
        lines: list[Line] = [(), ("Quick Mode SAs",), ("---------------",)]
        for one in found:
            lines += one.lines(names_of(session, self.resolvedns))
        for entry, association in soft:
            lines += _soft_lines(entry, association, session)
        return Answer((Lines(tuple(lines), data, "qmsas"),))

    def _wanted(self, one: _Half) -> bool:
        source, destination = one.source, one.destination
        return ((not self.srcaddr or self.srcaddr in source or self.srcaddr == one.sa.source)
                and (not self.dstaddr or self.dstaddr in destination
                     or self.dstaddr == one.sa.destination))


def _quick_mode_table(found: list[_Half]) -> Table:
    columns = (("direction", "Direction"), ("source", "Source"), ("destination", "Destination"),
               ("spi", "SPI"), ("packets", "Packets"), ("bytes", "Bytes"))
    rows = tuple((cells.enum(one.direction), cells.net(one.source), cells.net(one.destination),
                  Cell("spi", f"0x{one.sa.spi:08x}", f"0x{one.sa.spi:08x}"),
                  cells.count(one.sa.packets), cells.octets(one.sa.octets)) for one in found)
    return Table(columns, rows, "", "qmsas")
