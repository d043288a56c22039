"""Blocks as lines of typed spans: netsh's lists and tables at a width.

A span keeps the type of the cell it came from, so colours, masking and transcripts need no
guessing. A `secret` cell becomes stars here unless the operator said ``reveal=yes``.
"""

from collections.abc import Iterable, Sequence

from commands.answer import Block, Cell, Line, Lines, Record, Records, Table
from engine.policy.model import Secret
from engine.values import NamedTuple

# A named tuple made without looking at its fields' names: there may be a hundred thousand.
new_tuple = tuple.__new__

RIGHT = frozenset({"int", "count", "bytes", "percent", "port"})


class Span(NamedTuple):
    """A stretch of one output line: text, cell type ("" for layout), the cell's value."""

    text: str
    type: str = ""
    value: object = None


SpanLine = tuple[Span, ...]


def plain(line: Iterable[Span]) -> str:
    """The text of one line, trailing blanks dropped."""
    return "".join([span[0] for span in line]).rstrip()


def render_block(block: Block, reveal: bool, width: int) -> list[SpanLine]:
    """One block in netsh's layout."""
    if isinstance(block, Lines):
        return _literal(block.lines, reveal, width)
    if isinstance(block, Table):
        return _table(block, reveal, width)
    if isinstance(block, Record):
        return _record(block, reveal)
    return _records(block, reveal)


def span_of(cell: Cell, reveal: bool) -> Span:
    """A cell as it may be shown: masked, and without control characters."""
    type, value, text = cell
    if type == "secret":
        if value is None:  # an earlier rendering has masked it, or shown it on purpose
            return Span(text, "secret", text)
        shown = value.reveal() if isinstance(value, Secret) else text
        shown = shown if reveal else Secret.MASK
        return Span(printable(shown), "secret", shown)
    return new_tuple(Span, (text if text.isprintable() else printable(text), type, value))


def lines_of(spans: Iterable[SpanLine], name: str = "", data: object = None,
             error: bool = False) -> Lines:
    """Rendered lines as a block again; spans that have a type become cells."""
    return Lines(tuple(_line(line) for line in spans), data, name, error)


def _line(line: SpanLine) -> Line:
    return tuple(span.text if not span.type
                 else Cell(span.type, None if span.type == "secret" else span.value, span.text)
                 for span in line)


def printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else
                   sign.encode("unicode_escape").decode("ascii") for sign in text)


def _literal(lines: Iterable[Line], reveal: bool, width: int) -> list[SpanLine]:
    shown: list[SpanLine] = []
    for line in lines:
        spans = tuple([span_of(part, reveal) if isinstance(part, Cell) else _layout(part)
                       for part in line])
        if spans and spans[0][1] == "hang" and isinstance(spans[0].value, int):
            shown += hanging(spans[1:], spans[0].value, width)
        else:
            shown.append(spans)
    return shown


def _layout(text: str) -> Span:
    return new_tuple(Span, (text.replace("\t", "    ") if "\t" in text else text, "", None))


def hanging(spans: SpanLine, indent: int, width: int) -> list[SpanLine]:
    """A line of at most `width` columns and those below it, broken at blanks where it can be."""
    text = plain(spans)
    lines, at, first = [], 0, indent
    while len(text) - at > width - (indent if at else 0):
        end = at + width - (indent if at else 0)
        cut = text.rfind(" ", at + first, end + 1)
        cut = cut if cut > at + first else end
        lines.append(_cut(spans, at, cut, indent if at else 0))
        at, first = cut + (text[cut] == " "), 0
    return [*lines, _cut(spans, at, len(text), indent if at else 0)]


def _cut(spans: SpanLine, start: int, end: int, indent: int) -> SpanLine:
    """The columns [start, end) of a line behind an indentation."""
    parts = [Span(" " * indent)] if indent else []
    at = 0
    for span in spans:
        low, high = max(start - at, 0), min(end - at, len(span.text))
        if low < high:
            parts.append(span._replace(text=span.text[low:high]))
        at += len(span.text)
    return tuple(parts)


def _title(title: str) -> list[SpanLine]:
    return [(Span(title, "title"),), (Span("-" * len(title), "fill"),)] if title else []


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
    lines.append(_aligned([Span("-" * size, "fill") for size in sizes], sizes, right))
    mark = (Span("", "sorted"),) if table.order else ()
    for row in [rows[at] for at in table.order] or rows:
        first, *more = _row(row, sizes, right)
        lines += [mark + first, *more]
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


def columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width
    return sum(0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1
               for sign in text)
