"""Endpoints of IKE in every state of both roles, and messages that somebody with the keys sends.

All of it is seeded: a state has the same cookies, keys and messages whenever it is made.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from engine.errors import ParseError
from engine.ike import main_mode
from engine.ike.auth import message_hash, third_hash
from engine.ike.cipher import Cbc, block_octets
from engine.ike.constants import HEADER_SIZE, ExchangeType, Flag, PayloadType
from engine.ike.endpoint import IkeEndpoint
from engine.ike.interface import IkeOutput
from engine.ike.keymat import Prf
from engine.ike.phase1 import Phase1, exchange_iv
from engine.ike.quick_mode import QuickMode
from engine.ike.wire import Header, build_chain, parse_chain
from tests.support.ike_nat import NattedPair
from tests.support.ike_pair import A, B, Pair, connected

AWAITED = ("MM2", "MM3", "MM4", "MM5", "MM6", "QM2", "QM3")


def paused_at(label: str, pair: Pair) -> Pair:
    """`pair` when the message `label` is on the wire, not delivered yet."""
    pair.initiate()
    while pair.wire[0].datagram.label != label:
        pair.run(pair.wire[0].arrives)
    return pair


class State(NamedTuple):
    """An endpoint in one state: whose it is, who its peer is, what it would like to hear."""

    pair: Pair
    own: int
    peer: int
    awaited: bytes
    ports: tuple[int, int] = (500, 500)

    @property
    def end(self) -> IkeEndpoint:
        return self.pair.ends[self.own]

    @property
    def sa(self) -> Phase1:
        """The one ISAKMP SA of the endpoint."""
        return next(iter(self.end._core.sas.values()))

    def receive(self, data: bytes) -> list[IkeOutput]:
        """A datagram from the peer, now; one that is not authentic must not move its `ports`."""
        return self.end.receive(data, self.own, self.ports[0], self.peer, self.ports[1],
                                self.pair.now)

    def shape(self) -> tuple[tuple[object, ...], tuple[int, ...]]:
        """All that decides how the endpoint goes on; counters, hints and timers aside."""
        core = self.end._core
        sas = tuple((sa.cookies, sa.state, sa.peer_port, tuple((one.message_id, one.state)
                                                 for one in sa.quicks.values()))
                    for sa in core.sas.values())
        return sas, tuple(core.pairs)


def waiting(label: str) -> State:
    """The endpoint that awaits the message `label`."""
    pair = paused_at(label, Pair())
    one = pair.wire[0].datagram
    return State(pair, one.peer, one.local, one.payload)


def up(own: int) -> State:
    """The initiator's or responder's end of a tunnel that is up."""
    return State(connected(), own, B if own == A else A, b"")


def natted() -> State:
    """The responder's end of a tunnel through a NAT, and a peer that writes from a new port."""
    pair = NattedPair()
    pair.initiate()
    pair.run(1.0)
    sa = next(iter(pair.b._core.sas.values()))
    assert sa.up and sa.peer_behind
    return State(pair, B, sa.peer, b"", (sa.local_port, sa.peer_port + 9))


STATES: dict[str, Callable[[], State]] = {
    **{label: (lambda label=label: waiting(label)) for label in AWAITED},  # type: ignore[misc]
    "up as initiator": lambda: up(A), "up as responder": lambda: up(B),
    "up through a NAT": natted}
NAMES = tuple(STATES)


@cache
def conversation() -> tuple[bytes, ...]:
    """Every datagram of a whole conversation, deletes and errors included."""
    pair = connected()
    pair.take(A, pair.a.delete_sa(pair.installed(A)[0].inbound.spi, pair.now))
    pair.run(2.0)
    pair.initiate(B)
    pair.run(3.0)
    pair.take(B, pair.b.shutdown(pair.now))
    pair.run(4.0)
    return tuple(one.payload for one in pair.sent)


def label_of(outputs: list[IkeOutput]) -> str:
    """What came out, in words: drops by name, the rest by kind."""
    return " ".join(sorted({getattr(one, "reason", "") or type(one).__name__
                            for one in outputs})) or "silence"


# --- with the keys ------------------------------------------------------------------------------


class Key(NamedTuple):
    """What a message is encrypted under: its exchange, message id, IV, and quick mode in flight."""

    exchange: int
    message_id: int
    iv: bytes
    quick: QuickMode | None = None


def key_for(state: State, exchange: int, message_id: int = 0) -> Key:
    """The key that `state` expects; a `message_id` of 0 is that of the quick mode in flight."""
    sa = state.sa
    if exchange == ExchangeType.MAIN:
        return Key(exchange, 0, sa.iv)
    quick = next(iter(sa.quicks.values()), None)
    if exchange == ExchangeType.QUICK and quick and not message_id:
        return Key(exchange, quick.message_id, quick.iv, quick)
    return Key(exchange, message_id or 1, exchange_iv(sa, message_id or 1))


def plaintext(sa: Phase1, iv: bytes, data: bytes) -> bytes:
    """The body of a datagram decrypted, padding in place."""
    assert sa.method
    return Cbc(sa.method.cipher, sa.key).decrypt(iv, data[HEADER_SIZE:])


def proven(state: State, key: Key, first: int, plain: bytes) -> bytes:
    """The plaintext with the HASH that the receiver computes, where it has room for one."""
    sa = state.sa
    assert sa.method and sa.keys
    try:
        payloads = parse_chain(first, plain, block_octets(sa.method.cipher))
    except ParseError:
        return plain
    if key.exchange == ExchangeType.MAIN:
        identity = next((one.body for one in payloads if one.type == PayloadType.ID), b"")
        proof = main_mode._hash(sa, False, identity)
        return build_chain([one._replace(body=proof) if one.type == PayloadType.HASH else one
                            for one in payloads])
    if not payloads or payloads[0].type != PayloadType.HASH:
        return plain
    behind = plain[4 + len(payloads[0].body):sum(4 + len(one.body) for one in payloads)]
    quick = key.quick
    if quick and not quick.initiator:
        proof = third_hash(Prf(sa.method.hash, sa.keys.a), key.message_id, quick.ni, quick.nr)
    else:
        proof = message_hash(Prf(sa.method.hash, sa.keys.a), key.message_id, behind,
                             quick.ni if quick else b"")
    return plain[:2] + (4 + len(proof)).to_bytes(2, "big") + proof + behind


def sealed(state: State, key: Key, first: int, plain: bytes, flags: int = 0) -> bytes:
    """The datagram: a plaintext truly encrypted."""
    sa = state.sa
    assert sa.method
    body = Cbc(sa.method.cipher, sa.key).encrypt(key.iv, plain)
    return Header(sa.cookie_i, sa.cookie_r, first, key.exchange, Flag.ENCRYPTED | flags,
                  key.message_id, HEADER_SIZE + len(body)).build() + body
