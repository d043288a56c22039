"""Each engine value becomes a cell of its type in Windows' spelling."""

import pytest

from commands import cells
from commands.answer import TYPES, Cell
from commands.render import render_text
from engine.address import Network, parse_address
from engine.policy.model import Secret

CELLS = [
    (cells.ip(parse_address("10.1.0.1")), "ip", "10.1.0.1", "10.1.0.1"),
    (cells.mask(24), "mask", "255.255.255.0", "255.255.255.0"),
    (cells.net(Network(0x0A010000, 24)), "net", "10.1.0.0/24", "10.1.0.0/24"),
    (cells.spi(0x1A2B), "spi", "0x00001a2b", "6699 (0x1a2b)"),
    (cells.cookies(bytes(range(16))), "cookie", "0001020304050607:08090a0b0c0d0e0f",
     "0001020304050607:08090a0b0c0d0e0f"),
    (cells.guid("5ec1fd53-ea98-4c1b-a99f-6d2a0ff94592"), "guid",
     "{5EC1FD53-EA98-4C1B-A99F-6D2A0FF94592}", "{5EC1FD53-EA98-4C1B-A99F-6D2A0FF94592}"),
    (cells.mac("00:0c:29:aa:bb:cc"), "mac", "00-0C-29-AA-BB-CC", "00-0C-29-AA-BB-CC"),
    (cells.yes(True), "yesno", True, "Yes"),
    (cells.yes(False, ("NO", "YES")), "yesno", False, "NO"),
    (cells.duration(0.03, "30ms"), "dur", 0.03, "30ms"),
]


@pytest.mark.parametrize(("cell", "kind", "value", "shown"), CELLS)
def test_a_value_has_its_type_its_json_and_its_text(cell: Cell, kind: str, value: object,
                                                    shown: str) -> None:
    assert cell == (kind, value, shown)
    assert kind in TYPES


def test_a_key_is_shown_only_when_it_is_to_be_revealed() -> None:
    block = cells.say(("key ", cells.secret(Secret("kb252735"))))
    assert render_text(block) == "key ********\n"
    assert render_text(block, reveal=True) == "key kb252735\n"


def test_columns_pad_outside_the_cells() -> None:
    row = cells.columns(((cells.ip(1), 10), (cells.count(7), 3)), right=True)
    assert render_text(cells.say(row)) == "   0.0.0.1  7\n"
    assert [part.text for part in row if isinstance(part, Cell)] == ["0.0.0.1", "7"]


def test_empty_strings_are_empty_lines() -> None:
    assert render_text(cells.say("", "a", "")) == "\na\n\n"
