"""Addresses that change on the way: NATs and proxies that are seen, or must be there."""

from engine.address import format_address, needs_nat
from engine.diagnose import repair
from engine.diagnose.finding import Fix
from engine.diagnose.station import TRANSLATORS, Station
from engine.diagnose.trace.record import Record
from engine.diagnose.trace.stage import PASS, UNKNOWN
from engine.ip import ICMP, UDP, IPv4


def is_translator(station: Station) -> bool:
    return station.role in TRANSLATORS


def translate(record: Record, station: Station, interface: str, packet: IPv4,
              kind: str) -> IPv4 | None:
    """What a NAT makes of a packet: another address on the way out, the inner one on the way in.

    None when it goes no further. `kind` is the packet in a word.
    """
    outer = next((one for one in station.interfaces.values()
                  if one.name.casefold().startswith("external")), None)
    if outer is None:
        return packet
    if packet.protocol not in (UDP, ICMP):
        record.block(station, "nat", "nat-in-path-no-natt", f"{station.name} translates addresses "
                     f"by ports, and {kind} has none", "", *traversal(record))
    if interface == outer.name:
        inner = record.translated.get(packet.destination)
        if inner is None:
            record.block(station, "nat", "nat-in-path-no-natt", f"nobody behind {station.name} "
                         "began this, so it goes no further")
            return None
        record.note(station, "nat", PASS, f"to {format_address(inner)} behind it")
        return packet.with_addresses(packet.source, inner)
    record.translated[outer.address] = packet.source
    record.note(station, "nat", PASS, f"from {format_address(outer.address)} instead of "
                                      f"{format_address(packet.source)}")
    return packet.with_addresses(outer.address, packet.destination)


def traversal(record: Record) -> tuple[Fix, ...]:
    """NAT traversal switched on wherever it is off."""
    return tuple(repair.traverse(one) for one in record.scene.stations.values()
                 if one.is_gateway and not one.agent.snapshot.natt)


def assume(record: Record, station: Station, packet: IPv4) -> IPv4:
    """The packet behind a NAT that is not seen and must be there.

    A gateway with a private address, whom the other one knows by another, is translated on the
    way; the way back undoes it.
    """
    scene = record.scene
    inner = record.translated.get(packet.destination)
    if inner is not None and scene.owner(packet.destination) is None:
        record.note(station, "nat", UNKNOWN, f"{format_address(packet.destination)} stands for "
                                             f"{format_address(inner)}")
        return packet.with_addresses(packet.source, inner)
    far = scene.owner(packet.destination)
    if far is None or not far.is_gateway or not station.is_gateway \
            or packet.source not in station.own:
        return packet
    known = [one.peer for one in scene.intents.get(far.name, ())]
    public = next((one for one in known if one and scene.owner(one) is None
                   and needs_nat(packet.source, one)), 0)
    if not public or packet.source in known:
        return packet
    record.translated[public] = packet.source
    record.note(station, "nat", UNKNOWN, f"{format_address(packet.source)} is private: a NAT must "
                f"make {format_address(public)} of it, as which {far.name} knows it")
    return packet.with_addresses(public, packet.destination)
