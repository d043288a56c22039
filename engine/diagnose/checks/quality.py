"""How well a tunnel that answers carries: sizes, bursts, losses, delays."""

from collections.abc import Iterator

from engine.address import format_address
from engine.diagnose import repair, showing
from engine.diagnose.checks.declare import (
    LIVE,
    Result,
    check,
    elsewhere,
    found,
    next_check,
    passed,
    show,
    shown,
    skipped,
    times,
    undecided,
)
from engine.diagnose.exam.seen import Probe
from engine.diagnose.exam.side import WINDOW, Side
from engine.diagnose.finding import FAIL, Evidence, Fix
from engine.diagnose.look import Look
from engine.diagnose.trace.seal import sealed_octets
from engine.echo import Pinged
from engine.history import MAIN
from engine.policy.methods import parse_quick_mode
from engine.policy.script import quote

IP_AND_ICMP = 28
UDP_AROUND, USUAL, WIDEST = 8, 1500, 1024
# A tunnel that carries less than this is noticed; less than IPv6's least MTU.
NARROW = 1280
FEW = 0.02
# With such a share of lost echoes nobody works; fewer than so many may be chance.
MUCH, ENOUGH = 0.25, 3


@check("size", "path", "Do packets of every size get through?", kind=LIVE,
       verify="diag check phase=path", codes=("pmtu-blackhole", "fragments-lost-on-path",
                                        "tunnel-mtu-needs-frag"))
def size(look: Look) -> Iterator[Result]:
    """Small and large, with and without DF; who says that one is too large."""
    seen = look.seen
    large = seen.probe("large") if seen is not None else None
    whole = seen.probe("whole") if seen is not None else None
    if seen is None or large is None or not look.works:
        yield skipped("Asked of a tunnel that answers, and loses little.")
        return
    evidence = tuple(_size_line(one) for one in (large, seen.probe("large-df"), whole)
                     if one is not None)
    if seen.probe("fits") is not None:
        yield _hole(look, evidence)
    elif not large.replies:
        yield found("fragments-lost-on-path", "A packet that fills the tunnel is answered, one in "
                    "two fragments is not.", evidence=evidence, fix=_before(look))
    else:
        yield from _told(look, evidence)


def _before(look: Look) -> Fix:
    """Packets cut before they are encrypted arrive whole."""
    line = ("ipsec dynamic set config property=fragmentation value=before",)
    return Fix("Let both gateways cut long packets before they encrypt them.",
               elsewhere(look, line, line), look.peer is not None, look.own.name)


def _size_line(probe: Probe) -> Evidence:
    answers = [one.kind + (f" from {format_address(one.source)}" if one.kind == "needs-frag"
                           else "") for one in probe.echoes]
    flag = " -f" if probe.df else ""
    return shown(f"[{probe.machine}] ping{flag} -l {probe.size} "
                 f"{format_address(probe.destination)}", *times(answers))


def _hole(look: Look, evidence: tuple[Evidence, ...]) -> Result:
    """Large packets vanish. The search has found out what passes."""
    assert look.seen is not None and look.side is not None
    sizes = [one.size + IP_AND_ICMP for one in look.seen.probes
             if one.name == "fits" and one.replies]
    most = max(sizes, default=0)
    text = f"Packets of up to {most} octets are answered, larger ones vanish without a word." \
        if most else "All but the smallest packets vanish without a word."
    return found("pmtu-blackhole", text, evidence=evidence, machine=look.own.name,
                 fix=_narrower(look, most))


def _narrower(look: Look, most: int) -> Fix | None:
    """Both outer adapters no wider than what passes: the tunnel packet around `most` octets."""
    pairs = look.seen.after[look.own.name].pairs if look.seen is not None else ()
    if not pairs or not most or look.side is None:
        return None
    method = parse_quick_mode(pairs[-1].method)[0]
    mtu = sealed_octets(method, most) + (UDP_AROUND if pairs[-1].udp else 0)
    ours = repair.set_mtu(look.own, look.side.outside, mtu)
    outside = look.far_side.outside if look.far_side is not None else look.side.outside
    theirs = ours.commands[0].replace(f"interface={quote(look.side.outside)}",
                                      f"interface={quote(outside)}")
    return ours._replace(
        text=f"Lower the MTU of both gateways' outer adapters to what passes, {mtu}.",
        commands=elsewhere(look, ours.commands, (theirs,)), safe=look.peer is not None)


