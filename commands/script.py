"""Script files: read whole and checked before the first line runs, then run line by line.

As with netsh a failed line does not stop the script. What cannot get better does: a store that
cannot be opened or stays locked would only repeat its error for every line.
"""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from commands.answer import GAP, NOTHING, Answer
from commands.batch import Step, batch_steps, is_batch, plain_steps
from commands.errors import CommandError, Leave
from commands.gather import MOST, Gathering
from commands.layout import lines_of
from commands.masking import mask_text
from commands.plain import PlainReader
from commands.render import apart, error_block, render_warning
from commands.run import failed, run_line, run_plain
from commands.words import USAGE_EXIT, comment_start

if TYPE_CHECKING:
    from commands.session import Session

DEPTH_LIMIT = 8
SIZE_LIMIT = 16 * 1024 * 1024
EXIT_NOTHING = 4
FATAL_EXITS = frozenset({3, 6})


def read_script(path: str, folder: str) -> list[str]:
    """The lines of a script file. Raises CommandError when it is missing or no text."""
    full = os.path.join(folder, os.path.expanduser(path))
    try:
        with open(full, "rb") as file:
            content = file.read(SIZE_LIMIT + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError):
            text = f"The system cannot find the file specified: {path}"
        else:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            text = f"{path} cannot be read: {reason}"
        raise CommandError("no-script", text, tag="file",
                           fix="exec with the path of a script") from None
    return script_lines(content, path)


