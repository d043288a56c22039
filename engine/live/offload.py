"""ESP in the kernel, where it has it and the administrator wants it (`offload` = kernel).

IKE stays here. Each tunnel's pair of associations is put into XFRM with the policies that lead to
it; a policy catches its packets before they reach the TUN device, so without one, or without a
kernel that can, the agent's own way simply goes on. The kernel's counters become the
associations', and so do the limits that it reports.
"""

from collections.abc import Callable
from itertools import takewhile
from typing import Protocol

from engine.address import Address
from engine.errors import Broken
from engine.esp.sa import SecurityAssociation, Selector
from engine.host import Host
from engine.live.xfrm import FORWARD, IN, OUT, Counted, Expired, KernelPolicy, KernelSa, Xfrm
from engine.sad import SaPair
from engine.spd import INBOUND, OUTBOUND, SpdEntry
from engine.suites import AH_HASHES

PRIORITY = 0x10000000
REQUEST = 0x6B520000
"""Added to the number of a tunnel: by it what a crash left in the kernel is known as ours."""
RESERVED = 4096
"""Sequence numbers kept for packets on their way to the agent while the kernel takes over."""
AFTERWARDS = 60
"""Seconds an association may stay in the kernel after its end, when nobody takes it out."""
KERNEL = "kernel"


class Kernel(Protocol):
    """What is asked of XFRM."""

    def try_esp(self) -> None: ...

    def sweep(self, request: int) -> None: ...

    def add_sa(self, one: KernelSa) -> None: ...

    def delete_sa(self, destination: Address, spi: int) -> None: ...

    def add_policy(self, one: KernelPolicy) -> None: ...

    def delete_policy(self, one: KernelPolicy) -> None: ...

    def counters(self) -> dict[tuple[Address, int], Counted]: ...

    def expiries(self) -> list[Expired]: ...

    @property
    def descriptor(self) -> int: ...

    def close(self) -> None: ...


def why_not(make: Callable[[], Kernel] = Xfrm) -> str:
    """Why ESP cannot be the kernel's here, "" when it can. Tried, not guessed."""
    try:
        kernel = make()
    except Broken as failure:
        return str(failure)
    try:
        kernel.try_esp()
    except Broken as failure:
        return str(failure)
    finally:
        kernel.close()
    return ""


