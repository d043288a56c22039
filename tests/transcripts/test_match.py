"""Expected lines against printed ones: placeholders, captures, elisions, blanks, reasons."""

import pytest

from engine.policy.model import Secret
from transcripts.format import parse
from transcripts.lines import Printed, fold, printed, squeeze
from transcripts.match import STEPS_MOST, Capture, Matcher, Mismatch
from transcripts.model import Expected

CONTEXTS = {(), ("ipsec", "dynamic")}
Spans = list[tuple[str, str, object]]


def expected(text: str) -> tuple[Expected, ...]:
    head = "# transcript: 1\n> show\n"
    return parse(head + text, "x.transcript", CONTEXTS).exchanges[0].expected


def lines(text: str) -> list[Printed]:
    return [printed(line[0], [(line[2:], "", None)]) for line in text.split("\n") if line]


def compare(wanted: str, got: str, **variables: str) -> dict[str, Capture] | Mismatch:
    found = Matcher({}, variables).compare(expected(wanted), lines(got))
    return found if isinstance(found, Mismatch) else dict(found)


@pytest.mark.parametrize(("wanted", "got"), [
    ("| Ok.", "| Ok."),
    ("| Ok.", "| \n| Ok.\n| "),
    ("| a<*>", "| a b c"),
    ("| a<*>", "| a"),
    ("| \\<10ms costs \\$5 or \\\\", "| <10ms costs $5 or \\"),
    ("| from <ip>: <bytes> in <dur>", "| from 10.2.0.10: 32 in 41ms"),
    ("| <int 1..4> <dur <2s> <bytes >=64 :n>", "| 4 1.9s 64"),
    ("| <count >4>", "| 1,024"),
    ("| <guid>", "| {D239C599-F945-47A3-A4E3-B37BC12826B9}"),
    ("| <cookie:c>\n| <cookie:c>", "| 00112233aabbccdd:0011223344556677\n"
                                   "| 00112233AABBCCDD:0011223344556677"),
    ("| <spi:x>\n| <spi:x>", "| 1234 (0x4d2)\n| 0x4d2"),
    ("| <enum(up,down)>", "| down"),
    ("| <re([a-c]+)>!", "| abc!"),
    ("| <time> <date> <mac> <net> <port>",
     "| 3/17/2004 9:00:00 AM 2004-03-17 00-0C-29-AA-BB-CC 10.1.0.0/24 500"),
    ("| a\n| <...>\n| z", "| a\n| b\n| c\n| z"),
    ("| a\n| <...>\n| z", "| a\n| z"),
    ("| <...>\n| b\n| <...>", "| a\n| b\n| b\n| c"),
    ("| a\n| <...2>\n| z", "| a\n| b\n| c\n| z"),
    ("| <...>", ""),
    ("| a\n| <...1>\n| <...2>\n| z", "| a\n| b\n| c\n| d\n| z"),
    ("| a\n| <...9>\n| b\n| <...>\n| z", "| a\n| b\n| b\n| z"),
    ("|\n| a\n|", "| a"),
    ("! no\n| yes", "! no\n| yes"),
    ("| at ${gw}", "| at 192.0.2.1"),
    ("~ unordered\n| <int:a> x\n| b\n| <int> y\n~ end\n| z", "| 2 y\n| 1 x\n| b\n| z"),
    ("~ unordered\n| <int> <*>\n| <int> x\n~ end", "| 1 x\n| 2 y"),
    ("| Head\n| <rows>\n| b\n| a\n|\n| tail", "| Head\n| a\n| b\n| \n| tail"),
    ("| Head\n| <rows>\n|\n| tail", "| Head\n| a\n| b\n| \n| tail"),
    ("? Sure?\n< y\n| Ok.", "? Sure?\n| Ok."),
])
def test_a_line_matches(wanted: str, got: str) -> None:
    assert not isinstance(compare(wanted, got, gw="192.0.2.1"), Mismatch)


