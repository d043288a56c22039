"""Prometheus' text format of a live gateway: what an alarm is made of.

Names end in their units; counters end in _total. Labels hold no secret and no stranger's text.
"""

import os
import resource
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from engine.address import format_address
from engine.live.facts import why_down
from engine.tunnels import Tunnel, tunnels

if TYPE_CHECKING:
    from engine.live.gateway import Gateway

PREFIX = "ipsecsh_"
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


class Metric(NamedTuple):
    """A metric: name, type, help, and samples of labels and value."""

    name: str
    kind: str
    help: str
    samples: list[tuple[dict[str, str], float]]

    def lines(self) -> Iterable[str]:
        """Its lines of the text format."""
        name = PREFIX + self.name
        yield f"# HELP {name} {self.help}"
        yield f"# TYPE {name} {self.kind}"
        for labels, value in self.samples:
            shown = ",".join(f'{key}="{text.translate(_ESCAPES)}"' for key, text in labels.items())
            yield f"{name}{{{shown}}} {value:g}" if shown else f"{name} {value:g}"


def metrics(gateway: "Gateway") -> str:
    """All metrics as text."""
    found = [*_tunnels(gateway), *_counters(gateway), *_process(gateway)]
    return "".join(line + "\n" for one in found for line in one.lines())


def _labels(one: Tunnel) -> dict[str, str]:
    return {"rule": one.entry.rule, "peer": format_address(one.peer),
            "source": str(one.entry.source), "destination": str(one.entry.destination)}


def _tunnels(gateway: "Gateway") -> list[Metric]:
    host, now = gateway.host, gateway.now
    listed = tunnels(host, now)
    pairs = host.sad.pairs()
    octets: list[tuple[dict[str, str], float]] = []
    packets: list[tuple[dict[str, str], float]] = []
    for one in pairs:
        for direction, sa in (("in", one.inbound), ("out", one.outbound)):
            if sa is not None:
                labels = {"peer": format_address(one.peer), "direction": direction,
                          "spi": f"0x{sa.spi:08x}"}
                octets.append((labels, sa.octets))
                packets.append((labels, sa.packets))
    return [
        Metric("tunnel_up", "gauge", "Whether a configured tunnel has associations.",
               [(_labels(one), float(one.up)) for one in listed]),
        Metric("main_modes", "gauge", "ISAKMP SAs that are up.",
               [({}, sum(one.state == "up" for one in host.main_modes()))]),
        Metric("quick_modes", "gauge", "Pairs of quick mode SAs.", [({}, len(pairs))]),
        Metric("sa_octets_total", "counter", "Inner octets of a living association.", octets),
        Metric("sa_packets_total", "counter", "Packets of a living association.", packets)]


def _counters(gateway: "Gateway") -> list[Metric]:
    host = gateway.host
    rows = [({"group": group, "name": key}, float(value))
            for group, key, _, value in host.statistics()]
    return [
        Metric("drops_total", "counter", "Packets that were refused, by name.",
               [({"reason": name}, float(count)) for name, count in sorted(host.counters.items())]),
        Metric("statistics", "gauge", "The rows of show stats.", rows),
        Metric("interface_up", "gauge", "Whether an adapter's device works.",
               [({"interface": name, "device": device},
                 float(not why_down(gateway.facts, name, device)))
                for name, device in gateway.names.items()])]


def _process(gateway: "Gateway") -> list[Metric]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    pages = int(open("/proc/self/statm").read().split()[1])
    return [
        Metric("policy_agent_running", "gauge", "Whether a policy is in force or could be.",
               [({}, float(gateway.host.agent_running))]),
        Metric("uptime_seconds", "gauge", "Seconds since the agent began.", [({}, gateway.now)]),
        Metric("cpu_seconds_total", "counter", "Processor time of the agent.",
               [({}, used.ru_utime + used.ru_stime)]),
        Metric("resident_memory_bytes", "gauge", "Memory of the agent.",
               [({}, float(pages * os.sysconf("SC_PAGE_SIZE")))]),
        Metric("open_descriptors", "gauge", "Open descriptors of the agent.",
               [({}, float(len(os.listdir("/proc/self/fd"))))])]
