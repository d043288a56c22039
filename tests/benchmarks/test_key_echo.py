"""From a key to its echo, beside a bare prompt_toolkit prompt, with a large store behind ours."""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import pytest

from tests.benchmarks.test_script_speed import FILTERS, RULES, add_lines

pytestmark = pytest.mark.bench

ROOT = Path(__file__).parent.parent.parent
ROUNDS = 6
TYPED = ("ipsec static add rule x policy=P filterlist=L49", "ipsec static show filterlist name=L2")
BARE = "from prompt_toolkit import PromptSession\nwhile True: PromptSession().prompt('bare>')"
OURS = "from shell.app import console; console()"
CLEAR = "\x15"


def store(folder: Path, environment: dict[str, str]) -> None:
    """5,000 filters and 500 rules."""
    lines = ["add policy P", "add filteraction A"]
    for number in range(RULES):
        lines += [*add_lines(FILTERS // RULES, f"L{number}"), f"add rule r{number} P L{number} A"]
    script = folder / "large.txt"
    script.write_text("\n".join(f"ipsec static {line}" for line in lines))
    subprocess.run([sys.executable, "-c", OURS, "--atomic", "-f", str(script)], env=environment,
                   cwd=folder, check=True, stdout=subprocess.DEVNULL)


def prompt(code: str, text: str, environment: dict[str, str], folder: Path) -> "pexpect.spawn[str]":
    """A program at its prompt."""
    child = pexpect.spawn(sys.executable, ["-c", code], env=environment, encoding="utf-8",
                          cwd=str(folder), timeout=60, dimensions=(24, 80))
    child.delaybeforesend = None
    child.expect_exact(text)
    quiet(child, 2.0)
    return child


def quiet(child: "pexpect.spawn[str]", seconds: float = 0.05) -> None:
    """Reads until nothing comes any more."""
    while True:
        try:
            child.read_nonblocking(10_000, timeout=seconds)
        except pexpect.TIMEOUT:
            return


def echoes(child: "pexpect.spawn[str]", text: str) -> list[float]:
    """Milliseconds from each key to what the terminal is told."""
    taken = []
    for key in text:
        quiet(child)
        begun = time.perf_counter()
        child.send(key)
        child.read_nonblocking(1_000, timeout=10)
        taken.append((time.perf_counter() - begun) * 1000)
    child.send(CLEAR)
    quiet(child, 0.2)
    return taken


def test_a_key_is_echoed_as_soon_as_at_a_bare_prompt(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TERM": "xterm",
                   "IPSECSH_STORE": str(tmp_path / "store.db"), "HOME": str(tmp_path),
                   "IPSECSH_AGENT": "none"}
    store(tmp_path, environment)
    bare = prompt(BARE, "bare>", environment, tmp_path)
    ours = prompt(OURS, "ipsecsh>", environment, tmp_path)
    alone, mine = [], []
    for _ in range(ROUNDS):
        for text in TYPED:
            alone += echoes(bare, text)
            mine += echoes(ours, text)
    bare.close(force=True)
    ours.close(force=True)
    for name, taken in (("bare prompt", alone), ("ours", mine)):
        taken.sort()
        print(f"{name:12} median {statistics.median(taken):6.2f} ms   "
              f"p99 {taken[len(taken) * 99 // 100]:6.2f} ms")
    assert statistics.median(mine) <= 2 * statistics.median(alone)
