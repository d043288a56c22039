"""NAT traversal: vendor IDs, finding the NAT, port 4500, moving ports, keepalives."""

from collections.abc import Callable

import pytest

from engine.address import Network
from engine.ike import quick_mode, vendors
from engine.ike.endpoint import IkeEndpoint
from engine.ike.interface import (
    MainModeDown,
    MainModeUp,
    NegotiationFailed,
    PeerMoved,
    SaDeleted,
    SendDatagram,
    TrafficSelector,
)
from engine.ike.wire import Payload
from engine.suites import QuickModeMethod
from tests.support.ike_nat import PUBLIC, NattedPair
from tests.support.ike_pair import (
    A,
    B,
    FixedPolicy,
    Pair,
    connected,
    entropy,
    policy_a,
    policy_b,
)


def without(policy: FixedPolicy) -> FixedPolicy:
    assert policy.first
    return policy._replace(first=policy.first._replace(natt=False))


def natted() -> NattedPair:
    pair = NattedPair()
    pair.initiate()
    pair.run(1.0)
    return pair


def test_vendor_ids_are_those_of_the_rfc_and_of_its_drafts() -> None:
    assert [one.vendor.hex() for one in vendors.EDITIONS] == [
        "4a131c81070358455c5728f20e95452f", "7d9419a65310ca6f2c179d9215529d56",
        "90cb80913ebb696e086381b5ec427b1f", "cd60464335df21f87cfdb2fc68b6a448"]


def test_without_a_nat_everything_stays_on_port_500() -> None:
    pair = connected()
    assert {(one.local_port, one.peer_port) for one in pair.sent} == {(500, 500)}
    assert pair.installed(A)[0].udp == pair.installed(B)[0].udp == ()


def test_through_a_nat_message_5_and_all_that_follows_use_port_4500() -> None:
    pair = natted()
    ports = {one.label: (one.local_port, one.peer_port) for one in pair.sent if one.peer == B}
    assert ports == {**dict.fromkeys(("MM1", "MM3"), (500, 500)),
                     **dict.fromkeys(("MM5", "QM1", "QM3"), (4500, 4500))}
    replies = {one.label: one.peer_port for one in pair.sent if one.local == B}
    assert replies == {"MM2": 40000, "MM4": 40000, "MM6": 40001, "QM2": 40001}
    a, b = pair.installed(A)[0], pair.installed(B)[0]
    assert (a.udp, b.udp) == ((4500, 4500), (4500, 40001))
    assert (a.inbound, a.outbound) == (b.outbound, b.inbound)
    assert b.peer == PUBLIC


def test_the_responder_can_begin_later_quick_modes() -> None:
    pair = natted()
    wanted = pair.policies[B].second[0]._replace(entry="other")
    pair.take(B, pair.b.initiate(B, PUBLIC, wanted, pair.now))
    pair.run(2.0)
    assert len(pair.installed(A)) == len(pair.installed(B)) == 2


@pytest.mark.parametrize("index", range(4))
def test_every_edition_works(index: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendors, "EDITIONS", vendors.EDITIONS[index:])
    pair = natted()
    assert pair.installed(A)[0].udp and pair.installed(B)[0].udp


@pytest.mark.parametrize("sides", [(True, False), (False, True)])
def test_without_nat_traversal_a_nat_breaks_authentication_by_name(
        sides: tuple[bool, bool]) -> None:
    change: tuple[Callable[[FixedPolicy], FixedPolicy], ...] = (without, lambda one: one)
    first, second = (change[not off](one) for off, one in zip(
        sides, (policy_a(), policy_b()), strict=True))
    pair = NattedPair(first, second)
    pair.initiate()
    pair.run(100.0)
    assert not pair.installed(A) and not pair.installed(B)
    assert [one.detail for one in pair.of(B, NegotiationFailed)
            if isinstance(one, NegotiationFailed)] == [
        ("Identity", "192.0.2.99", "131.107.1.1")]


