"""`transcript run`: the files one after the other, what is said of them, the files it writes."""

import os
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING

from commands.answer import Answer, Block, Lines
from commands.errors import CommandError
from commands.render import error_block
from transcripts import replay
from transcripts.checking.command import exit_class as found_class
from transcripts.checking.command import looked_at, told
from transcripts.checking.mistakes import Finding
from transcripts.masks import header_masks, masked
from transcripts.model import Header
from transcripts.names import path_of
from transcripts.refusals import COULD_NOT_RUN, NOTHING_RUN, loaded, refusals
from transcripts.report import result_lines, summary_lines
from transcripts.results import FAILED, PASSED, Report

if TYPE_CHECKING:
    from commands.session import Session
    from transcripts.command import TranscriptRun
    from transcripts.replay import Settings
    from transcripts.watching import Look

TIMED_OUT = 124
INTERRUPTED = 130
CTRL_C = "Ctrl-C"
DEPTH_LIMIT = 8
NOTHING = Lines((("Nothing was run.",),), None, "note")


def run_all(run: "TranscriptRun", session: "Session", look: "Look | None") -> Answer:
    """Runs the files in their order; a file that cannot be run keeps none of the others back.

    Raises CommandError when it is the only one.
    """
    blocks: list[Block] = []
    if run.check:
        found = {name: looked_at((name,), session) for name in run.file}
        every = [one for some in found.values() for one in some]
        blocks.append(told(every, len(found)))
        wrong = found_class(every, False)
        if wrong:
            _write([_unrun(*one, session) for one in found.items()], [], run, session)
            return Answer((*blocks, NOTHING), exit=wrong)
    reports: list[Report] = []
    mistakes: list[CommandError] = []
    tables: list[str] = []
    for name in run.file:
        try:
            report, more = _replay(name, run, session, look)
        except CommandError as mistake:
            mistakes.append(mistake)
            reports.append(Report(os.path.basename(name).removesuffix(".transcript"), name,
                                  Header(), (), 0.0, problem=mistake.text))
            continue
        tables.append(header_masks(report.header).table())
        report = masked(report)
        reports.append(report)
        if look is None:
            blocks += [result_lines(report, one, run.diff) for one in report.failures]
        blocks += [*more, summary_lines(report)]
    _write(reports, tables, run, session)
    if mistakes and len(run.file) == 1:
        raise mistakes[0]
    for one in mistakes:
        session.emit(error_block(one))
    classes = [*(exit_class(report, bool(run.target)) for report in reports if not report.problem),
               *(one.exit for one in mistakes)]
    return Answer(tuple(blocks), exit=max(classes))


def _write(reports: Sequence[Report], tables: Sequence[str], run: "TranscriptRun",
           session: "Session") -> None:
    """The files for machines that were asked for. Raises CommandError."""
    if run.junit or run.tap or run.json or run.map and tables:
        from transcripts.reports.write import write_reports
        write_reports(reports, tables, run, session)


def _unrun(name: str, found: Sequence[Finding], session: "Session") -> Report:
    """The report of a file that was not run, for its own mistakes or another file's."""
    mistakes = [f"{one.path}:{one.line}: {one.text}" for one in found if one.wrong]
    return Report(os.path.basename(name).removesuffix(".transcript"), path_of(name, session),
                  Header(), (), 0.0,
                  problem="; ".join(mistakes) or "not run: another file has mistakes")


def exit_class(report: "Report", target: bool = False) -> int:
    """0 all matched, 1 not, 3 a target that nothing could be typed at, 4 nothing ran, 124 the
    time was over, 130 Ctrl-C.
    """
    if report.incomplete.startswith(CTRL_C):
        return INTERRUPTED
    if any(one.timed_out for one in report.results) or "time-out" in report.incomplete:
        return TIMED_OUT
    if not report.commands:
        return NOTHING_RUN
    if target and not report.count(PASSED, FAILED):
        return COULD_NOT_RUN
    return int(report.failed)


def _replay(name: str, run: "TranscriptRun", session: "Session",
            look: "Look | None") -> "tuple[Report, Sequence[Block]]":
    """Runs one file: its report, and what else is said.

    Raises CommandError when it cannot be read, parsed, or holds no command.
    """
    path = path_of(name, session)
    settings = _settings(name, path, run, session)
    with refusals(path):
        transcript = loaded(path)
        watcher = None
        if look is not None:
            from transcripts.watching import Onlooker
            watcher = Onlooker(session, look)
        if run.update != "no":
            from transcripts.updating.command import update_file
            return update_file(transcript, run, session, settings, watcher)
        return replay.run(transcript, settings, perf_counter, watcher), ()


def _settings(name: str, path: str, run: "TranscriptRun", session: "Session") -> "Settings":
    """What the command says beside the file. Raises CommandError for one that runs itself."""
    from time import sleep

    from transcripts.conditions import Place
    from transcripts.play import Options
    own = os.path.abspath(path)
    if own in session.script_depth or len(session.script_depth) >= DEPTH_LIMIT:
        raise CommandError("recursion", f"{name}: the transcript runs itself", tag="file")
    return replay.Settings(
        run.set, run.secret, run.store, Options(
            run.timeout, run.total, run.begin, run.until, run.onfail == "stop",
            Place(bool(run.target), session.ask is not None, os.environ),
            bool(run.junit or run.tap or run.json)),
        os.environ, session.ask, sleep, session.folder, (*session.script_depth, own), run.target)
