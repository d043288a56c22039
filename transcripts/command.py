"""`transcript run` and `transcript list`; the shell registers them, commands know nothing of it."""

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from commands.answer import Answer, Block, Cell, Table
from commands.errors import CommandError
from commands.kinds import Choice, Path, Text, YesNo
from commands.lab.lab import Duration
from commands.spec import Command, Kind, tag
from transcripts.model import FormatError, UnreadableError
from transcripts.report import STYLES, result_lines, summary_lines
from transcripts.stage import CannotPlay

if TYPE_CHECKING:
    from commands.session import Session
    from transcripts.replay import Settings
    from transcripts.results import Report
    from transcripts.watching import Look

# path, "module:Class", help: what the shell hands to commands.index.register.
ROWS = (
    ("transcript run", "transcripts.command:TranscriptRun",
     "Runs transcripts and compares what is printed."),
    ("transcript list", "transcripts.command:TranscriptList",
     "Lists the transcripts that come with the product."),
    ("transcript start", "transcripts.recording.command:TranscriptStart",
     "Begins to record what is typed."),
    ("transcript stop", "transcripts.recording.command:TranscriptStop",
     "Ends a recording and writes it."),
    ("transcript save", "transcripts.recording.command:TranscriptSave",
     "Writes what was typed before as a transcript."),
    ("transcript label", "transcripts.recording.command:TranscriptLabel",
     "Gives the next command a name, for since= and from=."),
    ("history", "transcripts.recording.command:History",
     "Displays what was typed, newest last."),
)
NO_TRANSCRIPT = 2
COULD_NOT_RUN = 3
NOTHING_RUN = 4
TIMED_OUT = 124
INTERRUPTED = 130
CTRL_C = "Ctrl-C"
DEPTH_LIMIT = 8


class TranscriptName(Path):
    """The name of a bundled transcript, or a file."""

    usage = "<name> | <file>"

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        from transcripts.replay import bundled
        yield from ((name, "comes with the product") for name in bundled())
        if prefix:
            yield from super().complete(prefix, session)


class Setting(Kind[tuple[str, str]]):
    """``NAME=VALUE``; with `source` the value says where a secret comes from."""

    def __init__(self, source: bool = False) -> None:
        self.source = source
        self.usage = "<name>=<source>" if source else "<name>=<value>"

    def parse(self, text: str, session: "Session") -> tuple[str, str]:
        """Raises ValueError for what has no name or no value."""
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise ValueError("must be NAME=VALUE")
        if self.source:
            from transcripts.header import check_source
            try:
                check_source(value)
            except ValueError as error:
                raise ValueError(str(error).replace("has the source", "names the source")
                                 ) from None
        return name, value


class Speed(Kind[float]):
    """How fast something is shown: ``4x`` is four times as fast as by hand, 0 at once."""

    usage = "0 | 1x | 4x"

    def parse(self, text: str, session: "Session") -> float:
        """Raises ValueError for what is no speed."""
        try:
            speed = float(text.lower().removesuffix("x"))
        except ValueError:
            speed = -1.0
        if not 0 <= speed <= 1000:
            raise ValueError("must be 0 or a speed such as 4x")
        return speed


class TranscriptRun(Command, words="transcript run",
                    help="Runs transcripts and compares what is printed.",
                    remarks=("Each file runs in a session of its own, on a fresh store and lab "
                             "unless its header or store= names a store.",
                             "from= and until= are labels, sections or lines: what stands before "
                             "is typed and not judged, what stands behind is left out.",
                             "A secret comes from @FILE, env:NAME, ask or generate.",
                             "Exit class 0: all matched; 1: a command did something else; "
                             "2: the file is no transcript; 3: it cannot be read or run; 4: it "
                             "holds no command; 124: time is over."),
                    examples=("transcript run kb252735",
                              "transcript run kb252735 set=NetA=172.16.0.0/24 timeout=10s")):
    """Replays each file on its own session; the current one is left as it is."""

    file: tuple[str, ...] = tag(TranscriptName(), "Bundled transcripts or files to run.",
                                many=True)
    store: str = tag(Path(), "Store to run on instead of the header's; empty: a fresh one.",
                     default="")
    set: tuple[tuple[str, str], ...] = tag(Setting(), "Names to bind, as NetA=172.16.0.0/24.",
                                           default=(), many=True)
    secret: tuple[tuple[str, str], ...] = tag(Setting(True), "Sources of secrets, as psk=@FILE.",
                                              default=(), many=True)
    diff: str = tag(Choice(*STYLES), "How a mismatch is shown.", default="unified")
    begin: str = tag(Text("<label>"), "Where judging begins.", default="", word="from")
    until: str = tag(Text("<label>"), "Where the run ends.", default="")
    onfail: str = tag(Choice("continue", "stop", "shell"), "What follows a failure.",
                      default="continue")
    step: bool = tag(YesNo(), "Whether each command is shown and asked about.", default=False)
    speed: float = tag(Speed(), "Shows the run as if it were typed by hand.", default=0.0)
    update: str = tag(Choice("no", "review", "all"), "Whether the file is made to expect what "
                      "was printed.", default="no")
    force: bool = tag(YesNo(), "Whether update= works on a build machine (CI).", default=False)
    timeout: float | None = tag(Duration(), "Longest time of a command.", default=None)
    total: float | None = tag(Duration(), "Longest time of a file.", default=None)

    def run(self, session: "Session") -> Answer:
        """Runs them in their order; the worst of them is the exit class."""
        blocks: list[Block] = []
        worst = 0
        look = self._look(session)
        if self.update != "no":
            from transcripts.updating.command import allowed
            allowed(self, session)
        for name in self.file:
            report, more = _replay(name, self, session, look)
            worst = max(worst, exit_class(report))
            if look is None:
                blocks += [result_lines(report, one, self.diff) for one in report.failures]
            blocks += [*more, summary_lines(report)]
        return Answer(tuple(blocks), exit=worst)

    def _look(self, session: "Session") -> "Look | None":
        """How somebody looks on, None when nobody does. Raises CommandError for no terminal."""
        live = self.onfail == "shell"
        if not (live or self.step or self.speed):
            return None
        for word, missing in (("onfail", live and session.nested is None),
                              ("step", self.step and session.ask is None)):
            if missing:
                raise CommandError("no-terminal", f"{word}= needs somebody at a terminal",
                                   tag=word, exit=COULD_NOT_RUN)
        from transcripts.watching import Look
        return Look(self.step or self.speed > 0, self.step, self.speed, live, self.diff)


