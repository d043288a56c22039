"""The quick reader of a script's plain lines; whatever is not plain is left to `parse`.

Thousands of a script's lines differ in a few values only. Here they are read without keeping
where each word stands; a line that holds a mistake, or anything out of the ordinary, gives None,
and the one reader that can explain it reads it again. For every line both give the same command
(a test compares them).
"""

from typing import TYPE_CHECKING, Any

from commands import index
from commands.arguments import parse_value
from commands.parser import parse
from commands.resolve import HELP_WORDS, resolve
from commands.shapes import Shape, shape_of
from commands.spec import Command, Tag
from commands.words import LINE_LIMIT, Word, comment_start

if TYPE_CHECKING:
    from commands.session import Session

# How many words name a command, the likeliest first.
HEAD_LENGTHS = (2, 4, 1, 3, 5, 6)
# Stands before a word that was quoted; no other word can hold it.
QUOTED = '"'
REMEMBERED = 4096
# After how many lines of one command a pattern of their shape is made, which takes as long as it
# saves in half as many; how many shapes are tried.
ALIKE, SHAPES = 64, 6


class Plan:
    """How the arguments of one command are read: its tags as typed, its values seen before."""

    __slots__ = ("command", "slots", "tags", "seen", "defaults", "required", "secrets", "lines")

    def __init__(self, command: type[Command]) -> None:
        self.command = command
        self.slots = tuple(tag for tag in command.tags if not tag.hidden)
        self.tags: dict[str, Tag[Any] | None] = {}
        self.seen: dict[str, tuple[str, object]] = {}
        self.defaults = {tag.name: () if tag.many and tag.default is None else tag.default
                         for tag in command.tags}
        # Such a name alone asks for the value.
        self.secrets = frozenset(tag.word.lower() for tag in command.tags if tag.kind.secret)
        self.required = frozenset(tag.name for tag in command.tags if tag.required)
        self.lines = 0

    def tag(self, typed: str) -> Tag[Any] | None:
        """The tag of a name or its unique beginning."""
        if typed not in self.tags:
            lower = typed.lower()
            tags = self.command.tags
            found = ([tag for tag in tags if tag.word.lower() == lower]
                     or [tag for tag in tags if lower and tag.word.lower().startswith(lower)])
            self.tags[typed] = found[0] if len(found) == 1 else None
        return self.tags[typed]

    def slot(self, given: dict[str, Any]) -> Tag[Any] | None:
        """The tag that a value without a name belongs to."""
        for tag in self.slots:
            if tag.name not in given or tag.many:
                return tag
        return None

    def read(self, word: str, given: dict[str, Any], session: "Session") -> bool:
        """Binds one word; False when the full reader has to. Raises ValueError."""
        name, equals, text = word.partition("=")
        named = bool(equals) and word[0] != QUOTED
        if named:
            if not name or not text:
                return False
            tag = self.tag(name)
        elif word.lower() in HELP_WORDS or word.lower() in self.secrets:
            return False
        else:
            tag, text = self.slot(given), word.removeprefix(QUOTED)
        if tag is None or tag.many:
            return False
        value = parse_value(tag.kind, text, session)
        if tag.name in given:
            return False
        given[tag.name] = value
        if named and not tag.kind.secret:
            if len(self.seen) >= REMEMBERED:
                self.seen.clear()
            self.seen[word] = tag.name, value
        return True


