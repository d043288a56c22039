"""The set algebra against brute force: every point of small spaces is counted."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.diagnose.algebra import (
    Box,
    Overlaps,
    Span,
    contains,
    covered,
    difference,
    intersect,
    numbers,
    subtract,
    volume,
)

TOP = 8
Point = tuple[int, ...]


def points(box: Box) -> set[Point]:
    """Every point of a box."""
    return set(product(*(range(low, high) for low, high in box)))


@st.composite
def spans(draw: st.DrawFn) -> Span:
    """Any span of a small dimension."""
    low = draw(st.integers(0, TOP - 1))
    return low, draw(st.integers(low + 1, TOP))


@st.composite
def prefixes(draw: st.DrawFn) -> Span:
    """A span as networks have it: a power of two, where it may stand."""
    size = 1 << draw(st.integers(0, 3))
    low = draw(st.integers(0, TOP // size - 1)) * size
    return low, low + size


def boxes(of: st.SearchStrategy[Span]) -> st.SearchStrategy[Box]:
    return st.tuples(of, of, of)


def halves(piece: Box, cut: Box) -> list[Box]:
    """What a cut leaves of a piece, and what it takes."""
    common = intersect(piece, cut)
    return [*subtract(piece, cut), *([common] if common else [])]


@given(boxes(spans()), boxes(spans()))
def test_intersection_containment_and_volume(one: Box, other: Box) -> None:
    common = intersect(one, other)
    assert (points(common) if common else set()) == points(one) & points(other)
    assert contains(one, other) == (points(other) <= points(one))
    assert volume(one) == len(points(one))


@given(boxes(spans()), boxes(spans()))
def test_subtraction_leaves_the_rest_once(one: Box, other: Box) -> None:
    pieces = subtract(one, other)
    assert set().union(*map(points, pieces)) == points(one) - points(other)
    assert sum(map(volume, pieces)) == len(points(one) - points(other))


@settings(max_examples=200)
@given(boxes(spans()), st.lists(boxes(spans()), max_size=6))
def test_difference_and_cover(one: Box, cuts: list[Box]) -> None:
    left = points(one) - set().union(*map(points, cuts))
    pieces = difference(one, cuts)
    assert set().union(*map(points, pieces)) == left
    assert sum(map(volume, pieces)) == len(left)
    assert covered(one, cuts) == (not left)


@settings(max_examples=200)
@given(boxes(prefixes()), st.data())
def test_a_cover_in_pieces_is_found(one: Box, source: st.DataObject) -> None:
    """A box cut up again and again is covered by its pieces, and not without one of them."""
    pieces = [one]
    for _ in range(source.draw(st.integers(0, 4))):
        cut = source.draw(boxes(prefixes()))
        pieces = [part for piece in pieces for part in halves(piece, cut)]
    assert covered(one, pieces)
    without = source.draw(st.integers(0, len(pieces) - 1))
    assert not covered(one, pieces[:without] + pieces[without + 1:])


@settings(max_examples=200)
@given(st.lists(boxes(prefixes()), min_size=1, max_size=12))
def test_overlaps_of_many(many: list[Box]) -> None:
    found = Overlaps(many)
    for number, one in enumerate(many):
        expected = {at for at, other in enumerate(many) if points(one) & points(other)}
        assert set(numbers(found.of(number) & (1 << len(many)) - 1)) == expected


def test_no_boxes_at_all() -> None:
    assert Overlaps([]) and not covered(((0, 1),), [])
