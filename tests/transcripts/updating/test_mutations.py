"""A wrong line in a transcript of the library: its command is reported, an update mends it."""

import random
from pathlib import Path

from tests.support.mutations import problems
from transcripts import replay

SMALL = 12_000  # octets: the long ones are for the hundred that `make bench` makes


def test_exactly_the_wrong_line_is_reported_and_mended() -> None:
    draw = random.Random(252735)
    paths = [path for name in replay.bundled() if (path := Path(replay.find(name))).stat().st_size
             < SMALL]
    for path in draw.sample(paths, min(10, len(paths))):
        assert not problems(path, draw)
