"""Thousands of tunnels in one gateway: memory and time for each, and that growth is linear.

`hub` has a tunnel to each of N addresses of `spoke`, every one for a subnet of its own. Both
machines run in this process, so the figures are of two gateways.
"""

import gc
import time
import tracemalloc
from collections.abc import Callable

import pytest

from commands.run import run_line
from commands.session import Session
from engine.address import Address
from engine.host import Host
from engine.ip import IPv4
from engine.lab.lab import Lab
from engine.policy.model import (
    AuthMethod,
    DefaultRule,
    Filter,
    FilterAction,
    FilterList,
    Interface,
    Machine,
    Policy,
    Route,
    Rule,
    Secret,
    Side,
)
from engine.policy.store import Store
from engine.suites import MainModeMethod, QuickModeMethod

SIZES = (500, 1000, 2000)
HUB = 0xC0000201
SPOKES, NEAR, FAR = 0xAC100000, 0x0A000000, 0x14000000
LIFE = 300
AT_ONCE, PAUSE = 4, 0.02
PSK = (AuthMethod("psk", Secret("scale")),)
# Four times the tunnels in at most this many times the time a tunnel takes: what grows with the
# square is at 4, what grows linearly at 1 to 1.7 (larger tables fit the caches less well).
GROWTH = 2.2


def net(base: int, number: int) -> Side:
    return Side("ip", base + (number << 8), 24)


def end_of(number: int) -> Address:
    return SPOKES + 4 * number + 1


def configure(store: Store, size: int) -> None:
    """Both machines: policies with two rules a tunnel, adapters and routes."""
    with store.transaction():
        for machine in store.machines():
            store.delete_machine(machine.name)
        for name in ("hub", "spoke"):
            store.add_machine(Machine(name, "gateway", True))
        hub, spoke = store.on("hub"), store.on("spoke")
        hub.add_interface(Interface("External", HUB, 24, None, "", 1500, "wire"))
        for config in (hub, spoke):
            config.add_policy(Policy("P", methods=(MainModeMethod("3DES", "SHA1", 2),),
                                     default_rule=DefaultRule(False)))
            config.add_filteraction(FilterAction("FA", methods=(
                QuickModeMethod("AES128", "SHA1", seconds=LIFE),)))
        for number in range(size):
            peer = end_of(number)
            name = f"A{number}"
            spoke.add_interface(Interface(name, peer, 30, None, "", 1500, "wire"))
            ways = (("out", NEAR, FAR, peer), ("in", FAR, NEAR, HUB))
            for config in (hub, spoke):
                for way, source, destination, end in ways:
                    one = Filter(net(source, number), net(destination, number), mirrored=False)
                    config.add_filterlist(FilterList(f"{way}{number}", filters=(one,)))
                    config.add_rule(Rule(f"{way}{number}", "P", f"{way}{number}", "FA", end,
                                         auth=PSK))
        spoke.add_interface(Interface("Inside", FAR + 1, 8, None, "", 1500, "inside"))
        hub.add_route(Route(SPOKES, 12, "External", 0))
        hub.add_route(Route(FAR, 8, "External", end_of(0)))
        spoke.add_route(Route(HUB, 32, "A0", 0))
        for config in (hub, spoke):
            config.assign("P")


def traffic(lab: Lab, size: int) -> None:
    """One packet through every tunnel, as if its inner host had sent it.

    A few at a time: to `spoke` all main modes come from one address, which may have only five
    half open.
    """
    for number in range(size):
        if number % AT_ONCE == 0:
            lab.run(lab.now + PAUSE)
        lab.inject("hub", "External", IPv4(NEAR + (number << 8) + 9, FAR + (number << 8) + 9, 253,
                                           bytes(32)))


