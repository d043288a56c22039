"""Five hundred random stores: what a dump says makes an equal store, and the same dump again."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.run import run_line
from engine.policy.model import LOCATIONS
from engine.policy.script import SECTIONS, dump
from tests.commands.static.test_dump import YES, bare, fill_location, fill_machine

STORES = 500


@pytest.mark.bench
def test_five_hundred_random_stores_survive_their_dump() -> None:
    counted = [0]

    @settings(max_examples=STORES, deadline=None, database=None)
    @given(st.data())
    def one(data: st.DataObject) -> None:
        draw: Any = data.draw
        session, copy = bare(), bare()
        copy.yes = True
        with session.store.transaction():
            for location in LOCATIONS:
                if draw(YES):
                    fill_location(draw, session.config, location)
            fill_machine(draw, session.config)
        lines = dump(session.config, SECTIONS, reveal=True)
        for line in lines:
            run_line(line, copy)
        assert session.config.digest() == copy.config.digest()
        assert dump(copy.config, SECTIONS, reveal=True) == lines
        session.close()
        copy.close()
        counted[0] += 1

    one()
    assert counted[0] >= STORES
    print(f"{counted[0]} stores: dump, executed, equal store and equal dump")
