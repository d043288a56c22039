"""The prompt driven by keys: contexts, Ctrl-C, Ctrl-D, Ctrl-Z, `?`, questions, errors."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

import commands.run
from commands.answer import Answer
from commands.errors import Interrupted
from commands.session import Session
from shell.repl import BANNER, Repl, prompt_text
from shell.show import Show

END = "\x04" * 6


class Sitting(NamedTuple):
    exit: int
    out: str
    err: str
    session: Session
    history: str


def sit(folder: Path, keys: str) -> Sitting:
    """A sitting at the prompt in which these keys are pressed, and then Ctrl-D to the end."""
    out, err = StringIO(), StringIO()
    session = Session()
    show = Show(session, "table", "never", out, err)
    with create_pipe_input() as pipe:
        pipe.send_text(keys + END)
        code = Repl(session, show, pipe, DummyOutput(), str(folder)).run()
    path = folder / "history"
    session.close()
    return Sitting(code, out.getvalue(), err.getvalue(), session,
                   path.read_text() if path.exists() else "")


@pytest.mark.parametrize(("machine", "context", "prompt"), [
    ("gwA", "", "ipsecsh>"),
    ("gwA", "ipsec static", "ipsecsh ipsec static>"),
    ("hostA", "", "[hostA] ipsecsh>"),
])
def test_the_prompt_is_that_of_netsh(machine: str, context: str, prompt: str) -> None:
    session = Session(machine=machine)
    session.context = tuple(context.split())
    assert prompt_text(session) == prompt


@pytest.mark.parametrize(("keys", "context"), [
    ("ipsec static\rbye\r", ("ipsec", "static")),
    ("ipsec static\r\x04bye\r", ("ipsec",)),
    ("ipsec static\r\x1abye\r", ()),
    ("routing\rip\r..\rbye\r", ("routing",)),
    ("ipsec static\x03\x04", ()),
])
def test_keys_and_words_move_between_contexts(
        tmp_path: Path, keys: str, context: tuple[str, ...]) -> None:
    done = sit(tmp_path, keys)
    assert done.session.context == context
    assert done.exit == 0


def test_control_d_goes_up_and_ends_at_the_root(tmp_path: Path) -> None:
    done = sit(tmp_path, "ipsec static\r\x04\x04\x04")
    assert (done.session.context, done.exit, done.out) == ((), 0, BANNER + "\n")


def test_control_c_drops_the_line(tmp_path: Path) -> None:
    done = sit(tmp_path, "ipsec static\x03bye\r")
    assert done.session.context == ()
    assert done.history == "bye\n"


def test_a_mistake_is_shown_and_the_shell_goes_on(tmp_path: Path) -> None:
    done = sit(tmp_path, "no such thing\rlab\rbye\r")
    assert done.err.startswith("ERR unknown-command : The following command was not found: no")
    assert done.session.context == ("lab",)


def test_pasted_lines_are_typed_one_after_the_other(tmp_path: Path) -> None:
    done = sit(tmp_path, "\x1b[200~routing\r\nip\r\nbogus ?\r\nalias a b\x1b[201~\r")
    assert done.session.aliases == {"a": "b"}
    assert done.history == "routing\nip\nbogus ?\nalias a b\n"


def test_a_question_mark_helps_at_once_and_keeps_the_line(tmp_path: Path) -> None:
    done = sit(tmp_path, "routing ip add per?\x03bye\r")
    assert "ipsecsh>routing ip add per?\npersistentroute - Adds a persist" in done.out


def test_a_question_mark_inside_quotes_is_typed(tmp_path: Path) -> None:
    done = sit(tmp_path, 'alias huh "what?"\rbye\r')
    assert done.session.aliases == {"huh": "what?"}


def raising(error: BaseException) -> Callable[[str, Session], Answer]:
    def run_line(text: str, session: Session) -> Answer:
        raise error
    return run_line


def test_control_c_stops_a_command_and_not_the_shell(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands.run, "run_line", raising(KeyboardInterrupt()))
    assert sit(tmp_path, "ping -t hostB\r\x04").out == f"{BANNER}\nControl-C\n"
    monkeypatch.setattr(commands.run, "run_line", raising(Interrupted()))
    assert sit(tmp_path, "ping -t hostB\r\x04").out == f"{BANNER}\n"


def test_a_bug_costs_one_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(commands.run, "run_line", raising(RuntimeError("oops")))
    done = sit(tmp_path, "lab\r\x04")
    assert done.exit == 0
    assert done.err.startswith("ERR internal : ipsecsh made a mistake of its own (RuntimeError)")
    assert "Traceback" not in done.err


@pytest.mark.parametrize(("answer", "left"), [("y\r", False), ("n\r", True), ("\x04", True)])
def test_a_destructive_command_asks_first(tmp_path: Path, answer: str, left: bool) -> None:
    done = sit(tmp_path, "ipsec static add policy P\rlab reset\r" + answer
               + "ipsec static show policy all\rbye\r")
    assert ("Policy Name" in done.out) is left


def test_the_history_holds_no_key(tmp_path: Path) -> None:
    done = sit(tmp_path, "ipsec static add rule name=r psk=s3cret-key\rbye\r")
    assert "s3cret-key" not in done.history + done.out + done.err
    assert done.history == "ipsec static add rule name=r psk=********\nbye\n"


@pytest.mark.parametrize(("answer", "left"), [("commit\r", True), ("a\r", True), ("\r", False)])
def test_control_d_with_uncommitted_changes_asks(tmp_path: Path, answer: str,
                                                 left: bool) -> None:
    done = sit(tmp_path, "offline\ripsec static add policy P\r\x04" + answer
               + ("" if left else "show mode\rabort\r"))
    assert done.exit == 0
    assert ("offline (1 not committed)" in done.out) is not left


def test_a_probation_that_has_ended_is_announced_at_the_prompt(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shell.repl.DEADLINE_LOOK", 0.05)
    monkeypatch.setattr("shell.repl.LOOK_AFTER", 0.0)
    monkeypatch.setattr(Session, "wall", lambda self: 1000.0 + 61.0 * (
        self.deadline is not None))  # the minute is over as soon as it began
    done = sit(tmp_path, "offline\ripsec static add policy P\rcommit confirm=1\rshow mode\r"
               "online\ripsec static show policy all\r")
    assert "WARN REVERTED: the change of revision" in done.out
    assert "There are no Policies" in done.err


def test_set_file_copies_the_sitting(tmp_path: Path) -> None:
    target = tmp_path / "console.txt"
    sit(tmp_path, f"set file open {target}\rshow mode\ripsec static add rule psk=geheim r=1\r"
        "set file close\rshow alias\rbye\r")
    lines = target.read_text().splitlines()
    assert lines[:2] == ["ipsecsh>show mode", "online"]
    assert lines[2] == "ipsecsh>ipsec static add rule psk=******** r=1"
    assert lines[-1] == "ipsecsh>set file close"
