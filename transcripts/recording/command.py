"""transcript start, stop, save, label, and history: the conversation as a file."""

import os
from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Block, Cell, Line, Table, Warn
from commands.clock import windows_time
from commands.errors import CommandError
from commands.kinds import Number, Path, Text, YesNo
from commands.spec import Command, tag
from transcripts.recording.record import (
    NoRecording,
    basis,
    history,
    make,
    spoken,
    write,
)
from transcripts.recording.select import NoSuch, chosen
from transcripts.recording.sitting import Recording, Sitting

if TYPE_CHECKING:
    from commands.session import Session
    from transcripts.recording.compose import Recorded
    from transcripts.recording.event import Event

LAST = 20


def sitting_of(session: "Session") -> Sitting:
    """Who keeps what is heard. Raises CommandError where nobody listens."""
    keeper = session.witness.keeper if session.witness is not None else None
    if not isinstance(keeper, Sitting):
        raise CommandError("not-heard", "Nobody listens to this session, so nothing can be "
                           "recorded", exit=3)
    return keeper


def begin(session: "Session", path: str, title: str = "") -> None:
    """From here on all that is typed is recorded. Raises CommandError."""
    sitting = sitting_of(session)
    if sitting.recording is not None:
        raise CommandError("recording", "A recording is under way already",
                           fix="transcript stop")
    stands = None
    if sitting.events:
        from transcripts.recording.event import Event, Meaning
        now = Event(session.witness.clock() if session.witness else 0.0, sitting.identity,
                    session.context, session.machine, "", Meaning(), (), 0)
        now.store, now.generation = session.store_path, session.generation()
        stands = basis(now, history(sitting), session, sitting.hider)
    sitting.recording = Recording(path, title, stands)


def finish(session: "Session", file: str = "") -> "tuple[str, Recorded]":
    """Writes what was recorded, to another file if one is named; its path.

    Raises CommandError; a recording that cannot be written is still under way.
    """
    sitting = sitting_of(session)
    if sitting.recording is None:
        raise CommandError("no-recording", "No recording is under way", fix="transcript start")
    recording, sitting.recording = sitting.recording, None
    try:
        made = make(recording.events, history(sitting), session, sitting.hider, recording.title,
                    recording.stands)
        return write(made, file or recording.path, session), made
    except NoRecording as error:
        raise CommandError("nothing-recorded", str(error), exit=4) from None
    except (OSError, ValueError) as error:
        sitting.recording = recording
        raise _unwritten(file or recording.path, error, "transcript stop file=OTHER") from None


def _unwritten(path: str, error: OSError | ValueError, fix: str) -> CommandError:
    why = getattr(error, "strerror", None) or error
    return CommandError("cannot-write", f"{path} cannot be written: {why}", tag="file", fix=fix)


def _file() -> str:
    one: str = tag(Path(written=True), "The transcript to write.")
    return one


def _title() -> str:
    one: str = tag(Text(), "What it is about.", default="")
    return one


class TranscriptStart(Command, words="transcript start", help="Begins to record what is typed.",
                      remarks=("What the first line stands on is recorded as well: the store as "
                               "it is, and what ran before.",
                               "No secret is written: in its place stands its name, and a replay "
                               "makes one of its own."),
                      examples=("transcript start file=tunnel.transcript",)):
    """The recording ends with `transcript stop`, or with the program."""

    file: str = _file()
    title: str = _title()

    def run(self, session: "Session") -> Answer:
        """One line that says where it goes."""
        begin(session, self.file, self.title)
        line: Line = ("Recording to ", Cell("path", self.file, self.file), ".")
        return Answer((cells.say(line, data={"file": self.file}, name="recording"),))


class TranscriptStop(Command, words="transcript stop", help="Ends a recording and writes it.",
                     examples=("transcript stop",)):
    """Writes the transcript, and replays it to see whether it can be."""

    file: str = tag(Path(written=True), "Another file than the one that was named first.",
                    default="")
    verify: bool = tag(YesNo(), "Whether it is replayed at once.", default=True)

    def run(self, session: "Session") -> Answer:
        """What was written, and whether it replays. Raises CommandError."""
        path, made = finish(session, self.file)
        return written(path, made, self.verify)


