"""ping prints what Windows 2000 prints, and says when a reply proves nothing."""

import pytest

from commands.answer import Block
from commands.errors import CommandError, Interrupted
from commands.parser import complete
from commands.render import render_text
from commands.run import run_line
from commands.session import Session
from commands.tools.echo import ENDINGS, Tally, echo, opening, statistics
from engine.address import parse_address
from engine.lab.lab import EchoResult
from tests.support.typing import answer, data, refused, text, tunnel, type_article, warned

OWN = parse_address("10.1.0.10")
ROUTER = parse_address("192.0.2.254")
OTHER = parse_address("10.2.0.10")
NO_REPLY = """
Ping statistics for 10.2.0.10:
    Packets: Sent = {n}, Received = 0, Lost = {n} (100% loss),
Approximate round trip times in milli-seconds:
    Minimum = 0ms, Maximum =  0ms, Average =  0ms
"""


def result(kind: str, source: int = 0, seconds: float = 0.0) -> EchoResult:
    """An echo that ended so."""
    return EchoResult(kind, source, 32, seconds, 126, 1, 1, False, False, False)


LINES = [
    (result("reply", OTHER, 0.1), "Reply from 10.2.0.10: bytes=32 time=100ms TTL=126"),
    (result("reply", OTHER, 0.0102), "Reply from 10.2.0.10: bytes=32 time=10ms TTL=126"),
    (result("reply", OTHER, 0.004), "Reply from 10.2.0.10: bytes=32 time<10ms TTL=126"),
    (result("timeout"), "Request timed out."),
    (result("negotiating", OWN), "Negotiating IP Security."),
    (result("unreachable-net", ROUTER), "Reply from 192.0.2.254: Destination net unreachable."),
    (result("unreachable-host", OWN), "Destination host unreachable."),
    (result("unreachable-host", ROUTER), "Reply from 192.0.2.254: Destination host unreachable."),
    (result("unreachable-port", ROUTER), "Reply from 192.0.2.254: Destination port unreachable."),
    (result("ttl-expired", ROUTER), "Reply from 192.0.2.254: TTL expired in transit."),
    (result("needs-frag", OWN), "Packet needs to be fragmented but DF set."),
    (result("needs-frag", ROUTER),
     "Reply from 192.0.2.254: Packet needs to be fragmented but DF set."),
    (result("no-route", OWN), "Destination host unreachable."),
    (result("general-failure", OWN), "General failure."),
]


@pytest.fixture
def host() -> Session:
    """A session on hostA of a bare lab."""
    return Session(machine="hostA")


@pytest.mark.parametrize(("one", "line"), LINES, ids=[one.kind for one, _ in LINES])
def test_every_end_of_an_echo_has_windows_line(one: EchoResult, line: str) -> None:
    assert render_text(echo(one, frozenset({OWN}))) == line + "\n"


def test_every_kind_of_end_that_the_lab_names_has_a_line() -> None:
    named = {"timeout", "negotiating", "no-route", "general-failure", "unreachable-net",
             "unreachable-host", "unreachable-protocol", "unreachable-port", "needs-frag",
             "ttl-expired", "unreachable-other"}
    assert named == set(ENDINGS)


def test_the_opening_names_the_machine_that_was_typed() -> None:
    assert render_text(opening(OTHER, "hostB", 64)) == (
        "\nPinging hostB [10.2.0.10] with 64 bytes of data:\n\n")
    assert render_text(opening(OTHER, "", 32)) == (
        "\nPinging 10.2.0.10 with 32 bytes of data:\n\n")


def test_lost_echoes_count_as_sent_and_not_in_the_average() -> None:
    tally = Tally()
    for one in (result("negotiating"), result("negotiating"), result("reply", OTHER, 0.03),
                result("reply", OTHER, 0.002)):
        tally = tally.add(one)
    assert render_text(statistics(OTHER, tally)) == """
Ping statistics for 10.2.0.10:
    Packets: Sent = 4, Received = 2, Lost = 2 (50% loss),
Approximate round trip times in milli-seconds:
    Minimum = 0ms, Maximum =  30ms, Average =  15ms
"""


