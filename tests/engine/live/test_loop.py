"""The loop and its turn: descriptors, commands between packets, sleepers."""

import os
import threading
import time

from engine.live.loop import Loop


def test_a_descriptor_is_read_when_it_can_be_and_forgotten_when_told() -> None:
    loop, seen = Loop(), list[bytes]()
    reading, writing = os.pipe()
    loop.watch(reading, lambda: seen.append(os.read(reading, 10)))
    os.write(writing, b"one")
    loop.step(lambda: 0.0)
    loop.forget(reading)
    os.write(writing, b"two")
    loop.step(lambda: 0.0)
    assert seen == [b"one"]
    loop.close()
    os.close(reading)
    os.close(writing)


def test_a_command_gets_its_turn_while_the_loop_is_busy() -> None:
    loop, turns = Loop(), list[int]()
    reading, writing = os.pipe()
    loop.watch(reading, lambda: None)  # always readable: the loop never rests
    os.write(writing, b"x")

    def command() -> None:
        for number in range(20):
            with loop.turn():
                turns.append(number)

    thread = threading.Thread(target=command)
    thread.start()
    limit = time.monotonic() + 10
    while thread.is_alive() and time.monotonic() < limit:
        loop.step(lambda: 0.0)
    thread.join(1)
    assert turns == list(range(20))
    loop.close()
    os.close(reading)
    os.close(writing)


def test_only_one_thread_acts_at_a_time_and_a_sleeper_hears_of_progress() -> None:
    loop, events = Loop(), list[str]()

    def command() -> None:
        with loop.turn():
            events.append("began")
            loop.sleep(10.0)
            events.append("woke")

    thread = threading.Thread(target=command)
    thread.start()
    limit = time.monotonic() + 10
    while events[-1:] != ["woke"] and time.monotonic() < limit:
        loop.step(lambda: 0.01)
        if events == ["began"]:
            loop.progress()
    thread.join(1)
    assert events == ["began", "woke"]
    loop.close()
