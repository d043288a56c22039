"""The header lines of a transcript: ``# key: value`` before the first command."""

from collections.abc import Callable

from transcripts.conditions import split_operands
from transcripts.model import Header, Login, Prompt
from transcripts.pattern import Token, parse_pattern
from transcripts.types import TYPES, seconds

# Header lines that may be given more than once; their values add up.
REPEATED = frozenset({"bind", "secrets", "mask", "requires", "include", "prompt", "login", "error",
                      "pager"})
SOURCES = ("generate", "weak", "ask", "env:", "@")


def read_header(header: Header, key: str, value: str) -> Header:
    """The header with one more line. Raises KeyError for an unknown key, ValueError."""
    return HEADS[key](header, value)


def parse_clock(text: str) -> float:
    """Unix seconds of ``2004-03-17T09:00:00Z``. Raises ValueError."""
    from calendar import timegm
    from time import strptime
    try:
        return float(timegm(strptime(text.strip(), "%Y-%m-%dT%H:%M:%SZ")))
    except ValueError:
        raise ValueError("must be 'virtual YYYY-MM-DDTHH:MM:SSZ' or 'real'") from None


def pairs(text: str) -> list[tuple[str, str]]:
    """``NAME=VALUE NAME="a b"`` as pairs. Raises ValueError."""
    found = []
    for word in split_operands(text):
        name, equals, value = word.partition("=")
        if value[:1] in "\"'" and value[:1] == value[-1:] and len(value) > 1:
            value = value[1:-1]
        if not (name and equals and value):
            raise ValueError(f"has '{word}' where NAME=VALUE belongs")
        found.append((name, value))
    return found


def check_source(text: str) -> str:
    """Where a secret comes from: generate, weak, ask, env:NAME or @FILE. Raises ValueError."""
    if text in SOURCES[:3] or text.startswith("env:") and text[4:] or text[:1] == "@" and text[1:]:
        return text
    raise ValueError(f"has the source '{text}'; it must be generate, weak, ask, env:NAME or "
                     "@FILE")


def _clock(header: Header, value: str) -> Header:
    kind, _, stamp = value.partition(" ")
    if value == "real":
        return header._replace(real=True, clock=None)
    if kind != "virtual":
        raise ValueError("must be 'virtual YYYY-MM-DDTHH:MM:SSZ' or 'real'")
    return header._replace(clock=parse_clock(stamp), real=False)


def _version(header: Header, value: str) -> Header:
    if value != "1":
        raise ValueError(f"is version {value}; this shell reads version 1")
    return header


def _seed(header: Header, value: str) -> Header:
    if not (value.isascii() and value.isdigit()) or len(value) > 18:
        raise ValueError("must be a whole number")
    return header._replace(seed=int(value))


def _secrets(header: Header, value: str) -> Header:
    found = []
    for word in value.split():
        name, _, source = word.partition("=")
        if not name.replace("_", "").replace("-", "").isalnum():
            raise ValueError(f"has '{word}' where a secret's name belongs")
        found.append((name, check_source(source) if source else "generate"))
    return header._replace(secrets=(*header.secrets, *found))


def _masks(header: Header, value: str) -> Header:
    """``host=gw1``; behind an arrow may stand what becomes of it."""
    found = pairs(value.partition(" → ")[0])
    for kind, _ in found:
        if kind not in TYPES:
            raise ValueError(f"has '{kind}', which is no placeholder type")
    return header._replace(masks=(*header.masks, *found))


def _requires(header: Header, value: str) -> Header:
    from transcripts.conditions import parse_condition
    for word in value.split():
        parse_condition(word)
    return header._replace(requires=(*header.requires, *value.split()))


def _include(header: Header, value: str) -> Header:
    if not value:
        raise ValueError("must name a transcript")
    return header._replace(includes=(*header.includes, value))


def _timeout(header: Header, value: str) -> Header:
    """``5s``, ``5s total 2m``."""
    one, word, total = value.partition(" total ")
    return header._replace(timeout=seconds(one), total=seconds(total) if word else header.total)


def _pattern(text: str) -> tuple[Token, ...]:
    if not text.strip():
        raise ValueError("must be a pattern")
    return parse_pattern(text)


def _prompt(header: Header, value: str) -> Header:
    """``config = <host>(config)#``: the context, then what its prompt looks like."""
    name, equals, text = value.partition("=")
    if not equals:
        raise ValueError("must be CONTEXT = PATTERN")
    one = Prompt(tuple(name.split()), _pattern(text.strip()))
    return header._replace(prompts=(*header.prompts, one))


def _login(header: Header, value: str) -> Header:
    """``Password: = ${secret:password}``."""
    question, equals, answer = value.partition(" = ")
    if not equals:
        raise ValueError("must be PATTERN = ANSWER")
    return header._replace(logins=(*header.logins, Login(_pattern(question), answer.strip())))


HEADS: dict[str, Callable[[Header, str], Header]] = {
    "transcript": _version,
    "title": lambda header, value: header._replace(title=value),
    "store": lambda header, value: header._replace(store=value),
    "clock": _clock,
    "seed": _seed,
    "bind": lambda header, value: header._replace(bind=(*header.bind, *pairs(value))),
    "secrets": _secrets,
    "mask": _masks,
    "requires": _requires,
    "include": _include,
    "timeout": _timeout,
    "prompt": _prompt,
    "login": _login,
    "error": lambda header, value: header._replace(errors=(*header.errors, _pattern(value))),
    "pager": lambda header, value: header._replace(pagers=(*header.pagers, _pattern(value))),
}
