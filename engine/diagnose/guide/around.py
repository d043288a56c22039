"""Steps about what is not ours: the hosts, the other gateway; and about the log that tells of it.

In the lab, and where both ends are in view, they are measured. Else they are questions.
"""

from engine.address import format_address
from engine.diagnose.causes.known import CAUSES
from engine.diagnose.finding import FAIL, Finding, Fix
from engine.diagnose.guide.step import (
    NO,
    YES,
    Question,
    Result,
    evidence,
    failed,
    passed,
    step,
    unknown,
)
from engine.diagnose.guide.view import View
from engine.policy.script import quote

TESTING = "Testing Your IPSec Tunnel"
CATEGORIES = ("logon", "object")
# The code of a ping without an answer, as long as nobody knows why.
NO_REPLY = "no-reply"
AUDIT = Question("audit", "Is what IKE negotiates to be logged?")


@step("hosts", TESTING, "Do the hosts on both networks use their gateway as default gateway?",
      why="The tunnel does not change how hosts route: their packets must reach the gateway.",
      verify="ipconfig")
def default_gateways(view: View) -> Result:
    if not view.end_hosts:
        return _hosts_told(view)
    lines, wrong = [], []
    for host in view.end_hosts:
        seen = format_address(host.gateway) if host.gateway is not None else "none"
        lines.append(f"{host.name}: default gateway {seen}")
        if host.gateway != host.expected:
            wrong.append(host)
    shown = evidence("ipconfig", *lines)
    if wrong:
        first = wrong[0]
        gateway = format_address(first.expected)
        fix = Fix(f"Set the default gateway of {first.name} to {gateway}.", (
            f"interface ip set address name={quote(first.adapter)} gateway={gateway} gwmetric=1",),
            machine=first.name)
        return failed("host-default-gateway-wrong", f"{first.name} should use {gateway}.", fix,
                      shown)
    return passed("The hosts use their gateway.", shown)


def _hosts_told(view: View) -> Result:
    own = format_address(view.plan.own_internal)
    question = Question("hosts", "Do the hosts on both networks use their gateway?")
    answer = view.answer(question.name)
    if answer == YES:
        return passed("The operator says that they do.")
    fix = Fix(f"Set the default gateway of the hosts on NetA to {own}, and that of the hosts on "
              "NetB to the inner address of their gateway.")
    if answer == NO:
        return failed("host-default-gateway-wrong", "The operator says that they do not.", fix)
    return unknown(f"The hosts cannot be looked at from here; those on NetA should use {own}.",
                   "Type `ipconfig` on a host of NetA and on one of NetB.", question=question)


@step("peer", TESTING, "Is the other gateway configured as the mirror image of this one?",
      why="Keys, suites and networks have to agree: what one side offers the other has to accept.",
      verify="diag check ping=no", needs=("rule-out", "rule-in"))
def other_gateway(view: View) -> Result:
    if not view.both:
        return _peer_told(view)
    found = view.diagnosis(False)
    if found is None:
        return _peer_told(view)
    wrong = next((one for one in found.findings if one.verdict == FAIL and _theirs(view, one)),
                 None)
    if wrong is not None:
        return of_finding(FAIL, wrong)
    return passed("Nothing in the two configurations contradicts the other one.",
                  evidence("diag check ping=no", f"{len(found.findings)} findings, none against "
                                                 "the other gateway"))


def _theirs(view: View, one: Finding) -> bool:
    return one.machine not in ("", view.machine) or (one.code in CAUSES
                                                     and CAUSES[one.code].shared)


def of_finding(verdict: str, one: Finding) -> Result:
    """A finding of the whole diagnosis as the result of a step."""
    because = (one.title, *one.because) if one.because[:1] != (one.title,) else one.because
    code = one.code or NO_REPLY
    if one.candidates:
        because = (*because, "It is one of: " + ", ".join(one.candidates) + ".")
    return Result(verdict, because, one.evidence, code, one.fix, one.next, None, one.machine,
                  one.affects, one.kb)


def _peer_told(view: View) -> Result:
    peer = format_address(view.plan.peer_external)
    question = Question("peer", "Does its administrator confirm what `ipsec static show "
                                "peerconfig` prints?")
    answer = view.answer(question.name)
    if answer == YES:
        return passed("Its administrator says so.")
    text = "Send its administrator what `ipsec static show peerconfig` prints."
    if answer == NO:
        return failed("peer-not-mirrored", "Its administrator has not confirmed it.", Fix(text))
    return unknown(f"The other gateway, {peer}, cannot be looked at from here.", text,
                   question=question)


@step("auditing", "Enable Auditing for Logon Events and Object Access",
      "Are logon events and object access audited?",
      why="Without auditing no event 541 or 547 is ever logged, whatever happens.",
      verify="auditpol")
def auditing_on(view: View) -> Result:
    settings = {one.category: one for one in view.config.effective_audit()}
    lines, missing, off = [], [], True
    for category in CATEGORIES:
        one = settings.get(category)
        on = one is not None and one.success and one.failure
        off = off and (one is None or not (one.success or one.failure))
        lines.append(f"{category}: {'success and failure' if on else 'not complete'}")
        if not on:
            missing.append(category)
    shown = evidence("auditpol", *lines)
    if not missing:
        return passed("Both categories are audited.", shown)
    if off and view.answer(AUDIT.name) == NO:
        return passed("Nothing is audited, as it is meant to be.", shown)
    domain = [one.category for one in view.config.audit("domain") if one.category in missing]
    where = " /domain" if domain else ""
    text = ("A domain policy overwrites the local setting: change it there." if domain
            else "Enable success and failure auditing of both.")
    return failed("auditing-off", f"Not audited: {' and '.join(missing)}.",
                  Fix(text, (f"auditpol{where} /enable /logon:all /object:all",)), shown,
                  question=AUDIT if off else None)
