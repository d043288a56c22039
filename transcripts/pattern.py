r"""One line of expected output, cut into what is compared literally and what is a placeholder.

    | Reply from <ip:peer>: bytes=<bytes >=32> time=<dur <2s> TTL=128

``<type>`` matches and forgets, ``<type:name>`` captures at first sight and must be equal later,
``<type RANGE>`` and ``<type RANGE :name>`` set limits, ``<*>`` is the rest of the line,
``${name}`` inserts a variable or an earlier capture. A literal ``<``, ``$`` or ``\`` is written
``\<``, ``\$``, ``\\``.
"""

from typing import NamedTuple

from transcripts.types import ARGUED, TYPES, Range, find_type, make_range

_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")


class PatternError(ValueError):
    """A placeholder that cannot be read; `column` counts from 0 in the expected text."""

    def __init__(self, text: str, column: int) -> None:
        super().__init__(text)
        self.column = column


class Placeholder(NamedTuple):
    """``<type(argument) range :name>``; `text` is how it was written."""

    type: str
    argument: str
    limits: Range | None
    name: str
    text: str

    @property
    def key(self) -> str:
        """What ``${...}`` calls the capture: ``spi:out``; empty when nothing is captured."""
        return f"{self.type}:{self.name}" if self.name else ""


class Insert(NamedTuple):
    """``${name}``: the text of a variable, or of a capture when the name has a colon."""

    name: str


class Rest(NamedTuple):
    """``<*>``: whatever follows in this line."""


class Elision(NamedTuple):
    """A whole line ``<...>`` or ``<...3>``: any lines, or at most that many."""

    limit: int | None


Token = str | Placeholder | Insert | Rest
ESCAPABLE = "<$\\"


def parse_elision(text: str) -> Elision | None:
    """The elision that a whole line is, or None. Raises PatternError for ``<...x>``."""
    bare = text.strip()
    if not (bare.startswith("<...") and bare.endswith(">")):
        return None
    limit = bare[4:-1]
    if limit and not (limit.isascii() and limit.isdigit()):
        raise PatternError(f"{bare} must be <...> or <...N>", 0)
    return Elision(int(limit) if limit else None)


def parse_pattern(text: str) -> tuple[Token, ...]:
    """The tokens of one expected line. Raises PatternError."""
    return tuple(token for token, _ in written_tokens(text))


def written_tokens(text: str) -> list[tuple[Token, str]]:
    """The tokens of one expected line, each with how it is written. Raises PatternError."""
    if not any(sign in text for sign in ESCAPABLE):
        return [(text, text)] if text else []
    found: list[tuple[Token, str]] = []
    literal: list[str] = []
    at = start = 0
    while at < len(text):
        char = text[at]
        if char == "\\" and text[at + 1:at + 2] and text[at + 1] in ESCAPABLE:
            literal.append(text[at + 1])
            at += 2
            continue
        if char == "<" or text.startswith("${", at):
            token, end = _read_placeholder(text, at) if char == "<" else _read_insert(text, at)
            if literal:
                found.append(("".join(literal), text[start:at]))
                literal = []
            found.append((token, text[at:end]))
            at = start = end
            continue
        literal.append(char)
        at += 1
    if literal:
        found.append(("".join(literal), text[start:]))
    return found


def _read_insert(text: str, start: int) -> tuple[Insert, int]:
    end = text.find("}", start)
    if end < 0:
        raise PatternError("unclosed ${", start)
    name = text[start + 2:end]
    if not name:
        raise PatternError("${} names nothing", start)
    return Insert(name), end + 1


def _read_placeholder(text: str, start: int) -> tuple[Placeholder | Rest, int]:
    """The placeholder that begins with the ``<`` at `start`, and where it ends."""
    if text.startswith("<*>", start):
        return Rest(), start + 3
    at = start + 1
    while at < len(text) and text[at] in _NAME:
        at += 1
    kind = text[start + 1:at]
    if kind not in TYPES and kind not in ARGUED:
        known = ", ".join((*TYPES, *ARGUED))
        what = f"<{kind}> is no placeholder type" if kind else "a literal < is written \\<"
        raise PatternError(f"{what} (known: {known})", start)
    argument, at = _read_argument(text, at, start, kind)
    end = _closing(text, at, start)
    limits, name = _read_tail(text[at:end], kind, argument, start)
    return Placeholder(kind, argument, limits, name, text[start:end + 1]), end + 1


def _read_argument(text: str, at: int, start: int, kind: str) -> tuple[str, int]:
    """The parenthesised argument of enum and re; the parentheses balance."""
    if kind not in ARGUED:
        return "", at
    if text[at:at + 1] != "(":
        raise PatternError(f"<{kind}> needs an argument, <{kind}(...)>", start)
    depth = 0
    for place in range(at, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if not depth:
            argument = text[at + 1:place]
            _check_expression(kind, argument, start)
            return argument, place + 1
    raise PatternError(f"unclosed placeholder {text[start:start + 20]}", start)


def _check_expression(kind: str, argument: str, start: int) -> None:
    """Only a valid expression, without groups of its own, can stand inside the line's one."""
    if kind != "re":
        return
    import re
    try:
        groups = re.compile(argument).groups
    except re.error as error:
        raise PatternError(f"re({argument}) is no regular expression: {error}", start) from None
    if groups:
        raise PatternError(f"re({argument}) must group with (?:...)", start)


def _closing(text: str, at: int, start: int) -> int:
    """The ``>`` that ends the placeholder: not the one of a comparison before a number."""
    place = text.find(">", at)
    while place >= 0:
        before, after = text[at:place].strip(), text[place + 1:place + 2]
        if before or not (after == "=" or after.isdigit()) or place == at:
            return place
        place = text.find(">", place + 1)
    raise PatternError(f"unclosed placeholder {text[start:start + 20]}", start)


def _read_tail(tail: str, kind: str, argument: str, start: int) -> tuple[Range | None, str]:
    """The range and the name that follow the type."""
    limits, colon, name = tail.partition(":")
    if colon and (not name or any(char not in _NAME for char in name)):
        raise PatternError(f"a capture is <{kind}:name>", start)
    if not limits.strip():
        return None, name
    if not limits.startswith(" "):
        raise PatternError(f"unclosed placeholder or stray text: <{kind}{tail}>", start)
    try:
        return make_range(limits.strip(), find_type(kind, argument)), name
    except ValueError as error:
        raise PatternError(f"range of <{kind}{tail}> {error}", start) from None
