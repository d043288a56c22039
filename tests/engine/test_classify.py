"""Both structures of the classifier give the first row that a packet meets, like a scan."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.address import ANY_NETWORK, Network, prefix_mask
from engine.classify import FEW_SHAPES, INTERVALS_KEPT, BitVectors, classifier


class Row(NamedTuple):
    source: Network = ANY_NETWORK
    destination: Network = ANY_NETWORK
    protocol: int = 0
    source_port: int = 0
    destination_port: int = 0
    name: int = 0


Packet = tuple[int, int, int, int, int]
EDGES = [0, 1, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFE, 0xFFFFFFFF]
addresses = st.sampled_from(EDGES) | st.integers(0, 0xFFFFFFFF)
networks = st.builds(lambda address, prefix: Network(address & prefix_mask(prefix), prefix),
                     addresses, st.integers(0, 32))
rows = st.lists(st.builds(Row, networks, networks, st.sampled_from([0, 6, 17]),
                          st.sampled_from([0, 0, 500]), st.sampled_from([0, 53, 65535]),
                          st.integers(0, 99)), max_size=20)
packets = st.lists(st.tuples(addresses, addresses, st.sampled_from([0, 1, 6, 17, 255]),
                             st.sampled_from([0, 500, 501]), st.sampled_from([0, 53, 65535])),
                   min_size=1, max_size=10)


def meets(row: Row, packet: Packet) -> bool:
    return (packet[0] in row.source and packet[1] in row.destination
            and all(wanted in (0, shown)
                    for wanted, shown in zip(row[2:5], packet[2:], strict=True)))


def scan(rows: list[Row], packet: Packet) -> Row | None:
    return next((row for row in rows if meets(row, packet)), None)


@given(rows, packets)
def test_bit_vectors_agree_with_a_scan(rows: list[Row], packets: list[Packet]) -> None:
    structure = BitVectors(rows)
    for packet in packets:
        assert structure.find(*packet) is scan(rows, packet)


def inside(row: Row) -> Packet:
    return (row.source.address, row.destination.address, row.protocol or 1, row.source_port,
            row.destination_port)


@given(rows, packets)
def test_the_classifier_agrees_with_a_scan(rows: list[Row], packets: list[Packet]) -> None:
    shape = {row: (row.source.prefix, row.destination.prefix, row.protocol > 0,
                   row.source_port > 0, row.destination_port > 0) for row in rows}
    together = sorted(rows, key=lambda row: shape[row])
    find = classifier(together)
    for packet in [*packets, *map(inside, rows)]:
        assert find(*packet) is scan(together, packet)


@pytest.mark.parametrize(("shapes", "bit_vectors"), [(FEW_SHAPES, False), (FEW_SHAPES + 1, True)])
def test_the_number_of_shapes_decides_the_structure(shapes: int, bit_vectors: bool) -> None:
    made = [Row(Network(0, prefix)) for prefix in range(shapes)]
    assert ("BitVectors" in classifier(made).__qualname__) is bit_vectors
    assert classifier(made)(1, 1, 1, 0, 0) is made[0]


def test_no_rows_meet_nothing() -> None:
    nothing: list[Row] = []
    assert classifier(nothing)(1, 2, 3, 4, 5) is None
    assert BitVectors(nothing).find(1, 2, 3, 4, 5) is None


def test_what_is_learnt_about_addresses_stays_bounded() -> None:
    count = INTERVALS_KEPT + 50
    made = [Row(Network(number << 8, 24), name=number) for number in range(count)]
    structure = BitVectors(made)
    for number in range(count):
        assert structure.find(number << 8, 9, 1, 0, 0) is made[number]
    assert len(structure._sources.known) <= INTERVALS_KEPT
