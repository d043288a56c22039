"""Sets of packets, exactly: boxes of whole-number spans, their overlaps, differences and covers.

A filter is a box of five spans: source, destination, protocol, source and destination port. Spans
are half open. In every dimension filters are laminar (two networks are nested or apart, and so are
"any" and one number), which makes the search for overlaps linear; the difference and the cover of
boxes do not need that.
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import mul

Span = tuple[int, int]
Box = tuple[Span, ...]


def intersect(one: Box, other: Box) -> Box | None:
    """What two boxes have in common, None when that is nothing."""
    spans = []
    for (low, high), (least, most) in zip(one, other, strict=True):
        start, end = max(low, least), min(high, most)
        if start >= end:
            return None
        spans.append((start, end))
    return tuple(spans)


def contains(one: Box, other: Box) -> bool:
    """Whether all of `other` is in `one`."""
    return all(low <= least and most <= high
               for (low, high), (least, most) in zip(one, other, strict=True))


def volume(box: Box) -> int:
    """How many packets it is for."""
    return reduce(mul, (high - low for low, high in box), 1)


def subtract(box: Box, cut: Box) -> list[Box]:
    """What is left of a box without another: at most two pieces a dimension, none overlapping."""
    common = intersect(box, cut)
    if common is None:
        return [box]
    pieces, rest = [], list(box)
    for at, ((low, high), (start, end)) in enumerate(zip(box, common, strict=True)):
        for piece in ((low, start), (end, high)):
            if piece[0] < piece[1]:
                pieces.append((*rest[:at], piece, *rest[at + 1:]))
        rest[at] = (start, end)
    return pieces


def difference(box: Box, cuts: Iterable[Box]) -> list[Box]:
    """What is left of a box without several others, in pieces that do not overlap."""
    rest = [box]
    for cut in cuts:
        rest = [piece for one in rest for piece in subtract(one, cut)]
    return rest


def covered(box: Box, cuts: Sequence[Box]) -> bool:
    """Whether several boxes together contain all of one."""
    inside = [common for cut in cuts if (common := intersect(box, cut)) is not None]
    whole = volume(box)
    sizes = [volume(one) for one in inside]
    if whole in sizes:
        return True
    if sum(sizes) < whole:
        return False
    largest = max(range(len(inside)), key=sizes.__getitem__, default=-1)
    if largest < 0:
        return False
    others = inside[:largest] + inside[largest + 1:]
    return all(covered(piece, others) for piece in subtract(box, inside[largest]))


class Overlaps:
    """Which of many boxes meet which others, as bits: bit n stands for box n."""

    def __init__(self, boxes: Sequence[Box]) -> None:
        self._boxes = boxes
        self._dimensions = [_meeting([box[at] for box in boxes])
                            for at in range(len(boxes[0]) if boxes else 0)]

    def of(self, number: int) -> int:
        """The boxes that share a packet with that one, itself included."""
        bits = -1
        for span, meeting in zip(self._boxes[number], self._dimensions, strict=True):
            bits &= meeting[span]
        return bits


def _meeting(spans: Sequence[Span]) -> dict[Span, int]:
    """For every span of a laminar family the bits of those that it overlaps.

    Sorted by where they begin, the longer first, a span's container is on a stack when it comes;
    what it contains follows it.
    """
    bits: dict[Span, int] = {}
    for number, span in enumerate(spans):
        bits[span] = bits.get(span, 0) | 1 << number
    above: dict[Span, int] = {}
    within: dict[Span, int] = {}
    open_: list[Span] = []

    def close(span: Span) -> None:
        within[span] = within.get(span, 0) | bits[span]
        if open_:
            within[open_[-1]] = within.get(open_[-1], 0) | within[span]

    for span in sorted(bits, key=lambda one: (one[0], -one[1])):
        while open_ and open_[-1][1] <= span[0]:
            close(open_.pop())
        outer = open_[-1] if open_ else None
        above[span] = above[outer] | bits[outer] if outer is not None else 0
        open_.append(span)
    while open_:
        close(open_.pop())
    return {span: above[span] | within[span] for span in bits}


def numbers(bits: int) -> Iterable[int]:
    """The positions of the bits that are set, lowest first."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
