"""The security association database (RFC 2401 4.4.3) of one host.

SAs live in pairs, as quick mode makes them: an inbound one found by its SPI, an outbound one
found by SPD entry and selector, where the newest usable wins. Lifetimes and idleness are a heap
of times; `expire` turns them into events, and IKE answers those by rekeying and deleting.
"""

from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush
from itertools import count
from typing import NamedTuple, TypeVar

from engine.address import Address
from engine.entropy import Entropy
from engine.esp.constants import PROTOCOL_AH, PROTOCOL_ESP
from engine.esp.sa import (
    SaTerms,
    SecurityAssociation,
    Selector,
    build_inbound,
    build_outbound,
)
from engine.ike.interface import SaInstalled, SaKeys, TrafficSelector
from engine.suites import QuickModeMethod

DEFAULT_SECONDS = 28800
"""The lifetime when none was negotiated (RFC 2407 4.5)."""
IDLE_SECONDS = 300.0
"""Windows deletes a quick mode SA that carried nothing for five minutes."""
INITIATOR_SHARE, RESPONDER_SHARE = 0.8, 0.9
"""Soft lifetimes differ by role, so that both ends do not begin to rekey in the same moment."""


class SaPair:
    """Both directions of one quick mode, `outbound` None until it may be used.

    `spi` is the inbound SPI, by which the pair is known here; `seconds` and `kilobytes` are the
    negotiated lifetimes (0 kilobytes: no limit), `created` engine seconds.
    """

    __slots__ = ("entry", "local", "peer", "selector", "method", "tunnel", "inbound", "outbound",
                 "created", "seconds", "kilobytes", "pfs_group", "initiator", "cookies",
                 "alive", "soft_reported", "installed")

    def __init__(self, installed: SaInstalled, inbound: SecurityAssociation, now: float) -> None:
        self.installed = installed
        self.entry: str = installed.entry
        self.local: Address = installed.local
        self.peer: Address = installed.peer
        self.selector: TrafficSelector = installed.selector
        self.method: QuickModeMethod = installed.method
        self.tunnel: bool = installed.tunnel
        self.inbound = inbound
        self.outbound: SecurityAssociation | None = None
        self.created = now
        self.seconds: int = installed.lifetime_seconds or DEFAULT_SECONDS
        self.kilobytes: int = installed.lifetime_kilobytes
        self.pfs_group: int = installed.pfs_group
        self.initiator: bool = installed.initiator
        self.cookies: bytes = installed.cookies
        self.alive = True
        self.soft_reported = False

    @property
    def spi(self) -> int:
        """The inbound SPI."""
        return self.inbound.spi

    @property
    def soft_at(self) -> float:
        """Engine time when a successor is due."""
        return self.created + self.seconds * self.inbound.terms.soft_share

    @property
    def hard_at(self) -> float:
        """Engine time when the pair ends."""
        return self.created + self.seconds

    @property
    def used(self) -> float:
        """Engine time of the last packet in either direction, or of the pair's making."""
        return max(self.inbound.used, self.outbound.used if self.outbound else self.created)


class SoftAssociation(NamedTuple):
    """Windows' "soft SA": clear text with a peer that does not speak IKE, until a time."""

    entry: str
    peer: Address
    until: float


class SoftExpired(NamedTuple):
    """A successor of this pair is due: "seconds", "kilobytes" or "sequence". Reported once."""

    pair: SaPair
    reason: str


class Expired(NamedTuple):
    """This pair has ended and left the database: "seconds", "kilobytes", "sequence", "idle"."""

    pair: SaPair
    reason: str


class SoftAssociationEnded(NamedTuple):
    """The next packet to this peer tries IKE again."""

    association: SoftAssociation


SadEvent = SoftExpired | Expired | SoftAssociationEnded

Key = TypeVar("Key")


