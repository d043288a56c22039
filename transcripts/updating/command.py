"""`transcript run update=`: when it is allowed, what it writes and what it says."""

import os
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

from commands import cells
from commands.answer import Block, Cell, Line, Lines
from commands.errors import CommandError
from transcripts import replay
from transcripts.conditions import in_ci
from transcripts.model import Transcript
from transcripts.play import Watcher
from transcripts.results import Report
from transcripts.updating.review import Reviewer
from transcripts.updating.update import (
    ROUNDS_MOST,
    Choose,
    Outcome,
    Unwritable,
    accept_all,
    update,
    write,
)

if TYPE_CHECKING:
    from commands.session import Session

COULD_NOT_RUN = 3


class Wanted(Protocol):
    """What `transcript run` was told."""

    @property
    def update(self) -> str:
        """review or all."""

    @property
    def force(self) -> bool:
        """Whether it is allowed on a build machine."""

    @property
    def diff(self) -> str:
        """The style of a mismatch."""


def allowed(run: Wanted, session: "Session") -> None:
    """Raises CommandError where nobody looks at what is written."""
    if in_ci(os.environ) and not run.force:
        raise CommandError("ci", "update= changes the files that this build has to pass",
                           tag="update", fix="force=yes", exit=COULD_NOT_RUN)
    if run.update == "review" and session.ask is None:
        raise CommandError("no-terminal", "update=review needs somebody at a terminal",
                           tag="update", fix="update=all", exit=COULD_NOT_RUN)


def update_file(transcript: Transcript, run: Wanted, session: "Session",
                settings: replay.Settings,
                watcher: Watcher | None) -> tuple[Report, Sequence[Block]]:
    """Runs one file and writes what it expects now. Raises CommandError."""
    contexts = replay.contexts()
    choose: Choose = accept_all
    reviewer = None
    if run.update == "review" and session.ask is not None:
        reviewer = Reviewer(session.ask, session.emit, run.diff, os.environ, contexts)
        choose = reviewer.choose
    # What lasts is not done twice.
    lasting = bool(settings.target or settings.store) or transcript.header.store != "empty"
    try:
        outcome = update(transcript,
                         lambda one, looks: replay.run(one, settings, perf_counter, looks),
                         choose, contexts, watcher or Watcher(), 1 if lasting else ROUNDS_MOST)
        if outcome.text is not None:
            write(transcript.path, outcome.text)
    except (Unwritable, OSError) as error:
        raise CommandError("not-updated", f"{transcript.path} stays as it is: {error}",
                           tag="update") from None
    return outcome.report, _told(transcript.path, outcome, reviewer)


def _told(path: str, outcome: Outcome, reviewer: Reviewer | None) -> list[Block]:
    """Which commands of the file were changed, and which were not, and why."""
    count = len(outcome.changed)
    head: Line = (Cell("path", path, path), ": ", cells.count(count),
                  f" command{'s' * (count != 1)} changed")
    if reviewer is not None:
        head += ("".join(f", {number} {word}" for word, number in reviewer.counts.items()
                         if number and word != "accepted"),)
    lines: list[Line] = [head, *((f"  {prompt}",) for prompt in outcome.changed)]
    lines += [(f"  left as it is: {prompt}: {reason}",) for prompt, reason in outcome.left]
    data = {"file": path, "changed": list(outcome.changed),
            "left": [{"command": prompt, "reason": reason} for prompt, reason in outcome.left]}
    return [Lines(tuple(lines), data, "update")]
