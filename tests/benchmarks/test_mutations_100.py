"""A hundred wrong lines: each is reported as one command, and an update touches that line alone."""

import random
from pathlib import Path

import pytest

from commands import index
from tests.support.mutations import problems
from transcripts import replay
from transcripts.rows import ROWS

MUTATIONS = 100


@pytest.mark.bench
def test_a_hundred_wrong_lines_are_each_reported_and_mended() -> None:
    for row in ROWS:
        index.register(*row)
    seed = random.randrange(1 << 32)
    draw = random.Random(seed)
    paths = [Path(replay.find(name)) for name in replay.bundled()]
    found = [problem for at in range(MUTATIONS)
             for problem in problems(paths[at % len(paths)], draw)]
    print(f"\nmutations: {MUTATIONS} wrong lines in {len(paths)} transcripts (seed {seed}), "
          f"{len(found)} not reported or not mended exactly")
    assert not found
