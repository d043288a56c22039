"""ipsec dynamic add, set, delete, show rule: filters of the running machine."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from commands import cells
from commands.answer import NOTHING, Answer, Cell, Record, Records
from commands.dynamic.live import REMARK, edit, live, main_of, quick_of
from commands.dynamic.policies import MainName, QuickName, main_records
from commands.dynamic.select import QuickSelection, Wanted, names_of
from commands.dynamic.view import AUTH_WORDS, protocol_word
from commands.errors import CommandError
from commands.kinds import Choice, Key, Mask, Port, Protocol, YesNo
from commands.spec import Command, tag
from commands.static.common import authentication, given
from commands.static.kinds import FilterSide, RootCa, TunnelEnd, TypedSide, sides
from engine.address import Address, Network
from engine.ip import TCP, UDP
from engine.policy.live import Live, LiveRule, shown
from engine.policy.model import ACTIONS, CONNECTION_TYPES, AuthMethod, Filter, Secret, Side

if TYPE_CHECKING:
    from commands.session import Session

CONNECTION = Choice(*CONNECTION_TYPES)
ACTION = Choice(*ACTIONS)
AUTH_REMARK = "The order of kerberos, psk and rootca in the command is their preference."
MOST = 256
MANY = "The name stands for several addresses: give one of them"


class _RuleLine(Command):
    """What tells a rule from others."""

    def filter(self, session: "Session", **typed: object) -> Filter:
        """The filter that was typed. Raises CommandError."""
        values = {**{one.name: getattr(self, one.name) for one in self.tags}, **typed}
        source = sides(values["srcaddr"], values["srcmask"], session, "srcaddr")
        destination = sides(values["dstaddr"], values["dstmask"], session, "dstaddr")
        for found, name in ((source, "srcaddr"), (destination, "dstaddr")):
            if len(found) > 1:
                raise CommandError("ambiguous", MANY, tag=name, known=tuple(map(shown, found)))
        for name in ("srcport", "dstport"):
            if values[name] and values["protocol"] not in (TCP, UDP):
                raise CommandError("contradiction", f"{name} needs protocol TCP or UDP", tag=name,
                                   exit=2)
        if source == destination:
            raise CommandError("contradiction", "source and destination are the same",
                               tag="dstaddr", fix="dstaddr=any, or the peer's address")
        return Filter(source[0], destination[0], "", values["protocol"], values["srcport"],
                      values["dstport"], values["mirrored"])


def _find(found: Live, wanted: LiveRule) -> LiveRule:
    for one in found.rules:
        if one.key == wanted.key:
            return one
    raise CommandError("not-found", "There is no dynamic rule with these addresses, ports, "
                       "connection type and tunnel end", tag="srcaddr",
                       known=tuple(one.name for one in found.rules),
                       fix="ipsec dynamic show rule")


def _check_policies(session: "Session", found: Live, main: str | None, quick: str | None) -> None:
    """Raises CommandError for policies that are not there."""
    records = main_records(session, found, main) if main else None
    if records is not None and not records.records:
        try:
            main_of(found, main or "")
        except CommandError as error:
            error.tag = "mmpolicy"
            raise
    if quick:
        try:
            quick_of(found, quick)
        except CommandError as error:
            error.tag = "qmpolicy"
            raise


class AddRule(_RuleLine, words="ipsec dynamic add rule",
              help="Adds a rule and its filters to the running machine.",
              remarks=(REMARK, AUTH_REMARK,
                       "A tunnel needs two rules with mirrored=no, one a direction, each with "
                       "its own tunneldstaddress.",
                       "mmpolicy is an added one or the policy in force; without qmpolicy the "
                       "defaults are offered."),
              examples=("ipsec dynamic add rule srcaddr=me dstaddr=192.0.2.99 mmpolicy=mmp "
                        'protocol=TCP dstport=80 psk="a key"',)):
    """A filter in force with its policies and keys."""

    srcaddr: TypedSide = tag(FilterSide(), "Source address, or a word.")
    dstaddr: TypedSide = tag(FilterSide(), "Destination address, or a word.")
    mmpolicy: str = tag(MainName(), "Main mode policy.")
    qmpolicy: str = tag(QuickName(), "Quick mode policy.", default="")
    protocol: int = tag(Protocol(), "ANY, ICMP, TCP, UDP, RAW or a number.", default=0)
    srcport: int = tag(Port(), "Source port; 0 is any.", default=0)
    dstport: int = tag(Port(), "Destination port; 0 is any.", default=0)
    mirrored: bool = tag(YesNo(), "Whether the other direction is meant too.", default=True)
    conntype: str = tag(CONNECTION, "lan, dialup or all.", default="all")
    actioninbound: str = tag(ACTION, "What happens to packets that come in.",
                             default="negotiate")
    actionoutbound: str = tag(ACTION, "What happens to packets that go out.",
                              default="negotiate")
    srcmask: int | None = tag(Mask(), "Source mask or prefix length.", default=None)
    dstmask: int | None = tag(Mask(), "Destination mask or prefix length.", default=None)
    tunneldstaddress: Address = tag(TunnelEnd(), "Tunnel end point, or no.", default=0)
    kerberos: bool | None = tag(YesNo(), "Kerberos authentication.", default=None)
    psk: Secret | None = tag(Key(), "Pre-shared key.", default=None)
    rootca: tuple[AuthMethod, ...] = tag(RootCa(), "Certificate authority.", default=(),
                                         many=True)

    def run(self, session: "Session") -> Answer:
        """Adds it. Raises CommandError when it is there, or a policy is not."""
        found = live(session)
        rule = LiveRule(self.filter(session), self.mmpolicy, self.qmpolicy, self.actioninbound,
                        self.actionoutbound, self.tunneldstaddress or None, self.conntype)
        auth = authentication(self.kerberos, self.psk, self.rootca, self)
        if auth is not None:
            rule = rule._replace(auth=auth)
        if rule.key in (one.key for one in found.rules):
            raise CommandError("exists", f"The rule {rule.name} exists already", tag="srcaddr",
                               fix="ipsec dynamic set rule")
        if len(found.rules) >= MOST:
            raise CommandError("too-many", f"There may be {MOST} dynamic rules", tag="srcaddr",
                               fix="ipsec static add rule")
        _check_policies(session, found, self.mmpolicy, self.qmpolicy)
        edit(session, found._replace(rules=(*found.rules, rule)))
        return NOTHING


class _WhichRule(_RuleLine):
    """The tags that find a rule."""

    srcaddr: TypedSide = tag(FilterSide(), "Source address, or a word.")
    dstaddr: TypedSide = tag(FilterSide(), "Destination address, or a word.")
    protocol: int = tag(Protocol(), "ANY, ICMP, TCP, UDP, RAW or a number.", default=0)
    srcport: int = tag(Port(), "Source port; 0 is any.", default=0)
    dstport: int = tag(Port(), "Destination port; 0 is any.", default=0)
    mirrored: bool = tag(YesNo(), "Whether the other direction is meant too.", default=True)
    conntype: str = tag(CONNECTION, "lan, dialup or all.", default="all")
    srcmask: int | None = tag(Mask(), "Source mask or prefix length.", default=None)
    dstmask: int | None = tag(Mask(), "Destination mask or prefix length.", default=None)
    tunneldstaddress: Address = tag(TunnelEnd(), "Tunnel end point, or no.", default=0)

    def rule(self, session: "Session", found: Live) -> LiveRule:
        """The rule that is meant. Raises CommandError."""
        return _find(found, LiveRule(self.filter(session), "", tunnel=self.tunneldstaddress or
                                     None, conntype=self.conntype))


class SetRule(_WhichRule, words="ipsec dynamic set rule",
              help="Modifies a rule of the running machine.",
              remarks=("Addresses, protocol, ports, mirrored, conntype and tunneldstaddress say "
                       "which rule; the rest is changed. Given authentication replaces all.",
                       REMARK),
              examples=("ipsec dynamic set rule srca=me dsta=192.0.2.98 proto=tcp dstport=80 "
                        "qmp=qmp",)):
    """Policies, actions and keys of an added rule."""

    mmpolicy: str | None = tag(MainName(), "Main mode policy.", default=None)
    qmpolicy: str | None = tag(QuickName(), "Quick mode policy.", default=None)
    actioninbound: str | None = tag(ACTION, "What happens to packets that come in.",
                                    default=None)
    actionoutbound: str | None = tag(ACTION, "What happens to packets that go out.",
                                     default=None)
    kerberos: bool | None = tag(YesNo(), "Kerberos authentication.", default=None)
    psk: Secret | None = tag(Key(), "Pre-shared key.", default=None)
    rootca: tuple[AuthMethod, ...] = tag(RootCa(), "Certificate authority.", default=(),
                                         many=True)

    def run(self, session: "Session") -> Answer:
        """Replaces what was given."""
        found = live(session)
        old = self.rule(session, found)
        _check_policies(session, found, self.mmpolicy, self.qmpolicy)
        new = old._replace(**given(
            main=self.mmpolicy, quick=self.qmpolicy, inbound=self.actioninbound,
            outbound=self.actionoutbound,
            auth=authentication(self.kerberos, self.psk, self.rootca, self)))
        edit(session, found._replace(rules=tuple(new if one is old else one
                                                 for one in found.rules)))
        return NOTHING


class DeleteRule(_WhichRule, words="ipsec dynamic delete rule",
                 help="Deletes a rule of the running machine.",
                 remarks=("Rules of the stored policy are deleted in ipsec static.",),
                 examples=("ipsec dynamic delete rule srcaddr=me dstaddr=192.0.2.98 "
                           "protocol=TCP dstport=80",)):
    """An added rule and its filters."""

    def run(self, session: "Session") -> Answer:
        """Deletes it, and its associations with word to the peer."""
        found = live(session)
        doomed = self.rule(session, found)
        edit(session, found._replace(rules=tuple(one for one in found.rules
                                                 if one is not doomed)))
        return NOTHING


def rule_records(found: Live, kind: str = "all",
                 names: Mapping[Address, str] | None = None) -> Records:
    """The added rules: of transport mode, of tunnel mode, or all; `names` of known addresses."""
    known = names or {}

    def side(one: Side) -> Cell:
        name = known.get(one.address, "") if one.prefix == 32 else ""
        if name or one.kind != "ip":
            return cells.line(shown(one) + (f" ({name})" if name else ""))
        return Cell("net", shown(one), shown(one))

    chosen = [one for one in found.rules
              if kind == "all" or (one.tunnel is not None) == (kind == "tunnel")]
    return Records(tuple(Record((
        ("source", "Source Address", side(one.filter.source)),
        ("destination", "Destination Address", side(one.filter.destination)),
        ("protocol", "Protocol", cells.enum(protocol_word(one.filter.protocol))),
        ("srcport", "Source Port", cells.port(one.filter.source_port)),
        ("dstport", "Destination Port", cells.port(one.filter.destination_port)),
        ("mirrored", "Mirrored", cells.yes(one.filter.mirrored)),
        ("tunnel", "Tunnel Destination",
         cells.text("NONE") if one.tunnel is None else cells.ip(one.tunnel)),
        ("conntype", "Connection Type", cells.enum(one.conntype.upper())),
        ("inbound", "Inbound Action", cells.enum(one.inbound.capitalize())),
        ("outbound", "Outbound Action", cells.enum(one.outbound.capitalize())),
        ("mmpolicy", "Mainmode Policy", cells.name(one.main)),
        ("qmpolicy", "Quickmode Policy", cells.name(one.quick or "NONE")),
        ("auth", "Authentication",
         cells.enum(", ".join(AUTH_WORDS[each.kind] for each in one.auth) or "None")),
    ), "", "rule") for one in chosen), "No. of Dynamic Rules", "rules")


class ShowRule(QuickSelection, words="ipsec dynamic show rule", own_first=True,
               help="Displays the rules that were added to the running machine.",
               examples=("ipsec dynamic show rule type=tunnel",)):
    """The added ones; show qmfilter displays all filters in force."""

    type: str = tag(Choice("all", "transport", "tunnel"), "Which rules.", default="all")

    def run(self, session: "Session") -> Answer:
        """One block a rule."""
        found = live(session)
        kept = tuple(one for one in found.rules if self._wants(one))
        return Answer((rule_records(found._replace(rules=kept), self.type,
                                    names_of(session, self.resolvedns)),))

    def _wants(self, one: LiveRule) -> bool:
        wanted = Wanted.typed(self)
        each = one.filter
        nets = [Network(side.address, side.prefix) for side in each[:2]]
        return (wanted.ends(*nets)
                and wanted.ports(each.protocol, each.source_port, each.destination_port)
                and self.actioninbound in (None, one.inbound)
                and self.actionoutbound in (None, one.outbound))
