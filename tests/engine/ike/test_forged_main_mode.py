"""Main mode messages from a peer that has the key and still does wrong; weak keys by chance."""

import pytest

from engine.ike import main_mode, quick_mode
from engine.ike.constants import ExchangeType, Flag, PayloadType
from engine.ike.identity import Identity
from engine.ike.interface import Dropped, NegotiationFailed, SendDatagram
from engine.ike.phase1 import Phase1, exchange_iv, hashed, seal, unseal, vendor_text
from engine.ike.wire import Header, Payload, build_message, parse_header
from tests.support.ike_pair import A, B, Pair, connected

P = PayloadType


def paused_at(label: str) -> Pair:
    pair = Pair()
    pair.initiate()
    while pair.wire[0].datagram.label != label:
        pair.run(pair.wire[0].arrives)
    return pair


def sa_of(pair: Pair, address: int) -> Phase1:
    return next(iter(pair.ends[address]._core.sas.values()))


def fifth_with(pair: Pair, identity: bytes, proof: bytes | None) -> SendDatagram:
    """Message 5 with another identity and, unless `proof` is given, the hash that fits it."""
    one = pair.wire.pop(0).datagram
    theirs, ours = sa_of(pair, B), sa_of(pair, A)
    opened = unseal(theirs, parse_header(one.payload), one.payload, theirs.iv)
    true = main_mode._hash(ours, True, identity)
    fits = {P.ID: identity, P.HASH: true if proof is None else proof}
    data, _ = seal(theirs, ExchangeType.MAIN, 0, theirs.iv, [
        payload._replace(body=fits.get(PayloadType(payload.type), payload.body))
        for payload in opened.payloads])
    return one._replace(payload=data)


OWN = Identity(1, 17, 500, A.to_bytes(4, "big"))


@pytest.mark.parametrize(("identity", "proof", "drop", "code"), [
    (OWN.build(), bytes(20), "authentication-failed", 13870),
    (OWN.build(), b"", "authentication-failed", 13870),
    (OWN._replace(data=B.to_bytes(4, "big")).build(), None, "unsupported-id", 13869),
    (OWN._replace(port=4500).build(), None, "unsupported-id", 13869),
    (Identity(2, 0, 0, b"gw.example").build(), None, "unsupported-id", 13869),
    (Identity(1, 0, 0, b"abc").build(), None, "unsupported-id", 13869),
    (b"\1\0\0\0", None, "authentication-failed", 13801),
])
def test_a_proof_or_name_that_does_not_fit_is_refused(identity: bytes, proof: bytes | None,
                                                      drop: str, code: int) -> None:
    pair = paused_at("MM5")
    outputs = pair.deliver(fifth_with(pair, identity, proof))
    told = [SendDatagram] if drop == "unsupported-id" else []
    assert [type(one) for one in outputs] == [Dropped, *told, NegotiationFailed]
    assert [one.reason for one in outputs if isinstance(one, Dropped)] == [drop]
    assert [one.code for one in outputs if isinstance(one, NegotiationFailed)] == [code]
    assert pair.b.phase1_sas(pair.now)[0].state == "MM4"
    pair.run(20.0)
    assert len(pair.installed(A)) == 1


@pytest.mark.parametrize("label", ["MM5", "MM6"])
def test_a_flipped_bit_in_a_proof_is_refused_and_the_true_one_still_counts(label: str) -> None:
    pair = paused_at(label)
    one = pair.wire[0].datagram
    for at in range(28, 28 + 36):
        data = bytearray(one.payload)
        data[at] ^= 1
        outputs = pair.deliver(one._replace(payload=bytes(data)))
        assert isinstance(outputs[0], Dropped)
        assert not [output for output in outputs if isinstance(output, SendDatagram)]
    pair.run(20.0)
    assert len(pair.installed(A)) == 1


