"""Plays a transcript on a stage: what happens before each command, the command, the judgement."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from transcripts.conditions import Place, Unknown, holds
from transcripts.deadline import Deadline, Resting, TimedOut
from transcripts.directives import Skip, Wait
from transcripts.judge import Judge, Judgement
from transcripts.model import Directive, Exchange, Transcript
from transcripts.pairing import Captures
from transcripts.results import ERROR, FAILED, NOT_RUN, PASSED, SKIPPED, Report, Result
from transcripts.said import Said
from transcripts.stage import RETRY_STEP, CannotPlay, Gone, Stage, shown
from transcripts.waiting import NothingSuch

SUFFIX = ".transcript"
# Seconds that a comparison may take even when the command has used up its time.
COMPARE_LEAST = 1.0
CTRL_C = "Ctrl-C"
GO_ON, AGAIN, ACCEPT, SKIP_IT, QUIT = "continue", "retry", "accept", "skip", "quit"


class Watcher:
    """Somebody who looks on: nobody, unless a subclass shows or asks something."""

    def before(self, exchange: Exchange, prompt: str) -> str:
        """A command is about to be typed: GO_ON, SKIP_IT or QUIT."""
        return GO_ON

    def after(self, result: Result, stage: Stage) -> str:
        """It has been judged: GO_ON, AGAIN, ACCEPT or QUIT."""
        return GO_ON


class Options(NamedTuple):
    """How to play. `timeout` and `total` are the header's when None; `begin` and `end` are
    labels (or sections, or line numbers) between which is judged; `stop` at the first failure;
    `prompts` keeps the lines of commands that pass, too.
    """

    timeout: float | None = None
    total: float | None = None
    begin: str = ""
    end: str = ""
    stop: bool = False
    place: Place = Place()
    prompts: bool = False


def play(transcript: Transcript, stage: Stage, options: Options, clock: Callable[[], float],
         watcher: Watcher | None = None) -> Report:
    """Types every command and compares; `clock` measures wall seconds."""
    return _Play(transcript, stage, options, clock, watcher).play()


class _Play:
    """One run: mutable; results and captures grow with every command."""

    def __init__(self, transcript: Transcript, stage: Stage, options: Options,
                 clock: Callable[[], float], watcher: Watcher | None) -> None:
        self.transcript, self.stage, self.options = transcript, stage, options
        self.clock, self.watcher = clock, watcher
        self.captures: Captures = {}
        self.results: list[Result] = []
        self.incomplete = self.ended = ""
        self.began = clock()
        header = transcript.header
        self.timeout = header.timeout if options.timeout is None else options.timeout
        self.total = header.total if options.total is None else options.total
        self.first = self._place(options.begin, "from")
        self.last = self._place(options.end, "until")

    def _place(self, label: str, word: str) -> int:
        """The number of the first command of a label. Raises CannotPlay."""
        if not label:
            return 0 if word == "from" else len(self.transcript.exchanges)
        number = label.removeprefix("L")
        for at, one in enumerate(self.transcript.exchanges):
            if label in (one.label, one.section) or number == str(one.line):
                return at
        known = [one.label for one in self.transcript.exchanges if one.label]
        raise CannotPlay(f"{word}={label} is no label, section or line of a command"
                         + (f" (labels: {', '.join(known)})" if known else ""))

    def play(self) -> Report:
        try:
            with Deadline(self.total + COMPARE_LEAST):
                self._all()
                self._rest()
        except TimedOut:
            self.incomplete = f"the total time-out of {self.total:g} s is over"
        except KeyboardInterrupt:
            done = len(self.results)
            left = self.transcript.exchanges[done:]
            self.incomplete = f"{CTRL_C} at line {left[0].line}" if left else CTRL_C
            self._leave(left, NOT_RUN, self.incomplete)
        return self._report()

    def _all(self) -> None:
        exchanges = self.transcript.exchanges
        for at, exchange in enumerate(exchanges):
            if at >= self.last:
                self._leave(exchanges[at:], SKIPPED, f"behind until={self.options.end}")
                break
            left = self.total - (self.clock() - self.began)
            if self.ended and not self.incomplete:
                self.incomplete = self.ended
            elif left <= 0:
                self.incomplete = f"the total time-out of {self.total:g} s is over"
            if self.incomplete:
                self._leave(exchanges[at:], NOT_RUN, self.incomplete)
                break
            self._one(exchange, at < self.first, min(self.timeout, left))

    def _leave(self, exchanges: Sequence[Exchange], verdict: str, reason: str) -> None:
        self.results += [Result(one, verdict, self.prompt(one), (reason,)) for one in exchanges]

    def _rest(self) -> None:
        """What is waited for behind the last command."""
        if self.transcript.after and not self.incomplete and self.transcript.exchanges:
            last = self.transcript.exchanges[-1]
            try:
                self._before(self.transcript.after, self.timeout)
            except CannotPlay as reason:
                self.results.append(Result(last, ERROR, self.prompt(last), (str(reason),)))

    def _report(self) -> Report:
        transcript = self.transcript
        name = os.path.basename(transcript.path).removesuffix(SUFFIX)
        return Report(name, transcript.path, transcript.header, tuple(self.results),
                      self.clock() - self.began, self.incomplete, dict(self.captures),
                      tuple((key, str(value)) for key, value in transcript.header.bind))

    def prompt(self, exchange: Exchange) -> str:
        return " ".join(exchange.context) + "> " + self.stage.mask(exchange)

    # --- one command ---------------------------------------------------------------------------

    def _one(self, exchange: Exchange, quiet: bool, limit: float) -> None:
        """Types it, as often as whoever looks on wants."""
        watcher = Watcher() if quiet or self.watcher is None else self.watcher
        chosen = self._watched(lambda: watcher.before(exchange, self.prompt(exchange)))
        if chosen == QUIT:
            self.incomplete = f"left before line {exchange.line}"
            self._leave([exchange], NOT_RUN, self.incomplete)
            return
        if chosen == SKIP_IT:
            self._leave([exchange], SKIPPED, "left out by hand")
            return
        chosen = AGAIN
        while chosen == AGAIN:
            result = self._typed(exchange, limit)
            # What happens before a command does so once.
            exchange = exchange._replace(before=())
            if quiet and not result.timed_out and result.verdict != ERROR:
                result = result._replace(verdict=SKIPPED, diff=(),
                                         reasons=(f"before from={self.options.begin}",))
            chosen = self._watched(partial(watcher.after, result, self.stage))
        if chosen == ACCEPT:
            result = result._replace(verdict=PASSED, accepted=True)
        self.results.append(result)
        if chosen == QUIT:
            self.incomplete = f"left at line {exchange.line}"
        elif result.bad and self.options.stop:
            self.incomplete = f"stopped at line {exchange.line}, which failed"

    def _watched(self, look: Callable[[], str]) -> str:
        """What whoever looks on wants; the time they take is not the transcript's."""
        if self.watcher is None:
            return GO_ON
        start = self.clock()
        with Resting():
            chosen = look()
        self.began += self.clock() - start
        return chosen

    def _typed(self, exchange: Exchange, limit: float) -> Result:
        start = self.clock()
        try:
            reason = self._skipped(exchange)
            if reason:
                return Result(exchange, SKIPPED, self.prompt(exchange), (reason,))
            self._before(exchange.before, limit)
        except CannotPlay as problem:
            return Result(exchange, ERROR, self.prompt(exchange), (str(problem),))
        try:
            wrong = self.stage.enter(exchange.context)
            result = self._attempts(exchange, limit)
        except Gone as problem:
            self.ended = f"nothing more can be typed after line {exchange.line}"
            return Result(exchange, ERROR, self.prompt(exchange), (str(problem),))
        except CannotPlay as problem:
            return Result(exchange, ERROR, self.prompt(exchange), (str(problem),))
        if wrong:
            result = result._replace(verdict=FAILED, prompt=self.prompt(exchange),
                                     reasons=(wrong, *result.reasons))
        if result.left:
            self.ended = f"line {exchange.line} has ended the session"
        return result._replace(seconds=self.clock() - start)

    def _skipped(self, exchange: Exchange) -> str:
        """Why it is left out, "" when it is not. Raises CannotPlay."""
        for one in exchange.checks:
            if isinstance(one.value, Skip):
                judge = Judge(exchange, Said((), 0), (), self.captures, self.stage.variables, 0.0)
                try:
                    if holds(one.value.condition, self.options.place, judge.lookup):
                        return f"skip if {one.value.text}"
                except (Unknown, ValueError) as error:
                    raise CannotPlay(f"line {one.line}: skip if {one.value.text}: {error}"
                                     ) from None
        return ""

    def _before(self, directives: Sequence[Directive], limit: float) -> None:
        """Lets happen what stands before a command. Raises CannotPlay."""
        for one in directives:
            try:
                with Deadline(limit):
                    self._happens(one, limit)
            except TimedOut:
                raise CannotPlay(f"line {one.line}: {one.name} {one.argument} took more than "
                                 f"{limit:g} s") from None
            except (CannotPlay, NothingSuch) as reason:
                raise CannotPlay(f"line {one.line}: {one.name} {one.argument}: {reason}"
                                 ) from None

    def _happens(self, one: Directive, limit: float) -> None:
        if one.name == "clock":
            assert isinstance(one.value, float)
            self.stage.pass_time(one.value)
        elif one.name == "restart":
            self.stage.restart()
        elif one.name == "inject":
            self.stage.inject(str(one.value), limit)
        elif isinstance(one.value, Wait):
            reason = self.stage.await_state(one.value, limit)
            if reason:
                raise CannotPlay(reason)

    def _attempts(self, exchange: Exchange, limit: float) -> Result:
        """Again and again under `retry` until it matches or its time is up."""
        retry = exchange.check("retry")
        left = retry.value if retry is not None and isinstance(retry.value, float) else 0.0
        end = self.clock() + limit
        while True:
            start = self.clock()
            said = self.stage.say(exchange, max(end - start, 0.001))
            spent = said.elapsed if self.stage.virtual else self.clock() - start
            lines = shown(said.lines, self.stage.hider)
            found = self._judged(Judge(exchange, said, lines, self.captures,
                                       self.stage.variables, spent), end - self.clock())
            if not found.reasons or left <= 0 or said.left or said.timed_out:
                break
            step = min(RETRY_STEP, left)
            try:
                self.stage.pass_time(step)
            except CannotPlay:
                break
            left -= step
        known = self.captures
        self._caught(found)
        return self._result(exchange, said, found, limit)._replace(lines=lines, virtual=spent,
                                                                   known=known)

    def _judged(self, judge: Judge, limit: float) -> Judgement:
        """A pattern can be written that no comparison comes to an end with."""
        try:
            with Deadline(max(limit, COMPARE_LEAST)):
                return judge.judge()
        except TimedOut:
            return Judgement(self.captures, (f"line {judge.exchange.line}: comparing the output "
                                             "takes too long; a re(...) is at fault",))

    def _caught(self, found: Judgement) -> None:
        for key in found.captures.keys() - self.captures.keys():
            self.stage.bind(key, found.captures[key].text)
        self.captures = found.captures

    def _result(self, exchange: Exchange, said: Said, found: Judgement, limit: float) -> Result:
        reasons = found.reasons
        if said.timed_out:
            reasons = (f"timed out after {limit:g} s; what it had printed is shown", *reasons)
        if said.unanswered:
            reasons = (f"asked '{said.unanswered.strip()}', which the transcript does not answer",
                       *reasons)
        verdict = FAILED if reasons else PASSED
        prompt = self.prompt(exchange) if reasons or self.options.prompts else ""
        return Result(exchange, verdict, prompt, reasons,
                      found.diff, exit=said.exit, timed_out=said.timed_out, left=said.left)