class TranscriptSave(Command, words="transcript save",
                     help="Writes what was typed before as a transcript.",
                     remarks=(f"Without last= and since= the last {LAST} commands are written.",
                              "since= is a label, a time such as 14:05, or how long ago: 10m.",
                              "What those commands stood on is written before them, as far as "
                              "the journal has it."),
                     examples=("transcript save last=20 file=tunnel.transcript",
                               "transcript save since=10m file=tunnel.transcript")):
    """From the journal, which is always on."""

    file: str = _file()
    last: int | None = tag(Number(1, 100000), "How many commands.", default=None)
    since: str = tag(Text("<label> | <time>"), "From there on.", default="")
    range: str = tag(Text("<from>:<to>"), "Numbers of history, as 5:12.", default="")
    title: str = _title()
    overwrite: bool = tag(YesNo(), "Whether a file that exists is replaced.", default=False)
    verify: bool = tag(YesNo(), "Whether it is replayed at once.", default=True)

    def run(self, session: "Session") -> Answer:
        """What was written, and whether it replays. Raises CommandError."""
        sitting = sitting_of(session)
        full = session.files.full(self.file, session.folder)
        if os.path.exists(full) and not self.overwrite:
            raise CommandError("exists", f"{self.file} exists already", tag="file",
                               fix="overwrite=yes")
        known = history(sitting)
        events = select(known, session, self.last, self.since, self.range)
        try:
            made = make(events, known, session, sitting.hider, self.title)
            path = write(made, self.file, session)
        except NoRecording as error:
            raise CommandError("nothing-recorded", str(error), exit=4) from None
        except (OSError, ValueError) as error:
            raise _unwritten(self.file, error, "another file=") from None
        return written(path, made, self.verify)


def select(known: "list[Event]", session: "Session", last: int | None, since: str,
           range: str) -> "list[Event]":
    """The events that are meant. Raises CommandError."""
    events = [one for one in known if spoken(one)]
    now = session.witness.clock() if session.witness is not None else 0.0
    try:
        return chosen(events, last if last or since or range else LAST, since, range, now)
    except NoSuch as error:
        raise CommandError("not-found", str(error), tag=error.tag, known=error.known) from None


def written(path: str, made: "Recorded", verify: bool) -> Answer:
    """What is said of a transcript that was written; replayed, if that is wanted."""
    line: Line = (cells.count(made.commands), f" command{'s' * (made.commands != 1)} written to ",
                  Cell("path", path, path), ".")
    blocks: list[Block] = [cells.say(line, data={"file": path, "commands": made.commands},
                                     name="written")]
    warnings = [Warn("NOT-KEPT", one) for one in made.lost]
    if verify:
        warnings += _verified(path)
    return Answer(tuple(blocks), tuple(warnings))


def _verified(path: str) -> list[Warn]:
    """What does not come out the same when the transcript is replayed."""
    from time import perf_counter

    from transcripts.model import FormatError
    from transcripts.replay import Settings, run_file
    from transcripts.stage import CannotPlay
    try:
        report = run_file(path, Settings(environment=os.environ), perf_counter)
    except (FormatError, CannotPlay) as error:
        return [Warn("NOT-REPLAYED", str(error))]
    found = [Warn("NOT-REPRODUCED", f"line {one.exchange.line}: {one.reasons[0]}")
             for one in report.failures[:3]]
    if report.incomplete:
        found.append(Warn("NOT-REPRODUCED", report.incomplete))
    return found


class TranscriptLabel(Command, words="transcript label",
                      help="Gives the next command a name, for since= and from=.",
                      examples=("transcript label before-the-change",)):
    """A place in the journal and in what is recorded."""

    name: str = tag(Text("<name>", limit=64, empty=False), "The name.")

    def run(self, session: "Session") -> Answer:
        """Says nothing."""
        if any(sign.isspace() for sign in self.name):
            raise CommandError("bad-value", "A label is one word", tag="name")
        sitting_of(session).label = self.name
        return Answer()


class History(Command, words="history", help="Displays what was typed, newest last.",
              remarks=("-t FILE writes the lines as a transcript instead.",),
              examples=("history", "history 5:12")):
    """The journal's lines with their numbers, which count back from the newest one."""

    range: str = tag(Text("<from>:<to>"), "Numbers, as 5:12.", default="")
    transcript: str = tag(Path(written=True), "The transcript to write.", default="",
                          form="dash", word="t")
    last: int = tag(Number(1, 100000), "How many.", default=LAST, form="dash", word="n")

    def run(self, session: "Session") -> Answer:
        """A table, or what `transcript save` says."""
        if self.transcript:
            return TranscriptSave(file=self.transcript, last=None, since="", range=self.range,
                                  title="", overwrite=False, verify=True).run(session)
        known = [one for one in history(sitting_of(session)) if spoken(one)]
        first = len(known) - self.last
        if self.range:
            wanted = select(known, session, None, "", self.range)
            first = known.index(wanted[0])
            known = known[:first + len(wanted)]
        rows = tuple(
            (cells.number(at + 1), Cell("time", windows_time(one.at), windows_time(one.at)),
             cells.text(" ".join(one.context)), cells.text(one.text), cells.number(one.exit))
            for at, one in enumerate(known) if at >= first)
        columns = (("number", "No."), ("time", "Time"), ("context", "Context"),
                   ("line", "Line"), ("exit", "Exit"))
        return Answer((Table(columns, rows, "", "history", "Nothing was typed yet."),))
