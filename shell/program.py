"""The program: options, a session, then one command, a script or the interactive shell.

One-shot commands and scripts must start in milliseconds: nothing here imports what only the
interactive shell or one command needs.
"""

import os
import sys
from functools import partial

from commands import index
from commands.errors import CommandError, Interrupted, Leave
from commands.parser import parse
from commands.places import state_folder
from commands.run import run_line
from commands.session import Session
from commands.version import VERSION
from commands.witness import listened
from commands.words import line_of_arguments, quote
from engine.values import TYPE_CHECKING
from shell.operator import operator
from shell.options import Options, UsageError, read_options, usage
from shell.show import Show
from shell.title import hide
from transcripts.rows import ROWS

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.lab.lab import Lab

# Of docs/data.md; `commands.schema` says when it grows (a test compares the two).
DATA_VERSION = 1
EXIT_USAGE, EXIT_INTERRUPTED = 2, 130
UNIX = "unix:"
# What the completion scripts of `--completion` ask with; it is for them alone.
COMPLETE = "--complete"


def run(arguments: list[str]) -> int:
    """Runs the program and gives its exit code; nothing is raised."""
    _open_closed_streams()
    if arguments[:1] == [COMPLETE]:
        from shell.words import answer
        return answer(arguments[1:])
    # A name that the terminal's encoding lacks must not end the program.
    _reconfigure(sys.stdout, errors="backslashreplace")
    _reconfigure(sys.stderr, errors="backslashreplace")
    try:
        options = read_options(arguments)
    except UsageError as mistake:
        sys.stderr.write(f"ERR usage : {mistake}\n{usage()}")
        return EXIT_USAGE
    if options.format != "table":
        # RFC 8259 8.1: JSON is UTF-8, whatever the locale says.
        _reconfigure(sys.stdout, encoding="utf-8")
    if options.help or options.version or options.completion:
        sys.stdout.write(_said(options))
        return 0
    try:
        return _guarded(options)
    except BrokenPipeError:
        # The reader has gone; nobody is left to be told, and the exit flush must not try.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as failure:
        sys.stderr.write(f"ERR io : {failure.strerror or failure}\n")
        return 1
    except (KeyboardInterrupt, Interrupted):
        return EXIT_INTERRUPTED


def _said(options: Options) -> str:
    """What the options that only say something say."""
    if options.completion:
        from shell.words import script
        return script(options.completion)
    return usage() if options.help else f"ipsecsh {VERSION} (data version {DATA_VERSION})\n"


