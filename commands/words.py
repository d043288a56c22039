"""A typed line as words: quotes taken off, ``${Name}`` filled in, every position kept.

netsh's rules: blanks and tabs separate, double quotes keep blanks, ``\\'`` inside quotes is a
double quote. A word knows where its first unquoted "=" stands, so that ``psk="a=b"`` and a
quoted ``"a=b"`` mean what they look like. One pass, linear in the length of the line.
"""

from collections.abc import Callable, Iterable, Mapping

from commands.errors import CommandError, Span
from engine.values import NamedTuple

LINE_LIMIT = 32_768
BRIEF_LIMIT = 60
USAGE_EXIT = 2
# What may mean something else than itself.
SIGNS = frozenset(' \t"=\\$')


class Word(NamedTuple):
    """One word: `text` is what it means, [start, end) where it stands in the typed line.

    `equals` is the index in `text` of the first unquoted "=" or -1, `cut` the column in the line
    just behind that "=". `quoted` is True when it begins with a quote: then it is never a
    keyword, an operator or ``tag=value``.
    """

    text: str
    start: int
    end: int
    quoted: bool = False
    equals: int = -1
    cut: int = -1


class Words(NamedTuple):
    """The words of a line and the first thing that is wrong with it, if any.

    `comment` is the column where a comment begins, -1 when the line is none; `unfinished` is
    True when a quote is still open (its word is the last and reaches the end of the line).
    """

    words: tuple[Word, ...] = ()
    error: CommandError | None = None
    comment: int = -1
    unfinished: bool = False


def split_words(line: str, variables: Mapping[str, str] | None = None) -> Words:
    """Reads a line. Never raises: what is wrong with it is in `error`."""
    broken = _refuse(line)
    if broken is not None:
        return Words(error=broken)
    comment = comment_start(line)
    if comment >= 0:
        return Words(comment=comment)
    scanner = _Scanner(line, variables or {})
    words = scanner.scan()
    return Words(tuple(words), scanner.error, unfinished=scanner.open_quote >= 0)


def lookup(name: str, variables: Mapping[str, str]) -> str | None:
    """What ``${name}`` stands for: a variable, ``${NetA.host}``, an address of a named net, or
    ``${NetB/16}`` (and ``${NetB/16.id}``), the net of that length around it.
    """
    value = variables.get(name)
    if value is not None or not ("." in name or "/" in name):
        return value
    from engine.address import format_address, make_network, member, parse_network, prefix_mask
    of, dot, what = name.rpartition(".") if "." in name else (name, "", "")
    net, wide, length = of.partition("/")
    try:
        network = parse_network(variables[net])
        if wide:
            network = make_network(network.address & prefix_mask(int(length)), int(length))
        if not dot:
            return str(network)
        return str(network.prefix) if what == "prefix" else format_address(member(network, what))
    except (KeyError, ValueError):
        return None


def filled(text: str, value: Callable[[str], str | None]) -> str:
    """The text with every ``${name}`` in it replaced; what has no value stays, as does ``\\${``."""
    parts: list[str] = []
    at = 0
    while True:
        start = text.find("${", at)
        end = text.find("}", start)
        if start < 0 or end < 0:
            return "".join((*parts, text[at:]))
        found = None if text[max(start - 1, 0):start] == "\\" else value(text[start + 2:end])
        parts += [text[at:start], text[start:end + 1] if found is None else found]
        at = end + 1


def own(name: str) -> bool:
    """Whether a variable is one of the session's own, not a transcript's capture or folder."""
    return ":" not in name and name != "tmp"


def comment_start(line: str) -> int:
    """The column of ``#``, ``;``, ``::`` or ``rem`` when the whole line is a comment, else -1."""
    stripped = line.lstrip(" \t")
    first = stripped[:4].lower()
    if (first[:1] in ("#", ";") or first[:2] == "::"
            or first[:3] == "rem" and first[3:] in ("", " ", "\t")):
        return len(line) - len(stripped)
    return -1


def line_of_arguments(arguments: Iterable[str]) -> str:
    """The line that stands for a process's arguments, each of them one word, blanks included."""
    return " ".join(quote_argument(argument) for argument in arguments)


def brief(text: str) -> str:
    """A typed word as an error sentence repeats it: not longer than one can read."""
    return text if len(text) <= BRIEF_LIMIT else text[:BRIEF_LIMIT] + "..."


def quote_argument(argument: str) -> str:
    """One argument as one word of a line: ``name=My Policy`` gives ``name="My Policy"``."""
    if argument in ("|", ">", ">>", "?"):
        return argument
    left, equals, right = argument.partition("=")
    if equals and left.isalnum() and left.isascii():
        return left + "=" + (quoted(right) if right else '""')
    name, colon, value = argument.partition(":")
    if colon and value and name[:1] == "/" and name[1:].isalnum():
        return name + ":" + quoted(value)
    return quoted(argument)


