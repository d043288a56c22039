"""Steps that only traffic can answer: ping, the wire, the monitor, event 541, the adapters.

Where the ping fails, or crosses in the clear, the whole diagnosis is asked why: its first finding
is the step's, with the fix that goes with it.
"""

from engine.diagnose.causes.cause import NOTICE
from engine.diagnose.finding import FAIL, UNKNOWN, WARN, Evidence, Finding, Fix
from engine.diagnose.guide.around import AUDIT, NO_REPLY, of_finding
from engine.diagnose.guide.machine import FENCE
from engine.diagnose.guide.step import NO, Result, evidence, failed, passed, step, unknown
from engine.diagnose.guide.view import Probe, View
from engine.diagnose.repair import FRESH
from engine.wording import spi, words

PROTECTED, IN_CLEAR = "PROTECTED", "IN CLEAR"
SOFT, NO_TRAFFIC = "SOFT ASSOCIATION", "NO TRAFFIC"
ACTUAL = "Actual Test"
# What nobody misses who said that he does not want it.
UNWANTED = {FENCE.name: "rras-not-fenced", AUDIT.name: "auditing-off"}
READ_ON = Fix("Mend what failed above; then read `eventlog show last=5`.")


def traffic_verdict(probe: Probe) -> str:
    """PROTECTED, IN CLEAR, SOFT ASSOCIATION or NO TRAFFIC: a reply alone never counts."""
    if any(echo.soft for echo in probe.echoes):
        return SOFT
    if probe.clear_icmp or any(echo.clear for echo in probe.echoes):
        return IN_CLEAR
    if probe.replies and probe.esp:
        return PROTECTED
    return NO_TRAFFIC


def _ping(probe: Probe) -> Evidence:
    return evidence(f"[{probe.source}] ping {probe.destination}",
                    *(echo.text for echo in probe.echoes))


def _cause(view: View, otherwise: Result) -> Result:
    """Why it fails, as the whole diagnosis sees it; else what this step itself has seen."""
    found = view.diagnosis(True)
    primary = found.primary if found is not None else None
    if primary is None or primary.verdict not in (FAIL, UNKNOWN):
        return otherwise
    cause = of_finding(FAIL, primary)
    return cause._replace(because=(*otherwise.because, *cause.because),
                          evidence=tuple(dict.fromkeys((*otherwise.evidence, *cause.evidence))))


@step("ping", ACTUAL, "Does a host of NetA reach a host of NetB?",
      why="The first packets may time out while the tunnel is built; then replies must come.",
      verify="diag check")
def ping_answers(view: View) -> Result:
    probe = view.probe
    if probe is None:
        return unknown("No ping was tried.", "Ping a host of NetB from a host of NetA.")
    if not probe.replies:
        reason = probe.echoes[-1].text if probe.echoes else "nothing was sent"
        seen = "; ".join(f"{name} {count}" for name, count in probe.refused)
        because = f"No reply: {reason}" + (f" (counted meanwhile: {seen})" if seen else "")
        return _cause(view, failed(NO_REPLY, because, READ_ON, _ping(probe)))
    return passed(f"{probe.replies} of {len(probe.echoes)} echoes were answered.", _ping(probe))


@step("wire", ACTUAL,
      "Does the outside show only ISAKMP and ESP, and no ICMP in the clear?",
      why="Only the wire proves protection.",
      verify="diag check")
def wire_is_protected(view: View) -> Result:
    probe = view.probe
    if probe is None:
        return unknown("Nothing was captured.", "Capture External while a ping runs.")
    verdict = traffic_verdict(probe)
    shown = evidence("capture show", f"ISAKMP {probe.isakmp}, ESP {probe.esp}, "
                                     f"ICMP in the clear {probe.clear_icmp}: {verdict}")
    if verdict == PROTECTED:
        return passed("The traffic is PROTECTED: ESP only.", shown)
    if verdict == NO_TRAFFIC:
        return unknown("Nothing crossed the outside and came back, so nothing is proved: "
                       "NO TRAFFIC.", "Mend what failed above, then ping again.",
                       evidence=(shown,))
    code = "traffic-in-clear" if verdict == IN_CLEAR else "soft-association-allowed"
    return _cause(view, failed(code, f"The echoes crossed the outside unprotected: {verdict}.",
                               Fix("Mend what failed above; then ping again."), shown))


