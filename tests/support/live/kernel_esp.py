"""Offload on a kernel that has ESP: what `tests/interop/test_live_offload.py` runs in a guest.

    python -m tests.support.live.kernel_esp FOLDER

The agent of gwA hands its ESP to the kernel, the one of gwB keeps its own. The steps follow each
other on one pair of agents, as programs start slowly in the guest; a line tells of each.
"""

import re
import sys
import time
from pathlib import Path

from tests.support.live.agent import Agent, ping, pings_at_last, policy_lines, route_line
from tests.support.live.network import HOST_A, NET_A, NET_B, WAN_A, WAN_B, Network
from tests.support.live.processes import Program, wait_for

OFFLOAD = "ipsec dynamic set config property=offload value="
PATIENCE = 40.0


class Pair:
    """Both gateways' agents in their network, with an ear on the wire between them."""

    def __init__(self, network: Network, a: Agent, b: Agent, wire: Program) -> None:
        self.network, self.a, self.b, self.wire = network, a, b, wire
        self._began = time.monotonic()

    def told(self, step: str) -> None:
        """A step is done."""
        print(f"{time.monotonic() - self._began:5.1f} s {step}", flush=True)

    def state(self) -> str:
        """What gwA's kernel says of its associations."""
        return self.network.ip("gwA", "-s", "xfrm", "state")

    def spis(self) -> set[str]:
        return set(re.findall(r"spi (0x\w+)", self.state()))

    def policies(self) -> int:
        return self.network.ip("gwA", "xfrm", "policy").count("tmpl")

    def offloaded(self) -> bool:
        """Whether one pair and its policies are in the kernel."""
        return len(self.spis()) == 2 and self.policies() == 3

    def counted(self) -> list[int]:
        """Packets that gwA's kernel has counted under each association."""
        return [int(one) for one in re.findall(r"\(bytes\), (\d+)\(packets\)\s+add",
                                               self.state())]

    def works(self, protocol: str) -> None:
        """Echoes pass both ways through the kernel, in ESP alone, and none is said twice."""
        assert wait_for(self.offloaded, PATIENCE), self.state() + self.a.log()
        before, seen = self.counted(), self.wire.text().count(protocol)
        assert ping(self.network, count=4) == 4, self.a.log()
        assert ping(self.network, "hostB", HOST_A, count=4, size=3000) == 4
        assert all(after - then >= 8 for after, then in zip(self.counted(), before, strict=True))
        assert wait_for(lambda: self.wire.text().count(protocol) - seen >= 16), self.wire.text()
        assert "ICMP" not in self.wire.text()
        self.no_replays()

    def no_replays(self) -> None:
        """Neither side has said a sequence number twice."""
        assert not any("replay" in one.drops() for one in (self.a, self.b))


def main(folder: Path) -> None:
    """All steps; raises AssertionError at the first that fails."""
    folder.mkdir()
    with Network() as network, Agent(network, folder / "a") as a, \
            Agent(network, folder / "b", "gwB") as b, \
            Program(network.argv("gwB", ["tcpdump", "-n", "-l", "-i", "wan0", "ip"]),
                    folder / "wire") as wire:
        pair = Pair(network, a, b, wire)
        pair.told("agents run")
        method = "ESP[AES128,SHA1]"
        a.lines([*policy_lines(own=WAN_A, qm=method), route_line(), OFFLOAD + "kernel"])
        b.lines([*policy_lines(own=WAN_B, peer=WAN_A, net_a=NET_B, net_b=NET_A, qm=method),
                 route_line(WAN_A, NET_A)])
        assert pings_at_last(network, PATIENCE), a.log() + b.log()
        pair.works(" ESP(")
        pair.told("the kernel carries the tunnel")
        there_and_back(pair)
        pair.told("the agent took ESP back and gave it again")
        other_suite(pair)
        pair.told("AES-GCM in UDP too")
        crash(pair)
        pair.told("what a crash left is taken out")
        a.stop()
        assert pair.state() == "" and not pair.policies()
        pair.told("an end leaves nothing")


def there_and_back(pair: Pair) -> None:
    """Switched off and on under traffic, the sequence numbers go on."""
    sent = re.search(r"Bytes Sent In Tunnels\s*:\s*(\d+)",
                     pair.a.typed("ipsec", "dynamic", "show", "stats", "type=ipsec"))
    assert sent and int(sent.group(1)) > 4 * 3000, sent
    before = pair.spis()
    pair.a.lines([OFFLOAD + "no"])
    assert pair.state() == "" and not pair.policies()
    assert ping(pair.network, count=5) == 5
    pair.no_replays()
    pair.a.lines([OFFLOAD + "kernel"])
    pair.works(" ESP(")
    assert pair.spis() == before


def other_suite(pair: Pair) -> None:
    """A new pair with AES-GCM, in UDP: the old one leaves the kernel."""
    before = pair.spis()
    for one in (pair.a, pair.b):
        one.lines(["ipsec dynamic set config property=natt value=force",
                   "ipsec static set filteraction name=ESP qmsecmethods=ESP[AESGCM128]"])
    pair.b.lines(["net stop policyagent", "net start policyagent"])
    pair.a.lines(["net stop policyagent", "net start policyagent"])
    assert pings_at_last(pair.network, PATIENCE), pair.a.log() + pair.b.log()
    pair.works("UDP-encap: ESP(")
    assert not pair.spis() & before and "gcm" in pair.state()


def crash(pair: Pair) -> None:
    """The next start does not trust what it finds in the kernel."""
    before = pair.spis()
    pair.a.kill()
    assert pair.spis() == before
    pair.a.start()
    assert not pair.spis() & before
    assert pings_at_last(pair.network, PATIENCE), pair.a.log() + pair.b.log()
    pair.works("UDP-encap: ESP(")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
