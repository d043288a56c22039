"""A wall clock that somebody sets under a running agent, days ahead and days back."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.test_interop_life import certify, spis, works
from tests.support.live.agent import PROGRAM, Agent, ping, pings_at_last, policy_lines, route_line
from tests.support.live.network import HOST_B, WAN_A, Network
from tests.support.live.processes import wait_for
from tests.support.live.strongswan import Settings, StrongSwan

pytestmark = pytest.mark.interop
DRIVER = Path(__file__).parent.parent / "support/live/jumping.py"
DAY = 86400


class Jumping(Agent):
    """An agent whose wall clock can be set."""

    def set_clock(self, ahead: int) -> None:
        """The wall clock is that many seconds ahead of the machine's from now on."""
        fresh = self.folder / "ahead.new"
        fresh.write_text(str(ahead))
        fresh.rename(self.folder / "ahead")

    @property
    def argv(self) -> list[str]:
        words = super().argv
        at = words.index(PROGRAM)
        return [*words[:at], sys.executable, str(DRIVER), str(self.folder / "ahead"),
                *words[at + 1:]]

    def start(self) -> None:
        self.set_clock(0)
        super().start()


@pytest.fixture
def peer(network: Network, tmp_path: Path) -> Iterator[StrongSwan]:
    with StrongSwan(network, Settings(), tmp_path / "b") as one:
        yield one


@pytest.fixture
def agent(network: Network, peer: StrongSwan, tmp_path: Path) -> Iterator[Jumping]:
    one = Jumping(network, tmp_path / "a")
    with one:
        yield one


def test_a_clock_that_is_set_costs_no_tunnel_and_no_packet(network: Network, peer: StrongSwan,
                                                           agent: Jumping) -> None:
    agent.lines([*policy_lines(own=WAN_A), route_line()])
    assert pings_at_last(network)
    before = spis(agent)
    argv = network.argv("hostA", ["ping", "-n", "-i", "0.1", "-c", "80", HOST_B])
    flow = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    agent.set_clock(3 * DAY)
    assert wait_for(lambda: agent.log().count("was set by") == 1, 5.0), agent.log()[-500:]
    agent.set_clock(0)
    assert wait_for(lambda: agent.log().count("was set by") == 2, 5.0), agent.log()[-500:]
    told = flow.communicate(timeout=30)[0]
    assert " 0% packet loss" in told, told
    assert spis(agent) == before
    peer.swanctl("--rekey", "--child", "net")
    assert wait_for(lambda: spis(agent) - before, 5.0)
    works(network)


def test_certificates_are_judged_by_the_clock_as_it_was_set(
        network: Network, peer: StrongSwan, agent: Jumping, tmp_path: Path) -> None:
    certify(peer, agent, tmp_path)
    assert pings_at_last(network)
    agent.set_clock(25 * DAY)
    assert wait_for(lambda: "was set by" in agent.log(), 5.0)
    assert ping(network, count=2) == 2, "what is up stays up"
    agent.lines(["net stop policyagent", "net start policyagent"])
    assert ping(network, count=3) == 0
    assert "failed to find valid machine certificate" in agent.typed("eventlog", "show")
    agent.set_clock(0)
    time.sleep(2.0)
    assert pings_at_last(network, 20.0), agent.log()[-2000:]
