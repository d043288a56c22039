"""A packet's whole way, stage by stage through every machine that can be seen, and its answer's.

Nothing is sent: the tables of the machines are asked what they would do. Past whatever ends the
packet the trace goes on as if that were mended, so that all blockers are found at once.
"""

from typing import NamedTuple

from engine.address import Address, Network, format_address, prefix_mask
from engine.diagnose import repair
from engine.diagnose.finding import Fix
from engine.diagnose.lines import address_line, entry_line
from engine.diagnose.plan import Intent
from engine.diagnose.station import Station
from engine.diagnose.trace.outer import HOPS_MOST, Arrival, cross, kind_of, route, rras
from engine.diagnose.trace.record import Place, Record
from engine.diagnose.trace.scene import Scene
from engine.diagnose.trace.seal import protect
from engine.diagnose.trace.secure import decide, why_not, why_refused, why_turned_back
from engine.diagnose.trace.stage import (
    BEYOND,
    CLEAR,
    DELIVER,
    DROP,
    DROPPED,
    IN_CLEAR,
    OPEN,
    PASS,
    PROTECTED,
    Trace,
)
from engine.icmp import ECHO_REQUEST
from engine.ip import HEADER as IP_HEADER
from engine.ip import ICMP, TCP, UDP, IPv4
from engine.pipeline.route import Hop, RouteEntry
from engine.policy.model import Interface
from engine.spd import INBOUND, OUTBOUND


class Question(NamedTuple):
    """The packet that is asked about; `decrypted` has come out of the tunnel of `machine`.

    `size` is its length in octets with the IP header. `wall` is Unix seconds.
    """

    source: Address
    destination: Address
    protocol: int = ICMP
    source_port: int = 0
    destination_port: int = 0
    size: int = 60
    df: bool = False
    decrypted: str = ""
    wall: float = 0.0


def trace(scene: Scene, question: Question) -> Trace:
    """Follows the packet there and, when it gets there, the answer back."""
    return _Walk(scene, question).run()


def packet_of(question: Question) -> IPv4:
    """The packet asked about, with the octets that filters look at."""
    source, destination, protocol, source_port, destination_port, size, df = question[:7]
    body = bytearray(max(size - IP_HEADER, 8))
    if protocol == ICMP:
        body[0] = source_port or ECHO_REQUEST
        body[1] = destination_port
    elif protocol in (TCP, UDP):
        body[0:2], body[2:4] = source_port.to_bytes(2, "big"), destination_port.to_bytes(2, "big")
        if protocol == TCP:
            body.extend(bytes(max(0, 20 - len(body))))
            body[12:14] = b"\x50\x02"
    return IPv4(source, destination, protocol, bytes(body), df=df)


def answer_to(packet: IPv4) -> IPv4:
    """The packet that comes back: an echo reply, or the ports turned round."""
    body = bytearray(packet.payload)
    if packet.protocol == ICMP:
        body[0] = 0 if body[0] == ECHO_REQUEST else body[0]
    elif packet.protocol in (TCP, UDP):
        body[0:4] = body[2:4] + body[0:2]
        if packet.protocol == TCP:
            body[13] = 0x12
    return packet._replace(source=packet.destination, destination=packet.source,
                           payload=bytes(body))


