"""Offload and the filter table in one kernel: what `tests/interop/test_live_offload.py` runs in a
machine of QEMU's, as few kernels have both.

    python -m tests.support.live.kernel_fence FOLDER

Both gateways run our agent; gwA has the article's filters and hands its ESP to the kernel. A line
tells of each step, with what the kernel counted.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.live.agent import Agent, ping, pings_at_last, policy_lines, route_line
from tests.support.live.kernel_esp import OFFLOAD, Pair
from tests.support.live.network import HOST_A, HOST_B, NET_A, NET_B, WAN_A, WAN_B, Network
from tests.support.live.processes import Program, wait_for

# KB 252735's filters: all is dropped but NetA and NetB, and IKE between the gateways.
DROPPING = [f"routing ip set filter name=External filtertype={way} action=DROP"
            for way in ("OUTPUT", "INPUT")]
ADD = "routing ip add filter name=External filtertype={} srcaddr={} srcmask={} dstaddr={} " \
    "dstmask={} proto={}"
SUBNET, HOST = "255.255.255.0", "255.255.255.255"
FILTERS = [ADD.format("OUTPUT", "10.1.0.0", SUBNET, "10.2.0.0", SUBNET, "ANY"),
           ADD.format("INPUT", "10.2.0.0", SUBNET, "10.1.0.0", SUBNET, "ANY"),
           *(ADD.format(way, *ends, f"UDP srcport={port} dstport={port}")
             for port in (500, 4500)
             for way, ends in (("OUTPUT", (WAN_A, HOST, WAN_B, HOST)),
                               ("INPUT", (WAN_B, HOST, WAN_A, HOST))))]
CLEAR = """
import socket
import sys
from engine.address import parse_address
from engine.ip import ICMP, IPv4, checksum
one = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
one.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, 0x6B52)  # past gwB's own agent
body = bytes((8, 0, 0, 0, 1, 2, 0, 1)) + bytes(56)
body = body[:2] + checksum(body).to_bytes(2, "big") + body[4:]
source, destination = (parse_address(each) for each in sys.argv[1:])
for _ in range(3):
    one.sendto(IPv4(source, destination, ICMP, body).build(), ("WAN", 0))
""".replace("WAN", WAN_A)
PATIENCE = 90.0


class Fenced(Pair):
    """The gateways; what gwA's filter table and XFRM have counted, and who heard what."""

    def table(self) -> str:
        return self.network.run("gwA", "nft", "list", "ruleset")

    def filters(self) -> dict[str, int]:
        """Packets that each rule of gwA's table has counted, by its chain and words."""
        found, chain = {}, ""
        for line in self.table().splitlines():
            words = line.split()
            if words[:1] == ["chain"]:
                chain = words[1]
            if "counter" in words:
                at = words.index("counter")
                found[" ".join((chain, *words[:at]))] = int(words[at + 2])
        return found

    def met(self, before: dict[str, int]) -> dict[str, int]:
        """What was counted since then, rules that counted nothing left out."""
        return {words: number - before.get(words, 0) for words, number in self.filters().items()
                if number != before.get(words, 0)}

    def refused(self) -> dict[str, int]:
        """Packets that XFRM threw away, by its own names; not those of before it had the pair."""
        lines = self.network.run("gwA", "cat", "/proc/net/xfrm_stat").splitlines()
        return {name: int(number) for name, number in map(str.split, lines)
                if number != "0" and name != "XfrmInNoStates"}

    def clear(self, source: str, destination: str) -> dict[str, int]:
        """Three echoes in the clear from gwB; what gwA's table counted of them."""
        before = self.filters()
        self.network.run("gwB", sys.executable, "-c", CLEAR, source, destination)
        assert wait_for(lambda: sum(self.met(before).values()) >= 3, PATIENCE), self.table()
        return self.met(before)


def both(network: Network, folder: Path) -> tuple[Agent, Agent]:
    """Both agents, started at the same time, as that takes long here."""
    with ThreadPoolExecutor() as pool:
        a, b = pool.map(lambda node: Agent(network, folder / node, node), ("gwA", "gwB"))
    return a, b


