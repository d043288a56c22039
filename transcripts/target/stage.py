"""A transcript on another program: another shell over ssh, a router's console, anything typed at.

What it prints has no types: a placeholder is held against the shape of its text, and blanks that
line columns up are folded wherever there are two or more. A terminal does not tell errors from
output, nor exit classes: both kinds of expected lines are looked for in what is printed, and a
line that reads like an error fails a command that expects none.
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from commands.layout import Span, SpanLine
from commands.masking import secret_spans
from engine.policy.model import Secret
from transcripts.hiding import Hider
from transcripts.lines import Printed
from transcripts.model import Exchange, Expected, Header, Transcript
from transcripts.pairing import Mismatch, expression, inserted
from transcripts.pattern import Token
from transcripts.said import CTRL_C, CTRL_D, Said
from transcripts.stage import CannotPlay, Gone, expand
from transcripts.target.dialog import Came, Dialog, Lost, Matcher
from transcripts.types import seconds

if TYPE_CHECKING:
    from commands.session import Nested
    from engine.lab.site import Site
    from transcripts.directives import Wait

# Prompts of ipsecsh and of netsh: a machine in brackets, the name, the context.
OWN_PROMPT = r"(?:\[[^\]]*\] )?(?:ipsecsh|netsh){}>"
OWN_ERROR = re.compile(r"ERR ([\w\[\]-]+) : ")
OWN_WARNING = re.compile(r"WARN ([\w-]+): ")
PAGERS = re.compile(r"-+ ?\(?more\)? ?-+.*|.*press (any key|return)\b.*|lines \d+-\d+.*"
                    r"|:|\(end\)", re.IGNORECASE)
# What carries a conversation says this when it has been ended as told.
FAREWELL = re.compile(r"Connection to \S+ closed\.|Connection closed.*|logout|exit")
LEAVES = frozenset({"bye", "exit", "quit", "logout"})
BREAK, END = "\x03", "\x04"
# Seconds in which a program that was interrupted must prompt again.
RECOVER = 3.0
REST_MOST = 60.0
_PARTS = re.compile(r"( {2,}|-{3,}|={3,})")
_NOTHING = Printed("|", "")


class TargetStage:
    """A program that is started at the first command and ended with the stage; mutable."""

    target = True
    virtual = False

    def __init__(self, command: str, header: Header, contexts: frozenset[tuple[str, ...]],
                 names: Mapping[str, str], clock: Callable[[], float],
                 sleep: Callable[[float], None]) -> None:
        self.command, self.header, self.known = command, header, contexts
        self.clock, self.sleep = clock, sleep
        self.names: dict[str, str] = dict(names)
        self.hider = Hider()
        self.dialog: Dialog | None = None
        self.here: tuple[str, ...] = ()
        self.gone = ""
        self.contexts: list[tuple[str, ...]] = []

    @property
    def variables(self) -> Mapping[str, str]:
        return self.names

    @property
    def site(self) -> "Site | None":
        """A target's network has not the lab's shape."""
        return None

    def bind(self, name: str, value: str) -> None:
        self.names[name] = value
        if isinstance(value, Secret):
            self.hider.learn(value, name)

    # --- the program ---------------------------------------------------------------------------

    def _matcher(self, tokens: tuple[Token, ...]) -> Matcher:
        found = inserted(Expected("|", "", 0, tokens), {}, self.names)
        if isinstance(found, Mismatch):
            raise Gone(f"a prompt in the header: {found.reason}")
        return _full(expression(found, _NOTHING).strip())

    def _prompts(self) -> list[Matcher]:
        """Those of the header, else those of ipsecsh and netsh in every context."""
        if self.header.prompts:
            self.contexts = [one.context for one in self.header.prompts]
            return [self._matcher(one.tokens) for one in self.header.prompts]
        self.contexts = sorted(self.known)
        return [_full(OWN_PROMPT.format("".join(f" {word}" for word in one)))
                for one in self.contexts]

    def _start(self, limit: float) -> Dialog:
        """The program at its first prompt, logged in. Raises Gone."""
        pagers = [self._matcher(one) for one in self.header.pagers] or [_full(PAGERS.pattern)]
        logins = [(self._matcher(one.question), one.answer) for one in self.header.logins]
        try:
            dialog = self.dialog = Dialog(self.command, self._prompts(), pagers, self.clock)
            end = self.clock() + limit
            while True:
                came = dialog.wait(end - self.clock(), _any(logins))
                if came.what != "question":
                    break
                self._answer(dialog, logins)
        except Lost as reason:
            raise self._lost(str(reason)) from None
        if came.what == "prompt":
            self.here = self.contexts[came.which]
            return dialog
        last = self.hider.hide(dialog.last())
        said = f"; it printed: {last}" if last else "; it printed nothing"
        if came.what == "end":
            raise self._lost(f"the target has ended before it prompted: {dialog.status()}{said}")
        raise self._lost(f"the target has not prompted within {limit:g} s{said}")

    def _answer(self, dialog: Dialog, logins: list[tuple[Matcher, str]]) -> None:
        here = dialog.screen.here.strip()
        answer = next(answer for matches, answer in logins if matches(here))
        dialog.screen.forget(dialog.screen.row + 1)
        dialog.screen.rows, dialog.screen.column = [[]], 0
        dialog.type(expand(answer, self.names))

    def _lost(self, reason: str) -> Gone:
        self.gone = reason
        if self.dialog is not None:
            self.dialog.close()
        return Gone(reason)

    # --- what Play asks for --------------------------------------------------------------------

    def enter(self, context: tuple[str, ...]) -> str:
        """Nothing is typed into another context than the one it is meant for."""
        if self.gone:
            raise Gone(self.gone)
        if self.dialog is None:
            self._start(self.header.timeout)
        if self.here == context:
            return ""
        raise CannotPlay(f"not typed: the target's context is {_called(self.here)}, not "
                         f"{_called(context)}")

    def say(self, exchange: Exchange, limit: float) -> Said:
        if self.gone:
            raise Gone(self.gone)
        dialog = self.dialog or self._start(limit)
        for start, end in secret_spans(exchange.command):
            typed = exchange.command[start:end].strip('"')
            if "${" not in typed:
                self.hider.learn(typed, "secret")
        talk = _Talk(dialog, exchange, lambda text: expand(text, self.names), limit)
        try:
            came = talk.run()
        except Lost as reason:
            raise self._lost(str(reason)) from None
        said = Said(tuple(talk.lines), 0, elapsed=0.0, codes=_codes(talk.lines))
        if came.what == "prompt":
            self.here = self.contexts[came.which]
            return said._replace(exit=self._exit(exchange, talk.lines))
        if came.what == "end":
            return self._ended(exchange, dialog, said)
        self._recover(dialog)
        return said._replace(exit=124, timed_out=True, unanswered=talk.asked)

    def _exit(self, exchange: Exchange, lines: list[tuple[str, SpanLine]]) -> int:
        """The class that is expected, as nobody shows it, unless there is an error that is not."""
        errors = [self._matcher(one) for one in self.header.errors]
        texts = [_text(line) for _, line in lines]
        wrong = any(OWN_ERROR.match(text) for text in texts) if not errors else any(
            matches(text.strip()) for text in texts for matches in errors)
        return 1 if wrong and not exchange.exit and not any(
            one.sigil == "!" for one in exchange.expected) else exchange.exit

    def _ended(self, exchange: Exchange, dialog: Dialog, said: Said) -> Said:
        """A program that was told to end may do so."""
        status = dialog.status()
        self.gone = f"the target has ended at line {exchange.line}: {status}"
        if exchange.command.split(" ")[0].lower() in LEAVES:
            lines = tuple(line for line in said.lines if not FAREWELL.fullmatch(_text(line[1])))
            return said._replace(lines=lines, exit=exchange.exit, left=True)
        shown = " / ".join(_text(line) for _, line in said.lines[-5:])
        raise Gone(self.gone + (f"; it had printed: {self.hider.hide(shown)}" if shown else ""))

    def _recover(self, dialog: Dialog) -> None:
        """After a time-out: Ctrl-C, and the next prompt."""
        dialog.press(BREAK)
        try:
            came = dialog.wait(RECOVER)
        except Lost:
            came = Came("time")
        if came.what == "prompt":
            self.here = self.contexts[came.which]
            return
        self._lost("the target does not prompt any more, not even after Ctrl-C")

    def pass_time(self, seconds: float) -> None:
        """A target's time passes by itself. Raises CannotPlay for more than a minute of it."""
        if seconds > REST_MOST:
            raise CannotPlay(f"a target's clock goes by itself: {seconds:g} s are too long to wait")
        self.sleep(seconds)

    def await_state(self, wait: "Wait", limit: float) -> str:
        raise CannotPlay("a target's state cannot be looked at: use retry on a command that shows "
                         "it")

    def inject(self, line: str, limit: float) -> None:
        raise CannotPlay("nothing is broken on a target")

    def restart(self) -> None:
        """Ends the program; the next command starts it again."""
        self.close()
        self.dialog = None

    def mask(self, exchange: Exchange) -> str:
        parts, at = [], 0
        for start, end in sorted(secret_spans(exchange.command)):
            if start >= at:
                parts += [exchange.command[at:start], Secret.MASK]
                at = end
        return self.hider.hide("".join((*parts, exchange.command[at:])))

    def talk(self, nested: "Nested", place: str, words: tuple[str, ...]) -> str:
        raise CannotPlay("nobody can be handed the prompt of a target")

    def close(self) -> None:
        if self.dialog is not None:
            self.dialog.close()


