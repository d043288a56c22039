"""A process that runs store commands and says after each one that it is done.

``python -m tests.support.store_driver PATH COUNT [PREFIX]``: the parent kills it at a moment of
its choice and compares the store with what had been acknowledged.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from shutil import copy

from commands.run import run_line
from commands.session import Session

# About as long as one command takes.
COMMAND_SECONDS = 0.005
ROOT = Path(__file__).parents[2]

STEPS = (
    "add policy name={p}P{0} activatedefaultrule=no",
    'add filterlist name="{p}List {0}"',
    'add filter filterlist="{p}List {0}" srcaddr=10.{0}.0.0/16 dstaddr=any mirrored=no',
    'add filteraction name={p}A{0} qmsecmethods="ESP[AES256,SHA256]:100000k/3600s"',
    'add rule {p}R{0} {p}P{0} filterlist="{p}List {0}" filteraction={p}A{0} psk="key {0}"',
    "set policy name={p}P{0} assign=yes mmlifetime=60",
    "set rule name={p}R{0} policy={p}P{0} tunnel=198.51.100.{0} newname={p}S{0}",
    'delete filter filterlist="{p}List {0}" srcaddr=10.{0}.0.0 dstaddr=any',
)


def script(count: int, prefix: str = "") -> list[str]:
    """The commands: rounds of eight that build one policy each and change it."""
    return ["ipsec static " + STEPS[at % 8].format(at // 8 + 1, p=prefix)
            for at in range(count)]


def digests(count: int) -> list[str]:
    """What the store holds after 0, 1, 2 ... `count` commands."""
    session = Session("")
    found = [session.config.digest()]
    for line in script(count):
        run_line(line, session)
        found.append(session.config.digest())
    session.close()
    return found


def start(path: Path, count: int, prefix: str = "") -> "subprocess.Popen[str]":
    """The driver as a process of its own; its acknowledgements are lines of its output."""
    arguments = [str(path), str(count), *([prefix] if prefix else [])]
    return subprocess.Popen([sys.executable, "-m", "tests.support.store_driver", *arguments],
                            cwd=ROOT, stdout=subprocess.PIPE, text=True)


def template(folder: Path) -> Path:
    """A store with the lab's machines and nothing else, to be copied."""
    path = folder / "template.db"
    session = Session(str(path))
    assert session.store.machines()
    session.close()
    return path


def interrupt(empty: Path, path: Path, count: int, moments: Random) -> int:
    """Runs the script on a copy of `empty` and kills it at some moment of some command.

    Gives the number of commands that were acknowledged by then; the next one was under way.
    """
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    copy(empty, path)
    process = start(path, count)
    assert process.stdout is not None
    with process, process.stdout as output:
        heard, acknowledged = 0, moments.randrange(count)
        while heard < acknowledged and output.readline():
            heard += 1
        time.sleep(moments.random() * COMMAND_SECONDS)
        os.kill(process.pid, signal.SIGKILL)
        heard += sum(1 for line in output if line.endswith("\n"))
    return heard


def survived(path: Path, heard: int, expected: list[str]) -> bool:
    """Whether the store opens, is sound, and holds what was heard and at most one command more."""
    session = Session(str(path))
    try:
        sound = session.store.query("PRAGMA integrity_check") == [("ok",)]
        return sound and session.config.digest() in expected[heard:heard + 2]
    finally:
        session.close()


def main(path: str, count: str, prefix: str = "") -> None:
    """Runs the script; one line with its number when a command has been acknowledged."""
    session = Session(path)
    for number, line in enumerate(script(int(count), prefix), 1):
        run_line(line, session)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
    session.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
