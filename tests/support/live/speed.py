"""Measures tunnels host to host: TCP throughput, small UDP packets, round trip, processor time."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.support.live.network import HOST_B, Network
from tests.support.live.processes import Program, wait_for

STEPS = 6
"""Halvings of the search for a rate."""
UNDER_WAY = 0.3
"""Seconds after which what was sent has come or is lost."""
BLAST = Path(__file__).parent / "blast.py"


class Figures(NamedTuple):
    """Megabits a second, processor seconds of both gateways a gigabit, packets a second of 64
    octets with under 1 % lost, round trips in milliseconds (medians): of echoes 10 ms apart, and
    of echoes each of which follows the answer before it.
    """

    megabits: float
    cpu_per_gigabit: float
    packets: float
    round_trip: float
    back_to_back: float


class Side(NamedTuple):
    """A tunnel that is up: its network, the processes of its gateways, a folder for logs."""

    network: Network
    pids: Callable[[], list[int]]
    folder: Path


def cpu_of(pids: list[int]) -> float:
    """Processor seconds that processes have used, their threads and children included."""
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(int(one) for one in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def _iperf(side: Side, *words: str, seconds: int) -> dict[str, dict[str, float]]:
    side.folder.mkdir(parents=True, exist_ok=True)
    log = side.folder / "iperf.log"
    log.unlink(missing_ok=True)
    argv = side.network.argv("hostB", ["iperf3", "-s", "-1", "--forceflush"])
    with Program(argv, log) as server:
        assert wait_for(lambda: "istening" in server.text(), 5.0)
        said = subprocess.run(
            side.network.argv("hostA", ["iperf3", "-c", HOST_B, "-J", "-t", str(seconds), *words]),
            text=True, capture_output=True, timeout=seconds + 30, check=False).stdout
    found = json.loads(said)
    assert "end" in found and "error" not in found, said[-500:]
    end: dict[str, dict[str, float]] = found["end"]
    return end


def tcp(side: Side, seconds: int) -> tuple[float, float]:
    """Received megabits a second, and the gateways' processor seconds a gigabit."""
    before = cpu_of(side.pids())
    bits = _iperf(side, "-O", "1", seconds=seconds)["sum_received"]["bits_per_second"]
    used = cpu_of(side.pids()) - before
    gigabits = bits * (seconds + 1) / 1e9
    return bits / 1e6, used / gigabits if gigabits else 0.0


def udp(side: Side, top: int, seconds: int) -> float:
    """The most packets a second of 64 octets that arrive with under 1 % lost: by halving.

    A rate has two tries, as one short pause of the machine loses more than 1 % of any.
    """
    low, high = 0.0, float(top)
    for _ in range(STEPS):
        rate = (low + high) / 2
        if any(_arrives(side, rate, seconds) for _ in range(2)):
            low = rate
        else:
            high = rate
    return low


def _arrives(side: Side, rate: float, seconds: int) -> bool:
    argv = side.network.argv("hostB", [sys.executable, str(BLAST)])
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as receiver:
        assert receiver.stdout is not None
        receiver.stdout.readline()
        sent = int(side.network.run("hostA", sys.executable, str(BLAST), HOST_B, str(rate),
                                    str(seconds)))
        time.sleep(UNDER_WAY)
        came = int(receiver.communicate("")[0])
    return came > sent * 0.99 and sent > rate * seconds * 0.95


def round_trip(side: Side, *words: str) -> float:
    """The median of round trips from host to host, milliseconds."""
    said = side.network.run("hostA", "ping", "-n", *words, HOST_B)
    times = sorted(float(one) for one in re.findall(r"time=([0-9.]+)", said))
    assert times, said
    return times[len(times) // 2]


def race(sides: Sequence[Side], *, rounds: int = 3, top: int = 160_000,
         seconds: int = 2) -> list[Figures]:
    """The figures of tunnels that are all up, measured in turns; of each the best round's."""
    bulk = [[(0.0, 0.0)] for _ in sides]
    apart = [[1e9] for _ in sides]
    close = [[1e9] for _ in sides]
    for _ in range(rounds):
        for at, side in enumerate(sides):
            bulk[at].append(tcp(side, seconds))
        for at, side in enumerate(sides):
            apart[at].append(round_trip(side, "-c", "100", "-i", "0.01"))
            close[at].append(round_trip(side, "-c", "500", "-A"))
    packets = [udp(side, top, seconds) for side in sides]
    return [Figures(*max(bulk[at]), packets[at], min(apart[at]), min(close[at]))
            for at in range(len(sides))]
