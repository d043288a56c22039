"""Running a typed line: parse, confirm, run, filter the answer; every failure has one shape.

The one place where the engine's errors become the operator's. Our own bug costs one command,
never the shell: one line to the operator, the traceback to the log.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from commands import pipes
from commands.answer import NOTHING, Answer, Block, Cell
from commands.errors import CommandError, Interrupted, Leave, Span
from commands.parser import Parse, parse
from commands.remote import command_text, goes_there
from commands.spec import ASKED, Command
from commands.words import quote, split_words
from engine.errors import EngineError

if TYPE_CHECKING:
    from commands.session import Session

WRITING_VERBS = frozenset({"add", "set", "delete"})
PROGRAMS = ("netsh", "ipsecsh")
WRITING_CONTEXTS = frozenset({("ipsec", "static"), ("routing", "ip")})


def run_line(text: str, session: "Session",
             read: Callable[[str], Command | None] | None = None) -> Answer:
    """Runs one line and gives its answer; `read` may know the command of a plain line.

    A prompt or ``netsh`` pasted before it is taken off, and the line runs in that context.
    Raises CommandError (with line and span filled in), Leave after ``bye`` and Interrupted.
    """
    if ">" not in text and not text.lstrip()[:7].lower().startswith(PROGRAMS):
        return _run_line(text, session, read)
    from commands.pasted import pasted
    try:
        found = pasted(text, session)
    except CommandError as mistake:
        raise _located(mistake, parse(text, session)) from None
    if found is None:
        return _run_line(text, session, read)
    before, session.context = session.context, found.context
    try:
        return _run_line(found.text, session, read)
    finally:
        if session.context is found.context:
            session.context = before


def _run_line(text: str, session: "Session",
              read: Callable[[str], Command | None] | None) -> Answer:
    parsed = Parse(text, "unknown")
    command = None
    try:
        command = read(text) if read is not None and session.remote is None else None
        if command is not None:
            session.reveal = False
            return _execute(command, session)
        parsed = parse(text, session)
        if session.witness is not None:
            session.witness.meant(parsed)
        if parsed.stages and parsed.error is None:
            return _piped(parsed, session)
        return _perform(parsed, session)
    except (Leave, Interrupted, BrokenPipeError):
        raise
    except Exception as failure:
        if command is not None:
            parsed = parse(text, session)
        cause = failure.__cause__ if isinstance(failure, CommandError) else failure
        raise _located(_mistake(failure, parsed), parsed) from cause


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
        from commands.help import help_answer
        assert parsed.node is not None
        return help_answer(parsed.node, session)
    if parsed.kind == "context":
        session.context = parsed.words
        return NOTHING
    if any(one.value is ASKED for one in parsed.bindings) and not parsed.missing:
        return _perform(_asked(parsed, session), session)
    command = parsed.build()
    if session.remote is not None and goes_there(parsed):
        return session.remote.run(command_text(parsed), session)
    return _execute(command, session)


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
    _confirm(command, session)
    answer = _run(command, session)
    session.settle()
    return answer


def _run(command: Command, session: "Session") -> Answer:
    if not writes(command):
        return command.run(session)
    with session.store.transaction():
        return command.run(session)


def writes(command: Command) -> bool:
    """Whether the whole command is one store transaction, reads included."""
    words = command.words
    return words[:2] in WRITING_CONTEXTS and len(words) > 2 and words[2] in WRITING_VERBS


def _confirm(command: Command, session: "Session") -> None:
    if not command.destructive or session.yes:
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
    from commands.masking import mask
    error.line, starts = mask(parsed)
    error.values += _typed(parsed)
    if span is not None:
        error.span = Span(starts(span.start), max(starts(span.end), starts(span.start) + 1))
    return error