def test_ah_is_refused_by_name_through_a_nat() -> None:
    ah = QuickModeMethod(ah_auth="SHA1")
    pair = NattedPair(policy_a(qm=ah), policy_b(qm=ah))
    pair.initiate()
    pair.run(10.0)
    assert [(one.mode, one.detail[0]) for one in pair.of(A, NegotiationFailed)
            if isinstance(one, NegotiationFailed)] == [("quick", "Security methods")]


# --- transport mode and the original addresses ---------------------------------------------------

SERVER = TrafficSelector(Network(B, 32), Network(PUBLIC, 32))


def transport() -> NattedPair:
    """A behind its NAT asks B for transport mode."""
    client = TrafficSelector(Network(A, 32), Network(B, 32))
    first, second = policy_a(tunnel=False), policy_b(tunnel=False)
    pair = NattedPair(
        first._replace(second=(first.second[0]._replace(selector=client),)),
        second._replace(second=(second.second[0]._replace(selector=SERVER),)))
    pair.initiate()
    pair.run(10.0)
    return pair


def test_transport_mode_passes_a_nat_and_both_know_the_original_addresses() -> None:
    pair = transport()
    [own], [peer] = pair.installed(A), pair.installed(B)
    assert own.inbound == peer.outbound and not own.tunnel and own.udp and peer.udp
    assert own.selector == TrafficSelector(Network(A, 32), Network(B, 32))
    assert peer.selector == SERVER
    assert own.original == (B, PUBLIC) and peer.original == (A, B)


def test_the_server_behind_the_nat_begins_too() -> None:
    pair = transport()
    pair.take(B, pair.b.initiate(B, PUBLIC, pair.policies[B].second[0], pair.now))
    pair.run(pair.now + 5.0)
    own, peer = pair.installed(A)[-1], pair.installed(B)[-1]
    assert not own.initiator and peer.initiator and own.inbound == peer.outbound
    assert own.original == (B, PUBLIC) and peer.original == (A, B)


@pytest.mark.parametrize(("bodies", "drop"), [
    (([1, 0, 0, 0, 10, 0, 0, 1],), "invalid-nat-oa"),
    (([1, 0, 0, 0, 10, 0, 0],) * 2, "invalid-nat-oa"),
    (([5, *[0] * 19],) * 2, "invalid-nat-oa"),
])
def test_malformed_original_addresses_end_the_quick_mode(bodies: tuple[list[int], ...],
                                                         drop: str,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick_mode, "original_addresses", lambda sa, initiator: [
        Payload(sa.natt.nat_oa, bytes(one)) for one in bodies])
    pair = transport()
    assert pair.b.counters[drop] == 1
    assert not pair.installed(A) and not pair.installed(B)


def test_a_peer_that_names_no_original_addresses_is_served_all_the_same(
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick_mode, "original_addresses", lambda sa, initiator: [])
    pair = transport()
    assert pair.installed(A)[0].original == pair.installed(B)[0].original == (0, 0)


def test_a_nat_that_changes_ports_is_followed_by_authentic_messages_only() -> None:
    pair = natted()
    sa = pair.b._core.sas_of(B, PUBLIC)[0]
    pair.b.receive(b"\xff" * 60, B, 4500, PUBLIC, 50000, pair.now)
    forged = bytearray(next(one.payload for one in pair.sent if one.label == "QM1"))
    forged[20] ^= 1
    pair.b.receive(bytes(forged), B, 4500, PUBLIC, 50000, pair.now)
    assert sa.peer_port == 40001
    pair.move()
    pair.initiate()
    pair.run(3.0)
    assert sa.peer_port == 40002
    assert pair.of(B, PeerMoved) == [PeerMoved(B, PUBLIC, 40002,
                                               (pair.installed(B)[0].inbound.spi,))]
    assert len(pair.installed(A)) == 2


