"""A limit holds wherever the signal comes."""

import gc
import time
import weakref
from collections.abc import Callable

import pytest

from transcripts import deadline
from transcripts.deadline import Deadline, TimedOut


def busy(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


class Slow:
    """Takes its time when it goes."""

    def __del__(self) -> None:
        busy(0.03)


def in_a_destructor() -> None:
    Slow()


def in_a_callback_of_the_collector() -> None:
    def called(phase: str, info: dict[str, int]) -> None:
        busy(0.03)

    gc.callbacks.append(called)
    try:
        gc.collect()
    finally:
        gc.callbacks.remove(called)


def in_a_callback_of_a_reference() -> None:
    one = Referred()
    watched = weakref.ref(one, lambda _: busy(0.03))
    del one
    assert watched() is None


class Referred:
    """Something to refer to."""


@pytest.mark.parametrize("where", [in_a_destructor, in_a_callback_of_the_collector])
def test_a_limit_that_ends_where_nobody_hears_of_it_ends_behind_it(
        where: Callable[[], None]) -> None:
    limit = Deadline(0.01)
    with pytest.raises(TimedOut), limit:
        where()
        busy(60.0)
    assert limit.expired


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_limit_that_was_lost_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "AGAIN", 0.05)
    with pytest.raises(TimedOut), Deadline(0.01):
        in_a_callback_of_a_reference()
        busy(60.0)


def test_a_limit_that_was_told_of_is_over_with_its_block() -> None:
    with pytest.raises(TimedOut), Deadline(0.01):
        busy(60.0)
    busy(0.02)