class _Talk:
    """One command: types it, answers its questions, and collects the lines; mutable."""

    def __init__(self, dialog: Dialog, exchange: Exchange, fill: Callable[[str], str],
                 limit: float) -> None:
        self.dialog, self.exchange, self.fill = dialog, exchange, fill
        self.clock = dialog.clock
        self.end = self.clock() + limit
        self.lines: list[tuple[str, SpanLine]] = []
        self.asked = ""
        self.first = 0  # the row from which on nothing has been collected
        self.echo = ""  # what was typed and may stand at the beginning of that row

    def run(self) -> Came:
        """Types it and waits; what ended it. Raises Lost."""
        screen = self.dialog.screen
        screen.forget(screen.row)
        self.asking = screen.here
        self.lead = len(self.asking)
        self._type(self.fill(self.exchange.command))
        printed = 0
        for at, one in enumerate(self.exchange.expected):
            if one.sigil != "<":
                printed += bool(one.text) and one.elision is None and one.sigil != "?"
                continue
            before = self.exchange.expected[at - 1] if at else None
            came = self._asked(before) if before and before.sigil == "?" else self._due(
                one, printed)
            if came is not None:
                return self._over(came)
            self._give(one)
        return self._over(self.dialog.wait(self._left()))

    def _left(self) -> float:
        return self.end - self.clock()

    def _type(self, text: str) -> None:
        self.echo = text
        self.dialog.type(text)

    def _asked(self, question: Expected) -> Came | None:
        """Waits for a question; what came instead."""
        found = inserted(question, {}, {})
        pattern = question.text if isinstance(found, Mismatch) else expression(found, _NOTHING)
        matches = _full(".*" + pattern.strip())
        came = self.dialog.wait(self._left(), matches)
        return None if came.what == "question" else came

    def _due(self, one: Expected, printed: int) -> Came | None:
        """Waits until Ctrl-C is due: after so many lines, or so many seconds."""
        after = one.text.partition("@")[2]
        until = self.clock() + (seconds(after) if after else self._left())
        def enough(here: str) -> bool:
            if after:
                return self.clock() >= until
            return sum(bool(row) for row in self._output()) >= printed
        came = self.dialog.wait(min(self._left(), max(until - self.clock(), 0.0) + 0.01), None,
                                enough)
        return None if came.what in ("enough", "time") and self._left() > 0 else came

    def _give(self, one: Expected) -> None:
        """An answer to the question at the cursor, or a key."""
        key = {CTRL_C: BREAK, CTRL_D: END}.get(one.text.split(" ")[0])
        here = self.dialog.screen.here
        self._collect()
        if here.strip():
            self.lines.append(("?", (Span(here.strip()),)))
        self.lines.append(("<", (Span(one.text),)))
        self.dialog.screen.forget(self.dialog.screen.row)
        self.first, self.lead, self.asking = 0, len(here), here
        if key is not None:
            self.echo = "^C" if key == BREAK else "^D"
            self.dialog.press(key)
        else:
            self._type(self.fill(one.text))

    def _over(self, came: Came) -> Came:
        """The rest of the output; a row that is no prompt is the last of it, or a question."""
        self._collect()
        here = self.dialog.screen.here.strip()
        if came.what in ("time", "end") and here and not self._is_echo(here):
            self.lines += _folded([here])
            self.asked = here if came.what == "time" else ""
        return came

    def _is_echo(self, here: str) -> bool:
        return here.endswith(self.echo.strip()) and self.dialog.screen.row == self.first

    def _output(self) -> list[str]:
        """The rows since what was typed, without its echo."""
        rows = self.dialog.rows(self.first)
        if not rows:
            return []
        # The echo may go on in further rows where the program believes in a narrow terminal.
        rest, wanted = rows[0][self.lead:], "".join(self.echo.split())
        for count in range(1, len(rows) + 1):
            seen = "".join("".join((rest, *rows[1:count])).split())
            if seen == wanted:
                # A terminal that was not told yet to be silent has echoed it, too.
                again = rows[count].strip() if count < len(rows) else None
                twice = again in (self.echo.strip(), (self.asking + self.echo).strip())
                return rows[count + (again is not None and again != "" and twice):]
            if not wanted.startswith(seen):
                break
        return [rest, *rows[1:]] if rest.strip() else rows[1:]

    def _collect(self) -> None:
        self.lines += _folded(self._output())


