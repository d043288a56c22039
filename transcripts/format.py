"""Reads a transcript: the first character of a line decides what it is, nothing is guessed.

    # transcript: 1                     header lines, `# key: value`, before the first command
    ## Build the policy                 a section
    ipsec static> add policy name=P     a command; the context is asserted
    | text     ! text     = 1           its output, its errors, its exit class
    ? text     < text                   a question that it asked, the answer that was given
    ~ retry 10s                         a directive
    anything else                       prose

A typo must never turn a command into prose and the file green, so an unindented line that looks
like a command has to name a known context. In a Markdown file the lines inside fences with the
info string `ipsecsh` are the transcript, its `##` headings are the sections, all else is prose.
"""

import os
from collections.abc import Collection, Iterator

from transcripts.directives import DIRECTIVES, read_directive
from transcripts.header import HEADS, REPEATED, read_header
from transcripts.model import (
    Directive,
    Exchange,
    Expected,
    FormatError,
    Header,
    Transcript,
    UnreadableError,
)
from transcripts.octets import read_octets
from transcripts.pattern import (
    Insert,
    PatternError,
    Placeholder,
    Token,
    parse_elision,
    parse_pattern,
)

MAX_OCTETS = 16 << 20
MAX_COLUMNS = 20_000
MAX_DEPTH = 8
MAX_FILES = 64
MARKDOWN = (".md", ".markdown")
FENCES = ("```", "~~~")
ROWS = "<rows>"
OUTPUT = {"|": "output", "!": "output", "?": "a question"}
INTERRUPT = "^C"


