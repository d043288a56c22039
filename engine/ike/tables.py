"""Where an endpoint finds its ISAKMP SAs, quick modes and pairs: every look-up has its index."""

from collections.abc import Collection, Hashable, Iterator
from typing import TypeVar

from engine.address import Address
from engine.ike.constants import ProtocolId
from engine.ike.interface import Phase2Policy
from engine.ike.phase1 import Phase1, Wish
from engine.ike.quick_mode import QuickMode


class Pair:
    """A pair of SAs that quick mode made, as far as IKE must remember it.

    `inbound` and `outbound` are the SPIs that name it, `spis_in` and `spis_out` all of them by
    protocol: with AH around ESP each side has two.
    """

    __slots__ = ("cookies", "created", "identity", "inbound", "initiator", "local", "outbound",
                 "peer", "reason", "spis_in", "spis_out", "wanted")

    def __init__(self, quick: QuickMode, wanted: Phase2Policy, now: float) -> None:
        self.local, self.peer = quick.sa.local, quick.sa.peer
        self.inbound, self.outbound = quick.spis_in.spi, quick.spis_out.spi
        self.spis_in, self.spis_out = _by_protocol(quick, True), _by_protocol(quick, False)
        self.cookies, self.initiator = quick.sa.cookies, quick.initiator
        self.identity = quick.sa.peer_identity
        self.wanted, self.created = wanted, now
        self.reason = "expired"


def _by_protocol(quick: QuickMode, inbound: bool) -> tuple[tuple[int, int], ...]:
    method, spis = quick.method, quick.spis_in if inbound else quick.spis_out
    assert method
    ah = ((int(ProtocolId.AH), spis.ah or spis.spi),) if method.ah_auth else ()
    return (((int(ProtocolId.ESP), spis.spi),) if method.has_esp else ()) + ah


# States of a quick mode that has not ended.
UNDER_WAY = ("QM1", "QM2", "QM3")
Ends = tuple[Address, Address]
Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item", bound=Hashable)
Value = TypeVar("Value")


