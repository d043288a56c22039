"""diag list, explain and fix; the lines that findings name can be typed."""

import pytest

from commands.errors import CommandError
from commands.run import run_line
from commands.session import Session
from engine.diagnose.causes.events import EVENTS
from engine.diagnose.causes.known import CAUSES
from engine.diagnose.checks.all import CHECKS
from engine.faults.registry import FAULTS
from tests.support.faulty import healthy, make, on, replies
from tests.support.typing import answer, data, refused, text


def test_every_check_and_every_cause_is_listed() -> None:
    session = healthy()
    assert {row["name"] for row in data(session, "diag list")} == {one.name for one in CHECKS}
    listed = data(session, "diag list what=codes")
    assert {row["code"] for row in listed} == set(CAUSES)
    assert {row["phase"] for row in data(session, "diag list phase=audit")} == {"audit"}


@pytest.mark.parametrize("code", CAUSES)
def test_a_cause_is_explained_in_full(code: str) -> None:
    session = healthy()
    found = data(session, f"diag explain {code}")
    assert found["code"] == code and found["kb"]
    assert all(found[key].endswith(".") for key in ("title", "shows", "apart", "mend"))


def test_what_is_unknown_is_refused_with_what_is_known() -> None:
    session = healthy()
    assert "psk-mismatch" in refused(session, "diag explain nonsense").known
    assert "547" not in refused(session, "diag explain event=547").known
    assert refused(session, "diag explain rule=nonsense").known
    assert refused(session, "diag explain last").fix == "diag check"


def test_the_last_finding_an_event_and_a_rule() -> None:
    session = healthy()
    make(session, FAULTS["phase1-proposal-mismatch"])
    run_line("diag check", session)
    assert data(session, "diag explain last")["code"] == "phase1-proposal-mismatch"
    event = data(session, "diag explain event=547")
    assert "phase1-proposal-mismatch" in event["candidates"]
    assert EVENTS[541] == data(session, "diag explain event=541")["means"]
    said = text(session, 'diag explain rule="NetA to NetB"')
    assert "10.1.0.0/24 to 10.2.0.0/24 (out)" in said


def test_a_hidden_rule_says_so() -> None:
    session = healthy()
    make(session, FAULTS["overlapping-filters-shadow"])
    assert "takes 10.1.0.10/32 -> 10.2.0.10/32 first" in \
        text(session, 'diag explain rule="NetA to NetB"').replace("\n            ", " ")


def test_a_fix_is_shown_tried_on_a_copy_typed_and_verified() -> None:
    session = healthy()
    make(session, FAULTS["missing-route-to-netb"])
    said = answer(session, "diag fix")
    assert said.exit == 1 and not replies(session)
    plan = data(session, "diag fix fix=no")
    assert plan["before"]["primary"] == "missing-route-to-netb"
    assert plan["copy"]["fail"] == 0 and not replies(session)
    done = answer(session, "diag fix fix=yes")
    assert done.exit == 0 and replies(session)


def test_a_fix_for_a_code_that_is_not_there() -> None:
    session = healthy()
    assert refused(session, "diag fix code=psk-mismatch").code == "not-found"
    assert refused(session, "diag fix code=weak-key").code == "no-fix"


def test_consent_is_asked_on_a_terminal() -> None:
    session = healthy()
    make(session, FAULTS["policy-not-assigned"])
    asked: list[str] = []
    session.ask = lambda question: asked.append(question) or "n"  # type: ignore[func-returns-value]
    assert answer(session, "diag fix").exit == 1 and len(asked) == 1
    session.ask = lambda question: "y"
    assert answer(session, "diag fix").exit == 0 and replies(session)


@pytest.mark.parametrize("name", ["psk-mismatch", "esp-blocked-ike-passes", "pmtu-blackhole",
                                  "host-default-gateway-wrong", "lifetime-mismatch"])
def test_the_commands_of_a_finding_can_be_typed(name: str) -> None:
    session = healthy()
    make(session, FAULTS[name])
    for view in ("diag check", "diag check machine=gwA"):
        for finding in data(session, view)["findings"]:
            seen = [(one["machine"] or "gwA", one["command"]) for one in finding["evidence"]]
            for machine, line in [*seen, ("gwA", finding["verify"])]:
                if line.startswith("["):
                    machine, _, line = line[1:].partition("] ")
                try:
                    on(session, machine, line)
                except CommandError as error:
                    assert error.code == "no-capture", line


def test_tracert_names_the_routers_where_the_fence_lets_them_speak() -> None:
    assert "192.0.2.254" not in text(healthy(), "tracert 198.51.100.1")
    session = Session()
    said = text(session, "tracert 198.51.100.1")
    assert [line.split()[-1] for line in said.splitlines() if " ms" in line] \
        == ["192.0.2.254", "203.0.113.2", "198.51.100.1"]
    on(session, "gwA", "lab set link middle state=down")
    failed = answer(session, "tracert -h 4 198.51.100.1")
    assert failed.exit == 1
    assert data(session, "tracert -h 2 198.51.100.1")[2]["kind"] == "timeout"


def test_net_start_lists_what_runs() -> None:
    session = healthy()
    assert data(session, "net start")["running"] == ["policyagent", "remoteaccess"]
    run_line("net stop policyagent", session)
    assert data(session, "net start")["running"] == ["remoteaccess"]
