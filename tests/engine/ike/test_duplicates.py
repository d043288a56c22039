"""Every message of a whole conversation again: any number of times, at once or late, in any order.

The conversation is main mode, quick mode, the renewal of the pair and the delete of the old one.
"""

from collections.abc import Callable

import pytest

from engine.ike.interface import SendDatagram
from tests.support.ike_pair import A, B, Pair, connected

TIMES = (1, 2, 5, 20)
Order = Callable[[list[SendDatagram]], list[SendDatagram]]
ORDERS: dict[str, Order] = {
    "in order": list, "reversed": lambda sent: sent[::-1],
    "odd ones first": lambda sent: sent[1::2] + sent[::2]}


def census(pair: Pair) -> list[object]:
    """SAs, pairs and what was installed and deleted, at both ends."""
    found: list[object] = []
    for address in (A, B):
        core = pair.ends[address]._core
        found += [[(sa.cookies, sa.state, sa.quick_modes) for sa in core.sas.values()],
                  sorted(core.pairs), sorted(core.spis), len(pair.outputs[address]) - len(
                      [one for one in pair.outputs[address] if type(one).__name__ == "Dropped"]),
                  {name: core.counters[name] for name in (
                      "main_modes", "quick_modes", "pairs_added", "pairs_deleted",
                      "negotiation_failures", "authentication_failures")}]
    return found


def renewed() -> Pair:
    """A tunnel whose pair was renewed; the old one was deleted ten seconds later."""
    pair = connected()
    pair.take(A, pair.a.sa_expiring(pair.installed(A)[0].inbound.spi, pair.now))
    pair.run(30.0)
    assert len(pair.a._core.pairs) == len(pair.b._core.pairs) == 1
    assert {"MM6", "QM3", "INFO"} <= set(pair.labels())
    return pair


@pytest.mark.parametrize("times", TIMES)
def test_every_message_repeated_at_once_makes_no_second_state(times: int) -> None:
    wanted = renewed()
    pair = Pair()
    pair.fate = lambda datagram: 1 + times
    pair.initiate()
    pair.run(1.0)
    pair.take(A, pair.a.sa_expiring(pair.installed(A)[0].inbound.spi, pair.now))
    pair.run(30.0)
    assert census(pair) == census(wanted)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("late", [0.0, 40.0, 1_000.0])
def test_every_message_replayed_changes_nothing(late: float, times: int, order: str) -> None:
    pair = renewed()
    before = census(pair)
    pair.now += late
    old = list(pair.sent)
    for one in ORDERS[order](old):
        for _ in range(times):
            answers = [output for output in pair.deliver(one) if isinstance(output, SendDatagram)]
            assert len(answers) <= 1
    assert census(pair) == before
    # The answers to what was replayed arrive too, and start nothing either.
    pair.run(pair.now + 5.0)
    assert census(pair) == before


@pytest.mark.parametrize("order", ORDERS)
def test_messages_replayed_to_their_own_sender_change_nothing(order: str) -> None:
    pair = renewed()
    before = census(pair)
    for one in ORDERS[order](list(pair.sent)):
        for _ in range(20):
            pair.ends[one.local].receive(one.payload, one.local, 500, one.peer, 500, pair.now)
    assert census(pair) == before


@pytest.mark.parametrize("stop", range(1, 10))
def test_a_conversation_cut_short_ends_when_its_messages_are_replayed(stop: int) -> None:
    pair = Pair()
    pair.initiate()
    for _ in range(stop):
        if pair.wire:
            pair.now = pair.wire[0].arrives
            pair.deliver(pair.wire.pop(0).datagram)
    for _ in range(20):
        for one in list(pair.sent):
            pair.deliver(one)
        del pair.wire[50:]
    pair.run(60.0)
    assert len(pair.a._core.pairs) == len(pair.b._core.pairs) == 1
    assert [one.state for one in pair.a.phase1_sas(60.0)] == ["up"]
    assert [one.state for one in pair.b.phase1_sas(60.0)] == ["up"]
