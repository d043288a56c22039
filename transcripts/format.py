"""Reads a transcript: the first character of a line decides what it is, nothing is guessed.

    # transcript: 1                     header lines, `# key: value`, before the first command
    ## Build the policy                 a section
    ipsec static> add policy name=P     a command; the context is asserted
    | text     ! text     = 1           its output, its errors, its exit class
    ~ retry 10s                         a directive
    anything else                       prose

A typo must never turn a command into prose and the file green, so an unindented line that looks
like a command has to name a known context.
"""

from collections.abc import Callable, Collection
from typing import NamedTuple

from transcripts.pattern import (
    Elision,
    Insert,
    PatternError,
    Placeholder,
    Token,
    parse_elision,
    parse_pattern,
)
from transcripts.types import seconds

MAX_OCTETS = 4 << 20
MAX_COLUMNS = 20_000
# Headers and directives of the format that this version does not carry out: refused by name,
# because a transcript that silently ignores them would prove less than it says.
LATER_HEADERS = ("secrets", "mask", "requires", "include")
HEADERS = ("transcript", "title", "store", "clock", "seed", "bind", "timeout")
LATER_DIRECTIVES = ("within", "wait", "inject", "json", "assert", "unordered", "end", "skip",
                    "expect-fail", "label")
DIRECTIVES = ("clock", "output", "retry")


class FormatError(Exception):
    """A transcript that cannot be run: `text` says why, `line` counts from 1 (0: the file)."""

    def __init__(self, path: str, line: int, text: str) -> None:
        super().__init__(f"{path}:{line}: {text}" if line else f"{path}: {text}")
        self.path, self.line, self.text = path, line, text


class UnreadableError(FormatError):
    """A file that is missing, forbidden, binary or too large to be a transcript."""


class Header(NamedTuple):
    """What the transcript stands on. `clock` is the Unix time of the lab's boot, None its own;
    `store` is "empty" (the default lab, in memory) or a path; `timeout` seconds a command.
    """

    title: str = ""
    store: str = "empty"
    clock: float | None = None
    seed: int | None = None
    bind: tuple[tuple[str, str], ...] = ()
    timeout: float = 30.0


class Expected(NamedTuple):
    """One line of output (`sigil` "|") or error ("!") that a command must print."""

    sigil: str
    text: str
    line: int
    tokens: tuple[Token, ...] = ()
    elision: Elision | None = None


class Exchange(NamedTuple):
    """One command and all that is expected of it.

    `pause` seconds of virtual time pass before it is typed (``~ clock``), `retry` seconds is how
    long its output may take to become right (``~ retry``), `ignore` skips the comparison of its
    output (not of its exit class).
    """

    context: tuple[str, ...]
    command: str
    line: int
    section: str = ""
    expected: tuple[Expected, ...] = ()
    exit: int = 0
    pause: float = 0.0
    retry: float = 0.0
    ignore: bool = False


class Transcript(NamedTuple):
    """A whole file, in order."""

    path: str
    header: Header
    exchanges: tuple[Exchange, ...]


def read(path: str) -> str:
    """The text of a transcript. Raises UnreadableError when missing, binary or huge."""
    try:
        with open(path, "rb") as file:
            octets = file.read(MAX_OCTETS + 1)
    except OSError as error:
        raise UnreadableError(path, 0, f"cannot be read: {error.strerror or error}") from None
    if len(octets) > MAX_OCTETS:
        raise UnreadableError(path, 0, f"is larger than {MAX_OCTETS >> 20} MiB")
    try:
        text = octets.decode()
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise UnreadableError(path, line, "is not UTF-8 text") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise UnreadableError(path, line, "is binary, not text")
    return text


def parse(text: str, path: str, contexts: Collection[tuple[str, ...]]) -> Transcript:
    """The transcript of `text`; `contexts` are the shell's. Raises FormatError with its line."""
    reader = _Reader(path, contexts)
    for number, line in enumerate(text.split("\n"), 1):
        reader.take(line.rstrip("\r"), number)
    return reader.finish()


