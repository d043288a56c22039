"""Errors and warnings at the width of a terminal: broken between words, the caret in sight.

For a terminal alone: what goes to files, pipes and transcripts never depends on a width.
"""

import os
from collections.abc import Callable

from commands.layout import Span, SpanLine, columns, hanging, plain
from engine.values import TextIO

# Narrower than this nothing is gained.
LEAST = 40
HANG = 2
FIX = "  fix: "
ELSEWHERE = "..."


def terminal_width(stream: TextIO) -> int:
    """The columns of the terminal behind a stream, 0 when there is none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns if stream.isatty() else 0
    except (OSError, ValueError):
        return 0


def fit(lines: list[SpanLine], width: int, typed: Callable[[str], bool]) -> list[SpanLine]:
    """The lines of an error or a warning for so many columns (0: as they are).

    What is to be typed (`typed` says so of a fix) stays in one piece, so that it can be copied.
    """
    if width < LEAST:
        return lines
    fitted: list[SpanLine] = []
    for at, line in enumerate(lines):
        kind = line[0].type if line else ""
        if kind == "caret":
            continue  # it has come with its line
        caret = lines[at + 1] if kind == "echo" and lines[at + 1:] else ()
        if caret and caret[0].type == "caret":
            fitted += _window(line, caret, width)
        elif columns(plain(line)) <= width or kind == "echo":
            fitted.append(line)
        elif kind != "hint":
            fitted += hanging(line, HANG, width)
        elif typed(plain(line)[len(FIX):]):
            fitted.append(line)
        else:
            fitted += hanging(line, len(FIX), width)
    return fitted


def _window(line: SpanLine, caret: SpanLine, width: int) -> list[SpanLine]:
    """The stretch of a typed line in which its caret stands."""
    text, marks = plain(line), plain(caret)
    start = len(marks) - len(marks.lstrip())
    if columns(text) <= width or not text.isascii():
        return [line, caret]
    shift = 0
    if len(marks) > width - len(ELSEWHERE):
        shift = min(start - width // 3, len(text) - width)
    lead = " " * HANG + ELSEWHERE if shift else ""
    shown = lead + text[shift + len(lead):shift + width]
    if len(text) > shift + width:
        shown = shown[:-len(ELSEWHERE)] + ELSEWHERE
    return [(Span(shown, "echo"),), (Span(marks[shift:shift + width], "caret"),)]
