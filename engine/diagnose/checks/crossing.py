"""The way between the gateways, seen from both ends: what arrives, whole, altered or not at all."""

from collections import Counter
from collections.abc import Iterator
from statistics import median

from engine.address import format_address
from engine.diagnose import repair, showing
from engine.diagnose.checks.declare import (
    CROSSED,
    HISTORY,
    LIVE,
    Result,
    check,
    elsewhere,
    found,
    passed,
    show,
    shown,
    skipped,
    times,
)
from engine.diagnose.checks.negotiated import too_long
from engine.diagnose.exam.crossing import IKE, PIECE, Crossed, Way
from engine.diagnose.exam.run import BIG, BIG_FITS, IP_AND_ICMP
from engine.diagnose.exam.side import Side
from engine.diagnose.finding import FAIL, Evidence, Fix
from engine.diagnose.look import Look
from engine.ip import ICMP

NAT_T_PORT, PING_WAITS = 4500, 1.0
# Seconds by which two clocks may differ without a word.
SKEW = 2.0
# Where these are the only ones that get lost, it is IKE as a whole.
FIRST = ("MM1", "MM2", "INFO", IKE, PIECE)
ECHO_REPLY = b"\x00"
# How far from the adapter's MTU a size may be and still be a matter of fragments.
NEARLY = 8
# A share of lost packets that is worth a word, and one that no tunnel works with; and how many
# have to be missing before a share says anything.
SOME, MUCH, ENOUGH = 0.05, 0.25, 3


@check("crossing", "path", "Does what leaves one gateway arrive at the other, unaltered?",
       kind=LIVE, verify="diag check phase=path",
       codes=("packets-altered-on-path", "ike-message-lost", "ike-fragments-lost",
              "udp4500-blocked-on-path", "pmtu-blackhole", "path-loss"))
def crossed(look: Look) -> Iterator[Result]:
    """The frames of both outer wires laid beside each other."""
    if look.there is None or look.back is None or look.peer is None:
        yield skipped("Only one end is in view.")
        return
    ways = ((look.there, look.own.name, look.peer.name), (look.back, look.peer.name,
                                                          look.own.name))
    results = [one for way, sender, receiver in ways
               for one in _judged(look, way, sender, receiver)]
    yield from results
    if not results:
        yield passed("It does.", evidence=_tallies(look))


def _judged(look: Look, way: Way, sender: str, receiver: str) -> Iterator[Result]:
    sent = len(way.packets)
    if way.altered:
        yield found("packets-altered-on-path", f"{way.altered} of {sent} packets that {sender} "
                    f"sends arrive at {receiver} with other octets.", evidence=_tallies(look),
                    proof=CROSSED, fix=Fix("Find the device that alters them: a firewall's "
                                           "inspection, a faulty card or line.", (), False))
    yield from _messages(look, way, sender, receiver)
    rest = [one for one in way.packets if one.name not in way.lost and not one.altered
            and one.octets <= way.longest]
    gone = sum(not one.arrived for one in rest)
    if gone >= ENOUGH and gone < len(rest) and gone > SOME * len(rest) and not _ends(rest):
        share = gone / len(rest)
        one = found("path-loss", f"{gone} of {len(rest)} packets that {sender} sends do not arrive "
                    f"at {receiver}.", evidence=_tallies(look),
                    proof=CROSSED)
        yield one._replace(verdict=FAIL) if look.broken or share > MUCH else one


def _ends(packets: list[Crossed]) -> bool:
    """Whether all that is lost is of one kind, or the last of all: a block, not chance."""
    kinds = {one.kind for one in packets}
    lost = [one.kind for one in packets if not one.arrived]
    return len(kinds) > 1 and any(
        all(not one.arrived for one in packets if one.kind == kind) and lost.count(kind)
        == len(lost) for kind in kinds)


def _messages(look: Look, way: Way, sender: str, receiver: str) -> Iterator[Result]:
    """Messages of IKE that never arrive, while others do."""
    names = [name for name in way.lost if way.of(name=name)[0].kind in (IKE, PIECE)]
    if not names or (not way.arrived(IKE) and names[0] in FIRST):
        return
    name = names[0]
    first, often = way.of(name=name)[0], len(way.of(name=name))
    text = f"{name} leaves {sender} {often} times and never arrives at {receiver}, though others do"
    ports = {one.port for one in way.of(IKE) if one.arrived}
    if first.kind == PIECE:
        yield found("ike-fragments-lost", f"Fragments of IKE leave {sender} and never arrive at "
                    f"{receiver}; whole messages do.", evidence=_tallies(look), proof=CROSSED,
                    fix=Fix("Let fragments pass on the way, or use shorter certificate chains.",
                            (), False))
    elif first.port == NAT_T_PORT and NAT_T_PORT not in ports:
        yield found("udp4500-blocked-on-path", f"{text}: nothing on UDP 4500 does.",
                    evidence=_tallies(look), proof=CROSSED, fix=Fix(
                        "Open UDP 4500, both ways, on the device there. In the lab:",
                        ("lab delete drop protocol=UDP port=4500", repair.FRESH), False,
                        look.own.name))
    elif not (first.octets > way.longest and too_long(look)):
        yield found("ike-message-lost", f"{text}.", evidence=_tallies(look), proof=CROSSED,
                    fix=Fix("Find the device on the way that drops it. In the lab:",
                            (f"lab delete drop message={name}", repair.FRESH), False,
                            look.own.name))


