"""What a gateway's tunnels are meant to join: every witness is heard, a wrong policy outvoted."""

import pytest

from commands.run import run_line
from commands.session import Session
from engine.address import format_address, parse_address, parse_network
from engine.diagnose.plan import Hints, Intent, intent_for, intents
from engine.diagnose.station import Station
from tests.support.faulty import healthy

HINTS = Hints(parse_network("10.1.0.0/24"), parse_network("10.2.0.0/24"),
              parse_address("192.0.2.1"), parse_address("198.51.100.1"))
RIGHT = ("10.1.0.0/24", "10.2.0.0/24", "192.0.2.1", "198.51.100.1", "External", "Internal")


def plan(session: Session, machine: str = "gwA", *, alone: bool = False,
         hints: Hints | None = HINTS) -> list[Intent]:
    stations = [Station.of_host(session.lab.hosts[name]) for name in ("gwA", "gwB")]
    own = next(one for one in stations if one.name == machine)
    return intents(own, [] if alone else stations, hints)


def words(one: Intent) -> tuple[str, ...]:
    return (str(one.local), str(one.remote), format_address(one.own), format_address(one.peer),
            one.outside, one.inside)


@pytest.mark.parametrize("fault", [
    "", "wrong-tunnel-endpoint", "both-rules-same-endpoint", "missing-second-rule",
    "mirrored-on-tunnel-filter", "route-wrong-egress-interface", "policy-not-assigned"])
@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("hints", [HINTS, None])
def test_a_fault_does_not_change_what_is_meant(fault: str, alone: bool,
                                               hints: Hints | None) -> None:
    session = healthy()
    if fault:
        run_line(f"lab add fault {fault}", session)
    found = plan(session, alone=alone, hints=hints)
    assert words(found[0]) == RIGHT
    assert found[0].known == (not alone or hints is not None)


def test_a_bare_gateway_is_known_by_the_picture_or_by_its_peer() -> None:
    assert words(plan(Session())[0]) == RIGHT
    assert words(plan(Session(), alone=True)[0]) == RIGHT
    assert words(plan(Session(), hints=None)[0]) == RIGHT
    assert plan(Session(), alone=True, hints=None) == []


def test_the_other_gateway_sees_the_same_from_its_place() -> None:
    assert words(plan(healthy(), "gwB")[0]) == (
        "10.2.0.0/24", "10.1.0.0/24", "198.51.100.1", "192.0.2.1", "External", "Internal")


def test_names_of_another_picture_are_not_listened_to() -> None:
    other = Hints(parse_network("172.16.0.0/24"), parse_network("172.17.0.0/24"),
                  parse_address("203.0.113.9"), parse_address("203.0.113.10"))
    assert words(plan(healthy(), hints=other)[0]) == RIGHT


def test_what_the_policy_leaves_out_is_meant_all_the_same() -> None:
    session = healthy()
    run_line('ipsec static delete filter "NetA to NetB" srcaddr=10.1.0.0 srcmask=24 '
             "dstaddr=10.2.0.0 dstmask=24", session)
    run_line('ipsec static add filter "NetA to NetB" srcaddr=10.1.0.128 srcmask=25 '
             "dstaddr=10.2.0.0 dstmask=24 mirrored=no", session)
    found = intent_for(plan(session), parse_address("10.1.0.10"), parse_address("10.2.0.10"))
    assert found is not None and found.peer == HINTS.peer
    assert intent_for(plan(session), parse_address("10.1.0.10"), parse_address("10.9.0.1")) is None
