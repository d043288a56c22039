"""Data attributes of RFC 2408 3.3: short (TV) and long (TLV), read into name and number."""

from typing import NamedTuple

from engine.errors import ParseError
from engine.ike.constants import MAX_ATTRIBUTES

_SHORT = 0x8000
_LONGEST_NUMBER = 8


class Attribute(NamedTuple):
    """One attribute: its class without the format bit, and its value as an unsigned number."""

    type: int
    value: int


def short(kind: int, value: int) -> bytes:
    """The four octets of a basic attribute (value below 65536)."""
    return (_SHORT | kind).to_bytes(2, "big") + value.to_bytes(2, "big")


def long(kind: int, value: int, size: int = 4) -> bytes:
    """A variable attribute whose value takes `size` octets: how Windows sends durations.

    A number too large for them is sent as the largest: nobody lives that many seconds.
    """
    most = (1 << 8 * size) - 1
    return (kind.to_bytes(2, "big") + size.to_bytes(2, "big")
            + min(value, most).to_bytes(size, "big"))


def parse_attributes(data: bytes) -> tuple[Attribute, ...]:
    """Reads a list of attributes that must fill `data` exactly, in either encoding.

    Raises ParseError "invalid-attribute" for a cut one, a number of more than 8 octets, or more
    attributes than any transform needs.
    """
    found: list[Attribute] = []
    at = 0
    while at < len(data):
        if at + 4 > len(data) or len(found) == MAX_ATTRIBUTES:
            raise ParseError("invalid-attribute", "attribute header", at)
        kind, value = int.from_bytes(data[at:at + 2], "big"), data[at + 2:at + 4]
        at += 4
        if not kind & _SHORT:
            size = int.from_bytes(value, "big")
            value = data[at:at + size]
            if len(value) != size or not 0 < size <= _LONGEST_NUMBER:
                raise ParseError("invalid-attribute", "attribute length", at - 2)
            at += size
        found.append(Attribute(kind & ~_SHORT, int.from_bytes(value, "big")))
    return tuple(found)


def single_values(attributes: tuple[Attribute, ...], life_type: int,
                  life_duration: int) -> tuple[dict[int, int], dict[int, int]] | None:
    """The plain attributes by class, and the durations by unit (a type and duration pair each).

    None when the offer contradicts itself: one class with two values, a duration without its
    type, a type without its duration, or one unit twice with different lengths (RFC 2407 4.5.1).
    """
    plain: dict[int, int] = {}
    lives: dict[int, int] = {}
    unit: int | None = None
    for kind, value in attributes:
        if kind == life_type:
            if unit is not None:
                return None
            unit = value
        elif kind == life_duration:
            if unit is None or lives.setdefault(unit, value) != value:
                return None
            unit = None
        elif plain.setdefault(kind, value) != value:
            return None
    return None if unit is not None else (plain, lives)
