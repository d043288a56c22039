"""Somebody looks at each proposal: accepts, rejects, edits it, or leaves it for later."""

import os
import shlex
import subprocess
from collections.abc import Callable, Mapping, Sequence
from tempfile import TemporaryDirectory

from commands.answer import Cell, Line, Lines
from transcripts.format import load
from transcripts.model import FormatError, Transcript
from transcripts.report import diff_lines, untold
from transcripts.results import Change
from transcripts.updating.propose import Edit, Proposal, combined
from transcripts.updating.update import Contexts, rewritten

QUESTION = "a: accept; r: reject; e: edit; s: skip > "
EDITORS = ("VISUAL", "EDITOR")
EDITOR = "vi"


class Reviewer:
    """Asks about one proposal after the other; `counts` tells what was answered."""

    def __init__(self, ask: Callable[[str], str], emit: Callable[[Lines], None], style: str,
                 environment: Mapping[str, str], contexts: Contexts) -> None:
        self.ask, self.emit, self.style = ask, emit, style
        self.environment, self.contexts = environment, contexts
        self.counts = {"accepted": 0, "rejected": 0, "edited": 0, "skipped": 0}

    def choose(self, transcript: Transcript, proposal: Proposal) -> Sequence[Edit] | None:
        """The edits that are taken, None for none."""
        file = [line.rstrip("\r") for line in transcript.text.split("\n")]
        self._show(transcript, proposal, file)
        while True:
            answer = self.ask(QUESTION).strip().lower()[:1]
            if answer == "a":
                self.counts["accepted"] += 1
                return proposal.edits
            if answer in ("r", "s"):
                self.counts["rejected" if answer == "r" else "skipped"] += 1
                return None
            if answer == "e":
                edits = self._edited(transcript, proposal, file)
                if edits is not None:
                    self.counts["edited"] += 1
                    return edits

    def _show(self, transcript: Transcript, proposal: Proposal, file: Sequence[str]) -> None:
        result = proposal.result
        lines: list[Line] = [(Cell("path", transcript.path, transcript.path),
                              f":{result.exchange.line}  {result.prompt}")]
        lines += diff_lines(result.diff, self.style)
        lines += [(f"  {reason}",) for reason in untold(result, self.style)]
        lines += [("  what the file would say:",)]
        lines += diff_lines(changes(proposal.edits, file), "unified")
        self.emit(Lines((*lines, ()), None, "seen"))

    def _edited(self, transcript: Transcript, proposal: Proposal,
                file: Sequence[str]) -> Sequence[Edit] | None:
        """What an editor makes of the lines behind the command; None when that cannot stand."""
        exchange = proposal.result.exchange
        last = max([exchange.line, exchange.exit_line,
                    *(line.line for line in exchange.expected),
                    *(edit.line for edit in proposal.edits)])
        new = {edit.line: edit.lines for edit in proposal.edits}
        lines = [line for number in range(exchange.line, last + 1)
                 for line in new.get(number, (file[number - 1],))]
        try:
            text = self._open("\n".join(lines[1:]) + "\n")
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            self._refuse(f"the editor: {error}")
            return None
        typed = tuple(text.rstrip("\n").split("\n")) if text.strip() else ()
        edits = [Edit(exchange.line, (file[exchange.line - 1], *typed)),
                 *(Edit(number, ()) for number in range(exchange.line + 1, last + 1))]
        try:
            load(transcript.path, self.contexts, rewritten(transcript.text, edits))
        except FormatError as error:
            self._refuse(str(error))
            return None
        return combined(edits, exchange, file)

    def _refuse(self, reason: str) -> None:
        self.emit(Lines(((f"  {reason}",),), None, "seen"))

    def _open(self, text: str) -> str:
        """The text as somebody leaves it in the editor. Raises OSError, SubprocessError."""
        editor = next((self.environment[name] for name in EDITORS
                       if self.environment.get(name)), EDITOR)
        with TemporaryDirectory(prefix="ipsecsh-") as folder:
            path = os.path.join(folder, "expected.transcript")
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                file.write(text)
            subprocess.run([*shlex.split(editor), path], check=True)
            with open(path, encoding="utf-8") as file:
                return file.read()


def changes(edits: Sequence[Edit], file: Sequence[str]) -> list[Change]:
    """Edits as a diff of the file."""
    found: list[Change] = []
    for edit in edits:
        old = file[edit.line - 1]
        if edit.lines[:1] == (old,):
            found.append(Change(" ", old))
            found += [Change("+", line) for line in edit.lines[1:]]
        else:
            found.append(Change("-", old, edit.line))
            found += [Change("+", line) for line in edit.lines]
    return found
