"""Offload: to the kernel at hand, which may refuse it, and in guests whose kernels have ESP."""

import sys
from pathlib import Path

import pytest

from tests.support.live.agent import Agent, ping, pings_at_last, policy_lines, route_line
from tests.support.live.guest import ENDED, in_guest
from tests.support.live.network import WAN_A, Network
from tests.support.live.strongswan import Settings, StrongSwan
from tests.support.live.virtual import in_machine

pytestmark = pytest.mark.interop

POLICY = """
from engine.address import parse_address, parse_network
from engine.esp.sa import Selector
from engine.live.xfrm import OUT, KernelPolicy, Xfrm
one = KernelPolicy(Selector(parse_network("10.1.0.0/24"), parse_network("10.2.0.0/24"), 6, 0, 80),
                   OUT, parse_address("203.0.113.1"), parse_address("203.0.113.2"), 7, 1000)
getattr(Xfrm(), VERB)(one)
"""

FENCE = """
from engine.address import parse_network
from engine.live.fence import Posts, chains
from engine.live.nft import Tables
from engine.pipeline.rras import RrasTable
from engine.spd import INBOUND, SpdEntry
entry = SpdEntry("id", "n", parse_network("10.2.0.0/24"), parse_network("10.1.0.0/24"),
                 direction=INBOUND)
posts = Posts({"External": "wan0"}, (entry,), 0, RrasTable((), [], ()), (), offloaded=True)
Tables().replace(chains(posts, "ipsecsh0"))
"""

EXPIRY = """
import select
import subprocess
from engine.live.xfrm import Xfrm
xfrm = Xfrm()
subprocess.run("ip xfrm policy add src 10.1.0.0/24 dst 10.2.0.0/24 dir out limit time-hard 1 "
               "tmpl src 203.0.113.1 dst 203.0.113.2 proto esp mode tunnel".split(), check=True)
print(select.select([xfrm.descriptor], [], [], 5.0)[0] == [xfrm.descriptor], xfrm.expiries())
"""


def test_the_kernel_tells_us_of_limits(network: Network) -> None:
    """A policy's limit comes in the same group as an association's, which ESP would need."""
    assert network.run("gwA", sys.executable, "-c", EXPIRY).strip() == "True []"


def test_the_kernel_reads_our_policies_as_they_are_meant(network: Network) -> None:
    network.run("gwA", sys.executable, "-c", POLICY.replace("VERB", "'add_policy'"))
    told = network.ip("gwA", "xfrm", "policy").split()
    assert " ".join(told[:9]) == "src 10.1.0.0/24 dst 10.2.0.0/24 proto tcp dport 80 dir"
    assert "tmpl src 203.0.113.1 dst 203.0.113.2 proto esp reqid 7 mode tunnel" in " ".join(told)
    network.run("gwA", sys.executable, "-c", POLICY.replace("VERB", "'delete_policy'"))
    assert network.ip("gwA", "xfrm", "policy") == ""


def test_what_the_kernel_has_decrypted_passes_the_fence(network: Network) -> None:
    network.run("gwA", sys.executable, "-c", FENCE)
    told = network.run("gwA", "nft", "list", "table", "ip", "ipsecsh").splitlines()
    passing = [at for at, line in enumerate(told) if line.strip() == "meta ipsec exists return"]
    refusing = [at for at, line in enumerate(told) if "10.2.0.0/24" in line and "drop" in line]
    assert passing and refusing and passing[0] < refusing[0], told


def test_offload_works_or_is_refused_in_words_and_the_tunnel_works_either_way(
        network: Network, tmp_path: Path) -> None:
    with StrongSwan(network, Settings(), tmp_path / "b"), \
            Agent(network, tmp_path / "a") as agent:
        agent.lines([*policy_lines(own=WAN_A), route_line()])
        said = agent.typed("ipsec", "dynamic", "set", "config", "property=offload",
                           "value=kernel")
        assert pings_at_last(network)
        assert ping(network, count=3) == 3
        states = network.ip("gwA", "xfrm", "state")
        if said:
            assert "NO-OFFLOAD" in said and "CONFIG_INET_ESP" in said and states == ""
            assert "ESP stays in the agent" in agent.log()
        else:
            assert states.count("proto esp") == 2


def test_a_kernel_with_esp_carries_the_tunnel_gives_it_back_and_is_left_clean(
        tmp_path: Path) -> None:
    said = in_guest([sys.executable, "-m", "tests.support.live.kernel_esp", "/run/pair"], tmp_path)
    assert ENDED + "0" in said, said[-6000:]
    assert "an end leaves nothing" in said


def test_the_kernels_esp_and_the_fence_work_together(tmp_path: Path) -> None:
    """In QEMU, as User Mode Linux has no nf_tables for IPv4."""
    said = in_machine([sys.executable, "-m", "tests.support.live.kernel_fence", "/run/pair"],
                      tmp_path)
    assert ENDED + "0" in said, said[-8000:]
    assert "an end leaves no table and nothing in XFRM" in said
