"""The way of a packet between machines: routes, RRAS filters, wires, NATs, MTUs.

What a gateway sends itself (IKE, ESP) travels here, and every packet that crosses a wire.
"""

from typing import NamedTuple

from engine.address import Address, Network, format_address
from engine.diagnose import repair
from engine.diagnose.finding import Fix
from engine.diagnose.lines import default_line, packet_filter_line, route_entry_line
from engine.diagnose.station import Station
from engine.diagnose.trace.record import Record
from engine.diagnose.trace.scene import Scene, Wire
from engine.diagnose.trace.stage import DROP, PASS, UNKNOWN
from engine.diagnose.trace.translate import assume, is_translator, translate
from engine.ip import AH, ESP, ICMP, TCP, UDP, IPv4, ports
from engine.pipeline.route import Hop
from engine.policy.model import Interface

HOPS_MOST = 16
IKE_PORTS = (500, 4500)
PROTOCOLS = {ICMP: "ICMP", TCP: "TCP", UDP: "UDP", ESP: "ESP", AH: "AH"}


class Arrival(NamedTuple):
    """Where a packet has come to: the machine, the adapter, the packet as it arrives."""

    station: Station
    interface: str
    packet: IPv4


def kind_of(packet: IPv4) -> str:
    """A packet in a word: UDP 500, ESP, ICMP."""
    name = PROTOCOLS.get(packet.protocol, f"protocol {packet.protocol}")
    port = ports(packet)[1]
    return f"{name} {port}" if port else name


def is_ike(packet: IPv4) -> bool:
    """Whether it is IKE's."""
    return packet.protocol == UDP and any(port in IKE_PORTS for port in ports(packet))


def blocked_code(packet: IPv4) -> str:
    """What a path that swallows this packet is called."""
    if is_ike(packet):
        return "udp500-blocked-on-path"
    if packet.protocol in (ESP, AH):
        return "esp-blocked-ike-passes"
    return "path-drops-traffic"


def rras(record: Record, station: Station, interface: str, direction: str,
         packet: IPv4, outside: bool = False) -> None:
    """The packet filters of one interface and direction; `outside` is the tunnel's interface."""
    passes, what = station.rras.check(interface, direction, packet)
    if not what:
        return
    matched = [one for one in station.snapshot.filters
               if (one.interface, one.direction) == (interface, direction)]
    number = what.rpartition(": filter ")[2]
    deciding = matched[int(number) - 1] if number.isdigit() else None
    action = station.config.rras_default(interface, direction)
    line = packet_filter_line(deciding) if deciding else default_line(interface, direction, action)
    if passes:
        record.note(station, f"rras-{direction}", PASS, what, line)
        return
    code = _rras_code(direction, packet, outside) if station.role in ("gateway", "host") \
        else blocked_code(packet)
    text = (f"the RRAS {direction} filters of {interface} on {station.name} drop "
            f"{kind_of(packet)} from {format_address(packet.source)} to "
            f"{format_address(packet.destination)}")
    record.block(station, f"rras-{direction}", code, text, line,
                 *_rras_repairs(record, station, interface, direction, packet, deciding is None))


def _rras_code(direction: str, packet: IPv4, outside: bool) -> str:
    if is_ike(packet):
        return "rras-filter-drops-ike"
    if not outside:
        return "rras-filter-drops-traffic"
    return ("rras-output-filter-missing-neta-netb" if direction == "output"
            else "rras-input-filter-missing-netb-neta")


def _rras_repairs(record: Record, station: Station, interface: str, direction: str,
                  packet: IPv4, fence: bool) -> tuple[Fix, ...]:
    """A fence gets an entry; of a block list the entry that matches goes."""
    intent = record.scene.intent(station, packet)
    ends = Network(packet.source, 32), Network(packet.destination, 32)
    if intent is not None and not is_ike(packet):
        ends = ((intent.local, intent.remote) if packet.source in intent.local
                else (intent.remote, intent.local))
    if fence:
        return (repair.allow(station, interface, direction, *ends, "Add the missing filter."),)
    for one in station.snapshot.filters:
        if (one.interface, one.direction) == (interface, direction) and packet.source in Network(
                one.source, one.source_prefix) and packet.destination in Network(
                one.destination, one.destination_prefix):
            line = packet_filter_line(one).replace("add filter", "delete filter", 1)
            return (repair.fix(station, "Delete the filter that drops it.", line),)
    return ()


def route(record: Record, station: Station, packet: IPv4, via: str = "") -> Hop | None:
    """Where the machine sends a packet; the missing route is the caller's to explain."""
    destination = packet.destination
    hop = station.routes.resolve(destination, via) if via else None
    hop = hop or station.routes.resolve(destination)
    if hop is not None:
        where = ("on the link" if not hop.route.gateway
                 else f"by {format_address(hop.route.gateway)}")
        net = Network(hop.route.destination, hop.route.prefix)
        record.note(station, "route", PASS, f"{net} {where}, {hop.interface}",
                    route_entry_line(station, hop.route))
    return hop


