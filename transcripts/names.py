"""What is said of a transcript on a line: which one it is, and what its names stand for."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from commands.kinds import Path
from commands.spec import Kind

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


class Setting(Kind[tuple[str, str]]):
    """``NAME=VALUE``; with `source` the value says where a secret comes from."""

    def __init__(self, source: bool = False) -> None:
        self.source = source
        self.usage = "<name>=<source>" if source else "<name>=<value>"

    def parse(self, text: str, session: "Session") -> tuple[str, str]:
        """Raises ValueError for what has no name or no value."""
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise ValueError("must be NAME=VALUE")
        if self.source:
            from transcripts.header import check_source
            try:
                check_source(value)
            except ValueError as error:
                raise ValueError(str(error).replace("has the source", "names the source")
                                 ) from None
        return name, value


def path_of(name: str, session: "Session") -> str:
    """The file of a name that was typed: a bundled one, or one where the session is."""
    from transcripts import replay
    path = replay.find(name)
    return path if path.startswith(replay.SCRIPTS) else os.path.join(session.folder, path)
