"""The timer table: one time per owner and kind, due ones in order."""

from engine.ike.timers import Timer, TimerTable


def test_due_timers_come_in_order_and_once() -> None:
    table = TimerTable()
    table.set("b", 1, 2.0)
    table.set("a", 1, 1.0)
    table.set("a", 2, 3.0)
    assert table.next() == 1.0
    assert [table.pop_due(2.5) for _ in range(3)] == [Timer("a", 1), Timer("b", 1), None]
    assert table.next() == 3.0


def test_setting_again_replaces() -> None:
    table = TimerTable()
    table.set("a", 1, 1.0)
    table.set("a", 1, 5.0)
    assert (table.next(), len(table)) == (5.0, 1)
    assert table.pop_due(4.0) is None
    assert table.pop_due(5.0) == Timer("a", 1)
    assert table.next() is None


def test_cancelling_and_clearing() -> None:
    table = TimerTable()
    table.set("a", 1, 1.0)
    table.set("b", 1, 2.0)
    table.cancel(1, "a", "unknown")
    assert table.next() == 2.0
    table.clear()
    assert (table.next(), len(table)) == (None, 0)


def test_replaced_times_do_not_pile_up() -> None:
    table = TimerTable()
    for count in range(10_000):
        table.set("a", 1, float(count))
    assert len(table) == 1
    assert len(table._heap) < 200
    assert table.next() == 9999.0
