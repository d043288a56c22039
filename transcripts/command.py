"""`transcript run` and `transcript list`; the shell registers them, commands know nothing of it."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from commands.answer import Answer, Block, Cell, Table
from commands.errors import CommandError
from commands.kinds import Path
from commands.spec import Command, tag

if TYPE_CHECKING:
    from commands.session import Session
    from transcripts.report import Report

# path, "module:Class", help: what the shell hands to commands.index.register.
ROWS = (
    ("transcript run", "transcripts.command:TranscriptRun",
     "Runs transcripts and compares what is printed."),
    ("transcript list", "transcripts.command:TranscriptList",
     "Lists the transcripts that come with the product."),
)
NO_TRANSCRIPT = 2
COULD_NOT_RUN = 3
NOTHING_RUN = 4


class TranscriptName(Path):
    """The name of a bundled transcript, or a file."""

    usage = "<name> | <file>"

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        from transcripts.replay import bundled
        yield from ((name, "comes with the product") for name in bundled())
        if prefix:
            yield from super().complete(prefix, session)


class TranscriptRun(Command, words="transcript run",
                    help="Runs transcripts and compares what is printed.",
                    remarks=("Each file runs in a session of its own, on a fresh store and lab "
                             "unless its header or store= names a store.",
                             "Exit class 0: all matched; 1: a command did something else; "
                             "2: the file is no transcript; 3: it cannot be read; 4: it holds "
                             "no command."),
                    examples=("transcript run kb252735",)):
    """Replays each file on its own session; the current one is left as it is."""

    file: tuple[str, ...] = tag(TranscriptName(), "Bundled transcripts or files to run.",
                                many=True)
    store: str = tag(Path(), "Store to run on instead of the header's; empty: a fresh one.",
                     default="")

    def run(self, session: "Session") -> Answer:
        from transcripts.report import failure_lines, summary_lines
        blocks: list[Block] = []
        failed = False
        for name in self.file:
            report = _replay(name, self.store, session)
            failed = failed or report.failed
            blocks += [failure_lines(report.path, failure) for failure in report.failures]
            blocks.append(summary_lines(report))
        return Answer(tuple(blocks), exit=int(failed))


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


def _replay(name: str, store: str, session: "Session") -> "Report":
    """Runs one file. Raises CommandError when it cannot be read, parsed, or holds no command."""
    from time import perf_counter

    from transcripts import replay
    from transcripts.format import FormatError, UnreadableError
    path = replay.find(name)
    path = path if path.startswith(replay.SCRIPTS) else os.path.join(session.folder, path)
    own = os.path.abspath(path)
    if own in session.script_depth:
        raise CommandError("recursion", f"{name}: the transcript runs itself", tag="file")
    try:
        transcript = replay.load(path)
        if not transcript.exchanges:
            raise CommandError("nothing-run", f"{path}: holds no command", exit=NOTHING_RUN)
        header = transcript.header
        folder = os.path.dirname(path)
        if store:
            header, folder = header._replace(store=store), session.folder
        fresh = replay.make_session(header, folder)
        fresh.script_depth = [*session.script_depth, own]
        try:
            return replay.run(transcript, fresh, perf_counter)
        finally:
            fresh.close()
    except UnreadableError as error:
        raise CommandError("transcript", str(error), tag="file", known=replay.bundled(),
                           exit=COULD_NOT_RUN) from None
    except FormatError as error:
        raise CommandError("transcript", str(error), tag="file", exit=NO_TRANSCRIPT) from None
