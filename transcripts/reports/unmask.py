"""`transcript unmask`: a report as it was, for whoever has the map of its masks."""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Cell, Line
from commands.errors import CommandError
from commands.kinds import Path
from commands.spec import Command, tag
from transcripts.masks import unmasked
from transcripts.written import write_text

if TYPE_CHECKING:
    from commands.session import Session

OCTETS_MOST = 64 << 20


class TranscriptUnmask(Command, words="transcript unmask",
                       help="Puts back what the masks of a report hide.",
                       examples=("transcript unmask report.xml map=report.map out=full.xml",)):
    """The map is what `transcript run map=` has written."""

    file: str = tag(Path(), "The report.")
    map: str = tag(Path(), "The map.")
    out: str = tag(Path(written=True), "The file to write.")

    def run(self, session: "Session") -> Answer:
        """Says what was written. Raises CommandError."""
        text, table = _read(self.file, "file", session), _read(self.map, "map", session)
        try:
            whole = unmasked(text, table)
        except ValueError:
            raise CommandError("no-map", f"{self.map} is no map of masks", tag="map") from None
        write_text(self.out, whole, "out", session)
        line: Line = ("Written to ", Cell("path", self.out, self.out), ".")
        return Answer((cells.say(line, data={"file": self.out}, name="unmasked"),))


def _read(name: str, tag: str, session: "Session") -> str:
    from transcripts.octets import read_octets
    try:
        octets = read_octets(session.files.full(name, session.folder), OCTETS_MOST)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise CommandError("cannot-read", f"{name} cannot be read: {why}", tag=tag, exit=3
                           ) from None
    return octets.decode("utf-8", "backslashreplace")