def read(path: str) -> str:
    """The text of a transcript. Raises UnreadableError when missing, binary or huge."""
    try:
        octets = read_octets(path, MAX_OCTETS + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UnreadableError(path, 0, f"cannot be read: {reason}") from None
    if len(octets) > MAX_OCTETS:
        raise UnreadableError(path, 0, f"is larger than {MAX_OCTETS >> 20} MiB")
    return decoded(octets, path)


def decoded(octets: bytes, path: str) -> str:
    """The text of a file's octets. Raises UnreadableError for what is none."""
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise UnreadableError(path, line, "is not UTF-8 text") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise UnreadableError(path, line, "is binary, not text")
    return text


def parse(text: str, path: str, contexts: Collection[tuple[str, ...]],
          captured: Collection[str] = ()) -> Transcript:
    """The transcript of `text`; `contexts` are the shell's. Raises FormatError with its line.

    `captured` are the captures of what was run before.
    """
    reader = _Reader(path, contexts)
    reader.captured.update(captured)
    number = 0
    for number, line in numbered(text, path):
        reader.take(line, number)
    if reader.current is not None and reader.current.line == number and text[-1:] != "\n":
        raise FormatError(path, number, "no line feed ends this command: the file may have been "
                                        "cut off")
    return reader.finish()._replace(text=text)


def numbered(text: str, path: str) -> Iterator[tuple[int, str]]:
    """The lines that belong to the transcript, with their numbers in the file."""
    lines = enumerate((line.rstrip("\r") for line in text.split("\n")), 1)
    if not path.lower().endswith(MARKDOWN):
        yield from lines
        return
    fence = other = ""
    for number, line in lines:
        bare = line.strip()
        sign = bare[:3]
        closed = sign != "" and sign == (fence or other) and not bare.strip(sign[0])
        if fence and not closed or not fence and not other and line.startswith("## "):
            yield number, line
        elif closed:
            fence = other = ""
        elif not other and sign in FENCES:
            mine = bare.lstrip(sign[0]).strip().split(" ")[0] == "ipsecsh"
            fence, other = (sign, "") if mine else ("", sign)


class _Reader:
    """The state of reading: the header so far, and the exchange that lines now belong to."""

    def __init__(self, path: str, contexts: Collection[tuple[str, ...]]) -> None:
        self.path, self.contexts = path, contexts
        self.seen: set[str] = set()
        self.header = Header()
        self.section = ""
        self.current: Exchange | None = None
        self.expected: list[Expected] = []
        self.done: list[Exchange] = []
        self.before: list[Directive] = []
        self.skips: tuple[Directive, ...] = ()
        self.captured: set[str] = set()
        self.group = self.groups = 0
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
        if sigil in OUTPUT:
            self.output(sigil, line[1:])
        elif sigil == "<":
            self.answer(line[1:])
        elif sigil == "=":
            self.exit_class(line[1:].strip())
        elif sigil == "~":
            self.directive(line[1:].strip())
        elif line.startswith("## "):
            self.section, self.skips = line[3:].strip(), ()
        elif sigil == "#":
            self.head(line[1:].strip())
        else:
            self.command(line)

    def head(self, text: str) -> None:
        """A header line; after the first command, and without a colon, `#` is prose."""
        key, colon, value = text.partition(":")
        if self.current or not colon or " " in key:
            return
        if not self.seen and key != "transcript":
            raise self.error("a transcript begins with '# transcript: 1'")
        if key not in HEADS:
            raise self.error(f"unknown header '{key}' (known: {', '.join(HEADS)})")
        if key in self.seen and key not in REPEATED:
            raise self.error(f"header '{key}' has already been given")
        self.seen.add(key)
        try:
            self.header = read_header(self.header, key, value.strip())
        except ValueError as error:
            raise self.error(f"header '{key}' {error}") from None

    def command(self, line: str) -> None:
        """``ctx> command``, or prose when it cannot be meant as a command."""
        context, found, command = line.partition(">")
        if line[0].isspace() or not found:
            return
        words = tuple(context.split())
        known = self.known()
        exact = not context.endswith(" ") and command[:1] in ("", " ")
        if not exact and words in known:
            raise self.error("a command is written 'context> command'")
        if not exact:
            return
        if words not in known:
            raise self.error(f"unknown context '{context}'; a line of prose that looks like a "
                             "command is indented")
        if not command.strip():
            raise self.error("a prompt without a command")
        if "transcript" not in self.seen:
            raise self.error("a transcript begins with '# transcript: 1'")
        self.close()
        self.current = Exchange(words, command.strip(), self.number, self.section,
                                before=tuple(self.before), checks=self.skips, path=self.path,
                                label=next((one.argument for one in self.before
                                            if one.name == "label"), ""))
        self.before = []
        self.check_inserts(self.tokens(command, inserts_only=True))

    def known(self) -> Collection[tuple[str, ...]]:
        """The contexts: the shell's, or those whose prompts the header declares."""
        declared = {prompt.context for prompt in self.header.prompts}
        return declared or self.contexts

    def open(self, what: str) -> Exchange:
        if self.current is None:
            raise self.error(f"{what} before the first command")
        if self.before:
            raise self.error(f"{what} behind '~ {self.before[-1].name}', which belongs to the next "
                             "command")
        return self.current

    def output(self, sigil: str, text: str) -> None:
        """An expected line; one blank after the sigil separates, the rest is text."""
        self.open(OUTPUT[sigil])
        if text and text[0] != " ":
            raise self.error(f"a blank belongs after '{sigil}'")
        text = text[1:].rstrip()
        try:
            elision = parse_elision(text)
        except PatternError as error:
            raise self.error(str(error)) from None
        rows = text.strip() == ROWS
        tokens = () if elision or rows else self.tokens(text)
        self.check_inserts(tokens)
        self.captured.update(token.key for token in tokens if isinstance(token, Placeholder))
        self.expected.append(Expected(sigil, text, self.number, tokens, elision, self.group, rows))

    def answer(self, text: str) -> None:
        """What was typed while the command ran; without a question it can only be Ctrl-C."""
        self.open("an answer")
        text = text.strip()
        asked = bool(self.expected) and self.expected[-1].sigil == "?"
        if not asked and text.split(" ")[0] != INTERRUPT:
            raise self.error("an answer without a question; only ^C stands alone")
        self.check_inserts(self.tokens(text, inserts_only=True))
        self.expected.append(Expected("<", text, self.number))

    def tokens(self, text: str, inserts_only: bool = False) -> tuple[Token, ...]:
        """Tokens of output, or only the ``${...}`` of a command, where ``<`` is a plain sign."""
        try:
            return parse_pattern(text.replace("<", "\\<") if inserts_only else text)
        except PatternError as error:
            raise self.error(str(error)) from None

    def check_inserts(self, tokens: tuple[Token, ...]) -> None:
        """A capture has to be bound by an earlier line, or by an earlier place in this one."""
        bound = self.captured | {name for name, _ in self.header.bind}
        for token in tokens:
            if isinstance(token, Placeholder):
                bound.add(token.key)
            elif isinstance(token, Insert) and ":" in token.name:
                if not token.name.startswith("secret:") and token.name not in bound:
                    raise self.error(f"capture ${{{token.name}}} is used before it is bound")

    def exit_class(self, text: str) -> None:
        exchange = self.open("an exit class")
        if not (text.isascii() and text.isdigit() and int(text) < 256):
            raise self.error(f"exit class '{text[:20]}' must be a number from 0 to 255")
        self.current = exchange._replace(exit=int(text), exit_line=self.number)

    def directive(self, text: str) -> None:
        """``~ name argument``, before a command or behind it as the directive has it."""
        name, _, argument = text.partition(" ")
        argument = argument.strip()
        if name not in DIRECTIVES:
            raise self.error(f"unknown directive '{name}' (known: {', '.join(DIRECTIVES)})")
        try:
            value = read_directive(name, argument)
        except ValueError as error:
            raise self.error(f"directive '{name}' {error}") from None
        self.place(Directive(name, argument, self.number, value))

    def place(self, one: Directive) -> None:
        """Where a directive belongs."""
        if DIRECTIVES[one.name].before:
            self.before.append(one)
        elif one.name == "skip" and (self.current is None or self.current.section != self.section):
            self.skips += (one,)
        elif one.name == "unordered":
            self.open("unordered")
            self.groups += 1
            self.group = self.groups
        elif one.name == "end":
            if not self.group:
                raise self.error("directive 'end' without 'unordered'")
            self.group = 0
        else:
            exchange = self.open(one.name)
            self.current = exchange._replace(checks=(*exchange.checks, one))

    def close(self) -> None:
        """The exchange so far is complete."""
        if self.group:
            raise self.error("directive 'unordered' without 'end'")
        if self.current is None:
            return
        shown = [line for line in self.expected if line.sigil in "|!"]
        if self.current.ignore and shown:
            raise FormatError(self.path, shown[0].line,
                              "output is expected and ignored at once")
        self.done.append(self.current._replace(expected=tuple(self.expected)))
        self.current, self.expected = None, []

    def finish(self) -> Transcript:
        self.close()
        if "transcript" not in self.seen:
            raise FormatError(self.path, 1, "a transcript begins with '# transcript: 1'")
        if self.before and self.before[-1].name != "wait":
            raise FormatError(self.path, self.before[-1].line,
                              f"directive '{self.before[-1].name}' after the last command")
        return Transcript(self.path, self.header, tuple(self.done), tuple(self.before))


def load(path: str, contexts: Collection[tuple[str, ...]], text: str | None = None) -> Transcript:
    """Reads and parses a file with all it includes; `text` is what it would say.

    Raises FormatError.
    """
    return _Loader(contexts).load(path, (), text)


class _Loader:
    """Follows includes; `files` counts them all, so that they cannot multiply without end."""

    def __init__(self, contexts: Collection[tuple[str, ...]]) -> None:
        self.contexts = contexts
        self.files = 0

    def load(self, path: str, above: tuple[str, ...], given: str | None = None) -> Transcript:
        """A file with its includes, whose captures and secrets it may use."""
        text, own = read(path) if given is None else given, os.path.realpath(path)
        inner = [self.inner(path, number, name, (*above, own))
                 for number, name in _includes(text, path)]
        exchanges = [exchange for one in inner for exchange in one.exchanges]
        captured = {token.key for exchange in exchanges for line in exchange.expected
                    for token in line.tokens if isinstance(token, Placeholder)}
        bound = {name for one in inner for name, _ in one.header.bind}
        transcript = parse(text, path, self.contexts, captured | bound)
        header = transcript.header
        for one in reversed(inner):
            header = header._replace(bind=(*one.header.bind, *header.bind),
                                     secrets=(*one.header.secrets, *header.secrets))
        return transcript._replace(header=header,
                                   exchanges=(*exchanges, *transcript.exchanges))

    def inner(self, path: str, number: int, name: str, above: tuple[str, ...]) -> Transcript:
        """One included file."""
        full = os.path.join(os.path.dirname(path), name)
        if os.path.realpath(full) in above:
            raise FormatError(path, number, f"includes {name}, which includes it in turn")
        self.files += 1
        if len(above) > MAX_DEPTH or self.files > MAX_FILES:
            raise FormatError(path, number, f"includes more than {MAX_DEPTH} deep, or more than "
                                            f"{MAX_FILES} files")
        try:
            return self.load(full, above)
        except UnreadableError as error:
            raise FormatError(path, number, f"includes {name}, which {error.text}") from None


def _includes(text: str, path: str) -> list[tuple[int, str]]:
    """The included files that a header names, with their lines."""
    found = []
    for number, line in numbered(text, path):
        if line.startswith("#") and line[1:].strip().startswith("include:"):
            name = line[1:].strip()[8:].strip()
            found += [(number, name)] if name else []
        elif line and not line.startswith("#") and not line[0].isspace() and "> " in line:
            break
    return found
