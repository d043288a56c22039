"""One expected line made to match a printed one: what still fits of it stays as it was written.

Both are cut into words, signs and cells; a placeholder, a range or a name stays as long as it
covers what stands in its place, and only what is left over is written anew.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from commands.answer import VOLATILE
from transcripts.lines import Printed
from transcripts.model import Expected
from transcripts.pairing import Captures, Key, Mismatch, Ready, canonical, inserted
from transcripts.pattern import ESCAPABLE, Placeholder, Rest, written_tokens
from transcripts.types import LOOSE, find_type

# Words that one placeholder may cover, and words of a line that is looked at closely.
RUN_MOST = 24
ATOMS_MOST = 300
BLANK = 0.2
HELD = 1.5
EATEN = 0.05


class Atom(NamedTuple):
    """A piece of a printed line, with the type and the value of the cell it is (of)."""

    text: str
    type: str = ""
    value: object = None


class Old(NamedTuple):
    """A piece of an expected line: how it was written, and what it stands for."""

    written: str
    token: Ready


def merged(line: Expected, shown: Printed, captures: Captures, names: Mapping[str, str],
           write: Callable[[str, str], str]) -> str | None:
    """The text of the expected line as it has to be now; None when nothing of it can stay.

    `write` writes a piece of a type anew.
    """
    tokens = inserted(line, captures, names)
    if isinstance(tokens, Mismatch) or line.sigil != shown.sigil:
        return None
    old = [piece for (_, raw), ready in zip(written_tokens(line.text), tokens, strict=True)
           for piece in _olds(raw, ready)]
    new = _joined([atom for span in shown.spans for atom in _atoms(*span)])
    if not old or not new or len(old) > ATOMS_MOST or len(new) > ATOMS_MOST:
        return None
    return _Merge(old, new, captures, shown.padded).text(write).rstrip()


def _olds(raw: str, ready: Ready) -> list[Old]:
    """A token as the pieces that may stay or go: a literal's words."""
    if not isinstance(ready, str) or raw.startswith("${"):
        return [Old(raw, ready)]
    found, at = [], 0
    for word in _words(ready):
        start = at
        for sign in word:
            at += 1 + (raw[at] == "\\" and raw[at + 1:at + 2] == sign and sign in ESCAPABLE)
        found.append(Old(raw[start:at], word))
    return found


def _words(text: str) -> list[str]:
    """A text cut into runs of blanks, words, and signs, each of which is one."""
    words: list[str] = []
    last = ""
    for sign in text:
        kind = "blank" if sign.isspace() else "word" if sign.isalnum() or sign in "._" else ""
        if kind and kind == last:
            words[-1] += sign
        else:
            words.append(sign)
        last = kind
    return words


def _joined(atoms: Sequence[Atom]) -> list[Atom]:
    """Blanks that stand beside others are one run."""
    found: list[Atom] = []
    for atom in atoms:
        if found and atom.text.isspace() and found[-1].text.isspace():
            found[-1] = Atom(found[-1].text + atom.text)
        elif atom.text:
            found.append(atom)
    return found


def _atoms(text: str, type: str, value: object) -> list[Atom]:
    """A cell is one, unless it holds words that mean themselves."""
    if type in VOLATILE or type and " " not in text:
        return [Atom(text, type, value)]
    return [Atom(word, type) for word in _words(text)]


class Way(NamedTuple):
    """The best way to a place: its cost, how many new atoms and old pieces its last step took,
    and whether those pieces stay.
    """

    cost: float
    new: int
    old: int
    kept: bool = False


