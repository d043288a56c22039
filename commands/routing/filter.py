"""routing ip: RRAS packet filters of interfaces.

The action is a default, not the filters' verdict: DROP drops all packets except those that meet
a filter (the filters allow), FORWARD lets all pass except those (the filters block).
"""

from collections.abc import Iterable

from commands import cells
from commands.answer import NOTHING, Answer, Cell, Line, Lines
from commands.errors import CommandError
from commands.kinds import Choice, EnableDisable, Mask, Number, Port
from commands.names import InterfaceName
from commands.routing.allowance import without_ike
from commands.routing.place import NetAddress, Typed, interface_called, network_of, routed
from commands.spec import Command, Kind, tag
from engine.ip import ICMP, TCP, UDP
from engine.policy.model import RrasDefault, RrasFilter
from engine.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from commands.session import Session
    from engine.policy.store import Config

ANY_ICMP = 255
DIRECTIONS = ("input", "output")


class RrasProtocol(NamedTuple):
    """A protocol of a filter; `established` is TCP-EST: TCP segments of open connections."""

    number: int
    established: bool = False


PROTOCOLS = {
    "ANY": RrasProtocol(0),
    "TCP": RrasProtocol(TCP),
    "TCP-EST": RrasProtocol(TCP, True),
    "UDP": RrasProtocol(UDP),
    "ICMP": RrasProtocol(ICMP),
}


class ProtocolName(Kind[RrasProtocol]):
    """ANY, TCP, TCP-EST, UDP, ICMP or a protocol number."""

    usage = "ANY | TCP | TCP-EST | UDP | ICMP | <integer>"
    cell = "protocol"

    def words(self) -> tuple[str, ...]:
        """The names."""
        return tuple(PROTOCOLS)

    def parse(self, text: str, session: "Session") -> RrasProtocol:
        """Raises ValueError for other words and numbers above 255."""
        known = PROTOCOLS.get(text.upper())
        if known is not None:
            return known
        if text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 255:
            return RrasProtocol(int(text))
        raise ValueError("must be ANY, TCP, TCP-EST, UDP, ICMP or a number from 0 to 255")

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        """The names with what they mean."""
        return (("ANY", "every protocol"), ("TCP", "with srcport and dstport"),
                ("TCP-EST", "established TCP connections"), ("UDP", "with srcport and dstport"),
                ("ICMP", "with type and code"))


def protocol_word(one: RrasFilter) -> str:
    """The protocol of a filter as netsh writes it."""
    for word, protocol in PROTOCOLS.items():
        if protocol == (one.protocol, one.established):
            return word
    return str(one.protocol)


def _direction(typed: str, interface: str) -> str:
    if typed == "DIAL":
        raise CommandError("not-supported", f"{interface} is no demand-dial interface: it has no "
                           "DIAL filters", tag="filtertype", known=("INPUT", "OUTPUT"))
    return typed.lower()


