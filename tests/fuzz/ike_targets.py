"""Fuzz targets of IKE: datagrams in every state of both roles, in the clear and with the keys.

Endpoints are seeded, so the same state always has the same cookies, keys and messages, and an
input that was found once works for ever. An endpoint that an input moved on is made anew.
"""

from collections.abc import Callable
from random import Random

from engine.errors import ParseError
from engine.ike.attributes import parse_attributes
from engine.ike.constants import HEADER_SIZE, ExchangeType, Flag, PayloadType, ProtocolId
from engine.ike.core import _REMEMBERED_REFUSALS
from engine.ike.endpoint import IkeEndpoint, IkeLimits
from engine.ike.identity import identity_network, identity_text, parse_identity, phase1_address
from engine.ike.interface import SaDeleted, SendDatagram
from engine.ike.payloads import Delete, Notify, parse_delete, parse_notify, parse_sa
from engine.ike.phase1 import exchange_iv
from engine.ike.wire import (
    Header,
    Payload,
    build_chain,
    parse_chain,
    parse_header,
)
from engine.suites import QuickModeMethod
from tests.fuzz.targets import Target, refusal
from tests.support.ike_pair import A, B, Pair, entropy, policy_a, policy_b
from tests.support.ike_states import (
    NAMES,
    STATES,
    State,
    conversation,
    key_for,
    label_of,
    paused_at,
    plaintext,
    proven,
    sealed,
)

MENDED = 0.85
PFS = 2
BUNDLE = QuickModeMethod("AES128", "SHA1", "SHA1")


def mend_message(data: bytes, draw: Random) -> bytes:
    """The header's length put right, most of the time."""
    if len(data) < HEADER_SIZE or draw.random() > MENDED:
        return data
    return data[:24] + len(data).to_bytes(4, "big") + data[28:]


def mend_chain(data: bytes, draw: Random) -> bytes:
    """Payload lengths that leave the message cut to its end, most of the time."""
    if draw.random() > MENDED:
        return data
    octets, at = bytearray(data), 0
    while at + 4 <= len(octets):
        size = octets[at + 2] << 8 | octets[at + 3]
        if size < 4 or at + size > len(octets) or (not octets[at] and len(octets) - at - size > 7):
            size = len(octets) - at
            octets[at] = 0
            octets[at + 2:at + 4] = (size & 0xFFFF).to_bytes(2, "big")
        if not octets[at]:
            break
        at += size
    return bytes(octets)


def mend_body(data: bytes, draw: Random) -> bytes:
    """The same for a datagram in the clear."""
    if len(data) < HEADER_SIZE or data[19] & Flag.ENCRYPTED:
        return data
    return data[:HEADER_SIZE] + mend_chain(data[HEADER_SIZE:], draw)


def reorder(data: bytes, draw: Random) -> bytes:
    """The payloads of a message in the clear: in another order, doubled, retyped, in a circle."""
    try:
        header = parse_header(data)
        payloads = list(parse_chain(header.next_payload, data[HEADER_SIZE:]))
    except ParseError:
        return data
    if not payloads:
        return data
    act = draw.randrange(4)
    if act == 0:
        draw.shuffle(payloads)
    elif act == 1:
        payloads *= draw.choice((2, 3, 20, 70))
    elif act == 2:
        at = draw.randrange(len(payloads))
        payloads[at] = payloads[at]._replace(type=draw.choice((*PayloadType, 14, 132, 255)) or 1)
    chain = build_chain(payloads)
    if act == 3:
        chain = bytes((payloads[0].type,)) + chain[1:]
    body = chain[:4_000]
    return header._replace(next_payload=payloads[0].type,
                           length=HEADER_SIZE + len(body)).build() + body


class FreshTarget(Target):
    """Datagrams of strangers into a responder that lives on and knows nobody.

    The first octet chooses the sender; time goes on a little with every datagram.
    """

    name = "isakmp-fresh"

    def __init__(self) -> None:
        self.end = IkeEndpoint(policy_b(), entropy("fresh"))
        self.now, self.rounds = 0.0, 0

    def seeds(self) -> list[bytes]:
        first = [b"\0" + conversation()[0]] * 20
        return first + [b"\0" + one for one in conversation()]

    def mend(self, data: bytes, draw: Random) -> bytes:
        if draw.random() < 0.15:
            data = data[:1] + reorder(data[1:], draw)
        if draw.random() < MENDED:
            data = data[:9] + bytes(8) + data[17:]
        return data[:1] + mend_message(mend_body(data[1:], draw), draw)

    def execute(self, data: bytes) -> str:
        self.now += 0.001
        datagram = data[1:]
        outputs = self.end.receive(datagram, B, 500, A + (data[0] if data else 0), 500, self.now)
        answered = sum(len(one.payload) for one in outputs if isinstance(one, SendDatagram))
        assert answered <= 2 * len(datagram) + 100, "amplification"
        assert len(outputs) <= 4
        timer = self.end.next_timer()
        if timer is not None and timer <= self.now:
            self.end.handle_timer(self.now)
        return label_of(outputs)

    def check(self) -> None:
        core, limits = self.end._core, IkeLimits()
        assert len(core.sas) <= limits.half_open_total and not core.pairs
        assert len(core.timers) <= 2 * limits.half_open_total
        assert len(core.refused) <= _REMEMBERED_REFUSALS and len(core.counters) < 200
        assert not core.spis