def make_pair(installed: SaInstalled, now: float, entropy: Entropy, *,
              window: int = 64) -> tuple[SecurityAssociation, SecurityAssociation | None]:
    """The inbound SA and, when `outbound_ready`, the outbound SA of a quick mode.

    `window` is the replay window in packets. Raises ValueError for wrong SPIs or keys.
    """
    return _inbound(installed, now, window), _outbound(installed, now, entropy)


def _terms(installed: SaInstalled, now: float, window: int = 64) -> SaTerms:
    return SaTerms(installed.entry, installed.method, installed.tunnel, now,
                   installed.lifetime_seconds or DEFAULT_SECONDS, installed.lifetime_kilobytes,
                   INITIATOR_SHARE if installed.initiator else RESPONDER_SHARE, window)


def _inbound(installed: SaInstalled, now: float, window: int) -> SecurityAssociation:
    local, remote, protocol, local_port, remote_port = installed.selector
    keys: SaKeys = installed.inbound
    sa = build_inbound(keys.spi, installed.peer, installed.local,
                       Selector(remote, local, protocol, remote_port, local_port),
                       _terms(installed, now, window), keys.esp_key, keys.auth_key,
                       ah_spi=keys.ah_spi, ah_key=keys.ah_key)
    sa.original = installed.original
    return sa


def _outbound(installed: SaInstalled, now: float,
              entropy: Entropy) -> SecurityAssociation | None:
    if not installed.outbound_ready:
        return None
    local, remote, protocol, local_port, remote_port = installed.selector
    keys: SaKeys = installed.outbound
    return build_outbound(keys.spi, installed.local, installed.peer,
                          Selector(local, remote, protocol, local_port, remote_port),
                          _terms(installed, now), keys.esp_key, keys.auth_key, entropy,
                          ah_spi=keys.ah_spi, ah_key=keys.ah_key)


def _name(sa: SecurityAssociation) -> tuple[int, int, Address]:
    """What identifies an SA on the wire (RFC 2401 4.1): outermost protocol, SPI, destination."""
    if sa.ah is not None:
        return PROTOCOL_AH, sa.ah.spi, sa.destination
    return PROTOCOL_ESP, sa.spi, sa.destination


