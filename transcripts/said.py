"""Types a line into a session and keeps all that it says, as typed lines.

Nothing is wrapped here: a line of a transcript is a line of the answer, however wide a terminal
or an address may be.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from commands.layout import Span, SpanLine, plain
from transcripts.deadline import Deadline, TimedOut
from transcripts.types import seconds

if TYPE_CHECKING:
    from commands.answer import Answer, Block
    from commands.errors import CommandError
    from commands.session import Session

UNWRAPPED = 1 << 20
INTERRUPTED = 130
TIMED_OUT = 124
CTRL_C, CTRL_D = "^C", "^D"
CONTROL_C: tuple[str, SpanLine] = ("|", (Span("Control-C"),))

Spoken = tuple[str, SpanLine]


class Said(NamedTuple):
    """What one line did: (sigil, line) in their order, its exit class, what else is known of it.

    `left` after ``bye``, `timed_out` when its time was over, `unanswered` a question for which
    there was no answer; `blocks` are the data, `codes` those of errors, warnings and failed
    checks, `elapsed` seconds of the lab's time.
    """

    lines: tuple[Spoken, ...]
    exit: int
    left: bool = False
    timed_out: bool = False
    unanswered: str = ""
    blocks: "tuple[Block, ...]" = ()
    codes: tuple[str, ...] = ()
    error: "CommandError | None" = None
    elapsed: float = 0.0


class Answers:
    """What is typed while a command runs, in its order: answers, and Ctrl-C.

    Each is (text, lines): the text, and how many lines that are not blank come before it; -1 for
    one that answers a question.
    """

    def __init__(self, given: Sequence[tuple[str, int]],
                 expand: Callable[[str], str] = str) -> None:
        self.left = list(given)
        self.expand = expand

    def interrupt(self) -> tuple[int, float] | None:
        """The lines and the seconds after which Ctrl-C is pressed, when that comes next."""
        if not self.left or self.left[0][0].split(" ")[0] != CTRL_C or self.left[0][1] < 0:
            return None
        text, lines = self.left[0]
        after = text.partition("@")[2]
        return lines, seconds(after) if after else 0.0

    def take(self) -> str | None:
        """The next answer, None when there is none."""
        return self.left.pop(0)[0] if self.left else None


class Listener:
    """Collects what a command says, answers its questions, and presses Ctrl-C in time."""

    def __init__(self, session: "Session", answers: Answers) -> None:
        self.session, self.answers = session, answers
        self.lines: list[Spoken] = []
        self.blocks: list[Block] = []
        self.unanswered = ""
        self.stopped = False  # by the transcript; else somebody has pressed Ctrl-C
        self.began = session.lab.now if session.booted else 0.0

    def emit(self, block: "Block") -> None:
        """A block as soon as the command has it."""
        self.blocks.append(block)
        self.lines += block_lines(block, self.session.reveal)
        self._press()

    def wait(self, seconds: float) -> None:
        """Nobody waits; whoever is to be interrupted is, now that nothing more comes by itself."""
        self._press()

    def _press(self) -> None:
        due = self.answers.interrupt()
        printed = sum(1 for sigil, line in self.lines if sigil != "<" and plain(line))
        if due is None or due[1] or printed < due[0]:
            return
        self.pressed()
        raise KeyboardInterrupt

    def pressed(self) -> None:
        """Ctrl-C has been pressed: the next answer is used up."""
        text = self.answers.take() or CTRL_C
        self.stopped = True
        self.lines.append(("<", (Span(text),)))

    def ask(self, question: str) -> str:
        """The next answer of the transcript. Raises KeyboardInterrupt for ^C and for none."""
        for line in question.split("\n"):
            self.lines.append(("?", (Span(line),)))
        text = self.answers.take()
        self.stopped = text is None or text.split(" ")[0] == CTRL_C
        if text is None:
            self.unanswered = question
            raise KeyboardInterrupt
        self.lines.append(("<", (Span(text),)))
        if self.stopped:
            raise KeyboardInterrupt
        return "" if text == CTRL_D else self.answers.expand(text)

    def said(self, exit: int, **more: object) -> Said:
        """What has been collected."""
        elapsed = self.session.lab.now - self.began if self.session.booted else 0.0
        return Said(tuple(self.lines), exit, unanswered=self.unanswered,
                    blocks=tuple(self.blocks), elapsed=elapsed, **more)  # type: ignore[arg-type]


def say(text: str, session: "Session", answers: Answers | None = None,
        limit: float = 3600.0) -> Said:
    """Types one line and collects all it prints, as it is printed; at most `limit` seconds.

    Raises KeyboardInterrupt when somebody presses Ctrl-C who is not the transcript.
    """
    given = answers or Answers(())
    listener = Listener(session, given)
    session.emit = listener.emit
    session.ask = listener.ask if given.left else None
    session.ask_hidden = None
    due = given.interrupt()
    session.wait = listener.wait if due is not None else None
    if due is not None and due[1]:
        session.lab.interrupt_at(session.lab.now + due[1], listener.pressed)
    with Deadline(limit, lambda: session.booted and session.lab.interrupt()) as deadline:
        try:
            said = _run(text, session, listener)
        except TimedOut:
            said = listener.said(TIMED_OUT, timed_out=True)
        except KeyboardInterrupt:
            if not deadline.expired:
                raise
            said = listener.said(TIMED_OUT, timed_out=True)
    if due is not None and due[1]:
        session.lab.no_interrupt()
    if deadline.expired:
        return said._replace(exit=TIMED_OUT, timed_out=True)
    return said


def _run(text: str, session: "Session", listener: Listener) -> Said:
    from commands.errors import CommandError, Interrupted, Leave
    from commands.render import render_error
    from commands.run import run_line
    try:
        answer = run_line(text, session)
    except CommandError as error:
        listener.lines += [("!", line) for line in render_error(error, UNWRAPPED)]
        return listener.said(error.exit, error=error, codes=(error.code,))
    except Interrupted:
        if not listener.stopped:
            raise KeyboardInterrupt from None
        return listener.said(INTERRUPTED)
    except KeyboardInterrupt:
        if not listener.stopped:
            raise
        listener.lines.append(CONTROL_C)
        return listener.said(INTERRUPTED)
    except Leave as leave:
        return listener.said(leave.exit, left=True)
    return _answered(answer, session, listener)


def _answered(answer: "Answer", session: "Session", listener: Listener) -> Said:
    from commands.render import render
    failed = any(sigil == "!" for sigil, _ in listener.lines)
    listener.lines += [("|", line) for line in render(answer, reveal=session.reveal,
                                                      width=UNWRAPPED)]
    listener.blocks += answer.blocks
    codes = [warning.code for warning in answer.warnings]
    codes += [code for block in listener.blocks for code in _codes(getattr(block, "data", None))]
    return listener.said(answer.exit or int(failed), codes=tuple(codes))


def _codes(data: object) -> Iterator[str]:
    """The codes of warnings, errors and failed checks in the data of an answer."""
    if isinstance(data, dict):
        if data.get("verdict", "FAIL") in ("FAIL", "WARN"):
            yield from (str(data[key]) for key in ("warning", "code") if data.get(key))
        for value in data.values():
            yield from _codes(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from _codes(value)


def block_lines(block: "Block", reveal: bool = False) -> list[Spoken]:
    """A block as lines: errors (of a script's lines) on "!", all else on "|"."""
    from commands.render import render
    sigil = "!" if getattr(block, "error", False) else "|"
    return [(sigil, line) for line in render(block, reveal=reveal, width=UNWRAPPED)]
