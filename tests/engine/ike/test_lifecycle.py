"""How SAs end: renewal, expiry, deletes both ways, new policy, restart, shutdown."""

import pytest

from engine.ike.constants import RENEWAL_WAIT
from engine.ike.endpoint import IkeEndpoint
from engine.ike.interface import MainModeDown, NegotiationFailed, SaDeleted, SaInstalled
from engine.suites import QuickModeMethod
from tests.support.ike_pair import A, B, Pair, connected, entropy, policy_a, policy_b


def deleted(pair: Pair, address: int) -> list[tuple[int, str]]:
    return [(one.inbound_spi, one.reason) for one in pair.of(address, SaDeleted)
            if isinstance(one, SaDeleted)]


def downs(pair: Pair, address: int) -> list[str]:
    return [one.reason for one in pair.of(address, MainModeDown)
            if isinstance(one, MainModeDown)]


def test_a_soft_lifetime_makes_the_successor_before_the_old_pair_ends() -> None:
    pair = connected()
    old = pair.installed(A)[0]
    pair.now = 3000.0
    pair.take(A, pair.a.sa_expiring(old.inbound.spi, pair.now))
    pair.run(3005.0)
    assert len(pair.installed(A)) == len(pair.installed(B)) == 2
    assert deleted(pair, A) == deleted(pair, B) == []
    pair.run(3020.0)
    assert deleted(pair, A) == [(old.inbound.spi, "replaced")]
    assert deleted(pair, B) == [(old.outbound.spi, "peer-delete")]
    assert pair.a.counters["rekeys"] == 1


def successors(pair: Pair) -> list[bool]:
    """What A was told of the successor: whether its outbound half may be used."""
    return [one.outbound_ready for one in pair.of(A, SaInstalled)[1:]
            if isinstance(one, SaInstalled)]


def test_a_main_mode_that_ends_while_a_successor_rests_takes_it_not_along() -> None:
    pair = connected()
    pair.now = 3000.0
    pair.take(A, pair.a.sa_expiring(pair.installed(A)[0].inbound.spi, pair.now))
    pair.run(3000.0 + RENEWAL_WAIT / 2)
    assert successors(pair) == [False]
    pair.take(A, pair.a.delete_phase1(pair.a.phase1_sas(pair.now)[0].cookies, pair.now))
    assert successors(pair) == [False, True]
    pair.run(3100.0)
    assert deleted(pair, A) == deleted(pair, B) == []


def test_a_renewal_that_needs_a_new_phase_one_still_replaces_the_old_pair() -> None:
    pair = connected()
    old = pair.installed(A)[0]
    pair.take(A, pair.a.delete_phase1(pair.a.phase1_sas(1.0)[0].cookies, pair.now))
    pair.run(2.0)
    pair.take(A, pair.a.sa_expiring(old.inbound.spi, pair.now))
    pair.run(20.0)
    assert deleted(pair, A) == [(old.inbound.spi, "replaced")]
    assert deleted(pair, B) == [(old.outbound.spi, "peer-delete")]


def test_both_ends_expiring_in_the_same_tick_give_one_successor() -> None:
    pair = connected()
    old = pair.installed(A)[0]
    pair.now = 3000.0
    for address, spi in ((B, old.outbound.spi), (A, old.inbound.spi)):
        pair.take(address, pair.ends[address].sa_expiring(spi, pair.now))
        pair.take(address, pair.ends[address].sa_expiring(spi, pair.now))
    pair.run(3100.0)
    assert len(pair.installed(A)) == len(pair.installed(B)) == 2
    assert len(deleted(pair, A)) == len(deleted(pair, B)) == 1


def test_the_responder_renews_when_the_initiator_does_not() -> None:
    pair = connected()
    pair.now = 3000.0
    pair.take(B, pair.b.sa_expiring(pair.installed(B)[0].inbound.spi, pair.now))
    pair.run(3009.0)
    assert len(pair.installed(B)) == 1
    pair.run(3100.0)
    assert len(pair.installed(B)) == 2
    assert pair.installed(B)[1].initiator


def test_the_responder_of_a_short_lived_pair_renews_it_before_it_ends() -> None:
    method = QuickModeMethod("3DES", "SHA1", seconds=300)
    pair = connected(policy_a(qm=method), policy_b(qm=method))
    pair.now = 296.0
    pair.take(B, pair.b.sa_expiring(pair.installed(B)[0].inbound.spi, pair.now))
    pair.run(299.0)
    assert len(pair.installed(B)) == 2 and deleted(pair, B) == []