@pytest.mark.parametrize(("wanted", "got", "line", "reason"), [
    ("| Ok.", "| No.", 3, "differs from column 1: expected 'Ok.', got 'No.'"),
    ("| a  b", "| a b", 3, "only the blanks differ"),
    ("| Ok.", "! Ok.", 3, "output was expected, an error was printed"),
    ("| a\n| b", "| a", 4, "the output ends before this line"),
    ("| a", "| a\n| b\n| c", 3, "2 more lines printed after this one"),
    ("", "| a", 0, "nothing more was expected"),
    ("| n=<int 1..4>", "| n=5", 3, "<int 1..4>: 5 is outside the range 1..4"),
    ("| <dur <2s>", "| 2s", 3, "<dur <2s>: 2s is outside the range <2s"),
    ("| from <ip>: x", "| from nobody: x", 3, "<ip> does not match 'nobody: x'"),
    ("| <int> routes via 203.0.113.9, up", "| 1 routes via 203.0.113.2, up", 3,
     "'203.0.113.9, up' does not match '203.0.113.2, up'"),
    ("| <spi:a>\n| <spi:a>", "| 0x1\n| 0x2", 4,
     "<spi:a> was 0x00000001 (captured line 3), now 0x2"),
    ("| a\n| <...1>\n| z", "| a\n| b\n| c\n| z", 4,
     "2 lines printed where at most 1 may be"),
    ("| <...>\n| z", "| a\n! e\n| z", 3, "output and errors alternate here"),
    ("| ${nobody}", "| x", 3, "${nobody} is not bound"),
    ("| <enum(up,down)>", "| left", 3, "<enum(up,down)> does not match 'left'"),
    ("~ unordered\n| b\n| a\n~ end", "| a\n| c", 4, "no line is like this one"),
    ("~ unordered\n| <int> x\n| <int> y\n~ end", "| 1 x\n| 2 x", 5, "no line is like this one"),
    ("~ unordered\n| b\n| a\n~ end", "| a", 5, "the output ends before this line"),
    ("| x\n? Sure?", "| x\n| Sure?", 4, "a question was expected, output was printed"),
    ("| a\n| x\n| b", "| a\n| y", 4, "differs from column 1: expected 'x', got 'y'"),
])
def test_a_mismatch_names_line_and_reason(wanted: str, got: str, line: int, reason: str) -> None:
    assert compare(wanted, got) == Mismatch(line, reason)


TABLE: Spans = [("toB", "name", "toB"), ("     ", "", None), ("out", "enum", "out"),
                ("  ", "", None), ("4660 (0x1234)", "spi", "0x00001234"), ("    ", "", None),
                ("96", "bytes", 96)]


@pytest.mark.parametrize("wanted", [
    "| toB out <spi> <bytes>",
    "| toB          out   <spi:o>   <int 96..96>",
    "| toB     out  4660 (0x1234)    96",
])
def test_blanks_are_folded_where_the_table_writer_made_them(wanted: str) -> None:
    found = Matcher({}, {}).compare(expected(wanted), [printed("|", TABLE)])
    assert not isinstance(found, Mismatch)


def test_a_right_aligned_first_column_is_folded_too() -> None:
    row: Spans = [(" ", "", None), ("9", "int", 9), ("  ", "", None), ("spi=0x1f", "text", "")]
    for wanted in ("|  9  spi=<spi>", "| 9 spi=<spi>"):
        found = Matcher({}, {}).compare(expected(wanted), [printed("|", row)])
        assert not isinstance(found, Mismatch)


def test_a_placeholder_is_checked_against_the_type_of_the_cell_it_covers() -> None:
    count: Spans = [("packets ", "", None), ("7", "count", 7)]
    found = Matcher({}, {}).compare(expected("| packets <spi>"), [printed("|", count)])
    assert found == Mismatch(3, "<spi> stands at '7', which is of type count")


