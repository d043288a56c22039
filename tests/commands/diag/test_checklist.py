"""The guided checklist: from the bare gateway to a protected ping, and honest on the way."""

from typing import cast

import pytest

from commands.answer import Answer, Block, Lines
from commands.errors import CommandError
from commands.render import render_text
from commands.run import run_line
from commands.session import Session
from tests.support.article import full_lines


def steps(answer: Answer) -> dict[str, dict[str, object]]:
    """The findings of a checklist by their question."""
    lines = cast(Lines, answer.blocks[-1])
    data = cast(dict[str, list[dict[str, object]]], lines.data)
    return {str(step["title"]): step for step in data["steps"]}


def verdicts(answer: Answer) -> dict[str, int]:
    return cast(dict[str, int], cast(dict[str, object],
                                     cast(Lines, answer.blocks[-1]).data)["counts"])


def failing(answer: Answer) -> list[str]:
    return [str(step["code"]) for step in steps(answer).values() if step["verdict"] == "FAIL"]


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def article(session: Session) -> Session:
    for line in full_lines():
        run_line(line, session)
    return session


def test_the_bare_gateway_fails_but_not_at_every_step(session: Session) -> None:
    answer = run_line("checklist", session)
    assert answer.exit == 1
    assert failing(answer)[0] == "no-policy"
    assert verdicts(answer)["SKIP"] >= 9


def test_fix_takes_the_bare_gateway_to_a_protected_ping(session: Session) -> None:
    answer = run_line("checklist fix=yes", session)
    assert answer.exit == 0
    assert "Traffic: PROTECTED." in render_text(answer)
    again = run_line("checklist", session)
    assert failing(again) == []


def test_the_finished_article_has_no_failing_step(article: Session) -> None:
    answer = run_line("checklist", article)
    assert failing(answer) == []
    assert "Traffic: PROTECTED." in render_text(answer)


def test_no_step_shows_the_key(article: Session) -> None:
    text = render_text(run_line("checklist", article))
    assert "kb252735" not in text


POLICY = 'policy="IPSec tunnel with third-party gateway"'
FAULTS = (
    ('ipsec static set policy name="IPSec tunnel with third-party gateway" assign=no',
     "policy-not-assigned"),
    (f'ipsec static delete rule name="NetB to NetA" {POLICY}', "missing-second-rule"),
    (f'ipsec static set rule name="NetB to NetA" {POLICY} activate=no', "rule-disabled"),
    (f'ipsec static set rule name="NetA to NetB" {POLICY} tunnel=198.51.100.9',
     "wrong-tunnel-endpoint"),
    (f'ipsec static set rule name="NetB to NetA" {POLICY} tunnel=198.51.100.1',
     "both-rules-same-endpoint"),
    (f'ipsec static set rule name="NetB to NetA" {POLICY} kerberos=yes',
     "auth-methods-differ-between-rules"),
    ('ipsec static set filteraction name="IPSec tunnel: ESP DES/MD5" soft=yes',
     "soft-association-allowed"),
    ("net stop policyagent", "service-not-running"),
    ("routing ip delete filter External output 192.0.2.1 255.255.255.255 198.51.100.1 "
     "255.255.255.255 any", "rras-filter-drops-ike"),
    ("routing ip delete filter External output 10.1.0.0 255.255.255.0 10.2.0.0 255.255.255.0 any",
     "rras-output-filter-missing-neta-netb"),
    ("routing ip delete filter External input 10.2.0.0 255.255.255.0 10.1.0.0 255.255.255.0 any",
     "rras-input-filter-missing-netb-neta"),
    ("routing ip delete persistentroute 10.2.0.0 255.255.255.0 External",
     "missing-route-to-netb"),
    ("auditpol /enable /logon:none /object:none", "auditing-off"),
)


@pytest.mark.parametrize(("breaks", "code"), FAULTS, ids=[code for _, code in FAULTS])
def test_one_broken_thing_is_named_first_and_mended(article: Session, breaks: str,
                                                    code: str) -> None:
    run_line(breaks, article)
    answer = run_line("checklist", article)
    assert failing(answer)[0] == code
    mended = run_line("checklist fix=yes", article)
    assert failing(mended) == []
    assert "Traffic: PROTECTED." in render_text(mended)


def test_a_wrong_key_is_named_though_the_store_is_in_order(article: Session) -> None:
    for name in ("NetA to NetB", "NetB to NetA"):
        run_line(f'ipsec static set rule name="{name}" {POLICY} psk=wrong', article)
    answer = run_line("checklist", article)
    assert failing(answer)[0] == "psk-mismatch"
    assert answer.exit == 1
    assert failing(run_line("checklist view=alone", article))[0] == "psk-mismatch"


def test_on_a_terminal_it_asks_and_types_the_fix(session: Session) -> None:
    asked: list[str] = []
    printed: list[Block] = []

    def ask(question: str) -> str:
        asked.append(question)
        return "y"

    session.ask, session.emit = ask, printed.append
    answer = run_line("checklist", session)
    assert answer.exit == 0
    assert "Type the fix now?" in asked[0]
    assert "PROTECTED" in render_text(answer)


@pytest.mark.parametrize("answer", ["quit", "q"])
def test_quit_leaves_at_once(session: Session, answer: str) -> None:
    session.ask = lambda question: answer
    assert len(steps(run_line("checklist", session))) == 1


def test_why_explains_and_asks_again(session: Session) -> None:
    replies = iter(("why", "nonsense", "skip", "back", "quit"))
    session.ask = lambda question: next(replies)
    run_line("checklist", session)
    assert next(replies, None) is None


def test_the_walk_leaves_the_operators_capture_alone(article: Session) -> None:
    run_line("capture start interface=External", article)
    run_line("checklist", article)
    assert article.lab.captures["gwA", "External"].running
    run_line("capture stop", article)


def test_names_bound_to_no_address_are_one_clear_error(session: Session) -> None:
    session.variables["NetA"] = "10.1.0.0/99"
    with pytest.raises(CommandError, match="bound wrongly"):
        run_line("checklist", session)