def test_the_responder_renews_at_once_when_octets_run_out() -> None:
    pair = connected()
    pair.now = 3000.0
    pair.take(B, pair.b.sa_expiring(pair.installed(B)[0].inbound.spi, pair.now, counted=True))
    pair.run(3000.2)
    assert len(pair.installed(B)) == 1, "the initiator has its chance"
    pair.run(3001.0)
    assert len(pair.installed(B)) == 2 and pair.installed(B)[1].initiator


def test_a_pair_nobody_renews_ends_after_its_seconds() -> None:
    method = QuickModeMethod("3DES", "SHA1", seconds=300)
    pair = connected(policy_a(qm=method), policy_b(qm=method))
    pair.run(299.0)
    assert deleted(pair, A) == deleted(pair, B) == []
    pair.run(301.0)
    assert len(deleted(pair, A)) == len(deleted(pair, B)) == 1
    assert pair.a.sa_expiring(pair.installed(A)[0].inbound.spi, 301.0) == []


def test_a_deleted_pair_is_told_to_the_peer() -> None:
    pair = connected()
    one = pair.installed(A)[0]
    pair.take(A, pair.a.delete_sa(one.inbound.spi, pair.now))
    pair.run(2.0)
    assert deleted(pair, A) == [(one.inbound.spi, "expired")]
    assert deleted(pair, B) == [(one.outbound.spi, "peer-delete")]
    assert pair.a.delete_sa(one.inbound.spi, pair.now) == []
    assert pair.a.phase1_sas(2.0) and pair.b.phase1_sas(2.0)


def test_deleting_entries_ends_pairs_and_then_the_phase_one_that_carried_them() -> None:
    pair = connected()
    one = pair.installed(A)[0]
    pair.take(A, pair.a.delete_entries({"entry-a"}, pair.now))
    pair.run(2.0)
    assert pair.labels()[9:] == ["INFO", "INFO"]
    assert deleted(pair, A) == [(one.inbound.spi, "policy")]
    assert downs(pair, A) == ["policy"]
    assert deleted(pair, B) == [(one.outbound.spi, "peer-delete")]
    assert downs(pair, B) == ["peer-delete"]
    assert pair.a.phase1_sas(2.0) == pair.b.phase1_sas(2.0) == ()
    assert pair.a.next_timer() is None


def test_deleting_an_entry_stops_its_negotiation() -> None:
    pair = Pair()
    pair.initiate()
    pair.take(A, pair.a.delete_entries({"entry-a"}, pair.now))
    assert pair.a.next_timer() is None
    assert not pair.a.in_flight("entry-a")


def test_other_entries_stay() -> None:
    pair = connected()
    assert pair.a.delete_entries({"another"}, pair.now) == []
    assert len(pair.a.phase1_sas(pair.now)) == 1


def test_a_new_policy_for_the_peer_ends_what_the_old_one_made() -> None:
    pair = connected()
    pair.take(A, pair.a.set_policy(policy_a(psk=b"new"), pair.now))
    pair.run(2.0)
    assert downs(pair, A) == ["policy"] and downs(pair, B) == ["peer-delete"]
    assert [reason for _, reason in deleted(pair, A)] == ["policy"]
    assert [reason for _, reason in deleted(pair, B)] == ["peer-delete"]


def test_the_same_policy_again_changes_nothing() -> None:
    pair = connected()
    assert pair.a.set_policy(policy_a(), pair.now) == []
    pair.take(A, pair.a.set_policy(policy_a(), pair.now, {"entry-a"}))
    assert len(deleted(pair, A)) == 1


def test_a_policy_change_fails_what_was_under_way() -> None:
    pair = Pair()
    pair.initiate()
    pair.take(A, pair.a.set_policy(policy_a(psk=b"new"), pair.now))
    assert [(one.mode, one.code) for one in pair.of(A, NegotiationFailed)
            if isinstance(one, NegotiationFailed)] == [("main", 13849)]


def test_shutdown_leaves_nothing_and_tells_the_peer() -> None:
    pair = connected()
    pair.take(A, pair.a.shutdown(pair.now))
    pair.run(2.0)
    assert downs(pair, A) == ["shutdown"] and downs(pair, B) == ["peer-delete"]
    assert pair.a.phase1_sas(2.0) == pair.b.phase1_sas(2.0) == ()
    assert len(deleted(pair, A)) == len(deleted(pair, B)) == 1
    assert pair.a.next_timer() is None
    pair.initiate()
    pair.run(3.0)
    assert len(pair.installed(A)) == 2


