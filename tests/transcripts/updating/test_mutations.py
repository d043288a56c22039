"""A wrong line in a transcript of the library: its command is reported, an update mends it."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands import index
from tests.support.mutations import problems
from transcripts import replay
from transcripts.rows import ROWS

SMALL = 12_000  # octets: the long ones are for the hundred that `make bench` makes


@pytest.fixture(autouse=True)
def _rows() -> Iterator[None]:
    for row in ROWS:
        index.register(*row)
    yield


def test_exactly_the_wrong_line_is_reported_and_mended() -> None:
    draw = random.Random(252735)
    paths = [path for name in replay.bundled() if (path := Path(replay.find(name))).stat().st_size
             < SMALL]
    for path in draw.sample(paths, min(10, len(paths))):
        assert not problems(path, draw)
