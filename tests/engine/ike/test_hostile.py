"""What an attacker or a broken peer may send: nothing of it raises, hangs, grows or succeeds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.ike import core as core_module
from engine.ike.auth import message_hash
from engine.ike.constants import ExchangeType, Flag, NotifyType, PayloadType, ProtocolId
from engine.ike.endpoint import IkeEndpoint, IkeLimits
from engine.ike.groups import prime
from engine.ike.interface import (
    Dropped,
    MainModeDown,
    NegotiationFailed,
    NotifyReceived,
    SaDeleted,
    SendDatagram,
)
from engine.ike.keymat import Prf
from engine.ike.payloads import Delete, Notify
from engine.ike.phase1 import Phase1, exchange_iv, hashed, seal
from engine.ike.wire import Header, Payload, build_chain, build_message, parse_chain, parse_header
from tests.support.ike_pair import A, B, Pair, connected, entropy, policy_a, policy_b


def datagram(pair: Pair, label: str) -> SendDatagram:
    return next(one for one in pair.sent if one.label == label)


def paused_at(label: str) -> Pair:
    """A pair whose wire holds the message `label`, not delivered yet."""
    pair = Pair()
    pair.initiate()
    while pair.wire[0].datagram.label != label:
        pair.run(pair.wire[0].arrives)
    return pair


def only_drop(outputs: list[object]) -> str:
    """The reason, when nothing but a drop came out (and perhaps a report of failure)."""
    reasons = [one.reason for one in outputs if isinstance(one, Dropped)]
    assert len(reasons) == 1
    assert all(isinstance(one, Dropped | NegotiationFailed) for one in outputs)
    return reasons[0]


def with_payload(data: bytes, kind: PayloadType, body: bytes) -> bytes:
    header = parse_header(data)
    payloads = [one._replace(body=body) if one.type == kind else one
                for one in parse_chain(header.next_payload, data[28:])]
    return build_message(header, payloads)


P2 = prime(2)


@pytest.mark.parametrize("label", ["MM3", "MM4"])
@pytest.mark.parametrize(("public", "drop"), [
    (bytes(128), "invalid-key"), ((1).to_bytes(128, "big"), "invalid-key"),
    ((P2 - 1).to_bytes(128, "big"), "invalid-key"), (P2.to_bytes(128, "big"), "invalid-key"),
    (b"\2" * 127, "invalid-key"), (b"\2" * 129, "invalid-key"), (b"", "invalid-key"),
])
def test_weak_public_values_are_refused_and_the_true_one_still_counts(
        label: str, public: bytes, drop: str) -> None:
    pair = paused_at(label)
    good = pair.wire[0].datagram
    bad = good._replace(payload=with_payload(good.payload, PayloadType.KE, public))
    assert only_drop(list(pair.deliver(bad))) == drop
    pair.run(5.0)
    assert len(pair.installed(A)) == 1


@pytest.mark.parametrize("length", [0, 7, 257])
@pytest.mark.parametrize("label", ["MM3", "MM4"])
def test_nonces_of_a_wrong_length_are_refused(label: str, length: int) -> None:
    pair = paused_at(label)
    good = pair.wire[0].datagram
    bad = good._replace(payload=with_payload(good.payload, PayloadType.NONCE, b"n" * length))
    assert only_drop(list(pair.deliver(bad))) == "invalid-nonce"
    pair.run(5.0)
    assert len(pair.installed(A)) == 1


def test_our_own_values_are_not_accepted_back() -> None:
    pair = paused_at("MM4")
    good, ours = pair.wire[0].datagram, datagram(pair, "MM3").payload
    header = parse_header(ours)
    mine = {one.type: one.body for one in parse_chain(header.next_payload, ours[28:])}
    for kind, drop in ((PayloadType.KE, "invalid-key"), (PayloadType.NONCE, "reflection")):
        bad = with_payload(good.payload, kind, mine[kind])
        assert only_drop(list(pair.deliver(good._replace(payload=bad)))) == drop
    pair.run(5.0)
    assert len(pair.installed(A)) == 1


@pytest.mark.parametrize("label", ["MM1", "MM3", "MM5", "QM1", "QM3"])
def test_a_message_sent_back_to_its_sender_does_nothing(label: str) -> None:
    pair = connected() if label.startswith("QM") else paused_at(label)
    back = datagram(pair, label)
    outputs = pair.a.receive(back.payload, A, 500, B, 500, pair.now)
    assert only_drop(list(outputs)) in (
        "reflection", "unexpected-payload", "missing-payload", "invalid-flags", "payload-order",
        "message-id-reused", "authentication-failed", "invalid-hash")
    pair.run(5.0)
    assert len(pair.installed(A)) == 1


def test_a_delete_sent_back_to_its_sender_does_nothing() -> None:
    pair = connected()
    pair.fate = lambda one: 0
    pair.take(A, pair.a.delete_sa(pair.installed(A)[0].inbound.spi, pair.now))
    info = datagram(pair, "INFO")
    outputs = pair.a.receive(info.payload, A, 500, B, 500, pair.now)
    assert outputs == [Dropped(B, "message-id-reused")]


def forged(pair: Pair, payloads: list[Payload]) -> SendDatagram:
    """An unprotected informational for the ISAKMP SA of `pair`, from A to B."""
    cookies = pair.b.phase1_sas(pair.now)[0].cookies
    header = Header(cookies[:8], cookies[8:], 0, ExchangeType.INFORMATIONAL, 0, 0)
    return SendDatagram(A, 500, B, 500, build_message(header, payloads), "INFO")


@pytest.mark.parametrize("number", [1, 14, 16, 18, 24, NotifyType.INITIAL_CONTACT, 36136])
def test_unprotected_notifies_change_nothing(number: int) -> None:
    pair = connected()
    payload = Notify(ProtocolId.ISAKMP, number).build()
    assert pair.deliver(forged(pair, [payload])) == [NotifyReceived(A, number, False)]
    assert len(pair.b.phase1_sas(1.0)) == 1
    assert pair.of(B, SaDeleted) == pair.of(B, MainModeDown) == []


def test_unprotected_deletes_change_nothing() -> None:
    pair = connected()
    cookies = pair.b.phase1_sas(1.0)[0].cookies
    spi = pair.installed(B)[0].outbound.spi.to_bytes(4, "big")
    deletes = [Delete(ProtocolId.ISAKMP, (cookies,)).build(), Delete(3, (spi,)).build()]
    assert pair.deliver(forged(pair, deletes)) == [Dropped(A, "unprotected-delete")]
    assert len(pair.b.phase1_sas(1.0)) == 1


def sa_of(end: IkeEndpoint) -> Phase1:
    return next(iter(end._core.sas.values()))


def protected(sa: Phase1, message_id: int, payloads: list[Payload],
              proof: bytes | None = None) -> SendDatagram:
    """An informational sealed with the true keys, from A to B; `proof` replaces HASH(1)."""
    chain = hashed(sa, message_id, payloads)
    if proof is not None:
        chain[0] = chain[0]._replace(body=proof)
    data, _ = seal(sa, ExchangeType.INFORMATIONAL, message_id, exchange_iv(sa, message_id), chain)
    return SendDatagram(A, 500, B, 500, data, "INFO")


def test_a_protected_message_needs_its_own_proof() -> None:
    pair = connected()
    sa = sa_of(pair.a)
    assert sa.method and sa.keys
    delete = Delete(ProtocolId.ISAKMP, (sa.cookies,)).build()
    other = message_hash(Prf(sa.method.hash, sa.keys.a), 8, build_chain([delete]))
    for proof in (b"", bytes(20), other, other[:19], other + b"\0"):
        assert pair.deliver(protected(sa, 7, [delete], proof)) == [Dropped(A, "invalid-hash")]
    assert pair.deliver(protected(sa, 7, [delete])) == [
        MainModeDown(B, A, sa.cookies, "peer-delete")]


def test_two_deletes_of_one_pair_and_a_notify_behind_are_survived() -> None:
    pair = connected()
    sa, spi = sa_of(pair.a), pair.installed(A)[0].inbound.spi.to_bytes(4, "big")
    delete = Delete(ProtocolId.ESP, (spi, spi)).build()
    notify = Notify(ProtocolId.ESP, 18, spi).build()
    outputs = pair.deliver(protected(sa, 7, [delete, delete, notify]))
    assert [type(one) for one in outputs] == [NotifyReceived, SaDeleted]
    assert pair.deliver(protected(sa, 7, [delete])) == [Dropped(A, "message-id-reused")]
    assert pair.deliver(protected(sa, 9, [delete])) == []


def test_deletes_of_foreign_spis_do_nothing() -> None:
    pair = connected()
    alien = [Delete(ProtocolId.ISAKMP, (bytes(16),)).build(),
             Delete(ProtocolId.AH, (pair.installed(B)[0].outbound.spi.to_bytes(4, "big"),)).build()]
    assert pair.deliver(protected(sa_of(pair.a), 3, alien)) == []
    for spi in (b"\0\0\0\0", pair.installed(B)[0].inbound.spi.to_bytes(4, "big")):
        message_id = int.from_bytes(spi, "big") or 5
        delete = Delete(ProtocolId.ESP, (spi,)).build()
        assert pair.deliver(protected(sa_of(pair.a), message_id, [delete])) == []


@pytest.mark.parametrize("flags", [0x08, 0xF8, Flag.COMMIT])
def test_reserved_bits_and_the_commit_bit_do_not_stall_and_are_not_echoed(flags: int) -> None:
    pair = Pair()
    pair.initiate()
    while pair.wire:
        one = pair.wire.pop(0).datagram
        data = one.payload[:19] + bytes((one.payload[19] | flags,)) + one.payload[20:]
        pair.deliver(one._replace(payload=data))
    pair.run(2.5)
    assert len(pair.installed(A)) == len(pair.installed(B)) == 1
    assert all(not one.payload[19] & flags for one in pair.sent)


@pytest.mark.parametrize("exchange", [0, 1, 3, 4, 6, 33, 34, 240, 255])
@pytest.mark.parametrize("state", ["none", "half", "up"])
def test_aggressive_and_other_exchanges_are_refused(exchange: int, state: str) -> None:
    pair = {"none": Pair, "half": lambda: paused_at("MM3"), "up": connected}[state]()
    source = datagram(pair, "MM3").payload if state != "none" else datagram(
        paused_at("MM1"), "MM1").payload
    data = source[:18] + bytes((exchange,)) + source[19:]
    outputs = pair.b.receive(data, B, 500, A, 500, pair.now)
    assert outputs == [Dropped(A, "refused-exchange")]


@pytest.mark.parametrize(("at", "octets", "drop"), [
    (0, bytes(8), "invalid-cookie"), (8, b"\xff" * 8, "invalid-cookie"),
    (17, b"\x20", "invalid-version"), (16, b"\x63", "invalid-payload-type"),
    (20, b"\0\0\0\1", "invalid-message-id"), (24, b"\0\0\0\1", "invalid-length"),
    (19, b"\1", "invalid-flags"),
])
def test_each_header_field_of_a_message_is_checked(at: int, octets: bytes, drop: str) -> None:
    pair = paused_at("MM3")
    good = pair.wire[0].datagram
    data = good.payload[:at] + octets + good.payload[at + len(octets):]
    assert only_drop(list(pair.deliver(good._replace(payload=data)))) == drop
    pair.run(5.0)
    assert len(pair.installed(A)) == 1


def test_a_message_of_another_peer_with_our_cookies_is_refused() -> None:
    pair = paused_at("MM3")
    outputs = pair.b.receive(pair.wire[0].datagram.payload, B, 500, A + 1, 500, pair.now)
    assert outputs == [Dropped(A + 1, "invalid-cookie")]


def test_quick_mode_before_the_end_of_main_mode_waits_for_its_repetition() -> None:
    pair = paused_at("MM6")
    early = Header(*(lambda c: (c[:8], c[8:]))(pair.a.phase1_sas(0.0)[0].cookies),
                   8, ExchangeType.QUICK, Flag.ENCRYPTED, 77, 0)
    data = build_message(early, [Payload(PayloadType.HASH, bytes(20))])
    assert pair.a.receive(data, A, 500, B, 500, pair.now) == [Dropped(B, "not-established")]
    pair.run(5.0)
    assert len(pair.installed(A)) == 1


def first_message(number: int) -> bytes:
    other = Pair()
    other.initiate()
    return number.to_bytes(8, "big") + other.sent[0].payload[8:]


def test_ten_thousand_spoofed_first_messages_stay_bounded_and_hurt_nobody() -> None:
    pair = connected()
    template = datagram(pair, "MM1").payload
    answered = 0
    for number in range(10_000):
        data = (number + 1).to_bytes(8, "big") + template[8:]
        outputs = pair.b.receive(data, B, 500, A + 1 + number % 500, 500, pair.now)
        assert sum(len(one.payload) for one in outputs if isinstance(one, SendDatagram)) <= len(
            data)
        answered += sum(isinstance(one, SendDatagram) for one in outputs)
    assert answered <= 10_000
    assert len(pair.b.phase1_sas(pair.now)) <= IkeLimits().half_open_total + 1
    assert len(pair.b._core.timers) <= IkeLimits().half_open_total + 10
    pair.take(A, pair.a.delete_phase1(sa_of(pair.a).cookies, pair.now))
    pair.run(2.0)
    pair.initiate()
    pair.run(5.0)
    assert len(pair.installed(A)) == 2
    pair.run(100.0)
    assert len(pair.b.phase1_sas(pair.now)) == 1


def test_half_open_main_modes_are_bounded_per_address() -> None:
    pair = Pair(limits=IkeLimits(half_open_per_address=3))
    for number in range(1, 50):
        pair.b.receive(first_message(number), B, 500, A, 500, 0.0)
    assert len(pair.b.phase1_sas(0.0)) == 3
    assert pair.b.counters["half_open_evicted"] == 46
    pair.initiate()
    pair.run(1.0)
    assert len(pair.installed(A)) == 1


def test_a_main_mode_past_its_second_message_is_not_pushed_out() -> None:
    pair = Pair(limits=IkeLimits(half_open_per_address=1))
    pair.initiate()
    pair.run(0.035)
    outputs = pair.b.receive(first_message(9), B, 500, A, 500, pair.now)
    assert outputs == [Dropped(A, "half-open-limit")]
    pair.run(1.0)
    assert len(pair.installed(A)) == 1


def test_refusals_are_remembered_in_a_bounded_table() -> None:
    pair = Pair(second=policy_b()._replace(first=None))
    for number in range(1, 1000):
        pair.b.receive(first_message(1)[:0] + number.to_bytes(8, "big") + bytes(20), B, 500, A,
                       500, 0.0)
    template = first_message(1)
    for number in range(1, 500):
        pair.b.receive(number.to_bytes(8, "big") + template[8:], B, 500, A, 500, 0.0)
    assert len(pair.b._core.refused) == core_module._REMEMBERED_REFUSALS
    assert pair.b.phase1_sas(0.0) == ()


LIVE = connected()
HALF = paused_at("MM3")


def ends() -> list[IkeEndpoint]:
    return [LIVE.a, LIVE.b, HALF.a, HALF.b, IkeEndpoint(policy_a(), entropy("x")),
            IkeEndpoint(policy_a()._replace(first=None), entropy("y"))]


@settings(max_examples=250, deadline=None)
@given(st.binary(max_size=200))
def test_junk_gives_a_list_of_outputs(data: bytes) -> None:
    for end in ends():
        outputs = end.receive(data, A, 500, B, 500, 1.0)
        assert [type(one) for one in outputs] == [Dropped]


MESSAGES = [one.payload for one in LIVE.sent + HALF.sent]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(MESSAGES), st.lists(st.tuples(st.integers(0, 500), st.integers(0, 255)),
                                           max_size=4), st.integers(0, 40), st.booleans())
def test_true_messages_cut_and_flipped_give_a_list_of_outputs(
        data: bytes, flips: list[tuple[int, int]], cut: int, mend: bool) -> None:
    octets = bytearray(data[:len(data) - cut])
    for at, value in flips:
        octets[at % len(octets)] = value
    if mend and len(octets) >= 28:
        octets[24:28] = len(octets).to_bytes(4, "big")
    for end, local, peer in ((LIVE.a, A, B), (LIVE.b, B, A), (HALF.b, B, A)):
        assert isinstance(end.receive(bytes(octets), local, 500, peer, 500, 1.0), list)
    assert [one.state for one in LIVE.a.phase1_sas(1.0)][:1] == ["up"]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=40)), max_size=6),
       st.integers(1, 2**32 - 1))
def test_authentic_nonsense_from_a_peer_with_the_keys_is_survived(
        chain: list[tuple[int, bytes]], message_id: int) -> None:
    sa = sa_of(LIVE.a)
    payloads = [Payload(kind, body) for kind, body in chain if kind]
    for exchange in (ExchangeType.INFORMATIONAL, ExchangeType.QUICK):
        data, _ = seal(sa, exchange, message_id, exchange_iv(sa, message_id),
                       hashed(sa, message_id, payloads))
        outputs = LIVE.b.receive(data, B, 500, A, 500, 1.0)
        assert isinstance(outputs, list)