class _Walk:
    """The walk itself."""

    def __init__(self, scene: Scene, question: Question) -> None:
        self.scene, self.question = scene, question
        self.record = Record(scene, question.wall)

    def run(self) -> Trace:
        packet = packet_of(self.question)
        reached = self._way(self._start(packet))
        end = BEYOND
        if reached is not None:
            self.record.reply = True
            back = self._way(Place(reached, "", answer_to(packet)))
            end = BEYOND if back is None else PROTECTED if self.record.sealed else IN_CLEAR
        drops = [one for one in self.record.blockers if self._ends(one.number)]
        if drops:
            end = DROPPED
        elif self.record.bared:
            end = IN_CLEAR
        text = (f"{kind_of(packet)} {format_address(packet.source)} -> "
                f"{format_address(packet.destination)}, {packet.length} octets"
                + (", don't fragment" if packet.df else ""))
        return Trace(text, end, tuple(self.record.stages), tuple(self.record.blockers))

    def _ends(self, number: int) -> bool:
        """Whether a blocker ends the packet, and does not only bare it."""
        return any(stage.blocker == number and stage.verdict == DROP
                   for stage in self.record.stages)

    def _start(self, packet: IPv4) -> Place:
        scene, question = self.scene, self.question
        if question.decrypted:
            station = scene.stations[question.decrypted]
            intent = scene.intent(station, packet)
            outside = intent.outside if intent else next(iter(station.interfaces))
            end = intent.own if intent else station.interfaces[outside].address
            return Place(station, outside, packet, end)
        owner = scene.owner(packet.source)
        if owner is not None:
            return Place(owner, "", packet)
        # The host is not seen: the packet comes in where its network is.
        for station in sorted(scene.stations.values(), key=lambda one: one.name != scene.own):
            inside = station.inside_of(packet.source)
            if station.is_gateway and inside:
                return Place(station, inside, packet)
        station = scene.stations[scene.own]
        intent = scene.intent(station, packet)
        return Place(station, intent.inside if intent else next(iter(station.interfaces)), packet)

    def _way(self, place: Place) -> Station | None:
        """From `place` to the machine that has the destination; None when it is not seen there."""
        at: Place | None = place
        for _ in range(HOPS_MOST):
            if at is None:
                return None
            if at.arrived and at.packet.destination in at.station.own:
                self._arrived(at)
                return at.station
            at = self._through(at)
        self.record.block(place.station, "route", "routing-loop", "the packet goes in circles")
        return None

    # --- into a machine ---------------------------------------------------------------------------

    def _enter(self, at: Place) -> None:
        """What an arriving packet meets before anybody looks where it goes."""
        station = at.station
        if at.opened:
            self._opened(at)
        else:
            self.record.note(station, "receive", PASS, f"in by {at.arrived}")
            self._clear_in(at)
        intent = self.scene.intent(station, at.packet)
        rras(self.record, station, at.arrived, "input", at.packet,
             outside=intent is not None and at.arrived == intent.outside)

    def _clear_in(self, at: Place) -> None:
        station, packet = at.station, at.packet
        entry, reason = decide(station, packet, INBOUND)
        if entry is None or entry.action in ("permit", "bypass"):
            if station.agent.spd:
                self.record.note(station, "ipsec-in", PASS, reason)
            return
        if entry.action == "negotiate" and entry.inpass:
            self.record.note(station, "ipsec-in", CLEAR, f"rule '{entry.rule}' accepts unsecured "
                             "traffic (inpass)", entry_line(station, entry))
            return
        if self.record.bared and entry.action == "negotiate" and not entry.mirrored:
            # It should not have come in the clear: the blocker that bared it is the reason.
            self.record.note(station, "ipsec-in", DROP, "refused: it came in the clear, and "
                             f"rule '{entry.rule}' wants it protected", entry_line(station, entry))
            return
        why = why_refused(station, packet, entry, station.name == self.scene.own)
        self.record.block(station, "ipsec-in", why.code, why.text, entry_line(station, entry),
                          *why.repairs)

    def _opened(self, at: Place) -> None:
        """Decrypted: the inbound policy must want it out of this tunnel (RFC 2401 5.2.1)."""
        station, packet = at.station, at.packet
        entry, _ = decide(station, packet, INBOUND)
        if entry is not None and entry.action == "negotiate" and entry.tunnel == at.opened:
            self.record.note(station, "ipsec-in", OPEN, f"rule '{entry.rule}' wants it out of the "
                             f"tunnel that ends at {format_address(at.opened)}",
                             entry_line(station, entry))
            return
        intent = self.scene.intent(station, packet)
        if intent is None:
            self.record.block(station, "ipsec-in", "no-tunnel-rules", f"no tunnel of "
                              f"{station.name} is for this packet")
            return
        why = why_not(station, packet, intent, INBOUND, station.name == self.scene.own)
        self.record.block(station, "ipsec-in", why.code, why.text, "", *why.repairs)

    def _arrived(self, at: Place) -> None:
        """The machine it is for."""
        self._enter(at)
        station, packet = at.station, at.packet
        self.record.note(station, "deliver", DELIVER, format_address(packet.destination))
        if packet.protocol == ICMP and packet.payload[0] == ECHO_REQUEST \
                and not station.snapshot.machine.icmp_echo:
            self.record.block(station, "echo", "host-firewall-blocks-icmp",
                              f"{station.name} does not answer echo requests", "",
                              repair.answer_echo(station))

    # --- out of a machine -------------------------------------------------------------------------

    def _through(self, at: Place) -> Place | None:
        """Through one machine and over what follows it."""
        station, packet, record = at.station, at.packet, self.record
        if at.arrived:
            self._enter(at)
            if not station.snapshot.machine.forwarding:
                record.block(station, "forward", "ip-forwarding-off", f"routing is off on "
                             f"{station.name}", "", repair.forwarding(station))
            packet = packet.with_ttl(packet.ttl - 1)
        hop = route(record, station, packet) or self._assumed_hop(station, packet)
        if hop is None:
            return None
        intent = self.scene.intent(station, packet)
        outgoing = intent is not None and packet.source in intent.local and not at.opened
        if intent is not None and outgoing:
            hop = self._right_interface(station, packet, hop, intent)
        rras(record, station, hop.interface, "output", packet,
             outside=intent is not None and hop.interface == intent.outside)
        entry, reason = decide(station, packet, OUTBOUND)
        if intent is not None and outgoing and station.is_gateway:
            return protect(record, station, packet, hop, intent, entry)
        if entry is not None and intent is not None and entry.tunnel is not None \
                and entry.action == "negotiate":
            why = why_turned_back(station, entry, intent)
            record.block(station, "ipsec-out", why.code, why.text, entry_line(station, entry),
                         *why.repairs)
        elif entry is not None and entry.action == "negotiate" and entry.tunnel is not None:
            written = Intent(entry.source, entry.destination,
                             station.interfaces[hop.interface].address, entry.tunnel,
                             hop.interface, "")
            return protect(record, station, packet, hop, written, entry)
        elif entry is not None and entry.action == "block":
            why = why_refused(station, packet, entry, station.name == self.scene.own)
            record.block(station, "ipsec-out", why.code, why.text, entry_line(station, entry),
                         *why.repairs)
        elif station.agent.spd:
            record.note(station, "ipsec-out", PASS, reason)
        return self._next(cross(record, station, hop.interface, hop.next_hop, packet), station,
                          packet, hop)

    def _next(self, arrival: Arrival | None, station: Station, packet: IPv4,
              hop: Hop) -> Place | None:
        """On the next machine; a host's packet that nobody takes had the wrong gateway."""
        if arrival is not None:
            if arrival.station.is_gateway or arrival.packet.destination in arrival.station.own \
                    or station.role != "host":
                return Place(arrival.station, arrival.interface, arrival.packet)
        return self._host_gateway(station, packet, hop) if station.role == "host" else \
            None if arrival is None else Place(*arrival)

    def _host_gateway(self, station: Station, packet: IPv4, hop: Hop) -> Place | None:
        """A host hands its packets to the wrong machine: its gateway's inner address is right."""
        adapter = station.interfaces[hop.interface]
        for other in self.scene.stations.values():
            inner = next((one for one in other.interfaces.values()
                          if one.link == adapter.link and other.is_gateway), None)
            if inner is None:
                continue
            if inner.address == hop.next_hop:
                return None
            right = format_address(inner.address)
            text = (f"{station.name} sends it to {format_address(hop.next_hop)}, which is not the "
                    f"gateway {right}") if hop.next_hop else \
                f"{station.name} does not reach a gateway; the gateway is {right}"
            if adapter.prefix != inner.prefix:
                text += (f"; its mask is {format_address(prefix_mask(adapter.prefix))}, not "
                         f"{format_address(prefix_mask(inner.prefix))}")
            self.record.block(station, "route", "host-default-gateway-wrong", text,
                              address_line(adapter), *self._host_repairs(station, adapter, inner,
                                                                         hop))
            return Place(other, inner.name, packet)
        return None

    def _host_repairs(self, station: Station, adapter: Interface, inner: Interface,
                      hop: Hop) -> tuple[Fix, ...]:
        """The right gateway; a mask that makes everything look near has to be mended, too."""
        fixed = repair.default_gateway(station, adapter, inner.address)
        if hop.route.origin != "connected" and adapter.prefix == inner.prefix:
            return (fixed,)
        line = address_line(adapter._replace(prefix=inner.prefix, gateway=inner.address))
        return (repair.fix(station, f"Set mask and default gateway of {station.name}.", line),)

    def _assumed_hop(self, station: Station, packet: IPv4) -> Hop | None:
        """There is no route: where it should go, if anybody knows."""
        record = self.record
        intent = self.scene.intent(station, packet)
        if station.role == "host":
            adapter = next(iter(station.interfaces.values()))
            none = Hop(adapter.name, 0, RouteEntry(0, 0, 0, adapter.name, 1, "default"))
            place = self._host_gateway(station, packet, none)
            if place is None:
                return None
            gateway = place.station.interfaces[place.arrived].address
            return none._replace(next_hop=gateway)
        if intent is None or packet.source not in intent.local:
            record.block(station, "route", "no-route", f"{station.name} has no route to "
                         f"{format_address(packet.destination)}")
            return None
        found = station.routes.lookup(packet.destination)
        if found is not None and found.gateway == intent.peer:
            self._no_way_to_peer(station, intent)
            return None
        if found is not None:
            code, text = "route-next-hop-unreachable", "leads to a gateway that cannot be reached"
        else:
            code, text = "missing-route-to-netb", "is missing"
        record.block(station, "route", code, f"the route of {station.name} to {intent.remote} "
                     f"{text}", "", repair.add_route(station, intent.remote, intent.outside,
                                                     intent.peer, "Add the route."))
        return station.routes.resolve(intent.peer, intent.outside)

    def _no_way_to_peer(self, station: Station, intent: Intent) -> None:
        """The route leads to the other gateway, to which there is none."""
        self.record.block(station, "route", "no-route-to-peer", f"{station.name} has no route to "
                          f"{format_address(intent.peer)}, the other gateway", "",
                          repair.way_out(station, intent))

    def _right_interface(self, station: Station, packet: IPv4, hop: Hop, intent: Intent) -> Hop:
        """The inner packet must leave by the adapter that holds the tunnel's address."""
        outside = station.own.get(intent.own)
        if outside is None or hop.interface == outside.name:
            return hop
        found = hop.route
        text = (f"the route to {Network(found.destination, found.prefix)} leaves by "
                f"{hop.interface}, not by {outside.name}, which has the tunnel's address "
                f"{format_address(intent.own)}")
        self.record.block(station, "route", "route-wrong-egress-interface", text, "",
                          _rebound(station, packet, hop, intent, outside.name))
        return station.routes.resolve(intent.peer, outside.name) or hop


def _rebound(station: Station, packet: IPv4, hop: Hop, intent: Intent, outside: str) -> Fix:
    """The route out of the wrong adapter goes; one by the right adapter comes if there is none."""
    found, text = hop.route, f"Bind the route to {outside}."
    delete = (repair.delete_route(found.destination, found.prefix, hop.interface),) \
        if found.origin == "static" else ()
    if delete and any(one.interface == outside and packet.destination in Network(
            one.destination, one.prefix) for one in station.routes.entries):
        return repair.fix(station, text, *delete)
    net = intent.remote if found.origin == "connected" else \
        Network(found.destination & prefix_mask(found.prefix), found.prefix)
    return repair.add_route(station, net, outside, intent.peer, text, *delete)
