"""Engine time never jumps; the wall clock may be set at any moment."""

import pytest

from engine.live import clock as module
from engine.live.clock import Clock


def test_a_wall_clock_that_was_set_moves_the_epoch_and_not_the_time(
        monkeypatch: pytest.MonkeyPatch) -> None:
    boot, wall = 100.0, 5000.0
    monkeypatch.setattr(module, "boot_seconds", lambda: boot)
    monkeypatch.setattr(module, "wall_seconds", lambda: wall)
    clock = Clock()
    boot, wall = 110.0, 5010.2
    assert (clock.now(), clock.adjust(), clock.epoch) == (10.0, 0.0, 5000.0)
    wall = 8610.0
    assert clock.adjust() == pytest.approx(3600.0)
    assert (clock.now(), clock.epoch) == (10.0, 8600.0)
    wall -= 86400.0
    assert clock.adjust() == pytest.approx(-86400.0) and clock.now() == 10.0


def test_time_goes_on() -> None:
    clock = Clock()
    first = clock.now()
    assert 0.0 <= first <= clock.now() < 10.0
