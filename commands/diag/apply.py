"""Fixes shown as lines that can be typed as they stand, and typed when the operator agrees."""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Line
from commands.lab.typist import type_lines
from engine.diagnose.finding import Fix

if TYPE_CHECKING:
    from commands.session import Session


def typed(session: "Session", fix: Fix) -> tuple[str, ...]:
    """The commands of a fix, the way to its machine and back included."""
    if not fix.machine or fix.machine == session.machine or not fix.commands:
        return fix.commands
    return (f"set machine {fix.machine}", *fix.commands, f"set machine {session.machine}")


def fix_lines(session: "Session", fix: Fix) -> list[Line]:
    """A fix as it is printed."""
    return [(cells.hang(2), "  ", cells.line(fix.text)),
            *(("    ", cells.line(line)) for line in typed(session, fix))]


def agreed(session: "Session", wish: str, question: str) -> bool:
    """Whether to type a fix: as asked for, or as answered on the terminal."""
    if wish != "ask":
        return wish == "yes"
    if session.ask is None:
        return False
    return session.ask(f"{question} (y/n) ").strip().lower() in ("y", "yes")


def commit(session: "Session", fix: Fix) -> None:
    """Types a fix on its machine. Raises CommandError."""
    type_lines(session, fix.machine or session.machine, fix.commands)
    session.settle()