def test_a_ping_through_the_tunnel_is_windows_output_without_a_warning() -> None:
    session = tunnel()
    session.machine = "hostA"
    said = answer(session, "ping -n 2 hostB")
    assert (said.exit, said.warnings) == (0, ())
    assert render_text(said) == """
Pinging hostB [10.2.0.10] with 32 bytes of data:

Reply from 10.2.0.10: bytes=32 time=100ms TTL=126
Reply from 10.2.0.10: bytes=32 time=100ms TTL=126

Ping statistics for 10.2.0.10:
    Packets: Sent = 2, Received = 2, Lost = 0 (0% loss),
Approximate round trip times in milli-seconds:
    Minimum = 100ms, Maximum =  100ms, Average =  100ms
"""


def test_the_gateway_itself_negotiates_ip_security() -> None:
    session = Session()
    type_article(session)
    lines = text(session, "ping -n 2 -S 10.1.0.1 hostB").splitlines()
    assert lines[3:5] == ["Negotiating IP Security.",
                          "Reply from 10.2.0.10: bytes=32 time=80ms TTL=127"]


def test_the_first_echo_of_a_host_may_time_out_while_the_tunnel_is_built() -> None:
    session = Session()
    type_article(session)
    session.machine = "hostA"
    lines = text(session, "ping -n 2 -w 200 hostB").splitlines()
    assert lines[3] == "Request timed out."
    assert lines[4].startswith("Reply from 10.2.0.10:")


def test_a_router_says_that_it_has_no_route(host: Session) -> None:
    said = answer(host, "ping -n 1 10.2.0.10")
    assert said.exit == 1
    assert render_text(said) == (
        "\nPinging 10.2.0.10 with 32 bytes of data:\n\n"
        "Reply from 10.1.0.1: Destination net unreachable.\n" + NO_REPLY.format(n=1))


def test_a_ping_in_the_clear_says_so_and_how_to_mend_it(host: Session) -> None:
    host.machine = "gwA"
    run_line("route -p add 10.2.0.0 MASK 255.255.255.0 198.51.100.1", host)
    host.machine = "hostA"
    (warning,) = answer(host, "ping -n 1 hostB").warnings
    assert warning.code == "IN-CLEAR"
    assert warning.text == ("the echoes crossed gwA's External interface in the clear: no IPsec "
                            "policy is assigned on gwA")


REASONS = [
    ('ipsec static set policy name="IPSec tunnel with third-party gateway" assign=no',
     "no IPsec policy is assigned on gwA",
     'ipsec static set policy name="IPSec tunnel with third-party gateway" assign=yes'),
    ("net stop policyagent", "the policy agent of gwA is stopped", "net start policyagent"),
    ('ipsec static delete rule "NetA to NetB" "IPSec tunnel with third-party gateway"',
     "policy 'IPSec tunnel with third-party gateway' has no filter for 10.1.0.10 to 10.2.0.10",
     "netdiag /test:ipsec /debug"),
    ('ipsec static set filteraction name="IPSec tunnel: ESP DES/MD5" action=permit',
     "rule 'NetA to NetB' of policy 'IPSec tunnel with third-party gateway' permits 10.1.0.10 "
     "to 10.2.0.10", "netdiag /test:ipsec /debug"),
]


@pytest.mark.parametrize(("line", "because", "fix"), REASONS)
def test_the_warning_names_the_reason_for_the_clear_text(line: str, because: str,
                                                         fix: str) -> None:
    session = tunnel()
    run_line(line, session)
    session.machine = "hostA"
    (warning,) = answer(session, "ping -n 1 hostB").warnings
    assert warning.text.endswith(": " + because)
    assert warning.fix == fix


def test_a_soft_association_is_named_and_its_fix_can_be_typed() -> None:
    session = Session()
    type_article(session)
    run_line('ipsec static set filteraction name="IPSec tunnel: ESP DES/MD5" soft=yes', session)
    session.machine = "gwB"
    run_line("net stop policyagent", session)
    session.machine = "hostA"
    run_line("ping -n 80 hostB", session)
    (warning,) = answer(session, "ping -n 2 hostB").warnings
    assert warning.code == "SOFT-ASSOCIATION"
    session.machine = "gwA"
    run_line(warning.fix, session)
    session.machine = "hostA"
    assert "SOFT-ASSOCIATION" not in warned(session, "ping -n 1 hostB")


