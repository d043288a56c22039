"""Quick mode messages altered by somebody who has the keys: authentic, and still refused."""

from collections.abc import Callable

import pytest

from engine.ike.attributes import short
from engine.ike.constants import ExchangeType, NotifyType, PayloadType, ProtocolId
from engine.ike.groups import prime
from engine.ike.interface import (
    Dropped,
    NegotiationFailed,
    SaDeleted,
    SaInstalled,
    SendDatagram,
)
from engine.ike.payloads import Notify, build_sa, parse_sa
from engine.ike.phase1 import exchange_iv, hashed, seal, unseal
from engine.ike.quick_mode import open_message
from engine.ike.wire import Payload, parse_header
from tests.support.ike_pair import A, B, Pair, policy_a, policy_b

P = PayloadType
Change = Callable[[list[Payload]], list[Payload]]


def paused_at(label: str, pfs: int = 0) -> Pair:
    pair = Pair(policy_a(pfs=pfs), policy_b(pfs=pfs))
    pair.initiate()
    while pair.wire[0].datagram.label != label:
        pair.run(pair.wire[0].arrives)
    return pair


def altered(pair: Pair, change: Change) -> SendDatagram:
    """The quick mode message on the wire with other payloads behind a true HASH."""
    one = pair.wire.pop(0).datagram
    header = parse_header(one.payload)
    sa = next(iter(pair.a._core.sas.values()))
    quick = sa.quicks[header.message_id]
    if one.label == "QM1":
        iv, nonce = exchange_iv(sa, header.message_id), b""
        payloads = unseal(sa, header, one.payload, iv).payloads
    else:
        iv, nonce = quick.iv, quick.ni
        payloads = open_message(quick, header, one.payload, one.label).payloads
    chain = hashed(sa, header.message_id, change(list(payloads[1:])), nonce)
    data, _ = seal(sa, ExchangeType.QUICK, header.message_id, iv, chain)
    return one._replace(payload=data)


def body(kind: PayloadType, octets: bytes) -> Change:
    return lambda chain: [one._replace(body=octets) if one.type == kind else one for one in chain]


def without(kind: PayloadType) -> Change:
    return lambda chain: [one for one in chain if one.type != kind]


def also(kind: PayloadType, octets: bytes) -> Change:
    return lambda chain: [*chain, Payload(kind, octets)]


def spi(octets: bytes) -> Change:
    def change(chain: list[Payload]) -> list[Payload]:
        proposal = parse_sa(chain[0].body)[0]
        return [build_sa((proposal._replace(spi=octets),)), *chain[1:]]
    return change


def attribute(octets: bytes) -> Change:
    def change(chain: list[Payload]) -> list[Payload]:
        proposal = parse_sa(chain[0].body)[0]
        transform = proposal.transforms[0]
        worse = transform._replace(attributes=transform.attributes + octets)
        return [build_sa((proposal._replace(transforms=(worse,)),)), *chain[1:]]
    return change


def swap_ids(chain: list[Payload]) -> list[Payload]:
    ids = [one for one in chain if one.type == P.ID]
    return [one for one in chain if one.type != P.ID] + ids[::-1]


def replay_status(chain: list[Payload]) -> list[Payload]:
    return [*chain, Notify(ProtocolId.ESP, NotifyType.REPLAY_STATUS, b"abcd", b"\0\0\0\1").build()]


HOLES = bytes.fromhex("04000000" "0a000100" "ff00ff00")

REFUSED = [
    ("QM1", 0, without(P.ID), "invalid-id-information"),
    ("QM1", 0, swap_ids, "invalid-id-information"),
    ("QM1", 0, body(P.ID, HOLES), "invalid-id-information"),
    ("QM1", 0, body(P.ID, b"\1\0\0\0"), "invalid-id-information"),
    ("QM1", 0, body(P.NONCE, b"short"), "invalid-nonce"),
    ("QM1", 0, also(P.KE, bytes(128)), "invalid-key"),
    ("QM1", 2, without(P.KE), "invalid-key"),
    ("QM1", 2, body(P.KE, bytes(128)), "invalid-key"),
    ("QM1", 2, body(P.KE, (prime(2) - 1).to_bytes(128, "big")), "invalid-key"),
    ("QM1", 0, body(P.SA, b"nonsense"), "invalid-sa"),
    ("QM1", 0, attribute(short(77, 1)), "no-proposal-chosen"),
    ("QM1", 0, attribute(short(4, 2)), "no-proposal-chosen"),
    ("QM1", 0, spi(b"ab"), "no-proposal-chosen"),
    ("QM2", 0, without(P.ID), "invalid-id-information"),
    ("QM2", 0, swap_ids, "invalid-id-information"),
    ("QM2", 0, attribute(short(5, 2)), "modified-proposal"),
    ("QM2", 0, body(P.SA, b"nonsense"), "invalid-sa"),
    ("QM2", 0, spi(b""), "invalid-spi"),
    ("QM2", 0, body(P.NONCE, bytes(300)), "invalid-nonce"),
    ("QM2", 0, also(P.KE, bytes(128)), "invalid-key"),
    ("QM2", 2, without(P.KE), "invalid-key"),
    ("QM2", 2, body(P.KE, bytes(128)), "invalid-key"),
]


