"""`transcript check`: what is wrong with transcripts, and odd in them, without running them."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Cell, Line, Lines
from commands.kinds import YesNo
from commands.spec import Command, tag
from transcripts.checking.mistakes import Finding
from transcripts.names import TranscriptName, path_of

if TYPE_CHECKING:
    from commands.session import Session

NO_TRANSCRIPT, COULD_NOT_RUN, NOTHING_RUN = 2, 3, 4
CLASSES = {"unreadable": COULD_NOT_RUN, "nothing-run": NOTHING_RUN, "secret-in-clear": 1}


class TranscriptCheck(Command, words="transcript check",
                      help="Looks for mistakes in transcripts without running them.",
                      remarks=("Every mistake is named with its line. So is what its author hardly "
                               "meant: a secret in clear, an expectation that holds for "
                               "anything, a capture that is used nowhere.",
                               "Exit class 0: nothing wrong; 1: a secret in clear, with "
                               "strict=yes anything; 2: a file is no transcript; 3: it cannot be "
                               "read; 4: it holds no command."),
                      examples=("transcript check kb252735",
                                "transcript check tunnel.transcript strict=yes")):
    """Finds what a run would only find when it came to it, or never."""

    file: tuple[str, ...] = tag(TranscriptName(), "Bundled transcripts or files to look at.",
                                many=True)
    strict: bool = tag(YesNo(), "Whether what is only odd is a failure, too.", default=False)

    def run(self, session: "Session") -> Answer:
        """One line a finding, and one for all."""
        found = looked_at(self.file, session)
        return Answer((told(found, len(self.file)),), exit=exit_class(found, self.strict))


def looked_at(names: Sequence[str], session: "Session") -> list[Finding]:
    """What is found in transcripts that are named as a person does it."""
    from transcripts.checking.lint import findings
    from transcripts.checking.mistakes import read_all
    from transcripts.replay import contexts
    known = contexts()
    return [one for name in names for one in findings(read_all(path_of(name, session), known))]


def told(found: Sequence[Finding], files: int) -> Lines:
    """The findings as they are shown."""
    return Lines(tuple(_lines(found, files)), [_data(one) for one in found], "findings")


def exit_class(found: Sequence[Finding], strict: bool) -> int:
    """The worst of the findings."""
    return max((CLASSES.get(one.code, NO_TRANSCRIPT) if one.wrong else int(strict)
                for one in found), default=0)


def _lines(found: Sequence[Finding], files: int) -> list[Line]:
    lines: list[Line] = []
    for one in found:
        place = f":{one.line}: " if one.line else ": "
        word = Cell("error", "ERR", "ERR") if one.wrong else Cell("warning", "WARN", "WARN")
        lines.append((Cell("path", one.path, os.path.relpath(one.path)
                           if one.path.startswith(os.getcwd() + os.sep) else one.path),
                      place, word, f" {one.code}: ", Cell("line", one.text, one.text)))
    wrong = sum(one.wrong for one in found)
    lines.append((cells.count(files), f" file{'s' * (files != 1)}, ", cells.count(wrong),
                  " wrong, ", cells.count(len(found) - wrong), " odd"))
    return lines


def _data(one: Finding) -> dict[str, object]:
    return {"file": one.path, "line": one.line, "code": one.code, "text": one.text,
            "wrong": one.wrong}
