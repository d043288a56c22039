"""Each engine value becomes a cell of its type in Windows' spelling."""

import pytest

from commands import cells
from commands.answer import TYPES, Cell
from commands.layout import plain
from commands.render import render, render_text
from engine.address import Network, parse_address
from engine.policy.model import Secret
from engine.wording import Value, spi, words

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
    (cells.period(30, "30s"), "period", 30, "30s"),
    (cells.fill("-", 3), "fill", None, "---"),
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


def test_a_long_line_goes_on_below_itself_and_keeps_its_types() -> None:
    line = (cells.hang(8), "    why ", cells.line("one two three "), cells.spi(7), " four five")
    shown = render(cells.say(line), width=22)
    assert [plain(one) for one in shown] == [
        "    why one two three", "        7 (0x7) four", "        five"]
    assert [span.type for one in shown for span in one if span.type] == ["line", "spi"]
    assert render_text(cells.say(line), width=1000) == "    why one two three 7 (0x7) four five\n"


@pytest.mark.parametrize(("text", "width", "lines"), [
    ("  a b", 80, ["  a b"]), ("  abcdefgh", 6, ["  abcd", "  efgh"]),
    ("  ab cd", 6, ["  ab", "  cd"]), ("", 6, [""]),
])
def test_a_line_is_broken_where_it_can_be(text: str, width: int, lines: list[str]) -> None:
    found = render(cells.say((cells.hang(2), text)), width=width)
    assert [plain(one) for one in found] == lines


def test_a_sentence_of_the_engine_keeps_its_values() -> None:
    sentence = words("SPI {} of {}.", spi(0x1A), Value("ip", "10.1.0.1"))
    assert sentence == "SPI 0x0000001a of 10.1.0.1."
    assert [cell.type for cell in cells.sentence(sentence) if isinstance(cell, Cell)] == [
        "line", "spi", "line", "ip", "line"]
    assert cells.sentence("plain") == (Cell("line", "plain", "plain"),)


def test_empty_strings_are_empty_lines() -> None:
    assert render_text(cells.say("", "a", "")) == "\na\n\n"
