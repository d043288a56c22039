"""RRAS filters: allow list or block list by the default action, every field of a filter."""

import pytest

from engine.address import parse_address
from engine.icmp import echo_request
from engine.ip import TCP, UDP, IPv4, udp_packet
from engine.pipeline.rras import RrasTable
from engine.policy.model import RrasDefault, RrasFilter

A, B = parse_address("10.1.0.10"), parse_address("10.2.0.10")
NET_A, NET_B = parse_address("10.1.0.0"), parse_address("10.2.0.0")


def tcp(flags: int) -> IPv4:
    return IPv4(A, B, TCP, bytes.fromhex("04010050") + bytes(8) + bytes((0x50, flags)) + bytes(6))


PING = echo_request(A, B, 1, 1, b"x")
DNS = udp_packet(A, B, 1025, 53, b"x")
SYN, ACK = tcp(0x02), tcp(0x10)
LATER = PING._replace(offset=1480)


def one(**fields: int | bool) -> RrasFilter:
    return RrasFilter("External", "output", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(("criteria", "packet", "matches"), [
    (one(), PING, True),
    (one(source=NET_A, source_prefix=24), PING, True),
    (one(source=NET_B, source_prefix=24), PING, False),
    (one(destination=NET_B, destination_prefix=24), PING, True),
    (one(destination=A, destination_prefix=32), PING, False),
    (one(protocol=UDP), PING, False),
    (one(protocol=UDP, destination_port=53), DNS, True),
    (one(protocol=UDP, destination_port=54), DNS, False),
    (one(protocol=UDP, source_port=1025), DNS, True),
    (one(protocol=UDP, source_port=1), DNS, False),
    (one(protocol=1, source_port=8, destination_port=0), PING, True),
    (one(protocol=1, source_port=8, destination_port=255), PING, True),
    (one(protocol=1, source_port=255, destination_port=255), LATER, True),
    (one(protocol=1, source_port=0, destination_port=255), PING, False),
    (one(protocol=1, source_port=8, destination_port=255), LATER, False),
    (one(protocol=TCP, destination_port=80), SYN, True),
    (one(protocol=TCP, established=True), SYN, False),
    (one(protocol=TCP, established=True), ACK, True),
])
def test_a_filter_is_an_allowance_under_drop_and_a_refusal_under_forward(
        criteria: RrasFilter, packet: IPv4, matches: bool) -> None:
    allow = RrasTable([criteria], [RrasDefault("External", "output", "drop")])
    block = RrasTable([criteria])
    assert allow.check("External", "output", packet)[0] is matches
    assert block.check("External", "output", packet)[0] is not matches
    assert allow.hits[criteria] == block.hits[criteria] == matches


def test_interfaces_and_directions_are_separate_and_names_fold_case() -> None:
    table = RrasTable([one()], [RrasDefault("External", "output", "forward"),
                                RrasDefault("External", "input", "drop")])
    assert not table.check("EXTERNAL", "output", PING)[0]
    assert not table.check("External", "input", PING)[0]
    assert table.check("Internal", "output", PING)[0]
    assert table.drops == {("external", "output"): 1, ("external", "input"): 1}


def test_the_answer_names_the_filter_that_decided() -> None:
    table = RrasTable([one(protocol=UDP), one(protocol=1, source_port=255, destination_port=255)])
    assert table.check("External", "output", PING) == (False, "External output: filter 2")
    assert table.check("External", "output", ACK) == (True, "External output: no filter matches")


def test_a_new_table_keeps_the_counts_of_filters_that_stay() -> None:
    old = RrasTable([one(), one(protocol=UDP)])
    old.check("External", "output", PING)
    new = RrasTable([one(), one(protocol=TCP)])
    new.adopt(old)
    assert new.hits == {one(): 1, one(protocol=TCP): 0}
    assert new.drops == {("external", "output"): 1}


def test_fragment_check_is_a_matter_of_the_interface() -> None:
    table = RrasTable(fragcheck=["External"])
    assert table.drops_fragments("external") and not table.drops_fragments("Internal")
