"""The real program on a real terminal: prompt, Tab, `?`, Ctrl-C, colours, private files."""

import os
import re
import sqlite3
import stat
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pexpect
import pytest

ROOT = Path(__file__).parent.parent.parent
KEY = "s3cret-key"


def start(folder: Path, *words: str, **variables: str) -> "pexpect.spawn[str]":
    """ipsecsh on a terminal of 80 columns, its files in `folder`.

    This terminal does not answer where its cursor is, so the prompt is told not to wait for it.
    """
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TERM": "xterm",
                   "IPSECSH_STORE": str(folder / "store.db"), "HOME": str(folder),
                   "XDG_STATE_HOME": str(folder), "PROMPT_TOOLKIT_NO_CPR": "1", **variables}
    return pexpect.spawn(sys.executable, ["-m", "shell", *words], cwd=str(folder), timeout=30,
                         env=environment, encoding="utf-8", dimensions=(24, 80))


@pytest.fixture
def child(tmp_path: Path) -> Iterator["pexpect.spawn[str]"]:
    one = start(tmp_path)
    one.expect_exact("ipsecsh>")
    yield one
    one.close(force=True)


def test_tab_and_question_mark_help_while_a_line_is_typed(child: "pexpect.spawn[str]") -> None:
    child.send("rou\t")
    child.expect("rout")
    child.send("\x03")
    child.send("routing ip add per\t")
    child.expect("istentroute")
    child.send(" ?")
    child.expect(r"dest= +- ")
    child.send("\x03bye\r")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_control_c_ends_an_endless_ping_with_its_statistics(child: "pexpect.spawn[str]") -> None:
    child.send("set machine hostA\r")
    child.expect_exact("[hostA]")
    child.send("ping -t 10.1.0.1\r")
    child.expect("Reply from")
    child.sendintr()
    child.expect("Ping statistics")
    child.expect_exact("Control-C")
    child.expect_exact("[hostA]")
    child.send("bye\r")
    child.expect(pexpect.EOF)


def test_an_endless_ping_works_as_a_single_command_on_a_terminal(tmp_path: Path) -> None:
    child = start(tmp_path, "-r", "hostA", "ping", "-t", "127.0.0.1", NO_COLOR="1")
    child.expect_exact("Reply from 127.0.0.1: bytes=32 time<10ms TTL=128")
    child.sendintr()
    child.expect("Ping statistics")
    child.expect_exact("Control-C")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130


def test_the_history_is_private_and_without_the_key(
        child: "pexpect.spawn[str]", tmp_path: Path) -> None:
    child.send(f"ipsec static add rule name=r psk={KEY}\r")
    child.expect("ERR")
    child.send("\x04")
    child.expect(pexpect.EOF)
    path = tmp_path / "ipsecsh" / "history"
    assert path.read_text() == "ipsec static add rule name=r psk=********\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(("words", "variables", "colour"), [
    ((), {}, True),
    ((), {"NO_COLOR": "1"}, False),
    (("--color", "never"), {}, False),
    ((), {"TERM": "dumb"}, False),
    (("--color", "always"), {"NO_COLOR": "1"}, True),
])
def test_colours_are_those_the_terminal_wants(
        tmp_path: Path, words: tuple[str, ...], variables: dict[str, str], colour: bool) -> None:
    child = start(tmp_path, *words, **variables)
    child.expect_exact("ipsecsh>")
    child.send("lab show machines\r")
    child.expect("hostA")
    child.send("bye\r")
    shown = f"{child.before}{child.after}{child.read()}"
    child.close()
    assert bool(re.search(r"\x1b\[[0-9;]*3[0-7]m", shown)) is colour


def test_a_probation_that_ends_while_nobody_types_is_announced(
        child: "pexpect.spawn[str]", tmp_path: Path) -> None:
    for line in ("offline", "ipsec static add policy P activatedefaultrule=no", "commit confirm=1"):
        child.send(line + "\r")
    child.expect("unless `confirm` is typed")
    child.expect("ipsecsh>")
    with closing(sqlite3.connect(tmp_path / "store.db", timeout=10)) as store:
        store.execute("UPDATE unconfirmed SET deadline = 1")
        store.commit()
    child.expect("WARN REVERTED")
    child.expect("ipsec static add policy P")
    child.send("\ronline\r")
    child.send("ipsec static show policy all\r")
    child.expect("There are no Policies")
