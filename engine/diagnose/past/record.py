"""What was kept, as an examination: captures and logs of both gateways, read after the event.

Nothing is sent, so there are no trails, no counters and no steps; what the checks cannot know they
leave out. Associations are those that event 541 tells of, their packets those with its SPIs.
"""

from collections.abc import Iterable
from math import inf
from typing import NamedTuple

from engine.address import Address
from engine.capture import Capture
from engine.diagnose.exam.run import frames, readable
from engine.diagnose.exam.seen import Frame, PairSeen, Probe, Seen, Snapshot, is_esp
from engine.diagnose.past.events import labelled, outcomes, spi_of
from engine.diagnose.past.pcapread import Recorded
from engine.diagnose.plan import Intent
from engine.diagnose.station import Station
from engine.echo import EchoResult
from engine.esp.udp import spi_of as spi_in_udp
from engine.events import LogEvent
from engine.history import Outcome
from engine.ip import ESP, IPv4

MOST_FRAMES = 100_000


class Kept(NamedTuple):
    """What was kept of one gateway: frames of its outer and its inner wire, its log."""

    station: Station
    intent: Intent
    outer: tuple[Recorded, ...] = ()
    inner: tuple[Recorded, ...] = ()
    events: tuple[LogEvent, ...] = ()


def examined(kept: Iterable[Kept], near: Address, far: Address, epoch: float) -> Seen:
    """Our gateway's records first, then the other one's, if any; `epoch` is engine time 0 in Unix
    seconds. `near` and `far` are the hosts that are asked about."""
    all_kept = tuple(kept)
    wires: dict[tuple[str, str], tuple[Frame, ...]] = {}
    for one in all_kept:
        name = one.station.name
        wires[name, one.intent.outside] = _frames(one, one.intent.outside, one.outer, epoch)
        if one.inner:
            wires[name, one.intent.inside] = _frames(one, one.intent.inside, one.inner, epoch)
    ended = {one.station.name: tuple(outcomes(one.events, one.intent.own, one.intent.peer))
             for one in all_kept}
    times = [*(one.summary.time for each in wires.values() for one in each),
             *(event.time for one in all_kept for event in one.events)]
    begun, over = min(times, default=0.0), max(times, default=0.0)
    probes = _probe(all_kept[0], wires, ended[all_kept[0].station.name], near, far)
    return Seen(
        begun, over, probes, (), {}, wires,
        {one.station.name: _snapshot(begun, ()) for one in all_kept},
        {one.station.name: _snapshot(over, tuple(_pairs(
            one, wires[one.station.name, one.intent.outside]))) for one in all_kept},
        ended, {one.station.name: one.events for one in all_kept})


def _snapshot(time: float, pairs: tuple[PairSeen, ...]) -> Snapshot:
    return Snapshot(time, {}, {}, {}, pairs, (), (), True)


def _frames(one: Kept, interface: str, packets: tuple[Recorded, ...],
            epoch: float) -> tuple[Frame, ...]:
    """In the order of time; where a file does not say which way a packet went, its addresses do."""
    capture = Capture(one.station.name, interface, MOST_FRAMES)
    inner = interface == one.intent.inside and interface != one.intent.outside
    for each in sorted(packets, key=lambda one: one.time):
        outgoing = each.outgoing
        if outgoing is None:
            outgoing = _leaves(one, readable(each.octets), inner)
        capture.add(each.time - epoch, each.octets, outgoing)
    return frames(capture, -inf)


def _leaves(one: Kept, packet: IPv4 | None, inner: bool) -> bool:
    if packet is None:
        return False
    if packet.source in one.station.own:
        return True
    return (packet.source in one.intent.local) != inner


# --- associations ---------------------------------------------------------------------------------


def _pairs(one: Kept, outer: tuple[Frame, ...]) -> Iterable[PairSeen]:
    """What event 541 of quick mode tells of, with the packets that the capture has of it."""
    spis = [_spi(each.packet) for each in outer if each.packet is not None]
    for event, outcome in zip(_up(one.events), _quick(one), strict=False):
        words = labelled(dict(event.fields).get("Parameters", ""))
        ours, theirs = spi_of(words.get("InboundSpi", "")), spi_of(words.get("OutBoundSpi", ""))
        life = words.get("Lifetime (kb)", "0")
        yield PairSeen(ours, theirs, outcome.peer, _entry(one, outcome), spis.count(ours),
                       spis.count(theirs), event.time, outcome.lifetime,
                       int(life) if life.isdigit() else 0, outcome.method, False, True)


def _up(events: Iterable[LogEvent]) -> list[LogEvent]:
    return [one for one in events if one.event_id == 541 and "InboundSpi" in dict(
        one.fields).get("Parameters", "")]


def _quick(one: Kept) -> list[Outcome]:
    return list(outcomes(_up(one.events), one.intent.own, one.intent.peer))


def _entry(one: Kept, outcome: Outcome) -> str:
    """The id of the filter whose networks were negotiated."""
    selector = outcome.selector
    return next((each.id for each in one.station.agent.spd.entries
                 if selector is not None and each.direction == "outbound"
                 and (each.source, each.destination) == selector[:2]), "")


def _spi(packet: IPv4) -> int:
    """The SPI of a packet of ESP, bare or in UDP; 0 for any other."""
    if not is_esp(packet) or packet.offset:
        return 0
    return int.from_bytes(packet.payload[:4], "big") if packet.protocol == ESP \
        else spi_in_udp(packet)


# --- did it work ----------------------------------------------------------------------------------


def _probe(own: Kept, wires: dict[tuple[str, str], tuple[Frame, ...]], ended: tuple[Outcome, ...],
           near: Address, far: Address) -> tuple[Probe, ...]:
    """The traffic that was kept as one question: did anything come back? () where nothing tells."""
    name, intent = own.station.name, own.intent
    outer, inner = wires[name, intent.outside], wires.get((name, intent.inside), ())
    asked = [one.summary.time for one in (*outer, *inner) if one.packet is not None
             and (intent.covers(one.packet.source, one.packet.destination)
                  or (one.outgoing and is_esp(one.packet)))]
    back = any(one.packet is not None and (
        intent.covers(one.packet.destination, one.packet.source)
        or (not one.outgoing and is_esp(one.packet))) for one in (*outer, *inner))
    if not asked and not (ended and ended[-1].failure is not None) and not outer:
        return ()
    first = min(asked, default=outer[0].summary.time if outer else 0.0)
    last = max(asked, default=first)
    kind = "reply" if back else "timeout"
    echo = EchoResult(kind, 0, 0, 0.0, 0, 0, 0)
    return (Probe("small", name, far, 0, False, (echo, echo), (first, last)),)
