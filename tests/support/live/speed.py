"""Measures a tunnel host to host: TCP throughput, small UDP packets, round trip, processor time."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.support.live.network import HOST_B, Network
from tests.support.live.processes import Program, wait_for


class Figures(NamedTuple):
    """Megabits a second, processor seconds of both gateways a gigabit, packets a second of 64
    octets with under 1 % lost, round trip in milliseconds (median)."""

    megabits: float
    cpu_per_gigabit: float
    packets: float
    round_trip: float


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


def _iperf(network: Network, folder: Path, *words: str, seconds: float) -> dict[str, object]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "iperf.log").unlink(missing_ok=True)
    argv = network.argv("hostB", ["iperf3", "-s", "-1", "--forceflush"])
    with Program(argv, folder / "iperf.log") as server:
        assert wait_for(lambda: "istening" in server.text(), 5.0)
        said = subprocess.run(
            network.argv("hostA", ["iperf3", "-c", HOST_B, "-J", "-t", str(seconds), *words]),
            text=True, capture_output=True, timeout=seconds + 30, check=False).stdout
    found: dict[str, object] = json.loads(said)
    assert "end" in found and "error" not in found, said[-500:]
    return found


def tcp(network: Network, folder: Path, pids: Callable[[], list[int]],
        seconds: float = 4.0) -> tuple[float, float]:
    """Received megabits a second, and the gateways' processor seconds a gigabit."""
    before = cpu_of(pids())
    found = _iperf(network, folder, "-O", "1", seconds=seconds)
    used = cpu_of(pids()) - before
    end: dict[str, dict[str, float]] = found["end"]  # type: ignore[assignment]
    bits = end["sum_received"]["bits_per_second"]
    gigabits = bits * (seconds + 1) / 1e9
    return bits / 1e6, used / gigabits if gigabits else 0.0


def udp(network: Network, folder: Path, top: int, seconds: float = 2.0) -> float:
    """The most packets a second of 64 octets that arrive with under 1 % lost: by halving."""
    low, high = 0, top
    while high - low > max(top // 32, 1000):
        rate = (low + high) // 2
        found = _iperf(network, folder, "-u", "-l", "64", "-b", str(rate * 64 * 8),
                       seconds=seconds)
        end: dict[str, dict[str, float]] = found["end"]  # type: ignore[assignment]
        one = end["sum"]
        reached = one["packets"] / seconds
        if one["lost_percent"] < 1.0 and reached > rate * 0.95:
            low = rate
        else:
            high = rate
    return float(low)


def round_trip(network: Network, count: int = 200) -> float:
    """The median of round trips from host to host, milliseconds."""
    said = network.run("hostA", "ping", "-n", "-c", str(count), "-i", "0.01", HOST_B)
    times = sorted(float(one) for one in re.findall(r"time=([0-9.]+)", said))
    assert times, said
    return times[len(times) // 2]


def measure(network: Network, folder: Path, pids: Callable[[], list[int]], *,
            top: int = 200_000, seconds: float = 4.0) -> Figures:
    """All figures of the tunnel that is up."""
    megabits, cpu = tcp(network, folder, pids, seconds)
    return Figures(megabits, cpu, udp(network, folder, top), round_trip(network))
