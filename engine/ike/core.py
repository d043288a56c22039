"""What the parts of an endpoint share: tables of SAs and pairs, timers, counters, outputs."""

from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2s, sha256
from typing import NamedTuple

from engine.address import Address
from engine.entropy import Entropy
from engine.ike.constants import LOWEST_SPI, RETRANSMIT_GAPS, ZERO_COOKIE
from engine.ike.interface import (
    Dropped,
    IkeOutput,
    IkePolicy,
    NegotiationFailed,
    PeerMoved,
    SendDatagram,
)
from engine.ike.phase1 import Exchange, Phase1
from engine.ike.quick_mode import QuickMode
from engine.ike.quick_proposal import Spis
from engine.ike.tables import Tables
from engine.ike.timers import TimerTable

STATISTICS = (
    "main_modes", "quick_modes", "authentication_failures", "negotiation_failures",
    "invalid_cookies", "invalid_packets", "retransmissions", "duplicates", "packets_in",
    "packets_out", "requests", "rekeys", "deletes_sent", "deletes_received", "pairs_added",
    "pairs_deleted", "half_open_evicted",
)
_REMEMBERED_REFUSALS = 64
Ends = tuple[Address, int, Address, int]
Traffic = Callable[[int], tuple[float, float]]


def _no_traffic(_: int) -> tuple[float, float]:
    return 0.0, 0.0


class IkeLimits(NamedTuple):
    """Knobs of an endpoint; the defaults are Windows 2000's habits and safe bounds.

    Half-open limits count responder main modes that are not authenticated yet; times in seconds.
    `vendor_version` is the number behind the MS NT5 ISAKMPOAKLEY vendor ID. `greets` False never
    sends INITIAL-CONTACT.
    """

    half_open_total: int = 200
    half_open_per_address: int = 64
    half_open_seconds: float = 60.0
    vendor_version: int = 2
    greets: bool = True


