"""A tunnel under hardship: loss, rekeys, a peer that restarts, an agent that is killed.

    python -m tests.support.live.soak SECONDS RESTARTS KILLS [LOSS]

LOSS is what of a hundred packets each gateway loses of what comes from outside, 1 if not given.

What has to hold: echoes come back after every blow, nothing crosses the outside in the clear, and
neither memory nor descriptors nor rules nor routes grow.
"""

import os
import re
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.support.live.agent import Agent, ping, policy_lines, route_line
from tests.support.live.network import HOST_B, WAN_A, Network
from tests.support.live.processes import Program, wait_for
from tests.support.live.strongswan import Settings, StrongSwan

LOSS = ('table ip loss { chain in { type filter hook prerouting priority -400; '
        'iifname "wan0" numgen random mod 100 < %d counter drop; }; }')
CLEAR = "ip and (net 10.1.0.0/24 or net 10.2.0.0/24)"
RECOVERY_SECONDS = 90.0


class Size(NamedTuple):
    """What an agent holds: resident kilobytes, descriptors, rules and routes of its machine."""

    kilobytes: int
    descriptors: int
    rules: int
    routes: int


class Report(NamedTuple):
    """What a soak saw: seconds to recover after each blow, sizes at begin and end, clear packets,
    the pairs that the peer made, and how many echoes were sent and how many came back.
    """

    restarts: list[float]
    kills: list[float]
    sizes: list[Size]
    clear: int
    rekeys: int
    sent: int = 0
    back: int = 0


def size_of(network: Network, agent: Agent) -> Size:
    """What the agent holds now."""
    status = Path(f"/proc/{agent.pid}/status").read_text()
    kilobytes = next(int(line.split()[1]) for line in status.splitlines()
                     if line.startswith("VmRSS"))
    return Size(kilobytes, len(os.listdir(f"/proc/{agent.pid}/fd")),
                len(network.ip("gwA", "rule").splitlines()),
                len(network.ip("gwA", "route", "show", "table", "all").splitlines()))


def recovers(network: Network) -> float:
    """Seconds until echoes pass again. Raises AssertionError when they do not."""
    began = time.monotonic()
    assert wait_for(lambda: ping(network, count=3) >= 2, RECOVERY_SECONDS), "no recovery"
    return time.monotonic() - began


def soak(network: Network, folder: Path, seconds: float, restarts: int, kills: int,
         loss: int = 1) -> Report:
    """Runs it; blows are spread evenly over the time."""
    for gateway in ("gwA", "gwB"):
        network.run(gateway, "nft", LOSS % loss)
    settings = Settings(child_options={"rekey_time": "30s", "life_time": "60s"},
                        ike_options={"dpd_delay": "5s", "unique": "replace"})
    with StrongSwan(network, settings, folder / "b") as peer, \
            Agent(network, folder / "a") as agent, \
            Program(network.argv("gwB", ["tcpdump", "-n", "-l", "-i", "wan0", CLEAR]),
                    folder / "clear.txt") as wire:
        agent.lines([*policy_lines(own=WAN_A), route_line(),
                     "ipsec dynamic set config property=dpd value=2"])
        recovers(network)
        report = Report([], [], [size_of(network, agent)], 0, 0)
        argv = network.argv("hostA", ["ping", "-n", "-q", "-i", "0.05", "-s", "900", HOST_B])
        with Program(argv, folder / "stream.txt") as stream:
            _blows(network, agent, peer, report, seconds, restarts, kills)
            stream.end(signal.SIGINT)
            echoes = re.search(r"(\d+) packets transmitted, (\d+) received", stream.text())
        report.sizes.append(size_of(network, agent))
        lines = [line for line in wire.text().splitlines() if " IP " in line]
        made = peer.log().count("CHILD_SA net{")
        assert echoes, "no count of echoes"
        return report._replace(clear=len(lines), rekeys=made, sent=int(echoes[1]),
                               back=int(echoes[2]))


def _blows(network: Network, agent: Agent, peer: StrongSwan, report: Report, seconds: float,
           restarts: int, kills: int) -> None:
    began = time.monotonic()
    blows = sorted([((at + 0.5) * seconds / restarts, "restart") for at in range(restarts)]
                   + [((at + 1) * seconds / (kills + 1), "kill") for at in range(kills)])
    for when, kind in blows:
        time.sleep(max(0.0, began + when - time.monotonic()))
        if kind == "restart":
            peer.restart()
            report.restarts.append(recovers(network))
        else:
            agent.kill()
            agent.start()
            report.kills.append(recovers(network))
        size = size_of(network, agent)
        report.sizes.append(size)
        print(f"{time.monotonic() - began:7.1f} {kind:8} {size}", flush=True)
    time.sleep(max(0.0, began + seconds - time.monotonic()))
    recovers(network)


def main(words: list[str]) -> None:
    """The command line."""
    seconds, restarts, kills = float(words[0]), int(words[1]), int(words[2])
    loss = int(words[3]) if words[3:] else 1
    with tempfile.TemporaryDirectory(prefix="ipsecsh-soak-") as folder, Network() as network:
        report = soak(network, Path(folder), seconds, restarts, kills, loss)
    print(report)
    for what, times in (("a restart of the peer", report.restarts), ("kill -9", report.kills)):
        if times:
            print(f"recovery after {what}: {min(times):.1f} to {max(times):.1f} s")
    print(f"packets in the clear: {report.clear}; echoes lost: {report.sent - report.back} of "
          f"{report.sent}; pairs made: {report.rekeys}")


if __name__ == "__main__":
    main(sys.argv[1:])
