"""What was recorded replays green on a fresh store with another seed, clock and addresses.

The two hundred of the benchmarks are the same with other numbers.
"""

import random
import time
from pathlib import Path

import pytest

from tests.support.conversations import KEYS, Typist, conversation
from transcripts.replay import Settings, load, run
from transcripts.results import Report


def elsewhere(path: Path, seed: int) -> Report:
    """The report of a replay on another machine: nothing is as it was."""
    draw = random.Random(seed)
    transcript = load(str(path))
    header = transcript.header._replace(seed=draw.randint(1, 10**9),
                                        clock=draw.uniform(1e9, 1.9e9))
    bind = (("NetA", f"10.{draw.randint(16, 31)}.{draw.randint(0, 255)}.0/24"),
            ("NetB", f"192.168.{draw.randint(0, 255)}.0/24"),
            ("W2KextIP", f"100.{draw.randint(64, 127)}.3.{draw.randint(1, 99)}"),
            ("3rdExtIP", f"{draw.randint(1, 9)}.8.7.{draw.randint(1, 200)}"))
    return run(transcript._replace(header=header), Settings(bind=bind), time.perf_counter)


@pytest.mark.parametrize("seed", range(1000, 1024))
def test_a_conversation_replays_elsewhere_and_holds_no_key(seed: int, tmp_path: Path) -> None:
    typed = Typist(tmp_path, seed).record(conversation(seed))
    report = elsewhere(typed.path, seed)
    assert not report.failed, "\n".join(
        f"{one.exchange.line}: {one.prompt}: {one.reasons}" for one in report.failures)
    assert report.commands == typed.made.commands
    written = typed.made.text + (tmp_path / "journal.jsonl").read_text()
    # Two of the keys are words that are said anyway: the lab's own, and one too short to tell.
    assert not [key for key in typed.keys if key not in KEYS[:2] and key in written]


def test_a_recording_of_a_replay_says_the_same(tmp_path: Path) -> None:
    typed = Typist(tmp_path, 7).record(conversation(7))
    (tmp_path / "again").mkdir()
    other = Typist(tmp_path / "again", 7).record(conversation(7))
    assert other.made.text.replace(str(tmp_path / "again"), str(tmp_path)) == typed.made.text
