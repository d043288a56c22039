"""What the test packets met on their way: the near host, our own gateway, the clear outside."""

from collections.abc import Iterator

from engine.address import format_address
from engine.diagnose import repair, showing
from engine.diagnose.checks.declare import (
    FOLLOWS,
    LIVE,
    Result,
    check,
    found,
    next_check,
    passed,
    show,
    shown,
    skipped,
    times,
)
from engine.diagnose.exam.side import Side
from engine.diagnose.finding import Evidence, Fix
from engine.diagnose.look import Look
from engine.dropnames import sentence as meaning

# A machine's own reason for a drop, and the cause that it stands for.
REASONS = {
    "not-forwarding": "ip-forwarding-off", "no-route": "missing-route-to-netb",
    "no-next-hop": "route-next-hop-unreachable", "no-neighbour": "route-next-hop-unreachable",
    "ttl-expired": "routing-loop", "blocked": "filter-blocks-traffic",
    "cleartext-refused": "cleartext-refused", "inbound-policy": "tunnel-packets-refused",
    "selector-mismatch": "tunnel-packets-refused",
    "wrong-tunnel-source": "route-wrong-egress-interface",
    "rras-output": "rras-output-filter-missing-neta-netb",
    "rras-input": "rras-input-filter-missing-netb-neta",
    "rras-fragment": "rras-filter-drops-traffic", "echo-refused": "host-firewall-blocks-icmp",
}
# What only many packets show, or what IKE's own story tells better.
ELSEWHERE = frozenset({"bad-icv", "replay", "bad-spi", "negotiating", "hold-expired", "hold-full",
                       "negotiation-failed", "needs-frag", "port-unreachable", "not-for-us"})


def ping_lines(look: Look) -> Evidence:
    """The ping of the test, as its user saw it."""
    probe = look.decisive
    assert probe is not None
    answers = [one.kind if not one.source or one.kind == "timeout"
               else f"{one.kind} from {format_address(one.source)}" for one in probe.echoes]
    return shown(f"[{probe.machine}] ping {format_address(probe.destination)}",
                 *times(answers))


@check("near-host", "host", "Do our host's packets reach the gateway?", kind=LIVE,
       verify="diag trace", codes=("host-default-gateway-wrong", "host-address-wrong",
                                    "near-host-unreachable"))
def near_host(look: Look) -> Iterator[Result]:
    """The first question: what does not come in here is not this gateway's fault."""
    side, probe, scope = look.side, look.decisive, look.scope
    if side is None or probe is None or scope is None or scope.near == look.own.name:
        yield skipped("Nothing was sent by a host.")
        return
    if look.works or side.echoes(False, scope.near_address, scope.far):
        yield passed(f"{scope.near}'s echoes come in on {side.inside}.")
        return
    faults = [one for one in look.blamed if one.blocker.machine == scope.near]
    gateway = look.seen.probe("gateway") if look.seen else None
    inner = look.own.interfaces[side.inside].address
    evidence = (show(look.own, look, showing.frames(look.own.name, side.inside),
                     f"nothing from {format_address(scope.near_address)}"), ping_lines(look))
    if gateway is not None and gateway.replies:
        yield found("host-default-gateway-wrong", f"{scope.near} reaches {format_address(inner)} "
                    f"and sends what is for {format_address(scope.far)} elsewhere.",
                    machine=scope.near, evidence=evidence,
                    fix=_gateway_fix(look, faults[0].blocker.repairs if faults else ()))
        return
    if look.misplaced:
        yield found("host-address-wrong", f"{scope.near} has "
                    f"{format_address(scope.near_address)}, which is of no network behind "
                    f"{look.own.name}.", machine=scope.near, evidence=evidence)
        return
    if faults:
        yield found(faults[0].blocker.code, f"{scope.near} does not reach "
                    f"{format_address(inner)}.", machine=scope.near, evidence=evidence)
        return
    yield found("near-host-unreachable", f"{scope.near} does not reach {format_address(inner)}, "
                "its gateway.", machine=scope.near, evidence=evidence)


def _gateway_fix(look: Look, repairs: tuple[Fix, ...]) -> Fix | None:
    """The host's default gateway, where its adapter is known."""
    if repairs:
        return repairs[0]
    scope, side = look.scope, look.side
    assert scope is not None and side is not None
    station = look.near
    if station is None:
        return None
    adapter = station.own.get(scope.near_address)
    if adapter is None:
        return None
    inner = look.own.interfaces[side.inside]
    if adapter.prefix != inner.prefix:
        from engine.diagnose.lines import address_line
        line = address_line(adapter._replace(prefix=inner.prefix, gateway=inner.address))
        return repair.fix(station, f"Set mask and default gateway of {station.name}.", line)
    return repair.default_gateway(station, adapter, inner.address)