def _told(look: Look, evidence: tuple[Evidence, ...]) -> Iterator[Result]:
    """Somebody says that the large packet is too large, which is as it should be."""
    assert look.side is not None
    outside = look.side.outside
    mtu = look.own.interfaces[outside].mtu
    complained = [one for one in look.recent if one.result.kind == "needs-frag"]
    if complained or mtu < NARROW:
        yield found("tunnel-mtu-needs-frag", f"{look.own.name} says itself what is too large: "
                    f"{outside} has an MTU of {mtu}, and the tunnel needs a part of it. Normal, "
                    "as long as the hosts listen.", evidence=evidence, machine=look.own.name,
                    fix=repair.set_mtu(look.own, outside, USUAL) if mtu < USUAL else None)
    else:
        yield passed("They do; what is too large and must not be fragmented is reported.",
                     evidence=evidence)


@check("order", "sa", "Do packets arrive unaltered, once and in order?", kind=LIVE,
       verify=showing.STATS,
       codes=("replay-drops-reordering", "packets-altered-on-path", "path-loss",
              "packets-duplicated-on-path", "tunnel-packets-refused"))
def order(look: Look) -> Iterator[Result]:
    """Many packets in one instant; replay and integrity counters, and what is missing."""
    side, seen = look.side, look.seen
    if side is None or seen is None:
        yield skipped("Nothing was tried.")
        return
    if seen.recorded:
        yield from _recorded(look, side)
        return
    results = [one for each in (side, look.far_side) if each is not None
               for one in _counted(look, each)]
    yield from results
    if not results:
        yield from _missing(look, side)


def _counted(look: Look, side: Side) -> Iterator[Result]:
    """What one end has counted."""
    drops, name = side.drops(), side.machine
    where = "" if name == look.own.name else name
    altered, replayed = drops.get("bad-icv", 0), drops.get("replay", 0)
    evidence = (shown(showing.STATS, f"replay +{replayed}", machine=where),)
    twice = side.twice
    if replayed > altered and replayed <= twice:
        yield found("packets-duplicated-on-path", f"{twice} packets came to {name} twice; the "
                    "copies were refused.", evidence=evidence)
    elif replayed > altered:
        widen = (f"ipsec dynamic set config property=replaywindow value={WIDEST}", repair.FRESH)
        yield found("replay-drops-reordering", f"{name} refused {replayed} packets as older than "
                    "its window.", machine=name, evidence=evidence,
                    fix=Fix("Widen the window of both receivers, or keep the flow on one path.",
                            elsewhere(look, widen, widen), True, look.own.name))
    if altered:
        whole = seen_in(side)
        what = "all of them" if altered >= whole else f"{altered} of {whole}"
        yield found("packets-altered-on-path", f"The integrity check of {name} fails for {what}.",
                    evidence=(shown(showing.STATS, f"bad-icv +{altered}", machine=where),))


def _recorded(look: Look, side: Side) -> Iterator[Result]:
    """A capture has sequence numbers: what comes twice, and what comes later than a window."""
    evidence = (show(look.own, look, showing.frames(look.own.name, side.outside),
                     f"{side.twice} twice, {side.late} late of {seen_in(side)}"),)
    if side.late > ENOUGH:
        yield found("replay-drops-reordering", f"{side.late} packets came to {side.machine} more "
                    f"than {WINDOW} packets late.", evidence=evidence, machine=side.machine)
    if side.twice > ENOUGH:
        yield found("packets-duplicated-on-path", f"{side.twice} packets came to {side.machine} "
                    "twice.", evidence=evidence)
    if max(side.late, side.twice) <= ENOUGH:
        yield passed("They do.", evidence=evidence) if seen_in(side) else skipped("None came.")


def seen_in(side: Side) -> int:
    """Protected packets that came in."""
    return side.count(False, "esp")


