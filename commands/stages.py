"""Pipes and redirections at work: an answer goes in, a smaller one (or a file) comes out."""

from typing import TYPE_CHECKING

from commands.answer import Answer
from commands.errors import CommandError, Span
from commands.layout import SpanLine, lines_of, plain
from commands.pipes import FORMATS, Stage
from commands.render import render

if TYPE_CHECKING:
    from commands.session import Session

# A filter looks at whole lines, wherever a terminal would break them.
UNWRAPPED = 1 << 20
# What scripts from Windows redirect to when nobody is to see it.
NOWHERE = frozenset({"nul", "nul:"})


def apply_stages(answer: Answer, stages: tuple[Stage, ...], session: "Session") -> Answer:
    """What is left of an answer behind its pipes; warnings pass beside them."""
    format = next((stage.name for stage in stages if stage.name in FORMATS), "table")
    lines = render(answer._replace(warnings=()), format, session.reveal, UNWRAPPED)
    shown = True
    for stage in stages:
        if stage.op == "|" and stage.name in FILTERS:
            lines = FILTERS[stage.name](lines, stage.argument)
        elif stage.name in ("save", "file"):
            _write(stage, lines, session)
            shown = False
    blocks = (lines_of(lines),) if lines and shown else ()
    return Answer(blocks, answer.warnings, answer.exit)


def _include(lines: list[SpanLine], text: str) -> list[SpanLine]:
    return [line for line in lines if _has(line, text)]


def _exclude(lines: list[SpanLine], text: str) -> list[SpanLine]:
    return [line for line in lines if not _has(line, text)]


def _begin(lines: list[SpanLine], text: str) -> list[SpanLine]:
    for at, line in enumerate(lines):
        if _has(line, text):
            return lines[at:]
    return []


def _section(lines: list[SpanLine], text: str) -> list[SpanLine]:
    found: list[SpanLine] = []
    block: list[SpanLine] = []
    for line in [*lines, ()]:
        if plain(line):
            block.append(line)
            continue
        if any(_has(one, text) for one in block):
            found += [(), *block] if found else block
        block = []
    return found


def _count(lines: list[SpanLine], text: str) -> list[SpanLine]:
    from commands.layout import Span as Out
    total = sum(1 for line in lines if plain(line))
    return [(Out(str(total), "count", total),)]


def _has(line: SpanLine, text: str) -> bool:
    return text.lower() in plain(line).lower()


FILTERS = {"include": _include, "exclude": _exclude, "begin": _begin, "section": _section,
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
        raise CommandError("cannot-write", f"{stage.argument} cannot be written: {reason}",
                           span=Span(stage.start, stage.end)) from None
