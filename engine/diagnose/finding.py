"""A finding: one question about the tunnel, what was seen, and what to type about it."""

from typing import NamedTuple

PASS, FAIL, WARN, SKIP, UNKNOWN = "PASS", "FAIL", "WARN", "SKIP", "UNKNOWN"


class Evidence(NamedTuple):
    """What was looked at: the command that shows it, and the lines that decided."""

    command: str
    lines: tuple[str, ...]


class Fix(NamedTuple):
    """What mends it: a sentence, and whole command lines that can be typed as they stand.

    `safe` False means that the commands touch something the operator should look at first
    (they are shown, never typed for him). `machine` is where they are typed, "" for the machine
    that is looked at.
    """

    text: str
    commands: tuple[str, ...] = ()
    safe: bool = True
    machine: str = ""


class Finding(NamedTuple):
    """The answer to one question of the checklist.

    `code` is the fault's id in the catalogue ("" when nothing is wrong), `because` says why the
    verdict is what it is, `why` what the article says depends on it, `next` what would decide an
    UNKNOWN.
    """

    code: str
    title: str
    phase: str
    verdict: str
    because: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    fix: Fix | None = None
    verify: str = ""
    why: str = ""
    next: tuple[str, ...] = ()
