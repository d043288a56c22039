"""The fence on a live machine: inbound policy, RRAS filters, routes, and what a crash leaves."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.live.agent import Agent, ping, pings_at_last, policy_lines, route_line
from tests.support.live.network import HOST_A, HOST_B, WAN_A, WAN_B, Network
from tests.support.live.processes import Program, wait_for
from tests.support.live.strongswan import Settings, StrongSwan

pytestmark = pytest.mark.interop

# KB 252735's RRAS filters: drop all but NetA and NetB, and the gateways themselves for IKE.
FENCE = [
    "routing ip set filter name=External filtertype=OUTPUT action=DROP",
    "routing ip set filter name=External filtertype=INPUT action=DROP",
    "routing ip add filter name=External filtertype=OUTPUT srcaddr=10.1.0.0 srcmask=255.255.255.0 "
    "dstaddr=10.2.0.0 dstmask=255.255.255.0 proto=ANY",
    "routing ip add filter name=External filtertype=INPUT srcaddr=10.2.0.0 srcmask=255.255.255.0 "
    "dstaddr=10.1.0.0 dstmask=255.255.255.0 proto=ANY"]
IKE = [f"routing ip add filter name=External filtertype=OUTPUT srcaddr={WAN_A} "
       f"srcmask=255.255.255.255 dstaddr={WAN_B} dstmask=255.255.255.255 proto=ANY",
       f"routing ip add filter name=External filtertype=INPUT srcaddr={WAN_B} "
       f"srcmask=255.255.255.255 dstaddr={WAN_A} dstmask=255.255.255.255 proto=ANY"]


@pytest.fixture
def network() -> Iterator[Network]:
    with Network() as one:
        one.ip("gwB", "route", "add", "10.1.0.0/24", "via", WAN_A)
        yield one


@pytest.fixture
def agent(network: Network, tmp_path: Path) -> Iterator[Agent]:
    with Agent(network, tmp_path / "a") as one:
        yield one


def captured(network: Network, folder: Path, node: str = "gwB") -> Program:
    """Everything but ARP on the outside, in words."""
    one = Program(network.argv(node, ["tcpdump", "-n", "-l", "--immediate-mode", "-i", "wan0",
                                      "ip"]), folder / "wan.txt")
    assert wait_for(lambda: "listening" in one.text())
    return one


def test_clear_text_that_wants_protection_is_refused_as_it_arrives(
        network: Network, agent: Agent) -> None:
    assert ping(network, "hostB", HOST_A, count=1) == 0  # gwA does not route it back yet
    agent.lines([route_line()])
    assert pings_at_last(network, 5.0, "hostB", HOST_A)
    agent.lines(policy_lines(own=WAN_A))
    assert ping(network, "hostB", HOST_A, count=3) == 0
    assert agent.drops()["cleartext-refused"] == 3
    agent.typed("net", "stop", "policyagent")
    assert ping(network, "hostB", HOST_A, count=2) == 2


def test_the_articles_filters_let_the_tunnel_through_and_nothing_else(
        network: Network, agent: Agent, tmp_path: Path) -> None:
    with StrongSwan(network, Settings(), tmp_path / "b"):
        agent.lines([*policy_lines(own=WAN_A), route_line(), *FENCE, *IKE])
        assert pings_at_last(network)
        assert ping(network, count=3) == 3
        assert ping(network, "hostA", WAN_B, count=2) == 0
        network.ip("gwB", "addr", "add", "203.0.113.9/24", "dev", "wan0")
        assert ping(network, "gwB", WAN_A, count=2, extra=("-I", "203.0.113.9")) == 0
        assert agent.drops()["rras-output"] == 2 and agent.drops()["rras-input"] == 2


def test_a_fence_without_the_gateways_themselves_stops_ike(
        network: Network, agent: Agent, tmp_path: Path) -> None:
    with StrongSwan(network, Settings(), tmp_path / "b") as peer:
        agent.lines([*policy_lines(own=WAN_A), route_line(), *FENCE])
        assert not pings_at_last(network, 2.5)
        assert not peer.initiate(3)
        assert agent.drops()["rras-output"] and agent.drops()["rras-input"]
        agent.lines(IKE)
        assert pings_at_last(network, 20.0)


def test_an_interface_that_is_switched_off_in_rras_has_no_filters_and_no_routes(
        network: Network, agent: Agent) -> None:
    agent.lines([route_line(), *FENCE])
    assert "10.2.0.0/24" in network.ip("gwA", "route")
    assert ping(network, "hostA", WAN_B, count=1) == 0
    agent.lines(["routing ip set interface name=External state=disable"])
    assert "10.2.0.0/24" not in network.ip("gwA", "route")
    assert "ipsecsh" not in network.run("gwA", "nft", "list", "tables")


def test_a_crash_lets_nothing_out_in_the_clear_and_the_next_start_cleans_up(
        network: Network, agent: Agent, tmp_path: Path) -> None:
    agent.lines([*policy_lines(own=WAN_A), route_line()])
    before = network.ip("gwA", "rule")
    with captured(network, tmp_path) as wire:
        agent.kill()
        assert ping(network, count=3) == 0
        assert ping(network, "gwA", HOST_B, count=2) == 0
        assert "ICMP echo request" not in wire.text()
    assert network.ip("gwA", "rule") == before
    agent.start()
    assert network.ip("gwA", "rule") == before
    assert agent.stop() == 0
    assert "lookup 52" not in network.ip("gwA", "rule")
    assert "10.2.0.0/24" not in network.ip("gwA", "route", "show", "table", "all")
    assert network.run("gwA", "nft", "list", "ruleset") == ""