@step("sa", ACTUAL, "Does the monitor show a security association?",
      why="A ping that works without an SA was not protected; a soft association means that "
          "IPsec agreed to clear text.",
      verify="ipsecmon", needs=("assigned",))
def sa_is_up(view: View) -> Result:
    pairs = view.host.sad.pairs()
    lines = tuple(words("inbound SPI {}, outbound SPI {}", spi(pair.inbound.spi),
                        spi(pair.outbound.spi)) for pair in pairs if pair.outbound is not None)
    shown = evidence("ipsec dynamic show qmsas", *(lines or ("no quick mode SA",)))
    if view.probe is not None and any(echo.soft for echo in view.probe.echoes):
        return failed("soft-association-allowed", "A soft association carries the traffic.",
                      Fix("Set soft=no on the filter action, and see why the other gateway does "
                          "not answer IKE."), shown)
    if lines:
        return passed(f"{len(lines)} quick mode SA pair(s).", shown)
    if view.probe is None:
        return unknown("Nothing has asked for an SA yet.", "Ping through the tunnel.",
                       evidence=(shown,))
    return failed("no-sa", "The ping left no SA behind.", READ_ON, shown)


@step("event", ACTUAL, "Is event 541 in the security log?",
      why="Event 541 says that IKE established an association; 547 says why it did not.",
      verify="eventlog show id=541", needs=("auditing", "assigned"))
def event_541(view: View) -> Result:
    numbers = [event.event_id for event in view.host.log if event.source == "Security"]
    if 541 in numbers:
        return passed("Event 541 is logged.",
                      evidence("eventlog show id=541", f"{numbers.count(541)} event(s) 541"))
    shown = evidence("eventlog show last=5",
                     *(f"event {number}" for number in numbers[-5:]) or ("empty",))
    if not any(one.success for one in view.config.effective_audit() if one.category == "logon"):
        return passed("Nothing is audited, so nothing can be logged.", shown)
    if view.host.sad.pairs():
        return unknown("The SA was made before auditing was on.", "Ping again then.",
                       evidence=(shown,), fix=Fix("Let the next packet negotiate a new one.",
                                                  (FRESH,)))
    return failed("no-event-541", "No event 541: no association was established.",
                  Fix("Mend what failed above; read `eventlog show last=5`."), shown)


@step("adapters", ACTUAL, "Are there still only the adapters that there were before?",
      why="A tunnel adds no interface: IPsec protects what goes through the physical one.",
      verify="ipconfig")
def no_more_adapters(view: View) -> Result:
    known = {one.name for one in view.config.interfaces()}
    names = list(view.host.interfaces)
    shown = evidence("ipconfig", *(f"Ethernet adapter {name}" for name in names))
    more = [name for name in names if name not in known]
    if more:
        return failed("tunnel-adapter", f"There is an adapter that nobody configured: {more[0]}.",
                      None, shown)
    return passed(f"{len(names)} adapters, all of them configured.", shown)


@step("rest", ACTUAL, "Does the whole diagnosis find anything else?",
      why="A tunnel that answers may still lose long packets, reorder, or be about to end.",
      verify="diag check")
def nothing_else(view: View) -> Result:
    found = view.diagnosis(True)
    if found is None:
        return unknown("Nobody can make it from here.", "diag check")
    known = view.reported | {code for name, code in UNWANTED.items() if view.answer(name) == NO}
    left = [one for one in found.findings if (one.code or NO_REPLY) not in known
            and (one.verdict in (FAIL, UNKNOWN) or _worth(one))]
    if not left:
        return passed(f"diag check asked {len(found.findings)} more questions and found nothing "
                      "else.")
    first = left[0]
    result = of_finding(first.verdict, first)
    more = tuple(f"Also: {one.title}" for one in left[1:])
    return result._replace(because=(*result.because, *more))


def _worth(one: Finding) -> bool:
    """Whether a warning is more than a hint."""
    return one.verdict == WARN and one.severity != NOTICE