def _missing(look: Look, side: Side) -> Iterator[Result]:
    """Echoes and datagrams that were not answered, and nobody counted why."""
    assert look.seen is not None
    if not look.works:
        yield skipped("Asked of a tunnel that answers.")
        return
    sent, lost = lost_echoes(look)
    burst, spaced = look.seen.probe("burst"), look.seen.probe("spaced")
    gone = _gone(burst)
    evidence = (shown(_ping(look), f"{lost} of {sent} echoes lost"), *_burst(burst),
                *_burst(spaced))
    if lost or _gone(spaced) > FEW:
        text = f"{lost} of {sent} echoes were lost, and nobody counted them." if lost else \
            f"Of packets sent one by one {_gone(spaced):.0%} are not answered."
        one = found("path-loss", text, evidence=evidence)
        yield one._replace(verdict=FAIL) if lost > MUCH * sent and lost > ENOUGH else one
    elif gone > FEW:
        yield undecided(("replay-drops-reordering", "path-loss"), "Single echoes are answered; of "
                        f"many packets at once {gone:.0%} are not.", evidence=evidence,
                        next=(next_check(look),))
    else:
        yield passed("They do.", evidence=evidence)


def _gone(series: Probe | None) -> float:
    """Which share of a series was not answered."""
    return 1 - series.replies / len(series.echoes) if series is not None else 0.0


def _burst(burst: Probe | None) -> tuple[Evidence, ...]:
    if burst is None:
        return ()
    command = (f"lab send {burst.machine} {format_address(burst.destination)} "
               f"count={len(burst.echoes)}")
    return (shown(command, f"{burst.replies} of {len(burst.echoes)} datagrams answered"),)


def _ping(look: Look) -> str:
    probe = look.decisive
    return f"[{probe.machine}] ping {format_address(probe.destination)}" if probe is not None \
        else "ping"


def lost_echoes(look: Look) -> tuple[int, int]:
    """Echoes sent and lost, without those that waited for the negotiation."""
    assert look.seen is not None
    sent = lost = 0
    for one in look.seen.probes:
        if one.name not in ("small", "after", "reverse", "short") or not one.replies:
            continue
        answered = [each.kind == "reply" for each in one.echoes]
        first = answered.index(True) if one.name == "small" else 0
        sent += len(answered) - first
        lost += answered[first:].count(False)
    return sent, lost


@check("delay", "negotiation", "Was an early echo lost to the negotiation only?", kind=LIVE,
       verify="eventlog show id=541", codes=("negotiation-delay-only",))
def delay(look: Look) -> Iterator[Result]:
    """The first echo does not wait for a slow negotiation: no fault."""
    if look.seen is None:
        yield skipped("Nothing was tried.")
        return
    up = next((one for one in reversed(look.outcomes) if one.mode == MAIN
               and one.failure is None), None)
    if up is None or not look.works:
        yield skipped("There was no negotiation that came to a good end.")
        return
    lost = _first_lost(look.recent, up.time - up.seconds, up.time)
    if lost and up.seconds < LONG:
        yield found("negotiation-delay-only", f"{lost} echo(es) were lost while main mode took "
                    f"{up.seconds:.2f} s; all later ones were answered.",
                    evidence=(show(look.own, look, "eventlog show id=541",
                                   f"main mode took {up.seconds:.2f} s"),))
    else:
        yield passed("None was.")


# A negotiation that takes longer has lost messages; how long ping waits for an answer.
LONG, WAIT = 4.0, 1.0


def _first_lost(series: tuple[Pinged, ...], begun: float, up: float) -> int:
    """How many echoes were lost while IKE was at work, when all after it were answered."""
    early = [one for one in series if begun - WAIT <= one.time <= up
             and one.result.kind in ("timeout", "negotiating")]
    later = [one for one in series if one.time > up]
    if not later or any(one.result.kind != "reply" for one in later[:4]):
        return 0
    return len(early)


@check("reverse", "path", "Does the other direction begin as well?", kind=LIVE, verify="diag trace",
       codes=("host-firewall-blocks-icmp",))
def reverse(look: Look) -> Iterator[Result]:
    """A ping from the other side, where a host there may be used."""
    probe = look.seen.probe("reverse") if look.seen is not None else None
    if probe is None:
        yield skipped("No host of the other network may be used for it.")
    elif probe.replies:
        yield passed(f"{probe.machine} gets answers.")
    elif look.explained:
        yield skipped("Configuration says why it does not.")
    else:
        yield undecided(("host-firewall-blocks-icmp", "auth-methods-differ-between-rules",
                         "host-address-wrong"),
                        f"{probe.machine} gets no answer, though its own answers come.",
                        evidence=(shown(f"[{probe.machine}] ping "
                                        f"{format_address(probe.destination)}",
                                        *times(one.kind for one in probe.echoes)),),
                        next=(f"diag trace {probe.machine} "
                              f"{format_address(probe.destination)}",))