def test_a_fitting_cell_matches_whatever_its_text_looks_like() -> None:
    cell: Spans = [("left: ", "", None), ("about two hours", "dur", 7200.0)]
    found = Matcher({}, {}).compare(expected("| left: <dur 1h..3h :t>"), [printed("|", cell)])
    assert found == {"dur:t": Capture("about two hours", 7200.0, 3)}


def test_an_spi_is_captured_as_one_word_that_can_be_typed() -> None:
    found = Matcher({}, {}).compare(expected("| toB out <spi:out> 96"), [printed("|", TABLE)])
    assert found == {"spi:out": Capture("0x00001234", 0x1234, 3)}


def test_rules_and_wires_are_as_long_as_what_they_stand_beside() -> None:
    wire: Spans = [("hostA", "name", ""), (" ", "", None), ("-------", "fill", None),
                   (" ", "", None), ("gwA", "name", ""), (" ", "", None), ("----", "fill", None)]
    shown = printed("|", wire)
    assert (shown.folded, shown.fills) == ("hostA - gwA -", "-")
    for wanted in ("| hostA --- gwA --", "| hostA ---------- <name:g> -"):
        assert not isinstance(Matcher({}, {}).compare(expected(wanted), [shown]), Mismatch)
    found = Matcher({}, {}).compare(expected("| hostA === gwA --"), [shown])
    assert isinstance(found, Mismatch)
    assert squeeze("a--b==c", "-=") == "a-b=c" and fold(" a  b ") == "a b"


def ordered(*texts: str) -> list[Printed]:
    return [printed("|", [("", "sorted", None), (text, "", None)]) for text in texts]


def test_lines_in_the_order_of_their_own_values_are_compared_in_any() -> None:
    shown = [*lines("| head"), *ordered("10 a", "20 b", "30 c"), *lines("| tail")]
    for wanted in ("| head\n| 30 c\n| 10 a\n| 20 b\n| tail",
                   "| head\n| <int:x> b\n| <...>\n| tail"):
        assert not isinstance(Matcher({}, {}).compare(expected(wanted), shown), Mismatch), wanted
    found = Matcher({}, {}).compare(expected("| head\n| 30 c\n| 10 a\n| 21 b\n| tail"), shown)
    assert found == Mismatch(6, "differs from column 2: expected '1 b', got '0 b'")
    plain = lines("| head\n| 10 a\n| 20 b\n| 30 c\n| tail")
    assert isinstance(Matcher({}, {}).compare(expected("| head\n| 30 c\n| 10 a\n| 20 b\n| tail"),
                                              plain), Mismatch)


@pytest.mark.parametrize(("wanted", "got", "fits"), [
    ("| key ${PSK}", "| key ********", True), ("| key ${PSK}", "| key ${PSK}", True),
    ("| key ${PSK}", "| key kb252735", False), ("| key ********", "| key ${PSK}", False),
    ("| key ********", "| key ********", True),
    ("| ${secret:a.hex}!", "| ${secret:a.hex}!", True),
    ("| ${secret:a.hex}!", "| ********!", False),
])
def test_a_secret_is_its_stars_or_its_name(wanted: str, got: str, fits: bool) -> None:
    found = compare(wanted, got, PSK=Secret("kb252735"))
    assert isinstance(found, Mismatch) is not fits


def test_endless_ways_to_fit_end_with_a_reason() -> None:
    wanted = "\n".join("| <...9>\n| a" for _ in range(60)) + "\n| b"
    got = "\n".join("| a" for _ in range(300))
    assert compare(wanted, got) == Mismatch(3, "the elisions fit in more ways than can be tried")
    assert STEPS_MOST < 10_000_000
    many = "~ unordered\n" + "| <int>\n" * 300 + "~ end"
    assert isinstance(compare(many, "| 1\n" * 300), Mismatch)
    literal = "~ unordered\n" + "".join(f"| {at}\n" for at in range(3000)) + "~ end"
    shown = "\n".join(f"| {at}" for at in reversed(range(3000)))
    assert not isinstance(compare(literal, shown), Mismatch)
