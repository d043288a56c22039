"""Somebody at the terminal who looks on: sees the conversation, goes step by step, mends."""

from typing import TYPE_CHECKING, NamedTuple

from commands.answer import Cell, Line, Lines
from transcripts.model import Exchange
from transcripts.play import ACCEPT, AGAIN, GO_ON, QUIT, SKIP_IT, Watcher
from transcripts.report import diff_lines, untold

if TYPE_CHECKING:
    from commands.session import Session
    from transcripts.results import Result
    from transcripts.stage import Stage

# Seconds that somebody takes for one sign, at the speed of 1x, and for what is printed at most.
A_SIGN = 0.05
READING = 3.0
STEP = "Enter: type it; s: leave it out; c: go on to the end; q: quit > "
STEPS = {"s": SKIP_IT, "q": QUIT}
WORDS = {"retry": AGAIN, "continue": GO_ON, "accept": ACCEPT, "quit": QUIT}


class Look(NamedTuple):
    """How somebody looks on: whether every command is shown, asked about, typed as by hand
    (`speed` 2 is twice as fast, 0 at once), and whether a failure opens a prompt.
    """

    shows: bool = False
    step: bool = False
    speed: float = 0.0
    live: bool = False
    style: str = "unified"


class Onlooker(Watcher):
    """Shows a run on the session that has started it; mutable: knows what it has shown."""

    def __init__(self, session: "Session", look: Look) -> None:
        self.session, self.look = session, look
        self.stepping = look.step
        self.section = ""

    def before(self, exchange: Exchange, prompt: str) -> str:
        """Shows the command, and asks whether it is typed."""
        if not self.look.shows:
            return GO_ON
        if exchange.section != self.section:
            self.section = exchange.section
            self._emit((), (Cell("heading", self.section, f"## {self.section}"),), ())
        self._type(prompt)
        if not self.stepping or self.session.ask is None:
            return GO_ON
        answer = self.session.ask(STEP).strip().lower()[:1]
        self.stepping = answer != "c"
        return STEPS.get(answer, GO_ON)

    def _type(self, prompt: str) -> None:
        """The command, sign by sign as it is typed, or at once."""
        echo, wait = self.session.echo, self.session.wait
        if not self.look.speed or echo is None or wait is None:
            self._emit(_line(prompt))
            return
        context, sign, command = prompt.partition("> ")
        echo(context + sign)
        for one in command:
            wait(A_SIGN / self.look.speed)
            echo(one)
        echo("\n")

    def after(self, result: "Result", stage: "Stage") -> str:
        """Shows what it printed; when that is wrong, what is, and opens a prompt."""
        if self.look.shows:
            if self.look.speed and self.session.wait is not None:
                self.session.wait(min(result.virtual, READING) / self.look.speed)
            self._emit(*(_line(one.text) for one in result.lines))
        if not result.bad:
            return GO_ON
        if self.look.shows or self.look.live:
            told = [(f"  {reason}",) for reason in untold(result, self.look.style)]
            where = f"line {result.exchange.line} failed: "
            self._emit((Cell("error", where, where), result.prompt),
                       *diff_lines(result.diff, self.look.style), *told)
        if not self.look.live or self.session.nested is None:
            return GO_ON
        word = stage.talk(self.session.nested, f"line {result.exchange.line}", tuple(WORDS))
        return WORDS.get(word, GO_ON)

    def _emit(self, *lines: Line) -> None:
        if lines:
            self.session.emit(Lines(lines, None, "seen"))


def _line(text: str) -> Line:
    return (Cell("line", text, text),) if text else ()