def test_message_5_on_port_500_is_refused_when_there_is_a_nat() -> None:
    pair = NattedPair()
    pair.fate = lambda datagram: int(datagram.label != "MM5")
    pair.initiate()
    pair.run(0.5)
    fifth = next(one for one in pair.sent if one.label == "MM5")
    pair.b.receive(fifth.payload, B, 500, PUBLIC, 40000, pair.now)
    assert pair.b.counters["wrong-port"] == 1
    assert not pair.of(B, MainModeUp)


def test_the_side_behind_the_nat_keeps_its_mapping_alive_while_it_is_idle() -> None:
    pair = natted()
    pair.run(65.0)
    alive = [one for one in pair.sent if one.label == "KEEPALIVE"]
    assert [(one.payload, one.local_port, one.peer) for one in alive] == [(b"\xff", 4500, B)] * 3
    pair.a.watch_traffic(lambda spi: (0.0, pair.now - 5.0))
    pair.run(200.0)
    assert len([one for one in pair.sent if one.label == "KEEPALIVE"]) == 3


def test_an_alarm_that_rounds_to_a_moment_too_early_does_not_come_again_and_again() -> None:
    sent = 504.515581501757
    assert sent + 20.0 - sent < 20.0
    pair = natted()
    pair.a.watch_traffic(lambda spi: (0.0, sent))
    pair.run(600.0)
    alive = [one for one in pair.sent if one.label == "KEEPALIVE"]
    assert 3 <= len(alive) <= 5


@pytest.mark.parametrize("label", ["MM3", "MM4"])
def test_missing_discovery_payloads_are_refused(label: str) -> None:
    pair = Pair()
    pair.fate = lambda datagram: int(datagram.label != label)
    pair.initiate()
    pair.run(0.5)
    message = next(one for one in pair.sent if one.label == label)
    end: IkeEndpoint = pair.ends[message.peer]
    sa = next(iter(end._core.sas.values()))
    assert sa.natt
    sa.natt = sa.natt._replace(nat_d=130)
    pair.take(message.peer, end.receive(message.payload, message.peer, 500, message.local, 500,
                                        pair.now))
    assert end.counters["missing-payload"] == 1
    assert not sa.up


def test_keepalives_end_with_the_association() -> None:
    pair = natted()
    pair.take(A, pair.a.shutdown(pair.now))
    sent = len(pair.sent)
    pair.run(100.0)
    assert len(pair.sent) == sent


def test_initial_contact_of_one_peer_behind_a_nat_spares_the_others() -> None:
    pair = natted()
    pair.run(50.0)
    other = IkeEndpoint(pair.policies[A], entropy("another"))
    inside = A + 6
    queue = [one for one in other.initiate(inside, B, pair.policies[A].second[0], pair.now)
             if isinstance(one, SendDatagram)]
    labels = []
    while queue:
        one = queue.pop(0)
        labels.append(one.label)
        if one.peer == B:
            outputs = pair.b.receive(one.payload, B, one.peer_port, PUBLIC,
                                     41000 + one.local_port, pair.now)
        else:
            outputs = other.receive(one.payload, inside, one.peer_port - 41000, B, one.local_port,
                                    pair.now)
        assert not [out for out in outputs if isinstance(out, SaDeleted | MainModeDown)]
        queue += [out for out in outputs if isinstance(out, SendDatagram)]
    assert labels[-1] == "QM3"
    assert len(pair.b._core.pairs_of(B, PUBLIC)) == 2


def test_keepalives_go_on_for_a_pair_that_outlives_its_isakmp_sa() -> None:
    pair = NattedPair(policy_a(lifetime=100), policy_b(lifetime=100))
    pair.initiate()
    pair.run(105.0)
    assert pair.a.phase1_sas(pair.now) == ()
    sent = len(pair.sent)
    pair.run(300.0)
    assert [one.label for one in pair.sent[sent:]] == ["KEEPALIVE"] * len(pair.sent[sent:])
    assert 8 <= len(pair.sent) - sent <= 11
    pair.run(5000.0)
    assert pair.a.next_timer() is None
