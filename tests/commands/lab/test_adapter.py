"""lab add and delete adapter, lab send: a second card, and many packets at once."""

from commands.run import run_line
from commands.session import Session
from tests.support.faulty import healthy, on
from tests.support.typing import data, refused

SECOND = 'machine=gwA name="External 2" addr=192.0.2.2 mask=255.255.255.0 link=transitA'


def test_an_adapter_is_plugged_in_and_answers() -> None:
    session = Session()
    run_line(f"lab add adapter {SECOND}", session)
    assert "Reply from 192.0.2.2" in on(session, "r1", "ping -n 1 192.0.2.2")
    run_line('lab delete adapter machine=gwA name="External 2"', session)
    assert "Reply from" not in on(session, "r1", "ping -n 1 192.0.2.2")


def test_addresses_that_cannot_be_are_refused() -> None:
    session = Session()
    for change, code in (("addr=192.0.2.254", "exists"), ("addr=192.0.2.0", "bad-value"),
                         ("addr=192.0.2.1", "exists")):
        assert refused(session, f"lab add adapter {SECOND}".replace(
            "addr=192.0.2.2", change)).code == code
    assert refused(session, "lab delete adapter gwA nothing").code == "not-found"


def test_a_burst_arrives_whole_and_in_one_second() -> None:
    session = healthy()
    now = session.lab.now
    assert data(session, "lab send hostA hostB count=50")["sent"] == 50
    assert session.lab.now == now + 1
    assert session.lab.hosts["hostB"].counters["port-unreachable"] == 50
