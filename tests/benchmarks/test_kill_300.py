"""300 interruptions of a script of 200 store commands: nothing acknowledged is lost."""

import random
from pathlib import Path

import pytest

from tests.support import store_driver

KILLS = 300
COMMANDS = 200


@pytest.mark.bench
def test_three_hundred_kills_lose_no_acknowledged_command(tmp_path: Path) -> None:
    expected = store_driver.digests(COMMANDS)
    empty = store_driver.template(tmp_path)
    moments = random.Random()
    lost, heard_in_all = [], 0
    for _ in range(KILLS):
        path = tmp_path / "policy.db"
        heard = store_driver.interrupt(empty, path, COMMANDS, moments)
        heard_in_all += heard
        if not store_driver.survived(path, heard, expected):
            lost.append(heard)
    print(f"\nkill -9: {KILLS} interruptions of {COMMANDS} commands, {heard_in_all} commands "
          f"acknowledged, {len(lost)} stores wrong")
    assert not lost
