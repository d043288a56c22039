"""Two hundred conversations, recorded, then replayed where nothing is as it was."""

import random
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.conversations import conversation
from tests.support.replaying import elsewhere, told
from tests.support.typist import Typist

COUNT, LONGEST = 200, 18


@pytest.mark.bench
def test_two_hundred_conversations_replay_green_at_the_first_time() -> None:
    began, commands, red = time.perf_counter(), 0, []
    for number in range(COUNT):
        draw = random.Random(number)
        seeds = [draw.randrange(2**32) for _ in range(draw.randint(1, LONGEST))]
        with TemporaryDirectory() as name:
            typed = Typist(Path(name), number).record(conversation(seeds, draw.random() < 0.5))
            report = elsewhere(typed.path, number)
        commands += report.commands
        if report.failed:
            red.append(f"conversation {number}: {told(report)}")
    print(f"\n{COUNT} conversations, {commands} commands, {len(red)} red, "
          f"{time.perf_counter() - began:.1f} s")
    assert not red, "\n".join(red)
