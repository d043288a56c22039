"""A healthy lab to break: the article with suites that nobody calls weak, the tunnel up."""

from collections.abc import Iterable

from commands.run import run_line
from commands.session import Session
from engine.faults.facts import facts
from engine.faults.fault import Fault
from tests.support.article import POLICY, full_lines
from tests.support.typing import text

STRONG = (
    f'ipsec static set policy name="{POLICY}" mmsecmethods="AES256-SHA256-14"',
    'ipsec static set filteraction name="IPSec tunnel: ESP DES/MD5" '
    'qmsecmethods="ESP[AES256,SHA256]"',
)


def on(session: Session, machine: str, line: str) -> str:
    """What a line says when it is typed on that machine."""
    before, session.machine = session.machine, machine
    try:
        return text(session, line)
    finally:
        session.machine = before


def replies(session: Session, count: int = 3, machine: str = "hostA", to: str = "hostB") -> int:
    """How many echoes of a ping were answered."""
    return on(session, machine, f"ping -n {count} {to}").count("bytes=")


def healthy(lines: Iterable[str] = (*full_lines(), *STRONG)) -> Session:
    """A session on gwA of a lab without any fault."""
    session = Session()
    for line in lines:
        run_line(line, session)
    assert replies(session, 2) >= 1
    return session


def words_of(one: Fault) -> dict[str, str]:
    """The words of a fault's lines in the healthy lab."""
    session = healthy()
    return facts(session.store, one.machine) | {"link": "middle", "value": "1"}


def make(session: Session, one: Fault) -> None:
    """Makes the fault and does what shows it."""
    run_line(f"lab add fault {one.name}", session)
    for machine, line in one.tries:
        on(session, machine, line.format_map(facts(session.store, machine)))
