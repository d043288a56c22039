"""Running a typed line: parse, confirm, run, filter the answer; every failure has one shape.

The one place where the engine's errors become the operator's. Our own bug costs one command,
never the shell: one line to the operator, the traceback to the log.
"""

from collections.abc import Callable

from commands import pipes
from commands.answer import NOTHING, Answer, Block, Cell
from commands.errors import CommandError, Interrupted, Leave, Span
from commands.parser import Parse, parse
from commands.remote import command_text, goes_there
from commands.spec import ASKED, Command
from commands.typed import Typed
from commands.words import USAGE_EXIT, quote, split_words
from engine.errors import EngineError
from engine.values import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from commands.session import Session
    from engine.policy.store import Store

PROGRAMS = ("netsh", "ipsecsh")
# Where a command without its arguments shows its usage page.
EXPLAINED = frozenset({"ipsec", "ping"})


class Reader(Protocol):
    """Knows the command of a plain line, None where it takes the parser; `used` words name it."""

    used: int

    def __call__(self, text: str) -> Command | None:
        """The command of a line."""


def run_line(text: str, session: "Session") -> Answer:
    """Runs one line and gives its answer.

    A prompt or ``netsh`` pasted before it is taken off, and the line runs in that context.
    Raises CommandError (with line and span filled in), Leave after ``bye`` and Interrupted.
    """
    if ">" not in text and not text.lstrip()[:7].lower().startswith(PROGRAMS):
        return _run_line(text, session)
    from commands.pasted import pasted
    try:
        found = pasted(text, session)
    except CommandError as mistake:
        raise _located(mistake, parse(text, session)) from None
    if found is None:
        return _run_line(text, session)
    before, session.context = session.context, found.context
    try:
        return _run_line(found.text, session)
    finally:
        if session.context is found.context:
            session.context = before


def _run_line(text: str, session: "Session") -> Answer:
    parsed = Parse(text, "unknown")
    try:
        parsed = parse(text, session)
        if session.witness is not None:
            session.witness.meant(parsed)
        if parsed.stages and parsed.error is None:
            return _piped(parsed, session)
        return _perform(parsed, session)
    except (Leave, Interrupted, BrokenPipeError):
        raise
    except Exception as failure:
        raise _failed(failure, parsed) from _cause(failure)


def run_plain(text: str, session: "Session", read: Reader) -> Answer | None:
    """Runs a plain line of a script; None when `run_line` has to. Raises as it does."""
    try:
        command = read(text)
        if command is None:
            return None
        session.reveal = False
        # As Typed(...), which would take as long as the rest of this function.
        session.typed = tuple.__new__(Typed, (text, command, read.used))
        return _execute(command, session)
    except (Leave, Interrupted, BrokenPipeError):
        raise
    except Exception as failure:
        raise failed(failure, text, session) from _cause(failure)


def failed(failure: Exception, text: str, session: "Session") -> CommandError:
    """Why a line failed, as running it would raise it."""
    return _failed(failure, parse(text, session))


def _failed(failure: Exception, parsed: Parse) -> CommandError:
    """What failed, as the operator's mistake or ours, with its line and the word to blame."""
    return _located(_mistake(failure, parsed), parsed)


def _cause(failure: Exception) -> BaseException | None:
    return failure.__cause__ if isinstance(failure, CommandError) else failure


def _mistake(failure: Exception, parsed: Parse) -> CommandError:
    """What failed, as the operator's mistake or ours."""
    if isinstance(failure, CommandError):
        return failure
    from commands.failures import explain, report_bug
    if isinstance(failure, (EngineError, OSError)):
        return explain(failure, parsed)
    return report_bug(failure, parsed)


def split_output(text: str) -> tuple[str, tuple[pipes.Stage, ...]]:
    """Separates a line from its pipes and redirections: (command text, stages).

    Raises CommandError when a stage is not understood.
    """
    cut = pipes.cut(split_words(text).words)
    if cut.error is not None:
        raise cut.error
    end = cut.operators[0].start if cut.operators else len(text)
    return text[:end].rstrip(), cut.stages