class FilterLine(Command):
    """The tags of add and delete filter: the exact filter."""

    name: str = tag(InterfaceName(), "The interface: its name or its address.")
    filtertype: str = tag(Choice("INPUT", "OUTPUT", "DIAL"), "The direction.")
    srcaddr: Typed = tag(NetAddress(), "Source address; 0.0.0.0 with mask 0.0.0.0 is any.")
    srcmask: int | None = tag(Mask(), "Source mask.", default=None)
    dstaddr: Typed = tag(NetAddress(), "Destination address; 0.0.0.0 with mask 0.0.0.0 is any.")
    dstmask: int | None = tag(Mask(), "Destination mask.", default=None)
    proto: RrasProtocol = tag(ProtocolName(), "The protocol.", default=PROTOCOLS["ANY"])
    srcport: int = tag(Port(), "Source port of TCP and UDP; 0 is any.", default=0)
    dstport: int = tag(Port(), "Destination port of TCP and UDP; 0 is any.", default=0)
    type: int = tag(Number(0, 255), "ICMP type; 255 is any.", default=ANY_ICMP)
    code: int = tag(Number(0, 255), "ICMP code; 255 is any.", default=ANY_ICMP)

    def filter(self, config: "Config") -> RrasFilter:
        """The filter that was typed. Raises CommandError, NotFound."""
        interface = routed(config, self.name).name
        direction = _direction(self.filtertype, interface)
        first, second = self._ports()
        return RrasFilter(interface, direction,
                          *network_of(self.srcaddr, self.srcmask, "srcmask"),
                          *network_of(self.dstaddr, self.dstmask, "dstmask"),
                          self.proto.number, first, second, self.proto.established)

    def _ports(self) -> tuple[int, int]:
        """(source port or ICMP type, destination port or code)."""
        icmp = self.proto.number == ICMP
        wrong = ("srcport", "dstport") if icmp else ("type", "code")
        for name in wrong:
            if name in self.names_given:
                text = ("ICMP has a type and a code, no ports" if icmp
                        else f"{name} goes with proto=ICMP only")
                raise CommandError("contradiction", text, tag=name, exit=2)
        if icmp:
            return self.type, self.code
        for name in ("srcport", "dstport"):
            if name in self.names_given and self.proto.number not in (TCP, UDP):
                raise CommandError("contradiction", f"{name} goes with proto=TCP, TCP-EST or UDP "
                                   "only", tag=name, exit=2)
        return self.srcport, self.dstport


class AddFilter(FilterLine, words="routing ip add filter",
                help="Adds a packet filter to an interface.",
                remarks=("Whether a filter allows or blocks is said by set filter action=.",
                         "RRAS filtering is performed above IPsec: ESP needs no filter, IKE "
                         "between the gateways does."),
                examples=("routing ip add filter name=External filtertype=OUTPUT "
                          "srcaddr=10.1.0.0 srcmask=255.255.255.0 dstaddr=10.2.0.0 "
                          "dstmask=255.255.255.0 proto=ANY",
                          "routing ip add filter External INPUT 0.0.0.0 0.0.0.0 192.0.2.1 "
                          "255.255.255.255 UDP 500 500")):
    """Adds one filter."""

    def run(self, session: "Session") -> Answer:
        """Says nothing. Raises Refused for host bits and for a filter that exists."""
        config = session.config
        config.add_rras_filter(self.filter(config))
        return NOTHING


class DeleteFilter(FilterLine, words="routing ip delete filter",
                   help="Deletes a packet filter of an interface.",
                   remarks=("The filter must be given exactly as it was added.",),
                   examples=("routing ip delete filter External input 10.2.0.0 255.255.255.0 "
                             "10.1.0.0 255.255.255.0 ANY",)):
    """Deletes one filter."""

    def run(self, session: "Session") -> Answer:
        """Warns when IKE of an assigned tunnel policy is dropped now. Raises NotFound."""
        config = session.config
        found = self.filter(config)
        config.delete_rras_filter(found)
        return Answer(warnings=without_ike(config, config.interface(found.interface)))


class SetFilter(Command, words="routing ip set filter",
                help="Sets what an interface does with packets that match no filter.",
                remarks=("action=DROP: all packets are dropped except those that meet a filter.",
                         "action=FORWARD: all packets pass except those that meet a filter."),
                examples=("routing ip set filter name=External filtertype=OUTPUT action=DROP",
                          "routing ip set filter name=External fragcheck=enable")):
    """The default of a direction, or the fragment check of the interface."""

    name: str = tag(InterfaceName(), "The interface: its name or its address.")
    filtertype: str | None = tag(Choice("INPUT", "OUTPUT", "DIAL"), "The direction.",
                                 default=None)
    action: str | None = tag(
        Choice("DROP", "FORWARD", help=("the filters allow", "the filters block")),
        "What happens to packets that meet no filter.", default=None)
    fragcheck: bool | None = tag(EnableDisable(), "Whether fragments are dropped.", default=None)

    def run(self, session: "Session") -> Answer:
        """Warns when IKE of an assigned tunnel policy is dropped now."""
        config = session.config
        interface = routed(config, self.name)
        self._check()
        if self.fragcheck is not None:
            config.set_fragcheck(interface.name, self.fragcheck)
        if self.action is None or self.filtertype is None:
            return NOTHING
        direction = _direction(self.filtertype, interface.name)
        config.set_rras_default(RrasDefault(interface.name, direction, self.action.lower()))
        if self.action == "FORWARD":
            return NOTHING
        warnings = [warn for warn in without_ike(config, interface)
                    if warn.text.startswith(direction)]
        return Answer(warnings=tuple(warnings))

    def _check(self) -> None:
        if self.action is not None and self.filtertype is None:
            missing = "filtertype"
        elif self.filtertype is not None and self.action is None:
            missing = "action"
        elif self.action is None and self.fragcheck is None:
            missing = "action"
        else:
            return
        raise CommandError("missing-tag", f"The argument is missing: {missing}", tag=missing,
                           exit=2, fix="routing ip set filter name=<string> "
                           "filtertype=INPUT | OUTPUT action=DROP | FORWARD")


