"""Errors and warnings at the width of a terminal."""

import io
import os
import pty

import pytest

from commands.answer import Answer, Warn
from commands.errors import CommandError, Span
from commands.layout import plain
from commands.render import render_error, render_warning
from commands.session import Session
from shell.fit import fit, terminal_width
from shell.show import Show

SENTENCE = ("the filter list holds a filter for one protocol or port, and tunnel filters are for "
            "addresses only; a tunnel needs one rule for each direction")


def shown(error: CommandError, width: int, typed: bool = False) -> list[str]:
    return [plain(line) for line in fit(render_error(error), width, lambda text: typed)]


def test_what_fits_is_left_as_it_is() -> None:
    error = CommandError("bad", "wrong", fix="right", known=("a", "b"))
    error.line, error.span = "add filter x", Span(4, 10)
    assert shown(error, 80) == [plain(line) for line in render_error(error)]
    assert shown(CommandError("bad", SENTENCE), 0) == [f"ERR bad : {SENTENCE}"]


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_sentences_are_broken_between_words(width: int) -> None:
    error = CommandError("bad", SENTENCE, fix=SENTENCE)
    lines = shown(error, width)
    assert max(map(len, lines)) <= width and len(lines) > 2
    words = " ".join(lines).split()
    assert words == ["ERR", "bad", ":", *SENTENCE.split(), "fix:", *SENTENCE.split()]
    assert lines[1].startswith("  ") and lines[-1].startswith("       ")


def test_a_line_to_be_typed_stays_in_one_piece() -> None:
    line = "ipsec static set policy name=P activatedefaultrule=no " + "description=x" * 5
    error = CommandError("bad", "wrong", fix=line)
    assert shown(error, 60, typed=True)[-1] == f"  fix: {line}"


@pytest.mark.parametrize("at", [0, 30, 70, 77, 78, 90, 150, 190])
@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_caret_stays_under_its_word(at: int, width: int) -> None:
    error = CommandError("bad", "wrong")
    error.line = "".join(chr(97 + one % 26) for one in range(at)) + "WRONG" + "z" * (195 - at)
    error.span = Span(at, at + 5)
    _, line, caret = shown(error, width)
    assert len(line) <= width and len(caret) <= width
    place = caret.index("^")
    assert line[place:place + caret.count("^")] == "WRONG"[:caret.count("^")]


def test_warnings_are_fitted_and_their_commands_are_not() -> None:
    fix = "ipsec static set policy name=P activatedefaultrule=no description=" + "x" * 60
    lines = fit(render_warning(Warn("W", SENTENCE, fix)), 80, lambda text: text == fix)
    assert max(len(plain(line)) for line in lines[:-1]) <= 80
    assert plain(lines[-1]) == f"  fix: {fix}"


class Wide(io.StringIO):
    """A terminal without a size of its own."""

    def isatty(self) -> bool:
        return True


def test_only_a_terminal_has_a_width() -> None:
    assert terminal_width(io.StringIO()) == 0 and terminal_width(Wide()) == 0
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as stream:
        assert terminal_width(stream) >= 0
    os.close(master)


def test_files_and_data_never_depend_on_a_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shell.fit.terminal_width", lambda stream: 50)
    out, err = io.StringIO(), io.StringIO()
    copied: list[str] = []
    show = Show(Session(), "table", "never", out, err)
    show.session.copy = "console.txt"
    monkeypatch.setattr(show, "copy", copied.append)
    show.error(CommandError("bad", SENTENCE))
    show.answer(Answer((), (Warn("W", SENTENCE),)))
    assert max(map(len, (err.getvalue() + out.getvalue()).splitlines())) <= 50
    assert copied == [f"ERR bad : {SENTENCE}\n", f"WARN W: {SENTENCE}\n"]
    plain_err = io.StringIO()
    Show(Session(), "json", "never", out, plain_err).error(CommandError("bad", SENTENCE))
    assert SENTENCE in plain_err.getvalue()
