"""lab set link, add drop, delete drop and show links."""

import pytest

from commands.lab.impair import Milliseconds, Percent
from commands.run import run_line
from commands.session import Session
from tests.support.typing import data, refused, text, type_article


def test_a_link_takes_what_is_given_and_keeps_the_rest() -> None:
    session = Session()
    run_line("lab set link middle delay=50 jitter=20ms loss=12.5% corrupt=1", session)
    run_line("lab set link name=MIDDLE state=down mtu=900", session)
    row = next(one for one in data(session, "lab show links") if one["link"] == "middle")
    assert row == {"link": "middle", "state": "down", "delay": 0.05, "jitter": 0.02, "loss": 12.5,
                   "duplicate": 0.0, "reorder": 0.0, "corrupt": 1.0, "mtu": 900, "carried": 0,
                   "lost": 0}


def test_drops_are_numbered_listed_and_deleted() -> None:
    session = Session()
    for line in ("link=middle message=mm5 count=1", "middle ICMP direction=r1",
                 "NetA port=500 nth=3"):
        run_line("lab add drop " + line, session)
    drops = data(session, "lab show links")["drops"]
    assert [(one["number"], one["link"], one["message"], one["protocol"], one["direction"])
            for one in drops] == [(1, "middle", "MM5", "any", "any"),
                                  (2, "middle", "any", 1, "r1"), (3, "NetA", "any", "any", "any")]
    run_line("lab delete drop 2", session)
    run_line("lab delete drop link=NetA", session)
    assert [one["number"] for one in data(session, "lab show links")["drops"]] == [1]
    run_line("lab delete drop", session)
    assert "Drops" not in text(session, "lab show links")


@pytest.mark.parametrize(("line", "code"), [
    ("lab set link nowhere loss=1", "not-found"), ("lab add drop nowhere", "not-found"),
    ("lab add drop middle direction=gwA", "not-found"), ("lab delete drop 4", "not-found"),
    ("lab delete drop link=nowhere", "not-found"), ("lab set link middle loss=101", "bad-value"),
    ("lab set link middle mtu=20", "bad-value"),
    ("lab set link middle state=sideways", "bad-value"),
    ("lab add drop middle message=MM7", "bad-value"), ("lab set link middle delay=2m", "bad-value"),
])
def test_what_cannot_be_is_refused(line: str, code: str) -> None:
    assert refused(Session(), line).code == code


@pytest.mark.parametrize(("typed", "share"), [("0", 0.0), ("10%", 0.1), ("2.5", 0.025),
                                              ("100", 1.0)])
def test_a_share_is_a_percentage(typed: str, share: float) -> None:
    assert Percent().parse(typed, Session()) == pytest.approx(share)


@pytest.mark.parametrize("typed", ["", "%", "-1", "1e1", "ten", "100.1", "٣"])
def test_what_is_no_share_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="percentage"):
        Percent().parse(typed, Session())


def test_a_number_alone_is_milliseconds() -> None:
    assert Milliseconds().parse("20", Session()) == pytest.approx(0.02)
    assert Milliseconds().parse("2s", Session()) == 2.0


def test_reset_mends_the_links() -> None:
    session = Session(yes=True)
    run_line("lab set link middle state=down loss=50", session)
    run_line("lab add drop middle", session)
    run_line("lab reset", session)
    said = data(session, "lab show links")
    assert isinstance(said, list)
    assert all(one["state"] == "up" and one["loss"] == 0 for one in said)


def test_a_lost_message_is_seen_as_a_retransmission_and_the_ping_works() -> None:
    session = Session()
    type_article(session)
    run_line("lab add drop link=middle message=MM5 count=1", session)
    run_line("capture start", session)
    run_line("set machine hostA", session)
    run_line("ping -n 8 hostB", session)
    run_line("set machine gwA", session)
    assert "MM5 (retransmission)" in text(session, "capture show")
    assert data(session, "lab show links")["drops"][0]["dropped"] == 1