class _Merge:
    """The least costs of getting from the old pieces to the new ones."""

    def __init__(self, old: Sequence[Old], new: Sequence[Atom], captures: Captures,
                 padded: bool) -> None:
        self.old, self.new, self.captures, self.padded = old, new, captures, padded
        self.ways = [[Way(0.0, 0, 0)]]
        for atom in new:
            self.ways[0].append(Way(self.ways[0][-1].cost + _weight(atom.text), 1, 0))
        for row in range(1, len(old) + 1):
            self._row(row)

    def _row(self, row: int) -> None:
        token, above = self.old[row - 1].token, self.ways[row - 1]
        gone = _weight(token) if isinstance(token, str) else HELD
        some = [Way(above[0].cost + (0.0 if isinstance(token, Rest) else gone), 0, 1,
                    isinstance(token, Rest))]
        for at in range(1, len(self.new) + 1):
            ways = [Way(above[at].cost + gone, 0, 1),
                    Way(some[at - 1].cost + _weight(self.new[at - 1].text), 1, 0)]
            ways += [Way(above[at - run].cost + run * self._eaten(token), run, 1, True)
                     for run in self._runs(token, at)]
            if not self._blank(token) and not self.new[at - 1].text.isspace():
                ways.append(Way(above[at - 1].cost + gone, 1, 1))
            cells = self._cells(row, at)
            ways += [Way(self.ways[row - cells][at - 1].cost, 1, cells, True)] if cells else []
            some.append(min(ways, key=lambda way: (way.cost, not way.kept)))
        self.ways.append(some)

    def _runs(self, token: Ready, end: int) -> list[int]:
        """How many of the atoms before `end` an old piece can stand for."""
        if isinstance(token, Rest):
            return list(range(end + 1))
        if isinstance(token, str) and token.isspace():
            last = self.new[end - 1].text
            return [1] if last == token or self.padded and last.isspace() else []
        found, text = [], ""
        for run in range(1, min(end, RUN_MOST) + 1):
            text = self.new[end - run].text + text
            if self._stands_for(token, text, self.new[end - run:end]):
                found.append(run)
        return found

    def _eaten(self, token: Ready) -> float:
        """The rest of a line had better not take what stands for something else."""
        return EATEN if isinstance(token, Rest) else 0.0

    def _blank(self, token: Ready) -> bool:
        return isinstance(token, Rest) or isinstance(token, str) and token.isspace()

    def _cells(self, row: int, at: int) -> int:
        """How many old words in a row are the one cell before `at`, as a time is several."""
        wanted, text = self.new[at - 1].text, ""
        for count in range(1, min(row, RUN_MOST) + 1):
            token = self.old[row - count].token
            if not isinstance(token, str) or len(text) > len(wanted):
                return 0
            text = token + text
            if text == wanted and count > 1:
                return count
        return 0

    def _stands_for(self, token: Ready, text: str, atoms: Sequence[Atom]) -> bool:
        if isinstance(token, str):
            return text == token
        if isinstance(token, Key):
            return text in token.spellings
        assert isinstance(token, Placeholder)
        return covers(token, text, atoms, self.captures)

    def text(self, write: Callable[[str, str], str]) -> str:
        """The old pieces that stay and the new ones between them."""
        parts: list[str] = []
        row, at = len(self.old), len(self.new)
        while row or at:
            way = self.ways[row][at]
            if way.kept:
                parts += [one.written for one in reversed(self.old[row - way.old:row])]
            elif way.new:
                atom = self.new[at - 1]
                parts.append(atom.text if atom.text.isspace() else write(atom.text, atom.type))
            row, at = row - way.old, at - way.new
        return "".join(reversed(parts))


def _weight(text: str) -> float:
    return BLANK if text.isspace() else 1.0


def covers(token: Placeholder, text: str, atoms: Sequence[Atom], captures: Captures) -> bool:
    """Whether a placeholder, its range and its capture hold for a stretch of a printed line."""
    import re
    kind = find_type(token.type, token.argument)
    types = {atom.type for atom in atoms}
    cell = atoms[0] if len(atoms) == 1 else Atom(text)
    if cell.type not in LOOSE and kind.cells and cell.type not in kind.cells:
        return False
    # Signs around the cell are none of it.
    if not types <= kind.cells and re.fullmatch(kind.shape, text) is None:
        return False
    value = canonical(kind, text, cell.type, cell.value)
    if token.limits is not None and value not in token.limits:
        return False
    known = captures.get(token.key) if token.name else None
    return known is None or known.value == value