class ClearTarget(Target):
    """Datagrams of somebody without keys who knows the cookies, in every state of both roles.

    The first octet chooses the state. What is up stays as it is, whatever comes.
    """

    name = "isakmp-states"

    def __init__(self) -> None:
        self.states = {name: make() for name, make in STATES.items()}
        self.before = {name: state.shape() for name, state in self.states.items()}

    def seeds(self) -> list[bytes]:
        found = [bytes((index,)) + self.states[name].awaited
                 for index, name in enumerate(NAMES) if self.states[name].awaited]
        cookies = self.states["up as initiator"].sa.cookies
        for index in range(len(NAMES)):
            found += [bytes((index,)) + one for one in conversation()[:9]]
            found += [bytes((index,)) + self._informational(cookies, one) for one in (
                Notify(1, 14).build(), Notify(1, 24578, cookies).build(),
                Notify(1, 36136, cookies, b"\0\0\0\1").build(),
                Delete(ProtocolId.ISAKMP, (cookies,)).build())]
        return found

    @staticmethod
    def _informational(cookies: bytes, payload: Payload) -> bytes:
        body = build_chain([payload])
        return Header(cookies[:8], cookies[8:], payload.type, ExchangeType.INFORMATIONAL, 0, 0,
                      HEADER_SIZE + len(body)).build() + body

    def mend(self, data: bytes, draw: Random) -> bytes:
        if not data:
            return data
        name = NAMES[data[0] % len(NAMES)]
        message = reorder(data[1:], draw) if draw.random() < 0.15 else data[1:]
        sa = self.states[name].sa
        if draw.random() < MENDED:
            message = sa.cookie_i + (sa.cookie_r if name != "MM2" else message[8:16]) + message[16:]
        return data[:1] + mend_message(mend_body(message, draw), draw)

    def execute(self, data: bytes) -> str:
        if not data:
            return "empty"
        name = NAMES[data[0] % len(NAMES)]
        state = self.states[name]
        outputs = state.receive(data[1:])
        answered = sum(len(one.payload) for one in outputs if isinstance(one, SendDatagram))
        assert answered <= 3 * len(data) + 400, "amplification"
        after = state.shape()
        if after == self.before[name]:
            return f"{name}: {label_of(outputs)}"
        old = self.before[name]
        if name.startswith("up"):
            # Another main mode may have begun; what was there is there, pairs and all.
            assert after[1] == old[1] and set(old[0]) <= set(after[0])
        elif name in ("MM5", "MM6", "QM2", "QM3") and len(after[0]) == len(old[0]):
            assert is_true(name, data[1:], state.awaited), "moved without keys"
        self.states[name] = STATES[name]()
        return f"{name}: moved, {label_of(outputs)}"

    def check(self) -> None:
        for name in ("up as initiator", "up as responder"):
            state = self.states[name]
            core = state.end._core
            assert len(core.timers) < 50 and len(core.counters) < 200
            still_works(state.pair)
            self.states[name] = STATES[name]()
            assert self.states[name].shape() == self.before[name]


def is_true(name: str, data: bytes, awaited: bytes) -> bool:
    """Whether a body is the true one as far as its HASH goes.

    HASH_I and HASH_R do not cover what stands behind them in messages 5 and 6 (RFC 2409 5), and
    no HASH covers a block of padding that somebody added.
    """
    body, true = data[HEADER_SIZE:], awaited[HEADER_SIZE:]
    return body[:40] == true[:40] if name.startswith("MM") else body.startswith(true)


def still_works(pair: Pair) -> None:
    """A tunnel that was up before can still make another pair, in both roles."""
    before = {address: len(pair.installed(address)) for address in (A, B)}
    for address in (A, B):
        pair.initiate(address)
        pair.run(pair.now + 70.0)
    for address in (A, B):
        assert len(pair.installed(address)) == before[address] + 2
    assert not pair.of(A, SaDeleted) and not pair.of(B, SaDeleted)


