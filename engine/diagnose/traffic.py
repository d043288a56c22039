"""Questions that only traffic can answer: ping, SA, event 541, what the wire showed."""

from engine.diagnose.check import Result, check, evidence, failed, passed, unknown
from engine.diagnose.finding import Evidence, Fix
from engine.diagnose.view import Probe, View
from engine.wording import spi, words

PROTECTED, IN_CLEAR = "PROTECTED", "IN CLEAR"
SOFT, NO_TRAFFIC = "SOFT ASSOCIATION", "NO TRAFFIC"


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


@check("ping", "Actual Test", "Does a host of NetA reach a host of NetB?",
       why="The first packets may time out while the tunnel is built; then replies must come.",
       verify="ping")
def ping_answers(view: View) -> Result:
    probe = view.probe
    if probe is None:
        return unknown("No ping was tried.", "Ping a host of NetB from a host of NetA.")
    if not probe.replies:
        reason = probe.echoes[-1].text if probe.echoes else "nothing was sent"
        seen = "; ".join(f"{name} {count}" for name, count in probe.refused)
        because = f"No reply: {reason}" + (f" (counted meanwhile: {seen})" if seen else "")
        return failed("no-reply", because,
                      Fix("Mend what failed above; then read `eventlog show last=5`."),
                      _ping(probe))
    return passed(f"{probe.replies} of {len(probe.echoes)} echoes were answered.", _ping(probe))


@check("sa", "IP Security Monitor", "Does the monitor show a security association?",
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
    return failed("no-sa", "The ping left no SA behind.",
                  Fix("Mend what failed above; then read `eventlog show last=5`."), shown)


@check("event", "Actual Test", "Is event 541 in the security log?",
       why="Event 541 says that IKE established an association; 547 says why it did not.",
       verify="eventlog show id=541", needs=("auditing", "assigned"))
def event_541(view: View) -> Result:
    numbers = [event.event_id for event in view.host.log if event.source == "Security"]
    if 541 in numbers:
        return passed("Event 541 is logged.",
                      evidence("eventlog show id=541", f"{numbers.count(541)} event(s) 541"))
    shown = evidence("eventlog show last=5",
                     *(f"event {number}" for number in numbers[-5:]) or ("empty",))
    if view.host.sad.pairs():
        return unknown("The SA was made before auditing was on.",
                       "Re-assign the policy and ping again.", evidence=(shown,))
    return failed("no-event-541", "No event 541: no association was established.",
                  Fix("Mend what failed above; read `eventlog show last=5`."), shown)


@check("wire", "Network Monitor",
       "Does the outside show only ISAKMP and ESP, and no ICMP in the clear?",
       why="Only the wire proves protection.",
       verify="capture show")
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
        return unknown("Nothing crossed the outside, so nothing is proved: NO TRAFFIC.",
                       "Mend what failed above, then ping again.", evidence=(shown,))
    return failed("traffic-in-clear" if verdict == IN_CLEAR else "soft-association-allowed",
                  f"The echoes crossed the outside unprotected: {verdict}.",
                  Fix("Mend what failed above; then ping again."), shown)