class Offload:
    """The pairs that are in the kernel. `spis` are the inbound ones, whose packets it opens.

    `drain` has the agent send what it was handed already, before packets go the kernel's way;
    `open_udp` says whether the kernel takes ESP out of UDP, from all peers or from none.
    """

    def __init__(self, host: Host, make: Callable[[], Kernel] = Xfrm, *,
                 drain: Callable[[], None] = lambda: None,
                 open_udp: Callable[[bool], None] = lambda on: None) -> None:
        self._host, self._make, self._drain, self._open_udp = host, make, drain, open_udp
        self._opens_udp = False
        self._kernel: Kernel | None = None
        self._pairs: dict[int, SaPair] = {}
        self._sealing: dict[str, SecurityAssociation] = {}
        self._policies: dict[str, dict[tuple[Selector, int], KernelPolicy]] = {}
        self._entries: tuple[SpdEntry, ...] = ()
        self._fit: dict[int, bool] = {}
        self._numbers: dict[str, int] = {}
        self._seen: dict[tuple[Address, int], Counted] = {}
        self._stamp = -1
        self.refused = ""
        self._sweep()

    def _sweep(self) -> None:
        """Takes out what an agent that crashed left: its policies would catch all packets."""
        try:
            kernel = self._make()
        except Broken:
            return  # no XFRM: nothing can be there
        kernel.sweep(REQUEST)
        kernel.close()

    @property
    def active(self) -> bool:
        """Whether pairs go into the kernel."""
        return self._kernel is not None

    @property
    def spis(self) -> frozenset[int]:
        """The inbound SPIs that the kernel takes care of."""
        return frozenset(self._pairs)

    @property
    def descriptor(self) -> int:
        """Can be read when the kernel reports limits; -1 while nothing is there."""
        return -1 if self._kernel is None else self._kernel.descriptor

    def settle(self) -> None:
        """Takes over the setting. A kernel that cannot is named in `refused` once."""
        wanted = self._host.config.get_setting("offload").casefold() == KERNEL
        if wanted and self._kernel is None and not self.refused:
            self.refused = why_not(self._make)
            if not self.refused:
                self._kernel = self._make()
                self._stamp = -1
        elif not wanted:
            self.refused = ""
            self.stop()

    def follow(self, now: float) -> None:
        """Puts new pairs into the kernel, takes gone ones out, and reads its counters."""
        if self._kernel is None:
            return
        sad, entries = self._host.sad, self._host.spd.entries
        if sad.generation != self._stamp or entries is not self._entries:
            if entries is not self._entries:
                self._fit.clear()
            self._stamp, self._entries = sad.generation, entries
            there = self._fitting(sad.pairs())
            self._udp(any(pair.inbound.udp for pair in there.values()), False)
            for spi in [one for one in self._pairs if one not in there]:
                self._take_out(self._pairs.pop(spi))
            for pair in there.values():
                self._put_in(pair)
            self._udp(any(pair.inbound.udp for pair in there.values()), True)
        self._count(now)
        self._expire()

    def stop(self) -> None:
        """Takes everything out of the kernel; what lives goes on here, where the kernel was."""
        if self._kernel is None:
            return
        for policies in self._policies.values():
            for one in policies.values():
                self._kernel.delete_policy(one)
        self._udp(False, False)
        self._count(0.0, last=True)
        while self._pairs:
            self._take_out(self._pairs.popitem()[1])
        self._seen.clear()
        self._kernel.close()
        self._kernel = None

    def _fitting(self, pairs: tuple[SaPair, ...]) -> dict[int, SaPair]:
        """Those that can be the kernel's: of ESP in UDP it opens that of all pairs, or of none."""
        before = self._fit
        self._fit = {pair.spi: before[pair.spi] if pair.spi in before
                     else _fits(pair, self._entries) for pair in pairs}
        udp = all(self._fit[pair.spi] for pair in pairs if pair.inbound.udp)
        return {pair.spi: pair for pair in pairs
                if self._fit[pair.spi] and (udp or not pair.inbound.udp)}

    def _udp(self, wanted: bool, on: bool) -> None:
        """Opened after the associations are there, closed before they go."""
        if wanted == on and on != self._opens_udp:
            self._opens_udp = on
            self._open_udp(on)

    # --- pairs ---------------------------------------------------------------------------------

    def _put_in(self, pair: SaPair) -> None:
        assert self._kernel is not None
        number = REQUEST + self._numbers.setdefault(pair.entry, len(self._numbers) + 1)
        if pair.spi not in self._pairs:
            self._kernel.add_sa(_sa(pair, pair.inbound, number))
            self._pairs[pair.spi] = pair
            # At once: what the kernel opens without a policy for it, it drops.
            self._lead(pair, _inward(pair, number))
        outbound = pair.outbound
        before = self._sealing.get(pair.entry)
        if outbound is None or before is outbound:
            return
        if self._host.sad.outbound(pair.entry) is not outbound:
            return
        self._kernel.add_sa(_sa(pair, outbound, number))
        self._sealing[pair.entry] = outbound
        if before is not None:
            # Of two that fit the kernel takes either: the newer one is meant.
            self._kernel.delete_sa(before.destination, before.spi)
        self._drain()
        self._lead(pair, (_policy(outbound, OUT, number),))

    def _lead(self, pair: SaPair, policies: tuple[KernelPolicy, ...]) -> None:
        """Sets policies of a pair's entry, which successors of the pair have as well."""
        assert self._kernel is not None
        for one in policies:
            self._kernel.add_policy(one)
        there = self._policies.setdefault(pair.entry, {})
        there.update({(one.selector, one.direction): one for one in policies})

    def _take_out(self, pair: SaPair) -> None:
        assert self._kernel is not None
        self._kernel.delete_sa(pair.inbound.destination, pair.spi)
        sealing = self._sealing.get(pair.entry)
        if sealing is not None and sealing is pair.outbound:
            self._kernel.delete_sa(sealing.destination, sealing.spi)
            del self._sealing[pair.entry]
        if not any(one.spi in self._pairs for one in self._host.sad.pairs_of(pair.entry)):
            for each in self._policies.pop(pair.entry, {}).values():
                self._kernel.delete_policy(each)

    def _count(self, now: float, *, last: bool = False) -> None:
        """Adds what the kernel has counted; limits of octets are reached as ever.

        What leaves is numbered here again after the last time, from where the kernel was.
        """
        assert self._kernel is not None
        counted, node = self._kernel.counters(), self._host.node
        sas = [pair.inbound for pair in self._pairs.values()] + list(self._sealing.values())
        for sa in sas:
            key = sa.destination, sa.spi
            after, before = counted.get(key), self._seen.get(key, Counted(0, 0, 0))
            if after is None or after.packets <= before.packets and not last:
                continue
            self._seen[key] = after
            if sa.direction == "inbound":
                sa.window.restore(after.top, after.seen)
                sa.sequence = after.top
            elif last:
                sa.sequence = after.sent
            if after.packets > before.packets:
                sa.packets += after.packets - before.packets - 1
                sa.account(after.octets - before.octets, now)
                count = node.count_received if sa.direction == "inbound" else node.count_sent
                count(sa, after.octets - before.octets)
        self._seen = {key: one for key, one in self._seen.items() if key in counted}

    def _expire(self) -> None:
        """Reports the limits that the kernel saw reached (packets, which only it numbers)."""
        assert self._kernel is not None
        sas = {(sa.destination, sa.spi): sa for sa in (
            *(pair.inbound for pair in self._pairs.values()), *self._sealing.values())}
        for one in self._kernel.expiries():
            sa = sas.get((one.destination, one.spi))
            if sa is not None and sa.on_limit is not None:
                sa.on_limit(sa, "hard" if one.hard else "soft")


