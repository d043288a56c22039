"""Pipes and redirections at work: an answer goes in, a smaller one (or a file) comes out."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from commands import errors
from commands.answer import Answer
from commands.layout import Span, SpanLine, lines_of, plain
from commands.pipes import FORMATS, Stage
from commands.render import render
from commands.sight import Sight, Wanted, any_of

if TYPE_CHECKING:
    from commands.session import Session

# A filter looks at whole lines, wherever a terminal would break them.
UNWRAPPED = 1 << 20
# What scripts from Windows redirect to when nobody is to see it.
NOWHERE = frozenset({"nul", "nul:"})
# The first part of a line that another run may have or not: a filter met it, or missed it, by a
# value that is another one there.
BY_CHANCE = Span("", "chance")


class Filtered(NamedTuple):
    """Lines behind a filter; `open` when another run may have more of them."""

    lines: list[SpanLine]
    open: bool = False


def apply_stages(answer: Answer, stages: tuple[Stage, ...], session: "Session") -> Answer:
    """What is left of an answer behind its pipes; warnings pass beside them."""
    format = next((stage.name for stage in stages if stage.name in FORMATS), "table")
    kept = Filtered(render(answer._replace(warnings=()), format, session.reveal, UNWRAPPED))
    shown = True
    for stage in stages:
        if stage.op == "|" and stage.name in FILTERS:
            kept = FILTERS[stage.name](kept, stage.argument)
        elif stage.name in ("save", "file"):
            _write(stage, kept.lines, session)
            shown = False
    blocks = (lines_of(kept.lines),) if kept.lines and shown else ()
    return Answer(blocks, answer.warnings, answer.exit)


# --- filters --------------------------------------------------------------------------------------


def _perhaps(line: SpanLine) -> SpanLine:
    """The line marked as one that another run need not have."""
    return line if _by_chance(line) else (BY_CHANCE, *line)


def _by_chance(line: SpanLine) -> bool:
    return line[:1] == (BY_CHANCE,)


def _include(given: Filtered, text: str) -> Filtered:
    wanted, lines, more = Wanted(text), list[SpanLine](), given.open
    for line in given.lines:
        sight = wanted.look(line)
        if sight.now:
            lines.append(line if sight.always else _perhaps(line))
        more = more or sight.ever and not sight.now
    return Filtered(lines, more)


def _exclude(given: Filtered, text: str) -> Filtered:
    wanted, lines, more = Wanted(text), list[SpanLine](), given.open
    for line in given.lines:
        sight = wanted.look(line)
        if not sight.now:
            lines.append(_perhaps(line) if sight.ever else line)
        more = more or sight.now and not sight.always
    return Filtered(lines, more)


def _begin(given: Filtered, text: str) -> Filtered:
    wanted, lines = Wanted(text), list[SpanLine]()
    more, sure = given.open, False
    for line in given.lines:
        sight = Sight(True, True, True) if sure else wanted.look(line)
        sure = sure or sight.always and not _by_chance(line)
        if lines or sight.now:
            lines.append(line if sure else _perhaps(line))
        more = more or sight.ever and not lines
    return Filtered(lines, more)


def _section(given: Filtered, text: str) -> Filtered:
    wanted, found, block = Wanted(text), list[SpanLine](), list[SpanLine]()
    more = given.open
    for line in [*given.lines, ()]:
        if plain(line):
            block.append(line)
            continue
        sight = any_of([wanted.look(one) for one in block])
        more = more or sight.ever and not sight.now
        if sight.now:
            whole = [(), *block] if found else block
            found += whole if sight.always else [_perhaps(one) for one in whole]
        block = []
    return Filtered(found, more)


def _count(given: Filtered, text: str) -> Filtered:
    total = sum(1 for line in given.lines if plain(line))
    fixed = not given.open and not any(map(_by_chance, given.lines))
    return Filtered([(Span(str(total), "count" if fixed else "hits", total),)])


FILTERS: dict[str, Callable[[Filtered, str], Filtered]] = {
    "include": _include, "exclude": _exclude, "begin": _begin, "section": _section,
    "count": _count}


def _write(stage: Stage, lines: list[SpanLine], session: "Session") -> None:
    if stage.argument.lower() in NOWHERE:
        return
    text = "".join(plain(line) + "\n" for line in lines)
    try:
        session.files.write(session.files.full(stage.argument, session.folder),
                            text.encode("utf-8", "surrogateescape"), stage.op == ">>")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise errors.CommandError(
            "cannot-write", f"{stage.argument} cannot be written: {reason}",
            span=errors.Span(stage.start, stage.end)) from None
