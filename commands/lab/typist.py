"""Lines typed on a machine on somebody's behalf, the session's place left as it was."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from commands.errors import CommandError
from commands.run import run_line

if TYPE_CHECKING:
    from commands.session import Session


def type_lines(session: "Session", machine: str, lines: Iterable[str],
               lenient: bool = False) -> None:
    """Types them on `machine` from the root context, without showing what they say.

    With `lenient` a line that fails is passed over. Raises CommandError.
    """
    place = session.machine, session.context, session.location, session.emit
    session.machine, session.context = machine, ()
    session.location, session.emit = "local", lambda block: None
    try:
        for line in lines:
            try:
                run_line(line, session)
            except CommandError:
                if not lenient:
                    raise
    finally:
        session.machine, session.context, session.location, session.emit = place
