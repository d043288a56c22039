"""Runs a transcript in this process: a fresh session, its lines typed, its output compared.

Everything that lasts runs on the lab's virtual clock, so a replay sleeps nowhere; the header's
seed and clock make it the same on every machine.
"""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from transcripts.format import Exchange, Header, Transcript, parse, read
from transcripts.match import Captures, Matcher, Mismatch, Printed, printed
from transcripts.report import Failure, Report, diff
from transcripts.said import say

if TYPE_CHECKING:
    from commands.session import Session

SUFFIX = ".transcript"
SCRIPTS = os.path.join(os.path.dirname(__file__), "scripts")
# Seconds of virtual time between two attempts of a command under `~ retry`.
RETRY_STEP = 1.0


class Ran(NamedTuple):
    """What one typed line did: the printed lines in their order, and the exit class."""

    lines: tuple[Printed, ...]
    exit: int
    left: bool = False


def bundled() -> tuple[str, ...]:
    """Names of the transcripts that come with the product, sorted."""
    return tuple(sorted(name[:-len(SUFFIX)] for name in os.listdir(SCRIPTS)
                        if name.endswith(SUFFIX)))


def find(name: str) -> str:
    """The path of a transcript: a bundled name, else a file."""
    if os.sep not in name and not name.endswith(SUFFIX):
        own = os.path.join(SCRIPTS, name + SUFFIX)
        if os.path.exists(own):
            return own
    return name


def load(path: str) -> Transcript:
    """Reads and parses a transcript file. Raises FormatError."""
    from commands.index import CONTEXTS
    contexts = {tuple(words.split()) for words, _ in CONTEXTS}
    return parse(read(path), path, {(), *contexts})


def make_session(header: Header, folder: str) -> "Session":
    """A session of its own for a transcript: its store, seed, clock and variables.

    Nobody is there to be asked, so destructive commands are confirmed beforehand.
    """
    from commands.session import Session
    store = "" if header.store == "empty" else os.path.join(folder, header.store)
    session = Session(store, yes=True)
    if header.seed is not None:
        session.seed = header.seed
    if header.clock is not None:
        session.epoch = header.clock
    session.bind(dict(header.bind))
    session.folder = folder or os.curdir
    return session


def run(transcript: Transcript, session: "Session", clock: Callable[[], float]) -> Report:
    """Types every command and compares; `clock` measures wall seconds."""
    begin = clock()
    failures: list[Failure] = []
    captures: Captures = {}
    left = 0
    for exchange in transcript.exchanges:
        if left:
            failures.append(_failure(exchange, session, f"line {left} has ended the session"))
            break
        start = clock()
        ran, captures, failure = _exchange(exchange, session, captures)
        spent = clock() - start
        if failure is None and spent > transcript.header.timeout:
            failure = _failure(exchange, session, f"took {spent:.1f} s, the timeout is "
                               f"{transcript.header.timeout:g} s")
        if failure is not None:
            failures.append(failure)
        left = exchange.line if ran.left else 0
    name = os.path.basename(transcript.path).removesuffix(SUFFIX)
    return Report(name, transcript.path, len(transcript.exchanges), tuple(failures),
                  clock() - begin)


def _failure(exchange: Exchange, session: "Session", *reasons: str,
             marked: tuple[tuple[str, str], ...] = ()) -> Failure:
    """A failure with the command line as the file has it, its secrets masked."""
    from commands.masking import mask_text
    here, session.context = session.context, exchange.context
    prompt = " ".join(exchange.context) + "> " + mask_text(exchange.command, session)
    session.context = here
    return Failure(exchange.line, prompt, marked, reasons)


def _exchange(exchange: Exchange, session: "Session",
              captures: Captures) -> tuple[Ran, Captures, Failure | None]:
    """One command, again and again under `retry` until it matches or its time is up."""
    if exchange.pause:
        session.lab.run(session.lab.now + exchange.pause)
    if session.context != exchange.context:
        here = " ".join(session.context) or "the root"
        there = " ".join(exchange.context) or "the root"
        failure = _failure(exchange, session, f"the context is {here}, not {there}")
        session.context = exchange.context
        return type_line(exchange.command, session), captures, failure
    left = exchange.retry
    while True:
        ran = type_line(exchange.command, session)
        found = judge(exchange, ran, captures, session)
        if not isinstance(found, Failure):
            for key in found.keys() - captures.keys():
                session.variables[key] = found[key].text
            return ran, found, None
        if left <= 0 or ran.left:
            return ran, captures, found
        step = min(RETRY_STEP, left)
        session.lab.run(session.lab.now + step)
        left -= step


def judge(exchange: Exchange, ran: Ran, captures: Captures,
          session: "Session") -> Captures | Failure:
    """The captures after a command, or what is wrong with its output and exit class."""
    matcher = Matcher(captures, session.variables)
    found: Captures | Mismatch = captures
    if not exchange.ignore:
        found = matcher.compare(exchange.expected, ran.lines)
    wrong_exit = ran.exit != exchange.exit
    if not isinstance(found, Mismatch) and not wrong_exit:
        return found
    marked = () if exchange.ignore else diff(exchange.expected, ran.lines, captures, matcher)
    reasons = []
    if isinstance(found, Mismatch):
        place = found.line or exchange.line
        reasons.append(f"line {place}: {found.reason}")
    if wrong_exit:
        marked += (("-", f"= {exchange.exit}"), ("+", f"= {ran.exit}"))
        reasons.append(f"exit class {ran.exit}, expected {exchange.exit}")
    return _failure(exchange, session, *reasons, marked=marked)


def type_line(text: str, session: "Session") -> Ran:
    """Types one line; what it printed is ready to be compared."""
    said = say(text, session)
    return Ran(tuple(printed(sigil, line) for sigil, line in said.lines), said.exit, said.left)
