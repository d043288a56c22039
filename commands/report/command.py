"""`checklist report`: the last walk as a file to hand on, addresses masked, their map apart."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Cell, Line
from commands.diag.guide import state as kept
from commands.diag.guide.walk import Walk
from commands.errors import CommandError
from commands.kinds import Path, YesNo
from commands.places import MAP
from commands.report.facts import Facts, collect, masker
from commands.report.masking import Masker
from commands.spec import Command, tag

if TYPE_CHECKING:
    from commands.session import Session

HTML, MARKDOWN = (".html", ".htm"), (".md", ".markdown")


def last_walk(session: "Session") -> Walk:
    """The last walk of this session if nothing was changed since, else one made now that only
    looks.
    """
    walk = session.checklist
    if walk is not None and walk.whole:
        return walk
    walk = Walk(session, kept.load(session.store))
    walk.look_at_all()
    walk.generation = session.store.generation()
    session.checklist = walk
    return walk


def check_format(path: str) -> None:
    """Raises CommandError for a name that asks for neither format."""
    if not path.lower().endswith(HTML + MARKDOWN):
        raise CommandError("bad-value", "A report is an HTML or a Markdown file", tag="file",
                           known=("x.html", "x.md"))


def document(facts: Facts, path: str) -> str:
    """The report in the format that the file's name asks for."""
    if path.lower().endswith(HTML):
        from commands.report.page import page
        return page(facts)
    from commands.report.markdown import markdown
    return markdown(facts)


def free(session: "Session", path: str, overwrite: bool, name: str = "file") -> None:
    """Raises CommandError when a file is there that nobody wants replaced."""
    if overwrite:
        return
    with _written(path, name):
        if session.files.exists(session.files.full(path, session.folder)):
            raise CommandError("exists", f"{path} exists already", tag=name, fix="overwrite=yes")


def save(session: "Session", path: str, octets: bytes, name: str = "file") -> None:
    """Writes a whole file or none. Raises CommandError: no such folder, the disk is full."""
    with _written(path, name):
        session.files.replace(session.files.full(path, session.folder), octets)


@contextmanager
def _written(path: str, name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise CommandError("cannot-write", f"{path} cannot be written: {why}", tag=name,
                           fix="another folder, or room on the disk") from None


class ChecklistReport(Command, words="checklist report",
                      help="Writes the last checklist as a report to hand on.",
                      remarks=("x.html is one page without references: the verdict, what to do, "
                               "the path, the negotiation, a timeline, every step, the lines "
                               "typed. x.md is the same as Markdown.",
                               "Addresses stand under labels; map= (FILE.map when left out) says "
                               "which is which, and is yours alone. Keys are in neither.",
                               "Without a complete checklist of this session one is made, which "
                               "only looks."),
                      examples=("checklist report file=tunnel.html",)):
    """One file, and the private map beside it."""

    file: str = tag(Path(written=True), "The report, x.html or x.md.")
    map: str = tag(Path(written=True), "The private map of labels.", default="")
    mask: bool = tag(YesNo(), "Whether addresses are masked.", default=True)
    overwrite: bool = tag(YesNo(), "Whether files that exist are replaced.", default=False)

    def run(self, session: "Session") -> Answer:
        """One line or two: what was written. Raises CommandError."""
        check_format(self.file)
        private = self.map or self.file + MAP
        free(session, self.file, self.overwrite)
        if self.mask:
            free(session, private, self.overwrite, "map")
        mask = masker(session, self.mask)
        facts = collect(session, last_walk(session), mask)
        octets = document(facts, self.file).encode("utf-8", "replace")
        save(session, self.file, octets)
        lines: list[Line] = [("Report written to ", Cell("path", self.file, self.file), ".")]
        data: dict[str, object] = {"file": self.file, "traffic": facts.traffic, "map": None}
        if self.mask:
            lines.append(write_map(session, private, mask))
            data["map"] = private
        return Answer((cells.say(*lines, data=data, name="report"),))


def write_map(session: "Session", path: str, mask: Masker) -> Line:
    """Writes the private map; the line that says so. Raises CommandError."""
    save(session, path, mask.map().encode(), "map")
    return ("What its labels stand for is in ", Cell("path", path, path),
            ": keep it to yourself.")


class DiagChecklistReport(ChecklistReport, words="diag checklist report",
                          help="Writes the last checklist as a report to hand on.",
                          examples=("diag checklist report file=tunnel.md",)):
    """The same in the diag context."""


