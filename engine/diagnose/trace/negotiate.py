"""A pair of associations that does not exist yet: IKE's own way, then both policies compared."""

from engine.address import Address, Network, format_address
from engine.diagnose import repair
from engine.diagnose.finding import Fix
from engine.diagnose.plan import Intent
from engine.diagnose.station import Station
from engine.diagnose.trace.outer import Arrival, rras, travel
from engine.diagnose.trace.phase1 import identities, main_mode
from engine.diagnose.trace.phase2 import quick_mode
from engine.diagnose.trace.record import Record
from engine.diagnose.trace.secure import why_not
from engine.ip import IPv4, udp_packet
from engine.spd import OUTBOUND, SpdEntry

IKE_PORT = 500
# What a first message of main mode is about as long as.
FIRST_OCTETS = 200


def negotiate(record: Record, station: Station, entry: SpdEntry, intent: Intent, local: Address,
              packet: IPv4) -> None:
    """The stages "phase 1" and "phase 2" of a pair that `entry` wants, from address `local`.

    `packet` is the inner packet that asks for it.
    """
    record.about = "IKE"
    _negotiate(record, station, entry, intent, local, packet)
    record.about = ""


def outward(record: Record, station: Station, intent: Intent, local: Address) -> None:
    """What our own machine does with IKE, when the other gateway cannot be seen."""
    pair = frozenset((station.name, ""))
    if pair in record.paired:
        return
    record.paired.add(pair)
    record.about = "IKE"
    outside = station.own[local].name
    first = udp_packet(local, intent.peer, IKE_PORT, IKE_PORT, bytes(FIRST_OCTETS))
    travel(record, station, first, via=outside)
    rras(record, station, outside, "input", udp_packet(
        intent.peer, local, IKE_PORT, IKE_PORT, bytes(FIRST_OCTETS)), outside=True)
    record.about = ""


def _negotiate(record: Record, station: Station, entry: SpdEntry, intent: Intent, local: Address,
               packet: IPv4) -> None:
    first = udp_packet(local, intent.peer, IKE_PORT, IKE_PORT, bytes(FIRST_OCTETS))
    arrival = travel(record, station, first, via=station.own[local].name)
    if arrival is None:
        return
    peer = arrival.station
    rras(record, peer, arrival.interface, "input", arrival.packet, outside=True)
    if not _listens(record, peer):
        return
    answer = udp_packet(arrival.packet.destination, arrival.packet.source, IKE_PORT, IKE_PORT,
                        bytes(FIRST_OCTETS))
    back = travel(record, peer, answer, via=peer.own[arrival.packet.destination].name)
    if back is not None:
        rras(record, back.station, back.interface, "input", back.packet, outside=True)
    _compare(record, station, peer, entry, intent, arrival, local, packet)


def _listens(record: Record, peer: Station) -> bool:
    """Whether IKE runs at the other end; without it there is nothing to compare."""
    if peer.running:
        return True
    code = "service-not-running" if peer.name == record.scene.own else "peer-service-down"
    record.block(peer, "phase 1", code, f"the IPSEC Policy Agent of {peer.name} is stopped: "
                 "nobody listens on UDP 500", "", repair.service(peer))
    return False


def _compare(record: Record, station: Station, peer: Station, entry: SpdEntry, intent: Intent,
             arrival: Arrival, local: Address, packet: IPv4) -> None:
    theirs = record.scene.intent(peer, packet)
    there, here = arrival.packet.destination, arrival.packet.source
    if here != local:
        _through_nat(record, station, peer)
    ours = station.agent.phase1(local, intent.peer)
    policy = peer.agent.phase1(there, here)
    if policy is None or ours is None:
        _stranger(record, station, peer, theirs, here, local, packet)
        return
    main_mode(record, station, peer, ours, policy)
    identities(record, (station, ours, local, here), (peer, policy, there, intent.peer))
    quick_mode(record, station, peer, entry, local, there, here, packet)


def _through_nat(record: Record, station: Station, peer: Station) -> None:
    """Addresses are translated on the way: both ends must know NAT traversal."""
    for one in (station, peer):
        if not one.agent.snapshot.natt:
            record.block(one, "phase 1", "nat-in-path-no-natt", "a NAT stands between the "
                         f"gateways, and {one.name} does not use NAT traversal", "",
                         repair.traverse(one))


def _stranger(record: Record, station: Station, peer: Station, theirs: Intent | None,
              seen: Address, local: Address, packet: IPv4) -> None:
    """The other gateway has no policy for whoever asks."""
    answer = packet.with_addresses(packet.destination, packet.source)
    if theirs is None:
        record.block(peer, "phase 1", "no-tunnel-rules", f"{peer.name} has no tunnel for "
                     f"{format_address(packet.destination)} to {format_address(packet.source)}")
        return
    if seen in station.own and seen != theirs.peer and theirs.peer in station.own:
        _wrong_source(record, station, theirs.peer, seen, packet)
        return
    why = why_not(peer, answer, theirs, OUTBOUND, peer.name == record.scene.own)
    record.block(peer, "phase 1", why.code, why.text, "", *why.repairs)


def _wrong_source(record: Record, station: Station, wanted: Address, seen: Address,
                  packet: IPv4) -> None:
    """The packets leave by an adapter that does not hold the tunnel's address."""
    outside, wrong = station.own[wanted].name, station.own[seen].name
    found = station.routes.lookup(packet.destination)
    repairs: tuple[Fix, ...] = ()
    if found is not None and found.interface == wrong:
        intent = record.scene.intent(station, packet)
        hop = found.gateway or (intent.peer if intent else 0)
        repairs = (repair.add_route(
            station, Network(found.destination, found.prefix), outside, hop,
            f"Bind the route to {outside}.",
            repair.delete_route(found.destination, found.prefix, wrong)),)
    record.block(station, "route", "route-wrong-egress-interface", f"the tunnel's packets leave by "
                 f"{wrong} with the address {format_address(seen)}, not by {outside} with "
                 f"{format_address(wanted)}, which the other gateway expects", "", *repairs)
