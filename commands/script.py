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
from commands.layout import lines_of
from commands.masking import mask_text
from commands.plain import PlainReader
from commands.render import apart, error_block, render_warning
from commands.run import run_line, run_plain
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
        return _run_steps(batch_steps(lines) if is_batch(lines, name) else plain_steps(lines),
                          name, session, stop)
    finally:
        session.scripts -= 1


def _run_steps(steps: Iterator[Step], name: str, session: "Session", stop: bool) -> int:
    worst = last = 0
    read = PlainReader(session) if session.remote is None else None
    for step in steps:
        if step.when and step.skipped(last):
            continue
        if step.ends:
            break
        try:
            answer = _run_step(step, session, read)
        except CommandError as mistake:
            mistake.place = mistake.place or f"{name}:{step.number}"
            if stop:
                raise
            _tell(mistake, session)
            last = script_exit(mistake)
            worst = worse(worst, last)
            if mistake.exit in FATAL_EXITS:
                return mistake.exit
            continue
        except Leave as leave:
            leave.exit = worse(leave.exit, worst)
            raise
        last = answer.exit
        if last != worst:
            worst = worse(worst, last)
        if stop and last:
            raise _unsuccessful(step.text, f"{name}:{step.number}", session, last)
    return worst


def _tell(mistake: CommandError, session: "Session") -> None:
    if session.witness is not None:
        session.witness.failed(mistake)
    session.emit(error_block(mistake))


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
