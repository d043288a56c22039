"""Ctrl-C and the lab: a step ends before KeyboardInterrupt is raised."""

import signal
from collections.abc import Iterator

import pytest

from engine.lab.lab import Lab
from engine.lab.whole import Whole
from engine.pipeline.stages import Output
from shell.interrupt import shield, unshield
from tests.support.site import HOST_B, Site, article


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    """Ctrl-C as the test runner has it, before and after."""
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press_within_a_step(lab: Lab, machine: str) -> list[float]:
    """The next timer of a machine has Ctrl-C pressed in its middle; gives when it was done."""
    done: list[float] = []
    host = lab.hosts[machine]
    handle = host.handle_timer

    def pressed(now: float) -> list[Output]:
        signal.raise_signal(signal.SIGINT)
        outputs = handle(now)
        done.append(now)
        return outputs

    host.handle_timer = pressed  # type: ignore[method-assign]
    return done


def test_the_step_under_way_ends_first_and_the_lab_goes_on_afterwards() -> None:
    site = article()
    site.lab.links["middle"].up = False
    shield(site.lab)
    site.lab.ping("hostA", HOST_B, timeout=0.5)
    done = press_within_a_step(site.lab, "gwA")
    with pytest.raises(KeyboardInterrupt):
        site.lab.run(site.lab.now + 100.0)
    assert len(done) == 1 and site.lab.now == done[0]
    del site.lab.hosts["gwA"].handle_timer
    site.lab.links["middle"].up = True
    assert site.ping(8)[-1].protected


def test_between_two_steps_it_is_raised_at_once() -> None:
    lab = Site().lab
    shield(lab)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    lab.run(1.0)


def test_a_signal_that_somebody_else_took_stays_his() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    shield(Site().lab)
    assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    unshield()
    assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def test_unshield_gives_the_signal_back() -> None:
    shield(Site().lab)
    unshield()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_failure_within_a_step_is_not_hidden_by_the_interrupt() -> None:
    whole = Whole()
    with pytest.raises(ValueError, match="mine"), whole:
        assert whole.interrupt()
        raise ValueError("mine")
    with whole:
        assert True
    assert not whole.interrupt()
