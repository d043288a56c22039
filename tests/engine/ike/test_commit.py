"""The commit bit of quick mode (RFC 2408 3.1): honoured, and no way to stall anybody."""

import pytest

from engine.ike.constants import Flag, NotifyType, ProtocolId
from engine.ike.interface import SaInstalled, SendDatagram
from engine.ike.payloads import Notify
from engine.ike.phase1 import Phase1, seal_info
from tests.support.ike_pair import A, B, Pair, committing, policy_a, policy_b


def sa_of(pair: Pair, address: int) -> Phase1:
    return next(iter(pair.ends[address]._core.sas.values()))


def with_flags(datagram: SendDatagram, flags: int) -> SendDatagram:
    octets = bytearray(datagram.payload)
    octets[19] |= flags
    return datagram._replace(payload=bytes(octets))


def test_a_commit_bit_that_nobody_keeps_stalls_nobody() -> None:
    pair = Pair()
    pair.initiate()
    while len(pair.installed(B)) < 1:
        sent = pair.wire.pop(0)
        pair.now = sent.arrives
        pair.deliver(with_flags(sent.datagram, Flag.COMMIT))
    assert not pair.installed(A) and pair.a.in_flight("entry-a")
    pair.run(pair.now + 2.5)
    assert pair.labels()[-2:] == ["QM3", "QM3"]
    assert pair.installed(A)[0].inbound == pair.installed(B)[0].outbound
    assert not pair.a.in_flight("entry-a")


def test_the_initiator_sends_nothing_before_the_responder_is_connected() -> None:
    pair = Pair(policy_a(), committing(policy_b()))
    pair.initiate()
    pair.run(0.085)
    assert pair.labels()[-1] == "QM3"
    assert not pair.installed(A) and pair.of(A, SaInstalled)
    pair.run(1.0)
    assert pair.labels()[-1] == "QM4" and pair.labels().count("QM3") == 1
    [one], [other] = pair.installed(A), pair.installed(B)
    assert one.inbound == other.outbound and one.outbound == other.inbound
    second, fourth = (one for one in pair.sent if one.label in ("QM2", "QM4"))
    assert second.payload[19] == fourth.payload[19] == Flag.ENCRYPTED | Flag.COMMIT


@pytest.mark.parametrize("lost", ["QM3", "QM4"])
def test_a_lost_message_of_the_commitment_is_asked_for_again(lost: str) -> None:
    pair = Pair(policy_a(), committing(policy_b()))
    pair.fate = lambda one: int(one.label != lost or pair.labels().count(lost) > 1)
    pair.initiate()
    pair.run(10.0)
    assert len(pair.installed(A)) == len(pair.installed(B)) == 1
    assert not pair.a.in_flight("entry-a")


def test_a_packet_out_of_the_pair_is_as_good_as_connected() -> None:
    pair = Pair(policy_a(), committing(policy_b()))
    pair.fate = lambda one: int(one.label != "QM4")
    pair.a.watch_traffic(lambda spi: (pair.now, 0.0))
    pair.initiate()
    pair.run(1.5)
    assert len(pair.installed(A)) == 1 and pair.labels().count("QM3") == 1


def test_connected_may_come_as_an_informational_with_the_message_id_of_its_quick_mode() -> None:
    pair = Pair(policy_a(), committing(policy_b()))
    pair.fate = lambda one: int(one.label != "QM4")
    pair.initiate()
    pair.run(0.2)
    quick, sa = next(iter(sa_of(pair, B).quicks.values())), sa_of(pair, B)
    said = Notify(ProtocolId.ESP, NotifyType.CONNECTED, b"\1\2\3\4").build()
    message = seal_info(sa, quick.message_id, said)
    for data in (message[:-1] + b"\0", message):
        assert not pair.installed(A)
        pair.take(A, pair.a.receive(data, A, 500, B, 500, pair.now))
    assert len(pair.installed(A)) == 1


def test_a_repeated_connected_changes_nothing() -> None:
    pair = Pair(policy_a(), committing(policy_b()))
    pair.fate = lambda one: 3 if one.label in ("QM3", "QM4") else 1
    pair.initiate()
    pair.run(10.0)
    assert len(pair.installed(A)) == len(pair.installed(B)) == 1
    assert pair.a.counters["duplicates"] >= 2


# --- renewal: the same wait, shorter --------------------------------------------------------------


def renewing() -> Pair:
    """A pair whose initiator has just sent message 3 of a renewal."""
    pair = Pair()
    pair.initiate()
    pair.run(5.0)
    pair.take(A, pair.a.sa_expiring(pair.installed(A)[0].inbound.spi, pair.now))
    pair.run(5.025)
    assert pair.labels()[-1] == "QM3"
    return pair


def test_a_renewed_pair_is_sent_under_a_moment_after_the_peer_heard_of_it() -> None:
    pair = renewing()
    assert len(pair.installed(A)) == 1 and len(pair.of(A, SaInstalled)) == 2
    pair.run(5.2)
    assert len(pair.installed(A)) == 1 and len(pair.installed(B)) == 2
    pair.run(6.0)
    assert len(pair.installed(A)) == 2
    assert pair.labels().count("QM3") == 2
    assert pair.a.counters["rekeys"] == 1


def test_a_renewed_pair_is_used_at_once_when_the_old_one_is_spent() -> None:
    pair = renewing()
    pair.take(A, pair.a.hurry("entry-a", pair.now))
    assert len(pair.installed(A)) == 2
    pair.take(A, pair.a.hurry("entry-a", pair.now))
    pair.run(6.0)
    assert len(pair.installed(A)) == len(pair.installed(B)) == 2
