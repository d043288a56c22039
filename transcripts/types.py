"""What `<spi>`, `<int 1..4>` or `<dur <2s>` stand for in the expected output of a transcript.

A placeholder that covers exactly one printed cell is checked against the type of that cell, so
`<spi>` never matches a count. Where the output is plain words, the textual shape decides. Every
type also has a canonical value: two captures are equal, and a range is obeyed, by that value and
not by its spelling (``1234 (0x4d2)`` and ``0x4d2`` are one SPI).
"""

from collections.abc import Callable
from typing import NamedTuple

Value = int | float | str


class PlaceholderType(NamedTuple):
    """One type: its textual shape (a regular expression without groups), the cell types it
    accepts (empty: any), and the canonical value of a matched text.
    """

    shape: str
    cells: frozenset[str]
    value: Callable[[str], Value]


# Seconds of one unit of a length of time.
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0,
         "m": 60.0, "min": 60.0, "minute": 60.0, "minutes": 60.0,
         "h": 3600.0, "hour": 3600.0, "hours": 3600.0,
         "d": 86400.0, "day": 86400.0, "days": 86400.0}
# Units of lengths such as 1d02h03m and 2w3d, as routers write them.
SIGNS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400}
LENGTHS = rf"(?:[0-9]{{1,4}}[{''.join(SIGNS)}]){{2,6}}"
SIZES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def _whole(text: str) -> Value:
    """A whole number, decimal or hexadecimal. Raises ValueError."""
    return int(text.replace(",", ""), 16 if text.lower().startswith("0x") else 10)


def _spi(text: str) -> Value:
    """The number of an SPI written ``1234 (0x4d2)``, ``0x4d2`` or ``1234``."""
    return _whole(text.split(" ")[0])


def _size(text: str) -> Value:
    """Octets of ``64``, ``1,024`` or ``10k``."""
    digits = text.lower().rstrip("bytes ").rstrip("kmg")
    unit = text.lower()[len(digits):len(digits) + 1]
    return int(digits.replace(",", "")) * SIZES.get(unit, 1)


def seconds(text: str) -> float:
    """A length of time in seconds: ``2s``, ``10 ms``, ``1.5h``, ``0:01:30``, ``1d02h03m``.

    Raises ValueError.
    """
    bare = text.strip().lower().lstrip("<=")
    if ":" in bare:
        total = 0.0
        for part in bare.split(":"):
            total = total * 60 + float(part)
        return total
    import re
    if re.fullmatch(LENGTHS, bare):
        return float(sum(int(one[:-1]) * SIGNS[one[-1]] for one in re.findall("[0-9]+.", bare)))
    number = bare.rstrip("abcdefghijklmnopqrstuvwxyz ")
    unit = bare[len(number):].strip()
    if unit and unit not in UNITS:
        raise ValueError(f"{unit!r} is no unit of time (ms, s, m, h, d)")
    return float(number) * UNITS.get(unit, 1.0)


def _same(text: str) -> Value:
    return text


def _folded(text: str) -> Value:
    return text.lower()


_DIGITS = r"[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+"
_QUAD = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
_CLOCK = r"[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?: [AP]M)?"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}"
_HEX4 = r"[0-9a-fA-F]{4}"

