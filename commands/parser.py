"""The one reader of typed lines: finished ones, unfinished ones, wrong ones.

Running, completion, colours, hints, instant `?` and masking all ask `parse`; nobody else
understands a line.
"""

from commands import index, pipes
from commands.arguments import Arguments, Binding, Piece
from commands.errors import CommandError, Span
from commands.index import Node
from commands.nearest import nearest
from commands.pipes import Stage
from commands.resolve import Resolved, complete_words, is_help, resolve
from commands.spec import Command, Tag
from commands.words import USAGE_EXIT, Word, Words, brief, split_words
from engine.values import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from commands.completion import Candidate
    from commands.session import Session

ALIAS_DEPTH = 8


class Parse(NamedTuple):
    """What a line means.

    `kind`: empty, comment, command, context (only moves there), group (``show``: lists its
    commands), help (``... ?``) or unknown. `node` is the word reached, `words` its full path.
    `error` is the first mistake that stands in the line; a line that merely stops too early has
    `missing` tags and no error. `expects` is the tag whose value comes next.
    """

    text: str
    kind: str
    pieces: tuple[Piece, ...] = ()
    node: Node | None = None
    command: type[Command] | None = None
    bindings: tuple[Binding, ...] = ()
    missing: tuple[Tag[Any], ...] = ()
    error: CommandError | None = None
    stages: tuple[Stage, ...] = ()
    candidates: tuple[str, ...] = ()
    expects: Tag[Any] | None = None
    end: int = 0

    @property
    def words(self) -> tuple[str, ...]:
        """The full path of the command, context or group."""
        return self.node.path if self.node else ()

    @property
    def values(self) -> dict[str, object]:
        """The typed values by field name; tags that may repeat hold tuples."""
        result: dict[str, object] = {}
        lists: dict[str, list[object]] = {}
        for tag, value, *_ in self.bindings:
            if tag.many:
                lists.setdefault(tag.name, []).append(value)
            else:
                result[tag.name] = value
        return result | {name: tuple(values) for name, values in lists.items()}

    def where(self, tag: str) -> Span | None:
        """The columns of a tag's value, by field name or typed word."""
        for binding in self.bindings:
            if tag in (binding.tag.name, binding.tag.word):
                return Span(binding.start, binding.end)
        return None

    def build(self) -> Command:
        """The command, ready to run. Raises CommandError for a mistake or a missing tag."""
        if self.error is not None:
            raise self.error
        assert self.command is not None
        if self.missing:
            raise self._missing()
        values = self.values
        for tag in self.command.tags:
            if tag.many and tag.name not in values and tag.default is None:
                values[tag.name] = ()
        given = tuple(binding.tag.name for binding in self.bindings)
        return self.command(given=given, **values)  # type: ignore[call-arg]

    def _missing(self) -> CommandError:
        names = [tag.word for tag in self.missing]
        what = "The argument is missing: " if len(names) == 1 else "Arguments are missing: "
        assert self.command is not None
        return CommandError(
            "missing-tag", what + ", ".join(names), tag=self.missing[0].name,
            span=Span(self.end, self.end + 1), exit=USAGE_EXIT,
            fix=" ".join((*self.command.words, *map(_usage, self.missing))))


def _usage(tag: Tag[Any]) -> str:
    return f"{tag.word}={tag.kind.usage}" if tag.form == "tag" else tag.kind.usage


def parse(text: str, session: "Session") -> Parse:
    """Reads a line in the session's context. Never raises; see `Parse`."""
    line = split_words(text, session.variables)
    if line.comment >= 0:
        return Parse(text, "comment", (Piece(line.comment, len(text), "comment"),))
    words = _expand(line.words, session)
    cut = pipes.cut(words)
    if not cut.words:
        error = line.error or cut.error
        if error is None and cut.operators:
            error = CommandError("unknown-command", "There is no command before "
                                 f"'{cut.operators[0].text}'", exit=USAGE_EXIT,
                                 span=Span(cut.operators[0].start, cut.operators[0].end))
        return Parse(text, "empty" if error is None else "unknown", _pipe_pieces(cut),
                     error=error, stages=cut.stages)
    result = _meaning(text, cut.words, session)
    error = line.error or result.error or cut.error
    found = result.pieces if words is line.words else _named(result.pieces, line.words[0])
    pieces = tuple(sorted(found + _pipe_pieces(cut)))
    return result._replace(error=error, pieces=pieces, stages=cut.stages)


