"""Lines as they are pasted: with the prompt they were typed at, or with ``netsh`` before them.

``netsh ipsec static>add ...``, ``C:\\>netsh ...`` and ``netsh -c "ipsec static" add ...`` say in
which context the rest of the line is meant.
"""

from typing import TYPE_CHECKING, NamedTuple

from commands import index
from commands.errors import CommandError, Span
from commands.words import USAGE_EXIT, split_words

if TYPE_CHECKING:
    from commands.session import Session

PROGRAMS = frozenset({"netsh", "netsh.exe", "ipsecsh"})


class Pasted(NamedTuple):
    """What is left of a line, and the context it is meant in."""

    text: str
    context: tuple[str, ...]


def pasted(text: str, session: "Session") -> Pasted | None:
    """Takes prompt and program name off a line; None when it has neither. Raises CommandError."""
    found = _prompted(text, session)
    if found is None:
        return _program(text)
    return _program(found.text) or found


def _prompted(text: str, session: "Session") -> Pasted | None:
    before, sign, rest = text.partition(">")
    before = before.lstrip()
    if not sign or not before or before[-1] in " \t":
        return None
    if before[1:2] == ":" and before[0].isalpha() and before[2:3] in ("", "\\"):
        return Pasted(rest, ()) if _program(rest) or not rest.strip() else None
    machine = ""
    if before[0] == "[":
        machine, _, before = before[1:].partition("] ")
    words = tuple(before.lower().split())
    if not words or words[0] not in PROGRAMS or not index.is_context(words[1:]):
        return None
    if machine and machine.lower() != session.machine.lower():
        raise CommandError("other-machine", f"The line was typed on machine '{machine}', the "
                           f"current one is '{session.machine}'", exit=USAGE_EXIT,
                           span=Span(0, len(text)), fix=f"set machine {machine}")
    return Pasted(rest, words[1:])


def _program(text: str) -> Pasted | None:
    words = text.split(maxsplit=1)
    if not words or words[0].lower() not in PROGRAMS:
        return None
    rest = words[1] if len(words) > 1 else ""
    if rest[:1] not in ("-", "/") or rest[:2] == "/?":
        return Pasted(rest, ())
    broken = split_words(text)
    if broken.error is not None and not broken.words:
        raise broken.error
    return _switched(rest)


def _switched(rest: str) -> Pasted:
    """``-c CONTEXT command`` and ``-f FILE``."""
    words = split_words(rest).words
    switch = words[0].text[1:].lower()
    if switch == "f" and len(words) == 2:
        return Pasted("exec " + rest[words[1].start:], ())
    if switch == "c" and len(words) > 1:
        context = tuple(words[1].text.lower().split())
        if not index.is_context(context):
            raise CommandError("not-found", f"'{words[1].text}' is not a context",
                               exit=USAGE_EXIT, known=tuple(one for one, _ in index.CONTEXTS))
        return Pasted(rest[words[1].end:], context)
    raise CommandError("unknown-option", f"'{words[0].text}' is understood only when the program "
                       "is started", exit=USAGE_EXIT, known=("-c", "-f"))
