"""The short way of a script's lines: nobody can tell it from the long one."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands import gather, plain, script
from commands.answer import Block, Lines
from commands.errors import CommandError
from commands.render import render_text
from commands.run import run_line
from commands.script import run_script
from commands.session import Session
from commands.witness import Heard, Witness
from engine.policy.revisions import revisions
from engine.policy.store import Store

NOW = 1079514000.0
ROOT = Path(__file__).parent.parent.parent
START = ("add filterlist L", 'add filterlist "My list"', "add filterlist Used", "add policy P",
         "add filteraction A", "add rule r P Used A tunnel=192.0.2.9 psk=key")
# What a script may hold: plain lines in several shapes, and whatever disturbs them.
HEADS = ["add filter filterlist={}", "add filter {}", "ADD FILTER FilterList={}",
         "ipsec static add filter filterlist={}"]
LISTS = ["L", "l", '"My list"', "Used", "New", "all", '""']
SIDES = ["me", "any", "10.1.0.0", "10.2.0.0", "10.1.0.0/24", "10.1.0.7/24", "10.1.0.999", "hostA",
         "DNS", "help", '"10.1.0.0"']
TAGS = ["mirrored=no", "mir=n", "srcmask=24", "srcmask=255.255.255.0", "dstmask=8", "dstmask=33",
        "protocol=TCP", "protocol=UDP dstport=53", "srcport=7", 'description="a b"',
        "description=x=1", 'desc="${NetA}"', "description=d", "psk=k", "bogus=1", "?", "| count"]
OTHERS = ["", "# note", "bogus line", "show filterlist L", "show filterlist all level=verbose",
          "delete filter L me any", "delete filterlist L", "add filterlist L", "add filterlist New",
          "add rule s P L A tunnel=192.0.2.9 psk=key", "alias af add filter", "unalias af",
          "set store persistent", "set store local", "routing ip", "ipsec static", "popd",
          "pushd ipsec static", "set machine hostA", "set machine gwA", "offline", "online",
          "commit", "abort", "commit confirm=5", "confirm", "rollback previous", "lab status"]


@st.composite
def filters(draw: st.DrawFn) -> str:
    head = draw(st.sampled_from(HEADS)).format(draw(st.sampled_from(LISTS)))
    named = draw(st.booleans())
    source, destination = draw(st.sampled_from(SIDES)), draw(st.sampled_from(SIDES))
    ends = [f"srcaddr={source}", f"dstaddr={destination}"] if named else [source, destination]
    return " ".join([head, *ends, *draw(st.lists(st.sampled_from(TAGS), max_size=2))])


LINES = st.lists(st.one_of(filters(), filters(), filters(), st.sampled_from(OTHERS)), max_size=30)
SIMILAR = st.lists(st.sampled_from([
    f"add filter filterlist={name} srcaddr={ends[0]} dstaddr={ends[1]} mirrored=no"
    for name in ("L", "New", "Used") for ends in (("me", "any"), ("10.1.0.0", "10.2.0.0"),
                                                  ("10.1.0.1/8", "me"), ("me", "hostA"))]
    + ["delete filterlist L", "bogus", "add filterlist L", 'add filter L me 10.9.0.0']),
    max_size=40)


@contextmanager
def ways(short: bool) -> Iterator[None]:
    """Patterns after the second line and blocks of five, or none of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain, "ALIKE", 2)
        patch.setattr(script, "MOST", 5)
        if not short:
            patch.setattr(gather.Gathering, "take", lambda self, step: False)
            patch.setattr(plain.PlainReader, "__call__", lambda self, text: None)
        yield


class Keeper:
    """Keeps what a witness has heard of a line."""

    def __init__(self) -> None:
        self.kept: list[object] = []

    def told(self, heard: Heard) -> None:
        """The line has ended."""
        self.kept.append(([(one.kind, one.script, one.line) for one in heard.items],
                          [(one.name, one.reached) for one in heard.scripts], heard.exit,
                          heard.commits, heard.generation, heard.after))