class Tables:
    """The state of one endpoint by every name under which a message or the host asks for it."""

    def __init__(self) -> None:
        self.sas: dict[bytes, Phase1] = {}
        self.firsts: dict[tuple[Address, bytes], Phase1] = {}
        self.pairs: dict[int, Pair] = {}
        self._sas_of: dict[Ends, dict[Phase1, None]] = {}
        self._half_open: dict[Phase1, None] = {}
        self._half_open_of: dict[Address, dict[Phase1, None]] = {}
        self._quicks_for: dict[str, dict[QuickMode, None]] = {}
        self._wishes_for: dict[str, int] = {}
        self._pairs_of: dict[Ends, dict[int, Pair]] = {}
        self._pairs_for: dict[str, dict[int, Pair]] = {}
        self._outbound: dict[tuple[Address, int, int], Pair] = {}
        self.spis: set[int] = set()

    # --- ISAKMP SAs -----------------------------------------------------------------------------

    def add_sa(self, sa: Phase1) -> None:
        """Files an ISAKMP SA; a responder's counts as half open until it is up."""
        self.sas[sa.cookies] = sa
        self._sas_of.setdefault((sa.local, sa.peer), {})[sa] = None
        if not sa.initiator:
            self.firsts[sa.peer, sa.cookie_i] = sa
            self._half_open[sa] = None
            self._half_open_of.setdefault(sa.peer, {})[sa] = None

    def rename_sa(self, old: bytes, sa: Phase1) -> None:
        """The responder's cookie became known."""
        del self.sas[old]
        self.sas[sa.cookies] = sa

    def authenticated(self, sa: Phase1) -> None:
        """A responder's ISAKMP SA is not half open any more."""
        if self._half_open.pop(sa, self) is None:
            _discard(self._half_open_of, sa.peer, sa)

    def remove_sa(self, sa: Phase1) -> None:
        """Takes an ISAKMP SA out; one that is not there is no error."""
        if self.sas.pop(sa.cookies, None) is None:
            return
        _discard(self._sas_of, (sa.local, sa.peer), sa)
        if self.firsts.get((sa.peer, sa.cookie_i)) is sa:
            del self.firsts[sa.peer, sa.cookie_i]
        self.authenticated(sa)

    def sas_of(self, local: Address, peer: Address) -> list[Phase1]:
        """The ISAKMP SAs with a peer, newest first."""
        return list(self._newest(local, peer))

    def _newest(self, local: Address, peer: Address) -> Iterator[Phase1]:
        return reversed(self._sas_of.get((local, peer), {}))

    def find_up(self, local: Address, peer: Address) -> Phase1 | None:
        """The newest ISAKMP SA with the peer that may carry another quick mode."""
        return next((sa for sa in self._newest(local, peer) if sa.usable()), None)

    def find_protected(self, local: Address, peer: Address) -> Phase1 | None:
        """The newest ISAKMP SA that can protect an informational message."""
        return next((sa for sa in self._newest(local, peer) if sa.up), None)

    def find_starting(self, local: Address, peer: Address) -> Phase1 | None:
        """A main mode of our own with the peer that has not ended."""
        return next((sa for sa in self._newest(local, peer) if sa.initiator and not sa.up), None)

    def half_open(self, peer: Address | None = None) -> dict[Phase1, None]:
        """Responder main modes that are not authenticated yet, oldest first, of one peer or all."""
        return self._half_open if peer is None else self._half_open_of.get(peer, {})

    # --- wishes and quick modes -----------------------------------------------------------------

    def wish(self, sa: Phase1, wish: Wish) -> None:
        """A quick mode is wanted as soon as `sa` is up."""
        sa.pending.append(wish)
        self._wishes_for[wish.wanted.entry] = self._wishes_for.get(wish.wanted.entry, 0) + 1

    def take_wishes(self, sa: Phase1, entries: Collection[str] | None = None) -> list[Wish]:
        """Takes out what waits for `sa`: everything, or what belongs to these SPD entries."""
        taken = [one for one in sa.pending if entries is None or one.wanted.entry in entries]
        if taken:
            sa.pending = [one for one in sa.pending if one not in taken]
        for one in taken:
            left = self._wishes_for[one.wanted.entry] - 1
            if left:
                self._wishes_for[one.wanted.entry] = left
            else:
                del self._wishes_for[one.wanted.entry]
        return taken

    def add_quick(self, quick: QuickMode) -> None:
        """Files a quick mode under its ISAKMP SA and its SPD entry."""
        quick.sa.quicks[quick.message_id] = quick
        self._quicks_for.setdefault(quick.entry, {})[quick] = None

    def remove_quick(self, quick: QuickMode) -> None:
        """Takes a quick mode out; one that is not there is no error."""
        quick.sa.quicks.pop(quick.message_id, None)
        _discard(self._quicks_for, quick.entry, quick)
        if quick.spis_in.spi not in self.pairs:
            self.spis.difference_update(quick.spis_in)

    def quicks_for(self, entries: Collection[str]) -> list[QuickMode]:
        """The quick modes of some SPD entries, finished ones that still linger included."""
        return [quick for entry in entries for quick in self._quicks_for.get(entry, ())]

    def in_flight(self, entry: str) -> bool:
        """True while a negotiation for this SPD entry has begun and not ended."""
        return entry in self._wishes_for or any(
            quick.state in UNDER_WAY for quick in self._quicks_for.get(entry, ()))

    # --- pairs ----------------------------------------------------------------------------------

    def add_pair(self, pair: Pair) -> None:
        """Files a pair."""
        self.pairs[pair.inbound] = pair
        self._pairs_of.setdefault((pair.local, pair.peer), {})[pair.inbound] = pair
        self._pairs_for.setdefault(pair.wanted.entry, {})[pair.inbound] = pair
        for protocol, spi in pair.spis_out:
            self._outbound[pair.peer, protocol, spi] = pair

    def remove_pair(self, pair: Pair) -> bool:
        """Takes a pair out; False when it was not there."""
        if self.pairs.get(pair.inbound) is not pair:
            return False
        del self.pairs[pair.inbound]
        _discard(self._pairs_of, (pair.local, pair.peer), pair.inbound)
        _discard(self._pairs_for, pair.wanted.entry, pair.inbound)
        for protocol, spi in pair.spis_out:
            if self._outbound.get((pair.peer, protocol, spi)) is pair:
                del self._outbound[pair.peer, protocol, spi]
        self.spis.difference_update(spi for _, spi in pair.spis_in)
        return True

    def pairs_of(self, local: Address, peer: Address) -> list[Pair]:
        """The pairs with one peer, oldest first."""
        return list(self._pairs_of.get((local, peer), {}).values())

    def pairs_for(self, entries: Collection[str]) -> list[Pair]:
        """The pairs of some SPD entries."""
        return [pair for entry in entries for pair in self._pairs_for.get(entry, {}).values()]

    def by_outbound(self, peer: Address, protocol: int, spi: int) -> Pair | None:
        """The pair that sends under an SPI of the peer's."""
        return self._outbound.get((peer, protocol, spi))

def _discard(table: dict[Key, dict[Item, Value]], key: Key, item: Item) -> None:
    inner = table.get(key)
    if inner is not None:
        inner.pop(item, None)
        if not inner:
            del table[key]