class _Reader:
    """The state of reading: the header so far, and the exchange that lines now belong to."""

    def __init__(self, path: str, contexts: Collection[tuple[str, ...]]) -> None:
        self.path, self.contexts = path, contexts
        self.header: dict[str, str] = {}
        self.values = Header()
        self.section = ""
        self.current: Exchange | None = None
        self.done: list[Exchange] = []
        self.pause = 0.0
        self.captured: set[str] = set()
        self.number = 0

    def error(self, text: str) -> FormatError:
        return FormatError(self.path, self.number, text)

    def take(self, line: str, number: int) -> None:
        """One line, by its first character."""
        self.number = number
        if len(line) > MAX_COLUMNS:
            raise self.error(f"a line is longer than {MAX_COLUMNS} characters")
        if not line or line.startswith("#!") and number == 1:
            return
        sigil = line[0]
        if sigil in "|!":
            self.output(sigil, line[1:])
        elif sigil == "=":
            self.exit_class(line[1:].strip())
        elif sigil == "~":
            self.directive(line[1:].strip())
        elif sigil in "?<":
            raise self.error(f"answers to prompts ({sigil}) are not supported yet")
        elif line.startswith("## "):
            self.section = line[3:].strip()
        elif sigil == "#":
            self.head(line[1:].strip())
        else:
            self.command(line)

    def head(self, text: str) -> None:
        """A header line; after the first command, and without a colon, `#` is prose."""
        key, colon, value = text.partition(":")
        if self.current or not colon or " " in key:
            return
        if not self.header and key != "transcript":
            raise self.error("a transcript begins with '# transcript: 1'")
        if key in LATER_HEADERS:
            raise self.error(f"header '{key}' is not supported yet")
        if key not in HEADERS:
            raise self.error(f"unknown header '{key}' (known: {', '.join(HEADERS)})")
        if key in self.header and key != "bind":
            raise self.error(f"header '{key}' has already been given")
        self.header[key] = value.strip()
        try:
            self.values = _HEADS[key](self.values, value.strip())
        except ValueError as error:
            raise self.error(f"header '{key}' {error}") from None

    def command(self, line: str) -> None:
        """``ctx> command``, or prose when it cannot be meant as a command."""
        context, found, command = line.partition(">")
        if line[0].isspace() or not found:
            return
        words = tuple(context.split())
        exact = not context.endswith(" ") and command[:1] in ("", " ")
        if not exact and words in self.contexts:
            raise self.error("a command is written 'context> command'")
        if not exact:
            return
        if words not in self.contexts:
            raise self.error(f"unknown context '{context}'; a line of prose that looks like a "
                             "command is indented")
        if not command.strip():
            raise self.error("a prompt without a command")
        if "transcript" not in self.header:
            raise self.error("a transcript begins with '# transcript: 1'")
        self.close()
        self.current = Exchange(words, command.strip(), self.number, self.section,
                                pause=self.pause)
        self.pause = 0.0
        self.check_inserts(self.tokens(command, inserts_only=True))

    def open(self, what: str) -> Exchange:
        if self.current is None:
            raise self.error(f"{what} before the first command")
        return self.current

    def output(self, sigil: str, text: str) -> None:
        """An expected line; one blank after the sigil separates, the rest is text."""
        exchange = self.open("output")
        if text and text[0] != " ":
            raise self.error(f"a blank belongs after '{sigil}'")
        text = text[1:].rstrip()
        try:
            elision = parse_elision(text)
        except PatternError as error:
            raise self.error(str(error)) from None
        if text.strip() == "<rows>":
            raise self.error("placeholder <rows> is not supported yet")
        tokens = () if elision else self.tokens(text)
        self.check_inserts(tokens)
        self.captured.update(token.key for token in tokens if isinstance(token, Placeholder))
        one = Expected(sigil, text, self.number, tokens, elision)
        self.current = exchange._replace(expected=(*exchange.expected, one))

    def tokens(self, text: str, inserts_only: bool = False) -> tuple[Token, ...]:
        """Tokens of output, or only the ``${...}`` of a command, where ``<`` is a plain sign."""
        try:
            return parse_pattern(text.replace("<", "\\<") if inserts_only else text)
        except PatternError as error:
            raise self.error(str(error)) from None

    def check_inserts(self, tokens: tuple[Token, ...]) -> None:
        """A capture has to be bound by an earlier line, or by an earlier place in this one."""
        bound = set(self.captured)
        for token in tokens:
            if isinstance(token, Placeholder):
                bound.add(token.key)
            elif isinstance(token, Insert) and ":" in token.name:
                if token.name.startswith("secret:"):
                    raise self.error(f"${{{token.name}}} is not supported yet")
                if token.name not in bound:
                    raise self.error(f"capture ${{{token.name}}} is used before it is bound")

    def exit_class(self, text: str) -> None:
        exchange = self.open("an exit class")
        if not (text.isascii() and text.isdigit() and int(text) < 256):
            raise self.error(f"exit class '{text[:20]}' must be a number from 0 to 255")
        self.current = exchange._replace(exit=int(text))

    def directive(self, text: str) -> None:
        """``~ name argument``: `clock` stands between two commands, the others follow theirs."""
        name, _, argument = text.partition(" ")
        argument = argument.strip()
        if name in LATER_DIRECTIVES:
            raise self.error(f"directive '{name}' is not supported yet")
        if name not in DIRECTIVES:
            raise self.error(f"unknown directive '{name}' (known: {', '.join(DIRECTIVES)})")
        try:
            if name == "clock":
                self.pause += _forward(argument)
            elif name == "retry":
                self.current = self.open("retry")._replace(retry=seconds(argument))
            elif argument == "ignore":
                self.current = self.open("output")._replace(ignore=True)
            else:
                raise ValueError("must be 'output ignore'")
        except ValueError as error:
            raise self.error(f"directive '{name}' {error}") from None

    def close(self) -> None:
        """The exchange so far is complete."""
        if self.current is None:
            return
        if self.current.ignore and self.current.expected:
            raise FormatError(self.path, self.current.expected[0].line,
                              "output is expected and ignored at once")
        self.done.append(self.current)
        self.current = None

    def finish(self) -> Transcript:
        self.close()
        if self.pause:
            raise self.error("directive 'clock' after the last command")
        if "transcript" not in self.header:
            raise FormatError(self.path, 1, "a transcript begins with '# transcript: 1'")
        return Transcript(self.path, self.values, tuple(self.done))


