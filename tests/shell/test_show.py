"""What reaches the terminal: streams, colours, formats."""

import io
import json
from pathlib import Path

import pytest

from commands.answer import Answer, Cell, Lines, Table, Warn
from commands.errors import CommandError
from commands.run import run_line
from commands.session import Session
from shell.show import Show, wants_colour

TABLE = Table((("ip", "Address"),), ((Cell("ip", "10.1.0.1", "10.1.0.1"),),), name="addresses")
LINES = Lines((("Reply from ", Cell("ip", "10.1.0.1", "10.1.0.1")),))


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def shows(format: str = "table", color: str = "never") -> tuple[Show, io.StringIO, io.StringIO]:
    out, err = io.StringIO(), io.StringIO()
    return Show(Session(), format, color, out, err), out, err


def test_results_and_errors_have_streams_of_their_own() -> None:
    show, out, err = shows()
    show.emit(LINES)
    show.answer(Answer((TABLE,), (Warn("W", "careful"),)))
    show.error(CommandError("bad", "wrong"))
    assert out.getvalue() == ("Reply from 10.1.0.1\nAddress\n--------\n10.1.0.1\n"
                              "WARN W: careful\n")
    assert err.getvalue() == "ERR bad : wrong\n"
    assert show.failed


def test_json_holds_back_what_was_emitted_and_gives_one_document() -> None:
    show, out, err = shows("json")
    show.emit(LINES)
    assert out.getvalue() == ""
    show.answer(Answer((TABLE,), (Warn("W", "careful", "do"),)))
    assert json.loads(out.getvalue()) == [["Reply from 10.1.0.1"], [{"ip": "10.1.0.1"}]]
    assert json.loads(err.getvalue()) == {"warning": "W", "text": "careful", "fix": "do"}
    assert not show.failed


def test_json_lines_come_at_once() -> None:
    show, out, _ = shows("jsonl")
    show.emit(LINES)
    assert json.loads(out.getvalue()) == "Reply from 10.1.0.1"


def test_csv_is_printed_at_the_end() -> None:
    show, out, _ = shows("csv")
    show.answer(Answer((TABLE,)))
    assert out.getvalue() == "ip\n10.1.0.1\n"


def test_colour_comes_from_the_types() -> None:
    show, out, err = shows(color="always")
    show.emit(LINES)
    show.error(CommandError("bad", "wrong"))
    assert "\x1b[" in out.getvalue() and out.getvalue().startswith("Reply from \x1b[")
    assert err.getvalue().startswith("\x1b[")


@pytest.mark.parametrize(("mode", "environment", "terminal", "colour"), [
    ("auto", {}, True, True), ("auto", {}, False, False),
    ("auto", {"TERM": "dumb"}, True, False),
    ("auto", {"NO_COLOR": "1"}, True, False), ("auto", {"NO_COLOR": ""}, True, True),
    ("auto", {"CLICOLOR_FORCE": "1"}, False, True), ("auto", {"CLICOLOR_FORCE": "0"}, False, False),
    ("auto", {"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, True, False),
    ("always", {"NO_COLOR": "1"}, False, True), ("never", {"CLICOLOR_FORCE": "1"}, True, False),
])
def test_colour_is_used_where_it_is_wanted(mode: str, environment: dict[str, str],
                                           terminal: bool, colour: bool,
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert wants_colour(mode, Terminal() if terminal else io.StringIO()) == colour


@pytest.mark.parametrize(("verdict", "code"), [("PASS", "32"), ("FAIL", "1;31"), ("SKIP", "2")])
def test_a_verdict_is_coloured_by_its_word(verdict: str, code: str) -> None:
    show, out, _ = shows(color="always")
    show.emit(Lines((("step ", Cell("verdict", verdict, verdict)),)))
    assert out.getvalue() == f"step \x1b[{code}m{verdict}\x1b[0m\n"


def test_set_file_copies_what_is_printed_without_colour_and_keys(tmp_path: Path) -> None:
    session, out, err = Session(), io.StringIO(), io.StringIO()
    session.copy = str(tmp_path / "console.txt")
    show = Show(session, "table", "always", out, err)
    show.answer(run_line("show mode", session))
    try:
        run_line("ipsec static add rule psk=geheim bogus=1", session)
    except CommandError as mistake:
        show.error(mistake)
    copied = (tmp_path / "console.txt").read_text()
    assert copied.startswith("online\nERR unknown-tag : 'bogus'")
    assert "\x1b" not in copied and "geheim" not in copied
    session.copy = str(tmp_path / "no" / "folder")
    show.answer(run_line("show mode", session))
    assert session.copy == "" and "ERR io" in err.getvalue()
