"""``kill -9`` at any moment leaves every acknowledged command; two shells lose nothing."""

import random
from pathlib import Path

from commands.session import Session
from tests.support import store_driver

KILLS = 20
COMMANDS = 48


def test_what_was_acknowledged_survives_a_kill_at_any_moment(tmp_path: Path) -> None:
    expected = store_driver.digests(COMMANDS)
    assert len(set(expected)) == COMMANDS + 1
    empty = store_driver.template(tmp_path)
    moments = random.Random(252735)
    for _ in range(KILLS):
        path = tmp_path / "policy.db"
        heard = store_driver.interrupt(empty, path, COMMANDS, moments)
        assert store_driver.survived(path, heard, expected), f"after {heard} commands"


def test_two_shells_on_one_store_lose_no_acknowledged_command(tmp_path: Path) -> None:
    path = store_driver.template(tmp_path)
    both = [store_driver.start(path, 40, prefix) for prefix in ("x", "y")]
    for process in both:
        assert process.communicate(timeout=60)[0].split() == [str(one) for one in range(1, 41)]
        assert process.returncode == 0
    session = Session(str(path))
    names = [policy.name for policy in session.config.policies()]
    assert sorted(names) == [f"{prefix}P{one}" for prefix in "xy" for one in range(1, 6)]
    rules = [rule.name for name in names for rule in session.config.rules(name)]
    assert rules == [name.replace("P", "S") for name in names]
    assert [policy.assigned for policy in session.config.policies()].count(True) == 1
    assert session.store.query("PRAGMA integrity_check") == [("ok",)]
    session.close()
