"""One expected line against one printed line: literal words, placeholders, captures, ranges."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from commands.words import lookup
from engine.policy.model import Secret
from transcripts.lines import Printed, fold, squeeze
from transcripts.model import Expected
from transcripts.pattern import Insert, Placeholder, Rest, Token
from transcripts.types import LOOSE, PlaceholderType, Value, find_type


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


class Key(NamedTuple):
    """What stands for a secret: its stars, or its name where it was shown."""

    name: str
    spellings: tuple[str, ...]


Ready = str | Placeholder | Rest | Key


def pair(line: Expected, shown: Printed, captures: Captures,
         variables: Mapping[str, str]) -> Captures | Mismatch:
    """The captures after a line that matches, or why it does not."""
    if line.sigil != shown.sigil:
        return Mismatch(line.line, f"{_called(line.sigil)} was expected, {_called(shown.sigil)} "
                                   "was printed")
    tokens = inserted(line, captures, variables)
    if isinstance(tokens, Mismatch):
        return tokens
    if all(isinstance(token, str) for token in tokens):
        wanted = "".join(str(token) for token in tokens)
        if same(wanted, shown):
            return captures
        return Mismatch(line.line, difference(wanted, shown))
    return _pattern(line, tokens, shown, captures)


def _called(sigil: str) -> str:
    return {"|": "output", "!": "an error", "?": "a question", "<": "an answer"}[sigil]


def inserted(line: Expected, captures: Captures,
             variables: Mapping[str, str]) -> tuple[Ready, ...] | Mismatch:
    """The tokens with ``${name}`` replaced by what it stands for."""
    tokens: list[Ready] = []
    for token in line.tokens:
        if isinstance(token, Insert):
            found = _value(token, captures, variables)
            if found is None:
                return Mismatch(line.line, f"${{{token.name}}} is not bound")
            tokens.append(found)
        else:
            tokens.append(token)
    return tuple(tokens)


def _value(token: Insert, captures: Captures, variables: Mapping[str, str]) -> str | Key | None:
    if token.name in captures:
        return captures[token.name].text
    if token.name.startswith("secret:"):
        named = f"${{{token.name}}}"
        return Key(token.name, (named,) if "." in token.name else (Secret.MASK, named))
    found = lookup(token.name, variables)
    if isinstance(found, Secret):
        return Key(token.name, (Secret.MASK, f"${{{token.name}}}"))
    return found


def _pattern(line: Expected, tokens: Sequence[Ready], shown: Printed,
             captures: Captures) -> Captures | Mismatch:
    import re
    text = shown.compared
    found = re.fullmatch(expression(tokens, shown), text)
    if found is None:
        return Mismatch(line.line, _where(tokens, shown, text))
    bound = dict(captures)
    holders = [token for token in tokens if isinstance(token, Placeholder)]
    for index, holder in enumerate(holders, 1):
        problem = accept(holder, found.span(index), text, shown, bound, line.line)
        if problem:
            return Mismatch(line.line, problem)
    return bound


def same(wanted: str, shown: Printed) -> bool:
    """Whether a literal line is the printed one; padding and fills do not count."""
    if not shown.padded:
        return wanted == shown.text
    return squeeze(fold(wanted), shown.fills) == squeeze(shown.folded, shown.fills)


def expression(tokens: Sequence[Token | Key], shown: Printed) -> str:
    """The regular expression of a line: one group a placeholder.

    A cell of a fitting type is an alternative of its own, whatever its text looks like.
    """
    import re
    text = shown.compared
    parts = []
    for at, token in enumerate(tokens):
        if isinstance(token, Rest):
            parts.append(".*")
        elif isinstance(token, Placeholder):
            kind = find_type(token.type, token.argument)
            cells = [re.escape(text[cell.start:cell.end]) for cell in shown.cells
                     if cell.type in kind.cells]
            parts.append("(" + "|".join([*cells, kind.shape]) + ")")
        elif isinstance(token, Key):
            parts.append("(?:" + "|".join(map(re.escape, token.spellings)) + ")")
        elif isinstance(token, str):
            literal = squeeze(_folded(token), shown.fills) if shown.padded else token
            parts.append(re.escape(literal if at or not shown.padded else literal.lstrip()))
    return "".join(parts)


def _folded(text: str) -> str:
    """Runs of blanks as one, keeping one at each end: a piece of a line, not a whole one."""
    middle = fold(text)
    if not middle:
        return " " if text else ""
    return " " * text[:1].isspace() + middle + " " * text[-1:].isspace()


def accept(holder: Placeholder, span: tuple[int, int], text: str, shown: Printed,
           bound: dict[str, Capture], line: int) -> str:
    """Checks cell type, range and capture of one placeholder; binds it; the reason if wrong."""
    kind = find_type(holder.type, holder.argument)
    got = text[span[0]:span[1]]
    cell = next((one for one in shown.cells if (one.start, one.end) == span), None)
    if cell and kind.cells and cell.type not in LOOSE and cell.type not in kind.cells:
        return f"{holder.text} stands at '{got}', which is of type {cell.type}"
    value = canonical(kind, got, cell.type if cell else "", cell.value if cell else None)
    if holder.limits is not None and value not in holder.limits:
        return f"{holder.text}: {got} is outside the range {holder.limits.text}"
    if not holder.name:
        return ""
    known = bound.setdefault(holder.key, Capture(_insertable(holder, value, got), value, line))
    if known.value == value:
        return ""
    return f"{holder.text} was {known.text} (captured line {known.line}), now {got}"


def canonical(kind: PlaceholderType, text: str, type: str, value: object) -> Value:
    """The value two captures are compared by: the cell's own number, else read from the text."""
    if type in kind.cells and isinstance(value, int | float):
        return value
    try:
        return kind.value(text)
    except ValueError:
        return text


def _insertable(holder: Placeholder, value: Value, text: str) -> str:
    """What ``${type:name}`` types: an SPI as one word."""
    return f"0x{value:08x}" if holder.type == "spi" and isinstance(value, int) else text


def difference(wanted: str, shown: Printed) -> str:
    """Where two literal lines part."""
    got = shown.compared
    if shown.padded:
        wanted = fold(wanted)
    if wanted.split() == got.split():
        return "only the blanks differ"
    at = _parting(wanted, got)
    return f"differs from column {at + 1}: expected '{wanted[at:at + 30]}', got '{got[at:at + 30]}'"


def _parting(wanted: str, got: str) -> int:
    """The first column in which two texts are not the same."""
    return next((place for place, pair in enumerate(zip(wanted, got, strict=False))
                 if pair[0] != pair[1]), min(len(wanted), len(got)))


def _where(tokens: Sequence[Ready], shown: Printed, text: str) -> str:
    """How far the line matched, and which part of the pattern did not."""
    import re
    for count in range(len(tokens) - 1, -1, -1):
        found = re.match(expression(tokens[:count], shown), text)
        if found:
            token, rest = tokens[count], text[found.end():]
            if isinstance(token, str):
                token = squeeze(_folded(token), shown.fills) if shown.padded else token
                at = token.rfind(" ", 0, _parting(token, rest)) + 1
                return f"'{token[at:at + 30]}' does not match '{rest[at:at + 30]}'"
            name = f"'{token.name}'" if isinstance(token, Key) else getattr(token, "text", "<*>")
            return f"{name} does not match '{rest[:30]}'"
    return "does not match"
