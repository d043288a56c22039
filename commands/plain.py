"""The quick reader of a script's plain lines; whatever is not plain is left to `parse`.

Thousands of a script's lines differ in a few values only. Here they are read without keeping
where each word stands; a line that holds a mistake, or anything out of the ordinary, gives None,
and the one reader that can explain it reads it again. For every line both give the same command
(a test compares them).
"""

from typing import TYPE_CHECKING, Any

from commands import index
from commands.arguments import parse_value
from commands.resolve import HELP_WORDS, resolve
from commands.spec import Command, Tag
from commands.words import LINE_LIMIT, Word, comment_start

if TYPE_CHECKING:
    from commands.session import Session

# Variables, escaped quotation marks, pipes and redirections are for the full reader.
UNUSUAL = ("$", "\\", "|", ">")
HEAD_LONGEST = 6
REMEMBERED = 4096

Token = tuple[str, str | None]


class Plan:
    """How the arguments of one command are read: its tags as typed, its values seen before."""

    __slots__ = ("command", "slots", "tags", "seen", "defaults", "required", "secrets")

    def __init__(self, command: type[Command]) -> None:
        self.command = command
        self.slots = tuple(tag for tag in command.tags if not tag.hidden)
        self.tags: dict[str, Tag[Any] | None] = {}
        self.seen: dict[Token, tuple[str, object]] = {}
        self.defaults = {tag.name: () if tag.many and tag.default is None else tag.default
                         for tag in command.tags}
        # Such a name alone asks for the value.
        self.secrets = frozenset(tag.word.lower() for tag in command.tags if tag.kind.secret)
        self.required = frozenset(tag.name for tag in command.tags if tag.required)

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

    def value(self, tag: Tag[Any], token: Token, text: str, session: "Session") -> object:
        """The value of a text. Raises ValueError."""
        value = parse_value(tag.kind, text, session)
        if token[0] and token[1] is not None and not tag.kind.secret:
            if len(self.seen) >= REMEMBERED:
                self.seen.clear()
            self.seen[token] = tag.name, value
        return value


class PlainReader:
    """Reads the plain lines of one script. Mutable: it remembers what it has seen."""

    def __init__(self, session: "Session") -> None:
        self.session = session
        self._tree = index.tree()
        self._plans: dict[tuple[str, ...], Plan | None] = {}
        self._context: tuple[str, ...] | None = None
        self._contexts: dict[tuple[str, ...], dict[tuple[str, ...], Plan | None]] = {}

    def __call__(self, text: str) -> Command | None:
        """The command of a line; None when `parse` has to read it."""
        session = self.session
        if session.aliases or len(text) > LINE_LIMIT or not text.isprintable():
            return None
        for sign in UNUSUAL:
            if sign in text:
                return None
        tokens = _tokens(text)
        if not tokens:
            return None
        if index.tree() is not self._tree:
            self._tree, self._context = index.tree(), None
            self._contexts.clear()
        if session.context is not self._context:
            self._context = session.context
            self._plans = self._contexts.setdefault(session.context, {})
        for length in range(min(len(tokens), HEAD_LONGEST), 0, -1):
            head = tuple([name for name, value in tokens[:length] if value is None])
            if head in self._plans:
                break
        else:
            head = self._learn(text, tokens)
        plan = self._plans[head]
        return None if plan is None else self._bind(plan, tokens[len(head):])

    def _learn(self, text: str, tokens: list[Token]) -> tuple[str, ...]:
        """Finds the command of a line's first words; its name as typed, () for none."""
        self._plans[()] = None
        words: list[Word] = []
        for name, value in tokens:
            if value is not None:
                break
            words.append(Word(name, 0, 0))
        if comment_start(text) >= 0 or not words:
            return ()
        found = resolve(tuple(words), self.session.context)
        if not found.node.target or found.node.children or not found.exact:
            return ()
        head = tuple(words[:found.used])
        # The same words alone must mean the same: then nothing behind them changes that.
        if resolve(head, self.session.context).node is not found.node:
            return ()
        command = index.load(found.node)
        simple = all(tag.form == "tag" and tag.name != "reveal"
                     for tag in command.tags)
        spelled = tuple(word.text for word in head)
        self._plans[spelled] = Plan(command) if simple else None
        return spelled

    def _bind(self, plan: Plan, tokens: list[Token]) -> Command | None:
        given: dict[str, Any] = {}
        session = self.session
        seen = plan.seen
        try:
            for token in tokens:
                found = seen.get(token)
                if found is not None:
                    if found[0] in given:
                        return None
                    given[found[0]] = found[1]
                    continue
                name, text = token
                if text is None:
                    if name.lower() in HELP_WORDS or name.lower() in plan.secrets:
                        return None
                    tag, text = plan.slot(given), name
                else:
                    tag = plan.tag(name) if name else plan.slot(given)
                if tag is None or tag.many:
                    return None
                value = plan.value(tag, token, text, session)
                if tag.name in given:
                    return None
                given[tag.name] = value
        except ValueError:
            return None
        if not plan.required <= given.keys():
            return None
        return plan.command.read({**plan.defaults, **given, "given": tuple(given)})


def _tokens(text: str) -> list[Token]:
    """Words as (word, None), named values as (tag, value), quoted words as ("", value).

    Nothing for a line whose quotation marks or signs of equality stand elsewhere.
    """
    pieces = text.split('"')
    if not len(pieces) & 1:
        return []
    tokens: list[Token] = []
    last = len(pieces) - 1
    for at in range(0, last + 1, 2):
        piece = pieces[at]
        if at and piece and piece[0] != " ":
            return []
        words = piece.split()
        name = ""
        if at < last and piece and piece[-1] != " ":
            name = words.pop()
            if name[-1] != "=" or name.find("=") != len(name) - 1 or len(name) == 1:
                return []
        for word in words:
            tag, equals, value = word.partition("=")
            if not equals:
                tokens.append((word, None))
            elif tag and value:
                tokens.append((tag, value))
            else:
                return []
        if at < last:
            tokens.append((name[:-1], pieces[at + 1]))
    return tokens
