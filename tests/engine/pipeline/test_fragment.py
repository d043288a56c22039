"""Fragments: every way to cut and to lose, and the arithmetic of those who attack."""

from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ParseError
from engine.ip import IPv4, parse_ipv4
from engine.pipeline.fragment import OVERHEAD, REASSEMBLY_SECONDS, Reassembler, fragment
from tests.support.suites import octets

A, B = 0x0A000105, 0x0A000206


def datagram(size: int, *, df: bool = False) -> IPv4:
    return IPv4(A, B, 17, octets("datagram", size), identification=77, df=df, trace=5)


def piece(offset: int, payload: bytes, *, mf: bool = True, identification: int = 77) -> IPv4:
    return IPv4(A, B, 17, payload, identification=identification, mf=mf, offset=offset)


def refusal(table: Reassembler, packet: IPv4, now: float = 0.0) -> str:
    with pytest.raises(ParseError) as caught:
        table.add(packet, now)
    return caught.value.drop


def test_a_packet_that_fits_is_left_alone() -> None:
    packet = datagram(1480)
    assert fragment(packet, 1500) == [packet]


def test_pieces_fill_the_mtu_in_units_of_eight() -> None:
    pieces = fragment(datagram(3000), 1500)
    assert [(p.offset, len(p.payload), p.mf) for p in pieces] == [
        (0, 1480, True), (1480, 1480, True), (2960, 40, False)]
    assert {p.trace for p in pieces} == {5}


def test_dont_fragment_gives_nothing() -> None:
    assert fragment(datagram(1481, df=True), 1500) == []
    assert len(fragment(datagram(1480, df=True), 1500)) == 1


def test_a_fragment_is_cut_again_in_its_place() -> None:
    first, last = fragment(datagram(2000), 1500)
    again = [*fragment(first, 600), *fragment(last, 600)]
    assert [p.mf for p in again] == [True, True, True, False]
    table = Reassembler()
    whole = [table.add(p, 0.0) for p in again][-1]
    assert whole == datagram(2000)


@given(st.integers(1, 5000), st.integers(0, 1600), st.randoms(use_true_random=False))
def test_any_size_through_any_mtu_in_any_order_comes_back(size: int, mtu: int,
                                                          random: Random) -> None:
    packet = datagram(size)
    pieces = [parse_ipv4(p.build(), trace=p.trace) for p in fragment(packet, mtu)]
    assert all(p.length <= max(mtu, 28) for p in pieces)
    random.shuffle(pieces)
    table = Reassembler()
    results = [table.add(p, 0.0) for p in pieces]
    assert results[:-1] == [None] * (len(pieces) - 1)
    assert results[-1] == packet
    assert (len(table), table.held) == (0, 0)


def test_an_unfragmented_packet_passes_straight_through() -> None:
    packet = datagram(100)
    assert Reassembler().add(packet, 0.0) is packet


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_exact_duplicates_are_tolerated(order: tuple[int, int, int]) -> None:
    pieces = fragment(datagram(4000), 1500)
    first, second, third = (pieces[number] for number in order)
    table = Reassembler()
    results = [table.add(p, 0.0) for p in (first, first, second, first, second, third)]
    assert results == [None] * 5 + [datagram(4000)]


def test_datagrams_are_told_apart_by_all_four_fields() -> None:
    first, last = fragment(datagram(2000), 1500)
    for other in (last._replace(source=1), last._replace(destination=1),
                  last._replace(protocol=6), last._replace(identification=1)):
        table = Reassembler()
        table.add(first, 0.0)
        assert table.add(other, 0.0) is None
        assert len(table) == 2


EIGHT, SIXTEEN = b"a" * 8, b"b" * 16
OVERLAPS = [
    ("teardrop: the second lies inside the first",
     [piece(0, b"a" * 40), piece(24, b"b" * 4, mf=False)]),
    ("starts inside the one before", [piece(0, SIXTEEN), piece(8, SIXTEEN)]),
    ("reaches into the one after", [piece(8, SIXTEEN), piece(0, SIXTEEN)]),
    ("covers another", [piece(8, EIGHT), piece(0, b"c" * 32)]),
    ("same place, other octets", [piece(8, EIGHT), piece(8, b"z" * 8)]),
    ("same place, other length", [piece(8, EIGHT), piece(8, SIXTEEN)]),
    ("two ends", [piece(16, EIGHT, mf=False), piece(32, EIGHT, mf=False)]),
    ("an end before octets already here", [piece(32, EIGHT), piece(8, EIGHT, mf=False)]),
    ("octets behind the end", [piece(8, EIGHT, mf=False), piece(16, EIGHT)]),
    ("the end again, but with more to come", [piece(8, EIGHT, mf=False), piece(8, EIGHT)]),
    ("the same octets, now said to be the end", [piece(8, EIGHT), piece(8, EIGHT, mf=False)]),
]