def test_phase_one_expires_and_the_pair_outlives_it() -> None:
    pair = connected(policy_a(lifetime=600), policy_b(lifetime=600))
    pair.run(700.0)
    assert downs(pair, B) == ["expired"]  # its life began with message 5, 20 ms earlier
    assert downs(pair, A) == ["peer-delete"]
    assert deleted(pair, A) == deleted(pair, B) == []
    pair.initiate()
    pair.run(800.0)
    assert len(pair.installed(B)) == 2


def test_phase_one_that_expires_under_a_quick_mode_starts_over() -> None:
    pair = connected(policy_a(lifetime=600), policy_b(lifetime=600))
    pair.run(599.5)
    pair.fate = lambda datagram: int(datagram.label not in ("QM1", "QM2", "QM3"))
    pair.initiate()
    pair.run(600.3)
    pair.fate = lambda datagram: 1
    pair.run(700.0)
    assert len(pair.installed(A)) == len(pair.installed(B)) == 2
    assert pair.a.counters["negotiation_failures"] == 0


def test_an_initiator_whose_phase_one_expires_starts_its_quick_mode_over() -> None:
    pair = connected(policy_a(lifetime=600), policy_b(lifetime=600))
    pair.run(599.5)
    pair.fate = lambda datagram: int(datagram.label == "MM1")
    pair.initiate()
    pair.run(600.5)
    pair.fate = lambda datagram: 1
    pair.run(700.0)
    assert downs(pair, A) == ["expired"]
    assert len(pair.installed(A)) == len(pair.installed(B)) == 2
    assert pair.a.counters["negotiation_failures"] == 0


def test_a_peer_that_deletes_a_young_phase_one_is_not_asked_forever() -> None:
    pair = connected()
    pair.fate = lambda datagram: int(datagram.label != "QM1")
    pair.initiate()
    for _ in range(2):
        # The first one had carried a quick mode, so that what waits begins anew; not the second.
        pair.take(B, pair.b.delete_phase1(pair.b.phase1_sas(1.0)[0].cookies, pair.now))
        pair.run(pair.now + 1.0)
    assert [one.code for one in pair.of(A, NegotiationFailed)
            if isinstance(one, NegotiationFailed)] == [13807]
    assert not pair.a.in_flight("entry-a")


def test_a_deleted_main_mode_leaves_its_pairs() -> None:
    pair = connected()
    pair.take(A, pair.a.delete_phase1(pair.a.phase1_sas(1.0)[0].cookies, pair.now))
    pair.run(2.0)
    assert downs(pair, B) == ["peer-delete"]
    assert deleted(pair, A) == deleted(pair, B) == []
    assert pair.a.delete_phase1(bytes(16), pair.now) == []


def test_a_restarted_peer_is_believed_when_it_has_proved_itself() -> None:
    pair = connected()
    old = pair.installed(B)[0]
    pair.run(100.0)
    pair.a = pair.ends[A] = IkeEndpoint(pair.policies[A], entropy("reborn"))
    pair.initiate()
    pair.run(100.035)
    assert deleted(pair, B) == [] and downs(pair, B) == []
    pair.run(101.0)
    assert deleted(pair, B) == [(old.inbound.spi, "replaced")]
    assert downs(pair, B) == ["peer-delete"]
    assert len(pair.installed(A)) == len(pair.installed(B)) == 2
    assert len(pair.b.phase1_sas(101.0)) == 1


@pytest.mark.parametrize("at", ["MM2", "MM4", "MM6", "QM2"])
def test_a_peer_that_restarts_in_the_middle_is_reached_again(at: str) -> None:
    pair = Pair()
    pair.initiate()
    while pair.wire[0].datagram.label != at:
        pair.run(pair.wire[0].arrives)
    pair.wire.clear()
    pair.b = pair.ends[B] = IkeEndpoint(pair.policies[B], entropy("reborn"))
    pair.run(100.0)
    assert not pair.a.in_flight("entry-a")
    assert pair.a.phase1_sas(pair.now) == () or pair.installed(A)
    pair.initiate()
    pair.run(110.0)
    assert pair.installed(A)[-1].inbound == pair.installed(B)[-1].outbound


