"""Printed lines as a transcript expects them: placeholders for what the next run has otherwise.

The type of a cell decides. A value that is seen twice is captured, so that it must be the same
again; an address of the lab has its name; all else is what it is.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain

from commands.answer import VOLATILE
from commands.errors import CommandError, Span
from commands.layout import SpanLine
from transcripts.pairing import Capture
from transcripts.recording.event import ELIDED, NAMED, Event, Said
from transcripts.recording.rewrite import (
    CAPTURED,
    Line,
    Names,
    canonical,
    captures_like,
    sought,
)
from transcripts.types import TYPES

# Words with values in them that are not taken apart: an address of the lab is known by itself.
BY_VALUE = frozenset({"line", "typed", "warning", "hint", "known"})
# The placeholders of cells whose types are no placeholders' themselves.
UNNAMED = {"seed": "int", "size": "bytes", "hits": "count"}
CALLED = {"place": "path"}
COLUMNS_MOST = 16_000
# A caret that may stand anywhere in its line.
CARET = r"<re( *\^+)>"
# How far below an address its mask is looked for.
LINES_BELOW = 2

Value = tuple[str, object]


class Placeholders:
    """Which values are captured, and by which names; mutable: names are given as they come."""

    def __init__(self) -> None:
        self.seen: Counter[Value] = Counter()
        self.names: dict[Value, str] = {}
        self._numbers: Counter[str] = Counter()

    def count(self, events: Iterable[Event]) -> None:
        """Looks at all that will be written, so that what comes once gets no name."""
        for event in events:
            for one in event.meaning.arguments:
                if one.type in CAPTURED:
                    self.seen[one.type, canonical(one.type, one.text)] += 1
            for text in sought(event.meaning.tail):
                self.seen.update(captures_like(text))
            for line in (*event.said, *(line for ran in event.scripts
                                        for lines in ran.said.values() for line in lines)):
                for text, kind in line.spans:
                    if kind in CAPTURED:
                        self.seen[kind, canonical(kind, text)] += 1

    def know(self, captures: Mapping[str, Capture], taken: Iterable[str]) -> None:
        """Values that have their names already, and names that no other value may get."""
        for key, capture in captures.items():
            kind = key.partition(":")[0]
            if kind in CAPTURED:
                value = kind, canonical(kind, capture.text)
                self.names[value], self.seen[value] = key, 2
        for key in taken:
            kind, _, name = key.partition(":")
            if name.isascii() and name.isdigit():
                self._numbers[kind] = max(self._numbers[kind], int(name))

    def look(self, lines: Iterable[Sequence[tuple[str, str, object]]]) -> None:
        """Counts the values of more lines that will be written."""
        for spans in lines:
            self.seen.update((span[1], canonical(span[1], span[0])) for span in spans
                             if span[1] in CAPTURED)

    def write(self, kind: str, text: str) -> str:
        """The placeholder of a cell."""
        if kind in UNNAMED:
            return f"<{UNNAMED[kind]}>"
        if kind == "time":
            return "<date>" if _fits("date", text) else "<time>"
        value, called = (kind, canonical(kind, text)), CALLED.get(kind, kind)
        if kind not in CAPTURED or self.seen[value] < 2:
            return f"<{called}>"
        name = self.names.get(value)
        if name is None:
            self._numbers[called] += 1
            name = self.names[value] = f"{called}:{self._numbers[called]}"
        return f"<{name}>"


def _fits(kind: str, text: str) -> bool:
    import re
    return re.fullmatch(TYPES[kind].shape, text) is not None


def escape(text: str) -> str:
    """A literal text as a transcript writes it."""
    if not any(sign in text for sign in "<$\\"):
        return text
    parts: list[str] = []
    for at, sign in enumerate(text):
        following = text[at + 1:at + 2]
        if sign == "<" or sign == "$" and following == "{" or (
                sign == "\\" and following and following in "<$\\"):
            parts.append("\\")
        parts.append(sign)
    return "".join(parts)


class Renderer:
    """Writes the lines of one recording; `full` writes a line that somebody typed as a replay
    types it.
    """

    def __init__(self, names: Names, placeholders: Placeholders,
                 full: Callable[[str], str] | None = None) -> None:
        self.names, self.placeholders, self.full = names, placeholders, full

    def output(self, line: Line, typed: str, said: Sequence[Said]) -> list[str]:
        """The lines behind a command, blank ones at the ends left out."""
        self.names.symbols.near = None
        lines: list[str] = []
        for at, one in enumerate(said):
            if one.error is not None:
                lines += [f"! {text}".rstrip() for text in self._error(one.error, line, typed)]
            elif one.sigil == ELIDED or _by_chance(one) and not line.sought:
                if lines[-1:] != ["| <...>"]:
                    lines.append("| <...>")
            elif one.sigil == "<":
                lines.append("< " + "".join(text for text, _ in one.spans))
            elif one.sigil != "=":
                below = [span for two in said[at + 1:at + 1 + LINES_BELOW] for span in two.spans]
                lines.append(f"{one.sigil} {self.line(one.spans, below)}".rstrip())
        while lines and lines[0] in ("|", "!"):
            lines.pop(0)
        while lines and lines[-1] in ("|", "!"):
            lines.pop()
        return lines

    def line(self, spans: Sequence[tuple[str, str]],
             below: Sequence[tuple[str, str]] = ()) -> str:
        """The spans as text; the blanks between them keep the columns where they can.

        `below` are spans of the next lines: the mask of an address may stand there.
        """
        parts: list[str] = []
        debt = 0  # by how much what stands here is longer than what stood here
        for at, (text, kind) in enumerate(spans):
            mask = _mask_behind(chain(spans[at + 1:], below)) if kind in ("ip", "net") else ""
            shown = self.span(text, kind, mask)
            if not kind and text.isspace() and parts:
                least = min(len(text), 2)
                shown = " " * max(least, len(text) - debt)
                debt -= len(text) - len(shown)
            else:
                debt += len(shown) - len(text)
            parts.append(shown)
        _unquote(parts, spans)
        text = "".join(parts)
        return text if len(text) <= COLUMNS_MOST else text[:COLUMNS_MOST].rstrip("\\<$") + "<*>"

    def span(self, text: str, kind: str, mask: str = "") -> str:
        """One cell, or the words between; `mask` is that of an address, where one follows."""
        if not text or kind == NAMED:
            return text
        if kind in VOLATILE:
            return self.placeholders.write(kind, text)
        symbols = self.names.symbols
        if kind in ("ip", "net", "mask"):
            shown = symbols.mask(text) if kind == "mask" else symbols.network(text, mask)
            return shown if shown != text else escape(text)
        if kind == "path":
            return self.names.file(text) or escape(text)
        if kind == "name":
            return self.names.free(escape(text))
        if kind == "typed" and self.full is not None:
            return self.full(text)
        if kind in BY_VALUE:
            return symbols.words(escape(text))
        return escape(text)

    def _error(self, data: dict[str, object], line: Line, typed: str) -> list[str]:
        """A mistake as the replay will print it: its line is the one that is written now."""
        from commands.render import render_error
        error = _mistake(data)
        own = bool(data.get("own", True))
        old = (error.span.start, error.span.end) if error.span else None
        # An alias stands for several words: which of them is to blame, only the replay knows.
        vague = [part[:2] for part in line.parts].count(old or (0, 0)) > 1
        if own and error.line and line.text != typed:
            span = line.moved(old, len(error.line)) if old else None
            error.line, error.span = _masked(line, span)
        shown = render_error(error, 1 << 20)
        if own:
            return [CARET if vague and one[0].type == "caret" else
                    "".join(self.span(span.text, span.type) for span in one) for one in shown]
        return [self._others(one) for one in shown]

    def _others(self, spans: SpanLine) -> str:
        """A line of a mistake in a command that the typed one typed itself."""
        if spans[0].type == "caret":
            return f"<re( *)>{spans[-1].text}"
        return "".join(self.names.symbols.words(escape(span.text)) if span.type == "echo"
                       else self.span(span.text, span.type) for span in spans)


def _unquote(parts: list[str], spans: Sequence[tuple[str, str]]) -> None:
    """A secret in quotation marks: whether it needs them depends on what it is."""
    for at in range(1, len(parts) - 1):
        before, after = parts[at - 1], parts[at + 1]
        if spans[at][1] == NAMED and spans[at - 1][1] and before[-1:] == '"' == after[:1]:
            parts[at - 1], parts[at + 1] = f'{before[:-1]}<re("?)>', f'<re("?)>{after[1:]}'


def _by_chance(one: Said) -> bool:
    """Whether a filter met the line by a value that the next run has otherwise."""
    return any(kind == "chance" for _, kind in one.spans)


def _mask_behind(spans: Iterable[tuple[str, str]]) -> str:
    """The mask that follows an address, before any other address."""
    return next((text if kind == "mask" else "" for text, kind in spans
                 if kind in ("ip", "net", "mask")), "")


def _mistake(data: dict[str, object]) -> CommandError:
    from commands.answer import Cell
    span, known, values = data["span"], data["known"], data["values"]
    assert isinstance(known, list) and isinstance(values, list)
    error = CommandError(
        str(data["code"]), str(data["text"]), known=tuple(map(str, known)), fix=str(data["fix"]),
        span=Span(*span) if isinstance(span, list) else None,
        values=tuple(Cell(str(kind), text, str(text)) for kind, text in values))
    error.line = str(data["line"])
    return error


def _masked(line: Line, span: tuple[int, int] | None) -> tuple[str, Span | None]:
    """The line as an error shows it, with stars for its secrets, and the caret's place."""
    from engine.policy.model import Secret
    parts: list[str] = []
    at = shift = 0
    for start, end in line.secrets:
        parts += [line.text[at:start], Secret.MASK]
        if span is not None and span[0] >= end:
            shift += len(Secret.MASK) - (end - start)
        at = end
    moved = Span(span[0] + shift, span[1] + shift) if span is not None else None
    return "".join((*parts, line.text[at:])), moved
