"""Colours the typed line from the parse itself: what is coloured is what would be run."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.lexers import Lexer

from shell.hints import calmly

if TYPE_CHECKING:
    from commands.session import Session


class LineLexer(Lexer):
    """One parse a change of the line; the last one is kept, as the prompt redraws often.

    A key is stars from its first character on: nobody reads it over a shoulder or off a recording.
    A mistake in the word under the cursor is not shown as one while it is still being typed.
    """

    def __init__(self, session: "Session") -> None:
        self.session = session
        self.key: tuple[object, ...] = ()
        self.fragments: StyleAndTextTuples = []

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        """The fragments of each line of the document (the prompt has one)."""
        text = document.text
        key = (text, document.cursor_position, self.session.context, self.session.machine)
        if key != self.key:
            plain: StyleAndTextTuples = [("", text)]
            self.key = key
            self.fragments = calmly(
                plain, lambda: self._fragments(text, document.cursor_position))
        fragments = self.fragments
        return lambda number: fragments if number == 0 else []

    def _fragments(self, text: str, cursor: int) -> StyleAndTextTuples:
        if not text:
            return []
        from commands.parser import parse
        fragments: StyleAndTextTuples = []
        at = 0
        for start, end, role in parse(text, self.session).pieces:
            start = max(start, at)
            if end <= start:
                continue
            if role == "error" and end == cursor == len(text):
                role = "value"
            shown = text[start:end] if role != "secret" else "*" * (end - start)
            fragments += [("", text[at:start]), (f"class:typed.{role}", shown)]
            at = end
        fragments.append(("", text[at:]))
        return [fragment for fragment in fragments if fragment[1]]
