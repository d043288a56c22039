"""How long a one-shot command takes from a cold start, beside bare Python and vtysh."""

import compileall
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FLOORS = ("shell", "commands", "engine", "transcripts")
ROUNDS = 40
LIMIT = 4.0
START = "from shell.app import console; console()"
SHOW = ("ipsec", "static", "show", "policy", "all")


def installed(folder: Path) -> dict[str, str]:
    """A compiled copy as an installation has it; gives the environment that uses it."""
    place = folder / "site"
    for floor in FLOORS:
        shutil.copytree(ROOT / floor, place / floor,
                        ignore=shutil.ignore_patterns("__pycache__"))
    assert compileall.compile_dir(place, quiet=1)
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**keep, "PYTHONPATH": str(place), "IPSECSH_STORE": str(folder / "store.db"),
            "XDG_STATE_HOME": str(folder)}


def milliseconds(lines: dict[str, list[str]], environment: dict[str, str]) -> dict[str, float]:
    """The median of each command line; they take turns, so that load hits all alike."""
    taken: dict[str, list[float]] = {name: [] for name in lines}
    for _ in range(ROUNDS):
        for name, line in lines.items():
            begun = time.perf_counter()
            subprocess.run(line, env=environment, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            taken[name].append((time.perf_counter() - begun) * 1000)
    return {name: statistics.median(times) for name, times in taken.items()}


@pytest.mark.bench
def test_a_cold_one_shot_command_takes_at_most_four_times_bare_python(tmp_path: Path) -> None:
    environment = installed(tmp_path)
    python = sys.executable
    add = [python, "-c", START, "ipsec", "static", "add", "policy", "name=P"]
    subprocess.run(add, env=environment, check=True, stdout=subprocess.DEVNULL)
    lines = {"bare python": [python, "-c", "pass"],
             "show policy all": [python, "-c", START, *SHOW],
             "dump": [python, "-c", START, "dump"],
             "--version": [python, "-c", START, "--version"]}
    vtysh = shutil.which("vtysh")
    if vtysh:
        lines["vtysh -c"] = [vtysh, "-c", "show version"]
    medians = milliseconds(lines, environment)
    bare = medians["bare python"]
    for name, median in medians.items():
        print(f"{name:16} {median:6.1f} ms  {median / bare:4.1f}x")
    assert medians["show policy all"] <= LIMIT * bare
