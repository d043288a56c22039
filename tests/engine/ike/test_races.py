"""Every message of every exchange lost, doubled, delayed, overtaken: recovers or fails by name."""

from collections.abc import Callable

import pytest

from engine.ike.interface import NegotiationFailed, SaDeleted, SaInstalled, SendDatagram
from tests.support.ike_nat import PUBLIC, NattedPair
from tests.support.ike_pair import A, B, Pair, committing, policy_a, policy_b
from tests.support.pki import WALL, credentials, machine, root

MESSAGES = ("MM1", "MM2", "MM3", "MM4", "MM5", "MM6", "QM1", "QM2", "QM3")


def signed_pair() -> Pair:
    """Two gateways with certificates."""
    ends = (machine("C=US, O=Example, CN=gwA"), machine("C=US, O=Example, CN=gwB"))
    first, second = (
        policy._replace(first=policy.first and policy.first._replace(
            psk=None, credentials=credentials(own, root()), preference=("rsa",)))
        for policy, own in zip((policy_a(), policy_b()), ends, strict=True))
    return Pair(first, second, epoch=WALL)


WORLDS: dict[str, Callable[[], Pair]] = {
    "plain": Pair,
    "pfs": lambda: Pair(policy_a(pfs=2), policy_b(pfs=2)),
    "nat": NattedPair,
    "nat-pfs": lambda: NattedPair(policy_a(pfs=2), policy_b(pfs=2)),
    "master-pfs": lambda: Pair(policy_a(mmpfs=True, pfs=2), policy_b(mmpfs=True, pfs=2)),
    "commit": lambda: Pair(policy_a(), committing(policy_b())),
    "signed": signed_pair,
}
# Seconds later than its turn: behind the next message, behind the first and second repetition,
# after the sender's exchange is long over.
DELAYS = (0.035, 1.5, 4.0, 30.0)


def first_of(label: str) -> Callable[[SendDatagram], bool]:
    """True for the first datagram of a label only."""
    seen = 0

    def is_first(datagram: SendDatagram) -> bool:
        nonlocal seen
        seen += datagram.label == label
        return datagram.label == label and seen == 1
    return is_first


def alive(pair: Pair, address: int) -> dict[tuple[int, int], SaInstalled]:
    """Pairs that one side may use, by both SPIs, that it has not deleted."""
    gone = {one.inbound_spi for one in pair.of(address, SaDeleted) if isinstance(one, SaDeleted)}
    return {(one.inbound.spi, one.outbound.spi): one for one in pair.installed(address)
            if one.inbound.spi not in gone}


def assert_recovered(pair: Pair) -> None:
    """Both ends have the same working pairs, at least one, and nothing is under way."""
    a, b = alive(pair, A), alive(pair, B)
    assert a and set(a) == {(theirs, mine) for mine, theirs in b}
    for (mine, theirs), one in a.items():
        other = b[theirs, mine]
        assert (one.inbound, one.outbound) == (other.outbound, other.inbound)
    assert_at_rest(pair)


def assert_at_rest(pair: Pair) -> None:
    for end in (pair.a, pair.b):
        assert all(sa.up for sa in end._core.sas.values())
        assert not any(quick.state in ("QM1", "QM2") for sa in end._core.sas.values()
                       for quick in sa.quicks.values())
        assert not end.in_flight("entry-a") and not end.in_flight("entry-b")


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("label", MESSAGES)
@pytest.mark.parametrize("copies", [0, 2, 20])
def test_a_lost_or_repeated_message_does_no_harm(world: str, label: str, copies: int) -> None:
    pair, hit = WORLDS[world](), first_of(label)
    pair.fate = lambda datagram: copies if hit(datagram) else 1
    pair.initiate()
    pair.run(200.0)
    assert_recovered(pair)
    assert len(pair.installed(A)) == len(pair.installed(B)) == 1
    assert not pair.of(A, NegotiationFailed) and not pair.of(B, NegotiationFailed)


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("label", MESSAGES)
@pytest.mark.parametrize("delay", DELAYS)
def test_a_late_message_does_no_harm(world: str, label: str, delay: float) -> None:
    pair, hit = WORLDS[world](), first_of(label)
    pair.delay = lambda datagram: delay if hit(datagram) else 0.0
    pair.initiate()
    pair.run(200.0)
    assert_recovered(pair)


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("label", MESSAGES)
def test_a_message_that_never_arrives_fails_by_name(world: str, label: str) -> None:
    pair = WORLDS[world]()
    pair.fate = lambda datagram: int(datagram.label != label)
    pair.initiate()
    pair.run(400.0)
    failures = [one for end in (A, B) for one in pair.of(end, NegotiationFailed)
                if isinstance(one, NegotiationFailed)]
    assert failures and all(one.code in (13805, 13807, 13813) for one in failures)
    assert_at_rest(pair)
    # And nothing is spoilt: once the way is free again, the next request gets through.
    pair.fate = lambda datagram: 1
    pair.initiate()
    pair.run(600.0)
    newest = pair.installed(A)[-1]
    assert any(newest.inbound == one.outbound for one in pair.installed(B))