class PlainReader:
    """Reads the plain lines of one script. Mutable: it remembers what it has seen.

    `command` is the last line's, `used` how many of its words named it.
    """

    def __init__(self, session: "Session") -> None:
        self.session = session
        self.command, self.used = Command, 0
        self._tree = index.tree()
        self._plans: dict[str, Plan] = {}
        self._context: tuple[str, ...] | None = None
        self._contexts: dict[tuple[str, ...], tuple[dict[str, Plan], list[Shape]]] = {}
        self._shapes: list[Shape] = []

    def __call__(self, text: str) -> Command | None:
        """The command of a line; None when `parse` has to read it."""
        fields = self.fields(text)
        return None if fields is None else self.command.read(fields)

    def fields(self, text: str) -> dict[str, Any] | None:
        """The fields of a line's `command`; None when `parse` has to read it.

        They are to be left as they are.
        """
        session = self.session
        if session.aliases or len(text) > LINE_LIMIT:
            return None
        # That a text is ASCII is known at once; whether it can be printed has to be found out.
        ascii = text.isascii()
        if not ascii and not text.isprintable():
            return None
        if session.context is not self._context or index.tree() is not self._tree:
            self._move()
        for shape in self._shapes:
            fields = shape.read(text, session)
            if fields is not None:
                self.command, self.used = shape.command, shape.used
                return fields
        return None if ascii and not text.isprintable() else self._read(text)

    def _read(self, text: str) -> dict[str, Any] | None:
        """The fields of a line that has none of the shapes."""
        # Variables, escaped quotation marks, pipes and redirections are for the full reader.
        if "$" in text or "\\" in text or "|" in text or ">" in text:
            return None
        pieces = text.split('"')
        words = text.split() if len(pieces) == 1 else _quoted(pieces)
        plan = self._plan(text, words) if words else None
        if plan is None:
            return None
        fields = self._bind(plan, words[self.used:])
        if fields is not None:
            self.command = plan.command
            plan.lines += 1
            if plan.lines % ALIKE == 0:
                self._shape(text, plan.command.read(fields))
        return fields

    def _move(self) -> None:
        """The context is another one, or what can be typed in it."""
        if index.tree() is not self._tree:
            self._tree = index.tree()
            self._contexts.clear()
        self._context = self.session.context
        self._plans, self._shapes = self._contexts.setdefault(self._context, ({}, []))

    def _shape(self, text: str, command: Command) -> None:
        """So many lines of a command are worth a pattern; what was typed last comes first."""
        shape = shape_of(text, self.used, parse(text, self.session).bindings, command)
        if shape is not None and shape.read(text, self.session) is not None:
            self._shapes.insert(0, shape)
            del self._shapes[SHAPES:]

    def _plan(self, text: str, words: list[str]) -> Plan | None:
        """The plan of a line's first words, of which there are `used`."""
        for length in HEAD_LENGTHS:
            plan = self._plans.get(" ".join(words[:length]))
            if plan is not None:
                self.used = length
                return plan
        self.used = self._learn(text, words)
        return self._plans.get(" ".join(words[:self.used])) if self.used else None

    def _learn(self, text: str, words: list[str]) -> int:
        """Finds the command of a line's first words; how many name it, 0 for none."""
        first: list[Word] = []
        for word in words:
            if "=" in word or word[0] == QUOTED:
                break
            first.append(Word(word, 0, 0))
        if comment_start(text) >= 0 or not first:
            return 0
        found = resolve(tuple(first), self.session.context)
        if not found.node.target or found.node.children or not found.exact:
            return 0
        head = tuple(first[:found.used])
        # The same words alone must mean the same: then nothing behind them changes that.
        if resolve(head, self.session.context).node is not found.node:
            return 0
        command = index.load(found.node)
        if any(tag.form != "tag" or tag.name == "reveal" for tag in command.tags):
            return 0
        self._plans[" ".join(words[:found.used])] = Plan(command)
        return found.used

    def _bind(self, plan: Plan, words: list[str]) -> dict[str, Any] | None:
        given: dict[str, Any] = {}
        seen = plan.seen
        try:
            for word in words:
                found = seen.get(word)
                if found is None:
                    if not plan.read(word, given, self.session):
                        return None
                elif found[0] in given:
                    return None
                else:
                    given[found[0]] = found[1]
        except ValueError:
            return None
        if not plan.required <= given.keys():
            return None
        return {**plan.defaults, **given, "given": tuple(given)}


def _quoted(pieces: list[str]) -> list[str]:
    """The words of a line cut at its quotation marks; a quoted word begins with one.

    A value in quotes stands behind its tag as if it had none. Nothing for a line whose quotation
    marks or signs of equality stand elsewhere.
    """
    if not len(pieces) & 1:
        return []
    words: list[str] = []
    last = len(pieces) - 1
    for at in range(0, last, 2):
        piece, value = pieces[at], pieces[at + 1]
        if at and piece[:1] != " ":
            return []
        words += piece.split()
        if piece[-1:] in ("", " "):
            words.append(QUOTED + value)
        elif piece[-1] != "=" or not value or words[-1].find("=") != len(words[-1]) - 1 > 0:
            return []
        else:
            words[-1] += value
    piece = pieces[last]
    if piece and piece[0] != " ":
        return []
    return words + piece.split()
