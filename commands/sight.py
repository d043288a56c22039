"""Whether a line has a text in it: now, and in another run, where values in it are others.

A filter meets a line by its words, or by chance: ``include add`` by a GUID, ``include 12`` by the
time of day, ``include 10.1`` by an address of this lab. What is met by chance need not be met in
another run, which whoever records or compares an output has to know.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from commands.answer import VOLATILE
from commands.layout import Span, SpanLine, plain

DIGITS = frozenset("0123456789")
# The signs that a value may have in another run, by its type ("": by any other volatile one), and
# what covers them here.
WILD = {"time": DIGITS | {"a", "p"}, "dur": DIGITS | {".", "<", "="}, "": DIGITS | set("abcdef")}
COVERS = {kind: chr(number) for number, kind in enumerate(WILD)}
SIGNS = {COVERS[kind]: signs for kind, signs in WILD.items()}
# Users, and folders that were made for this run: another run has others altogether.
FOREIGN = frozenset({"user", "place"})
ANYHOW = chr(len(WILD))
ANY_SIGN = frozenset().union(*WILD.values())
# A whole address, and what stands for one that nobody has asked for.
QUAD = r"(?<![\d.])(?!255\.)\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)"
SOMEBODY = "\ue000"


class Sight(NamedTuple):
    """Whether a text is in a line now, in every run, in any run."""

    now: bool
    always: bool
    ever: bool


class Wanted:
    """A text that is looked for, whatever its capitals; an SPI is found in all its spellings."""

    def __init__(self, text: str) -> None:
        self.text = text.lower()
        self.known: dict[str, str] = {}

    def look(self, line: SpanLine) -> Sight:
        """Looks at one line."""
        shown = plain(line).lower()
        now = self.text in shown or self._is_spi(line)
        if not self._chancy and not any(span.type in FOREIGN for span in line):
            return Sight(now, now, now)
        words, covered = self._words, "".join(map(_covered, line)).rstrip()
        sealed = self._sealed(covered)
        return Sight(now, words in sealed, now or self._may_be(covered, sealed))

    @cached_property
    def _chancy(self) -> bool:
        """Whether it can be met by chance at all."""
        return not ANY_SIGN.isdisjoint(self.text)

    @cached_property
    def _number(self) -> int | None:
        try:
            return int(self.text, 0)
        except ValueError:
            return None

    def _is_spi(self, line: SpanLine) -> bool:
        return self._number is not None and any(
            span.type == "spi" and int(span.text.split(" ")[0], 0) == self._number
            for span in line)

    @cached_property
    def _words(self) -> str:
        """The text with a sign of its own for each whole address in it."""
        import re
        for quad in re.findall(QUAD, self.text):
            self.known.setdefault(quad, chr(ord(SOMEBODY) + 1 + len(self.known)))
        return self._sealed(self.text)

    def _sealed(self, text: str) -> str:
        if text.count(".") < 3:
            return text
        import re
        return re.sub(QUAD, lambda found: self.known.get(found[0], SOMEBODY), text)

    def _may_be(self, covered: str, sealed: str) -> bool:
        """Whether it can stand there in another run."""
        if DIGITS.union(".").issuperset(self.text) and any(sign >= SOMEBODY for sign in sealed):
            return True
        size = len(self.text)
        return any(all(map(_fits, self.text, covered[at:at + size]))
                   for at in range(len(covered) - size + 1))


def _fits(sign: str, other: str) -> bool:
    return sign == other or other == ANYHOW or sign in SIGNS.get(other, ())


def _covered(span: Span) -> str:
    """The text of a span with what may be otherwise in it covered."""
    text = span.text.lower()
    if span.type not in VOLATILE:
        return text
    if span.type == "user":
        return ANYHOW * len(text)
    if span.type == "place":
        folder, slash, file = text.rpartition("/")
        name, dot, kind = file.partition(".")
        return ANYHOW * len(folder) + slash + _hidden(name, "") + dot + kind
    return _hidden(text, span.type)


def _hidden(text: str, kind: str) -> str:
    kind = kind if kind in WILD else ""
    cover = COVERS[kind]
    return "".join(cover if sign in WILD[kind] else sign for sign in text).replace(
        f"{cover}x", "0x")


def any_of(sights: Sequence[Sight]) -> Sight:
    """What is seen of several lines together."""
    return Sight(*(any(column) for column in zip(*sights, strict=True))) if sights \
        else Sight(False, False, False)
