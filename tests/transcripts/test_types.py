"""Placeholder types: what they match, the value they compare by, the ranges they obey."""

import re

import pytest

from commands.answer import TYPES as CELLS
from transcripts.types import TYPES, Range, make_range, seconds


@pytest.mark.parametrize(("kind", "text", "value"), [
    ("spi", "1234 (0x4d2)", 0x4D2),
    ("spi", "0x4D2", 0x4D2),
    ("spi", "1234", 1234),
    ("cookie", "00112233AABBCCDD", "00112233aabbccdd"),
    ("ip", "192.0.2.1", "192.0.2.1"),
    ("net", "10.1.0.0/24", "10.1.0.0/24"),
    ("net", "10.1.0.0/255.255.255.0", "10.1.0.0/255.255.255.0"),
    ("mac", "00-0C-29-AA-BB-CC", "00-0c-29-aa-bb-cc"),
    ("int", "-7", -7),
    ("int", "0x10", 16),
    ("count", "1,024", 1024),
    ("bytes", "64", 64),
    ("bytes", "10k", 10240),
    ("bytes", "2 KB", 2048),
    ("bytes", "64 bytes", 64),
    ("dur", "<10ms", 0.01),
    ("dur", "1.5 s", 1.5),
    ("dur", "480 minutes", 28800.0),
    ("dur", "0:01:30", 90.0),
    ("dur", "1d02h03m", 93780.0),
    ("dur", "02w3d04h", 1483200.0),
    ("percent", "50%", 50.0),
    ("time", "3/17/2004 9:00:00 AM", "3/17/2004 9:00:00 AM"),
    ("time", "2004-03-17T09:00:00.250Z", "2004-03-17T09:00:00.250Z"),
    ("date", "3/17/2004", "3/17/2004"),
    ("seq", "12", 12),
    ("hash", "DEADBEEF", "deadbeef"),
    ("guid", "{D239C599-F945-47A3-A4E3-B37BC12826B9}", "d239c599-f945-47a3-a4e3-b37bc12826b9"),
    ("path", "/var/x.pcap", "/var/x.pcap"),
    ("user", "NT\\SYSTEM", "NT\\SYSTEM"),
    ("host", "gwA", "gwA"),
    ("name", "Local Area Connection", "Local Area Connection"),
    ("id", "{x}", "{x}"),
    ("port", "500", 500),
    ("mask", "255.255.255.0", "255.255.255.0"),
])
def test_a_type_knows_its_shape_and_value(kind: str, text: str, value: object) -> None:
    assert re.fullmatch(TYPES[kind].shape, text)
    assert TYPES[kind].value(text) == value


@pytest.mark.parametrize(("kind", "text"), [
    ("spi", "toB"), ("cookie", "0011"), ("ip", "10.1"), ("net", "10.1.0.0/"), ("mac", "00-0C"),
    ("int", "1.5"), ("count", "-1"), ("dur", "5"), ("time", "today"), ("guid", "{D239C599}"),
    ("path", "a b"), ("hash", "xyz"), ("port", "123456"), ("name", " x"),
])
def test_a_type_refuses_another_shape(kind: str, text: str) -> None:
    assert re.fullmatch(TYPES[kind].shape, text) is None


def test_every_cell_type_that_a_placeholder_accepts_exists() -> None:
    assert frozenset().union(*(kind.cells for kind in TYPES.values())) <= CELLS


@pytest.mark.parametrize(("text", "inside", "outside"), [
    ("1..4", (1, 4), (0, 5)),
    ("..4", (-9, 4), (5,)),
    ("1..", (1, 99), (0,)),
    ("<2", (1,), (2, 3)),
    ("<=2", (2,), (3,)),
    (">2", (3,), (2, 1)),
    (">=2", (2,), (1,)),
    ("=7", (7,), (6, 8)),
])
def test_a_range_holds_its_limits(text: str, inside: tuple[int, ...],
                                  outside: tuple[int, ...]) -> None:
    limits = make_range(text, TYPES["int"])
    assert all(value in limits for value in inside)
    assert not any(value in limits for value in outside)


def test_a_range_of_times_has_units_and_a_text_is_in_none() -> None:
    assert make_range("<2s", TYPES["dur"]) == Range("<2s", None, 2.0, False, True)
    assert "soon" not in make_range("<2s", TYPES["dur"])


@pytest.mark.parametrize("text", ["", "<", "wide", "1...2"])
def test_a_wrong_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        make_range(text, TYPES["int"])


def test_an_unknown_unit_is_named() -> None:
    with pytest.raises(ValueError, match="'parsecs' is no unit of time"):
        seconds("5 parsecs")
