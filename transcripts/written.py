"""A file that a command writes: whole or not at all, 0600, and over another only when asked to."""

import os
from typing import TYPE_CHECKING

from commands.errors import CommandError

if TYPE_CHECKING:
    from commands.session import Session


def place_for(name: str, tag: str, overwrite: bool, session: "Session") -> str:
    """The path of a file that will be written. Raises CommandError when something is there."""
    full = session.files.full(name, session.folder)
    if os.path.exists(full) and not overwrite:
        raise CommandError("exists", f"{name} exists already", tag=tag, fix="overwrite=yes")
    return full


def write_text(name: str, text: str, tag: str, session: "Session") -> None:
    """Writes it; what is no text becomes an escape. Raises CommandError."""
    try:
        session.files.replace(session.files.full(name, session.folder),
                              text.encode("utf-8", "backslashreplace"))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise CommandError("cannot-write", f"{name} cannot be written: {why}", tag=tag) from None
