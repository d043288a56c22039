"""What a filter meets by the words of a line, and what by chance."""

import pytest

from commands.answer import Answer, Cell, Lines
from commands.layout import Span, plain, render_block
from commands.pipes import cut
from commands.session import Session
from commands.sight import Sight, Wanted
from commands.stages import apply_stages
from commands.words import split_words

GUID = Span("{0ADD1234-0000-4000-8000-00000000BEEF}", "guid")
SPI = Span("1234 (0x4d2)", "spi")
TIME = Span("9:12:04 AM", "time")
PLACE = Span("/tmp/ipsecsh-lab-xcnpot_q/gwA-d15126ed.pem", "place")
USER = Span("root (alice)", "user")


@pytest.mark.parametrize(("text", "line", "now", "always", "ever"), [
    ("add", (Span("add filter"),), True, True, True),
    ("add", (Span("Id: "), GUID), True, False, True),
    ("dad", (Span("Id: "), GUID), False, False, True),
    ("Id: {", (Span("Id: "), GUID), True, True, True),
    ("rule", (Span("Id: "), GUID), False, False, False),
    ("0x", (SPI,), True, True, True),
    ("4d2", (SPI,), True, False, True),
    ("0x000004D2", (SPI,), True, False, True),
    ("12", (Span("541 at "), TIME), True, False, True),
    ("541", (Span("541 at "), TIME), True, True, True),
    ("am", (TIME,), True, False, True),
    ("pm", (TIME,), False, False, True),
    ("10.1", (Span("from "), Span("10.1.0.10", "ip")), True, False, True),
    ("10.1", (Span("from "), Span("192.0.2.1", "ip")), False, False, True),
    ("10.1.0.10", (Span("from "), Span("10.1.0.10", "ip")), True, True, True),
    ("10.1.0.1", (Span("from "), Span("10.1.0.10", "ip")), True, False, True),
    ("src=10.1.0.0", (Span("x src=10.1.0.0 y=255.255.255.0", "line"),), True, True, True),
    ("255.255", (Span("x src=10.1.0.0 y=255.255.255.0", "line"),), True, True, True),
    ("CN", (Span("File: "), PLACE), True, False, True),
    ("pot", (Span("File: "), PLACE), True, False, True),
    ("won", (Span("File: "), PLACE), False, False, True),
    ("pem", (Span("File: "), PLACE), True, True, True),
    ("d15", (Span("File: "), PLACE), True, False, True),
    ("File", (Span("File: "), PLACE), True, True, True),
    ("root", (Span("by "), USER), True, False, True),
    ("bob", (Span("by "), USER), False, False, True),
    ("from 7", (Span("from "), Span("192.0.2.1", "ip")), False, False, False),
])
def test_what_is_seen_of_a_text(text: str, line: tuple[Span, ...], now: bool, always: bool,
                                ever: bool) -> None:
    assert Wanted(text).look(line) == Sight(now, always, ever)


ANSWER = Answer((Lines((
    ("add filter",), ("one: ", Cell("guid", "", "{0ADD}")), ("two: ", Cell("guid", "", "{0BEE}")),
    (), ("three",), ("four: ", Cell("guid", "", "{ADD5}")))),))


@pytest.mark.parametrize(("pipe", "shown"), [
    ("include add", ["add filter", "?one: {0ADD}", "?four: {ADD5}"]),
    ("include e: {", ["one: {0ADD}"]),
    ("exclude add", ["?two: {0BEE}", "", "three"]),
    ("exclude add | include e", ["?two: {0BEE}", "three"]),
    ("begin add", ["add filter", "one: {0ADD}", "two: {0BEE}", "", "three", "four: {ADD5}"]),
    ("begin bee", ["?two: {0BEE}", "?", "?three", "?four: {ADD5}"]),
    ("section add5", ["?three", "?four: {ADD5}"]),
    ("include add | count", ["hits 3"]),
    ("include bad | count", ["hits 0"]),
    ("include three | count", ["count 1"]),
    ("include add | include filter | count", ["hits 1"]),
])
def test_lines_that_are_met_by_chance_are_marked(pipe: str, shown: list[str]) -> None:
    stages = cut(split_words("x | " + pipe).words).stages
    kept = apply_stages(ANSWER, stages, Session())
    lines = [line for block in kept.blocks for line in render_block(block, False, 80)]
    assert [("?" if any(span.type == "chance" for span in line) else "")
            + (f"{line[0].type} " if line and line[0].type in ("hits", "count") else "")
            + plain(line) for line in lines] == shown
