"""Which filters and rules the show commands of `ipsec dynamic` are asked for."""

import json

import pytest

from commands.render import render_text
from commands.run import run_line
from commands.session import Session
from tests.support.article import full_lines


@pytest.fixture(scope="module")
def up() -> Session:
    session = Session()
    for line in full_lines():
        run_line(line, session)
    for line in ("add mmpolicy m",
                 "add rule 192.0.2.1 198.51.100.9 m protocol=TCP dstport=80 actioninbound=block "
                 "psk=k"):
        run_line("ipsec dynamic " + line, session)
    run_line("set machine hostA", session)
    run_line("ping hostB -n 4", session)
    run_line("set machine gwA", session)
    return session


def count(line: str, session: Session) -> int:
    found = json.loads(render_text(run_line(f"ipsec dynamic show {line}", session), "json"))
    return len(found)


@pytest.mark.parametrize(("line", "number"), [
    ("qmfilter", 4), ("qmfilter srcaddr=10.1.0.5", 1), ("qmfilter srcaddr=10.1.0.0 srcmask=24", 1),
    ("qmfilter srcaddr=10.1.0.0 srcmask=16", 0), ("qmfilter dstmask=24", 2),
    ("qmfilter protocol=TCP", 2), ("qmfilter protocol=UDP", 0), ("qmfilter dstport=80", 1),
    ("qmfilter srcport=80", 1), ("qmfilter actioninbound=block", 1),
    ("qmfilter actionoutbound=block", 0), ("qmfilter actionoutbound=negotiate", 2),
    ("mmfilter srcmask=32", 2), ("mmfilter dstaddr=198.51.100.1 dstmask=32", 1),
    ("mmfilter dstmask=24", 0), ("rule", 1), ("rule protocol=TCP dstport=80", 1),
    ("rule protocol=TCP dstport=81", 0), ("rule type=tunnel", 0), ("rule actioninbound=block", 1),
    ("rule actionoutbound=block", 0), ("rule dstaddr=198.51.100.9 dstmask=32", 1),
])
def test_only_what_was_asked_for_is_shown(line: str, number: int, up: Session) -> None:
    assert count(line, up) == number


@pytest.mark.parametrize("what", ["mmsas", "qmsas", "mmfilter", "qmfilter", "all"])
def test_names_are_shown_when_they_are_asked_for(what: str, up: Session) -> None:
    assert "(gwB)" not in render_text(run_line(f"ipsec dynamic show {what}", up))
    assert "(gwB)" in render_text(run_line(f"ipsec dynamic show {what} resolvedns=yes", up))
