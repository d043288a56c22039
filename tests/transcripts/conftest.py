"""What all tests of transcripts have: a shell that knows their commands."""

import pytest

from commands import index
from transcripts.rows import ROWS


@pytest.fixture(autouse=True)
def _rows() -> None:
    for row in ROWS:
        index.register(*row)
