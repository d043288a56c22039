"""What ``assert``, ``json``, ``skip if`` and ``wait`` compare: operands, operators, conditions."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from transcripts.types import Value, seconds

OPERATORS = ("==", "!=", "<=", ">=", "<", ">", "!~", "~", "contains", "in")
# What a condition may ask of the place where the transcript runs.
PLACES = ("target", "lab", "root", "ci", "tty", "linux", "darwin", "windows")


class Unknown(Exception):
    """An operand that has no value here; the text is what it is called."""


class Comparison(NamedTuple):
    """``left operator right``, both as they are written."""

    left: str
    operator: str
    right: str

    def __str__(self) -> str:
        return f"{self.left} {self.operator} {self.right}"


class Condition(NamedTuple):
    """A comparison, or a property of the place: ``not has(vtysh)``."""

    negated: bool
    place: str = ""
    comparison: Comparison | None = None


def split_comparison(text: str) -> Comparison:
    """Reads ``${n} >= 64``. Raises ValueError."""
    words = split_operands(text)
    at = next((index for index, word in enumerate(words) if word in OPERATORS), 0)
    if not at or at + 1 == len(words):
        raise ValueError(f"must be two values and an operator ({' '.join(OPERATORS)})")
    return Comparison(" ".join(words[:at]), words[at], " ".join(words[at + 1:]))


def split_operands(text: str) -> list[str]:
    """The blank-separated words of a text; quotes and what begins with a bracket keep theirs."""
    words: list[str] = []
    word, quoted, depth = "", "", 0
    for at, sign in enumerate(text):
        if quoted:
            quoted = "" if sign == quoted and text[at - 1] != "\\" else quoted
        elif sign in "\"'":
            quoted = sign
        if not quoted and (depth or not word or word[-1] == "$"):
            depth += (sign in "{[") - (sign in "}]" and depth > 0)
        if sign.isspace() and not quoted and not depth:
            words += [word] if word else []
            word = ""
        else:
            word += sign
    if quoted:
        raise ValueError(f"has an unclosed {quoted}")
    return words + ([word] if word else [])


def parse_condition(text: str) -> Condition:
    """Reads ``not target``, ``has(vtysh)``, ``${NetA} == 10.1.0.0/24``. Raises ValueError."""
    word, _, rest = text.strip().partition(" ")
    if word in ("not", "no"):
        inner = parse_condition(rest)
        return inner._replace(negated=not inner.negated)
    bare = text.strip()
    if bare in PLACES or _call(bare, "has") or _call(bare, "env"):
        return Condition(False, bare)
    if len(bare.split()) == 1:
        raise ValueError(f"'{bare}' is no condition (known: {', '.join(PLACES)}, has(PROGRAM), "
                         "env(NAME), two values with an operator)")
    return Condition(False, "", split_comparison(bare))


def _call(text: str, name: str) -> str:
    """The argument of ``name(argument)``, "" when it is none."""
    return text[len(name) + 1:-1] if text.startswith(name + "(") and text[-1:] == ")" else ""


class Place(NamedTuple):
    """Where a transcript runs: what `Condition` may ask of it."""

    target: bool = False
    tty: bool = False
    environment: Mapping[str, str] = {}

    def holds(self, name: str) -> bool:
        """Whether the place is, or has, what `name` says."""
        import os
        import sys
        program, variable = _call(name, "has"), _call(name, "env")
        if program:
            from shutil import which
            return which(program) is not None
        if variable:
            return bool(self.environment.get(variable))
        return {"target": self.target, "lab": not self.target, "tty": self.tty,
                "root": hasattr(os, "geteuid") and os.geteuid() == 0,
                "ci": in_ci(self.environment), "linux": sys.platform.startswith("linux"),
                "darwin": sys.platform == "darwin", "windows": sys.platform == "win32"}[name]


def in_ci(environment: Mapping[str, str]) -> bool:
    """Whether a machine, not a person, runs this."""
    return environment.get("CI", "").lower() not in ("", "0", "false", "no")


Lookup = Callable[[str], Value | None]


def holds(condition: Condition, place: Place, lookup: Lookup) -> bool:
    """Whether a condition is true here. Raises Unknown, ValueError."""
    if condition.comparison is None:
        return place.holds(condition.place) != condition.negated
    return compare(condition.comparison, lookup) != condition.negated


def compare(comparison: Comparison, lookup: Lookup) -> bool:
    """Whether it is true. Raises Unknown for an unbound name, ValueError for a wrong operand."""
    return related(evaluate(comparison.left, lookup), comparison.operator,
                   evaluate(comparison.right, lookup))


def related(left: object, operator: str, right: object) -> bool:
    """Whether two values are as the operator says. Raises ValueError when they have no order."""
    if operator in ("~", "!~"):
        import re
        try:
            return bool(re.search(str(right), _text(left))) == (operator == "~")
        except re.error as error:
            raise ValueError(f"{right} is no regular expression: {error}") from None
    if operator == "contains":
        return (right in left or str(right) in map(_text, left) if isinstance(left, list)
                else _text(right) in _text(left))
    if operator == "in":
        return related(right, "contains", left)
    if operator in ("==", "!="):
        return _equal(left, right) == (operator == "==")
    return _ordered(left, operator, right)


def _ordered(left: object, operator: str, right: object) -> bool:
    if not (isinstance(left, int | float) and isinstance(right, int | float)):
        raise ValueError(f"'{_text(left)}' and '{_text(right)}' have no order")
    return {"<": left < right, "<=": left <= right, ">": left > right,
            ">=": left >= right}[operator]


def _equal(left: object, right: object) -> bool:
    return left == right or _text(left) == _text(right)


def _text(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return str(value)


def evaluate(text: str, lookup: Lookup) -> object:
    """The value of an operand: a literal, ``${name}``, or a sum or difference of such."""
    words = split_operands(text)
    if not words:
        raise ValueError("a value is missing")
    total = _literal(words[0], lookup)
    for sign, word in zip(words[1::2], words[2::2], strict=False):
        one = _literal(word, lookup)
        if sign not in ("+", "-") or not isinstance(one, int | float) or not isinstance(
                total, int | float):
            raise ValueError(f"'{text}' is no value")
        total = total + one if sign == "+" else total - one
    if len(words) % 2 == 0:
        raise ValueError(f"'{text}' is no value")
    return total


def _literal(word: str, lookup: Lookup) -> object:
    if word.startswith("${") and word.endswith("}"):
        value = lookup(word[2:-1])
        if value is None:
            raise Unknown(word)
        return value
    if word[:1] in "\"'[{" or word in ("true", "false", "null"):
        from json import loads
        try:
            return loads(word.replace("'", '"') if word[:1] == "'" else word)
        except ValueError:
            raise ValueError(f"{word} is no JSON") from None
    return number_of(word)


def number_of(word: str) -> Value:
    """A number, a hexadecimal number or a length of time in seconds; else the word itself."""
    digits = word.lower().removeprefix("-")
    try:
        if digits.startswith("0x"):
            return int(word, 16)
        if digits.replace(".", "", 1).isdigit():
            return float(word) if "." in word else int(word)
        if digits[:1].isdigit() and digits[-1:].isalpha():
            return seconds(word)
    except ValueError:
        return word
    return word
