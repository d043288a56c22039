"""What a run of a transcript found: a result for each command, and all of them together."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from transcripts.lines import Printed
from transcripts.model import Exchange, Header
from transcripts.pairing import Capture

PASSED, FAILED, ERROR, SKIPPED, NOT_RUN = "passed", "failed", "error", "skipped", "not run"
# What makes a run unsuccessful.
BAD = frozenset({FAILED, ERROR})


class Change(NamedTuple):
    """A line of a diff: " " both have it, "-" only expected, "+" only printed.

    `line` is where it stands in the transcript (0: nowhere), `reason` why it does not match.
    """

    mark: str
    text: str
    line: int = 0
    reason: str = ""


class Result(NamedTuple):
    """What became of one command.

    `prompt` is its line as reports show it (secrets masked), `reasons` say what is wrong,
    `lines` are what was printed, `virtual` seconds of the lab's time and `seconds` of wall time.
    `left` when it has ended the session, `accepted` when somebody took its output as right;
    `known` are the captures before it.
    """

    exchange: Exchange
    verdict: str
    prompt: str
    reasons: tuple[str, ...] = ()
    diff: tuple[Change, ...] = ()
    lines: tuple[Printed, ...] = ()
    exit: int = 0
    seconds: float = 0.0
    virtual: float = 0.0
    timed_out: bool = False
    left: bool = False
    accepted: bool = False
    known: "Mapping[str, Capture]" = {}

    @property
    def bad(self) -> bool:
        return self.verdict in BAD


class Report(NamedTuple):
    """The results of one file; `incomplete` says why not all of it ran.

    `captures` are what its placeholders caught, `variables` what its names were bound to,
    `digest` says which store file it began on, `problem` why it could not run at all.
    """

    name: str
    path: str
    header: Header
    results: tuple[Result, ...]
    seconds: float
    incomplete: str = ""
    captures: "dict[str, Capture]" = {}
    variables: tuple[tuple[str, str], ...] = ()
    seed: int = 0
    digest: str = ""
    problem: str = ""

    @property
    def failures(self) -> tuple[Result, ...]:
        """The results that make it fail."""
        return tuple(one for one in self.results if one.bad)

    @property
    def failed(self) -> bool:
        return bool(self.failures) or bool(self.incomplete) or bool(self.problem)

    @property
    def commands(self) -> int:
        """How many commands were typed."""
        return self.count(PASSED, FAILED, ERROR)

    def count(self, *verdicts: str) -> int:
        """How many results have one of the verdicts."""
        return sum(one.verdict in verdicts for one in self.results)


def total(reports: Sequence[Report], verdict: str) -> int:
    """How many commands of several files have a verdict."""
    return sum(one.count(verdict) for one in reports)