@pytest.mark.parametrize(("label", "pfs", "change", "drop"), REFUSED)
def test_an_authentic_message_that_is_wrong_ends_the_quick_mode_at_both_ends(
        label: str, pfs: int, change: Change, drop: str) -> None:
    pair = paused_at(label, pfs)
    outputs = pair.deliver(altered(pair, change))
    assert [one.reason for one in outputs if isinstance(one, Dropped)] == [drop]
    pair.run(1.0)
    for address in (A, B):
        assert pair.installed(address) == []
        assert len(pair.of(address, NegotiationFailed)) == 1
    assert len(pair.of(B, SaDeleted)) == len(pair.of(B, SaInstalled))
    assert not pair.a.in_flight("entry-a") and not pair.b.in_flight("entry-b")
    pair.run(100.0)
    pair.initiate()
    pair.run(110.0)
    assert len(pair.installed(A)) == len(pair.installed(B)) == 1


DROPPED = [
    ("QM1", also(P.ID, HOLES), "unexpected-payload"),
    ("QM1", lambda chain: chain[:-1], "missing-payload"),
    ("QM1", lambda chain: chain[1:], "missing-payload"),
    ("QM1", lambda chain: [chain[1], chain[0], *chain[2:]], "payload-order"),
    ("QM2", also(P.DELETE, b""), "unexpected-payload"),
]


@pytest.mark.parametrize(("label", "change", "drop"), DROPPED)
def test_a_message_with_the_wrong_payloads_is_dropped(label: str, change: Change,
                                                      drop: str) -> None:
    pair = paused_at(label)
    outputs = pair.deliver(altered(pair, change))
    assert [one.reason for one in outputs if isinstance(one, Dropped)] == [drop]
    pair.run(20.0)
    assert len(pair.installed(A)) == len(pair.installed(B)) == 1


@pytest.mark.parametrize("label", ["QM1", "QM2", "QM3"])
def test_a_flipped_bit_is_no_proof_and_the_true_message_still_counts(label: str) -> None:
    pair = paused_at(label)
    one = pair.wire[0].datagram
    for at in range(28, len(one.payload), 7):
        data = bytearray(one.payload)
        data[at] ^= 0x10
        outputs = pair.deliver(one._replace(payload=bytes(data)))
        assert [type(output) for output in outputs] == [Dropped]
    pair.run(20.0)
    assert len(pair.installed(A)) == len(pair.installed(B)) == 1


def test_our_own_nonce_is_not_accepted_back() -> None:
    pair = paused_at("QM2")
    ours = next(iter(next(iter(pair.a._core.sas.values())).quicks.values())).ni
    outputs = pair.deliver(altered(pair, body(P.NONCE, ours)))
    assert [one.reason for one in outputs if isinstance(one, Dropped)] == ["reflection"]
    assert not [one for one in outputs if isinstance(one, SendDatagram)]


def test_a_notify_that_says_nothing_about_life_is_read_over() -> None:
    pair = paused_at("QM2")
    pair.deliver(altered(pair, replay_status))
    assert pair.installed(A)[0].lifetime_seconds == 3600


def test_quick_mode_in_the_clear_is_refused() -> None:
    pair = paused_at("QM1")
    one = pair.wire[0].datagram
    data = one.payload[:19] + b"\0" + one.payload[20:]
    assert pair.deliver(one._replace(payload=data)) == [Dropped(A, "invalid-flags")]


def test_a_first_message_without_hash_is_refused() -> None:
    pair = paused_at("QM1")
    one = pair.wire[0].datagram
    sa = next(iter(pair.a._core.sas.values()))
    data, _ = seal(sa, ExchangeType.QUICK, 99, exchange_iv(sa, 99), [Payload(P.NONCE, bytes(20))])
    assert pair.deliver(one._replace(payload=data)) == [Dropped(A, "payload-order")]
    info, _ = seal(sa, ExchangeType.INFORMATIONAL, 98, exchange_iv(sa, 98),
                   [Payload(P.NONCE, bytes(20))])
    assert pair.deliver(one._replace(payload=info)) == [Dropped(A, "payload-order")]