def outcome(lines: list[str], mode: str, stop: bool, short: bool) -> list[object]:
    """Everything that can be told of a run: exit code, what was said, the store, its revisions."""
    said: list[str] = []

    def hear(block: Block) -> None:
        said.append(render_text(block))

    session = Session("", emit=hear, yes=True)
    session.context = ("ipsec", "static")
    with ways(short):
        for line in START:
            run_line(line, session)
        if mode == "offline":
            run_line("offline", session)
        keeper = Keeper()
        session.witness = Witness(session, lambda: NOW, keeper)
        code: object
        try:
            with session.heard("exec s"), \
                    session.store.transaction() if mode == "atomic" else nullcontext():
                session.atomic = mode == "atomic"
                code = run_script(lines, "s", session, stop)
        except CommandError as error:
            code = (error.place, error.code, error.text, error.line, error.span)
        session.atomic, session.witness = False, None
        if session.offline:
            session.context = ()
            said.append(render_text(run_line("show changes", session)))
            said.append(str(session.uncommitted))
            run_line("commit", session)
    base = session.base
    kept = [(one.number, one.machine, one.lines, one.typed) for one in revisions(base)]
    result: list[object] = [
        code, said, kept, keeper.kept, session.context, session.typed.line,
              [base.on(one.name).digest() for one in base.machines()],
              base.query("SELECT * FROM filter ORDER BY id")]
    session.close()
    return result


@settings(max_examples=40, deadline=None)
@given(st.one_of(LINES, SIMILAR), st.sampled_from(["online", "offline", "atomic"]), st.booleans())
def test_both_ways_come_to_the_same(lines: list[str], mode: str, stop: bool) -> None:
    assert outcome(lines, mode, stop, True) == outcome(lines, mode, stop, False)


class Shell:
    """A session at a store file, and another program that changes it when asked to."""

    def __init__(self, path: Path, meanwhile: str) -> None:
        self.path, self.meanwhile, self.said = str(path), meanwhile, list[str]()
        self.session = Session(self.path, emit=self.hear, yes=True)
        self.session.context = ("ipsec", "static")
        for line in START:
            run_line(line, self.session)

    def hear(self, block: Block) -> None:
        """An error is printed: that is when the other program acts."""
        self.said.append(render_text(block))
        if isinstance(block, Lines) and block.error and self.meanwhile:
            other = Session(self.path, yes=True)
            other.context = ("ipsec", "static")
            run_line(self.meanwhile, other)
            other.close()
            self.meanwhile = ""


@pytest.mark.parametrize(("meanwhile", "wanted"), [
    ("add rule s P L A tunnel=192.0.2.9 psk=key", "WARN TUN-PORT"),
    ("delete filterlist L", ""),
    ("add filterlist Other", ""),
])
def test_what_others_do_meanwhile_counts_from_the_next_line_on(
        meanwhile: str, wanted: str, tmp_path: Path) -> None:
    lines = [f"add filter filterlist=L srcaddr=10.1.{max(at, 1)}.0 dstaddr=me mirrored=no "
             "protocol=UDP" for at in range(12)]
    found = []
    for short in (True, False):
        shell = Shell(tmp_path / f"{short}.db", meanwhile)
        with ways(short):
            assert run_script(lines, "s", shell.session) == 1
        filters = shell.session.config.filterlist("L").filters
        found.append((shell.said, [one._replace(guid="") for one in filters],
                      [(one.lines, one.typed) for one in revisions(shell.session.base)]))
        shell.session.close()
    assert found[0] == found[1]
    assert wanted in "".join(found[0][0]) and len(found[0][0]) == (11 if wanted else 1)


def test_a_store_that_is_locked_ends_the_script_at_the_line(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "store.db", "")
    other = Store.open(shell.path, clock=time.time, entropy=os.urandom)
    shell.session.base._connection.execute("PRAGMA busy_timeout = 20")
    lines = [f"add filter L 10.1.0.{at} me" for at in range(20)]
    assert run_script(lines[:5], "s", shell.session) == 0
    with other.transaction():
        assert run_script(lines[5:], "s", shell.session) == 6
    assert len(shell.said) == 1 and shell.said[0].startswith("s:1: ERR store-locked")
    other.close()
    shell.session.close()


def test_a_killed_script_leaves_its_first_lines_each_with_its_revision(tmp_path: Path) -> None:
    path, file = tmp_path / "store.db", tmp_path / "script.txt"
    Shell(path, "").session.close()
    lines = [f"ipsec static add filter L 10.{at // 250}.{at % 250}.0/24 me" for at in range(50_000)]
    file.write_text("\n".join(lines))
    child = subprocess.Popen(
        [sys.executable, "-m", "shell", "--store", str(path), "-f", str(file)], cwd=ROOT,
        env={**os.environ, "IPSECSH_JOURNAL": "off", "HOME": str(tmp_path)})
    store = Store.open(str(path), clock=time.time, entropy=os.urandom)
    deadline = time.monotonic() + 60
    wanted = random.randrange(10, 200)
    while store.generation() < wanted and time.monotonic() < deadline:
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    filters = store.on("gwA").filterlist("L").filters
    newest = revisions(store, len(filters))
    assert [one.lines for one in reversed(newest)] == [(line,) for line in lines[:len(filters)]]
    assert store.generation() >= wanted and store.query("PRAGMA integrity_check") == [("ok",)]
    store.close()