def complete(text: str, session: "Session") -> "list[Candidate]":
    """What may stand at the end of `text`: (start column, replacement, one line of help)."""
    from commands.completion import candidates
    return candidates(text, session)


def _expand(words: tuple[Word, ...], session: "Session") -> tuple[Word, ...]:
    """Puts the words of an alias in the place of its name; they all point at the name."""
    for _ in range(ALIAS_DEPTH):
        if not words or words[0].quoted or not session.aliases:
            break
        meaning = session.aliases.get(words[0].text.lower())
        if meaning is None:
            break
        first = words[0]
        inner = split_words(meaning, session.variables).words
        words = tuple(_moved(one, first) for one in inner) + words[1:]
    return words


def _moved(word: Word, name: Word) -> Word:
    """A word of an alias at the place of its name; a value behind "=" is still behind it."""
    cut = name.start if word.cut < word.end else name.end
    return word._replace(start=name.start, end=name.end, cut=cut if word.equals >= 0 else -1)


def _named(pieces: tuple[Piece, ...], name: Word) -> tuple[Piece, ...]:
    """The name of an alias is no secret, whatever it stands for."""
    return tuple(piece._replace(role="command")
                 if piece.role == "secret" and piece.end <= name.end else piece
                 for piece in pieces)


def _meaning(text: str, words: tuple[Word, ...], session: "Session") -> Parse:
    found = resolve(words, session.context)
    pieces = _word_pieces(words, found)
    end = words[-1].end
    if not complete_words(found, words):
        return _unknown(text, words, found, pieces)
    rest = words[found.used:]
    if rest and _asks_help(rest, found.node):
        pieces.append(Piece(rest[-1].start, rest[-1].end, "option"))
        return Parse(text, "help", tuple(pieces), found.node, end=end)
    if not found.node.target:
        kind = "context" if found.node.context else "group"
        return Parse(text, kind, tuple(pieces), found.node, candidates=found.candidates, end=end)
    command = index.load(found.node)
    arguments = Arguments(command, text, session)
    arguments.bind(rest)
    return Parse(text, "command", tuple(pieces + arguments.pieces), found.node, command,
                 tuple(arguments.bindings), arguments.missing, arguments.error,
                 expects=arguments.expects, end=end)


def _asks_help(rest: tuple[Word, ...], node: Node) -> bool:
    if node.path in (("?",), ("help",)):
        return False
    last = rest[-1]
    return is_help(last) and (last.text != "help" or len(rest) == 1)


def _word_pieces(words: tuple[Word, ...], found: Resolved) -> list[Piece]:
    pieces = []
    for depth, word in enumerate(words[:found.used], 1):
        path = found.node.path[:len(found.node.path) - found.used + depth]
        role = "context" if index.is_context(path) else "command"
        pieces.append(Piece(word.start, word.end, role))
    return pieces


def _unknown(text: str, words: tuple[Word, ...], found: Resolved, pieces: list[Piece]) -> Parse:
    at = min(found.used, len(words) - 1)
    word = words[at]
    pieces.append(Piece(word.start, word.end, "error"))
    if found.ambiguous:
        error = CommandError("ambiguous", f"'{word.text}' is ambiguous", known=found.candidates,
                             span=Span(word.start, word.end), exit=USAGE_EXIT)
    else:
        near = nearest(word.text, found.candidates)
        known = tuple(one for one in found.candidates if found.used or one not in ("..", "?"))
        # Only the words of the command itself are repeated: what follows may hold a key.
        end = word.end if word.equals < 0 else max(word.cut - 1, word.start + 1)
        typed = brief(text[words[0].start:end])
        fix = f"did you mean {' '.join((*found.node.path, near))}" if near else ""
        if word.quoted and " " in word.text:
            fix = "a command is typed without quotation marks"
        error = CommandError(
            "unknown-command", f"The following command was not found: {typed}", known=known,
            span=Span(word.start, word.end), exit=USAGE_EXIT, fix=fix)
    return Parse(text, "unknown", tuple(pieces), found.node, error=error,
                 candidates=found.candidates, end=words[-1].end)


def _pipe_pieces(cut: pipes.Cut) -> tuple[Piece, ...]:
    pieces = []
    for operator, group in zip(cut.operators, cut.groups, strict=True):
        pieces.append(Piece(operator.start, operator.end, "operator"))
        for position, word in enumerate(group):
            role = "filter" if position == 0 and operator.text == "|" else "value"
            pieces.append(Piece(word.start, word.end, role))
    return tuple(pieces)


__all__ = ["Parse", "Piece", "Words", "complete", "parse"]
