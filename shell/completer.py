"""Tab: words, tags and values of the command core, each with its line of help."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from shell.hints import calmly, shorten

if TYPE_CHECKING:
    from commands.completion import Candidate
    from commands.session import Session

# The menu stays beside the word at 80 columns.
HELP_WIDTH = 48


class LineCompleter(Completer):
    """The candidates of `commands.parser.complete` for the line up to the cursor."""

    def __init__(self, session: "Session") -> None:
        self.session = session

    def get_completions(self, document: Document,
                        complete_event: CompleteEvent) -> Iterable[Completion]:
        """Completions; a word is followed by a blank, a tag waits for its value."""
        from commands.parser import complete
        text = document.text_before_cursor
        for start, value, help in calmly(list["Candidate"](), lambda: complete(text, self.session)):
            ends = value[-1:] in ("=", ":", "/", "")
            yield Completion(value if ends else value + " ", start - len(text), display=value,
                             display_meta=shorten(help, HELP_WIDTH))
