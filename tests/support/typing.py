"""Typing lines into a session and reading what it says, as text at 80 columns or as JSON."""

from json import loads
from typing import Any

from commands.answer import Answer, Block
from commands.errors import CommandError
from commands.render import render_text
from commands.run import run_line
from commands.session import Session
from tests.support.article import full_lines


def answer(session: Session, line: str) -> Answer:
    """The whole answer to a line: what was emitted while it ran, then what it returned."""
    blocks: list[Block] = []
    before, session.emit = session.emit, blocks.append
    try:
        said = run_line(line, session)
    finally:
        session.emit = before
    return said._replace(blocks=(*blocks, *said.blocks))


def text(session: Session, line: str) -> str:
    """What a line prints on standard output at 80 columns, warnings left out."""
    said = answer(session, line)
    return render_text(said._replace(warnings=()), reveal=session.reveal)


def data(session: Session, line: str) -> Any:
    """The JSON document that a line gives."""
    return plain(session, answer(session, line))


def plain(session: Session, said: Answer) -> Any:
    """The JSON document of an answer."""
    return loads(render_text(said._replace(warnings=()), "json", session.reveal))


def warned(session: Session, line: str) -> list[str]:
    """The codes of the warnings that a line gives."""
    return [one.code for one in answer(session, line).warnings]


def refused(session: Session, line: str) -> CommandError:
    """The error that a line ends with; a line that is accepted fails the test."""
    try:
        run_line(line, session)
    except CommandError as mistake:
        return mistake
    raise AssertionError(f"accepted: {line}")


def type_article(session: Session) -> None:
    """Types KB 252735 into gwA of a fresh session."""
    for line in full_lines():
        run_line(line, session)


def tunnel() -> Session:
    """A session on gwA with the article typed and the tunnel up: hostA has pinged hostB."""
    session = Session()
    type_article(session)
    run_line("capture start", session)
    session.machine = "hostA"
    run_line("ping -n 2 hostB", session)
    session.machine = "gwA"
    return session