def test_a_delete_that_overtakes_the_renewal_leaves_the_successor() -> None:
    pair = connected()
    old = pair.installed(A)[0]
    pair.take(A, pair.a.sa_expiring(old.inbound.spi, pair.now))
    pair.take(A, pair.a.delete_sa(old.inbound.spi, pair.now))
    pair.run(20.0)
    assert len(pair.installed(A)) == len(pair.installed(B)) == 2
    assert len(deleted(pair, A)) == len(deleted(pair, B)) == 1


def test_pairs_that_end_without_a_phase_one_are_not_told() -> None:
    pair = connected()
    pair.take(A, pair.a.delete_phase1(pair.a.phase1_sas(1.0)[0].cookies, pair.now))
    sent = len(pair.sent)
    pair.take(A, pair.a.delete_entries({"entry-a"}, pair.now))
    assert len(deleted(pair, A)) == 1
    assert len(pair.sent) == sent


def test_a_phase_one_that_another_entry_needs_stays() -> None:
    pair = connected()
    other = pair.policies[A].second[0]._replace(entry="other")
    pair.take(A, pair.a.initiate(A, B, other, pair.now))
    pair.run(2.0)
    pair.take(A, pair.a.delete_entries({"entry-a"}, pair.now))
    assert [one.state for one in pair.a.phase1_sas(2.0)] == ["up"]
    assert [one.wanted.entry for one in pair.a._core.pairs.values()] == ["other"]


def test_the_clock_jumping_ahead_only_expires_things() -> None:
    pair = connected()
    pair.run(10_000_000.0)
    assert pair.a.phase1_sas(pair.now) == pair.b.phase1_sas(pair.now) == ()
    assert len(deleted(pair, A)) == 1
    assert pair.a.next_timer() is None


@pytest.mark.parametrize("limits", [{"mmpfs": True}, {"quick_limit": 1}])
def test_the_responders_limit_of_quick_modes_leads_to_a_new_main_mode(
        limits: dict[str, int]) -> None:
    pair = connected(policy_a(), policy_b(**limits))  # type: ignore[arg-type]
    for number in range(2, 5):
        pair.initiate()
        pair.run(pair.now + 2.0)
        assert len(pair.installed(A)) == len(pair.installed(B)) == number
    assert pair.b.counters["quick-limit"] == 3
    assert downs(pair, B) == ["expired"] * 3 and downs(pair, A) == ["peer-delete"] * 3
    assert pair.a.counters["negotiation_failures"] == 0


def test_renewals_that_both_ends_begin_in_the_same_tick_leave_one_working_pair() -> None:
    pair = connected()
    old = pair.installed(A)[0]
    pair.now = 3000.0
    for address, spi in ((A, old.inbound.spi), (B, old.outbound.spi)):
        wanted = pair.policies[address].second[0]
        pair.take(address, pair.ends[address].initiate(address, A + B - address, wanted, 3000.0))
        pair.take(address, pair.ends[address].sa_expiring(spi, 3000.0))
    pair.run(3100.0)
    alive = [{one.inbound for one in pair.ends[end]._core.pairs.values()} for end in (A, B)]
    other = [{one.outbound for one in pair.ends[end]._core.pairs.values()} for end in (A, B)]
    assert alive[0] == other[1] and alive[1] == other[0]
    assert not pair.a.in_flight("entry-a") and not pair.b.in_flight("entry-b")


def test_the_first_quick_message_may_overtake_the_sixth() -> None:
    pair = Pair()
    pair.fate = lambda datagram: int(datagram.label != "MM6" or len(pair.sent) > 7)
    pair.initiate(B)
    pair.run(0.2)
    wanted = pair.policies[A].second[0]
    pair.take(A, pair.a.initiate(A, B, wanted, pair.now))
    pair.fate = lambda datagram: 1
    pair.run(40.0)
    assert pair.b.counters["not-established"] >= 1
    assert pair.installed(A) and pair.installed(B)
    assert pair.installed(A)[0].inbound == pair.installed(B)[0].outbound


def test_thousands_of_tunnels_are_found_by_name_not_by_search() -> None:
    pair = connected()
    for number in range(500):
        wanted = pair.policies[A].second[0]._replace(entry=f"entry {number}")
        pair.take(A, pair.a.initiate(A, B, wanted, pair.now))
        pair.run(pair.now + 0.05)
    assert len(pair.installed(A)) == 501
    pair.take(A, pair.a.delete_entries({"entry 7"}, pair.now))
    pair.run(pair.now + 1.0)
    assert len(deleted(pair, A)) == len(deleted(pair, B)) == 1
