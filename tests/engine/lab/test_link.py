"""What links do to packets."""

from random import Random

import pytest

from engine.ip import IPv4
from engine.lab.link import End, Link

PACKET = IPv4(1, 2, 17, bytes(100), trace=3)


def test_an_unimpaired_link_delivers_once_after_its_delay_and_draws_nothing() -> None:
    link, draw = Link("wire", delay=0.02), Random(1)
    before = draw.getstate()
    assert [(one.after, one.packet) for one in link.cross(PACKET, draw)] == [(0.02, PACKET)]
    assert draw.getstate() == before and (link.carried, link.lost) == (1, 0)


@pytest.mark.parametrize("change", [{"loss": 1.0}, {"up": False}, {"mtu": 119}])
def test_losses_are_counted(change: dict[str, float]) -> None:
    link = Link("wire")
    for name, value in change.items():
        setattr(link, name, value)
    assert link.cross(PACKET, Random(1)) == [] and (link.carried, link.lost) == (0, 1)


def test_duplicates_and_late_packets() -> None:
    link = Link("wire", delay=0.01)
    link.duplicate = link.reorder = 1.0
    assert [round(one.after, 3) for one in link.cross(PACKET, Random(1))] == [0.04, 0.04]


def test_corruption_flips_one_bit_of_the_payload_and_keeps_the_trace() -> None:
    link, draw = Link("wire"), Random(5)
    link.corrupt = 1.0
    for _ in range(50):
        damaged = link.cross(PACKET, draw)[0].packet
        flipped = int.from_bytes(damaged.payload, "big")
        assert flipped.bit_count() == 1 and damaged.trace == 3


def test_a_damaged_bare_header_is_not_received() -> None:
    link = Link("wire")
    link.corrupt = 1.0
    assert link.cross(IPv4(1, 2, 17, b""), Random(1)) == [] and link.lost == 1


def test_neighbours_are_found_by_address() -> None:
    link = Link("wire")
    link.ends = (End("a", "x", 10), End("b", "y", 11), End("c", "z", 12))
    assert link.find(11) == End("b", "y", 11) and link.find(13) is None
