"""Pygments lexers for netsh scripts and transcripts: `pygmentize` colours what the shell colours.

Registered as entry points of pygments, so nothing has to be said but the file's name. What is
coloured comes from the one parser: a word that would not be understood is shown as an error.
"""

from collections.abc import Iterator
from typing import ClassVar

from pygments.lexer import Lexer
from pygments.token import (
    Comment,
    Error,
    Generic,
    Keyword,
    Literal,
    Name,
    Operator,
    String,
    Text,
    _TokenType,
)

from commands.parser import parse
from commands.session import Session

Found = tuple[int, _TokenType, str]

# The roles of a typed line's pieces (`commands.arguments.Piece`).
ROLES: dict[str, _TokenType] = {
    "context": Name.Namespace, "command": Keyword, "tag": Name.Attribute, "value": String,
    "secret": Literal, "option": Name.Attribute, "operator": Operator, "filter": Name.Function,
    "error": Error, "comment": Comment.Single,
}
# The first sign of a transcript's line.
SIGNS: dict[str, _TokenType] = {
    "|": Generic.Output, "!": Generic.Error, "=": Name.Constant, "~": Name.Decorator,
    "?": Generic.Output, "<": Generic.Inserted,
}


class NetshLexer(Lexer):
    """netsh scripts, dumps included: contexts are followed, mistakes are shown."""

    name = "ipsecsh script"
    url = "https://www.rfc-editor.org/rfc/rfc2401"
    aliases: ClassVar[list[str]] = ["ipsecsh", "netsh"]
    filenames: ClassVar[list[str]] = ["*.ipsecsh", "*.netsh"]

    def get_tokens_unprocessed(self, text: str) -> Iterator[Found]:
        """Each stretch of the text: its place, its token type, itself."""
        session = Session()
        stack: list[tuple[str, ...]] = []
        at = 0
        for line in text.splitlines(keepends=True):
            bare = line.rstrip("\r\n")
            yield from _line(bare, at, session)
            yield at + len(bare), Text.Whitespace, line[len(bare):]
            _follow(bare, session, stack)
            at += len(line)


class TranscriptLexer(Lexer):
    """Transcripts: prompts and commands, expected output, errors, directives."""

    name = "ipsecsh transcript"
    url = "https://www.rfc-editor.org/rfc/rfc2401"
    aliases: ClassVar[list[str]] = ["ipsecsh-transcript"]
    filenames: ClassVar[list[str]] = ["*.transcript"]

    def get_tokens_unprocessed(self, text: str) -> Iterator[Found]:
        """Each stretch of the text: its place, its token type, itself."""
        session = Session()
        contexts = _contexts()
        at = 0
        for line in text.splitlines(keepends=True):
            bare = line.rstrip("\r\n")
            prompt, sign, command = bare.partition("> ")
            if sign and tuple(prompt.split()) in contexts:
                session.context = tuple(prompt.split())
                yield at, Generic.Prompt, prompt + sign
                yield from _line(command, at + len(prompt) + len(sign), session)
            elif bare.startswith("## "):
                yield at, Generic.Heading, bare
            elif bare[:1] == "#":
                yield at, Comment.Single, bare
            else:
                yield at, SIGNS.get(bare[:1], Text), bare
            yield at + len(bare), Text.Whitespace, line[len(bare):]
            at += len(line)


def _contexts() -> set[tuple[str, ...]]:
    from commands.index import CONTEXTS
    return {(), *(tuple(words.split()) for words, _ in CONTEXTS)}


def _line(line: str, at: int, session: Session) -> Iterator[Found]:
    """One typed line; what a prompt or ``netsh`` stands before is coloured, too."""
    from commands.errors import CommandError
    from commands.pasted import pasted
    try:
        found = pasted(line, session)
    except CommandError:
        found = None
    begin, before = 0, session.context
    if found is not None and line.endswith(found.text):
        begin, session.context = len(line) - len(found.text), found.context
        if begin:
            yield at, Generic.Prompt, line[:begin]
    place = begin
    for start, end, role in parse(line[begin:], session).pieces:
        start, end = max(start + begin, place), end + begin
        if end <= start:
            continue
        if start > place:
            yield at + place, Text, line[place:start]
        yield at + start, ROLES.get(role, Text), line[start:end]
        place = end
    if place < len(line):
        yield at + place, Text, line[place:]
    session.context = before


def _follow(line: str, session: Session, stack: list[tuple[str, ...]]) -> None:
    """What a line does to the context of the next ones; nothing else is run."""
    parsed = parse(line, session)
    if parsed.kind == "context":
        session.context = parsed.words
    elif parsed.kind == "command" and parsed.words == ("..",):
        session.context = session.context[:-1]
    elif parsed.kind == "command" and parsed.words == ("popd",):
        session.context = stack.pop() if stack else ()
    elif parsed.kind == "command" and parsed.words == ("pushd",):
        stack.append(session.context)
        meant = parse(str(parsed.values.get("context", "")), session)
        if meant.kind == "context":
            session.context = meant.words
