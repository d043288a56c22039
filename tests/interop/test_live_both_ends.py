"""Our agent at both ends: transport mode, AH, blocking filters, and what strongSwan has not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.live.agent import Agent, ping, pings_at_last, policy_lines, route_line
from tests.support.live.network import (
    HOST_A,
    HOST_B,
    NET_A,
    NET_B,
    WAN_A,
    WAN_B,
    Network,
)
from tests.support.live.processes import Program, wait_for

pytestmark = pytest.mark.interop
KEY = "both-ends-key"


@pytest.fixture
def network() -> Iterator[Network]:
    with Network() as one:
        one.set("gwB", "net.ipv4.conf.all.rp_filter", 1)
        yield one


@pytest.fixture
def agents(network: Network, tmp_path: Path) -> Iterator[tuple[Agent, Agent]]:
    with Agent(network, tmp_path / "a") as a, Agent(network, tmp_path / "b", "gwB") as b:
        yield a, b


def transport(peer: str, method: str) -> list[str]:
    """A rule that protects everything between this machine and another one."""
    return ["ipsec static add policy name=P activatedefaultrule=no mmsecmethods=AES128-SHA1-14",
            f"ipsec static add filter filterlist=F srcaddr=me dstaddr={peer} mirrored=yes",
            f'ipsec static add filteraction name=A action=negotiate qmsecmethods="{method}"',
            f"ipsec static add rule name=R policy=P filterlist=F filteraction=A psk={KEY}",
            "ipsec static set policy name=P assign=yes"]


@pytest.mark.parametrize(("method", "seen"), [
    ("ESP[AES128,SHA1]", "ESP("), ("AH[SHA1]", "AH("), ("AH[SHA1]+ESP[AES128,SHA1]", "AH("),
    ("ESP[AESGCM128]", "ESP(")])
def test_transport_mode_protects_what_the_machines_say_to_each_other(
        network: Network, agents: tuple[Agent, Agent], tmp_path: Path, method: str,
        seen: str) -> None:
    a, b = agents
    a.lines(transport(WAN_B, method))
    b.lines(transport(WAN_A, method))
    with Program(network.argv("gwB", ["tcpdump", "-n", "-l", "-i", "wan0", "ip"]),
                 tmp_path / "wire.txt") as wire:
        assert wait_for(lambda: "listening" in wire.text())
        assert wait_for(lambda: ping(network, "gwA", WAN_B, count=1) == 1, 15.0), (
            a.drops(), b.drops(), a.log()[-600:])
        assert ping(network, "gwA", WAN_B, count=3) == 3
        assert ping(network, "gwB", WAN_A, count=3) == 3
        assert ping(network, "gwA", WAN_B, count=2, size=3000) == 2
        assert wait_for(lambda: wire.text().count(seen) >= 12, 5.0), wire.text()
        clear = [line for line in wire.text().splitlines()
                 if "ICMP echo" in line and "AH(" not in line]
        assert not clear, clear
    assert a.pairs() == b.pairs() == 1


def test_ah_in_tunnel_mode_and_ah_around_esp(network: Network,
                                             agents: tuple[Agent, Agent]) -> None:
    a, b = agents
    method = "AH[SHA256]+ESP[AES256,SHA256]"
    a.lines([*policy_lines(own=WAN_A, qm=method), route_line()])
    b.lines([*policy_lines(own=WAN_B, peer=WAN_A, net_a=NET_B, net_b=NET_A, qm=method),
             route_line(WAN_A, NET_A)])
    assert pings_at_last(network)
    assert ping(network, count=3) == 3
    assert ping(network, "hostB", HOST_A, count=3, size=2000) == 3


def test_a_filter_for_one_port_protects_that_and_nothing_else(
        network: Network, agents: tuple[Agent, Agent], tmp_path: Path) -> None:
    import sys
    echoing = Path(__file__).parent.parent / "support/live/echoing.py"
    a, b = agents
    lines = policy_lines(own=WAN_A)
    ways = [f'ipsec static add filter filterlist="NetA to NetB" srcaddr={NET_A} dstaddr={NET_B} '
            "protocol=TCP dstport=7007 mirrored=no",
            f'ipsec static add filter filterlist="NetB to NetA" srcaddr={NET_B} dstaddr={NET_A} '
            "protocol=TCP srcport=7007 mirrored=no"]
    a.lines([*[line for line in lines if "add filter " not in line][:1], *ways,
             *[line for line in lines if "add filter " not in line][1:], route_line()])
    lines = policy_lines(own=WAN_B, peer=WAN_A, net_a=NET_B, net_b=NET_A)
    back = [line.replace("NetA to NetB", "X").replace("NetB to NetA", "NetA to NetB").replace(
        '"X"', '"NetB to NetA"') for line in ways]
    b.lines([*[line for line in lines if "add filter " not in line][:1], *back,
             *[line for line in lines if "add filter " not in line][1:],
             route_line(WAN_A, NET_A)])
    serve = network.argv("hostB", [sys.executable, str(echoing), "serve", HOST_B])
    with Program(serve, tmp_path / "echo.txt") as server, \
            Program(network.argv("gwB", ["tcpdump", "-n", "-t", "-l", "-i", "wan0", "ip"]),
                    tmp_path / "wire.txt") as wire:
        assert wait_for(lambda: "ready" in server.text() and "listening" in wire.text())
        said = network.run("hostA", sys.executable, str(echoing), "ask", HOST_B, "100000",
                           check=False, timeout=60)
        assert said == "all came back\n", (said, a.drops(), b.drops())
        assert ping(network, count=2) == 2
        assert wait_for(lambda: "ICMP echo" in wire.text(), 5.0)
    tcp = [line for line in wire.text().splitlines() if ".7007" in line and "UDP" not in line]
    assert not tcp and wire.text().count("ESP(") > 50


def test_a_blocking_filter_blocks_both_ways(network: Network,
                                            agents: tuple[Agent, Agent]) -> None:
    a, b = agents
    a.lines([route_line()])
    b.lines([route_line(WAN_A, NET_A)])
    assert pings_at_last(network, 5.0)
    a.lines(["ipsec static add policy name=P activatedefaultrule=no",
             f"ipsec static add filter filterlist=F srcaddr={NET_A} dstaddr={NET_B} mirrored=yes",
             "ipsec static add filteraction name=A action=block",
             "ipsec static add rule name=R policy=P filterlist=F filteraction=A",
             "ipsec static set policy name=P assign=yes"])
    assert ping(network, count=2) == 0
    assert ping(network, "hostB", HOST_A, count=2) == 0
    assert a.drops()["blocked"] == 4, a.drops()
