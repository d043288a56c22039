"""The operator's files, as commands read and write them: here, or where the shell runs.

A command that an agent runs must touch files as the operator who typed it, never as the agent.
"""

import os
from contextlib import suppress

FILE_MODE = 0o600


class Files:
    """Files of this process."""

    def full(self, name: str, folder: str) -> str:
        """The path of a name typed in `folder`."""
        return os.path.join(folder, os.path.expanduser(name))

    def read(self, path: str, most: int) -> bytes:
        """At most `most` octets of a file. Raises OSError or ValueError."""
        with open(path, "rb") as file:
            return file.read(most)

    def exists(self, path: str) -> bool:
        """Whether something has that name, also a link to nowhere."""
        return os.path.lexists(path)

    def folder(self, path: str) -> None:
        """Makes a folder, 0700, unless it is there. Raises OSError or ValueError."""
        os.makedirs(path, mode=0o700, exist_ok=True)

    def write(self, path: str, octets: bytes, append: bool = False) -> None:
        """Writes a file, made 0600 when it is new. Raises OSError or ValueError."""
        flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else os.O_TRUNC)
        with os.fdopen(os.open(path, flags, FILE_MODE), "wb") as file:
            file.write(octets)

    def replace(self, path: str, octets: bytes) -> None:
        """Writes a whole file or none: the old one stays until the new one is complete."""
        part = path + ".part"
        # Made anew, never opened: somebody else's file or link of that name gets no key.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        if os.path.lexists(part):
            os.unlink(part)
        try:
            with os.fdopen(os.open(part, flags, FILE_MODE), "wb") as file:
                file.write(octets)
            os.replace(part, path)
        except OSError:
            with suppress(OSError):
                os.unlink(part)
            raise
