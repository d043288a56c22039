"""Long fuzz runs: ``python -m tests.fuzz.run --target NAME --seconds N | --executions N``.

With ``--engine atheris`` (an optional package) inputs are chosen by code coverage; otherwise by
the outcomes they have. Prints one line of figures a target and exits 1 on a finding, whose input
it prints in hex. ``--keep`` writes what led somewhere new into the corpus folder.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.mutate import Mutator
from tests.fuzz.targets import Target, registry

CORPUS = Path(__file__).parent / "corpus"
SLOWEST = 0.05
MOST_KEPT, LONGEST_KEPT = 250, 700


def stored(name: str) -> list[bytes]:
    """The corpus of a target: one input a line, in hex."""
    path = CORPUS / f"{name}.hex"
    return [bytes.fromhex(line) for line in path.read_text().split()] if path.exists() else []


def keep(name: str, found: dict[str, bytes]) -> None:
    """Adds one input for each new outcome to the stored corpus; short ones only."""
    known = stored(name)
    new = [one for one in found.values() if len(one) <= LONGEST_KEPT and one not in known]
    lines = [one.hex() for one in (known + sorted(new, key=len))[:MOST_KEPT]]
    CORPUS.mkdir(exist_ok=True)
    (CORPUS / f"{name}.hex").write_text("\n".join(lines) + "\n")


class Finding(Exception):
    """The engine broke a promise on this input."""


class Run:
    """One target under the mutator, with what was measured."""

    def __init__(self, target: Target, seed: int) -> None:
        self.target, self.draw = target, Random(seed)
        self.mutator = Mutator(target.seeds() + stored(target.name), self.draw)
        self.outcomes: dict[str, int] = {}
        self.found: dict[str, bytes] = {}
        self.executions = 0
        self.slowest, self.slow_input, self.over = 0.0, b"", 0

    def one(self, data: bytes) -> None:
        """One execution, by this thread's own clock."""
        began = time.thread_time()
        try:
            label = self.target.execute(data)
        except Exception as error:
            raise Finding(data.hex()) from error
        took = time.thread_time() - began
        self.executions += 1
        if took > self.slowest:
            self.slowest, self.slow_input = took, data
        if took > SLOWEST:
            self.over += 1
        if label not in self.outcomes:
            self.outcomes[label] = 0
            self.found[label] = data
            self.mutator.keep(data)
        self.outcomes[label] += 1

    def go(self, executions: int, seconds: float) -> None:
        """Runs until one of the two is over (0: no limit of that kind)."""
        for data in self.mutator.corpus[:]:
            self.one(data)
        ends = time.monotonic() + seconds if seconds else float("inf")
        most = executions or float("inf")
        target, draw, every = self.target, self.draw, self.target.every
        while self.executions < most:
            if self.executions % 256 == 0 and time.monotonic() >= ends:
                break
            self.one(target.mend(self.mutator.next(), draw))
            if self.executions % every == 0:
                target.check()
        target.check()


def report(run: Run, took: float) -> dict[str, Any]:
    """The figures of one target."""
    return {"target": run.target.name, "executions": run.executions,
            "per_second": round(run.executions / took), "seconds": round(took, 1),
            "slowest_ms": round(1000 * run.slowest, 2), "over_50_ms": run.over,
            "slowest_input_octets": len(run.slow_input), "outcomes": len(run.outcomes),
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def fuzz(name: str, arguments: argparse.Namespace) -> bool:
    """One target by our own mutator; True when nothing was found."""
    run = Run(registry()[name](), arguments.seed)
    began = time.monotonic()
    try:
        run.go(arguments.executions, arguments.seconds)
    except Exception as error:
        print(json.dumps({"target": name, "finding": str(error)}), flush=True)
        traceback.print_exc()
        return False
    print(json.dumps(report(run, time.monotonic() - began)), flush=True)
    if arguments.outcomes:
        for label, times in sorted(run.outcomes.items(), key=lambda one: -one[1]):
            print(f"{times:10} {label}")
    if arguments.keep:
        keep(name, run.found)
    return True


# --- atheris ------------------------------------------------------------------------------------


def by_coverage(name: str, arguments: argparse.Namespace) -> bool:
    """One target under atheris in a process of its own; True when nothing was found."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        for index, data in enumerate(stored(name)):
            (corpus / f"stored-{index}").write_bytes(data)
        limits = [f"-max_total_time={int(arguments.seconds)}"] if arguments.seconds else []
        limits += [f"-runs={arguments.executions}"] if arguments.executions else []
        done = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.run", "--inside", "--target", name, "--",
             *limits, f"-seed={arguments.seed or 1}", "-timeout=5", "-rss_limit_mb=1024",
             "-print_final_stats=1", "-verbosity=0", "-max_len=2048",
             f"-artifact_prefix={folder}/", str(corpus)],
            capture_output=True, text=True, check=False)
        print("\n".join(line for line in done.stderr.splitlines()
                        if "stat::" in line or done.returncode), flush=True)
        if arguments.keep and not done.returncode:
            keep(name, {path.name: path.read_bytes() for path in corpus.iterdir()})
        return done.returncode == 0


def inside(name: str, rest: list[str]) -> None:
    """Runs in the process that atheris owns; does not return."""
    import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]
    with atheris.instrument_imports(include=["engine"]):
        made = registry()[name]()
    for index, data in enumerate(made.seeds()):
        path = Path(rest[-1]) / f"seed-{index}"
        path.write_bytes(data)
    count = 0

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        draw = Random(seed)
        if draw.random() < 0.5:
            data = atheris.Mutate(data, most)
        else:
            data = Mutator([bytes(data)], draw).next()
        return made.mend(data, draw)[:most]

    def one(data: bytes) -> None:
        nonlocal count
        count += 1
        made.execute(data)
        if count % made.every == 0:
            made.check()

    atheris.Setup([sys.argv[0], *rest], one, custom_mutator=mutate)
    atheris.Fuzz()


def main(words: list[str]) -> int:
    """The command line; 1 when something was found."""
    parser = argparse.ArgumentParser(prog="tests.fuzz.run", description=__doc__)
    parser.add_argument("--target", action="append", default=[])
    parser.add_argument("--executions", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=("own", "atheris"), default="own")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--outcomes", action="store_true")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs="*", help=argparse.SUPPRESS)
    arguments = parser.parse_args(words)
    if arguments.inside:
        inside(arguments.target[0], arguments.rest)
    if not arguments.executions and not arguments.seconds:
        arguments.seconds = 10.0
    single = fuzz if arguments.engine == "own" else by_coverage
    results = [single(name, arguments) for name in arguments.target or registry()]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