@check("ike-size", "path", "Do packets as long as the messages of IKE get through?", kind=LIVE,
       verify="diag check phase=path", codes=("pmtu-blackhole", "ike-fragments-lost"))
def ike_size(look: Look) -> Iterator[Result]:
    """Echoes between the gateways of the length of the message that was not answered."""
    if look.seen is None or look.side is None or look.seen.probe(BIG) is None:
        yield skipped("No message of IKE was repeated in vain.")
        return
    size = too_long(look)
    peer = format_address(look.peer_address())
    lines = tuple(shown(f"[{look.own.name}] ping -l {one.size} {peer}",
                        *times(echo.kind for echo in one.echoes))
                  for one in look.seen.probes if one.name == BIG)[:1]
    if not size:
        yield passed("They do.", evidence=lines)
        return
    passing = IP_AND_ICMP + max((one.size for one in look.seen.probes
                                 if one.name == BIG_FITS and one.replies), default=0)
    outside = look.side.outside
    text = (f"A message of IKE of {size} octets is not answered, and neither are echoes of that "
            f"length; those of {passing} octets are.")
    mtu = look.own.interfaces[outside].mtu
    if size > mtu or (size > mtu - NEARLY and passing > size - NEARLY):
        yield found("ike-fragments-lost", text, evidence=lines, proof=CROSSED, fix=Fix(
            "Let fragments pass on the way, or use shorter certificate chains.", (), False))
        return
    ours = repair.set_mtu(look.own, outside, passing)
    theirs = look.far_side.outside if look.far_side is not None else outside
    yield found("pmtu-blackhole", text, evidence=lines, proof=CROSSED, machine=look.own.name,
                fix=ours._replace(commands=elsewhere(look, ours.commands, (
                    repair.set_mtu(look.own, theirs, passing).commands)), safe=look.peer
                    is not None))


@check("late", "path", "Do answers come in time?", kind=LIVE, verify="diag trace",
       codes=("path-slow",))
def late(look: Look) -> Iterator[Result]:
    """Echo replies that are handed to our host after it has stopped waiting."""
    if look.side is None or look.seen is None or not look.broken:
        yield skipped("Asked where no answer came.")
        return
    waits = _waits(look, look.side)
    if not waits:
        yield passed("None came later.")
        return
    yield found("path-slow", f"{len(waits)} answers came {min(waits):.1f} s or more after their "
                "echoes, later than ping waits.", proof=CROSSED, evidence=(
                    show(look.own, look, showing.frames(look.own.name, look.side.inside),
                         *(f"answered after {one:.2f} s" for one in waits[:4])),),
                fix=Fix("Find what delays them on the way; until then let ping wait longer.", (),
                        False))


@check("clocks", "time", "Do the clocks of both gateways agree?", kind=HISTORY,
       verify="diag list", codes=("clock-differs",))
def clocks(look: Look) -> Iterator[Result]:
    """Captures of both ends: as much as one way seems longer than the other is the clocks'."""
    there, back = (way.taken if way is not None else [] for way in (look.there, look.back))
    if not there or not back or look.peer is None:
        yield skipped("It takes captures of both ends with packets both ways.")
        return
    ahead = (median(there) - median(back)) / 2
    line = show(look.own, look, showing.frames(look.own.name, look.side.outside
                                               if look.side else ""),
                f"{look.peer.name} is {ahead:+.3f} s ahead of {look.own.name}")
    if abs(ahead) > SKEW:
        yield found("clock-differs", f"The clock of {look.peer.name} is {abs(ahead):.1f} s "
                    f"{'ahead of' if ahead > 0 else 'behind'} that of {look.own.name}.",
                    evidence=(line,))
    else:
        yield passed("They do.", evidence=(line,))


def _waits(look: Look, side: Side) -> list[float]:
    """Seconds between echoes of our host on the inner wire and their answers there."""
    asked: dict[bytes, float] = {}
    waits: list[float] = []
    near, far = look.ends
    for one in side.inner:
        packet = one.packet
        if packet is None or packet.protocol != ICMP or packet.is_fragment:
            continue
        if not one.outgoing and (packet.source, packet.destination) == (near, far):
            asked[packet.payload[4:8]] = one.summary.time
        elif one.outgoing and (packet.source, packet.destination) == (far, near) \
                and packet.payload[4:8] in asked and packet.payload[:1] == ECHO_REPLY:
            waits.append(one.summary.time - asked[packet.payload[4:8]])
    return [one for one in waits if one > PING_WAITS]


def _tallies(look: Look) -> tuple[Evidence, ...]:
    """Sent and arrived by name, one line a direction."""
    lines = []
    for way, sender in ((look.there, look.own.name),
                        (look.back, look.peer.name if look.peer is not None else "")):
        sent = Counter(one.name for one in way.packets) if way is not None else {}
        parts = [f"{name} {way.arrived(name=name)}/{count}" for name, count in sent.items()
                 if way is not None]
        altered = f", altered {way.altered}" if way is not None and way.altered else ""
        lines.append(f"from {sender} arrived/sent: {', '.join(parts) or 'nothing'}{altered}")
    return (show(look.own, look, showing.frames(look.own.name, look.side.outside
                                                if look.side else ""), *lines),)
