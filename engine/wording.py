"""Sentences of the engine that remember which of their words are values.

A finding or a refusal is prose, but the SPI in it is another one in the next run. `Words` is a
str to everybody; who prints or records it may ask for its parts.
"""

from engine.values import NamedTuple


class Value(NamedTuple):
    """A value in a sentence: its type by the name that output cells have, and its text."""

    type: str
    text: str


class Words(str):
    """A sentence; `parts` are its plain words and its values in their order."""

    parts: tuple[str | Value, ...] = ()


def words(pattern: str, *values: Value) -> Words:
    """The sentence of a pattern with ``{}`` for each of the values."""
    plain = pattern.split("{}")
    assert len(plain) == len(values) + 1, pattern
    parts: list[str | Value] = [plain[0]]
    for value, text in zip(values, plain[1:], strict=True):
        parts += [value, text]
    made = Words("".join(one if isinstance(one, str) else one.text for one in parts))
    made.parts = tuple(one for one in parts if one != "")
    return made


def spi(value: int) -> Value:
    """An SPI as ``0x0a1b2c3d``."""
    return Value("spi", f"0x{value:08x}")
