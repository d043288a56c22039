"""IkeEndpoint: every IKEv1 negotiation of one machine, without sockets or clocks.

Datagrams, requests and `now` go in; a list of `engine.ike.interface.IkeOutput` comes out. After
every call the driver asks `next_timer` and calls `handle_timer` when that time has come.
"""

from collections.abc import Collection

from engine.address import Address
from engine.entropy import Entropy
from engine.ike import dispatch, dpd, lifecycle, negotiation
from engine.ike.constants import COUNTED_WAIT, OVERLAP
from engine.ike.core import Core, IkeLimits, Traffic
from engine.ike.interface import IkeOutput, IkePolicy, Phase1Info, Phase2Policy
from engine.ike.phase1 import Phase1
from engine.ike.quick_mode import QuickMode
from engine.ike.tables import UNDER_WAY, Pair
from engine.ike.timers import Timer


class IkeEndpoint:
    """The IKE of one machine: its ISAKMP SAs, exchanges in flight, and the pairs they made.

    `counters` holds named drops ("invalid-cookie", the `reason` of a `Dropped`) and statistics
    ("main_modes", "quick_modes", "authentication_failures", ...). `epoch` is the Unix time at
    which `now` is 0.
    """

    def __init__(self, policy: IkePolicy, entropy: Entropy,
                 limits: IkeLimits | None = None, epoch: float = 0.0) -> None:
        self._core = Core(policy, entropy, limits or IkeLimits())
        self._core.epoch = epoch
        self.counters = self._core.counters

    def initiate(self, local: Address, peer: Address, wanted: Phase2Policy,
                 now: float) -> list[IkeOutput]:
        """Asks for a pair for `wanted.entry`: quick mode, after main mode when none is up.

        A request already in flight for the same entry is not doubled.
        """
        self._core.count("requests")
        negotiation.initiate(self._core, local, peer, wanted, now)
        return self._core.take_outputs()

    def receive(self, payload: bytes, local: Address, local_port: int, peer: Address,
                peer_port: int, now: float) -> list[IkeOutput]:
        """One datagram that arrived on UDP 500. Never raises: a bad one is a `Dropped`."""
        dispatch.receive(self._core, payload, (local, local_port, peer, peer_port), now)
        return self._core.take_outputs()

    def set_epoch(self, epoch: float) -> None:
        """`epoch` is the Unix time at which engine time was 0, by a clock that was set anew."""
        self._core.epoch = epoch

    def watch_traffic(self, traffic: Traffic) -> None:
        """`traffic` gives, for the inbound SPI of a pair, when a packet last came out of it and
        when one last went in: proof of life for dead peer detection (RFC 3706 5.4)."""
        self._core.traffic = traffic

    def peer_moved(self, cookies: bytes, inbound_spi: int, port: int) -> list[IkeOutput]:
        """The host saw an authentic ESP packet of a peer behind a NAT come from `port`.

        `cookies` name the ISAKMP SA that made the pair; both follow the peer.
        """
        self._core.move(cookies, inbound_spi, port)
        return self._core.take_outputs()

    def next_timer(self) -> float | None:
        """When `handle_timer` wants to be called, or None."""
        return self._core.timers.next()

    def handle_timer(self, now: float) -> list[IkeOutput]:
        """Retransmits, gives up, expires: all that is due at `now`."""
        timer = self._core.timers.pop_due(now)
        while timer:
            self._alarm(timer, now)
            timer = self._core.timers.pop_due(now)
        return self._core.take_outputs()

    def _alarm(self, timer: Timer, now: float) -> None:
        owner = timer.owner
        if isinstance(owner, Pair):
            self._pair_alarm(timer.kind, owner, now)
        elif isinstance(owner, QuickMode):
            if timer.kind == "send":
                negotiation.retransmit(self._core, owner, now)
            elif timer.kind == "commit":
                negotiation.commit_alarm(self._core, owner, now)
            else:
                lifecycle.forget_quick(self._core, owner)
        else:
            assert isinstance(owner, Phase1)
            self._phase1_alarm(timer.kind, owner, now)

    def _pair_alarm(self, kind: str, pair: Pair, now: float) -> None:
        if kind == "pair":
            lifecycle.delete_pairs(self._core, [pair], pair.reason)
        elif not lifecycle.succeeded(self._core, pair):
            negotiation.initiate(self._core, pair.local, pair.peer, pair.wanted, now, pair.inbound)

    def _phase1_alarm(self, kind: str, sa: Phase1, now: float) -> None:
        if kind == "dpd":
            dpd.alarm(self._core, sa, now)
        elif kind == "keepalive":
            negotiation.keep_alive(self._core, sa, now)
        elif kind == "send":
            negotiation.retransmit(self._core, sa, now)
        elif kind == "half-open":
            negotiation.half_open_expired(self._core, sa)
        else:
            wishes = lifecycle.end_sa(self._core, sa, "expired")
            negotiation.start_over(self._core, sa, wishes, now)

    def set_policy(self, policy: IkePolicy, now: float,
                   gone: Collection[str] = ()) -> list[IkeOutput]:
        """New policy: pairs of entries `gone` go first, then ISAKMP SAs it no longer allows.

        Deletes are sent before the ISAKMP SA that protects them ends.
        """
        core = self._core
        outputs = self.delete_entries(gone, now) if gone else []
        core.policy = policy
        for sa in list(core.sas.values()):
            if policy.phase1(sa.local, sa.peer) != sa.policy:
                lifecycle.delete_pairs(core, core.pairs_of(sa.local, sa.peer), "policy")
                lifecycle.end_by_policy(core, sa, "policy")
        core.refused.clear()
        return outputs + core.take_outputs()

    def delete_entries(self, entries: Collection[str], now: float,
                       reason: str = "policy") -> list[IkeOutput]:
        """Deletes what SPD entries own: pairs, exchanges in flight, and emptied ISAKMP SAs."""
        core = self._core
        ended = core.pairs_for(entries)
        peers = {(pair.local, pair.peer) for pair in ended}
        lifecycle.delete_pairs(core, ended, reason)
        for quick in core.quicks_for(entries):
            peers.add((quick.sa.local, quick.sa.peer))
            lifecycle.forget_quick(core, quick)
        for sa in list(core.sas.values()):
            if core.take_wishes(sa, entries) or (sa.local, sa.peer) in peers:
                self._end_if_idle(sa, reason)
        return core.take_outputs()

    def _end_if_idle(self, sa: Phase1, reason: str) -> None:
        """Ends an ISAKMP SA that nothing needs any more."""
        busy = any(quick.state in UNDER_WAY for quick in sa.quicks.values())
        if not busy and not sa.pending and not self._core.pairs_of(sa.local, sa.peer):
            lifecycle.end_by_policy(self._core, sa, reason)

    def delete_sa(self, inbound_spi: int, now: float, reason: str = "expired") -> list[IkeOutput]:
        """Deletes one pair and tells the peer (hard kilobyte expiry, idle time, operator)."""
        pair = self._core.pairs.get(inbound_spi)
        if pair:
            lifecycle.delete_pairs(self._core, [pair], reason)
        return self._core.take_outputs()

    def delete_phase1(self, cookies: bytes, now: float,
                      reason: str = "policy") -> list[IkeOutput]:
        """Deletes one ISAKMP SA and tells the peer; its quick mode pairs live on."""
        negotiation.delete_phase1(self._core, cookies, reason)
        return self._core.take_outputs()

    def sa_expiring(self, inbound_spi: int, now: float,
                    counted: bool = False) -> list[IkeOutput]:
        """Soft lifetime: negotiate the successor of a pair that is still in use.

        The side that began the pair renews it at once. The other one waits ten seconds for that,
        half of what is left when that is less, before it does so itself, so that both ends
        reaching the limit give one successor. It waits a moment only when it is `counted` octets
        or packets that run out: fast traffic leaves no more, and the peer may have no such limit
        (RFC 2407 4.5.4 only advises it of ours).
        """
        core = self._core
        pair = core.pairs.get(inbound_spi)
        if pair is None or lifecycle.succeeded(core, pair):
            return core.take_outputs()
        if pair.initiator:
            negotiation.initiate(core, pair.local, pair.peer, pair.wanted, now, inbound_spi)
        else:
            end = core.timers.at("pair", pair)
            left = OVERLAP if end is None else max(end - now, 0.0) / 2
            wait = min(COUNTED_WAIT if counted else OVERLAP, left)
            core.timers.set("rekey", pair, now + wait)
        return core.take_outputs()

    def shutdown(self, now: float) -> list[IkeOutput]:
        """Deletes everything, telling the peers; the endpoint is empty afterwards."""
        core = self._core
        lifecycle.delete_pairs(core, core.pairs.values(), "policy")
        for sa in list(core.sas.values()):
            lifecycle.end_sa(core, sa, "shutdown")
        core.refused.clear()
        core.timers.clear()
        return core.take_outputs()

    def phase1_sas(self, now: float) -> tuple[Phase1Info, ...]:
        """Every ISAKMP SA, half-open ones included, oldest first."""
        return tuple(sa.info() for sa in
                     sorted(self._core.sas.values(), key=lambda sa: sa.created))

    def hurry(self, entry: str, now: float) -> list[IkeOutput]:
        """Traffic of this SPD entry waits: a renewed pair that rests for a moment is used now."""
        negotiation.hurry(self._core, entry, now)
        return self._core.take_outputs()

    def in_flight(self, entry: str) -> bool:
        """True while a negotiation for this SPD entry has begun and not ended."""
        return self._core.in_flight(entry)


__all__ = ["IkeEndpoint", "IkeLimits"]
