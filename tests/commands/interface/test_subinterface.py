"""interface ip set subinterface: the MTU holds at once, is dumped and comes back."""

from commands.run import run_line
from commands.session import Session
from tests.support.faulty import healthy, on
from tests.support.typing import refused, text


def test_a_smaller_mtu_is_told_to_who_sends_too_much() -> None:
    session = healthy()
    run_line("interface ip set subinterface External mtu=1000", session)
    assert "needs to be fragmented" in on(session, "hostA", "ping -n 1 -f -l 1200 hostB")
    assert "mtu=1000" in text(session, "interface ip dump")


def test_nobody_has_so_small_or_so_large_an_mtu() -> None:
    for wrong in ("575", "65536"):
        assert refused(Session(), f"interface ip set subinterface External mtu={wrong}").exit == 2