def travel(record: Record, station: Station, packet: IPv4, via: str,
           hop: Hop | None = None) -> Arrival | None:
    """An own packet of `station` on its way to the machine that has its destination.

    RRAS filters see it where it leaves unless it is ESP or AH (they stand above IPsec). None
    when it is not seen to arrive.
    """
    sealed = packet.protocol in (ESP, AH)
    if hop is None:
        hop = route(record, station, packet, via)
        if hop is None:
            intent = next(iter(record.scene.intents.get(station.name, ())), None)
            repairs = (repair.way_out(station, intent),) if intent is not None else ()
            record.block(station, "route", "no-route-to-peer", f"{station.name} has no route to "
                         f"{format_address(packet.destination)}, the other gateway", "", *repairs)
            return None
    if not sealed:
        rras(record, station, hop.interface, "output", packet, outside=True)
    at: Arrival | None = cross(record, station, hop.interface, hop.next_hop, packet)
    for _ in range(HOPS_MOST):
        if at is None or at.packet.destination in at.station.own and not _translates(at):
            return at
        at = _forward(record, at)
    record.block(station, "route", "routing-loop",
                 f"{kind_of(packet)} to {format_address(packet.destination)} goes in circles")
    return None


def _translates(at: Arrival) -> bool:
    """Whether the machine hands a packet for its own address on: a NAT does."""
    return is_translator(at.station) and at.packet.protocol in (UDP, ICMP, ESP, AH)


def _forward(record: Record, at: Arrival) -> Arrival | None:
    """A router on the way."""
    station, packet = at.station, at.packet
    rras(record, station, at.interface, "input", packet)
    if is_translator(station):
        translated = translate(record, station, at.interface, packet, kind_of(packet))
        if translated is None:
            return None
        packet = translated
    if not station.snapshot.machine.forwarding:
        record.block(station, "forward", "router-does-not-forward",
                     f"{station.name} on the way does not forward",
                     "", repair.forwarding(station))
    hop = route(record, station, packet)
    if hop is None:
        record.block(station, "route", "router-has-no-route", f"{station.name} on the way has no "
                     f"route to {format_address(packet.destination)}")
        return None
    rras(record, station, hop.interface, "output", packet)
    fits(record, station, hop.interface, packet)
    return cross(record, station, hop.interface, hop.next_hop, packet)


def fits(record: Record, station: Station, interface: str, packet: IPv4) -> None:
    """Whether a router may send it at all: too long and not to be fragmented is too long."""
    mtu = station.interfaces[interface].mtu
    if packet.length > mtu and packet.df:
        record.block(station, "mtu", "path-mtu-too-small", f"{packet.length} octets do not pass "
                     f"{interface} of {station.name} (MTU {mtu}) and must not be fragmented")


def cross(record: Record, station: Station, interface: str, next_hop: Address,
          packet: IPv4) -> Arrival | None:
    """Over one wire to the neighbour."""
    scene = record.scene
    wire = scene.wire(station, interface)
    if wire is None and not scene.shared(station, interface):
        return _jump(record, scene, station, packet)
    if wire is not None:
        _wire(record, station, interface, wire, packet)
    found = scene.neighbour(station, interface, next_hop)
    if found is None:
        record.note(station, "wire", DROP, f"nobody on {station.interfaces[interface].link} has "
                                           f"{format_address(next_hop)}")
        record.missing = station, next_hop
        return None
    other, adapter = found
    return Arrival(other, adapter.name, packet)


def _wire(record: Record, station: Station, interface: str, wire: Wire, packet: IPv4) -> None:
    if not wire.up:
        record.block(station, "wire", "link-down", f"the link {wire.name} is down", "",
                     *([wire.bring_up] if wire.bring_up else []))
    adapter: Interface = station.interfaces[interface]
    longest = min(packet.length, adapter.mtu) if not packet.df else packet.length
    if wire.mtu and longest > wire.mtu:
        record.block(station, "wire", "pmtu-blackhole", f"{longest} octets do not pass {wire.name} "
                     f"(MTU {wire.mtu}), and nobody says so", "",
                     *([wire.raise_mtu] if wire.raise_mtu else []))
    for loss in wire.losses:
        if loss.takes(packet, station.name):
            record.block(station, "wire", blocked_code(packet),
                         f"{loss.text} on {wire.name}", loss.line, loss.mend)


def _jump(record: Record, scene: Scene, station: Station, packet: IPv4) -> Arrival | None:
    """No wire is known: the machine that has the address is found all the same."""
    packet = assume(record, station, packet)
    owner = scene.owner(packet.destination)
    if owner is None or owner is station:
        return None
    record.note(station, "wire", UNKNOWN, "the path to "
                f"{format_address(packet.destination)} is not seen")
    return Arrival(owner, owner.own[packet.destination].name, packet)
