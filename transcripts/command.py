"""`transcript run` and `transcript list`; the shell registers them, commands know nothing of it."""

from typing import TYPE_CHECKING

from commands.answer import Answer, Cell, Table
from commands.errors import CommandError
from commands.kinds import Choice, Path, Text, YesNo
from commands.lab.lab import Duration
from commands.spec import Command, Kind, tag
from transcripts.names import Setting, TranscriptName
from transcripts.report import STYLES

if TYPE_CHECKING:
    from commands.session import Session
    from transcripts.watching import Look

COULD_NOT_RUN = 3


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
                             "target= starts a program and types at its prompts; the header of "
                             "the file says how they look (ipsecsh's and netsh's are known).",
                             "A secret comes from @FILE, env:NAME, ask or generate.",
                             "check=yes looks for mistakes first, as transcript check does; "
                             "nothing is run when a file has one.",
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
    target: str = tag(Text("<command>"), "A program to type at instead of the lab, as \"ssh gw\".",
                      default="")
    check: bool = tag(YesNo(), "Whether all files are looked at for mistakes before any is run.",
                      default=False)
    junit: str = tag(Path(written=True), "JUnit XML to write.", default="")
    tap: str = tag(Path(written=True), "TAP to write.", default="")
    json: str = tag(Path(written=True), "JSON to write.", default="")
    map: str = tag(Path(written=True), "Where to write what the header's masks hide.", default="")

    def run(self, session: "Session") -> Answer:
        """Runs them in their order; the worst of them is the exit class. Raises CommandError."""
        from transcripts.running import run_all
        if self.update != "no":
            from transcripts.updating.command import allowed
            allowed(self, session)
        return run_all(self, session, self._look(session))

    def _look(self, session: "Session") -> "Look | None":
        """How somebody looks on, None when nobody does. Raises CommandError for no terminal."""
        live = self.onfail == "shell"
        if live and self.target:
            raise CommandError("bad-value", "onfail=shell opens a prompt on the lab, not on a "
                               "target", tag="onfail", exit=2)
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
