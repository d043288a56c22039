"""firewall icmpsetting: a machine stops answering pings, and answers again."""

from commands.run import run_line
from commands.session import Session
from tests.support.typing import data, refused, tunnel


def test_a_host_that_refuses_echo_requests_is_silent() -> None:
    session = tunnel()
    session.machine = "hostB"
    run_line("firewall set icmpsetting 8 disable", session)
    session.machine = "hostA"
    assert run_line("ping -n 1 hostB", session).exit == 1
    session.machine = "hostB"
    run_line("firewall set icmpsetting type=8 mode=enable", session)
    session.machine = "hostA"
    assert run_line("ping -n 1 hostB", session).exit == 0


def test_show_says_what_holds() -> None:
    session = Session(machine="hostB")
    assert data(session, "firewall show icmpsetting")[0]["mode"] is True
    run_line("firewall set icmpsetting 8 disable", session)
    assert data(session, "firewall show icmpsetting")[0]["mode"] is False


def test_other_types_are_refused_by_name() -> None:
    assert refused(Session(), "firewall set icmpsetting 3 disable").code == "not-supported"