def script_lines(content: bytes, name: str) -> list[str]:
    """The lines of a script's octets: UTF-8 or UTF-16 with or without a mark."""
    if len(content) > SIZE_LIMIT:
        raise CommandError("bad-script", f"{name} is larger than {SIZE_LIMIT} octets", tag="file")
    try:
        text = content.decode(_encoding(content))
    except UnicodeDecodeError as problem:
        raise CommandError("bad-script", f"{name} is not a text file"
                           + _where(content, problem.start), tag="file",
                           fix="save it as UTF-8") from None
    if "\0" in text:
        raise CommandError("bad-script", f"{name} is not a text file", tag="file")
    # Old editors close a file with Ctrl-Z.
    text = text.removesuffix("\x1a")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _encoding(content: bytes) -> str:
    """UTF-8, or UTF-16 by its mark or by the empty half of its first letter."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if len(content) % 2 == 0 and content[:1].isascii() and content[1:2] == b"\0":
        return "utf-16-le"
    if len(content) % 2 == 0 and content[:1] == b"\0" and content[1:2].isascii():
        return "utf-16-be"
    return "utf-8-sig"


def _where(content: bytes, at: int) -> str:
    """Where the first octet of a legacy code page stands."""
    if b"\0" in content[:2] or content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return ""
    line = content.count(b"\n", 0, at) + 1
    column = at - content.rfind(b"\n", 0, at)
    return (f" in UTF-8 or UTF-16: line {line} holds the octet 0x{content[at]:02X} "
            f"of some code page at column {column}")


def exec_file(path: str, session: "Session", stop: bool = False) -> int:
    """Runs a script file and gives the worst exit code. Scripts may nest, not call themselves."""
    full = os.path.realpath(os.path.join(session.folder, os.path.expanduser(path)))
    if full in session.script_depth:
        raise CommandError("script-loop", f"{path} is running already and may not run itself",
                           tag="file")
    if len(session.script_depth) >= DEPTH_LIMIT:
        raise CommandError("script-depth", f"Scripts may be nested {DEPTH_LIMIT} deep at most",
                           tag="file")
    lines = read_script(path, session.folder)
    session.script_depth.append(full)
    try:
        return run_script(lines, path, session, stop, full)
    finally:
        session.script_depth.pop()


def run_script(lines: list[str], name: str, session: "Session", stop: bool = False,
               path: str = "") -> int:
    """Runs lines; what they say goes to `session.emit`, mistakes with ``name:line``.
    `path` is the file they come from.

    With `stop` the first mistake is raised, else the exit code of all together is given: 1 for
    mistakes, 3 or 6 when it could not go on, 4 when there was nothing to run, 5 when all that
    failed was a question nobody was there to answer.
    """
    if all(not line.strip() or comment_start(line) >= 0 for line in lines):
        return EXIT_NOTHING
    if session.witness is None:
        return _run(lines, name, session, stop)
    session.witness.enter(name, lines, path)
    try:
        return _run(lines, name, session, stop)
    finally:
        session.witness.leave()


def _run(lines: list[str], name: str, session: "Session", stop: bool) -> int:
    session.scripts += 1
    try:
        return _Running(name, session, stop).run(
            batch_steps(lines) if is_batch(lines, name) else plain_steps(lines))
    finally:
        session.scripts -= 1


class _Fatal(Exception):
    """A mistake that every further line would only repeat."""

    def __init__(self, exit: int) -> None:
        super().__init__(exit)
        self.exit = exit


class _Running:
    """A script that runs: the worst exit code of its lines so far, and that of the last one."""

    def __init__(self, name: str, session: "Session", stop: bool) -> None:
        self.name, self.session, self.stop = name, session, stop
        self.worst = self.last = 0
        self.read = PlainReader(session) if session.remote is None else None
        self.gathering = Gathering(session, self.read) if self.read is not None else None

    def run(self, steps: Iterator[Step]) -> int:
        """Runs the steps and gives the exit code of all together."""
        try:
            for step in steps:
                if step.when or step.ends:
                    self._release()
                    if step.skipped(self.last):
                        continue
                    if step.ends:
                        break
                self._one(step)
            self._release()
        except _Fatal as fatal:
            return fatal.exit
        return self.worst

    def _one(self, step: Step) -> None:
        """Runs a step, or holds it back with others."""
        gathering = self.gathering
        if gathering is None:
            self._step(step)
        elif not gathering.take(step):
            self._release()
            self._step(step)
            gathering.forget()
        elif len(gathering.steps) >= MOST:
            self._release()

    def _release(self) -> None:
        """Adds what was held back; a step that cannot be added so runs by itself."""
        gathering = self.gathering
        while gathering is not None and gathering.steps:
            refused = gathering.release()
            self._ended(0)
            if refused is None:
                break
            if refused.failure is not None:
                self._failed(failed(refused.failure, refused.step.text, self.session),
                             refused.step)
            else:
                self._step(refused.step)
            for step in gathering.stale():
                self._one(step)

    def _step(self, step: Step) -> None:
        """Runs a step now."""
        try:
            answer = _run_step(step, self.session, self.read)
        except CommandError as mistake:
            self._failed(mistake, step)
            return
        except Leave as leave:
            leave.exit = worse(leave.exit, self.worst)
            raise
        self._ended(answer.exit)
        if self.stop and self.last:
            raise _unsuccessful(step.text, f"{self.name}:{step.number}", self.session, self.last)

    def _failed(self, mistake: CommandError, step: Step) -> None:
        mistake.place = mistake.place or f"{self.name}:{step.number}"
        if self.stop:
            raise mistake
        if self.session.witness is not None:
            self.session.witness.failed(mistake)
        self.session.emit(error_block(mistake))
        self._ended(script_exit(mistake))
        if mistake.exit in FATAL_EXITS:
            raise _Fatal(mistake.exit)

    def _ended(self, exit: int) -> None:
        self.last = exit
        if exit != self.worst:
            self.worst = worse(self.worst, exit)


def _run_step(step: Step, session: "Session", read: PlainReader | None) -> Answer:
    if session.witness is not None:
        session.witness.line = step.number
    if step.problem:
        raise CommandError("not-understood", step.problem)
    answer = run_plain(step.text, session, read) if read is not None else None
    if answer is None:
        answer = run_line(step.text, session)
    if answer is not NOTHING and not step.quiet:
        emit_answer(answer, session)
    if answer.exit and session.witness is not None:
        session.witness.unsuccessful(answer.exit)
    return answer


def _unsuccessful(line: str, place: str, session: "Session", exit: int) -> CommandError:
    """A command that did not fail but says no: an unanswered ping, a check with FAIL."""
    failure = CommandError("failed", "The command did not succeed", exit=exit)
    failure.place, failure.line = place, mask_text(line.strip(), session)
    return failure


def script_exit(mistake: CommandError) -> int:
    """The exit code of a mistake inside a script, where a line out of many is no usage error."""
    return 1 if mistake.exit == USAGE_EXIT else mistake.exit


def worse(first: int, second: int) -> int:
    """The exit code of two together: a kind of failure of its own survives only unmixed."""
    if 0 in (first, second) or first == second:
        return first or second
    return 1


def emit_answer(answer: Answer, session: "Session") -> None:
    """Hands an answer's blocks and warnings to the session's listener, laid out as one answer."""
    before = None
    for block in answer.blocks:
        if apart(before, block):
            session.emit(GAP)
        session.emit(block)
        before = block
    for warning in answer.warnings:
        session.emit(lines_of(render_warning(warning), "warning", error=False,
                              data={"warning": warning.code, "text": warning.text,
                                    "fix": warning.fix}))