class Core(Tables):
    """The state of one endpoint. `outputs` collects what the call in progress wants done."""

    def __init__(self, policy: IkePolicy, entropy: Entropy, limits: IkeLimits) -> None:
        super().__init__()
        self.policy, self.entropy, self.limits = policy, entropy, limits
        self.epoch = 0.0
        self.traffic: Traffic = _no_traffic
        self.arrived: tuple[Ends, float] = (0, 0, 0, 0), 0.0
        self.counters: dict[str, int] = dict.fromkeys(STATISTICS, 0)
        self.timers = TimerTable()
        self.outputs: list[IkeOutput] = []
        self.refused: OrderedDict[tuple[Address, bytes], bytes] = OrderedDict()
        self._secret = entropy(32)
        self._cookies_made = 0

    def wall(self, now: float) -> float:
        """Unix seconds of a moment of engine time: what certificates are judged by."""
        return self.epoch + now

    def proved(self, sa: Phase1) -> None:
        """The message at hand is authentic: its sender lives, and behind a NAT it is where it
        came from (RFC 3947 7)."""
        (_, local_port, _, peer_port), sa.heard = self.arrived
        if sa.peer_behind and (local_port, peer_port) != (sa.local_port, sa.peer_port):
            moved = sa.up and local_port == sa.local_port
            sa.local_port, sa.peer_port = local_port, peer_port
            if moved:
                self._moved(sa.local, sa.peer, sa.cookies, peer_port)

    def move(self, cookies: bytes, inbound_spi: int, peer_port: int) -> None:
        """The peer of a pair proved by ESP that it is behind another port now."""
        pair, sa = self.pairs.get(inbound_spi), self.sas.get(cookies)
        if sa and sa.peer_behind:
            sa.peer_port = peer_port
        if pair:
            self._moved(pair.local, pair.peer, cookies, peer_port)

    def _moved(self, local: Address, peer: Address, cookies: bytes, peer_port: int) -> None:
        self.count("peer_moved")
        self.emit(PeerMoved(local, peer, peer_port, tuple(
            pair.inbound for pair in self.pairs_of(local, peer) if pair.cookies == cookies)))

    # --- outputs --------------------------------------------------------------------------------

    def emit(self, output: IkeOutput) -> None:
        """Adds one output to those of the call in progress."""
        self.outputs.append(output)

    def take_outputs(self) -> list[IkeOutput]:
        """Everything emitted since the last time."""
        outputs, self.outputs = self.outputs, []
        return outputs

    def count(self, name: str, by: int = 1) -> None:
        """Adds to a counter, which appears when first counted."""
        self.counters[name] = self.counters.get(name, 0) + by

    def drop(self, peer: Address, reason: str) -> None:
        """A datagram refused: counted under its reason and under the statistic it belongs to."""
        self.count(reason)
        self.count("invalid_cookies" if reason == "invalid-cookie" else "invalid_packets")
        self.emit(Dropped(peer, reason))

    def transmit(self, sa: Phase1, payload: bytes, label: str) -> None:
        """Sends a datagram to the peer of `sa`."""
        self.count("packets_out")
        self.emit(SendDatagram(sa.local, sa.local_port, sa.peer, sa.peer_port, payload, label))

    def fail(self, mode: str, sa: Phase1, exchange: Exchange, entry: str, code: int, point: str,
             detail: tuple[str, ...]) -> None:
        """Reports the end of a negotiation, for one SPD entry ("" when the peer began it)."""
        quick = exchange if isinstance(exchange, QuickMode) else None
        self.emit(NegotiationFailed(
            mode, sa.local, sa.peer, entry, code, point, detail, exchange.last,
            sa.initiator if quick is None else quick.initiator, exchange.answered, sa.proven(),
            sa.offered if quick is None else quick.offered,
            None if quick is None else quick.asked))

    # --- exchanges ------------------------------------------------------------------------------

    def send_and_wait(self, owner: Phase1 | QuickMode, payload: bytes, label: str,
                      now: float) -> None:
        """Sends a message of an exchange and retransmits it until something answers."""
        owner.flight, owner.flight_label, owner.sends = payload, label, 1
        owner.last, owner.hint = label, None
        self.timers.set("send", owner, now + RETRANSMIT_GAPS[0])
        self.transmit(owner if isinstance(owner, Phase1) else owner.sa, payload, label)

    def landed(self, owner: Phase1 | QuickMode, data: bytes, label: str) -> None:
        """A message was obeyed: nothing of ours is in flight, and its duplicate is known."""
        owner.flight, owner.seen, owner.reply = b"", sha256(data).digest(), b""
        owner.answered, owner.last = True, label
        self.timers.cancel(owner, "send")

    def reply(self, owner: Phase1 | QuickMode, payload: bytes, label: str) -> None:
        """Sends an answer that only a duplicate of the question can repeat."""
        owner.reply, owner.reply_label, owner.last = payload, label, label
        self.transmit(owner if isinstance(owner, Phase1) else owner.sa, payload, label)

    # --- names ----------------------------------------------------------------------------------

    def new_cookie(self, local: Address, peer: Address) -> bytes:
        """A cookie bound to both addresses, a local secret and a count (RFC 2408 2.5.3)."""
        self._cookies_made += 1
        seed = b"".join(part.to_bytes(8, "big") for part in (local, peer, self._cookies_made))
        cookie = blake2s(seed, key=self._secret, digest_size=8).digest()
        return cookie if cookie != ZERO_COOKIE else self.new_cookie(local, peer)

    def new_message_id(self, sa: Phase1) -> int:
        """A message id that this ISAKMP SA has not seen; from now on it has."""
        number = 0
        while not number or number in sa.message_ids:
            number = int.from_bytes(self.entropy(4), "big")
        sa.message_ids.add(number)
        return number

    def new_spis(self, both: bool) -> Spis:
        """Inbound SPIs that no pair and no negotiation of ours has (RFC 2406 2.1).

        A second one for AH when an offer has `both` AH and ESP.
        """
        numbers: list[int] = []
        while len(numbers) < 1 + both:
            spi = int.from_bytes(self.entropy(4), "big")
            if spi >= LOWEST_SPI and spi not in self.spis:
                self.spis.add(spi)
                numbers.append(spi)
        return Spis(*numbers)

    def remember_refusal(self, peer: Address, cookie: bytes, answer: bytes) -> None:
        """Keeps what a refused first message was told, so that its repetition is not news."""
        self.refused[peer, cookie] = answer
        if len(self.refused) > _REMEMBERED_REFUSALS:
            self.refused.popitem(last=False)