def _perform(parsed: Parse, session: "Session") -> Answer:
    session.reveal = parsed.values.get("reveal") is True
    if parsed.error is not None:
        raise parsed.error
    if parsed.kind in ("empty", "comment"):
        return NOTHING
    if parsed.kind in ("help", "group"):
        return _help(parsed, session)
    if parsed.kind == "context":
        session.context = parsed.words
        return NOTHING
    if any(one.value is ASKED for one in parsed.bindings) and not parsed.missing:
        return _perform(_asked(parsed, session), session)
    if parsed.missing and _stands_alone(parsed, session):
        return _help(parsed, session)._replace(exit=USAGE_EXIT)
    command = parsed.build()
    if session.remote is not None and goes_there(parsed):
        return session.remote.run(command_text(parsed), session)
    session.typed = Typed(parsed.text, command)
    try:
        return _execute(command, session)
    except CommandError as mistake:
        if mistake.code == "missing-tag" and _stands_alone(parsed, session):
            return _help(parsed, session)._replace(exit=USAGE_EXIT)
        raise


def _help(parsed: Parse, session: "Session") -> Answer:
    from commands.help import help_answer
    assert parsed.node is not None
    return help_answer(parsed.node, session)


def _stands_alone(parsed: Parse, session: "Session") -> bool:
    """Whether a command has no arguments where netsh's ipsec helper then explains it.

    A script gets the error, with its line.
    """
    return parsed.words[0] in EXPLAINED and not parsed.bindings and not session.scripts


def _asked(parsed: Parse, session: "Session") -> Parse:
    """The line with the value that the operator was asked for; nobody sees it typed."""
    one = next(one for one in parsed.bindings if one.value is ASKED)
    ask = session.ask_hidden or session.ask
    if ask is None:
        raise CommandError("missing-value", f"{one.tag.word}: the value is missing",
                           span=Span(one.start, one.end), exit=2,
                           fix=f"{one.tag.word}={one.tag.kind.usage}")
    value = ask(one.tag.kind.question)
    if not value:
        raise CommandError("missing-value", f"{one.tag.word}: no value was given",
                           span=Span(one.start, one.end), exit=2)
    text = f"{parsed.text[:one.start]}{one.tag.word}={quote(value)}{parsed.text[one.end:]}"
    return parse(text, session)


def _execute(command: Command, session: "Session") -> Answer:
    if command.secrets and session.witness is not None:
        session.witness.keys(command)
    if session.deadline is not None:
        session.look_due()
    if command.destructive:
        _confirm(command, session)
    answer = _run(command, session)
    session.settle()
    return answer


def _run(command: Command, session: "Session") -> Answer:
    if session.pending is not None:
        from commands.pending import perform
        return perform(command, session)
    if not command.writes:
        return command.run(session)
    store = session.base
    if command.single and store.writing:
        # An open transaction is joined as it is.
        return _noted(command, session, store)
    with store.transaction():
        return _noted(command, session, store)


def _noted(command: Command, session: "Session", store: "Store") -> Answer:
    if session.atomic:
        store.note(session.machine, session.typed.text(session) if store.listening else "")
    return command.run(session)


def _confirm(command: Command, session: "Session") -> None:
    if session.yes:
        return
    name = " ".join(command.words)
    if session.ask is None:
        raise CommandError("needs-yes", f"'{name}' destroys what cannot be brought back and must "
                           "be confirmed", exit=5, fix="start ipsecsh with --yes")
    if session.ask(f"{name}: are you sure? (y/n) ").strip().lower() not in ("y", "yes"):
        raise CommandError("not-confirmed", f"'{name}' was not confirmed; nothing was changed",
                           exit=5)


def _piped(parsed: Parse, session: "Session") -> Answer:
    from commands.stages import apply_stages
    blocks: list[Block] = []
    emit: Callable[[Block], None] = session.emit
    session.emit = blocks.append
    try:
        answer = _perform(parsed, session)
    finally:
        session.emit = emit
    return apply_stages(answer._replace(blocks=(*blocks, *answer.blocks)), parsed.stages, session)


def _typed(parsed: Parse) -> tuple[Cell, ...]:
    """The values of the line by their types, as a sentence about it may repeat them."""
    return tuple(Cell(one.tag.kind.cell, one.text, one.text) for one in parsed.bindings
                 if one.text and not one.tag.kind.secret and one.tag.kind.cell != "text")


def _located(error: CommandError, parsed: Parse) -> CommandError:
    """Fills in the line (secrets masked) and the columns of the word to blame."""
    if error.line:
        return error
    span = error.span
    if span is None and error.tag:
        span = parsed.where(error.tag)
        if span is None and error.code == "missing-tag":
            span = Span(parsed.end, parsed.end + 1)
    from commands.masking import mask
    error.line, starts = mask(parsed)
    error.values += _typed(parsed)
    if span is not None:
        error.span = Span(starts(span.start), max(starts(span.end), starts(span.start) + 1))
    return error
