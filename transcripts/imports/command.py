"""`transcript import`: a transcript of a recording of a terminal, or of text copied from one."""

import os
from time import perf_counter
from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Cell, Line, Warn
from commands.errors import CommandError
from commands.kinds import Path, Text, YesNo
from commands.spec import Command, tag
from transcripts.model import FormatError, UnreadableError
from transcripts.stage import CannotPlay
from transcripts.written import place_for, write_text

if TYPE_CHECKING:
    from commands.session import Session
    from transcripts.imports.session import Heard

OCTETS_MOST = 64 << 20
COULD_NOT_READ, NO_TRANSCRIPT, NOTHING = 3, 2, 4
SHOWN_MOST = 3
SUFFIX = ".transcript"


class TranscriptImport(Command, words="transcript import",
                       help="Makes a transcript of a terminal's recording or text.",
                       remarks=("An asciicast of version 1, 2 or 3, or text as it was copied, with "
                                "the prompts of this shell, of netsh, or of a system shell that "
                                "calls them.",
                                "It is run on the lab at once: values that change from run to run "
                                "become placeholders, and what comes out otherwise is named. "
                                "verify=no leaves all of it as it was found.",
                                "Keys get names; what the commands write goes into a folder of "
                                "the run's own."),
                       examples=("transcript import old.cast out=old.transcript",
                                 "transcript import pasted.txt")):
    """As good as the text allows: what could not be placed is named."""

    file: str = tag(Path(), "The recording or the text.")
    out: str = tag(Path(written=True), "The transcript; the file's name with .transcript.",
                   default="")
    title: str = tag(Text(), "What it is about.", default="")
    verify: bool = tag(YesNo(), "Whether it is run on the lab at once.", default=True)
    overwrite: bool = tag(YesNo(), "Whether a file that exists is replaced.", default=False)

    def run(self, session: "Session") -> Answer:
        """Says what was written, and what has no place. Raises CommandError."""
        name = self.out or os.path.splitext(os.path.basename(self.file))[0] + SUFFIX
        full = place_for(name, "out", self.overwrite, session)
        text, count, found = self._text(session)
        write_text(name, text, "out", session)
        warnings = _unplaced(found)
        if self.verify:
            warnings += verified(full)
        line: Line = (cells.count(count), f" command{'s' * (count != 1)} written to ",
                      Cell("path", name, name), ".")
        return Answer((cells.say(line, data={"file": name, "commands": count,
                                             "unplaced": list(found.lost)}, name="imported"),),
                      tuple(warnings))

    def _text(self, session: "Session") -> "tuple[str, int, Heard]":
        """The transcript, the number of its commands, and what was heard. Raises CommandError."""
        from commands.session import Session
        from transcripts.imports.session import heard
        from transcripts.imports.write import write
        from transcripts.replay import contexts
        plain = Session("")
        lines, labels = _lines(session.files.full(self.file, session.folder), self.file)
        found = heard(lines, contexts(), plain, labels)
        if not found.typed:
            raise CommandError("nothing-found", f"{self.file} has no line behind a prompt",
                               tag="file", exit=NOTHING)
        made = write(found.typed, self.title or f"From {os.path.basename(self.file)}", plain)
        plain.close()
        return made.text, made.commands, found


def _lines(full: str, name: str) -> tuple[list[str], frozenset[str]]:
    """What stood on the terminal, and the labels of its places. Raises CommandError."""
    from transcripts.format import decoded
    from transcripts.imports.cast import is_cast, screen_lines
    from transcripts.octets import read_octets
    try:
        octets = read_octets(full, OCTETS_MOST + 1)
        if len(octets) > OCTETS_MOST:
            raise UnreadableError(name, 0, f"is larger than {OCTETS_MOST >> 20} MiB")
        text = decoded(octets, name)
        if is_cast(text):
            return screen_lines(text, name)
    except OSError as error:
        raise CommandError("cannot-read", f"{name} cannot be read: {error.strerror}", tag="file",
                           exit=COULD_NOT_READ) from None
    except UnreadableError as error:
        raise CommandError("cannot-read", str(error), tag="file", exit=COULD_NOT_READ) from None
    return _drawn(text), frozenset()


def _drawn(text: str) -> list[str]:
    """Copied text without what steered the terminal, as `script` keeps it."""
    if "\x1b" not in text and "\b" not in text:
        return [line.rstrip("\r") for line in text.split("\n")]
    from transcripts.imports.cast import drawn_lines
    return drawn_lines(text)


def _unplaced(found: "Heard") -> list[Warn]:
    """The lines before the first command, which belong to nothing."""
    if not found.lost:
        return []
    shown = ", ".join(map(str, found.lost[:10])) + (", ..." if len(found.lost) > 10 else "")
    return [Warn("NOT-PLACED", f"{len(found.lost)} lines belong to no command: {shown}")]


def verified(path: str) -> list[Warn]:
    """Runs the transcript, makes it more general, and says what comes out otherwise."""
    from transcripts import replay
    from transcripts.imports.generalise import accept_same
    from transcripts.play import Watcher
    from transcripts.updating.update import Unwritable, update, write
    contexts = replay.contexts()
    try:
        outcome = update(replay.load(path),
                         lambda one, looks: replay.run(one, replay.Settings(), perf_counter,
                                                       looks),
                         accept_same, contexts, Watcher())
        if outcome.text is not None:
            write(path, outcome.text)
    except (FormatError, CannotPlay, Unwritable, OSError) as error:
        return [Warn("NOT-REPLAYED", str(error))]
    bad = outcome.report.failures
    if not bad and not outcome.report.incomplete:
        return []
    lines = ", ".join(str(one.exchange.line) for one in bad[:SHOWN_MOST * 4])
    what = outcome.report.incomplete or (f"{len(bad)} of its commands (lines {lines}) do "
                                         "something else on the lab")
    return [Warn("NOT-REPRODUCED", what, f"transcript run {path} update=review")]
