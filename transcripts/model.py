"""A transcript as values: its header, its commands, and what is expected of each."""

from typing import NamedTuple

from transcripts.pattern import Elision, Token


class FormatError(Exception):
    """A transcript that cannot be run: `text` says why, `line` counts from 1 (0: the file)."""

    def __init__(self, path: str, line: int, text: str) -> None:
        super().__init__(f"{path}:{line}: {text}" if line else f"{path}: {text}")
        self.path, self.line, self.text = path, line, text


class UnreadableError(FormatError):
    """A file that is missing, forbidden, binary or too large to be a transcript."""


class Prompt(NamedTuple):
    """A prompt of a target program: the context it stands for, and what it looks like."""

    context: tuple[str, ...]
    tokens: tuple[Token, ...]


class Login(NamedTuple):
    """What a target asks before its first prompt, and the answer (``${secret:name}`` inside)."""

    question: tuple[Token, ...]
    answer: str


class Header(NamedTuple):
    """What the transcript stands on.

    `clock` is the Unix time of the lab's boot, None its own; `real` makes the lab's clock follow
    the wall's. `store` is "empty" (the default lab, in memory) or a path; `timeout` and `total`
    are seconds of wall time for a command and for all of them. `secrets` are (name, source),
    `masks` (type, text): free text that reports write as ``<type:1>``. `prompts`, `logins`,
    `errors` and `pagers` say how a target program talks.
    """

    title: str = ""
    store: str = "empty"
    clock: float | None = None
    real: bool = False
    seed: int | None = None
    bind: tuple[tuple[str, str], ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()
    masks: tuple[tuple[str, str], ...] = ()
    requires: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    timeout: float = 30.0
    total: float = 600.0
    prompts: tuple[Prompt, ...] = ()
    logins: tuple[Login, ...] = ()
    errors: tuple[tuple[Token, ...], ...] = ()
    pagers: tuple[tuple[Token, ...], ...] = ()


class Expected(NamedTuple):
    """One expected line: output ("|"), error ("!"), question ("?") or an answer to it ("<").

    Lines with the same `group` above 0 stand in any order. `rows` begins a table's body.
    """

    sigil: str
    text: str
    line: int
    tokens: tuple[Token, ...] = ()
    elision: Elision | None = None
    group: int = 0
    rows: bool = False


class Directive(NamedTuple):
    """``~ name argument`` with what it means (see `transcripts.directives`)."""

    name: str
    argument: str
    line: int
    value: object = None


class Exchange(NamedTuple):
    """One command and all that is expected of it.

    `before` are the directives that come to pass before it is typed, `checks` those that follow
    it; `label` is the name of the place. `line` is where it stands in the file `path`, `end` the
    last line that belongs to it, `shown` whether an exit class was written.
    """

    context: tuple[str, ...]
    command: str
    line: int
    section: str = ""
    expected: tuple[Expected, ...] = ()
    exit: int = 0
    before: tuple[Directive, ...] = ()
    checks: tuple[Directive, ...] = ()
    label: str = ""
    path: str = ""
    exit_line: int = 0

    def check(self, name: str) -> Directive | None:
        """The first directive of that name behind the command."""
        return next((one for one in self.checks if one.name == name), None)

    @property
    def ignore(self) -> bool:
        """Whether its output is not compared."""
        return self.check("output") is not None

    @property
    def answers(self) -> tuple[Expected, ...]:
        """What is typed while it runs."""
        return tuple(one for one in self.expected if one.sigil == "<")


class Transcript(NamedTuple):
    """A whole file, in order; `after` are directives behind its last command."""

    path: str
    header: Header
    exchanges: tuple[Exchange, ...]
    after: tuple[Directive, ...] = ()
    text: str = ""
