"""The guided checklist: from every broken lab to a protected one, answers, undo, resuming."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest

from commands.answer import Block
from commands.diag.guide import state as kept
from commands.errors import CommandError
from commands.render import render_text
from commands.run import run_line
from commands.session import Session
from engine.diagnose.guide.all import NAMES, STEPS
from engine.faults.registry import FAULTS
from engine.policy.rows import difference, image
from tests.support.article import full_lines
from tests.support.faulty import STRONG, healthy, make
from tests.support.typing import data, plain, refused, text

OPEN = ("FAIL", "UNKNOWN")
ALL_FIXES = "".join(f"fix.{name} = yes\n" for name in NAMES if name != "strength")


def run(session: Session, line: str, tmp_path: Path, answers: str) -> dict[str, Any]:
    """The data of a walk with these answers."""
    (tmp_path / "answers").write_text(answers)
    found: dict[str, Any] = data(session, f'{line} answers="{tmp_path}/answers"')
    return found


def failing(found: dict[str, Any]) -> list[str]:
    return [one["code"] for one in found["steps"] if one["verdict"] in ("FAIL", "UNKNOWN", "SKIP")]


def typist(session: Session, *replies: str) -> list[str]:
    """A terminal that gives these answers, then quits; what was printed and asked."""
    said: list[str] = []
    left = list(replies)

    def ask(question: str) -> str:
        said.append(question)
        return left.pop(0) if left else "quit"

    def emit(block: Block) -> None:
        said.append(render_text(block))

    session.ask, session.emit = ask, emit
    return said


# --- from broken to protected ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", *FAULTS])
def test_every_broken_lab_ends_protected(name: str, tmp_path: Path) -> None:
    session = healthy() if name else Session()
    if name:
        make(session, FAULTS[name])
    found = run(session, "checklist", tmp_path, ALL_FIXES)
    assert found["traffic"] == "PROTECTED" and not failing(found)
    again = data(session, "checklist")
    assert again["traffic"] == "PROTECTED" and not failing(again)
    assert {one["code"] for one in again["steps"] if one["verdict"] == "WARN"} <= {
        "weak-key", "weak-des-proposal"}


@pytest.mark.parametrize("name", ["", "psk-mismatch", "missing-second-rule", "pmtu-blackhole",
                                  "udp500-blocked-on-path", "domain-policy-overrides"])
def test_the_printed_lines_are_enough(name: str) -> None:
    session = healthy() if name else Session()
    if name:
        make(session, FAULTS[name])
    for _ in range(14):
        found = data(session, "checklist")
        first = next((one for one in found["steps"] if one["verdict"] in OPEN
                      and one["fix"] and one["fix"]["commands"]), None)
        if first is None:
            break
        for line in first["fix"]["commands"]:
            run_line(line, session)
        session.settle()
    found = data(session, "checklist")
    assert found["traffic"] == "PROTECTED" and not failing(found)


def test_the_steps_are_in_the_articles_order() -> None:
    order = [one.section for one in STEPS]
    assert len(set(order)) == 1 + sum(one != other for one, other in
                                      zip(order, order[1:], strict=False))
    firsts = [order.index(one) for one in (
        "How to Create IPSec Policy", "How to Build a Filter List from NetA to NetB",
        "How to Build a Filter List from NetB to NetA",
        "How to Configure a Rule for a NetA-to-NetB Tunnel",
        "How to Configure a Rule for a NetB-to-NetA Tunnel",
        "How to Assign Your New IPSec Policy to Your Windows 2000 Gateway",
        "How to Configure RRAS Filtering", "How to Configure Static Routes in RRAS",
        "Testing Your IPSec Tunnel", "Enable Auditing for Logon Events and Object Access",
        "Actual Test")]
    assert firsts == sorted(firsts)


def test_a_fix_is_typed_on_the_gateway_whatever_machine_is_current() -> None:
    session = Session()
    session.machine = "hostA"
    said = text(session, "checklist")
    assert "set machine gwA\n" in said and "set machine hostA\n" in said
    assert data(session, "checklist fix=yes")["traffic"] == "PROTECTED"
    assert session.machine == "hostA" and not session.store.on("hostA").policies("local")


# --- questions and answers ------------------------------------------------------------------------


def test_what_can_be_measured_is_not_asked() -> None:
    session = healthy()
    run_line("checklist fix=yes", session)
    said = typist(session, *["skip"] * 40)
    run_line("checklist", session)
    asked = [one for one in said if one.endswith("quit] ")]
    assert asked and all("Go on?" in one for one in asked)


def test_alone_it_asks_about_the_hosts_and_the_other_gateway() -> None:
    session = healthy()
    run_line("checklist fix=yes", session)
    said = typist(session, "skip", "y", "no", "skip", "skip")
    found = plain(session, run_line("checklist view=alone", session))
    asked = [one for one in said if "hosts on both networks use their gateway? [" in one]
    assert len(asked) == 1 and any("should use 10.1.0.1" in one for one in said)
    by_step = {one["step"]: one["verdict"] for one in found["steps"]}
    assert by_step["hosts"] == "PASS" and by_step["peer"] == "FAIL"


def test_what_is_not_wanted_is_not_failed(tmp_path: Path) -> None:
    session = healthy(line for line in (*full_lines(), *STRONG)
                      if "auditpol" not in line and "filtertype" not in line)
    found = run(session, "checklist", tmp_path, "fence = no\naudit = no\n")
    assert not failing(found) and found["traffic"] == "PROTECTED"
    assert [one["code"] for one in found["steps"] if one["verdict"] == "WARN"] == ["weak-key"]
    assert {"rras-output-not-fenced", "auditing-off"} <= set(failing(data(session, "checklist")))


def test_the_answers_of_a_guided_run_are_written_and_read_again(tmp_path: Path) -> None:
    session = healthy()
    run_line("routing ip delete persistentroute 10.2.0.0 255.255.255.0 External", session)
    typist(session, "skip", "y", "y", "skip", "y", "skip", "skip", "skip", "skip")
    run_line(f'checklist view=alone save="{tmp_path}/mine"', session)
    written = (tmp_path / "mine").read_text()
    assert "fix.route = yes" in written and "hosts = yes" in written
    assert os.stat(tmp_path / "mine").st_mode & 0o777 == 0o600
    other = healthy()
    run_line("routing ip delete persistentroute 10.2.0.0 255.255.255.0 External", other)
    found = data(other, f'checklist view=alone answers="{tmp_path}/mine"')
    by_step = {one["step"]: one for one in found["steps"]}
    assert by_step["route"]["mended"] and by_step["hosts"]["verdict"] == "PASS"


@pytest.mark.parametrize(("content", "says"), [
    ("route = yes\n", "1: 'route' is no step and no question"),
    ("fix.route = perhaps\n", "1: 'perhaps' is no answer"),
    ("# fine\nfix\n", "2: 'fix' is no step"),
    ("fix.route = yes # but not this\n\nnonsense = yes", "3: 'nonsense'"),
    ("\0\xff", "1: "), ("a" * 70000, "too long"),
])
def test_a_wrong_file_of_answers_is_named_by_line(content: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "answers").write_bytes(content.encode("latin-1"))
    mistake = refused(Session(), f'checklist answers="{tmp_path}/answers"')
    assert says in mistake.text and mistake.tag == "answers"
    assert "cannot be read" in refused(Session(), "checklist answers=/nowhere").text


# --- undo -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["psk-mismatch", "missing-route-to-netb", "service-not-running",
                                  "udp500-blocked-on-path", "domain-policy-overrides",
                                  "host-default-gateway-wrong", "replay-drops-reordering",
                                  "mirrored-on-tunnel-filter"])
def test_undo_brings_back_what_was_there(name: str, tmp_path: Path) -> None:
    session = healthy()
    make(session, FAULTS[name])
    before = image(session.store)
    ran = {host: one.agent_running for host, one in session.lab.hosts.items()}
    dropped = [len(link.drops) for link in session.lab.links.values()]
    found = run(session, "checklist", tmp_path, ALL_FIXES)
    typed = [one for one in found["steps"] if one["mended"]]
    assert typed and found["traffic"] == "PROTECTED"
    while kept.load(session.store).mends:
        assert "Undone" in text(session, "checklist undo")
    assert [one for one in difference(before, image(session.store))
            if one.table != "setting"] == []
    assert {host: one.agent_running for host, one in session.lab.hosts.items()} == ran
    assert [len(link.drops) for link in session.lab.links.values()] == dropped
    assert refused(session, "checklist undo").code == "nothing-to-undo"


def test_undo_leaves_alone_what_was_changed_again() -> None:
    session = Session()
    run_line("checklist fix=yes", session)
    run_line("routing ip set persistentroute 10.2.0.0 255.255.255.0 External 198.51.100.1 metric=7",
             session)
    assert "had been changed again" in text(session, "checklist undo step=route")
    assert session.store.on("gwA").routes()[-1].metric == 7
    assert "step" in refused(session, "checklist undo step=route").tag


def test_undo_at_the_prompt_goes_back_and_looks_again() -> None:
    session = Session()
    said = typist(session, "y", "undo", "y", "quit")
    run_line("checklist", session)
    assert sum("no-policy; all that it had" in one for one in said) == 1
    assert session.store.on("gwA").policies("local") == ()


def test_a_fix_that_fails_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session()
    run_line("checklist fix=yes", session)
    run_line("routing ip delete persistentroute 10.2.0.0 255.255.255.0 External", session)
    before = image(session.store)
    said = typist(session, *["skip"] * 3)
    run_line("checklist", session)
    assert image(session.store) == before
    index = NAMES.index("route")
    walk = session.checklist
    assert walk is not None
    fix = walk.look(index).finding.fix
    assert fix is not None
    broken = walk.asked[index].finding._replace(
        fix=fix._replace(commands=(*fix.commands, "no such command")))
    walk.asked[index] = walk.asked[index]._replace(finding=broken)
    with pytest.raises(CommandError):
        walk.mend(index)
    assert image(session.store) == before and said


# --- resuming -------------------------------------------------------------------------------------


def test_a_walk_that_only_looks_keeps_nothing() -> None:
    session = Session()
    generation = session.store.generation()
    run_line("checklist", session)
    assert session.store.generation() == generation
    assert refused(session, "checklist resume").code == "no-checklist"


def test_resume_goes_on_where_it_was_left(tmp_path: Path) -> None:
    path = f"{tmp_path}/store.db"
    first = Session(path)
    typist(first, "y", "y", "quit")
    run_line("checklist", first)
    first.close()
    second = Session(path)
    said = typist(second, *["y"] * 40)
    found = plain(second, run_line("checklist resume", second))
    assert "Goes on at step 5" in said[0] and "list from NetB to NetA?" in said[2]
    assert found["traffic"] == "PROTECTED"
    assert refused(second, "checklist resume").code == "no-checklist"
    assert len(kept.load(second.store).mends) >= 9
    second.close()


@pytest.mark.parametrize("garbage", ["nonsense", "()", "(1, 2)", "[" * 200, "(0, 'x', 3, 4, 5, 6)"])
def test_a_state_that_nobody_wrote_is_no_state(garbage: str) -> None:
    session = Session()
    session.store.set_setting(kept.SETTING, garbage)
    assert kept.load(session.store) == kept.State()
    assert refused(session, "checklist resume").code == "no-checklist"
    assert data(session, "checklist fix=yes")["traffic"] == "PROTECTED"


def test_after_kill_9_it_goes_on(tmp_path: Path) -> None:
    def start(*words: str) -> "pexpect.spawn[str]":
        return pexpect.spawn(sys.executable, ["-m", "shell", "--store", f"{tmp_path}/s.db", *words],
                             encoding="utf-8", timeout=20, dimensions=(24, 80),
                             env=os.environ | {"XDG_STATE_HOME": str(tmp_path), "NO_COLOR": "1"})
    child = start("checklist")
    for _ in range(2):
        child.expect(r"Type the fix now\? \[[a-z/]+\] ")
        child.sendline("y")
    child.expect(r"Type the fix now\?")
    child.kill(signal.SIGKILL)
    child.wait()
    child = start("checklist", "resume")
    child.expect("Goes on at step 5")
    child.expect(r"Type the fix now\? \[[a-z/]+\] ")
    child.sendline("quit")
    child.expect(r"5 steps: 3 PASS, 1 SKIP, 1 FAIL|5 steps: 4 PASS, 1 FAIL")
    child.wait()
