"""Replaying 10,000 commands, beside tools that run as many trivial ones: cram, bats, cmd2.

The rivals come from PyPI and npm into a folder of their own and run one after the other with us, so
that load hits all alike. Each checks what is printed, but for cmd2's `run_script`, which has given
up its transcripts and only runs.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from transcripts.format import parse
from transcripts.replay import Settings, contexts, load, run

pytestmark = pytest.mark.bench

COUNT = 10_000
BATS_COUNT = 200  # it starts several processes for each
HEAD = "# transcript: 1\n# title: speed\n# timeout: 60s total 30m\n# seed: 1\n\n"
CMD2 = """import cmd2

class App(cmd2.Cmd):
    def do_say(self, words):
        self.poutput(words)

App().onecmd_plus_hooks("run_script said.txt")
"""


def trivial(count: int) -> str:
    """Commands that do nothing and say three lines."""
    shown = "> show alias\n| <...>\n| sp <*>\n" * (count - 1)
    return f"{HEAD}> alias sp ipsec static show policy\n{shown}"


def mix(count: int) -> str:
    """What a session consists of: something is added, shown, and pinged, over and over."""
    parts = [HEAD, "> ipsec static\n"]
    for at in range((count - 1) // 4):
        net = f"10.{at >> 8 & 255}.{at & 255}"
        parts.append(
            f"ipsec static> add filterlist name=L{at}\n"
            f"ipsec static> add filter filterlist=L{at} srcaddr={net}.0/24 dstaddr=10.2.0.0/24 "
            "mirrored=no\n"
            f"ipsec static> show filterlist name=L{at}\n"
            f"| FilterList Name         : L{at}\n| <...>\n"
            "| No. of Filters          : 1\n| <...>\n"
            "ipsec static> ping -n 1 ${W2KintIP}\n| <...>\n"
            "| Reply from ${W2KintIP}: bytes=32 <*>\n| <...>\n")
    return "".join(parts)


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def ours(text: str, folder: Path) -> float:
    """A replay, from reading the file to its report."""
    path = folder / "speed.transcript"
    path.write_text(text)
    began = time.perf_counter()
    report = run(load(str(path)), Settings(), time.perf_counter)
    taken = time.perf_counter() - began
    assert not report.failed, [(one.prompt, one.reasons) for one in report.failures[:3]]
    assert report.commands == len(parse(text, "", contexts()).exchanges)
    return taken


def rivals(folder: Path) -> dict[str, tuple[int, list[str]]]:
    """Installs them; the command line of each, and how many commands it runs."""
    python = folder / "venv/bin/python"
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", "cram", "cmd2"], check=True)
    subprocess.run(["npm", "install", "--silent", "--prefix", str(folder), "bats"], check=True)
    (folder / "said.t").write_text("".join(f"  $ echo {at}\n  {at}\n" for at in range(COUNT)))
    (folder / "said.txt").write_text("".join(f"say {at}\n" for at in range(COUNT)))
    (folder / "app.py").write_text(CMD2)
    (folder / "said.bats").write_text("".join(
        f'@test "{at}" {{ run echo {at}; [ "$output" = {at} ]; }}\n' for at in range(BATS_COUNT)))
    return {"cram": (COUNT, [str(python), "-m", "cram", "said.t"]),
            "cmd2 run_script": (COUNT, [str(python), "app.py"]),
            "bats": (BATS_COUNT, [str(folder / "node_modules/bats/bin/bats"), "said.bats"])}


def test_ten_thousand_commands_beside_others(tmp_path: Path) -> None:
    others = rivals(tmp_path)
    rates = {"ipsecsh trivial": COUNT / ours(trivial(COUNT), tmp_path),
             "ipsecsh mix": COUNT / ours(mix(COUNT), tmp_path)}
    for name, (count, argv) in others.items():
        rates[name] = count / seconds(lambda argv=argv: subprocess.run(  # type: ignore[misc]
            argv, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL))
    print()
    for name, rate in rates.items():
        print(f"{name:16} {rate:8.0f} commands/s   {rates['ipsecsh trivial'] / rate:6.2f}x of it")
    assert rates["ipsecsh trivial"] > rates["bats"]


def test_a_command_costs_as_much_in_a_long_file(tmp_path: Path) -> None:
    for make in (trivial, mix):
        short = min(ours(make(COUNT // 10), tmp_path) / (COUNT // 10) for _ in range(3))
        long = ours(make(COUNT), tmp_path) / COUNT
        print(f"\n{make.__name__:8} {short * 1e6:7.0f} us in {COUNT // 10:,} commands, "
              f"{long * 1e6:7.0f} us in {COUNT:,}: {long / short:.2f}x")
        assert long < 2 * short
