"""Answers as data: JSON, JSON lines, CSV, as lines of typed spans.

The writer is our own because the spans must keep their types: in a recorded ``| json`` an SPI is
still an SPI. Only the escaping of strings is left to the json module.
"""

from collections.abc import Iterable

from commands.answer import GAP, Block, Cell, Joined, Lines, Record, Table
from commands.layout import Span, SpanLine, render_block, span_of

# The lines of a text are data here: no terminal's width cuts them.
UNWRAPPED = 1 << 20


def render_data(blocks: Iterable[Block], format: str, reveal: bool) -> list[SpanLine]:
    """The blocks as one JSON document, as one a line, or as CSV tables."""
    kept = tuple(block for block in blocks if not isinstance(block, Lines) or block != GAP
                 and (block.lines or block.data is not None))
    if format == "csv":
        return _csv(kept, reveal)
    if format == "jsonl":
        return [tuple(span for line in _write(one, 0, reveal, False) for span in line)
                for block in kept for one in _documents(block)]
    return _write(whole(kept), 0, reveal, True) if kept else []


def document(block: Block) -> object:
    """What a block says as lists and dictionaries; leaves are cells or plain values."""
    if isinstance(block, Lines):
        if block.data is not None:
            return block.data
        return [Joined(tuple(Cell(one.type, one.value, one.text) for one in line))
                for line in render_block(block, False, UNWRAPPED)]
    if isinstance(block, Table):
        keys = [key for key, _ in block.columns]
        return [dict(zip(keys, row, strict=True)) for row in block.rows]
    if isinstance(block, Record):
        return {key: cell for key, _, cell in block.fields}
    return [document(record) for record in block.records]


def _documents(block: Block) -> list[object]:
    value = document(block)
    return value if isinstance(value, list) else [value]


def whole(blocks: tuple[Block, ...]) -> object:
    """The one document of several blocks; None of none."""
    if not blocks:
        return None
    if len(blocks) == 1:
        return document(blocks[0])
    names = [block.name for block in blocks]
    if all(names) and len(set(names)) == len(names):
        return {block.name: document(block) for block in blocks}
    return [document(block) for block in blocks]


def _write(value: object, depth: int, reveal: bool, indent: bool) -> list[SpanLine]:
    """JSON of a value as lines of spans; without `indent` all in one line."""
    if isinstance(value, Cell):
        span = span_of(value, reveal)
        shown = _scalar(span.value)
        if shown[:1] != '"':
            return [(Span(shown, span.type, span.value),)]
        quote = Span('"')
        return [(quote, Span(shown[1:-1], span.type, span.value), quote)]
    if isinstance(value, Joined):
        quote = Span('"')
        return [(quote, *(span._replace(text=_scalar(span.text)[1:-1])
                          for span in _parts(value, reveal)), quote)]
    if isinstance(value, dict):
        items: list[tuple[SpanLine, object]] = [
            ((Span(_scalar(str(key)) + ": "),), one) for key, one in value.items()]
        return _group("{", items, "}", depth, reveal, indent)
    if isinstance(value, (list, tuple)):
        return _group("[", [((), one) for one in value], "]", depth, reveal, indent)
    return [(Span(_scalar(value)),)]


def _group(opening: str, items: list[tuple[SpanLine, object]], closing: str, depth: int,
           reveal: bool, indent: bool) -> list[SpanLine]:
    if not items:
        return [(Span(opening + closing),)]
    lines: list[SpanLine] = [(Span(opening),)]
    for at, (head, one) in enumerate(items):
        inner = _write(one, depth + 1, reveal, indent)
        inner[0] = (*head, *inner[0])
        if at + 1 < len(items):
            inner[-1] = (*inner[-1], Span(","  if indent else ", "))
        lines += [((Span("  "), *line) if indent else line) for line in inner]
    lines.append((Span(closing),))
    return lines if indent else [tuple(span for line in lines for span in line)]


def _scalar(value: object) -> str:
    if value is None or isinstance(value, (bool, int, float, str)):
        from json import dumps
        return dumps(value, ensure_ascii=False)
    return _scalar(str(value))


def _csv(blocks: tuple[Block, ...], reveal: bool) -> list[SpanLine]:
    lines: list[SpanLine] = []
    for block in blocks:
        rows = [one for one in _documents(block) if isinstance(one, dict)]
        if not rows:
            rows = [{"text": one} for one in _documents(block)]
        keys = list(dict.fromkeys(key for row in rows for key in row))
        if lines:
            lines.append(())
        lines.append((Span(",".join(_field(str(key)) for key in keys), "heading"),))
        lines += [_joined([row.get(key, "") for key in keys], reveal) for row in rows]
    return lines


def _joined(values: list[object], reveal: bool) -> SpanLine:
    spans: list[Span] = []
    for at, value in enumerate(values):
        if at:
            spans.append(Span(","))
        if isinstance(value, Joined):
            spans += _quoted(_parts(value, reveal))
        elif isinstance(value, Cell):
            span = span_of(value, reveal)
            spans.append(Span(_field(_plain(span.value)), span.type, span.value))
        elif isinstance(value, (dict, list, tuple)):
            # A field has no form for what has parts: they stand in it as JSON.
            spans += _quoted([span for line in _write(value, 0, reveal, False) for span in line])
        else:
            spans.append(Span(_field(_plain(value))))
    return tuple(spans)


def _parts(value: Joined, reveal: bool) -> list[Span]:
    return [span_of(part, reveal) if isinstance(part, Cell) else Span(part)
            for part in value.parts]


def _quoted(spans: list[Span]) -> list[Span]:
    """The spans of one field, in quotes if any of them asks for it."""
    if all(_field(span.text) == span.text for span in spans):
        return spans
    quote = Span('"')
    return [quote, *(span._replace(text=span.text.replace('"', '""')) for span in spans), quote]


def _plain(value: object) -> str:
    """A value of a CSV table: what is absent is empty, truth is written as JSON writes it."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _field(text: str) -> str:
    if any(sign in text for sign in ',"\n\r'):
        return '"' + text.replace('"', '""') + '"'
    return text
