"""The hold queue: few packets, newest first to live, none for long."""

from engine.ip import IPv4
from engine.pipeline.hold import HOLD_SECONDS, IN_ALL, HoldQueue
from engine.pipeline.route import Hop, RouteEntry

HOP = Hop("External", 1, RouteEntry(0, 0, 1, "External"))


def packet(number: int) -> IPv4:
    return IPv4(1, 2, 1, b"", identification=number)


def add(queue: HoldQueue, key: str, number: int, now: float = 0.0) -> int | None:
    """The identification of the packet that had to go."""
    gone = queue.add(key, packet(number), HOP, "Internal", now)
    return None if gone is None else gone.packet.identification


def test_one_packet_waits_for_a_negotiation_and_a_newer_one_takes_its_place() -> None:
    queue = HoldQueue()
    assert [add(queue, "a", 1), add(queue, "a", 2), add(queue, "b", 3)] == [None, 1, None]
    assert [held.packet.identification for held in queue.take("a")] == [2]
    assert queue.take("a") == [] and len(queue) == 1


def test_the_bound_is_a_setting_and_may_be_none_at_all() -> None:
    wide, none = HoldQueue(3), HoldQueue(0)
    assert [add(wide, "a", number) for number in range(5)] == [None, None, None, 0, 1]
    assert add(none, "a", 7) == 7 and len(none) == 0


def test_all_negotiations_together_are_bounded() -> None:
    queue = HoldQueue()
    answers = [add(queue, str(number), number) for number in range(IN_ALL + 5)]
    assert answers == [None] * IN_ALL + list(range(IN_ALL, IN_ALL + 5))
    assert len(queue) == IN_ALL


def test_packets_expire() -> None:
    queue = HoldQueue()
    add(queue, "a", 1, 0.0)
    add(queue, "b", 2, 5.0)
    assert queue.next_expiry() == HOLD_SECONDS
    assert [held.packet.identification for held in queue.expire(HOLD_SECONDS)] == [1]
    assert queue.next_expiry() == 5.0 + HOLD_SECONDS
    assert queue.expire(100.0) and queue.next_expiry() is None
