"""Data into lines of typed spans: netsh's lists, tables, JSON, CSV, errors with a caret.

A span keeps the type of the cell it came from, so colours, masking and transcripts need no
guessing. A `secret` cell becomes stars here unless the operator said ``reveal=yes``.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from commands.answer import Answer, Block, Cell, Line, Lines, Record, Records, Table, Warn
from commands.errors import CommandError
from engine.policy.model import Secret

RIGHT = frozenset({"int", "count", "bytes", "percent", "port"})
LINE_WINDOW = 160
KNOWN_LIMIT = 40


class Span(NamedTuple):
    """A stretch of one output line: text, cell type ("" for layout), the cell's value."""

    text: str
    type: str = ""
    value: object = None


SpanLine = tuple[Span, ...]


def render(what: Answer | Block, format: str = "table", reveal: bool = False,
           width: int = 80) -> list[SpanLine]:
    """The lines of an answer or a block. `format` is "table", "json", "jsonl" or "csv".

    Warnings are lines of the table format only; elsewhere the caller shows them apart.
    """
    blocks = what.blocks if isinstance(what, Answer) else (what,)
    if format != "table":
        from commands.dataform import render_data
        return render_data(blocks, format, reveal)
    lines: list[SpanLine] = []
    before: Block | None = None
    for block in blocks:
        apart = not isinstance(block, Lines) and not isinstance(before, Lines)
        if before is not None and apart and lines:
            lines.append(())
        lines += render_block(block, reveal, width)
        before = block
    if isinstance(what, Answer):
        for warning in what.warnings:
            lines += render_warning(warning)
    return lines


def render_text(what: Answer | Block, format: str = "table", reveal: bool = False,
                width: int = 80) -> str:
    """The same as text, every line ended with a line feed and without blanks at its end."""
    return "".join(plain(line) + "\n" for line in render(what, format, reveal, width))


def plain(line: Iterable[Span]) -> str:
    """The text of one line, trailing blanks dropped."""
    return "".join(span.text for span in line).rstrip()


def render_block(block: Block, reveal: bool, width: int) -> list[SpanLine]:
    """One block in netsh's layout."""
    if isinstance(block, Lines):
        return [_literal(line, reveal) for line in block.lines]
    if isinstance(block, Table):
        return _table(block, reveal, width)
    if isinstance(block, Record):
        return _record(block, reveal)
    return _records(block, reveal)


def render_warning(warning: Warn) -> list[SpanLine]:
    """``WARN CODE: text`` and its fix, each line of which can be typed as it stands."""
    lines: list[SpanLine] = [(Span(f"WARN {warning.code}: {warning.text}", "warning"),)]
    label = "  fix: "
    for line in warning.fix.splitlines():
        lines.append((Span(label + line, "hint"),))
        label = " " * len(label)
    return lines


def span_of(cell: Cell, reveal: bool) -> Span:
    """A cell as it may be shown: masked, and without control characters."""
    if cell.type == "secret":
        shown = cell.value.reveal() if isinstance(cell.value, Secret) else cell.text
        shown = shown if reveal else Secret.MASK
        return Span(_printable(shown), "secret", shown)
    return Span(_printable(cell.text), cell.type, cell.value)


def lines_of(spans: Iterable[SpanLine], name: str = "", data: object = None,
             error: bool = False) -> Lines:
    """Rendered lines as a block again; spans with a type become cells.

    A secret has been masked, or shown on purpose, by the rendering: it stays as it is.
    """
    return Lines(tuple(_line(line) for line in spans), data, name, error)


def _line(line: SpanLine) -> Line:
    return tuple(span.text if span.value is None or span.type == "secret"
                 else Cell(span.type, span.value, span.text) for span in line)


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else
                   sign.encode("unicode_escape").decode("ascii") for sign in text)


def _literal(line: Line, reveal: bool) -> SpanLine:
    return tuple(span_of(part, reveal) if isinstance(part, Cell)
                 else Span(part.replace("\t", "    ")) for part in line)


def _title(title: str) -> list[SpanLine]:
    return [(Span(title, "title"),), (Span("-" * len(title)),)] if title else []


def _record(record: Record, reveal: bool) -> list[SpanLine]:
    lines = _title(record.title)
    for _, label, cell in record.fields:
        lines.append((Span(label.ljust(record.width) + ": ", "label"), span_of(cell, reveal)))
    return lines


def _records(block: Records, reveal: bool) -> list[SpanLine]:
    lines: list[SpanLine] = []
    for record in block.records:
        lines += _record(record, reveal)
        lines.append(())
    if block.count_label:
        count = len(block.records)
        lines.append((Span(block.count_label + ": ", "label"), Span(str(count), "count", count)))
    elif lines:
        lines.pop()
    return lines


