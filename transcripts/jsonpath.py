"""``~ json .[0].bytes >= 64``: a place in a JSON document, and what must be there."""

from typing import NamedTuple

from transcripts.conditions import (
    OPERATORS,
    Lookup,
    evaluate,
    related,
    split_operands,
)

PRESENCE = ("exists", "absent")
QUANTIFIERS = ("all", "any", "none")
LENGTH = "length"

Step = str | int | None  # a key, an index, or None for every element


class JsonCheck(NamedTuple):
    """``[any|none] PATH OPERATOR VALUE``; `path` as written, `steps` what it means.

    `measured`: the number of elements (or keys, or characters) is compared.
    """

    quantifier: str
    path: str
    steps: tuple[Step, ...]
    measured: bool
    operator: str
    value: str = ""


def parse_check(text: str) -> JsonCheck:
    """Reads a check. Raises ValueError."""
    words = split_operands(text)
    quantifier = words.pop(0) if words and words[0] in QUANTIFIERS else "all"
    if len(words) < 2 or not words[0].startswith("."):
        raise ValueError("must be a path, an operator and a value: .[0].bytes >= 64")
    path, operator, value = words[0], words[1], " ".join(words[2:])
    steps, count = parse_path(path)
    if operator in PRESENCE:
        if value:
            raise ValueError(f"'{operator}' takes no value")
    elif operator not in OPERATORS:
        known = " ".join((*OPERATORS, *PRESENCE))
        raise ValueError(f"'{operator}' is no operator (known: {known})")
    elif not value:
        raise ValueError(f"'{operator}' needs a value")
    return JsonCheck(quantifier, path, steps, count, operator, value)


def parse_path(path: str) -> tuple[tuple[Step, ...], bool]:
    """The steps of ``.a[0]["b c"][*].length()``, and whether it ends in the length."""
    count = path.endswith(f".{LENGTH}()")
    rest = path.removesuffix(f".{LENGTH}()") if count else path
    steps: list[Step] = []
    at = 0
    while at < len(rest):
        if rest[at] == "[":
            end = rest.find("]", at)
            if end < 0:
                raise ValueError(f"path {path} has an unclosed [")
            steps.append(_index(rest[at + 1:end], path))
            at = end + 1
        elif rest[at] == ".":
            end = min((place for place in (rest.find(".", at + 1), rest.find("[", at + 1))
                       if place >= 0), default=len(rest))
            name = rest[at + 1:end]
            if not name and rest[end:end + 1] != "[" and rest != ".":
                raise ValueError(f"path {path} has an empty name")
            steps += [name] if name else []
            at = end
        else:
            raise ValueError(f"path {path} is not understood at '{rest[at:]}'")
    return tuple(steps), count


def _index(text: str, path: str) -> Step:
    if text in ("", "*"):
        return None
    if text[:1] in "\"'":
        return text[1:-1]
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"path {path}: [{text}] is no index") from None


def check(one: JsonCheck, document: object, lookup: Lookup) -> str:
    """Why a document does not pass, "" when it does. Raises Unknown, ValueError."""
    found = select(document, one.steps)
    if one.operator in PRESENCE:
        if bool(found) == (one.operator == "exists"):
            return ""
        return f"{one.path} is {'there' if found else 'not there'}"
    if not found:
        return "" if one.quantifier == "none" else f"{one.path} is not there"
    values = [_length(value) for value in found] if one.measured else found
    wanted = evaluate(one.value, lookup)
    fits = [related(value, one.operator, wanted) for value in values]
    if {"all": all(fits), "any": any(fits), "none": not any(fits)}[one.quantifier]:
        return ""
    wrong = [value for value, fit in zip(values, fits, strict=True)
             if fit == (one.quantifier == "none")]
    shown = ", ".join(str(value) for value in wrong[:3]) + (", ..." if len(wrong) > 3 else "")
    return f"{one.path} is {shown}"


def _length(value: object) -> int:
    if not isinstance(value, list | dict | str):
        raise ValueError(f"{value} has no length")
    return len(value)


def select(document: object, steps: tuple[Step, ...]) -> list[object]:
    """Every value that a path leads to; what is not there is left out."""
    found = [document]
    for step in steps:
        found = [value for one in found for value in _step(one, step)]
    return found


def _step(value: object, step: Step) -> list[object]:
    if isinstance(value, dict):
        if step is None:
            return list(value.values())
        return [value[step]] if isinstance(step, str) and step in value else []
    if isinstance(value, list):
        if step is None:
            return list(value)
        if isinstance(step, int) and -len(value) <= step < len(value):
            return [value[step]]
    return []