class Sad:
    """The SA pairs and soft associations of one host."""

    def __init__(self, *, window: int = 64, idle_seconds: float = IDLE_SECONDS) -> None:
        """`window` is the replay window in packets; `idle_seconds` 0 keeps idle pairs."""
        self.window = window
        self._idle = idle_seconds
        self._by_spi: dict[int, SaPair] = {}
        self._by_ah: dict[int, SaPair] = {}
        self._outbound: dict[tuple[int, int, Address], SecurityAssociation] = {}
        self._by_entry: dict[str, dict[int, SaPair]] = {}
        self._by_selector: dict[tuple[str, TrafficSelector], dict[int, SaPair]] = {}
        self._soft: dict[tuple[str, Address], SoftAssociation] = {}
        self._heap: list[tuple[float, int, str, SaPair | SoftAssociation]] = []
        self._serial = count()
        self._limits: list[tuple[SaPair, str]] = []
        self.generation = 0
        """Grows with every pair or half of one that comes or goes."""

    def __len__(self) -> int:
        return len(self._by_spi)

    def install(self, installed: SaInstalled, now: float, entropy: Entropy) -> SaPair:
        """Adds a pair, or the outbound half of a pair that is here by its inbound SPI.

        Raises ValueError for wrong SPIs or keys.
        """
        pair = self._by_spi.get(installed.inbound.spi)
        if pair is None:
            pair = SaPair(installed, _inbound(installed, now, self.window), now)
            self._add(pair, installed.udp)
        if pair.outbound is None:
            outbound = _outbound(installed, now, entropy)
            if outbound is not None:
                outbound.on_limit = self._watch(pair)
                outbound.udp = installed.udp
                before = self.outbound(pair.entry, pair.selector)
                if before is not None:
                    # A rekey changes the keys, not the way.
                    outbound.path_mtu = before.path_mtu
                pair.outbound = outbound
                self._outbound[_name(outbound)] = outbound
                self.generation += 1
        return pair

    def move(self, spi: int, peer_port: int) -> None:
        """The peer of a UDP-encapsulated pair is behind another port of its NAT now."""
        pair = self._by_spi.get(spi)
        if pair is not None:
            for sa in (pair.inbound, pair.outbound):
                if sa is not None and sa.udp:
                    sa.udp = (sa.udp[0], peer_port)

    def _add(self, pair: SaPair, udp: tuple[int, ...]) -> None:
        pair.inbound.on_limit = self._watch(pair)
        pair.inbound.udp = udp
        self._by_spi[pair.spi] = pair
        self.generation += 1
        if pair.inbound.ah is not None:
            self._by_ah[pair.inbound.ah.spi] = pair
        self._by_entry.setdefault(pair.entry, {})[pair.spi] = pair
        self._by_selector.setdefault((pair.entry, pair.selector), {})[pair.spi] = pair
        self._push(pair.soft_at, "soft", pair)
        self._push(pair.hard_at, "hard", pair)
        if self._idle:
            self._push(pair.created + self._idle, "idle", pair)

    def _watch(self, pair: SaPair) -> Callable[[SecurityAssociation, str], None]:
        def on_limit(_: SecurityAssociation, limit: str) -> None:
            self._limits.append((pair, limit))

        return on_limit

    def _push(self, when: float, kind: str, what: SaPair | SoftAssociation) -> None:
        if len(self._heap) > 64 + 8 * (len(self._by_spi) + len(self._soft)):
            self._heap = [item for item in self._heap if self._live(item[3])]
            heapify(self._heap)
        heappush(self._heap, (when, next(self._serial), kind, what))

    def _live(self, what: SaPair | SoftAssociation) -> bool:
        if isinstance(what, SaPair):
            return what.alive
        return self._soft.get((what.entry, what.peer)) is what

    @property
    def timers(self) -> int:
        """Entries of the heap, those of deleted pairs included; bounded by the pairs alive."""
        return len(self._heap)

    def by_spi(self, spi: int) -> SecurityAssociation | None:
        """The inbound SA of an SPI that a packet to us carries in its ESP."""
        pair = self._by_spi.get(spi)
        return pair.inbound if pair is not None else None

    def by_ah_spi(self, spi: int) -> SecurityAssociation | None:
        """The inbound SA of an SPI that a packet to us carries in its AH."""
        pair = self._by_ah.get(spi)
        return pair.inbound if pair is not None else None

    def sent_under(self, protocol: int, spi: int,
                   destination: Address) -> SecurityAssociation | None:
        """The outbound SA that a quoted packet of ours left under; `protocol` is ESP's or AH's."""
        return self._outbound.get((protocol, spi, destination))

    def pair(self, spi: int) -> SaPair | None:
        """The pair with this inbound SPI."""
        return self._by_spi.get(spi)

    def outbound(self, entry: str,
                 selector: TrafficSelector | None = None) -> SecurityAssociation | None:
        """The newest usable outbound SA of an SPD entry.

        `selector` narrows an entry that has many peers ("me to any") to exactly these identities.
        """
        if selector is None:
            pairs = self._by_entry.get(entry, {})
        else:
            pairs = self._by_selector.get((entry, selector), {})
        for pair in reversed(pairs.values()):
            sa = pair.outbound
            if sa is not None and sa.usable:
                return sa
        return None

    def pairs(self) -> tuple[SaPair, ...]:
        """Every pair, oldest first."""
        return tuple(self._by_spi.values())

    def pairs_of(self, entry: str) -> tuple[SaPair, ...]:
        """The pairs of one SPD entry, oldest first."""
        return tuple(self._by_entry.get(entry, {}).values())

    def delete_pair(self, spi: int) -> SaPair | None:
        """Removes the pair with this inbound SPI and gives it, None when there is none."""
        pair = self._by_spi.pop(spi, None)
        if pair is None:
            return None
        pair.alive = False
        if pair.outbound is not None and self._outbound.get(_name(pair.outbound)) is pair.outbound:
            del self._outbound[_name(pair.outbound)]
        self.generation += 1
        if pair.inbound.ah is not None and self._by_ah.get(pair.inbound.ah.spi) is pair:
            del self._by_ah[pair.inbound.ah.spi]
        self._drop_from(self._by_entry, pair.entry, pair)
        self._drop_from(self._by_selector, (pair.entry, pair.selector), pair)
        return pair

    @staticmethod
    def _drop_from(table: dict[Key, dict[int, SaPair]], key: Key, pair: SaPair) -> None:
        del table[key][pair.spi]
        if not table[key]:
            del table[key]

    def add_soft(self, association: SoftAssociation) -> None:
        """Keeps a soft association, in place of an older one of the same entry and peer."""
        self._soft[association.entry, association.peer] = association
        self._push(association.until, "association", association)

    def soft(self, entry: str, peer: Address) -> SoftAssociation | None:
        """The soft association of an SPD entry with a peer."""
        return self._soft.get((entry, peer))

    def soft_associations(self) -> tuple[SoftAssociation, ...]:
        """Every soft association, oldest first."""
        return tuple(self._soft.values())

    def delete_soft(self, entry: str, peer: Address) -> None:
        """Ends a soft association, if there is one."""
        self._soft.pop((entry, peer), None)

    def clear(self) -> tuple[SaPair, ...]:
        """Removes everything; gives the pairs that were there."""
        pairs = self.pairs()
        for pair in pairs:
            self.delete_pair(pair.spi)
        self._soft.clear()
        self._heap.clear()
        self._limits.clear()
        return pairs

    def next_expiry(self) -> float | None:
        """When `expire` has something to report next, engine seconds; None for never.

        0.0 means at once: a packet has just reached a limit of octets or sequence numbers.
        """
        if self._limits:
            return 0.0
        while self._heap and not self._live(self._heap[0][3]):
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    @property
    def counted_out(self) -> bool:
        """Whether a packet has just reached a limit of octets or sequence numbers."""
        return bool(self._limits)

    def expire(self, now: float) -> list[SadEvent]:
        """What has come due up to `now`; pairs that ended are removed."""
        events = list(self._reached_limits())
        while self._heap and self._heap[0][0] <= now:
            _, _, kind, what = heappop(self._heap)
            if self._live(what):
                events.extend(self._due(kind, what, now))
        return events

    def _reached_limits(self) -> Iterator[SadEvent]:
        limits, self._limits = self._limits, []
        for pair, limit in limits:
            if not pair.alive:
                continue
            reason = "kilobytes" if self._octets_reached(pair) else "sequence"
            if limit == "hard":
                self.delete_pair(pair.spi)
                yield Expired(pair, reason)
            elif not pair.soft_reported:
                pair.soft_reported = True
                yield SoftExpired(pair, reason)

    @staticmethod
    def _octets_reached(pair: SaPair) -> bool:
        halves = (pair.inbound, pair.outbound)
        return any(sa is not None and sa.octets >= sa.hard_octets * sa.terms.soft_share
                   for sa in halves)

    def _due(self, kind: str, what: SaPair | SoftAssociation, now: float) -> Iterator[SadEvent]:
        if isinstance(what, SoftAssociation):
            self.delete_soft(what.entry, what.peer)
            yield SoftAssociationEnded(what)
        elif kind == "soft":
            if not what.soft_reported:
                what.soft_reported = True
                yield SoftExpired(what, "seconds")
        elif kind == "idle" and what.used + self._idle > now:
            self._push(what.used + self._idle, "idle", what)
        else:
            self.delete_pair(what.spi)
            yield Expired(what, "seconds" if kind == "hard" else "idle")