def _fits(pair: SaPair, entries: tuple[SpdEntry, ...]) -> bool:
    """Tunnels of ESP alone whose packets no more specific filter decides about.

    The kernel, which knows tunnels only, would carry what such a filter blocks or permits.
    `entries` are in their order, the most specific first.
    """
    if not pair.tunnel or not pair.method.has_esp or pair.method.ah_auth in AH_HASHES:
        return False
    inward = SpdEntry("", "", *pair.inbound.selector)
    outward = inward._replace(source=inward.destination, destination=inward.source,
                              source_port=inward.destination_port,
                              destination_port=inward.source_port)
    wide = {INBOUND: inward, OUTBOUND: outward}
    least = min(one.weight for one in wide.values())
    for one in takewhile(lambda one: one.weight > least, entries):
        other = wide[one.direction]
        if one.weight > other.weight and _overlaps(one, other):
            return False
    return True


def _overlaps(one: SpdEntry, other: SpdEntry) -> bool:
    """Whether one packet could be meant by both."""
    return one.source.meets(other.source) and one.destination.meets(other.destination) \
        and all(not left or not right or left == right for left, right in (
            (one.protocol, other.protocol), (one.source_port, other.source_port),
            (one.destination_port, other.destination_port)))


def _sa(pair: SaPair, sa: SecurityAssociation, number: int) -> KernelSa:
    inbound = sa is pair.inbound
    keys = pair.installed.inbound if inbound else pair.installed.outbound
    udp = tuple(reversed(sa.udp)) if inbound else sa.udp
    # What went or came before is not said again, nor accepted again.
    return KernelSa(sa.spi, sa.source, sa.destination, pair.method, keys.esp_key, keys.auth_key,
                    number, sa.terms.window, pair.kilobytes * 1024, udp,
                    sent=0 if inbound else sa.sequence + RESERVED, top=sa.window.top,
                    seen=sa.window.seen,
                    seconds=pair.seconds + AFTERWARDS if pair.seconds else 0)


def _inward(pair: SaPair, number: int) -> tuple[KernelPolicy, ...]:
    """What is for the machine itself, and what it forwards, is to come out of the tunnel."""
    return _policy(pair.inbound, IN, number), _policy(pair.inbound, FORWARD, number)


def _policy(sa: SecurityAssociation, way: int, number: int) -> KernelPolicy:
    weight = PRIORITY - (sa.selector.source.prefix + sa.selector.destination.prefix)
    return KernelPolicy(sa.selector, way, sa.source, sa.destination, number, weight)