def test_routers_of_the_outside_are_not_warned(host: Session) -> None:
    host.machine = "r1"
    assert warned(host, "ping -n 1 198.51.100.254") == []


def test_ttl_size_and_df_reach_the_wire() -> None:
    session = tunnel()
    session.machine = "hostA"
    assert "TTL expired in transit." in text(session, "ping -n 1 -i 1 hostB")
    assert "bytes=1000 " in text(session, "ping -n 1 -l 1000 hostB")
    assert "bytes=3000 " in text(session, "ping -n 1 -l 3000 hostB")
    assert "fragmented but DF set." in text(session, "ping -n 1 -l 3000 -f hostB")


def test_echoes_are_sent_one_a_second_of_the_labs_time(host: Session) -> None:
    text(host, "ping -n 3 10.1.0.1")
    assert 2.0 < host.lab.now < 2.5


def test_a_timeout_is_waited_for_in_the_labs_time(host: Session) -> None:
    text(host, "ping -n 1 -w 4000 10.1.0.77")
    assert host.lab.now == pytest.approx(4.0, abs=1.1)


def test_each_line_is_emitted_when_it_is_known(host: Session) -> None:
    heard: list[Block] = []
    host.emit = heard.append
    returned = run_line("ping -n 2 10.1.0.1", host)
    assert [render_text(block).split()[0] for block in heard] == ["Pinging", "Reply", "Reply"]
    assert render_text(returned).split()[:2] == ["Ping", "statistics"]


def test_an_endless_ping_is_paced_and_ctrl_c_prints_the_statistics(host: Session) -> None:
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            raise KeyboardInterrupt

    host.wait = wait
    heard: list[Block] = []
    host.emit = heard.append
    with pytest.raises(Interrupted):
        run_line("ping -t 10.1.0.1", host)
    assert waits == [1.0, 1.0, 1.0]
    assert render_text(heard[-2]).splitlines()[2].startswith("    Packets: Sent = 3, Received = 3")
    assert render_text(heard[-1]) == "Control-C\n"


def test_an_endless_ping_needs_a_terminal_or_a_number(host: Session) -> None:
    mistake = refused(host, "ping -t hostB")
    assert (mistake.code, mistake.exit, mistake.fix) == ("endless", 2, "ping -n 4 hostB")
    assert "Sent = 2," in text(host, "ping -t -n 2 10.1.0.1")


BAD = [
    ("ping nobody", 2), ("ping 10.1.0.256", 2), ("ping 10.1.0", 2),
    ("ping -n 0 hostB", 2), ("ping -n x hostB", 2), ("ping -n", 2), ("ping -l 65501 hostB", 2),
    ("ping -i 256 hostB", 2), ("ping -w 0 hostB", 2), ("ping -q hostB", 2),
    ("ping hostB hostA", 2), ("ping -n 1 -n 2 hostB", 2), ("ping -S 10.1.0.99 hostB", 1),
]


@pytest.mark.parametrize(("line", "exit"), BAD)
def test_a_wrong_line_is_one_error(line: str, exit: int, host: Session) -> None:
    mistake: CommandError = refused(host, line)
    assert mistake.exit == exit
    assert mistake.code != "internal"


def test_json_has_one_object_an_echo_and_the_statistics(host: Session) -> None:
    said = data(host, "ping -n 1 10.1.0.1")
    assert said[0] == {"destination": "10.1.0.1", "name": None, "bytes": 32}
    assert said[1] == {"kind": "reply", "source": "10.1.0.1", "bytes": 32, "seconds": 0.02,
                       "ttl": 128}
    assert said[2]["received"] == 1


def test_names_and_addresses_of_machines_are_completed(host: Session) -> None:
    offered = {one.value for one in complete("ping ho", host)}
    assert {"hostA", "hostB"} <= offered
