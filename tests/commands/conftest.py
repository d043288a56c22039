"""A session in memory whose emitted blocks are kept, and the sample commands in the table."""

from collections.abc import Iterator

import pytest

from commands import index
from commands.answer import Block
from commands.session import Session
from tests.commands import samples


class Heard(Session):
    """A session that remembers what was emitted."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        super().__init__(emit=self.blocks.append)


@pytest.fixture
def session() -> Iterator[Heard]:
    """An operator's sitting without terminal; the store stays in memory."""
    one = Heard()
    yield one
    one.close()


@pytest.fixture
def tried() -> Iterator[list[object]]:
    """Registers the sample commands for one test; gives the list of those that ran."""
    before = list(index.ROWS)
    for row in samples.ROWS:
        index.register(*row)
    samples.SEEN.clear()
    yield samples.SEEN  # type: ignore[misc]
    index.ROWS[:] = before
    index.forget_tree()
