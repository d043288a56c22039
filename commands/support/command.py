"""`support bundle`: everything that somebody else needs to look at, in one file, without a key."""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Cell, Line, Warn
from commands.errors import CommandError
from commands.kinds import Number, Path, YesNo
from commands.places import MAP
from commands.report.command import free, last_walk, save, write_map
from commands.report.facts import collect, keys_of
from commands.report.masking import Masker
from commands.spec import Command, tag
from commands.support.leak import holds, patterns
from commands.support.members import Member, members, readme
from commands.support.pack import TAR, ZIP, checksums, manifest, packed

if TYPE_CHECKING:
    from commands.session import Session

MEBI = 1 << 20
SIZE = 20


class SupportBundle(Command, words="support bundle",
                    help="Packs report, configuration, logs, captures and counters into one file.",
                    remarks=("x.zip or x.tar.gz. A manifest lists every file with its SHA-256.",
                             "Addresses stand under the labels of the report, in captures under "
                             "stand-ins; map= (FILE.map when left out) says which is which, and "
                             "is yours alone. Keys are in none of it: every file is searched for "
                             "them in many spellings, and left out if one is found.",
                             "The newest part of what is too long stays."),
                    examples=("support bundle file=tunnel.zip",)):
    """One file, and the private map beside it."""

    file: str = tag(Path(written=True), "The bundle, x.zip or x.tar.gz.")
    map: str = tag(Path(written=True), "The private map of labels.", default="")
    mask: bool = tag(YesNo(), "Whether addresses are masked.", default=True)
    size: int = tag(Number(1, 1024, "<MiB>"), "Mebioctets that its files have at most.",
                    default=SIZE)
    overwrite: bool = tag(YesNo(), "Whether files that exist are replaced.", default=False)

    def run(self, session: "Session") -> Answer:
        """What was written, and what was left out. Raises CommandError."""
        if not self.file.lower().endswith(ZIP + TAR):
            raise CommandError("bad-value", "A bundle is a zip or a tar.gz file", tag="file",
                               known=("x.zip", "x.tar.gz"))
        private = self.map or self.file + MAP
        free(session, self.file, self.overwrite)
        if self.mask:
            free(session, private, self.overwrite, "map")
        keys = keys_of(session)
        mask = Masker(session.variables, keys, self.mask)
        walk = last_walk(session)
        facts = collect(session, walk, mask)
        found, left_out = _checked(list(members(session, walk, facts, mask, self.size * MEBI)),
                                   patterns(keys))
        found.insert(0, Member("README.txt", readme(facts, found), "what is in it"))
        found.append(Member("MANIFEST.json", manifest(facts, found, left_out), "this list"))
        found.append(Member("SHA256SUMS", checksums(found), "checksums"))
        octets = packed(found, self.file, facts.made)
        save(session, self.file, octets)
        answer = self._said(found, left_out, len(octets))
        if not self.mask:
            return answer
        return answer._replace(blocks=(*answer.blocks, cells.say(
            write_map(session, private, mask), data={"map": private}, name="map")))

    def _said(self, found: list[Member], left_out: list[str], size: int) -> Answer:
        whole = cells.number(size, "size")
        line: Line = (cells.count(len(found)), " files packed into ",
                      Cell("path", self.file, self.file), ", ", whole, " octets.")
        data: dict[str, object] = {
            "file": self.file, "octets": whole, "left_out": left_out,
            "files": [{"name": one.name, "cut": one.cut,
                       "octets": cells.number(len(one.octets), "size")} for one in found]}
        warnings = tuple(Warn("LEFT-OUT", f"{name} would have held a key and is not in it")
                         for name in left_out)
        return Answer((cells.say(line, data=data, name="bundle"),), warnings)


def _checked(found: list[Member], wanted: tuple[bytes, ...]) -> tuple[list[Member], list[str]]:
    """The members that hold no key in any spelling, and the names of the others."""
    bad = [one.name for one in found if holds(one.octets, wanted)]
    return [one for one in found if one.name not in bad], bad


