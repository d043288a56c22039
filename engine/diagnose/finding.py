"""A finding: one question about the tunnel, what was seen, and what to type about it."""

from typing import NamedTuple

PASS, FAIL, WARN, SKIP, UNKNOWN = "PASS", "FAIL", "WARN", "SKIP", "UNKNOWN"


class Evidence(NamedTuple):
    """What was looked at: the command that shows it, and the lines that decided.

    `machine` is where the command is typed, "" for the machine that is looked at.
    """

    command: str
    lines: tuple[str, ...]
    machine: str = ""


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
    """The answer to one question.

    `code` is the fault's id in the catalogue ("" when nothing is wrong), `because` says why the
    verdict is what it is, `why` what depends on it, `next` what would decide an UNKNOWN, and
    `candidates` the codes between which it would. `severity` is the cause's (`engine.diagnose
    .causes`), `affects` what follows from it and is folded beneath it, `kb` where it comes from,
    `machine` the machine that has it, `check` the name of the check that asked.
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
    severity: str = ""
    affects: tuple[str, ...] = ()
    kb: tuple[str, ...] = ()
    machine: str = ""
    candidates: tuple[str, ...] = ()
    check: str = ""