class SealedTarget(Target):
    """What a peer with the keys may send, in every state: our plaintext, truly encrypted.

    Octets: state, way (bit 0 a true HASH, bits 1 and 2 the exchange), message id, first payload
    type, then the plaintext. Any of it may end the peer's own SAs; nothing else may happen.
    """

    name = "isakmp-sealed"
    _EXCHANGES = (ExchangeType.QUICK, ExchangeType.INFORMATIONAL, ExchangeType.MAIN,
                  ExchangeType.NEW_GROUP)
    _STATES = ("MM5", "MM6", "QM2", "QM3", "up as initiator", "up as responder")
    _MOST_ROUNDS = 3_000

    def __init__(self) -> None:
        self.states = {name: STATES[name]() for name in self._STATES}
        self.before = {name: state.shape() for name, state in self.states.items()}
        self.used = dict.fromkeys(self._STATES, 0)
        self.serial = 0

    def seeds(self) -> list[bytes]:
        found = []
        for index, name in enumerate(self._STATES[:4]):
            state = self.states[name]
            header = parse_header(state.awaited)
            plain = plaintext(state.sa, key_for(state, header.exchange).iv, state.awaited)
            exchange = self._EXCHANGES.index(header.exchange)
            found.append(bytes((index, exchange << 1 | 1, 0, header.next_payload)) + plain)
        for index in (4, 5):
            found += [bytes((index, way, 1, PayloadType.HASH)) + plain
                      for way, plain in self._requests(self.states[self._STATES[index]])]
        return found

    def _requests(self, state: State) -> list[tuple[int, bytes]]:
        """Whole plaintexts for a tunnel that is up: quick modes, deletes, notifies."""
        sa = state.sa
        spi = next(iter(state.end._core.pairs.values())).outbound.to_bytes(4, "big")
        empty = Payload(PayloadType.HASH, bytes(20))
        infos = [Delete(ProtocolId.ESP, (spi,)).build(),
                 Delete(ProtocolId.ISAKMP, (sa.cookies,)).build(),
                 Notify(1, 36136, sa.cookies, b"\0\0\0\1").build(),
                 Notify(1, 24578, sa.cookies).build(), Notify(3, 14, spi).build()]
        found = [(3, build_chain([empty, one])) for one in infos]
        found.append((3, build_chain([empty, infos[0], infos[0], infos[4]])))
        for more in ({}, {"pfs": PFS}, {"qm": BUNDLE}, {"qm": QuickModeMethod("AESGCM128")}):
            made = Pair(policy_a(**more), policy_b(**more))
            made = paused_at("QM1", made)
            asked = next(iter(made.a._core.sas.values()))
            data = made.wire[0].datagram.payload
            number = parse_header(data).message_id
            found.append((1, plaintext(asked, exchange_iv(asked, number), data)))
        return found

    def mend(self, data: bytes, draw: Random) -> bytes:
        return data[:4] + mend_chain(data[4:], draw)

    def execute(self, data: bytes) -> str:
        if len(data) < 5:
            return "empty"
        name = self._STATES[data[0] % len(self._STATES)]
        state = self.states[name]
        outputs = state.receive(self._seal(state, data))
        self.used[name] += 1
        assert len(outputs) < 700
        if state.shape() != self.before[name] or self.used[name] > self._MOST_ROUNDS:
            core = state.end._core
            assert len(core.sas) <= 4 and len(core.pairs) <= 4 and len(core.timers) < 30
            self.used[name] = 0
            self.states[name] = STATES[name]()
            return f"{name}: moved, {label_of(outputs)}"
        return f"{name}: {label_of(outputs)}"

    def _seal(self, state: State, data: bytes) -> bytes:
        """The datagram: a plaintext under the keys and IV that the state expects."""
        _, way, selector, first = data[:4]
        self.serial += 1
        key = key_for(state, self._EXCHANGES[way >> 1 & 3], self.serial if selector & 1 else 0)
        plain = proven(state, key, first, data[4:]) if way & 1 else data[4:]
        return sealed(state, key, first, plain, Flag.COMMIT if selector & 2 else 0)

    def check(self) -> None:
        for state in self.states.values():
            core = state.end._core
            assert len(core.timers) < 300 and len(core.counters) < 200
            assert len(core.spis) < 10


class PayloadTarget(Target):
    """The parsers alone: the first octet chooses one, the rest is a body."""

    name = "payloads"

    def __init__(self) -> None:
        self.readers: tuple[Callable[[bytes], object], ...] = (
            lambda data: parse_chain(data[0] if data else 0, data[1:]), parse_sa, parse_notify,
            parse_delete, parse_attributes, parse_identity, parse_header,
            lambda data: identity_network(parse_identity(data)),
            lambda data: phase1_address(parse_identity(data)),
            lambda data: identity_text(parse_identity(data)))

    def seeds(self) -> list[bytes]:
        found = [b"\6" + one for one in conversation()[:4]]
        for data in conversation()[:4]:
            header = parse_header(data)
            chain = data[HEADER_SIZE:]
            found.append(bytes((0, header.next_payload)) + chain)
            for one in parse_chain(header.next_payload, chain):
                found += [bytes((index,)) + one.body for index in range(1, len(self.readers))]
        offer = parse_sa(parse_chain(1, conversation()[0][HEADER_SIZE:])[0].body)
        found.append(b"\4" + offer[0].transforms[0].attributes)
        found += [bytes((index,)) + bytes.fromhex(text) for index in (5, 7, 8, 9) for text in (
            "010001f483016b01", "040000000a000100ffffff00", "070000000a0001000a0001ff",
            "02000000676174652e6578616d706c65", "09000000300d310b3009060355040613025553")]
        return found

    def execute(self, data: bytes) -> str:
        if not data:
            return "empty"
        number = data[0] % len(self.readers)
        return f"{number} {refusal(self.readers[number], data[1:])}"


TARGETS: tuple[type[Target], ...] = (FreshTarget, ClearTarget, SealedTarget, PayloadTarget)
