"""How long until the prompt stands, beside a bare prompt_toolkit prompt in the same run."""

import os
import statistics
import sys
import time
from pathlib import Path

import pexpect
import pytest

pytestmark = pytest.mark.bench

ROOT = Path(__file__).parent.parent.parent
ROUNDS = 11
LIMIT = 1.2
BARE = "from prompt_toolkit import PromptSession; PromptSession().prompt('bare>')"
# What the installed script does.
OURS = "from shell.app import console; console()"


def until_prompt(arguments: list[str], prompt: str, folder: Path) -> float:
    """Seconds from the start of Python to the prompt on a terminal."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TERM": "xterm",
                   "IPSECSH_STORE": str(folder / "store.db"), "HOME": str(folder)}
    begin = time.perf_counter()
    child = pexpect.spawn(sys.executable, arguments, env=environment, encoding="utf-8",
                          cwd=str(folder), timeout=30, dimensions=(24, 80))
    # prompt_toolkit asks where the cursor is and waits for no answer longer than needed.
    child.expect_exact(prompt)
    spent = time.perf_counter() - begin
    child.close(force=True)
    return spent


def test_the_first_prompt_stands_almost_as_soon_as_a_bare_one(tmp_path: Path) -> None:
    ours, bare = [], []
    for _ in range(ROUNDS):
        bare.append(until_prompt(["-c", BARE], "bare>", tmp_path))
        ours.append(until_prompt(["-c", OURS], "ipsecsh>", tmp_path))
    mine, base = statistics.median(ours), statistics.median(bare)
    print(f"first prompt: {mine * 1000:.0f} ms, bare prompt_toolkit {base * 1000:.0f} ms, "
          f"ratio {mine / base:.2f} (at most {LIMIT})")
    assert mine <= base * LIMIT
