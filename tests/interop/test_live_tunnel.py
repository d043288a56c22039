"""A real tunnel: our agent on gwA, strongSwan on gwB, hosts behind both."""

from pathlib import Path

import pytest

from tests.support.live.agent import Agent, ping, pings_at_last, policy_lines, route_line
from tests.support.live.network import HOST_A, WAN_A, Network
from tests.support.live.strongswan import Settings, StrongSwan

pytestmark = pytest.mark.interop


@pytest.mark.parametrize("version", ["6.0.1", "5.9.8"])
def test_hosts_reach_each_other_through_a_tunnel_that_we_begin(
        network: Network, version: str, tmp_path: Path) -> None:
    with StrongSwan(network, Settings(version), tmp_path / "b"), \
            Agent(network, tmp_path / "a") as agent:
        agent.lines([*policy_lines(own=WAN_A), route_line()])
        assert pings_at_last(network)
        assert ping(network, count=5) == 5
        assert ping(network, "hostB", HOST_A, count=5) == 5
        assert agent.pairs() == 1
        assert not agent.drops().keys() - {"hold-full"}


@pytest.mark.parametrize("version", ["6.0.1", "5.9.8"])
def test_hosts_reach_each_other_through_a_tunnel_that_the_peer_begins(
        network: Network, version: str, tmp_path: Path) -> None:
    with StrongSwan(network, Settings(version), tmp_path / "b") as peer, \
            Agent(network, tmp_path / "a") as agent:
        agent.lines([*policy_lines(own=WAN_A), route_line()])
        assert peer.initiate(), peer.log()[-3000:]
        assert ping(network, count=5) == 5
        assert ping(network, "hostB", HOST_A, count=5) == 5


def test_an_orderly_end_leaves_nothing_behind(network: Network, tmp_path: Path) -> None:
    before = network.ip("gwA", "rule"), network.ip("gwA", "route")
    with Agent(network, tmp_path / "a") as agent:
        agent.lines([*policy_lines(own=WAN_A), route_line()])
        assert "ipsecsh0" in network.ip("gwA", "route", "show", "table", "all")
        assert agent.stop() == 0
    assert (network.ip("gwA", "rule"), network.ip("gwA", "route")) == before
    assert "ipsecsh0" not in network.ip("gwA", "link")
    assert not agent.socket.exists()