class TranscriptList(Command, words="transcript list",
                     help="Lists the transcripts that come with the product.",
                     examples=("transcript list",)):
    """The bundled transcripts with their titles."""

    def run(self, session: "Session") -> Answer:
        from transcripts.replay import bundled, find, load
        rows = []
        for name in bundled():
            transcript = load(find(name))
            rows.append((Cell("name", name, name),
                         Cell("count", len(transcript.exchanges), str(len(transcript.exchanges))),
                         Cell("text", transcript.header.title, transcript.header.title)))
        columns = (("name", "Name"), ("commands", "Commands"), ("title", "Title"))
        return Answer((Table(columns, tuple(rows), name="transcripts"),))


def exit_class(report: "Report") -> int:
    """0 all matched, 1 not, 4 nothing ran, 124 the time was over, 130 Ctrl-C."""
    if report.incomplete.startswith(CTRL_C):
        return INTERRUPTED
    if any(one.timed_out for one in report.results) or "time-out" in report.incomplete:
        return TIMED_OUT
    if not report.commands:
        return NOTHING_RUN
    return int(report.failed)


def _replay(name: str, run: TranscriptRun, session: "Session",
            look: "Look | None") -> "tuple[Report, Sequence[Block]]":
    """Runs one file: its report, and what else is said.

    Raises CommandError when it cannot be read, parsed, or holds no command.
    """
    from time import perf_counter

    from transcripts import replay
    path = replay.find(name)
    path = path if path.startswith(replay.SCRIPTS) else os.path.join(session.folder, path)
    settings = _settings(name, path, run, session)
    try:
        transcript = replay.load(path)
        if not transcript.exchanges:
            raise CommandError("nothing-run", f"{path}: holds no command", exit=NOTHING_RUN)
        watcher = None
        if look is not None:
            from transcripts.watching import Onlooker
            watcher = Onlooker(session, look)
        if run.update != "no":
            from transcripts.updating.command import update_file
            return update_file(transcript, run, session, settings, watcher)
        return replay.run(transcript, settings, perf_counter, watcher), ()
    except UnreadableError as error:
        raise CommandError("transcript", str(error), tag="file", known=replay.bundled(),
                           exit=COULD_NOT_RUN) from None
    except FormatError as error:
        raise CommandError("transcript", str(error), tag="file", exit=NO_TRANSCRIPT) from None
    except CannotPlay as error:
        raise CommandError("cannot-run", f"{path}: {error}", tag="file",
                           exit=COULD_NOT_RUN) from None


def _settings(name: str, path: str, run: TranscriptRun, session: "Session") -> "Settings":
    """What the command says beside the file. Raises CommandError for one that runs itself."""
    from time import sleep

    from transcripts import replay
    from transcripts.conditions import Place
    from transcripts.play import Options
    own = os.path.abspath(path)
    if own in session.script_depth or len(session.script_depth) >= DEPTH_LIMIT:
        raise CommandError("recursion", f"{name}: the transcript runs itself", tag="file")
    return replay.Settings(
        run.set, run.secret, run.store, Options(
            run.timeout, run.total, run.begin, run.until, run.onfail == "stop",
            Place(tty=session.ask is not None, environment=os.environ)),
        os.environ, session.ask, sleep, session.folder, (*session.script_depth, own))
