"""`transcript export`: a transcript as a page, an article, a recording of a terminal, a script."""

import os
from collections.abc import Callable
from time import perf_counter, sleep
from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Cell, Line, Warn
from commands.errors import CommandError
from commands.kinds import Choice, Path, YesNo
from commands.spec import Command, tag
from transcripts.exports.document import Document, Typist, document, hidden
from transcripts.masks import masked
from transcripts.model import Transcript
from transcripts.names import Setting, TranscriptName, path_of
from transcripts.refusals import loaded, refusals
from transcripts.written import place_for, write_text

if TYPE_CHECKING:
    from commands.session import Session

# The extension of each form, whether it shows a run, and what is not in it.
FORMS = {
    "html": (".html", True, ""),
    "cast": (".cast", True, "prose and reasons of failures"),
    "cast2": (".cast", True, "prose, reasons of failures and the exit class"),
    "md": (".md", False, ""),
    "script": (".txt", False, "expected output, checks, waits and answers; keys are asked for"),
}
HELP = ("one page for a browser", "asciicast, version 3", "asciicast, version 2",
        "Markdown, which replays", "for exec and netsh -f")


class TranscriptExport(Command, words="transcript export",
                       help="Writes a transcript in another form.",
                       remarks=("html, cast and cast2 show a run, which is made on the lab at "
                                "once; run=no shows what is expected instead. md and script need "
                                "none.",
                                "Secrets are not in it: where one stood, its name stands."),
                       examples=("transcript export kb252735 to=html",
                                 "transcript export tunnel.transcript to=cast out=tunnel.cast")):
    """The transcript is the master; all of these are made from it."""

    file: str = tag(TranscriptName(), "The transcript.")
    to: str = tag(Choice(*FORMS, help=HELP), "The form.")
    out: str = tag(Path(written=True), "The file to write; its own name with the form's extension.",
                   default="")
    run_it: bool = tag(YesNo(), "Whether it is run for what is shown.", default=True, word="run")
    set: tuple[tuple[str, str], ...] = tag(Setting(), "Names to bind, as NetA=172.16.0.0/24.",
                                           default=(), many=True)
    secret: tuple[tuple[str, str], ...] = tag(Setting(True), "Sources of secrets, as psk=@FILE.",
                                              default=(), many=True)
    overwrite: bool = tag(YesNo(), "Whether a file that exists is replaced.", default=False)

    def run(self, session: "Session") -> Answer:
        """Says what was written, and what is lost. Raises CommandError."""
        extension, shows, lost = FORMS[self.to]
        path = path_of(self.file, session)
        name = self.out or os.path.splitext(os.path.basename(path))[0] + extension
        place_for(name, "out", self.overwrite, session)
        made = _document(path, shows and self.run_it, self, session)
        write_text(name, writer(self.to)(made), "out", session)
        return self._said(name, made, lost)

    def _said(self, name: str, made: Document, lost: str) -> Answer:
        count = len(made.steps)
        line: Line = (cells.count(count), f" command{'s' * (count != 1)} written to ",
                      Cell("path", name, name), ".", f" Not in it: {lost}." if lost else "")
        warnings = []
        if made.report is not None and made.report.failed:
            failed = len(made.report.failures)
            what = made.report.incomplete or f"{failed} command{'s' * (failed != 1)} failed"
            warnings.append(Warn("RUN-FAILED", f"the run that is shown did not pass: {what}"))
        return Answer((cells.say(line, data={"file": name, "form": self.to, "commands": count},
                                 name="exported"),), tuple(warnings))


def writer(form: str) -> Callable[[Document], str]:
    """What writes a form. Each is loaded only when it is asked for."""
    if form == "html":
        from transcripts.exports.html import html
        return html
    if form == "md":
        from transcripts.exports.markdown import markdown
        return markdown
    if form == "script":
        from transcripts.exports.script import script
        return script
    from transcripts.exports.cast import cast
    return lambda made: cast(made, 2 if form == "cast2" else 3)


def _document(path: str, runs: bool, asked: TranscriptExport, session: "Session") -> Document:
    """The transcript, run or as it is. Raises CommandError."""
    with refusals(path, "run=no"):
        transcript = loaded(path)
        return _run(transcript, asked, session) if runs else hidden(document(transcript))


def _run(transcript: Transcript, asked: TranscriptExport, session: "Session") -> Document:
    from transcripts import replay
    from transcripts.conditions import Place
    from transcripts.play import Options
    typist = Typist()
    own = os.path.abspath(transcript.path)
    if own in session.script_depth:
        raise CommandError("recursion", f"{transcript.path}: the transcript exports itself",
                           tag="file")
    settings = replay.Settings(
        asked.set, asked.secret, options=Options(
            place=Place(tty=session.ask is not None, environment=os.environ), prompts=True),
        environment=os.environ, ask=session.ask, sleep=sleep, folder=session.folder,
        depth=(*session.script_depth, own))
    report = replay.run(transcript, settings, perf_counter, typist)
    return hidden(document(transcript, masked(report), typist.typed))