def _open_closed_streams() -> None:
    """Started with a closed stream (``>&-``) the program writes into the void, not into a store."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))


def _reconfigure(stream: object, **settings: str) -> None:
    change: Callable[..., None] | None = getattr(stream, "reconfigure", None)
    if change is not None:
        change(**settings)


def store_path(options: Options) -> str:
    """--store, IPSECSH_STORE, or the file in the XDG data folder."""
    given = options.store or os.environ.get("IPSECSH_STORE")
    if given:
        return given
    base = os.environ.get("XDG_DATA_HOME") or os.path.join(
        os.path.expanduser("~"), ".local", "share")
    return os.path.join(base, "ipsecsh", "store.db")


def _guarded(options: Options) -> int:
    for row in ROWS:
        index.register(*row)
    if options.command[:1] == ("agent",):
        from shell.agent.run import agent
        return agent(options.command[1:], options.store or "")
    try:
        options, session = _session_for(options)
    except CommandError as mistake:
        return _failed(mistake, Show(Session(), options.format, options.color))
    session.user = operator(os.environ)
    _listen(session, options.record)
    show = Show(session, options.format, options.color)
    session.emit, session.on_boot = show.emit, partial(_shield, session)
    try:
        return max(_session(options, session, show), _lost(session, show))
    except CommandError as mistake:
        return _failed(mistake, show)
    except Leave as leave:
        return max(leave.exit or int(show.failed), _lost(session, show))
    except (OSError, Interrupted):
        raise
    except Exception as failure:
        from commands.failures import explain_any
        return _failed(explain_any(failure), show)
    finally:
        show.done()
        _recorded(session)
        if session.booted and not session.live:
            from shell.interrupt import unshield
            unshield()
        session.close()


def _session_for(options: Options) -> tuple[Options, Session]:
    """The session that the options ask for: an agent's, or one on the embedded lab.

    A running agent is found by itself, unless a store or a machine of the lab is named.
    """
    wanted = options.machine or ""
    lab = wanted == "lab"
    path = wanted.removeprefix(UNIX) if wanted.startswith(UNIX) else ""
    if not (path or wanted or options.store or os.environ.get("IPSECSH_STORE")):
        from shell.agent.place import found
        path = found(os.environ)
    if lab or path:
        options = options._replace(machine=None)
    if path and options.command[:1] != ("transcript",):
        from shell.agent.client import Agent, RemoteSession
        return options, RemoteSession(Agent(path), yes=options.yes)
    return options, Session(store_path(options), yes=options.yes)
def _lost(session: Session, show: Show) -> int:
    """Says that offline changes are lost with the program; the exit code."""
    if not session.uncommitted:
        return 0
    from commands.pending import lost
    show.error(lost(session.uncommitted))
    return 1


def _listen(session: Session, record: str | None) -> None:
    """The journal of all that is typed; IPSECSH_JOURNAL=off keeps none. `record` names a file."""
    from time import time

    from transcripts.recording.journal import journal_path
    from transcripts.recording.sitting import listen
    kept = os.environ.get("IPSECSH_JOURNAL", "").lower() != "off"
    listen(session, journal_path(state_folder(os.environ)) if kept else "", time)
    if record is not None:
        from transcripts.recording.command import begin
        begin(session, record)


def _recorded(session: Session) -> None:
    """A recording ends with the program at the latest."""
    from transcripts.recording.sitting import Sitting
    keeper = session.witness.keeper if session.witness is not None else None
    if isinstance(keeper, Sitting) and keeper.recording is not None:
        from transcripts.recording.command import finish
        try:
            path, made = finish(session)
            sys.stderr.write(f"{made.commands} commands recorded in {path}\n")
        except CommandError as error:
            sys.stderr.write(f"ERR {error.code} : {error.text}\n")


def _shield(session: Session, lab: "Lab") -> None:
    from shell.interrupt import shield
    shield(lab, session)


def _failed(mistake: CommandError, show: Show) -> int:
    """Shows the mistake that ended the program and gives its exit code."""
    show.error(mistake)
    return 1 if mistake.place and mistake.exit == EXIT_USAGE else mistake.exit


def _session(options: Options, session: Session, show: Show) -> int:
    if _at_terminal() and sys.stderr.isatty():
        session.ask = listened(session, _ask)
        session.ask_hidden = listened(session, _ask_hidden, hidden=True)
    if _at_terminal():
        session.wait, session.echo = _wait, show.echo
        session.nested = partial(_nested, session, show)
    if options.machine is not None:
        run_line("set machine name=" + line_of_arguments([options.machine]), session)
    worst = 0
    if options.alias_file is not None:
        from commands.script import EXIT_NOTHING, exec_file
        worst = exec_file(options.alias_file, session)
        worst = 0 if worst == EXIT_NOTHING else worst
    if options.context:
        _enter(options.context, session)
    if options.command:
        return max(worst, _one_command(options.command, session, show))
    if options.script is not None or not _at_terminal():
        return max(worst, _script(options, session))
    from shell.repl import run_repl
    return run_repl(session, options)


def _enter(context: str, session: Session) -> None:
    run_line("pushd " + context, session)
    session.stack.pop()


def _one_command(command: tuple[str, ...], session: Session, show: Show) -> int:
    line = line_of_arguments(command)
    hide(one.text for one in parse(line, session).bindings if one.tag.kind.secret)
    with session.heard(line) as ended:
        answer = run_line(line, session)
        show.answer(answer)
        ended.exit = answer.exit or int(show.failed)
    return ended.exit


def _at_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _ask(question: str) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline()


def _ask_hidden(question: str) -> str:
    from getpass import getpass
    return getpass(question)


def _nested(outer: Session, show: Show, session: Session, place: str,
            words: tuple[str, ...]) -> str:
    from shell.repl import nested
    return nested(outer, show, session, place, words)


def _wait(seconds: float) -> None:
    from time import sleep
    sleep(seconds)


def _script(options: Options, session: Session) -> int:
    from commands.script import exec_file, run_script, script_lines

    def run() -> int:
        if options.script not in (None, "-"):
            assert options.script is not None
            return exec_file(options.script, session, options.atomic)
        content = sys.stdin.buffer.read() if sys.stdin is not None else b""
        return run_script(script_lines(content, "standard input"), "-", session, options.atomic)

    name = "standard input" if options.script in (None, "-") else quote(options.script or "")
    with session.heard(f"exec {name}") as ended:
        if not options.atomic:
            ended.exit = run()
            return ended.exit
        with session.transaction():
            session.atomic = True
            ended.exit = run()
    return ended.exit
