"""The report files of a run, written whole."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from commands.errors import CommandError
from transcripts.results import Report
from transcripts.written import write_text

if TYPE_CHECKING:
    from commands.session import Session


class Asked(Protocol):
    """The files that were asked for, "" for none, and the style of a diff."""

    @property
    def junit(self) -> str:
        """JUnit XML."""

    @property
    def tap(self) -> str:
        """TAP."""

    @property
    def json(self) -> str:
        """JSON."""

    @property
    def map(self) -> str:
        """What masks hide."""

    @property
    def diff(self) -> str:
        """unified, words or side."""


def write_reports(reports: Sequence[Report], tables: Sequence[str], asked: Asked,
                  session: "Session") -> None:
    """Writes them all. Raises CommandError for what cannot be written."""
    if asked.junit:
        from transcripts.reports.junit import junit
        write_text(asked.junit, junit(reports, asked.diff), "junit", session)
    if asked.tap:
        from transcripts.reports.tap import tap
        write_text(asked.tap, tap(reports, asked.diff), "tap", session)
    if asked.json:
        from transcripts.reports.data import data
        write_text(asked.json, data(reports), "json", session)
    if asked.map:
        if len(tables) != 1:
            raise CommandError("several", "map= is about one file: each has numbers of its own",
                               tag="map")
        write_text(asked.map, tables[0], "map", session)
