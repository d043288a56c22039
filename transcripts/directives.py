"""The ``~`` lines: where each may stand, and what its argument means.

Before a command: time passes, something is waited for or broken, the place has a name. Behind
it: how long it may take, what must be true of what it said.
"""

from collections.abc import Callable
from typing import NamedTuple

from transcripts.conditions import Comparison, Condition, parse_condition, split_comparison
from transcripts.jsonpath import parse_check
from transcripts.types import seconds

WAIT_SECONDS = 30.0
# What `inject` types: the lab's own commands by a short word; anything else is a fault's name.
INJECTIONS = {
    "link": "lab set link", "drop": "lab add drop", "restart": "lab restart",
    "fault": "lab add fault",
}
MENDING = {"drop": "lab delete drop", "fault": "lab delete fault"}


class Wait(NamedTuple):
    """What is waited for, at most `limit` seconds: the state of a tunnel, or an event."""

    what: str
    name: str
    operator: str
    wanted: str
    limit: float


class Skip(NamedTuple):
    """When a command is left out, and the condition as it was written."""

    condition: Condition
    text: str


class Declared(NamedTuple):
    """A directive: whether it stands `before` a command, and how its argument is read."""

    before: bool
    read: Callable[[str], object]


def read_directive(name: str, argument: str) -> object:
    """The value of a directive. Raises KeyError for an unknown name, ValueError."""
    return DIRECTIVES[name].read(argument)


def _step(text: str) -> float:
    if not text.startswith("+"):
        raise ValueError("must be a step such as +1h")
    return seconds(text[1:])


def _name(text: str) -> str:
    if not text or any(sign.isspace() for sign in text):
        raise ValueError("must be one word")
    return text


def _nothing(text: str) -> None:
    if text:
        raise ValueError("takes nothing behind it")


def _ignore(text: str) -> None:
    if text != "ignore":
        raise ValueError("must be 'output ignore'")


def _skip(text: str) -> Skip:
    word, _, rest = text.partition(" ")
    if word != "if" or not rest.strip():
        raise ValueError("must be 'skip if CONDITION'")
    return Skip(parse_condition(rest), rest.strip())


def _wait(text: str) -> Wait:
    """``state(toB)=up``, ``event(541)``, ``sas >= 2``, each with its longest time behind it."""
    words = text.split()
    limit = WAIT_SECONDS
    if len(words) > 1 and words[-1][:1].isdigit() and words[-1][-1:].isalpha():
        limit = seconds(words.pop())
    joined = " ".join(words)
    what, paren, rest = joined.partition("(")
    if not paren:
        comparison = split_comparison(joined)
        if comparison.left != "sas" or not comparison.right.isdigit():
            raise ValueError("must be state(NAME)=up, event(NUMBER) or sas >= NUMBER")
        return Wait("sas", "", comparison.operator, comparison.right, limit)
    name, closing, behind = rest.partition(")")
    if not closing or what not in ("state", "event") or not name:
        raise ValueError("must be state(NAME)=up, event(NUMBER) or sas >= NUMBER")
    if what == "event":
        if behind or not name.isdigit():
            raise ValueError("must be event(NUMBER)")
        return Wait(what, name, "", "", limit)
    wanted = behind.strip().removeprefix("=").strip()
    if wanted not in ("up", "down"):
        raise ValueError("must be state(NAME)=up or state(NAME)=down")
    return Wait(what, name.strip("\"'"), "=", wanted, limit)


def _inject(text: str) -> str:
    """The command of the lab that does it. ``off`` in front takes it back."""
    words = text.split(None, 1)
    if not words:
        raise ValueError("must name what is to happen: link, drop, restart or a fault")
    if words[0] == "off":
        words = words[1].split(None, 1) if len(words) > 1 else []
        if not words:
            raise ValueError("must name what is to end: drop, or a fault")
        head = MENDING.get(words[0], f"lab delete fault {words[0]}")
    else:
        head = INJECTIONS.get(words[0], f"lab add fault {words[0]}")
    return " ".join([head, *words[1:]])


def _assert(text: str) -> Comparison:
    return split_comparison(text)


def _code(text: str) -> str:
    return _name(text)


DIRECTIVES: dict[str, Declared] = {
    "clock": Declared(True, _step),
    "wait": Declared(True, _wait),
    "inject": Declared(True, _inject),
    "label": Declared(True, _name),
    "restart": Declared(True, _nothing),
    "within": Declared(False, seconds),
    "retry": Declared(False, seconds),
    "json": Declared(False, parse_check),
    "assert": Declared(False, _assert),
    "output": Declared(False, _ignore),
    "skip": Declared(False, _skip),
    "expect-fail": Declared(False, _code),
    "unordered": Declared(False, _nothing),
    "end": Declared(False, _nothing),
}