def _forward(text: str) -> float:
    """Seconds of ``+1h``. Raises ValueError."""
    if not text.startswith("+"):
        raise ValueError("must be a step such as +1h")
    return seconds(text[1:])


def parse_clock(text: str) -> float:
    """Unix seconds of ``virtual 2004-03-17T09:00:00Z``. Raises ValueError."""
    kind, _, stamp = text.partition(" ")
    if kind != "virtual":
        raise ValueError("must be 'virtual YYYY-MM-DDTHH:MM:SSZ'")
    from calendar import timegm
    from time import strptime
    try:
        return float(timegm(strptime(stamp.strip(), "%Y-%m-%dT%H:%M:%SZ")))
    except ValueError:
        raise ValueError("must be 'virtual YYYY-MM-DDTHH:MM:SSZ'") from None


def _bind(header: Header, value: str) -> Header:
    pairs = []
    for word in value.split():
        name, equals, bound = word.partition("=")
        if not (name and equals and bound):
            raise ValueError(f"has '{word}' where NAME=VALUE belongs")
        pairs.append((name, bound))
    return header._replace(bind=(*header.bind, *pairs))


def _version(header: Header, value: str) -> Header:
    if value != "1":
        raise ValueError(f"is version {value}; this shell reads version 1")
    return header


def _seed(header: Header, value: str) -> Header:
    if not (value.isascii() and value.isdigit()) or len(value) > 18:
        raise ValueError("must be a whole number")
    return header._replace(seed=int(value))


_HEADS: dict[str, Callable[[Header, str], Header]] = {
    "transcript": _version,
    "title": lambda header, value: header._replace(title=value),
    "store": lambda header, value: header._replace(store=value),
    "clock": lambda header, value: header._replace(clock=parse_clock(value)),
    "seed": _seed,
    "bind": _bind,
    "timeout": lambda header, value: header._replace(timeout=seconds(value)),
}