TYPES: dict[str, PlaceholderType] = {
    "spi": PlaceholderType(r"[0-9]{1,10} \(0x[0-9a-fA-F]{1,8}\)|0x[0-9a-fA-F]{1,8}|[0-9]{1,10}",
                           frozenset({"spi"}), _spi),
    "cookie": PlaceholderType(r"[0-9a-fA-F]{16}(?:[:/-][0-9a-fA-F]{16})?",
                              frozenset({"cookie"}), _folded),
    "msgid": PlaceholderType(r"(?:0x)?[0-9a-fA-F]{8}", frozenset({"msgid"}), _folded),
    "ip": PlaceholderType(_QUAD, frozenset({"ip"}), _same),
    "net": PlaceholderType(rf"{_QUAD}(?:/(?:{_QUAD}|[0-9]{{1,2}}))?",
                           frozenset({"net", "ip"}), _same),
    "mask": PlaceholderType(_QUAD, frozenset({"mask"}), _same),
    "mac": PlaceholderType(r"[0-9a-fA-F]{2}(?:[-:][0-9a-fA-F]{2}){5}", frozenset({"mac"}), _folded),
    "port": PlaceholderType(r"[0-9]{1,5}", frozenset({"port", "int"}), _whole),
    "int": PlaceholderType(r"-?(?:0x[0-9a-fA-F]+|[0-9]+)",
                           frozenset({"int", "count", "bytes", "port", "protocol", "seed"}),
                          _whole),
    "count": PlaceholderType(_DIGITS, frozenset({"count", "int", "bytes", "hits"}), _whole),
    "bytes": PlaceholderType(rf"(?:{_DIGITS})(?: ?[kKmMgG])?(?: ?bytes| ?B)?",
                             frozenset({"bytes", "count", "int", "size"}), _size),
    "percent": PlaceholderType(r"[0-9]+(?:\.[0-9]+)?%?", frozenset({"percent", "int", "count"}),
                               lambda text: float(text.rstrip("%"))),
    "dur": PlaceholderType(
        r"[<=]{0,2}[0-9]+(?:\.[0-9]+)? ?(?:us|ms|secs?|seconds?|mins?|minutes?|hours?|days?|[smhd])"
        rf"|[0-9]+(?::[0-9]{{2}}){{1,2}}(?:\.[0-9]+)?|{LENGTHS}", frozenset({"dur"}), seconds),
    "time": PlaceholderType(
        rf"(?:(?:{_DATE})[ T])?{_CLOCK}(?: ?Z|[+-][0-9]{{2}}:[0-9]{{2}})?",
        frozenset({"time"}), _same),
    "date": PlaceholderType(_DATE, frozenset({"time"}), _same),
    "seq": PlaceholderType(r"0x[0-9a-fA-F]+|[0-9]+", frozenset({"int", "count"}), _whole),
    "hash": PlaceholderType(r"[0-9a-fA-F]{8,128}", frozenset({"hash", "text", "cookie"}), _folded),
    "guid": PlaceholderType(
        rf"\{{?[0-9a-fA-F]{{8}}-{_HEX4}-{_HEX4}-{_HEX4}-[0-9a-fA-F]{{12}}\}}?",
        frozenset({"guid"}), lambda text: text.strip("{}").lower()),
    "path": PlaceholderType(r"\S+", frozenset({"path", "place", "text"}), _same),
    "user": PlaceholderType(r"[\w.\\-]+", frozenset({"user", "name", "text"}), _same),
    "host": PlaceholderType(r"[\w.-]+", frozenset({"name", "text", "ip"}), _same),
    "name": PlaceholderType(r"\S(?:.*?\S)?", frozenset({"name", "text"}), _same),
    "id": PlaceholderType(r"\S+", frozenset(), _same),
}
# Types that take their alternatives, or their expression, in parentheses.
ARGUED = ("enum", "re")
# Cell types that say nothing about the value, so that the shape decides.
LOOSE = frozenset({"", "text", "enum", "verdict", "secret", "label", "title", "heading", "hint",
                   "error", "warning", "caret"})


def find_type(name: str, argument: str) -> PlaceholderType:
    """The type of a placeholder. Raises KeyError for an unknown name."""
    if name == "enum":
        import re
        words = "|".join(re.escape(word.strip()) for word in argument.split(","))
        return PlaceholderType(words, frozenset(), _same)
    if name == "re":
        return PlaceholderType(argument, frozenset(), _same)
    return TYPES[name]


class Range(NamedTuple):
    """Limits of a canonical value; None is no limit. `text` is how the author wrote it."""

    text: str
    low: float | None = None
    high: float | None = None
    open_low: bool = False
    open_high: bool = False

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, int | float):
            return False
        if self.low is not None and (value < self.low or self.open_low and value == self.low):
            return False
        return self.high is None or value < self.high or (
            value == self.high and not self.open_high)


def make_range(text: str, kind: PlaceholderType) -> Range:
    """The range ``1..4``, ``<2s``, ``>=64`` or ``=7``. Raises ValueError."""
    def limit(part: str) -> float | None:
        if not part:
            return None
        value = kind.value(part)
        if isinstance(value, str):
            raise ValueError("has no order, so it cannot have a range")
        return value

    low, dots, high = text.partition("..")
    if dots:
        return Range(text, limit(low), limit(high))
    for sign in ("<=", ">=", "<", ">", "="):
        if text.startswith(sign):
            bound = limit(text[len(sign):].strip())
            if bound is None:
                break
            return Range(text, bound if sign[0] != "<" else None,
                         bound if sign[0] != ">" else None, sign == ">", sign == "<")
    raise ValueError("must be a range such as 1..4, <2s or >=64")
