"""Script files: read whole and checked before the first line runs, then run line by line.

As with netsh a failed line does not stop the script. What cannot get better does: a store that
cannot be opened or stays locked would only repeat its error for every line.
"""

import os
from typing import TYPE_CHECKING

from commands.answer import GAP, Answer
from commands.errors import CommandError, Leave
from commands.layout import lines_of
from commands.masking import mask_text
from commands.plain import PlainReader
from commands.render import apart, error_block, render_warning
from commands.run import run_line
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
        raise CommandError("no-script", text, tag="file") from None
    return script_lines(content, path)


def script_lines(content: bytes, name: str) -> list[str]:
    """The lines of a script's octets: UTF-8, or UTF-16 with its mark as Windows writes it."""
    if len(content) > SIZE_LIMIT:
        raise CommandError("bad-script", f"{name} is larger than {SIZE_LIMIT} octets", tag="file")
    wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise CommandError("bad-script", f"{name} is not a text file", tag="file") from None
    if "\0" in text:
        raise CommandError("bad-script", f"{name} is not a text file", tag="file")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


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
        return run_script(lines, path, session, stop)
    finally:
        session.script_depth.pop()


def run_script(lines: list[str], name: str, session: "Session", stop: bool = False) -> int:
    """Runs lines; what they say goes to `session.emit`, mistakes with ``name:line``.

    With `stop` the first mistake is raised, else the exit code of all together is given: 1 for
    mistakes, 3 or 6 when it could not go on, 4 when there was nothing to run, 5 when all that
    failed was a question nobody was there to answer.
    """
    if all(not line.strip() or comment_start(line) >= 0 for line in lines):
        return EXIT_NOTHING
    worst = 0
    read = PlainReader(session)
    for number, line in enumerate(lines, 1):
        try:
            answer = run_line(line, session, read)
        except CommandError as mistake:
            mistake.place = mistake.place or f"{name}:{number}"
            if stop:
                raise
            session.emit(error_block(mistake))
            worst = worse(worst, script_exit(mistake))
            if mistake.exit in FATAL_EXITS:
                return mistake.exit
            continue
        except Leave as leave:
            leave.exit = worse(leave.exit, worst)
            raise
        worst = worse(worst, answer.exit)
        emit_answer(answer, session)
        if stop and answer.exit:
            raise _unsuccessful(line, f"{name}:{number}", session, answer.exit)
    return worst


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
