"""An answer or an error in the format that was asked for: text, JSON, CSV."""

from commands.answer import Answer, Block, Cell, Lines, Warn
from commands.errors import CommandError
from commands.layout import Span, SpanLine, columns, lines_of, plain, printable, render_block, wrap
from engine.wording import Words

LINE_WINDOW = 160
KNOWN_LIMIT = 40


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
        if lines and apart(before, block):
            lines.append(())
        lines += render_block(block, reveal, width)
        before = block
    if isinstance(what, Answer):
        for warning in what.warnings:
            lines += render_warning(warning)
    return lines


def apart(before: Block | None, block: Block) -> bool:
    """Whether an empty line stands between two blocks of one answer."""
    return before is not None and not isinstance(block, Lines) and not isinstance(before, Lines)


def render_text(what: Answer | Block, format: str = "table", reveal: bool = False,
                width: int = 80) -> str:
    """The same as text, every line ended with a line feed and without blanks at its end."""
    return "".join(plain(line) + "\n" for line in render(what, format, reveal, width))


def render_warning(warning: Warn) -> list[SpanLine]:
    """``WARN CODE: text`` and its fix, each line of which can be typed as it stands."""
    lines: list[SpanLine] = [_warned(f"WARN {warning.code}: ", warning.text)]
    label = "  fix: "
    for line in warning.fix.splitlines():
        lines.append((Span(label + line, "hint"),))
        label = " " * len(label)
    return lines


def _warned(head: str, text: str) -> SpanLine:
    """The sentence of a warning, with the values that are marked in it."""
    if not isinstance(text, Words):
        return (Span(head + text, "warning"),)
    return (Span(head, "warning"), *(
        Span(one, "warning") if isinstance(one, str) else Span(one.text, one.type, one.text)
        for one in text.parts))


def render_error(error: CommandError, width: int = 80) -> list[SpanLine]:
    """netsh's ``ERR code : text``, the line with a caret under the mistake, the way out."""
    place = f"{error.place}: " if error.place else ""
    head = Span(printable(f"{place}ERR {error.code} : "), "error")
    lines: list[SpanLine] = [(head, *_valued(printable(error.text), error.values, "error"))]
    lines += _caret(error, max(LINE_WINDOW, width))
    if error.known:
        shown = ", ".join(_name(name) for name in error.known[:KNOWN_LIMIT])
        if len(error.known) > KNOWN_LIMIT:
            shown += f", and {len(error.known) - KNOWN_LIMIT} more"
        for at, part in enumerate(wrap(printable(shown), width - 9)):
            lines.append((Span("  known: " if at == 0 else " " * 9, "hint"), Span(part, "known")))
    if error.fix:
        lines.append((Span("  fix: ", "hint"),
                      *_valued(printable(error.fix), error.values, "hint")))
    return lines


def _valued(text: str, values: tuple[Cell, ...], type: str) -> list[Span]:
    """A sentence as spans: the values in it keep their types, its words have `type`."""
    spans: list[Span] = []
    at = start = 0
    while values and at < len(text):
        cell = next((one for one in values if text.startswith(one.text, at)
                     and _stands_alone(text, at, at + len(one.text))), None)
        if cell is None:
            at += 1
            continue
        spans += [Span(text[start:at], type), Span(cell.text, cell.type, cell.value)]
        at = start = at + len(cell.text)
    spans.append(Span(text[start:], type))
    return [span for span in spans if span.text]


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether a stretch is a word of its own: neither 10.1.0.1 nor 10 is one in 10.1.0.10."""
    before, after = text[max(0, start - 2):start], text[end:end + 2]
    around = before[-1:] + after[:1]
    dotted = before[-1:] == "." and before[:1].isalnum() or after[:1] == "." \
        and after[1:].isalnum()
    return start < end and not dotted and not any(sign.isalnum() or sign in "_-"
                                                  for sign in around)


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


def _caret(error: CommandError, most: int) -> list[SpanLine]:
    """The line, at most so many columns of it, with a caret under the mistake."""
    line = printable(error.line.replace("\t", " "))
    if not line or error.span is None or len(line) != len(error.line):
        return [(Span("  " + line[:most], "echo"),)] if line else []
    start, end = error.span
    end = max(end, start + 1)
    first = max(0, start - most // 2) if len(line) > most else 0
    window = line[first:first + most]
    lead = "..." if first else ""
    tail = "..." if first + most < len(line) else ""
    room = max(1, min(end - first, len(window) + 1) - (start - first))
    gap = " " * (2 + len(lead) + columns(window[:start - first]))
    marked = max(room, columns(window[start - first:start - first + room]))
    return [(Span(f"  {lead}{window}{tail}", "echo"),),
            (Span(gap, "caret"), Span("^" * marked, "caret"))]
