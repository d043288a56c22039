"""What is wrong with a transcript, or odd in it, before anybody runs it.

A finding that is `wrong` would keep it from running, or is a secret in clear; the others are what
their author hardly meant: a test that cannot fail, a name that nobody uses.
"""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from transcripts.checking.mistakes import Finding, Read
from transcripts.clear import hider_of, in_clear
from transcripts.model import Exchange, Expected, Transcript
from transcripts.pattern import Insert, Placeholder, Rest

if TYPE_CHECKING:
    from commands.session import Session

# Mistakes of the language alone: whether an object is there only a run can tell.
LANGUAGE = frozenset({"unknown-command", "ambiguous", "unknown-tag", "unknown-option",
                      "doubled-tag", "extra-value", "missing-value"})
# What stands for a capture of a type while lines are only read.
SAMPLES = {"spi": "0x1001", "int": "1", "count": "1", "bytes": "1", "port": "500",
           "ip": "10.1.0.10", "net": "10.1.0.0/24", "mask": "255.255.255.0", "seq": "1",
           "guid": "{D239C599-F945-47A3-A4E3-B37BC12826B9}", "dur": "1s", "percent": "1"}
ENDS = (("bye",), ("exit",), ("quit",))


def findings(read: Read) -> list[Finding]:
    """Everything about one file, in the order of its lines."""
    found = list(read.found)
    transcript = read.transcript
    if transcript is not None and not transcript.exchanges and not found:
        return [Finding(transcript.path, 0, "nothing-run", "holds no command", True)]
    if transcript is not None:
        found += [one._replace(path=transcript.path)
                  for one in _Lint(transcript, read.text).look()]
    return sorted(dict.fromkeys(found), key=lambda one: (one.path != _first(read), one.line))


def _first(read: Read) -> str:
    return read.transcript.path if read.transcript is not None else ""


