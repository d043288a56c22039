"""One line at work: errors located, bugs caught, confirmation, transactions."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands import index, pipes
from commands.answer import Answer
from commands.errors import CommandError, Leave
from commands.plain import PlainReader
from commands.run import run_line
from commands.session import Session
from commands.words import split_words
from tests.commands.samples import Tagged


def fails(line: str, session: Session) -> CommandError:
    with pytest.raises(CommandError) as raised:
        run_line(line, session)
    return raised.value


@pytest.mark.usefixtures("tried")
@pytest.mark.parametrize(("line", "code", "exit", "marked"), [
    ("try fail missing", "IPsec[05049]", 1, "missing"),
    ("try fail name=taken", "IPsec[05005]", 1, "taken"),
    ("try fail used", "in-use", 1, "used"),
    ("try fail locked", "store-locked", 6, ""),
    ("try fail full", "store-full", 3, ""),
    ("try fail system", "cannot-open", 1, ""),
    ("try fail", "missing-tag", 2, ""),
    ("try bogus", "unknown-command", 2, "bogus"),
])
def test_every_failure_has_a_code_an_exit_class_and_a_place(
        line: str, code: str, exit: int, marked: str, session: Session) -> None:
    error = fails(line, session)
    assert (error.code, error.exit, error.line) == (code, exit, line)
    if marked:
        assert error.span is not None
        assert line[error.span.start:error.span.end] == marked


@pytest.mark.usefixtures("tried")
def test_a_bug_of_ours_costs_one_line_and_goes_to_the_log(
        session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    error = fails("try fail bug psk=geheim", session)
    log = tmp_path / "ipsecsh" / "ipsecsh.log"
    assert (error.code, error.exit) == ("internal", 1)
    assert str(log) in error.text and "\n" not in error.text
    assert error.line == "try fail bug psk=********"
    assert "KeyError" in log.read_text() and "geheim" not in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600
    assert log.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.usefixtures("tried")
def test_a_log_that_cannot_be_written_is_not_mentioned(
        session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ipsecsh").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert "details" not in fails("try fail bug", session).text


def test_a_context_is_entered_and_left(session: Session) -> None:
    assert run_line("ipsec static", session) == Answer()
    assert " ".join(session.context) == "ipsec static"
    run_line("..", session)
    run_line("dynamic", session)
    assert " ".join(session.context) == "ipsec dynamic"
    for _ in range(3):
        run_line("..", session)
    assert " ".join(session.context) == ""


def test_nothing_happens_for_comments_and_empty_lines(session: Session) -> None:
    for line in ("", "   ", "# x", "; x", "rem x"):
        assert run_line(line, session) == Answer()


def test_bye_leaves(session: Session) -> None:
    for line in ("bye", "exit", "quit", "q"):
        with pytest.raises(Leave):
            run_line(line, session)


def test_a_destructive_command_needs_yes_without_a_terminal(session: Session,
                                                            tried: list[object]) -> None:
    error = fails("try destroy", session)
    assert (error.code, error.exit, tried) == ("needs-yes", 5, [])
    session.yes = True
    run_line("try destroy", session)
    assert len(tried) == 1


@pytest.mark.parametrize(("typed", "ran"), [("y\n", 1), ("YES", 1), ("n", 0), ("", 0), ("x", 0)])
def test_a_destructive_command_asks_on_a_terminal(typed: str, ran: int, session: Session,
                                                  tried: list[object]) -> None:
    session.ask = lambda question: typed
    if ran:
        run_line("try destroy", session)
    else:
        assert fails("try destroy", session).exit == 5
    assert len(tried) == ran


def test_commands_that_change_the_store_are_one_transaction() -> None:
    add = index.load(index.node_at(("ipsec", "static", "add", "policy")))
    show = index.load(index.node_at(("ipsec", "static", "show", "policy")))
    assert add.writes
    assert not show.writes
    assert not Tagged.writes


def test_a_failed_command_leaves_the_store_as_it_was(session: Session) -> None:
    before = session.store.generation()
    for line in ("ipsec static delete policy name=x", "ipsec static add policy name=x mmpfs=q",
                 "routing ip add filter bogus INPUT"):
        fails(line, session)
    assert session.store.generation() == before


VOCABULARY = sorted({word for path, *_ in index.ROWS for word in path.split()
                     if word not in ("exec", "ping", "save", "checklist", "start")})
PIECES = st.one_of(
    st.sampled_from(VOCABULARY),
    st.sampled_from(["name=", "=", '"', "|", "?", "help", "all", "${NetA}", "${", "-n", "/all",
                     "psk=x", "json", "include", "NetA", "gwA", "10.1.0.1", "name=a", "\\'"]),
    st.text(st.characters(exclude_characters="/>~"), max_size=6))


@pytest.fixture(scope="module")
def shared() -> Session:
    return Session()


@settings(max_examples=300, deadline=None)
@given(pieces=st.lists(PIECES, max_size=8), glue=st.sampled_from(["", " ", "  "]))
def test_random_lines_are_run_or_refused_and_nothing_else(
        shared: Session, pieces: list[str], glue: str) -> None:
    line = glue.join(pieces)
    shared.yes = False
    if any(stage.op != "|" or stage.name == "save"
           for stage in pipes.cut(split_words(line).words).stages):
        return
    try:
        run_line(line, shared)
    except CommandError as error:
        assert error.code != "internal", error.__cause__
        assert error.span is None or error.span.start <= len(error.line) + 1
    except Leave:
        pass
    shared.context = ()
    assert not os.path.exists("a")


RULE = "ipsec static add rule name=R policy=P filterlist=L filteraction=F conntype=all"


def ruled() -> Session:
    session = Session()
    for line in ("policy P", "filterlist L", "filteraction F"):
        run_line("ipsec static add " + line, session)
    return session


@pytest.mark.parametrize("line", [RULE + " psk", RULE + " psk description=x", RULE + " PSK"])
def test_the_name_of_a_key_alone_asks_for_it(line: str) -> None:
    session, asked = ruled(), list[str]()

    def ask(question: str) -> str:
        asked.append(question)
        return 'a "key" = x'

    session.ask_hidden = ask
    run_line(line, session)
    assert asked == ["Pre-shared key: "]
    auth = session.config.rule("P", "R").auth[0]
    assert (auth.kind, auth.value) == ("psk", 'a "key" = x')
    assert str(auth.value) == "********"


def test_without_an_answer_or_anybody_to_ask_the_value_is_missing() -> None:
    session = ruled()
    error = fails(RULE + " psk", session)
    assert (error.code, error.fix) == ("missing-value", "psk=<string>")
    assert error.span is not None and error.line[slice(*error.span)] == "psk"
    session.ask = lambda question: ""
    assert fails(RULE + " psk", session).text == "psk: no value was given"
    reader = PlainReader(session)
    assert reader(RULE + " psk") is None and reader(RULE + " description=psk") is not None


def test_a_key_that_was_asked_for_is_in_no_error() -> None:
    session = ruled()
    session.ask_hidden = lambda question: "open-sesame"
    error = fails(RULE.replace("policy=P", "policy=Q") + " psk", session)
    assert "open-sesame" not in str(vars(error)) and error.line.endswith(" psk")
