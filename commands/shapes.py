"""Lines alike: a script's thousands of lines differ in a few values only; one pattern reads them.

A shape is a line's words, its tags as they were typed, their order, and which values stand in
quotes. It is made of a line that the full reader has understood. A line that does not fit it to
the last sign is none of its own and is left to somebody else.
"""

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from commands.arguments import Binding, parse_value
from commands.resolve import HELP_WORDS
from commands.spec import Command, Kind

if TYPE_CHECKING:
    from commands.session import Session

    Parser = Callable[[str, Session], object]

# Values without control characters and the signs that mean something else to the full reader:
# variables, escapes, pipes, redirections. Quotes may hold blanks and the sign of equality, and
# nothing at all where no tag stands before them.
_NEVER = r"\x00-\x1f\x7f\"$\\|>"
BARE, NAMED, PLACED = rf"([^ ={_NEVER}]+)", rf'"([^{_NEVER}]+)"', rf'"([^{_NEVER}]*)"'


class Column(NamedTuple):
    """Where a value goes; `placed`: with neither tag nor quotes, where a word may ask for help."""

    name: str
    kind: Kind[Any]
    placed: bool

    def reader(self) -> "Parser":
        """What gives the value of a text, and raises ValueError."""
        return self._careful if self.placed or self.kind.words() else self.kind.parse

    def _careful(self, text: str, session: "Session") -> object:
        if self.placed and text.lower() in HELP_WORDS:
            raise ValueError("asks for help")
        return parse_value(self.kind, text, session)


class Shape:
    """One shape of one command, whose words are the first `used` of its lines.

    Mutable: it keeps the values of the last line. Those of most columns stay what they are for
    thousands of lines: they are compared together, and only the others are looked at one by one.
    """

    __slots__ = ("command", "used", "_match", "_columns", "_texts", "_fields", "_changing",
                 "_steady", "_kept")

    def __init__(self, command: type[Command], used: int, pattern: str,
                 columns: tuple[Column, ...], texts: tuple[str, ...],
                 fields: dict[str, Any]) -> None:
        from re import compile
        self.command, self.used = command, used
        self._match = compile(pattern).fullmatch
        self._columns, self._texts, self._fields = columns, texts, fields
        self._watch(())

    def _watch(self, changing: Iterable[int]) -> None:
        """These columns are the ones whose values change."""
        columns = self._columns
        steady = [at for at in range(len(columns)) if at not in changing]
        self._changing = tuple((at, columns[at].name, columns[at].reader()) for at in changing)
        self._steady = itemgetter(*steady) if steady else len
        self._kept = self._steady(self._texts)

    def read(self, text: str, session: "Session") -> dict[str, Any] | None:
        """The fields of a line of ASCII or a printable one; None when it has another shape, or a
        mistake.
        """
        found = self._match(text)
        if found is None:
            return None
        texts, before = found.groups(), self._texts
        if self._steady(texts) != self._kept:
            self._watch({*(at for at, _, _ in self._changing),
                         *(at for at, value in enumerate(texts) if value != before[at])})
        fields = self._fields.copy()
        try:
            for at, name, parse in self._changing:
                value = texts[at]
                if value != before[at]:
                    fields[name] = parse(value, session)
        except ValueError:
            return None
        self._texts, self._fields = texts, fields
        return fields


def shape_of(text: str, used: int, bindings: Sequence[Binding], command: Command) -> Shape | None:
    """The shape of a line that means `command`, its words and tags bound as `bindings` say.

    None for a command that may hold a key, and for values in parts.
    """
    if command.secrets:
        return None
    pattern, at = " *", 0
    columns: list[Column] = []
    texts: list[str] = []
    for tag, _, _, start, end in bindings:
        before, value = text[at:start], text[start:end]
        words, named, quoted = before.split(), before[-1:] == "=", value[:1] == '"'
        inner = value[1:-1] if quoted else value
        if tag.many or '"' in before + inner or len(words) > (used if at == 0 else 0) + named:
            return None
        pattern += " +".join(map(_escaped, words if at == 0 else ["", *words]))
        pattern += ("" if named else " +") + (BARE if not quoted else NAMED if named else PLACED)
        columns.append(Column(tag.name, tag.kind, not (named or quoted)))
        texts.append(inner)
        at = end
    return Shape(type(command), used, pattern + " *", tuple(columns), tuple(texts), vars(command))


def _escaped(word: str) -> str:
    from re import escape
    return escape(word)