@check("own-drops", "filter", "Does our gateway drop the test's packets?", kind=LIVE,
       verify=showing.STATS, codes=tuple(dict.fromkeys(REASONS.values())))
def own_drops(look: Look) -> Iterator[Result]:
    """The machine's own counters and records, beside what configuration foretells."""
    yield from _drops(look, look.side, "Our gateway drops none of them.")


@check("peer-drops", "filter", "Does the other gateway drop the test's packets?", kind=LIVE,
       verify=showing.STATS, codes=tuple(dict.fromkeys(REASONS.values())))
def peer_drops(look: Look) -> Iterator[Result]:
    """The same at the other end, where it is in view."""
    if look.peer is not None:
        yield from _drops(look, look.far_side, "The other gateway drops none of them.")


def _drops(look: Look, side: Side | None, clean: str) -> Iterator[Result]:
    if side is None or look.seen is None or look.seen.recorded:
        yield skipped("Nothing was tried.")
        return
    traces = [trace for one in look.seen.probes if one.name in ("small", "after")
              for trace in one.traces]
    reasons = side.drops(traces)
    told = [reason for reason in reasons if reason in REASONS]
    if not told or look.works:
        yield passed(clean)
        return
    codes = {one.blocker.code for one in look.blamed}
    machines = {one.blocker.machine for one in look.blamed}
    new = [reason for reason in told
           if REASONS[reason] not in codes and side.machine not in machines]
    if not new:
        yield passed(f"{side.machine} drops what configuration says it must.")
    for reason in new:
        step = side.drop(reason)
        detail = f" ({step.detail})" if step is not None and step.detail else ""
        where = "" if side.machine == look.own.name else side.machine
        # What comes from a wrong address was sent by the other gateway.
        whose = side.machine if reason != "wrong-tunnel-source" else \
            (look.peer_name if not where else look.own.name)
        result = found(REASONS[reason], f"{side.machine} drops them: {meaning(reason)}{detail}",
                       machine=whose, evidence=(
                           shown(showing.STATS, f"{reason} +{reasons[reason]}",
                                 machine=where),))
        # What comes in the clear was let out in the clear somewhere.
        yield result._replace(proof=FOLLOWS) if reason == "cleartext-refused" else result


@check("clear-outside", "traffic", "Does the tunnel's traffic stay out of the clear?", kind=LIVE,
       verify="diag check phase=traffic", codes=("traffic-in-clear",))
def clear_outside(look: Look) -> Iterator[Result]:
    """Only the wire proves protection: a reply does not."""
    side = look.side
    if side is None or look.decisive is None:
        yield skipped("Nothing was tried.")
        return
    near, far = look.ends
    intent, recorded = look.intent, look.seen is not None and look.seen.recorded
    assert intent is not None
    bare = [one for one in side.outer if one.packet is not None
            and ({one.packet.source, one.packet.destination} == {near, far}
                 or (recorded and intent.wants(one.packet.source, one.packet.destination)))]
    clear = len(bare)
    sealed = side.count(True, "esp")
    evidence = (show(look.own, look, showing.frames(look.own.name, side.outside),
                     f"in the clear {clear}, protected {sealed}"),)
    if not clear:
        yield passed("No packet of the test crossed the outside in the clear.", evidence=evidence)
    else:
        ours = any(one.outgoing for one in bare)
        text = "crossed the outside in the clear" if ours else "came back in the clear"
        what = "the two networks" if recorded else "the test"
        result = found("traffic-in-clear", f"{clear} packets of {what} {text}.",
                       evidence=evidence, machine=look.own.name if ours else look.peer_name,
                       next=() if ours else (next_check(look),))
        yield result._replace(proof=FOLLOWS) if look.explained or (recorded and any(
            action.soft for _, action in look.own.actions.values())) else result


@check("icmp-answers", "route", "Does a router say that the destination cannot be reached?",
       kind=LIVE, verify="diag trace", codes=("no-route", "far-host-unreachable",
                                           "router-has-no-route"))
def icmp_answers(look: Look) -> Iterator[Result]:
    """ICMP unreachable names who gave up."""
    probe, any_found = look.decisive, False
    told = dict.fromkeys((one.kind, one.source) for one in (probe.echoes if probe else ())
                         if one.kind.startswith(("unreachable", "prohibited")))
    for kind, source in told:
        if source in look.own.own or source == look.ends.near or look.blamed_at(source):
            continue
        any_found = True
        inner = look.scope is not None and source == look.scope.inner
        code = "far-host-unreachable" if inner and kind == "unreachable-host" else \
            "no-route" if inner else "router-has-no-route"
        yield found(code, f"{format_address(source)} answers that the destination cannot be "
                    f"reached ({kind}).", evidence=(ping_lines(look),),
                    machine=look.peer_name if inner else "")
    if not any_found:
        yield passed("Nobody says so.")
