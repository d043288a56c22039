"""Types a line into a session and keeps all that it says, as typed lines.

Nothing is wrapped here: a line of a transcript is a line of the answer, however wide a terminal
or an address may be.
"""

from typing import TYPE_CHECKING, NamedTuple

from commands.layout import SpanLine

if TYPE_CHECKING:
    from commands.answer import Block
    from commands.session import Session

UNWRAPPED = 1 << 20
INTERRUPTED = 130


class Said(NamedTuple):
    """What one line did: (sigil, line) in their order, the exit class, whether it was ``bye``."""

    lines: tuple[tuple[str, SpanLine], ...]
    exit: int
    left: bool = False


def say(text: str, session: "Session") -> Said:
    """Types one line and collects all it prints, as it is printed."""
    from commands.errors import CommandError, Interrupted, Leave
    from commands.render import render, render_error
    from commands.run import run_line
    lines: list[tuple[str, SpanLine]] = []
    session.emit = lambda block: lines.extend(block_lines(block, session.reveal))
    try:
        answer = run_line(text, session)
    except CommandError as error:
        lines += [("!", line) for line in render_error(error, UNWRAPPED)]
        return Said(tuple(lines), error.exit)
    except Interrupted:
        return Said(tuple(lines), INTERRUPTED)
    except Leave as leave:
        return Said(tuple(lines), leave.exit, True)
    failed = any(sigil == "!" for sigil, _ in lines)
    lines += [("|", line) for line in render(answer, reveal=session.reveal, width=UNWRAPPED)]
    return Said(tuple(lines), answer.exit or int(failed))


def block_lines(block: "Block", reveal: bool = False) -> list[tuple[str, SpanLine]]:
    """A block as lines: errors (of a script's lines) on "!", all else on "|"."""
    from commands.render import render
    sigil = "!" if getattr(block, "error", False) else "|"
    return [(sigil, line) for line in render(block, reveal=reveal, width=UNWRAPPED)]
