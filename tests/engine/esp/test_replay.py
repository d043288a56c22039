"""The anti-replay window against its table of numbers and against a set that forgets nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.esp.replay import ReplayWindow

TOP = 1000
TABLE = [
    # number, new after 1000 was seen with a window of 64
    (0, False),
    (1, False),
    (TOP - 65, False),
    (TOP - 64, False),
    (TOP - 63, True),
    (TOP - 1, True),
    (TOP, False),
    (TOP + 1, True),
    (TOP + 64, True),
    (0xFFFFFFFF, True),
]


@pytest.mark.parametrize(("sequence", "new"), TABLE)
def test_the_window_accepts_only_new_numbers_not_too_old(sequence: int, new: bool) -> None:
    window = ReplayWindow(64)
    window.advance(TOP)
    assert window.check(sequence) is new


@pytest.mark.parametrize("size", [32, 64, 128, 1024])
def test_both_edges_lie_where_the_size_says(size: int) -> None:
    window = ReplayWindow(size)
    window.advance(5000)
    assert [window.check(5000 - size + step) for step in (-1, 0, 1)] == [False, False, True]


def test_a_check_alone_moves_nothing() -> None:
    window = ReplayWindow()
    assert window.check(500)
    assert window.check(1)
    assert window.top == 0


def test_zero_is_never_new() -> None:
    assert not ReplayWindow().check(0)


@pytest.mark.parametrize("size", [0, 31, 1025])
def test_sizes_outside_32_to_1024_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="window"):
        ReplayWindow(size)


@given(st.lists(st.integers(0, 400), max_size=200), st.sampled_from([32, 64, 200]))
def test_any_order_of_numbers_passes_each_at_most_once(numbers: list[int], size: int) -> None:
    window, passed, top = ReplayWindow(size), set[int](), 0
    for number in numbers:
        expected = number > 0 and number not in passed and number > top - size
        assert window.check(number) is expected
        if expected:
            window.advance(number)
            passed.add(number)
            top = max(top, number)
