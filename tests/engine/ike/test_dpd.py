"""Dead peer detection: only idle peers are asked, only true answers count, the dead are buried."""

import pytest

from engine.ike.constants import NotifyType, ProtocolId
from engine.ike.interface import MainModeDown, NotifyReceived, SaDeleted
from engine.ike.lifecycle import send_info
from engine.ike.payloads import Notify
from engine.ike.phase1 import Phase1
from tests.support.ike_pair import A, B, FixedPolicy, Pair, connected, policy_a, policy_b

ASK, ACK = NotifyType.R_U_THERE, NotifyType.R_U_THERE_ACK


def sa_of(pair: Pair, address: int) -> Phase1:
    return next(iter(pair.ends[address]._core.sas.values()))


def heard(pair: Pair, address: int) -> list[int]:
    return [one.number for one in pair.of(address, NotifyReceived)
            if isinstance(one, NotifyReceived) and one.number in (ASK, ACK)]


def sending(pair: Pair) -> None:
    """From now on A sends without a pause, and nothing comes back."""
    start = pair.now
    pair.a.watch_traffic(lambda spi: (start, pair.now))


def dead(pair: Pair) -> Pair:
    pair.fate = lambda datagram: 0
    sending(pair)
    return pair


def test_an_idle_tunnel_is_silent() -> None:
    pair = connected()
    sent = len(pair.sent)
    pair.run(1000.0)
    assert len(pair.sent) == sent


def test_traffic_both_ways_is_proof_of_life() -> None:
    pair = connected()
    pair.a.watch_traffic(lambda spi: (pair.now - 1.0, pair.now))
    sent = len(pair.sent)
    pair.run(1000.0)
    assert len(pair.sent) == sent


def test_a_silent_peer_is_asked_and_answers() -> None:
    pair = connected()
    sending(pair)
    pair.run(100.0)
    assert heard(pair, B) == [ASK] * len(heard(pair, B))
    assert 2 <= len(heard(pair, B)) <= 4
    assert heard(pair, A) == [ACK] * len(heard(pair, B))
    assert pair.a.counters["dpd_sent"] == pair.b.counters["dpd_answered"]
    assert len(pair.a.phase1_sas(pair.now)) == 1


def test_a_dead_peer_loses_everything_and_is_reported() -> None:
    pair = dead(connected())
    pair.run(30.0)
    assert not pair.of(A, SaDeleted)
    pair.run(100.0)
    assert [one.reason for one in pair.of(A, SaDeleted) if isinstance(one, SaDeleted)] == [
        "peer-dead"]
    assert [one.reason for one in pair.of(A, MainModeDown)
            if isinstance(one, MainModeDown)] == ["peer-dead"]
    assert pair.a.counters["dpd_sent"] == 5
    assert pair.a.phase1_sas(pair.now) == () and pair.a.next_timer() is None


def test_a_peer_that_comes_back_in_time_lives() -> None:
    pair = dead(connected())
    pair.run(45.0)
    pair.fate = lambda datagram: 1
    pair.run(120.0)
    assert not pair.of(A, SaDeleted)
    assert pair.a.counters["dpd_sent"] < 10


def test_esp_that_comes_back_ends_the_questions() -> None:
    pair = dead(connected())
    pair.run(45.0)
    pair.a.watch_traffic(lambda spi: (pair.now, pair.now))
    asked = pair.a.counters["dpd_sent"]
    pair.run(500.0)
    assert not pair.of(A, SaDeleted)
    assert pair.a.counters["dpd_sent"] == asked


def off(policy: FixedPolicy) -> FixedPolicy:
    assert policy.first
    return policy._replace(first=policy.first._replace(dpd=0))


@pytest.mark.parametrize("side", [A, B])
def test_both_sides_must_want_it(side: int) -> None:
    pair = connected(off(policy_a()) if side == A else policy_a(),
                     off(policy_b()) if side == B else policy_b())
    dead(pair).run(500.0)
    assert not pair.of(A, SaDeleted)
    assert pair.a.counters.get("dpd_sent", 0) == 0


@pytest.mark.parametrize("change", ["cookies", "short", "unasked", "old"])
def test_a_false_question_or_answer_is_not_obeyed(change: str) -> None:
    pair = connected()
    sa = sa_of(pair, A)
    good = Notify(ProtocolId.ISAKMP, ASK, sa.cookies, (7).to_bytes(4, "big"))
    bad = {"cookies": good._replace(spi=bytes(16)), "short": good._replace(data=b"\0\0"),
           "unasked": good._replace(type=ACK), "old": good._replace(data=bytes(4))}[change]
    for one in (good, bad):
        send_info(pair.a._core, sa, one.build())
        pair.take(A, pair.a._core.take_outputs())
    pair.run(2.0)
    assert pair.b.counters["dpd"] == 1
    assert pair.b.counters["dpd_answered"] == 1
