"""A hostile peer on the wire: the tunnel goes on, memory stays, every packet has a name."""

import os
import re
import sys
from pathlib import Path

import pytest

from tests.support.live.agent import Agent, ping, pings_at_last, policy_lines, route_line
from tests.support.live.network import HOST_B, WAN_A, WAN_B, Network
from tests.support.live.processes import Program
from tests.support.live.soak import size_of
from tests.support.live.strongswan import Settings, StrongSwan

pytestmark = pytest.mark.interop
HOSTILE = Path(__file__).parent.parent / "support/live/hostile.py"
SECONDS = float(os.environ.get("HOSTILE_SECONDS", "8"))


@pytest.mark.parametrize("version", ["6.0.1", "5.9.8"])
def test_line_rate_rubbish_on_both_ports_breaks_nothing(version: str, tmp_path: Path) -> None:
    with Network() as network, StrongSwan(network, Settings(version), tmp_path / "b"), \
            Agent(network, tmp_path / "a") as agent:
        agent.lines([*policy_lines(own=WAN_A), route_line(),
                     "ipsec dynamic set config property=dpd value=0"])
        recorded = tmp_path / "recorded.pcap"
        agent.typed("capture", "start")
        assert pings_at_last(network)
        assert ping(network, count=20, extra=("-i", "0.01")) == 20
        agent.typed("capture", "stop")
        agent.typed("capture", "save", f"file={recorded}")
        before = size_of(network, agent)
        argv = network.argv("gwB", [sys.executable, str(HOSTILE), str(SECONDS), WAN_A, WAN_B,
                                    str(recorded)])
        with Program(argv, tmp_path / "hostile.txt") as hostile:
            said = network.run("hostA", "ping", "-n", "-q", "-i", "0.2", "-c",
                               str(int(SECONDS * 4)), "-W", "2", HOST_B, check=False,
                               timeout=SECONDS + 60)
            hostile.child.wait(SECONDS + 30)
        lost = float(re.search(r"([0-9.]+)% packet loss", said).group(1))  # type: ignore[union-attr]
        assert lost <= 5.0, said
        after = size_of(network, agent)
        assert after.kilobytes < before.kilobytes + 60_000, (before, after)
        assert after.descriptors <= before.descriptors
        drops = agent.drops()
        assert drops["replay"] and drops["bad-spi"] and drops["flood"], drops
        assert drops["cleartext-refused"], drops
        assert version == "5.9.8" or drops["bad-icv"], drops
        assert [name for name in drops if name.startswith("ike-")], drops
        assert ping(network, count=3) == 3
        assert agent.pairs() >= 1
        print(hostile.text().strip(), drops, before, after, lost)
