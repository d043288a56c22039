"""Makes a transcript expect what was printed: all of it, or what somebody accepts.

The file is written once, when all of it has run; a file that passes is never touched.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from transcripts.format import load
from transcripts.model import FormatError, Transcript
from transcripts.play import Watcher
from transcripts.results import PASSED, Report
from transcripts.updating.propose import Edit, Proposal
from transcripts.updating.updater import Updater

# How often a file is run again, since what one line catches another one prints.
ROUNDS_MOST = 4

Contexts = frozenset[tuple[str, ...]]
Run = Callable[[Transcript, Watcher], Report]
# What is done with a proposal: its edits, others, or None for none.
Choose = Callable[[Transcript, Proposal], "Sequence[Edit] | None"]


class Outcome(NamedTuple):
    """What an update came to: `changed` are the prompts of the commands that were, `left` those
    that were not, with the reason; `text` is the new one of the file (None: nothing to write),
    `report` that of the last run.
    """

    changed: tuple[str, ...]
    left: tuple[tuple[str, str], ...]
    text: str | None
    report: Report


class Unwritable(Exception):
    """The new text would be no transcript; the text says why."""


def update(transcript: Transcript, run: Run, choose: Choose, contexts: Contexts,
           inner: Watcher, rounds: int = ROUNDS_MOST) -> Outcome:
    """Runs a transcript and changes what it expects, until it passes or nothing more changes.

    Nothing is written yet. Raises Unwritable, and what `run` raises.
    """
    changed: dict[int, str] = {}
    refused: set[int] = set()
    text: str | None = None
    for number in range(rounds):
        updater = Updater(transcript, contexts, inner if not number else Watcher())
        report = run(transcript, updater)
        left = {one.line: reason for one, reason in updater.left}
        if report.incomplete or any(one.timed_out for one in report.results):
            return Outcome((), _left(report, left), None, report)
        edits: list[Edit] = []
        for one in updater.proposals:
            at = transcript.exchanges.index(one.result.exchange)
            wanted = None if at in refused else choose(transcript, one)
            if wanted is None:
                refused.add(at)
                left[one.result.exchange.line] = "not accepted"
                continue
            edits += wanted
            changed[at] = one.result.prompt
            if rounds == 1:
                report = accepted(report, one)
        if not edits:
            break
        text = rewritten(transcript.text, edits)
        transcript = _read(transcript.path, text, contexts)
    return Outcome(tuple(changed[at] for at in sorted(changed)), _left(report, left), text, report)


def _left(report: Report, reasons: Mapping[int, str]) -> tuple[tuple[str, str], ...]:
    """The failures with the reason for which each was left as it is."""
    return tuple((one.prompt, reasons.get(one.exchange.line, one.reasons[0]))
                 for one in report.failures)


def accepted(report: Report, proposal: Proposal) -> Report:
    """The report after a proposal was taken that left nothing to complain of."""
    if proposal.left:
        return report
    return report._replace(results=tuple(
        one._replace(verdict=PASSED, accepted=True)
        if one.exchange is proposal.result.exchange else one for one in report.results))


def _read(path: str, text: str, contexts: Contexts) -> Transcript:
    try:
        return load(path, contexts, text)
    except FormatError as error:
        raise Unwritable(f"with what was printed it would be no transcript: {error}") from None


def accept_all(transcript: Transcript, proposal: Proposal) -> Sequence[Edit]:
    """Takes every proposal as it is."""
    return proposal.edits


def rewritten(text: str, edits: Sequence[Edit]) -> str:
    """A file's text with edits; all other lines keep their ends, too."""
    changed = {edit.line: edit.lines for edit in edits}
    lines: list[str] = []
    for number, old in enumerate(text.split("\n"), 1):
        if number not in changed:
            lines.append(old)
        else:
            lines += [line + "\r" * old.endswith("\r") for line in changed[number]]
    return "\n".join(lines)


def write(path: str, text: str) -> None:
    """Replaces a file whole; its mode and its byte order mark stay. Raises OSError."""
    full = os.path.realpath(path)
    with open(full, "rb") as file:
        mark = file.read(3) if file.peek(3)[:3] == b"\xef\xbb\xbf" else b""
    part = full + ".part"
    if os.path.lexists(part):
        os.unlink(part)
    mode = os.stat(full).st_mode & 0o777
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(mark + text.encode())
        os.fchmod(file.fileno(), mode)
    os.replace(part, full)
