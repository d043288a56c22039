"""What the shell says before Enter: help of `?`, and the grey suggestion from the history."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document

from engine.policy.model import Secret

if TYPE_CHECKING:
    from commands.completion import Candidate
    from commands.parser import Parse
    from commands.session import Session

T = TypeVar("T")

# netsh lists a word in 15 columns, then a dash and its help.
WORD_COLUMN = 15
SUGGESTIONS_TRIED = 40


def calmly(otherwise: T, look: Callable[[], T]) -> T:
    """What `look` finds, or `otherwise` when it fails: a store that cannot be read, or a mistake
    of ours, must not take the prompt away. Enter meets the same failure and reports it.
    """
    try:
        return look()
    except Exception:
        return otherwise


class SafeSuggest(AutoSuggest):
    """The newest line of the history that begins as typed, unless it could destroy something.

    Lines that held a secret are not suggested either: they would be accepted with stars in them.
    """

    def __init__(self, session: "Session") -> None:
        self.session = session
        # What was found out of lines, as long as they mean the same.
        self._key: tuple[object, ...] = ()
        self._known: dict[str, bool] = {}

    def get_suggestion(self, buffer: Buffer, document: Document) -> Suggestion | None:
        """The rest of the suggested line."""
        text = document.text
        if not text.strip() or not document.is_cursor_at_the_end:
            return None
        tried = 0
        for line in reversed(buffer.history.get_strings()):
            if line.startswith(text) and line != text:
                tried += 1
                if self._suggested(line):
                    return Suggestion(line[len(text):])
                if tried == SUGGESTIONS_TRIED:
                    return None
        return None

    def _suggested(self, line: str) -> bool:
        """`harmless`, found out once: with each key the same lines are looked at again."""
        session = self.session
        key = session.context, session.machine, tuple(session.aliases.items())
        if key != self._key:
            self._key = key
            self._known.clear()
        if line not in self._known:
            self._known[line] = calmly(False, partial(self.harmless, line))
        return self._known[line]

    def harmless(self, line: str) -> bool:
        """Whether a line may be suggested: it parses, destroys nothing, holds no secret."""
        from commands.parser import parse
        parsed = parse(line, self.session)
        if parsed.kind == "unknown" or Secret.MASK in line:
            return False
        return not any(word in DESTRUCTIVE for word in parsed.words) and not (
            parsed.command is not None and parsed.command.destructive)


# Words of commands that take something away, whether or not they ask first.
DESTRUCTIVE = frozenset({"delete", "reset", "flush", "abort", "stop", "uninstall"})


def shorten(text: str, width: int) -> str:
    """The text in at most `width` columns."""
    return text if len(text) <= width else text[:width - 3].rstrip() + "..."


def inside_quotes(text: str) -> bool:
    """Whether a sign typed behind `text` would stand inside quotes."""
    return text.count('"') % 2 == 1


def help_lines(text: str, session: "Session", width: int) -> list[str]:
    """What `?` shows for the line typed so far: candidates with one line of help each.

    On an empty line it is the help of the context; where only a value can stand, the value's
    hint comes first.
    """
    from commands.layout import plain
    from commands.parser import complete, parse
    from commands.render import render
    if not text.strip():
        from commands.help import help_answer
        from commands.index import node_at
        answer = help_answer(node_at(session.context), session)
        return [shorten(plain(line), width) for line in render(answer, width=width)]
    lines = calmly(list[str](), lambda: _expected(parse(text, session), text))
    for _, value, help in calmly(list["Candidate"](), lambda: complete(text, session)):
        head = f"{value:<{WORD_COLUMN}} - " if help else value
        lines.append(shorten(head + help, width))
    return lines or ["Nothing more belongs here."]


def _expected(parsed: "Parse", text: str) -> list[str]:
    """The hint of the value that has to come next, as ``<ip>  Address of ...``."""
    tag = parsed.expects
    if tag is None or not (text[-1:].isspace() or text.endswith("=")):
        return []
    return [f"{tag.kind.usage:<{WORD_COLUMN}} - {tag.help}"]