def quote(text: str) -> str:
    """A value as it is typed: in quotes when blanks or signs of the grammar ask for it."""
    return quoted(text.replace("${", "\\${"))


def quoted(plain: str) -> str:
    """The same for a text whose ``${...}`` are names and are to be filled in."""
    if plain and not any(sign in plain for sign in " \t\"=|>") and plain[0] not in "#;?":
        return plain
    # A backslash before an apostrophe means itself only outside quotes.
    return '"' + '"\\\'"'.join(part.replace('"', "\\'") for part in plain.split("\\'")) + '"'


def _refuse(line: str) -> CommandError | None:
    if len(line) > LINE_LIMIT:
        return CommandError("line-too-long", f"The line has {len(line)} characters; "
                            f"{LINE_LIMIT} are the most", exit=USAGE_EXIT)
    if line.isprintable():
        return None
    for column, sign in enumerate(line):
        if sign != "\t" and _is_control(sign):
            what = "not valid text" if 0xD800 <= ord(sign) <= 0xDFFF else "a control character"
            return CommandError("control-character", f"Column {column + 1} holds {what} "
                                f"(U+{ord(sign):04X})", span=Span(column, column + 1),
                                exit=USAGE_EXIT)
    return None


def _is_control(sign: str) -> bool:
    code = ord(sign)
    return (code < 32 or 127 <= code < 160 or 0xD800 <= code <= 0xDFFF
            or code in (0x2028, 0x2029))


class _Scanner:
    """One pass over a line."""

    def __init__(self, line: str, variables: Mapping[str, str]) -> None:
        self.line, self.variables = line, variables
        self.error: CommandError | None = None
        self.open_quote = -1
        self.at = 0
        self.parts: list[str] = []
        self.size = 0
        self.equals = self.cut = -1

    def scan(self) -> list[Word]:
        words: list[Word] = []
        line, length = self.line, len(self.line)
        while True:
            while self.at < length and line[self.at] in " \t":
                self.at += 1
            if self.at >= length:
                return words
            words.append(self._word())

    def _word(self) -> Word:
        start = self.at
        self.parts, self.size, self.equals, self.cut = [], 0, -1, -1
        line, length = self.line, len(self.line)
        while self.at < length:
            sign = line[self.at]
            if sign not in SIGNS:
                self._plain()
            elif sign == '"':
                self.open_quote = -1 if self.open_quote >= 0 else self.at
                self.at += 1
            elif sign in " \t" and self.open_quote < 0:
                break
            else:
                self._sign(sign)
        if self.open_quote >= 0 and self.error is None:
            self.error = CommandError(
                "unclosed-quote", "The quotation mark is not closed",
                span=Span(self.open_quote, self.open_quote + 1), exit=USAGE_EXIT,
                fix='write the value between two quotation marks: name="My Policy"')
        return Word("".join(self.parts), start, self.at, line[start] == '"', self.equals, self.cut)

    def _plain(self) -> None:
        """A stretch of letters that mean themselves."""
        line, length = self.line, len(self.line)
        end = self.at + 1
        while end < length and line[end] not in SIGNS:
            end += 1
        self._take(line[self.at:end], end - self.at)

    def _sign(self, sign: str) -> None:
        line, at = self.line, self.at
        if sign == "\\" and line.startswith("\\${", at):
            self._take("${", 3)
        elif sign == "\\" and self.open_quote >= 0 and line.startswith("\\'", at):
            self._take('"', 2)
        elif sign == "$" and line.startswith("${", at):
            self._variable()
        else:
            if sign == "=" and self.equals < 0 and self.open_quote < 0:
                self.equals, self.cut = self.size, at + 1
            self._take(sign, 1)

    def _take(self, text: str, width: int) -> None:
        self.parts.append(text)
        self.size += len(text)
        self.at += width

    def _variable(self) -> None:
        end = self.line.find("}", self.at, self.at + 80)
        name = self.line[self.at + 2:end] if end > 0 else self.line[self.at + 2:self.at + 40]
        value = lookup(name, self.variables) if end > 0 else None
        if value is None:
            self._unknown(name, end)
            self._take("${", 2)
        else:
            self._take(value, end + 1 - self.at)

    def _unknown(self, name: str, end: int) -> None:
        if self.error is None:
            stop = end + 1 if end > 0 else len(self.line)
            text = f"There is no variable '{name}'" if end > 0 else "The variable is not closed"
            self.error = CommandError(
                "unknown-variable", text, span=Span(self.at, stop), exit=USAGE_EXIT,
                known=tuple(name for name in self.variables if own(name)),
                fix="a literal ${ is written \\${")