def _folded(rows: list[str]) -> list[tuple[str, SpanLine]]:
    """Rows as lines whose columns and rules may be wider or narrower elsewhere."""
    lines = []
    for row in rows:
        parts = [part for part in _PARTS.split(row) if part]
        lines.append(("|", tuple(Span(part, "fill" if part[:3] in ("---", "===") else "")
                                 for part in parts)))
    return lines


def _text(line: SpanLine) -> str:
    return "".join(span.text for span in line)


def _codes(lines: list[tuple[str, SpanLine]]) -> tuple[str, ...]:
    codes = []
    for _, line in lines:
        text = _text(line)
        found = OWN_ERROR.match(text) or OWN_WARNING.match(text)
        if found:
            codes.append(found[1])
    return tuple(codes)


def _full(pattern: str) -> Matcher:
    expression = re.compile(pattern, re.IGNORECASE if pattern == PAGERS.pattern else 0)
    return lambda text: expression.fullmatch(text) is not None


def _any(logins: list[tuple[Matcher, str]]) -> Matcher | None:
    if not logins:
        return None
    return lambda text: any(matches(text) for matches, _ in logins)


def _called(context: tuple[str, ...]) -> str:
    return " ".join(context) or "the root"


def plain(transcript: Transcript) -> Transcript:
    """The transcript with all its expected lines as output: a terminal has one kind."""
    exchanges = tuple(one._replace(expected=tuple(
        line._replace(sigil="|") if line.sigil == "!" else line for line in one.expected))
        for one in transcript.exchanges)
    return transcript._replace(exchanges=exchanges)
