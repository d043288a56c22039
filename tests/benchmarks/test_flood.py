"""What 10,000 spoofed first messages cost a gateway in memory and time."""

import gc
import tracemalloc
from time import process_time

import pytest

from tests.support.flood import NUMBER, Flood

pytestmark = pytest.mark.bench


def flood_for_ten_seconds(flood: Flood) -> None:
    for _ in range(100):
        flood.burst(NUMBER // 100)
        flood.site.lab.run(flood.site.lab.now + 0.1)


def test_memory_and_time_of_a_flood(capsys: pytest.CaptureFixture[str]) -> None:
    timed = Flood()
    started = process_time()
    flood_for_ten_seconds(timed)
    taken = process_time() - started
    flood = Flood()
    flood_for_ten_seconds(flood)
    gc.collect()
    tracemalloc.start()
    base = tracemalloc.get_traced_memory()[0]
    flood_for_ten_seconds(flood)
    gc.collect()
    grown, peak = (one - base for one in tracemalloc.get_traced_memory())
    tracemalloc.stop()
    with capsys.disabled():
        print(f"\nflood of {NUMBER:,} first messages: {taken / NUMBER * 1e6:,.0f} us each, memory "
              f"{grown / 1024:,.0f} KiB more afterwards, {peak / 1024:,.0f} KiB at its peak")
    assert grown < 2 * 1024 * 1024