def seconds(work: Callable[[], object], rounds: int = 1) -> float:
    """Processor time of the work, the least of some rounds.

    Without the garbage collector: its work depends on everything else that is alive.
    """
    taken = []
    for _ in range(rounds):
        gc.collect()
        gc.disable()
        try:
            begun = time.process_time()
            work()
            taken.append(time.process_time() - begun)
        finally:
            gc.enable()
    return min(taken)


class Figures:
    """What was measured at one size."""

    def __init__(self, size: int) -> None:
        session = Session()
        self.size, store = size, session.store
        self.store = seconds(lambda: configure(store, size))
        session.machine = "hub"
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        self.boot = seconds(lambda: session.lab)
        booted = tracemalloc.get_traced_memory()[0]
        lab = session.lab
        tracemalloc.stop()
        tracemalloc.start()
        base = tracemalloc.get_traced_memory()[0]
        self.up = seconds(lambda: self._up(lab))
        self.configured = (booted - before) / size
        self.memory = (tracemalloc.get_traced_memory()[0] - base) / size
        tracemalloc.stop()
        hub = lab.hosts["hub"]
        assert len(hub.sad.pairs()) == size, f"{len(hub.sad.pairs())} pairs"
        self.rekey = seconds(lambda: self._rekey(lab, hub))
        self.show = seconds(lambda: run_line("ipsec dynamic show qmsas", session), 3)
        self.netdiag = seconds(lambda: run_line("netdiag /test:ipsec /debug", session), 3)
        self.reassign = self._change(session, hub)
        self.assign = self._assign(session, hub)

    def _up(self, lab: Lab) -> None:
        lab.links["wire"].delay = 0.001
        traffic(lab, self.size)
        lab.run(lab.now + 20.0)

    def _rekey(self, lab: Lab, hub: Host) -> None:
        old = {pair.spi for pair in hub.sad.pairs()}
        lab.run(200.0)
        traffic(lab, self.size)
        lab.run(320.0)
        new = {pair.spi for pair in hub.sad.pairs()}
        assert len(new) == self.size and not new & old, "not every tunnel has a successor"

    def _change(self, session: Session, hub: Host) -> float:
        """One rule of many changes: only its tunnel goes."""
        before = {pair.spi for pair in hub.sad.pairs()}
        config = session.config
        rule = config.rule("P", "out7", "local")
        config.replace_rule("P", "out7", rule._replace(tunnel=end_of(self.size)), "local")
        taken = seconds(session.settle)
        gone = before - {pair.spi for pair in hub.sad.pairs()}
        assert len(gone) == 1, f"{len(gone)} tunnels went"
        return taken

    def _assign(self, session: Session, hub: Host) -> float:
        """The policy is taken back and put in force again: everything goes, all is compiled."""
        config = session.config
        config.unassign("P", "local")
        session.settle()
        assert not hub.sad.pairs()
        config.assign("P", "local")
        return seconds(session.settle)


NAMES = ("store", "boot", "up", "rekey", "show", "netdiag", "reassign", "assign")


@pytest.mark.bench
def test_two_thousand_tunnels_grow_linearly() -> None:
    found = [Figures(size) for size in SIZES]
    print("\n                      " + "".join(f"{one.size:>12}" for one in found))
    for name in NAMES:
        shown = "".join(f"{getattr(one, name):>10.2f} s" for one in found)
        print(f"{name:<22}{shown}")
    for name in ("configured", "memory"):
        shown = "".join(f"{getattr(one, name) / 1024:>8.1f} KiB" for one in found)
        print(f"{name + ' a tunnel':<22}{shown}")
    small, large = found[0], found[-1]
    # The store is written by single commands here, each of which looks at the names there are.
    for name in NAMES[1:]:
        growth = getattr(large, name) / large.size / (getattr(small, name) / small.size)
        print(f"{name:<22}x {growth:.2f} a tunnel")
        assert growth < GROWTH, f"{name} grows faster than the tunnels"
    assert large.memory < small.memory * 1.1 < 1.1 * 65536
