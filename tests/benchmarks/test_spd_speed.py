"""SPD look-ups: hit, miss and known flow against a naive scan, for few and for many mask shapes.

Prints nanoseconds, seconds of making and octets per entry; asserts only equal answers.
"""

import gc
import tracemalloc
from collections.abc import Callable
from random import Random
from time import process_time

import pytest

from engine.address import Network, prefix_mask
from engine.policy.model import (
    DefaultRule,
    Filter,
    FilterAction,
    FilterList,
    Policy,
    Rule,
    Side,
)
from engine.spd import OUTBOUND, Spd, SpdEntry
from tests.support.site import Site

pytestmark = pytest.mark.bench
PROBES = 2000
Packet = tuple[int, int, int, int, int]

TYPICAL = [(24, 24, 0, 0), (32, 24, 0, 0), (32, 32, 6, 445), (16, 24, 17, 0), (24, 16, 6, 80)]
MANY = [(8 + number % 16, 8 + number // 16, (0, 6, 17)[number % 3], (0, 53)[number % 2])
        for number in range(256)]


def entries(count: int, shapes: list[tuple[int, int, int, int]], random: Random) -> list[SpdEntry]:
    made = []
    for number in range(count):
        left, right, protocol, port = shapes[number % len(shapes)]
        made.append(SpdEntry(
            f"id{number}", f"filter {number}",
            Network(random.getrandbits(32) & prefix_mask(left), left),
            Network(random.getrandbits(32) & prefix_mask(right), right), protocol, 0,
            port if protocol else 0))
    return made


def inside(one: SpdEntry, random: Random) -> Packet:
    return (one.source.address | random.getrandbits(32 - one.source.prefix or 1)
            & ~prefix_mask(one.source.prefix) & 0xFFFFFFFF,
            one.destination.address | random.getrandbits(32 - one.destination.prefix or 1)
            & ~prefix_mask(one.destination.prefix) & 0xFFFFFFFF,
            one.protocol or 1, 40000 if one.protocol else 0, one.destination_port)


def nanoseconds(work: Callable[[Packet], object], packets: list[Packet]) -> float:
    best = float("inf")
    for _ in range(5):
        began = process_time()
        for packet in packets:
            work(packet)
        best = min(best, process_time() - began)
    return best / len(packets) * 1e9


@pytest.mark.parametrize("count", [10, 100, 1000, 10_000])
@pytest.mark.parametrize(("name", "shapes"), [("typical", TYPICAL), ("256 shapes", MANY)])
def test_look_ups_against_a_naive_scan(name: str, shapes: list[tuple[int, int, int, int]],
                                       count: int) -> None:
    random = Random(count)
    given = entries(count, shapes, random)
    gc.collect()
    began = process_time()
    spd = Spd(given)
    made = process_time() - began
    hits = [inside(random.choice(given), random) for _ in range(PROBES)]
    misses = [(random.getrandbits(32), random.getrandbits(32), 50, 0, 0) for _ in range(PROBES)]
    flows = spd.flows[OUTBOUND]
    find = flows.find
    nothing = nanoseconds(lambda packet: None, hits)
    hit = nanoseconds(lambda packet: find(*packet), hits) - nothing
    miss = nanoseconds(lambda packet: find(*packet), misses) - nothing
    for packet in hits:
        assert flows[packet] is find(*packet)
    known = nanoseconds(flows.__getitem__, hits)

    def naive(packet: Packet) -> SpdEntry | None:
        return next((one for one in spd.entries if one.matches(*packet)), None)

    for packet in (*hits[:100], *misses[:100]):
        assert find(*packet) is naive(packet)
    scan = nanoseconds(naive, hits[:50] if count > 1000 else hits[:500])
    tracemalloc.start()
    second = Spd(given)
    octets = tracemalloc.get_traced_memory()[0]
    for packet in hits:
        second.flows[OUTBOUND].find(*packet)
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    print(f"\n{name:10} {count:6} filters: hit {hit:6.0f} ns, miss {miss:6.0f} ns, known flow "
          f"{known:4.0f} ns, naive {scan:9.0f} ns; made in {made * 1e3:6.1f} ms, "
          f"{octets / count:5.0f} octets a filter, {used / count:6.0f} after traffic", end="")


def test_assigning_a_policy_of_ten_thousand_filters() -> None:
    random = Random(1)
    site = Site()
    filters = tuple(
        Filter(Side("ip", random.getrandbits(32) & prefix_mask(24), 24),
               Side("ip", random.getrandbits(32) & prefix_mask(24), 24), mirrored=False)
        for _ in range(10_000))
    with site.store.transaction():
        site.gwa.add_policy(Policy("p", default_rule=DefaultRule(False)))
        site.gwa.add_filteraction(FilterAction("a"))
        site.gwa.add_filterlist(FilterList("l", filters=filters))
        site.gwa.add_rule(Rule("r", "p", "l", "a", 0x01020304))
    site.lab.reload()
    times = []
    changes: list[Callable[[str], object]] = [site.gwa.assign, site.gwa.unassign]
    for change in changes:
        began = process_time()
        change("p")
        written = process_time()
        site.lab.reload()
        times.append((written - began, process_time() - written))
    host = site.lab.hosts["gwA"]
    assert len(host.spd) == 0
    print("\n10000 filters: " + ", ".join(
        f"{name} {store * 1e3:.0f} ms in the store, {taken * 1e3:.0f} ms in the host"
        for name, (store, taken) in zip(("assign", "un-assign"), times, strict=True)), end="")