@pytest.mark.parametrize(("what", "pieces"), OVERLAPS, ids=[row[0] for row in OVERLAPS])
def test_overlaps_refuse_the_whole_datagram(what: str, pieces: list[IPv4]) -> None:
    table = Reassembler()
    *before, last = pieces
    for each in before:
        assert table.add(each, 0.0) is None
    assert refusal(table, last) == "fragment-overlap", what
    assert table.held == 0
    assert refusal(table, piece(0, EIGHT)) == "fragment-overlap"
    assert table.expire(REASSEMBLY_SECONDS) == []
    assert table.add(piece(0, EIGHT), REASSEMBLY_SECONDS) is None


LENGTHS = [
    ("empty", piece(8, b"", mf=False), "fragment-length"),
    ("empty with more to come", piece(0, b""), "fragment-length"),
    ("not a multiple of eight", piece(0, b"a" * 9), "fragment-length"),
    ("ping of death", piece(65528, b"a" * 8, mf=False), "fragment-oversize"),
    ("ping of death by one octet", piece(65512, b"a" * 4, mf=False), "fragment-oversize"),
]


@pytest.mark.parametrize(("what", "packet", "name"), LENGTHS, ids=[row[0] for row in LENGTHS])
def test_bad_lengths_are_refused_and_leave_nothing(what: str, packet: IPv4, name: str) -> None:
    table = Reassembler()
    assert refusal(table, packet) == name, what
    assert len(table) == 0


def test_the_largest_datagram_is_whole() -> None:
    packet = datagram(65515)
    table = Reassembler()
    assert [table.add(p, 0.0) for p in fragment(packet, 1500)][-1] == packet


def test_a_wait_ends_after_thirty_seconds_with_the_first_fragment() -> None:
    table = Reassembler()
    first, middle, _ = fragment(datagram(4000), 1500)
    table.add(first, 10.0)
    table.add(middle._replace(identification=1), 12.0)
    table.add(middle, 35.0)
    assert table.next_expiry() == 40.0
    assert table.expire(39.9) == []
    assert table.expire(40.0) == [first]
    assert table.expire(50.0) == []
    assert table.next_expiry() is None
    assert (table.drops["reassembly-timeout"], table.held) == (2, 0)


def test_a_late_fragment_begins_anew_even_when_nobody_called_expire() -> None:
    table = Reassembler()
    first, last = fragment(datagram(2000), 1500)
    table.add(first, 0.0)
    assert table.add(last, 31.0) is None
    assert table.add(first, 31.0) == datagram(2000)
    assert table.drops["reassembly-timeout"] == 1


def test_the_oldest_gives_way_when_there_are_too_many_datagrams() -> None:
    table = Reassembler(max_datagrams=3)
    for number in range(10):
        table.add(piece(0, EIGHT, identification=number), 0.0)
    assert len(table) == 3
    assert table.drops["reassembly-full"] == 7
    assert table.held == 3 * (8 + OVERHEAD)
    assert table.add(piece(8, b"z", mf=False, identification=9), 0.0) is not None


def test_octets_held_stay_bounded_under_a_flood_of_tiny_fragments() -> None:
    table = Reassembler(max_octets=10_000)
    for number in range(2000):
        table.add(piece(8 * (number % 50), EIGHT, identification=number // 50), 0.0)
        assert table.held <= 10_000


def test_too_many_fragments_of_one_datagram_are_refused() -> None:
    table = Reassembler()
    for number in range(2048):
        table.add(piece(8 + 8 * number, EIGHT), 0.0)
    assert refusal(table, piece(8 + 8 * 2048, EIGHT)) == "fragment-too-many"
    assert table.held == 0


fragments = st.builds(
    IPv4, source=st.just(A), destination=st.just(B), protocol=st.just(17),
    payload=st.sampled_from([0, 1, 7, 8, 9, 16, 24]).flatmap(
        lambda size: st.sampled_from([b"a" * size, b"b" * size])),
    ttl=st.just(64), tos=st.just(0), identification=st.integers(0, 2), df=st.just(False),
    mf=st.booleans(), offset=st.sampled_from([0, 8, 16, 24, 65496, 65528]), trace=st.just(0))


@given(st.lists(fragments, max_size=30))
def test_any_fragments_give_a_packet_or_a_named_drop(pieces: list[IPv4]) -> None:
    table = Reassembler(max_datagrams=2, max_octets=500)
    for number, each in enumerate(pieces):
        try:
            whole = table.add(each, number * 4.0)
        except ParseError as error:
            assert error.drop in {"fragment-length", "fragment-oversize", "fragment-overlap"}
        else:
            assert whole is None or (not whole.is_fragment and whole.length <= 65535)
        assert len(table) <= 2
        assert 0 <= table.held <= 500
    table.expire(1000.0)
    assert (len(table), table.held) == (0, 0)