class _Lint:
    """Looks at one transcript; its includes are other files, and looked at on their own."""

    def __init__(self, transcript: Transcript, text: str) -> None:
        self.transcript, self.text = transcript, text
        self.exchanges = [one for one in transcript.exchanges if one.path == transcript.path]

    def look(self) -> Iterator[Finding]:
        """All findings, in no order."""
        yield from self._header()
        yield from self._captures()
        yield from self._labels()
        for exchange in self.exchanges:
            yield from self._vague(exchange)
        yield from self._revealed()
        if not self.transcript.header.prompts:
            yield from self._commands()

    # --- names --------------------------------------------------------------------------------

    def _header(self) -> Iterator[Finding]:
        header = self.transcript.header
        if header.clock is None and not header.real and self._times():
            yield _odd(0, "no-clock", "a time of day is expected, and no '# clock:' says when the "
                       "lab begins")
        for name, _ in header.secrets:
            if f"${{secret:{name}" not in self.text:
                yield _odd(self._place("secrets", name), "unused-secret",
                           f"secret '{name}' is used nowhere")
        if self.text and not self.text.endswith("\n") and not self.transcript.path.endswith(
                (".md", ".markdown")):
            yield _odd(self.text.count("\n") + 1, "cut-off",
                       "no line feed ends the file: it may have been cut off")

    def _times(self) -> bool:
        """Whether a time of day is expected as it stands."""
        import re
        clock = re.compile(r"[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?: [AP]M|Z)")
        return any(isinstance(token, str) and clock.search(token)
                   for line in self._lines() for token in line.tokens)

    def _place(self, key: str, word: str) -> int:
        return next((number for number, line in enumerate(self.text.split("\n"), 1)
                     if line.startswith("#") and key in line and word in line), 0)

    def _lines(self) -> Iterator[Expected]:
        for exchange in self.exchanges:
            yield from exchange.expected

    def _captures(self) -> Iterator[Finding]:
        """A name that is given once and used nowhere says that something was forgotten."""
        first: dict[str, int] = {}
        used: Counter[str] = Counter()
        for line in self._lines():
            for token in line.tokens:
                if isinstance(token, Placeholder) and token.name:
                    first.setdefault(token.key, line.line)
                    used[token.key] += 1
                elif isinstance(token, Insert):
                    used[token.name] += 2
        for key, line_number in first.items():
            bare = key.partition(":")[2]
            if used[key] < 2 and f"${{{key}}}" not in self.text and f"${{{bare}}}" not in self.text:
                yield _odd(line_number, "unused-capture", f"<{key}> is used nowhere else")

    def _labels(self) -> Iterator[Finding]:
        seen: dict[str, int] = {}
        for exchange in self.exchanges:
            if exchange.label in seen:
                yield _odd(exchange.line, "doubled-label",
                           f"label '{exchange.label}' stands at line {seen[exchange.label]} too")
            elif exchange.label:
                seen[exchange.label] = exchange.line

    # --- expectations that hold for anything --------------------------------------------------

    def _vague(self, exchange: Exchange) -> Iterator[Finding]:
        output = [line for line in exchange.expected if line.sigil in "|!" and line.text]
        others = [one for one in exchange.checks if one.name not in ("unordered", "end", "skip")]
        if output and not others and not exchange.exit_line and all(
                line.elision is not None and line.elision.limit is None for line in output):
            yield _odd(output[0].line, "matches-everything",
                       "any output will do; '~ output ignore' says so")
        for line in output:
            if line.elision is None and line.tokens and all(_anything(one) for one in line.tokens):
                yield _odd(line.line, "matches-everything", f"any line matches {line.text}")

    # --- secrets ------------------------------------------------------------------------------

    def _revealed(self) -> Iterator[Finding]:
        """What stands in clear at one place stands at others, in whatever encoding."""
        lines = {line for exchange in self.exchanges for line, _ in in_clear(exchange)}
        hider = hider_of(self.exchanges)
        lines |= {number for number, line in enumerate(self.text.split("\n"), 1)
                  if hider.holds(line)}
        for line in lines:
            yield Finding("", line, "secret-in-clear", "a key or a password stands here in clear; "
                          "write ${secret:NAME}", True)

    # --- commands -----------------------------------------------------------------------------

    def _commands(self) -> Iterator[Finding]:
        """Lines that the shell does not understand, and that are not meant to show so."""
        from transcripts.replay import make_session
        from transcripts.stage import CannotPlay
        header = self.transcript.header._replace(store="empty")
        try:
            session = make_session(header, "")
        except CannotPlay as error:
            yield Finding("", self._place("bind", ""), "cannot-run", str(error), True)
            return
        try:
            yield from self._typed(session)
        finally:
            session.close()

    def _typed(self, session: "Session") -> Iterator[Finding]:
        from commands.parser import parse
        session.variables |= _samples(self.transcript)
        ended = 0
        for exchange in self.transcript.exchanges:
            if ended and exchange.path == self.transcript.path:
                yield _odd(exchange.line, "behind-the-end",
                           f"line {ended} ends the session: this is never typed")
                return
            session.context = exchange.context
            parsed = parse(exchange.command, session)
            session.aliases |= _alias(parsed.words, exchange.command)
            ended = exchange.line if parsed.words in ENDS and not exchange.exit else 0
            error = parsed.error
            if error is not None and error.code in LANGUAGE and _succeeds(exchange) \
                    and exchange.path == self.transcript.path:
                yield _odd(exchange.line, "bad-command", f"{error.code}: {error.text}")


def _odd(line: int, code: str, text: str) -> Finding:
    return Finding("", line, code, text)


def _anything(token: object) -> bool:
    return isinstance(token, Rest) or isinstance(token, Placeholder) and token.type == "re" \
        and token.argument in (".*", ".+")


def _succeeds(exchange: Exchange) -> bool:
    """Whether a command is expected to do what it says."""
    return not exchange.exit and exchange.check("expect-fail") is None \
        and exchange.check("skip") is None \
        and not any(line.sigil == "!" for line in exchange.expected)


def _alias(words: tuple[str, ...], command: str) -> dict[str, str]:
    """What an alias command defines."""
    if words != ("alias",):
        return {}
    rest = command.split(None, 2)[1:]
    name, _, meaning = (rest[0] if rest else "").partition("=")
    return {name.lower(): (meaning or " ".join(rest[1:])).strip('"')} if name else {}


def _samples(transcript: Transcript) -> dict[str, str]:
    """Something for every name that only a run gives a value."""
    names = {"tmp": "/tmp"}
    for exchange in transcript.exchanges:
        for line in exchange.expected:
            for token in line.tokens:
                if isinstance(token, Placeholder) and token.name:
                    names[token.key] = SAMPLES.get(token.type, "x")
        for text in (exchange.command, *(line.text for line in exchange.answers)):
            for piece in text.split("${secret:")[1:]:
                names[f"secret:{piece.partition('}')[0]}"] = "x"
    return names