def _table(table: Table, reveal: bool, width: int) -> list[SpanLine]:
    lines = _title(table.title)
    if not table.rows:
        return [*lines, (Span(table.empty),)] if table.empty else lines
    rows = [[span_of(cell, reveal) for cell in row] for row in table.rows]
    heads = [heading for _, heading in table.columns]
    sizes = [max([len(heads[at]), *(len(row[at].text) for row in rows)])
             for at in range(len(heads))]
    right = [all(row[at].type in RIGHT for row in rows) for at in range(len(heads))]
    last = width - sum(sizes[:-1]) - 2 * (len(sizes) - 1)
    if sizes and sizes[-1] > last >= 20:
        sizes[-1] = last
    lines.append(_aligned([Span(head, "heading") for head in heads], sizes, right))
    lines.append((Span("  ".join("-" * size for size in sizes)),))
    for row in rows:
        lines += _row(row, sizes, right)
    return lines


def _row(row: Sequence[Span], sizes: list[int], right: list[bool]) -> list[SpanLine]:
    """One row; a last cell that is too wide goes on in lines of its own."""
    last = row[-1]
    if len(last.text) <= sizes[-1]:
        return [_aligned(row, sizes, right)]
    parts = wrap(last.text, sizes[-1])
    first = [*row[:-1], Span(parts[0], last.type, last.value)]
    indent = sum(sizes[:-1]) + 2 * (len(sizes) - 1)
    return [_aligned(first, sizes, right),
            *((Span(" " * indent), Span(part, last.type)) for part in parts[1:])]


def _aligned(row: Sequence[Span], sizes: list[int], right: list[bool]) -> SpanLine:
    spans: list[Span] = []
    for at, span in enumerate(row):
        gap = " " * (sizes[at] - len(span.text))
        if at:
            spans.append(Span("  "))
        spans += [Span(gap), span] if right[at] else [span, Span(gap)]
    return tuple(span for span in spans if span.text)


def wrap(text: str, width: int) -> list[str]:
    """A text in lines of at most `width`, broken at blanks where it can be."""
    lines: list[str] = []
    while len(text) > width:
        at = text.rfind(" ", 1, width + 1)
        at = at if at > 0 else width
        lines.append(text[:at].rstrip())
        text = text[at:].lstrip()
    return [*lines, text] if text or not lines else lines


def render_error(error: CommandError, width: int = 80) -> list[SpanLine]:
    """netsh's ``ERR code : text``, the line with a caret under the mistake, the way out."""
    place = f"{error.place}: " if error.place else ""
    head = _printable(f"{place}ERR {error.code} : {error.text}")
    lines: list[SpanLine] = [(Span(head, "error"),)]
    lines += _caret(error)
    if error.known:
        shown = ", ".join(_name(name) for name in error.known[:KNOWN_LIMIT])
        if len(error.known) > KNOWN_LIMIT:
            shown += f", and {len(error.known) - KNOWN_LIMIT} more"
        for at, part in enumerate(wrap(_printable(shown), width - 9)):
            lines.append((Span(("  known: " if at == 0 else " " * 9) + part, "hint"),))
    if error.fix:
        lines.append((Span("  fix: " + _printable(error.fix), "hint"),))
    return lines


def error_data(error: CommandError) -> dict[str, object]:
    """The same as one JSON object; `column` counts from 1, 0 when no word is to blame."""
    data: dict[str, object] = {
        "code": error.code, "text": error.text, "line": error.line,
        "column": error.span.start + 1 if error.span else 0,
        "known": list(error.known), "fix": error.fix}
    return {"place": error.place} | data if error.place else data


def error_block(error: CommandError) -> Lines:
    """An error as a block for standard error and for the ``!`` lines of a transcript."""
    return lines_of(render_error(error), "error", error_data(error), True)


def _name(name: str) -> str:
    return f'"{name}"' if " " in name or not name else name


def _caret(error: CommandError) -> list[SpanLine]:
    line = _printable(error.line.replace("\t", " "))
    if not line or error.span is None or len(line) != len(error.line):
        return [(Span("  " + line[:LINE_WINDOW]),)] if line else []
    start, end = error.span
    end = max(end, start + 1)
    first = max(0, start - LINE_WINDOW // 2) if len(line) > LINE_WINDOW else 0
    window = line[first:first + LINE_WINDOW]
    lead = "..." if first else ""
    tail = "..." if first + LINE_WINDOW < len(line) else ""
    room = max(1, min(end - first, len(window) + 1) - (start - first))
    gap = " " * (2 + len(lead) + columns(window[:start - first]))
    marked = max(room, columns(window[start - first:start - first + room]))
    return [(Span(f"  {lead}{window}{tail}"),), (Span(gap), Span("^" * marked, "caret"))]


def columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width
    return sum(0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1
               for sign in text)
