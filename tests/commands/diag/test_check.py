"""diag check: the cause named first, nothing else blamed, its fix typed, the tunnel whole again."""

from typing import Any

import pytest

from commands.lab.typist import type_lines
from commands.run import run_line
from commands.session import Session
from engine.diagnose.causes.known import CAUSES
from engine.diagnose.checks.all import CHECKS
from engine.faults.registry import FAULTS
from tests.support.faulty import healthy, make, on
from tests.support.harm import HARMS, Harm
from tests.support.typing import answer, data, plain, text

VIEWS = {"both": "diag check", "alone": "diag check machine=gwA"}
# One gateway cannot tell these apart, says so, and names what would.
OPEN = {("pfs-mismatch", "alone"): {"phase2-proposal-mismatch", "pfs-mismatch"}}
# Whatever the lab: its key is the article's, which is short.
ALWAYS = {"weak-key"}


def codes(found: dict[str, Any], *verdicts: str) -> list[str]:
    """The codes of the findings with these verdicts, in their order."""
    return [one["code"] for one in found["findings"] if one["verdict"] in verdicts]


def protected(session: Session) -> bool:
    """Whether a ping between the hosts is answered, and never leaves in the clear."""
    target = session.store.on("hostB").interfaces()[0].address
    for _ in range(3):
        echoes = [session.lab.ping("hostA", target) for _ in range(2)]
        if all(one.kind == "reply" and one.protected and not one.clear for one in echoes):
            return True
    return False


def mend(session: Session, finding: dict[str, Any]) -> None:
    """Types a fix as it is printed."""
    for line in finding["fix"]["commands"]:
        run_line(line, session)
    session.settle()


@pytest.mark.parametrize("view", VIEWS)
def test_a_healthy_lab_has_nothing_to_complain_about(view: str) -> None:
    session = healthy()
    found = data(session, VIEWS[view])
    assert set(codes(found, "FAIL", "UNKNOWN", "WARN")) == ALWAYS
    assert found["view"] == view
    assert answer(session, VIEWS[view]).exit == 0


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_first_and_its_fix_is_enough(name: str, view: str) -> None:
    session, one = healthy(), FAULTS[name]
    make(session, one)
    said = answer(session, VIEWS[view])
    found = plain(session, said)
    first = found["findings"][0]
    if (name, view) in OPEN:
        assert first["verdict"] == "UNKNOWN" and first["next"]
        assert set(first["candidates"]) == OPEN[name, view]
        assert not codes(found, "FAIL")
        return
    assert (first["code"], first["verdict"]) == (one.codes[0], one.verdict)
    assert set(codes(found, "FAIL")) <= {*one.codes, *one.also}
    assert said.exit == int(one.verdict == "FAIL")
    while first["fix"] and first["code"] in (*one.codes, *one.also):
        mend(session, first)
        if not one.also:
            break
        first = data(session, VIEWS[view])["findings"][0]
    assert protected(session)
    after = data(session, VIEWS[view])
    assert set(codes(after, "FAIL", "UNKNOWN", "WARN")) <= ALWAYS


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("one", HARMS, ids=[one.name for one in HARMS])
def test_harm_that_no_catalogue_lists(one: Harm, view: str) -> None:
    """With both ends the cause is named; one gateway alone says at least what it cannot tell."""
    session = healthy()
    type_lines(session, one.machine, one.lines)
    session.settle()
    on(session, "hostA", "ping hostB")
    works = protected(session)
    found = data(session, VIEWS[view])
    failed, open_ = codes(found, "FAIL"), codes(found, "UNKNOWN")
    if not works:
        assert failed or open_
    if view == "both":
        assert not open_
        if one.codes and one.breaks:
            assert set(failed) <= set(one.codes), failed
            assert failed
    for finding in found["findings"]:
        if finding["verdict"] == "UNKNOWN":
            assert finding["next"]


def test_what_was_switched_on_is_off_again() -> None:
    session = healthy()
    run_line("capture start External", session)
    before = session.lab.captures["gwA", "External"]
    run_line("diag check", session)
    assert session.lab.captures == {("gwA", "External"): before} and before.running
    assert all(host.trace is None for host in session.lab.hosts.values())


def test_without_pings_it_only_reads() -> None:
    session = healthy()
    run_line("lab add fault policy-not-assigned", session)
    now = session.lab.now
    found = data(session, "diag check ping=no")
    assert found["primary"] == "policy-not-assigned" and session.lab.now == now


def test_one_phase_alone() -> None:
    session = healthy()
    found = data(session, "diag check phase=route ping=no")
    assert {one["phase"] for one in found["findings"]} == {"route"}


def test_the_other_gateway_judges_for_itself() -> None:
    session = healthy()
    run_line("lab add fault pfs-mismatch", session)
    on(session, "hostA", "ping hostB")
    assert "diag check machine=gwB" in text(session, "diag check machine=gwA")
    assert data(session, "diag check machine=gwB")["machine"] == "gwB"


def test_a_finding_has_the_fields_of_every_finding() -> None:
    session = healthy()
    run_line("lab add fault missing-route-to-netb", session)
    first = data(session, "diag check")["findings"][0]
    assert set(first) >= {"code", "title", "phase", "severity", "verdict", "because", "evidence",
                          "affects", "fix", "verify", "kb", "next"}
    assert first["severity"] == "error" and first["affects"]
    assert set(first["fix"]) >= {"text", "commands", "safe"}


def test_every_code_of_a_check_is_explained_and_every_cause_can_be_found() -> None:
    assert {code for one in CHECKS for code in one.codes} <= set(CAUSES)
    assert {code for one in FAULTS.values() for code in one.codes} <= set(CAUSES)