@pytest.mark.parametrize("label", MESSAGES)
@pytest.mark.parametrize("fault", ["lost", "doubled", "late"])
def test_both_ends_begin_in_the_same_tick_whatever_happens(label: str, fault: str) -> None:
    pair, hit = Pair(), first_of(label)
    if fault == "late":
        pair.delay = lambda datagram: 1.5 if hit(datagram) else 0.0
    else:
        pair.fate = lambda datagram: (0 if fault == "lost" else 2) if hit(datagram) else 1
    pair.initiate(A)
    pair.initiate(B)
    pair.run(300.0)
    assert_recovered(pair)


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("label", ["MM1", "MM3", "MM5", "QM1", "QM2", "QM3"])
@pytest.mark.parametrize("fault", ["lost", "doubled", "late"])
def test_a_renewal_replaces_the_pair_whatever_happens(world: str, label: str,
                                                      fault: str) -> None:
    pair = WORLDS[world]()
    pair.initiate()
    pair.run(100.0)
    old = pair.installed(A)[0]
    hit = first_of(label)
    if fault == "late":
        pair.delay = lambda datagram: 1.5 if hit(datagram) else 0.0
    else:
        pair.fate = lambda datagram: (0 if fault == "lost" else 2) if hit(datagram) else 1
    pair.take(A, pair.a.sa_expiring(old.inbound.spi, pair.now))
    pair.take(B, pair.b.sa_expiring(old.outbound.spi, pair.now))
    pair.run(300.0)
    assert_recovered(pair)
    assert (old.inbound.spi, old.outbound.spi) not in alive(pair, A)


@pytest.mark.parametrize("fault", ["doubled", "late", "lost"])
def test_a_delete_that_is_lost_late_or_doubled_hits_nothing_else(fault: str) -> None:
    pair = Pair()
    pair.initiate()
    pair.run(1.0)
    old = pair.installed(A)[0]
    hit = first_of("INFO")
    if fault == "late":
        pair.delay = lambda datagram: 5.0 if hit(datagram) else 0.0
    else:
        pair.fate = lambda datagram: (0 if fault == "lost" else 2) if hit(datagram) else 1
    pair.take(A, pair.a.delete_sa(old.inbound.spi, pair.now))
    pair.initiate()
    pair.run(20.0)
    newest = pair.installed(A)[-1]
    assert (newest.outbound.spi, newest.inbound.spi) in alive(pair, B)
    assert ((old.outbound.spi, old.inbound.spi) in alive(pair, B)) == (fault == "lost")


@pytest.mark.parametrize("label", MESSAGES)
def test_a_peer_that_restarts_at_any_message_is_reached_again(label: str) -> None:
    pair = NattedPair()
    pair.initiate()
    while pair.wire and pair.wire[0].datagram.label != label:
        pair.run(pair.wire[0].arrives)
    pair.wire.clear()
    reborn = Pair()
    pair.b = pair.ends[B] = reborn.b
    # One quick mode may be spent on learning that the peer forgot the ISAKMP SA.
    for until in (150.0, 300.0, 450.0):
        pair.run(until)
        pair.initiate()
    pair.run(600.0)
    assert any(pair.installed(A)[-1].inbound == one.outbound for one in pair.installed(B))
    assert pair.installed(B)[-1].peer == PUBLIC


@pytest.mark.parametrize("label", ["MM5", "MM6", "QM1", "QM2", "QM3"])
def test_a_nat_that_moves_between_any_two_messages_is_followed_or_overcome(label: str) -> None:
    pair, hit = NattedPair(), first_of(label)

    def fate(datagram: SendDatagram) -> int:
        if hit(datagram):
            pair.move()
        return 1

    pair.fate = fate
    pair.initiate()
    pair.run(200.0)
    pair.initiate()
    pair.run(400.0)
    assert any(pair.installed(A)[-1].inbound == one.outbound for one in pair.installed(B))
    assert_at_rest(pair)