def main(folder: Path) -> None:
    """All steps; raises AssertionError at the first that fails."""
    folder.mkdir()
    with Network() as network:
        a, b = both(network, folder)
        with a, b, Program(network.argv("gwB", ["tcpdump", "-n", "-l", "-i", "wan0", "ip"]),
                           folder / "wire") as wire, \
                Program(network.argv("hostA", ["tcpdump", "-n", "-l", "-i", "eth0", "ip"]),
                        folder / "host") as heard:
            pair = Fenced(network, a, b, wire)
            pair.told("agents run")
            a.lines([*policy_lines(own=WAN_A), route_line(), *DROPPING, *FILTERS,
                     OFFLOAD + "kernel"])
            b.lines([*policy_lines(own=WAN_B, peer=WAN_A, net_a=NET_B, net_b=NET_A),
                     route_line(WAN_A, NET_A)])
            assert pings_at_last(network, PATIENCE), a.log() + b.log() + pair.table()
            opened(pair, " ESP(")
            assert not pair.refused(), pair.refused()
            clear_text(pair, heard)
            in_udp(pair)
            taken_back(pair)
            a.stop()
            assert pair.table() == "" and pair.state() == "" and not pair.policies()
            pair.told("an end leaves no table and nothing in XFRM")


def opened(pair: Fenced, protocol: str) -> None:
    """What the kernel seals and opens meets each filter once, and never the inbound policy."""
    pair.works(protocol)
    before, drops = pair.filters(), pair.a.drops()
    assert ping(pair.network, count=4) == 4
    assert ping(pair.network, "gwA", HOST_B, count=2) == 2
    met = pair.met(before)
    assert met == {"output0 ip saddr 10.1.0.0/24 ip daddr 10.2.0.0/24": 6,
                   "input0 ip saddr 10.2.0.0/24 ip daddr 10.1.0.0/24": 6}, (met, pair.table())
    assert pair.a.drops() == drops, (drops, pair.a.drops())
    pair.told(f"{protocol.strip()[:-1]} through the fence: filters {met}, XFRM {pair.counted()}")


def clear_text(pair: Fenced, heard: Program) -> None:
    """The same addresses in the clear end at the fence, strangers at the filters."""
    before = pair.counted()
    met = pair.clear(HOST_B, HOST_A)
    assert met == {"policy ip saddr 10.2.0.0/24 ip daddr 10.1.0.0/24": 3}, met
    assert pair.a.drops()["cleartext-refused"] == 3
    stranger = pair.clear("203.0.113.9", WAN_A)
    assert stranger == {"input0": 3}, stranger
    assert ping(pair.network, "hostA", WAN_B, count=2) == 0
    drops = pair.a.drops()
    assert (drops["rras-input"], drops["rras-output"]) == (3, 2), drops
    assert pair.counted() == before and not pair.refused(), pair.refused()
    assert "id 258" not in heard.text() and pair.wire.text().count("id 258") == 6
    pair.told(f"clear text refused: {met}, a stranger: {stranger}, {drops}")


def in_udp(pair: Fenced) -> None:
    """ESP in UDP lies below the filters, too: those that let IKE through do not count it."""
    for one in (pair.b, pair.a):
        one.lines(["ipsec dynamic set config property=natt value=force",
                   "net stop policyagent", "net start policyagent"])
    assert pings_at_last(pair.network, PATIENCE), pair.a.log() + pair.b.log() + pair.table()
    pair.wire.log.write_text("")
    opened(pair, "UDP-encap: ESP(")


def taken_back(pair: Fenced) -> None:
    """Without the kernel the filters are the engine's, and hold as before."""
    pair.a.lines([OFFLOAD + "no"])
    assert pair.state() == "" and not pair.policies()
    assert "ipsec exists" not in pair.table()
    assert ping(pair.network, count=4) == 4
    assert ping(pair.network, "hostB", HOST_A, count=2, size=3000) == 2
    met = pair.clear(HOST_B, HOST_A)
    drops = pair.a.drops()
    assert sum(met.values()) == 3 and drops["cleartext-refused"] == 6, (met, drops)
    assert (drops["rras-input"], drops["rras-output"]) == (3, 2), drops
    pair.no_replays()
    pair.told("the agent took ESP back, the fence stands")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
