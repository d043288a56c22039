"""IkeEndpoint: every IKEv1 negotiation of one machine, without sockets or clocks.

Datagrams, requests and `now` go in; a list of `engine.ike.interface.IkeOutput` comes out. After
every call the driver asks `next_timer` and calls `handle_timer` when that time has come.
"""

from collections.abc import Collection
from typing import NamedTuple

from engine.address import Address
from engine.entropy import Entropy
from engine.ike.interface import IkeOutput, IkePolicy, Phase1Info, Phase2Policy


class IkeLimits(NamedTuple):
    """Knobs of an endpoint; the defaults are Windows 2000's habits and safe bounds.

    Half-open limits count responder main modes that are not authenticated yet; times in seconds.
    `vendor_version` is the number behind the MS NT5 ISAKMPOAKLEY vendor ID.
    """

    half_open_total: int = 200
    half_open_per_address: int = 5
    half_open_seconds: float = 60.0
    vendor_version: int = 2


class IkeEndpoint:
    """The IKE of one machine: its ISAKMP SAs, exchanges in flight, and the pairs they made.

    `counters` holds named drops ("invalid-cookie") and statistics ("main_modes", ...).
    """

    def __init__(self, policy: IkePolicy, entropy: Entropy,
                 limits: IkeLimits | None = None) -> None:
        self.counters: dict[str, int] = {}

    def initiate(self, local: Address, peer: Address, wanted: Phase2Policy,
                 now: float) -> list[IkeOutput]:
        """Asks for a pair for `wanted.entry`: quick mode, after main mode when none is up.

        A request already in flight for the same entry is not doubled.
        """
        return []

    def receive(self, payload: bytes, local: Address, local_port: int, peer: Address,
                peer_port: int, now: float) -> list[IkeOutput]:
        """One datagram that arrived on UDP 500. Never raises: a bad one is a `Dropped`."""
        return []

    def next_timer(self) -> float | None:
        """When `handle_timer` wants to be called, or None."""
        return None

    def handle_timer(self, now: float) -> list[IkeOutput]:
        """Retransmits, gives up, expires: all that is due at `now`."""
        return []

    def set_policy(self, policy: IkePolicy, now: float,
                   gone: Collection[str] = ()) -> list[IkeOutput]:
        """New policy: pairs of entries `gone` go first, then ISAKMP SAs it no longer allows."""
        return []

    def delete_entries(self, entries: Collection[str], now: float,
                       reason: str = "policy") -> list[IkeOutput]:
        """Deletes what SPD entries own: pairs, exchanges in flight, and emptied ISAKMP SAs."""
        return []

    def delete_sa(self, inbound_spi: int, now: float, reason: str = "expired") -> list[IkeOutput]:
        """Deletes one pair and tells the peer (hard kilobyte expiry, idle time, operator)."""
        return []

    def delete_phase1(self, cookies: bytes, now: float,
                      reason: str = "policy") -> list[IkeOutput]:
        """Deletes one ISAKMP SA and tells the peer; its quick mode pairs live on."""
        return []

    def sa_expiring(self, inbound_spi: int, now: float) -> list[IkeOutput]:
        """Soft lifetime: negotiate the successor of a pair that is still in use."""
        return []

    def shutdown(self, now: float) -> list[IkeOutput]:
        """Deletes everything, telling the peers; the endpoint is empty afterwards."""
        return []

    def phase1_sas(self, now: float) -> tuple[Phase1Info, ...]:
        """Every ISAKMP SA, half-open ones included, oldest first."""
        return ()

    def in_flight(self, entry: str) -> bool:
        """True while a negotiation for this SPD entry has begun and not ended."""
        return False
