"""How a transcript is named on a line: one that comes with the product, or a file."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from commands.kinds import Path

if TYPE_CHECKING:
    from commands.session import Session


class TranscriptName(Path):
    """The name of a bundled transcript, or a file."""

    usage = "<name> | <file>"

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        from transcripts.replay import bundled
        yield from ((name, "comes with the product") for name in bundled())
        if prefix:
            yield from super().complete(prefix, session)


def path_of(name: str, session: "Session") -> str:
    """The file of a name that was typed: a bundled one, or one where the session is."""
    from transcripts import replay
    path = replay.find(name)
    return path if path.startswith(replay.SCRIPTS) else os.path.join(session.folder, path)
