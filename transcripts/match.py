"""Compares what a command printed with what the transcript expects, and says why they differ.

The printed lines come as typed spans, so that a placeholder is checked against the cell it
covers. Blanks are folded in a line that the table writer padded (a blank span between others);
elsewhere every blank counts. Blank lines before and after the whole output do not.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from transcripts.format import Expected
from transcripts.pattern import Insert, Placeholder, Rest, Token
from transcripts.types import LOOSE, PlaceholderType, Value, find_type


class Cell(NamedTuple):
    """A typed cell of a printed line: columns [start, end) of its text, type and JSON value."""

    start: int
    end: int
    type: str
    value: object


class Printed(NamedTuple):
    """One printed line: `sigil` "|" or "!", its text, its cells, and whether it was padded.

    When padded, `folded` is the text with every run of blanks as one, and cells count there.
    """

    sigil: str
    text: str
    folded: str = ""
    cells: tuple[Cell, ...] = ()
    padded: bool = False


class Capture(NamedTuple):
    """A value seen first at `line`: `text` as printed (and as ${...} inserts it)."""

    text: str
    value: Value
    line: int


Captures = Mapping[str, Capture]


class Mismatch(NamedTuple):
    """Why: `line` of the transcript (0: nothing was expected there), and the reason."""

    line: int
    reason: str


def fold(text: str) -> str:
    """Every run of blanks as one blank, none at the ends."""
    return " ".join(text.split())


def printed(sigil: str, spans: Sequence[tuple[str, str, object]]) -> Printed:
    """A line from its spans (text, type, value); an untyped span is literal text."""
    text = "".join(span[0] for span in spans).rstrip()
    padded = any(span[0].isspace() and 0 < at < len(spans) - 1 for at, span in enumerate(spans))
    folded: list[str] = []
    places: list[int] = []
    for char in text:
        places.append(len(folded))
        if not padded or char != " " or folded and folded[-1] != " ":
            folded.append(char)
    cells, at = [], 0
    for shown, kind, value in spans:
        if kind and shown.strip() and at < len(text):
            start = places[at]
            cells.append(Cell(start, start + len(fold(shown) if padded else shown), kind, value))
        at += len(shown)
    return Printed(sigil, text, "".join(folded), tuple(cells), padded)


class Matcher:
    """Compares the output of one command; `captures` holds what was bound by earlier lines."""

    def __init__(self, captures: Captures, variables: Mapping[str, str]) -> None:
        self.captures, self.variables = captures, variables

    def compare(self, expected: Sequence[Expected],
                actual: Sequence[Printed]) -> Captures | Mismatch:
        """The captures afterwards, or the first mismatch."""
        return self._segments(_segments(_trimmed(expected)), _strip(actual), 0, self.captures)

    def _segments(self, segments: "list[_Segment]", actual: Sequence[Printed], at: int,
                  captures: Captures) -> Captures | Mismatch:
        """Each segment in order: its lines in a row, after the lines that an elision takes."""
        segment, rest = segments[0], segments[1:]
        starts = _starts(segment, at, len(actual), not rest)
        if isinstance(starts, Mismatch):
            return starts
        problem: Mismatch | None = None
        for start in starts:
            if any(line.sigil != segment.sigil for line in actual[at:start]):
                break
            found = self._lines(segment.lines, actual, start, captures, not rest)
            if rest and not isinstance(found, Mismatch):
                found = self._segments(rest, actual, start + len(segment.lines), found)
                if segment.gap is None:  # the first place that fits an endless elision is enough
                    return found
            if not isinstance(found, Mismatch):
                return found
            problem = problem or found
        return problem or Mismatch(segment.line, "output and errors alternate here")

    def _lines(self, lines: Sequence[Expected], actual: Sequence[Printed], start: int,
               captures: Captures, closing: bool) -> Captures | Mismatch:
        """Expected lines one by one from `start`; `closing` allows nothing after them."""
        for offset, line in enumerate(lines):
            if start + offset >= len(actual):
                return Mismatch(line.line, "the output ends before this line")
            found = self.line(line, actual[start + offset], captures)
            if isinstance(found, Mismatch):
                return found
            captures = found
        left = len(actual) - start - len(lines)
        if closing and left > 0:
            after = lines[-1].line if lines else 0
            return Mismatch(after, f"{left} more line{'s' * (left > 1)} printed after this one"
                            if after else "nothing more was expected")
        return captures

    def line(self, line: Expected, shown: Printed, captures: Captures) -> Captures | Mismatch:
        """One line against one line."""
        if line.sigil != shown.sigil:
            wanted, got = (("output", "an error") if line.sigil == "|" else ("an error", "output"))
            return Mismatch(line.line, f"{wanted} was expected, {got} was printed")
        tokens = self._inserted(line, captures)
        if isinstance(tokens, Mismatch):
            return tokens
        if all(isinstance(token, str) for token in tokens):
            wanted = "".join(str(token) for token in tokens)
            if _same(wanted, shown):
                return captures
            return Mismatch(line.line, _difference(wanted, shown))
        return self._pattern(line, tokens, shown, captures)

    def _inserted(self, line: Expected, captures: Captures) -> tuple[Token, ...] | Mismatch:
        """The tokens with ``${name}`` replaced by what it stands for."""
        tokens: list[Token] = []
        for token in line.tokens:
            if isinstance(token, Insert):
                text = (captures[token.name].text if token.name in captures
                        else self.variables.get(token.name))
                if text is None:
                    return Mismatch(line.line, f"${{{token.name}}} is not bound")
                token = str(text)  # a key is inserted as the stars that are printed for it
            tokens.append(token)
        return tuple(tokens)

    def _pattern(self, line: Expected, tokens: tuple[Token, ...], shown: Printed,
                 captures: Captures) -> Captures | Mismatch:
        import re
        text = shown.folded if shown.padded else shown.text
        found = re.fullmatch(_expression(tokens, shown), text)
        if found is None:
            return Mismatch(line.line, _where(tokens, shown, text))
        bound = dict(captures)
        holders = [token for token in tokens if isinstance(token, Placeholder)]
        for index, holder in enumerate(holders, 1):
            problem = _accept(holder, found.span(index), text, shown, bound, line.line)
            if problem:
                return Mismatch(line.line, problem)
        return bound


class _Segment(NamedTuple):
    """Lines expected in a row after at most `gap` elided lines (None: any number)."""

    lines: tuple[Expected, ...]
    gap: int | None
    sigil: str
    line: int


def _segments(expected: Sequence[Expected]) -> list[_Segment]:
    """The expected lines cut at their elisions; adjoining elisions add up."""
    segments: list[_Segment] = []
    lines: list[Expected] = []
    gap: int | None = 0
    sigil, at = "|", expected[0].line if expected else 0
    for line in expected:
        if line.elision is None:
            lines.append(line)
            continue
        if lines or not segments and gap == 0:
            segments.append(_Segment(tuple(lines), gap, sigil, at))
            gap, lines = 0, []
        limit = line.elision.limit
        gap = None if gap is None or limit is None else gap + limit
        sigil, at = line.sigil, line.line
    return [*segments, _Segment(tuple(lines), gap, sigil, at)]


def _starts(segment: _Segment, at: int, total: int, closing: bool) -> range | Mismatch:
    """Where the segment may begin; the closing one has to end with the output."""
    latest = total - len(segment.lines)
    if segment.gap == 0 or latest < at:
        return range(at, at + 1)
    limit = latest if segment.gap is None else min(latest, at + segment.gap)
    if not closing:
        return range(at, limit + 1)
    if latest > limit:
        return Mismatch(segment.line, f"{latest - at} lines printed where at most {segment.gap} "
                                      "may be")
    return range(latest, latest + 1)


def _trimmed(expected: Sequence[Expected]) -> list[Expected]:
    """Without blank lines at the ends: they are not compared."""
    lines = list(expected)
    while lines and not lines[0].text and lines[0].elision is None:
        lines.pop(0)
    while lines and not lines[-1].text and lines[-1].elision is None:
        lines.pop()
    return lines


def _strip(actual: Sequence[Printed]) -> list[Printed]:
    lines = list(actual)
    while lines and not lines[0].text:
        lines.pop(0)
    while lines and not lines[-1].text:
        lines.pop()
    return lines


def _same(wanted: str, shown: Printed) -> bool:
    """Whether a literal line is the printed one; of a rule under a table only its columns count."""
    if shown.padded:
        return fold(wanted) == fold(shown.text)
    return wanted == shown.text or bool(
        shown.text and not set(wanted + shown.text) - {"-", " "}
        and len(wanted.split()) == len(shown.text.split()))


def _expression(tokens: Sequence[Token], shown: Printed) -> str:
    """The regular expression of a line: one group a placeholder.

    A cell of a fitting type is an alternative of its own, whatever its text looks like.
    """
    import re
    text = shown.folded if shown.padded else shown.text
    parts = []
    for at, token in enumerate(tokens):
        if isinstance(token, Rest):
            parts.append(".*")
        elif isinstance(token, Placeholder):
            kind = find_type(token.type, token.argument)
            cells = [re.escape(text[cell.start:cell.end]) for cell in shown.cells
                     if cell.type in kind.cells]
            parts.append("(" + "|".join([*cells, kind.shape]) + ")")
        elif isinstance(token, str):
            literal = _folded(token) if shown.padded else token
            parts.append(re.escape(literal if at or not shown.padded else literal.lstrip()))
    return "".join(parts)


def _folded(text: str) -> str:
    """Runs of blanks as one, keeping one at each end: a piece of a line, not a whole one."""
    middle = fold(text)
    if not middle:
        return " " if text else ""
    return " " * text[:1].isspace() + middle + " " * text[-1:].isspace()


def _accept(holder: Placeholder, span: tuple[int, int], text: str, shown: Printed,
            bound: dict[str, Capture], line: int) -> str:
    """Checks cell type, range and capture of one placeholder; binds it; the reason if wrong."""
    kind = find_type(holder.type, holder.argument)
    got = text[span[0]:span[1]]
    cell = next((one for one in shown.cells if (one.start, one.end) == span), None)
    if cell and kind.cells and cell.type not in LOOSE and cell.type not in kind.cells:
        return f"{holder.text} stands at '{got}', which is of type {cell.type}"
    value = _value(kind, got, cell)
    if holder.limits is not None and value not in holder.limits:
        return f"{holder.text}: {got} is outside the range {holder.limits.text}"
    if not holder.name:
        return ""
    known = bound.setdefault(holder.key, Capture(_insertable(holder, value, got), value, line))
    if known.value == value:
        return ""
    return f"{holder.text} was {known.text} (captured line {known.line}), now {got}"


def _value(kind: PlaceholderType, text: str, cell: Cell | None) -> Value:
    """The canonical value: the cell's own number when it has one, else read from the text."""
    if cell and cell.type in kind.cells and isinstance(cell.value, int | float):
        return cell.value
    try:
        return kind.value(text)
    except ValueError:
        return text


def _insertable(holder: Placeholder, value: Value, text: str) -> str:
    """What ``${type:name}`` types: an SPI as one word."""
    return f"0x{value:08x}" if holder.type == "spi" and isinstance(value, int) else text


def _difference(wanted: str, shown: Printed) -> str:
    """Where two literal lines part."""
    if shown.padded:
        wanted, got = fold(wanted), fold(shown.text)
    else:
        got = shown.text
    if wanted.split() == got.split():
        return "only the blanks differ"
    at = next((place for place, pair in enumerate(zip(wanted, got, strict=False))
               if pair[0] != pair[1]), min(len(wanted), len(got)))
    return f"differs from column {at + 1}: expected '{wanted[at:at + 30]}', got '{got[at:at + 30]}'"


def _where(tokens: tuple[Token, ...], shown: Printed, text: str) -> str:
    """How far the line matched, and which part of the pattern did not."""
    import re
    for count in range(len(tokens) - 1, -1, -1):
        found = re.match(_expression(tokens[:count], shown), text)
        if found:
            token, rest = tokens[count], text[found.end():]
            name = token.text if isinstance(token, Placeholder) else f"'{str(token)[:30]}'"
            return f"{name} does not match '{rest[:30]}'"
    return "does not match"
