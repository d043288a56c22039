"""A printed line as it is compared: its text, its typed cells, and where blanks do not count."""

from collections.abc import Sequence
from typing import NamedTuple


class Cell(NamedTuple):
    """A typed cell of a printed line: columns [start, end) of its text, type and JSON value."""

    start: int
    end: int
    type: str
    value: object


class Printed(NamedTuple):
    """One printed line: `sigil`, its text, its cells, and whether it was padded.

    When padded, `folded` is the text with every run of blanks as one, and cells count there;
    `fills` are the signs whose runs are as long as something else is wide. `ordered` lines stand
    in the order of their own values, which says nothing more. `chance`: a filter met the line by a
    value that another run has otherwise, so it need not be there. `spans` are what it was made of.
    """

    sigil: str
    text: str
    folded: str = ""
    cells: tuple[Cell, ...] = ()
    padded: bool = False
    fills: str = ""
    ordered: bool = False
    chance: bool = False
    spans: tuple[tuple[str, str, object], ...] = ()

    @property
    def compared(self) -> str:
        """The text that patterns are held against."""
        return self.folded if self.padded else self.text


def fold(text: str) -> str:
    """Every run of blanks as one blank, none at the ends."""
    return " ".join(text.split())


def squeeze(text: str, signs: str) -> str:
    """Every run of each of the signs as one."""
    for sign in signs:
        while sign * 2 in text:
            text = text.replace(sign * 2, sign)
    return text


def printed(sigil: str, spans: Sequence[tuple[str, str, object]]) -> Printed:
    """A line from its spans (text, type, value); an untyped span is literal text."""
    if len(spans) == 1 and not spans[0][1]:
        return Printed(sigil, spans[0][0].rstrip(), spans=tuple(spans))
    text = "".join(span[0] for span in spans).rstrip()
    fills = "".join({span[0][0]: None for span in spans if span[1] == "fill" and span[0]})
    padded = bool(fills) or any(
        not span[1] and span[0].isspace() and 0 < at < len(spans) - 1
        for at, span in enumerate(spans))
    order = any(span[1] == "sorted" for span in spans)
    chance = any(span[1] == "chance" for span in spans)
    if not padded:
        return Printed(sigil, text, "", _cells(spans, text), False, "", order, chance,
                       tuple(spans))
    runs = _runs(text, fills)
    folded = "".join(text[start:end] for start, end in zip(
        (0, *(end for _, end in runs)), (*(start for start, _ in runs), len(text)), strict=True))
    return Printed(sigil, text, folded, _moved(_cells(spans, text), runs), True, fills, order,
                   chance, tuple(spans))


def _cells(spans: Sequence[tuple[str, str, object]], text: str) -> tuple[Cell, ...]:
    cells, at = [], 0
    for shown, kind, value in spans:
        if kind and shown.strip() and at < len(text):
            cells.append(Cell(at, min(at + len(shown), len(text)), kind, value))
        at += len(shown)
    return tuple(cells)


def _runs(text: str, fills: str) -> list[tuple[int, int]]:
    """The stretches that folding takes out: blanks at the beginning, and of every run of blanks
    or of one of the fills all but its first sign.
    """
    runs: list[tuple[int, int]] = []
    at, length = len(text) - len(text.lstrip(" ")), len(text)
    if at:
        runs.append((0, at))
    doubles = [sign * 2 for sign in " " + fills]
    while at < length:
        found = min((place for double in doubles if (place := text.find(double, at)) >= 0),
                    default=-1)
        if found < 0:
            break
        at = found + 1
        while at < length and text[at] == text[found]:
            at += 1
        runs.append((found + 1, at))
    return runs


def _moved(cells: tuple[Cell, ...], runs: Sequence[tuple[int, int]]) -> tuple[Cell, ...]:
    """The cells where their columns are once the runs have been taken out."""
    return tuple(Cell(_place(cell.start, runs), _place(cell.end - 1, runs) + 1, cell.type,
                      cell.value) for cell in cells)


def _place(column: int, runs: Sequence[tuple[int, int]]) -> int:
    """Where a column is then; one that is gone, where the sign before it is."""
    gone = 0
    for start, end in runs:
        if column < start:
            break
        if column < end:
            return max(start - gone - 1, 0)
        gone += end - start
    return column - gone
