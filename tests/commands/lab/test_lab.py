"""lab: the network as it stands, its clock, and the way back to how it was delivered."""

import pytest

from commands.errors import CommandError
from commands.lab.lab import Duration
from commands.run import run_line
from commands.session import Session
from tests.support.typing import data, refused, text, type_article

TOPOLOGY = """\
hostA ----- gwA ------- r1 ---------- r2 ------------- gwB ---------- hostB
10.1.0.10   10.1.0.1    192.0.2.254   203.0.113.2      10.2.0.1       10.2.0.10
            192.0.2.1   203.0.113.1   198.51.100.254   198.51.100.1

Link      Between                                     Delay  Loss   MTU  Outside
--------  ------------------------------------------  -----  ----  ----  -------
"""


def test_the_topology_is_a_picture_and_the_links() -> None:
    shown = text(Session(), "lab show topology")
    assert shown.startswith(TOPOLOGY)
    links = [line.split()[0] for line in shown[len(TOPOLOGY):].splitlines()]
    assert links == ["NetA", "transitA", "middle", "transitB", "NetB"]
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_json_of_the_topology_is_chain_and_links() -> None:
    said = data(Session(), "lab show topology")
    assert said["chain"] == ["hostA", "gwA", "r1", "r2", "gwB", "hostB"]
    assert said["links"][1]["external"] is True
    assert (said["links"][0]["delay"], said["links"][0]["mtu"]) == (0.01, 1500)


def test_every_interface_of_every_machine_is_listed() -> None:
    session = Session()
    rows = data(session, "lab show machines")
    assert {one["machine"] for one in rows} == {"gwA", "gwB", "hostA", "hostB", "r1", "r2"}
    host = next(one for one in rows if one["machine"] == "hostA")
    assert host == {"machine": "hostA", "role": "host", "forwarding": False,
                    "interface": "Local Area Connection", "address": "10.1.0.10",
                    "network": "10.1.0.0/24", "gateway": "10.1.0.1"}
    assert not session.booted
    lines = text(session, "lab show machines").splitlines()
    assert lines[2].split() == ["gwA", "gateway", "Yes", "Internal", "10.1.0.1", "/24", "none"]
    assert max(map(len, lines)) <= 80


def test_the_clock_stands_until_something_needs_time() -> None:
    session = Session()
    assert text(session, "lab show clock") == """\
Lab time (UTC)          : 3/17/2004 9:00:00 AM
Running for             : 0.000 seconds
Seed                    : 252735
"""
    run_line("lab run 90s", session)
    assert data(session, "lab show clock") == {
        "time": "2004-03-17T09:01:30.000Z", "running": 90.0, "seed": 252735}


LENGTHS = [("10s", 10.0), ("10", 10.0), ("500ms", 0.5), ("1.5m", 90.0), ("2h", 7200.0),
           ("1d", 86400.0)]


@pytest.mark.parametrize(("typed", "seconds"), LENGTHS)
def test_a_length_of_time_has_a_unit(typed: str, seconds: float) -> None:
    assert Duration().parse(typed, Session()) == seconds


@pytest.mark.parametrize("typed", ["", "s", "x", "10x", "-5s", "1.2.3s", "999d", "1e3s", "٣s"])
def test_what_is_no_length_of_time_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        Duration().parse(typed, Session())


def test_reset_needs_consent_and_takes_everything_back() -> None:
    session = Session()
    delivered = {one.name: session.store.on(one.name).digest()
                 for one in session.store.machines()}
    type_article(session)
    run_line("lab run 10s", session)
    mistake = refused(session, "lab reset")
    assert (mistake.code, mistake.exit) == ("needs-yes", 5)
    session.yes = True
    assert text(session, "lab reset") == (
        "The lab is as it was delivered; its clock stands at 3/17/2004 9:00:00 AM.\n")
    assert {one.name: session.store.on(one.name).digest()
            for one in session.store.machines()} == delivered
    assert session.lab.now == 0.0


@pytest.mark.parametrize(("said", "kept"), [("n", True), ("", True), ("yes", False)])
def test_reset_asks_on_a_terminal(said: str, kept: bool) -> None:
    session = Session(ask=lambda question: said)
    type_article(session)
    try:
        run_line("lab reset", session)
    except CommandError as mistake:
        assert mistake.exit == 5
    assert bool(session.config.policies("local")) is kept


@pytest.mark.parametrize("line", ["lab run", "lab run 5x", "lab show", "lab show weather"])
def test_other_lines_do_not_move_the_clock(line: str) -> None:
    session = Session()
    try:
        run_line(line, session)
    except CommandError as mistake:
        assert mistake.exit == 2
    assert session.lab.now == 0.0