# --- show ---------------------------------------------------------------------------------------

RULE = "-" * 78
HEADINGS = f"{'Src Addr':<16}{'Src Mask':<16}{'Dst Addr':<16}{'Dst Mask':<16}{'Proto':<8}Ports"


def _port_cells(one: RrasFilter) -> list[str | Cell]:
    if one.protocol == ICMP:
        return [cells.number(one.source_port), " ", cells.number(one.destination_port)]
    if one.protocol in (TCP, UDP):
        return [cells.port(one.source_port), " ", cells.port(one.destination_port)]
    return []


def _row(one: RrasFilter) -> Line:
    protocol = Cell("protocol", protocol_word(one), protocol_word(one))
    ports = _port_cells(one)
    fixed = cells.columns(((cells.ip(one.source), 16), (cells.mask(one.source_prefix), 16),
                           (cells.ip(one.destination), 16),
                           (cells.mask(one.destination_prefix), 16)))
    return (*fixed, *((*cells.padded(protocol, 8), *ports) if ports else (protocol,)))


def _datum(one: RrasFilter) -> dict[str, object]:
    names = ("type", "code") if one.protocol == ICMP else ("srcport", "dstport")
    return {"srcaddr": cells.ip(one.source), "srcmask": cells.mask(one.source_prefix),
            "dstaddr": cells.ip(one.destination), "dstmask": cells.mask(one.destination_prefix),
            "proto": protocol_word(one), names[0]: one.source_port,
            names[1]: one.destination_port}


def _interface_lines(config: "Config", name: str) -> list[Line]:
    check = "Enabled" if config.fragcheck(name) else "Disabled"
    lines: list[Line] = [("Filter Information for Interface ", cells.name(name)), (RULE,), (),
                         ("Fragment check is ", cells.enum(check), ".")]
    for direction in DIRECTIONS:
        filters = config.rras_filters(name, direction)
        action = config.rras_default(name, direction).upper()
        lines += [(), ("Filter Type           : ", cells.enum(direction.upper())),
                  ("Default Action        : ", cells.enum(action))]
        if filters:
            lines += [(), (HEADINGS,), (RULE,), *map(_row, filters)]
    return [*lines, ()]


def _interface_datum(config: "Config", name: str) -> dict[str, object]:
    datum: dict[str, object] = {"interface": name, "fragcheck": config.fragcheck(name)}
    for direction in DIRECTIONS:
        datum[direction] = {"action": config.rras_default(name, direction).upper(),
                            "filters": [_datum(one)
                                        for one in config.rras_filters(name, direction)]}
    return datum


class ShowFilter(Command, words="routing ip show filter",
                 help="Displays the packet filters of an interface.",
                 examples=("routing ip show filter", "routing ip show filter External")):
    """Filters of one interface or of all."""

    name: str = tag(InterfaceName(), "The interface; all when left out.", default="")

    def run(self, session: "Session") -> Answer:
        """The default action and the filters of each direction."""
        config = session.config
        names = ([interface_called(config, self.name).name] if self.name
                 else [one.name for one in config.interfaces()])
        lines = [line for name in names for line in _interface_lines(config, name)]
        data = [_interface_datum(config, name) for name in names]
        return Answer((Lines(tuple(lines), data, "filters"),))
