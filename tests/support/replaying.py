"""Replays a recording where nothing is as it was: another seed, another clock, other addresses."""

import random
import time
from pathlib import Path

from hypothesis import strategies as st

from transcripts.replay import Settings, load, run
from transcripts.results import Report

Seeds = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=18)


def elsewhere(path: Path, seed: int) -> Report:
    """The report of a replay on another machine."""
    draw = random.Random(seed)
    transcript = load(str(path))
    header = transcript.header._replace(seed=draw.randint(1, 10**9),
                                        clock=draw.uniform(1e9, 1.9e9))
    bind = (("NetA", f"10.{draw.randint(16, 31)}.{draw.randint(0, 255)}.0/24"),
            ("NetB", f"192.168.{draw.randint(0, 255)}.0/24"),
            ("W2KextIP", f"100.{draw.randint(64, 127)}.3.{draw.choice((1, 3, 9, 30, 99))}"),
            ("3rdExtIP", f"{draw.randint(1, 9)}.8.7.{draw.randint(1, 200)}"))
    return run(transcript._replace(header=header), Settings(bind=bind), time.perf_counter)


def told(report: Report) -> str:
    """What went wrong, for whoever reads a failed test."""
    return "\n".join([report.incomplete, *(f"{one.exchange.line}: {one.prompt}: {one.reasons}"
                                           for one in report.failures)])
