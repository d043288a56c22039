"""A seeded mutator: what it makes depends on its generator and its corpus alone."""

from collections.abc import Callable
from random import Random

LONGEST = 4_096
OCTETS = (0, 1, 2, 3, 4, 8, 16, 32, 127, 128, 132, 240, 254, 255)


def _word(data: bytes, at: int, draw: Random) -> int:
    """A 16-bit number as a length field might lie: fixed ones, and near the truth."""
    true = int.from_bytes(data[at:at + 2], "big")
    return draw.choice((0, 1, 3, 4, 65_535, 32_768, (true - 1) & 0xFFFF, (true + 1) & 0xFFFF,
                        len(data), max(len(data) - at, 0) & 0xFFFF, true ^ 0x8000))


def flip(data: bytes, draw: Random) -> bytes:
    """One bit other than before."""
    at = draw.randrange(len(data))
    return data[:at] + bytes((data[at] ^ 1 << draw.randrange(8),)) + data[at + 1:]


def octet(data: bytes, draw: Random) -> bytes:
    """One octet replaced by one that often means something, or by any."""
    at = draw.randrange(len(data))
    value = draw.choice(OCTETS) if draw.random() < 0.6 else draw.randrange(256)
    return data[:at] + bytes((value,)) + data[at + 1:]


def word(data: bytes, draw: Random) -> bytes:
    """Two neighbouring octets set as a length field that lies."""
    if len(data) < 2:
        return data
    at = draw.randrange(len(data) - 1)
    return data[:at] + _word(data, at, draw).to_bytes(2, "big") + data[at + 2:]


def cut(data: bytes, draw: Random) -> bytes:
    """The end is missing."""
    return data[:draw.randrange(len(data))]


def remove(data: bytes, draw: Random) -> bytes:
    """A piece in the middle is missing."""
    at = draw.randrange(len(data))
    return data[:at] + data[at + 1 + draw.randrange(24):]


def insert(data: bytes, draw: Random) -> bytes:
    """New octets in the middle: any, zeros, or a counted run."""
    at, size = draw.randrange(len(data) + 1), 1 + draw.randrange(24)
    new = draw.randbytes(size) if draw.random() < 0.5 else bytes((draw.choice(OCTETS),)) * size
    return data[:at] + new + data[at:]


def double(data: bytes, draw: Random) -> bytes:
    """A piece stands there several times."""
    at = draw.randrange(len(data))
    piece = data[at:at + 1 + draw.randrange(48)]
    return data[:at] + piece * (2 + draw.randrange(8)) + data[at + len(piece):]


def swap(data: bytes, draw: Random) -> bytes:
    """Two pieces in the other order."""
    first, second, third = sorted(draw.randrange(len(data) + 1) for _ in range(3))
    return data[:first] + data[second:third] + data[first:second] + data[third:]


CHANGES: tuple[Callable[[bytes, Random], bytes], ...] = (
    flip, flip, octet, octet, octet, word, word, cut, remove, insert, double, swap)


class Mutator:
    """Makes inputs out of a corpus that grows by what gave a new outcome."""

    def __init__(self, corpus: list[bytes], draw: Random) -> None:
        self.corpus = [one for one in corpus if one] or [b"\0"]
        self.draw = draw

    def next(self) -> bytes:
        """One more input: a member of the corpus with one to six changes."""
        draw = self.draw
        data = draw.choice(self.corpus)
        for _ in range(draw.choice((1, 1, 1, 2, 2, 3, 4, 6))):
            if not data:
                return data
            if draw.random() < 0.08:
                other = draw.choice(self.corpus)
                data = data[:draw.randrange(len(data) + 1)] + other[draw.randrange(len(other)):]
            else:
                data = draw.choice(CHANGES)(data, draw)
        return data[:LONGEST]

    def keep(self, data: bytes) -> None:
        """An input that led somewhere new joins the corpus."""
        if data:
            self.corpus.append(data)
