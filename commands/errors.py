"""The operator's mistakes, with everything needed to draw the caret under them."""

from engine.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from commands.answer import Cell


class Span(NamedTuple):
    """Columns [start, end) of the typed line that an error points at."""

    start: int
    end: int


class CommandError(Exception):
    """One mistake: a code, a sentence, where it stands, what is known, and a way out.

    `code` is what scripts match ("IPsec[05049]", "not-found", "bad-value", ...). `span` is filled
    in by the parser, or by `run_line` from `tag` (the tag whose value was wrong). `known` are the
    acceptable words, `fix` a sentence or a line to type. `exit` is the exit class: 1 the command
    failed, 2 the line could not be understood, 3 could not run, 5 needs --yes, 6 store locked.
    `values` are the typed values that text and fix repeat; `run_line` adds what was typed itself.
    """

    def __init__(self, code: str, text: str, *, tag: str = "", span: Span | None = None,
                 known: tuple[str, ...] = (), fix: str = "", exit: int = 1,
                 values: "tuple[Cell, ...]" = ()) -> None:
        super().__init__(text)
        self.code, self.text, self.tag, self.span = code, text, tag, span
        self.known, self.fix, self.exit, self.values = known, fix, exit, values
        self.line = ""
        self.place = ""  # FILE:LINE of the script it stands in

    def __str__(self) -> str:
        return self.text


class Interrupted(Exception):
    """Ctrl-C while a command ran; what it had to say (statistics) has been emitted."""


class Leave(Exception):
    """`bye`: end the script and the program; `exit` is the worst exit code of the script."""

    exit = 0