def test_a_responder_that_uses_our_cookie_is_a_mirror() -> None:
    pair = paused_at("MM2")
    one = pair.wire[0].datagram
    data = one.payload[:8] + one.payload[:8] + one.payload[16:]
    assert pair.deliver(one._replace(payload=data)) == [Dropped(B, "reflection")]


def test_a_second_first_message_under_a_cookie_in_use_is_refused() -> None:
    pair = paused_at("MM3")
    first = pair.sent[0]
    header = parse_header(first.payload)
    other = build_message(header, [Payload(P.VENDOR_ID, b"x")])
    assert pair.deliver(first._replace(payload=other)) == [Dropped(A, "invalid-cookie")]
    assert pair.deliver(first) == [pair.sent[1]]
    assert pair.b.counters["duplicates"] == 1


def test_a_first_message_must_be_in_the_clear_and_about_an_offer() -> None:
    pair = Pair()
    pair.initiate()
    one = pair.wire.pop(0).datagram
    sealed = one.payload[:19] + bytes((Flag.ENCRYPTED,)) + one.payload[20:]
    assert pair.deliver(one._replace(payload=sealed)) == [Dropped(A, "invalid-flags")]
    nothing = build_message(parse_header(one.payload), [Payload(P.VENDOR_ID, b"x")])
    assert pair.deliver(one._replace(payload=nothing)) == [Dropped(A, "missing-payload")]
    for exchange in (ExchangeType.INFORMATIONAL, ExchangeType.QUICK):
        alien = one.payload[:18] + bytes((exchange,)) + one.payload[19:20] + b"\0\0\0\7"
        data = alien + one.payload[24:]
        outputs = pair.b.receive(data, B, 500, A, 500, 0.0)
        assert outputs == [Dropped(A, "invalid-cookie")]
    assert pair.b.phase1_sas(0.0) == ()


def test_a_protected_message_before_the_end_of_main_mode_is_refused() -> None:
    pair = paused_at("MM5")
    cookies = sa_of(pair, B).cookies
    header = Header(cookies[:8], cookies[8:], 0, ExchangeType.INFORMATIONAL, Flag.ENCRYPTED, 9)
    data = build_message(header, [Payload(P.HASH, bytes(20))])
    assert pair.b.receive(data, B, 500, A, 500, pair.now) == [Dropped(A, "not-established")]


@pytest.mark.parametrize("exchange", [ExchangeType.INFORMATIONAL, ExchangeType.QUICK])
def test_message_ids_of_one_phase_one_are_bounded(exchange: int) -> None:
    pair = connected()
    sa = sa_of(pair, A)
    sa_of(pair, B).message_ids.update(range(1, 20_000))
    data, _ = seal(sa, exchange, 30_000, exchange_iv(sa, 30_000),
                   hashed(sa, 30_000, [Payload(P.VENDOR_ID, b"x")]))
    assert pair.b.receive(data, B, 500, A, 500, 1.0) == [Dropped(A, "too-many-exchanges")]


@pytest.mark.parametrize("module", [main_mode, quick_mode])
def test_a_weak_key_is_never_used(module: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "is_weak_key", lambda cipher, key: True)
    pair = Pair()
    pair.initiate()
    pair.run(200.0)
    assert pair.installed(A) == pair.installed(B) == []
    codes = [one.code for one in pair.of(B, NegotiationFailed)
             if isinstance(one, NegotiationFailed)]
    assert codes == [13864]
    assert pair.b.counters["weak-key"] >= 1


@pytest.mark.parametrize(("vendors", "text"), [
    ([], ""),
    ([b"other", bytes.fromhex("1e2b516905991c7d7c96fcbfb587e46100000004")],
     "Windows Server 2003"),
    ([bytes.fromhex("1e2b516905991c7d7c96fcbfb587e46100000008")], "Windows (8)"),
    ([bytes.fromhex("1e2b516905991c7d7c96fcbfb587e461")], "1e2b516905991c7d7c96fcbfb587e461"),
])
def test_vendors_in_words(vendors: list[bytes], text: str) -> None:
    assert vendor_text(vendors) == text
