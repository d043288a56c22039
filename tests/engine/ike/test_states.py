"""Every payload type and every exchange type in every state, in the clear and encrypted."""

import pytest

from engine.ike.constants import HEADER_SIZE, ExchangeType, Flag, PayloadType
from engine.ike.endpoint import IkeEndpoint
from engine.ike.interface import (
    Dropped,
    IkeOutput,
    NegotiationFailed,
    NotifyReceived,
    SendDatagram,
)
from engine.ike.payloads import Notify
from engine.ike.wire import Header, Payload, build_chain, build_message
from tests.support.ike_pair import A, B, entropy, policy_b
from tests.support.ike_states import NAMES, STATES, State, key_for, proven, sealed

P = PayloadType
# Known ones, the numbers between and behind them, IKEv2's first and last, IKE fragments, private.
TYPES = (*range(1, 23), 33, 48, 54, 127, 128, 130, 131, 132, 255)
EXCHANGES = (ExchangeType.MAIN, ExchangeType.INFORMATIONAL, ExchangeType.QUICK)
BODIES = (b"", bytes(4), bytes(20), bytes(128))
# As a notify: one of no DOI, whose number says neither error nor anything we know.
STATUS = bytes(6) + b"\x7f\xff" + bytes(12)
KEYED = ("MM5", "MM6", "QM2", "QM3", "up as initiator", "up as responder")
KEYLESS = ("MM2", "MM3", "MM4")


def clear(state: State, exchange: int, payloads: list[Payload]) -> bytes:
    sa = state.sa
    responder = sa.cookie_r if sa.cookie_r != bytes(8) else b"\7" * 8
    number = 0 if exchange == ExchangeType.MAIN else 77
    return build_message(Header(sa.cookie_i, responder, 0, exchange, 0, number), payloads)


def refused(outputs: list[IkeOutput]) -> bool:
    """Whether nothing but refusals with a name came out."""
    return bool(outputs) and all(
        isinstance(one, Dropped) and bool(one.reason) or isinstance(one, NegotiationFailed)
        for one in outputs)


def harmless(exchange: int, kind: int, outputs: list[IkeOutput]) -> bool:
    """What an informational message may hold in any state: a vendor ID, a notify of no meaning."""
    return exchange == ExchangeType.INFORMATIONAL and (
        kind == P.VENDOR_ID and not outputs
        or kind == P.NOTIFY and [type(one) for one in outputs] == [NotifyReceived])


@pytest.mark.parametrize("exchange", EXCHANGES)
@pytest.mark.parametrize("name", NAMES)
def test_no_payload_in_the_clear_changes_a_state_that_does_not_expect_it(name: str,
                                                                        exchange: int) -> None:
    state = STATES[name]()
    before = state.shape()
    for kind in TYPES:
        for body in BODIES:
            outputs = state.receive(clear(state, exchange, [Payload(kind, body)]))
            assert harmless(exchange, kind, outputs) or refused(outputs), (kind, body, outputs)
            assert state.shape() == before


@pytest.mark.parametrize("name", NAMES)
def test_a_notify_in_the_clear_is_a_hint_in_every_state(name: str) -> None:
    state = STATES[name]()
    before = state.shape()
    for number in (1, 7, 14, 16, 24, 24576, 24577, 24578, 36136, 36137, 65535):
        outputs = state.receive(clear(state, ExchangeType.INFORMATIONAL,
                                      [Notify(1, number).build()]))
        assert outputs == [NotifyReceived(state.peer, number, False)]
    assert state.shape() == before


@pytest.mark.parametrize("way", ["alone", "behind a true hash", "before a true hash"])
@pytest.mark.parametrize("exchange", EXCHANGES)
@pytest.mark.parametrize("name", KEYED)
def test_no_encrypted_payload_moves_a_state_that_does_not_expect_it(name: str, exchange: int,
                                                                   way: str) -> None:
    state = STATES[name]()
    before = state.shape()
    for number, kind in enumerate(TYPES, 1_000):
        alone = Payload(kind, STATUS)
        proof = Payload(P.HASH, bytes(20))
        chain = {"alone": [alone], "behind a true hash": [proof, alone],
                 "before a true hash": [alone, proof]}[way]
        key = key_for(state, exchange, number)
        plain = proven(state, key, chain[0].type, build_chain(chain))
        outputs = state.receive(sealed(state, key, chain[0].type, plain))
        # HASH(1) over nothing but itself is an informational message that says nothing.
        empty = exchange == ExchangeType.INFORMATIONAL and kind == P.HASH and way == "alone"
        assert (empty and not outputs) or refused(outputs) or (
            way == "behind a true hash" and harmless(exchange, kind, outputs)), (kind, outputs)
        assert state.shape() == before


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_every_other_exchange_is_refused_in_every_state(name: str, encrypted: bool) -> None:
    state = STATES[name]()
    before = state.shape()
    for exchange in set(range(256)) - set(EXCHANGES):
        data = bytearray(clear(state, ExchangeType.QUICK, [Payload(P.SA, bytes(44))]))
        data[18], data[19] = exchange, Flag.ENCRYPTED if encrypted else 0
        assert state.receive(bytes(data)) == [Dropped(state.peer, "refused-exchange")]
    assert state.shape() == before


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_stranger_begins_nothing_but_main_mode(encrypted: bool) -> None:
    end = IkeEndpoint(policy_b(), entropy("b"))
    flags = int(Flag.ENCRYPTED) if encrypted else 0
    for exchange in range(256):
        for kind in TYPES:
            header = Header(b"\1" * 8, bytes(8), 0, exchange, flags, 0)
            outputs = end.receive(build_message(header, [Payload(kind, bytes(20))]),
                                  B, 500, A, 500, 0.0)
            assert [type(one) for one in outputs] == [Dropped]
    assert end.phase1_sas(0.0) == ()


@pytest.mark.parametrize("exchange", EXCHANGES)
@pytest.mark.parametrize("name", KEYLESS)
def test_what_is_encrypted_before_there_are_keys_is_refused(name: str, exchange: int) -> None:
    state = STATES[name]()
    before = state.shape()
    data = bytearray(clear(state, exchange, [Payload(P.HASH, bytes(20))]))
    data[19] |= Flag.ENCRYPTED
    outputs = state.receive(bytes(data))
    assert refused(outputs) and state.shape() == before
    assert not [one for one in outputs if isinstance(one, SendDatagram)]


@pytest.mark.parametrize("name", NAMES)
def test_a_bare_header_is_refused_in_every_state(name: str) -> None:
    state = STATES[name]()
    before = state.shape()
    for exchange in EXCHANGES:
        for encrypted in (0, int(Flag.ENCRYPTED)):
            data = bytearray(clear(state, exchange, [Payload(P.HASH, b"")])[:HEADER_SIZE])
            data[16], data[19], data[24:28] = 0, encrypted, HEADER_SIZE.to_bytes(4, "big")
            outputs = state.receive(bytes(data))
            assert refused(outputs), outputs
    assert state.shape() == before
