"""netsh's layouts, masking, errors with a caret."""

import pytest

from commands.answer import Answer, Block, Cell, Lines, Record, Records, Table, Warn
from commands.errors import CommandError, Span
from commands.layout import columns, plain, wrap
from commands.render import error_data, render, render_error, render_text
from engine.policy.model import Secret


def cell(text: str, type: str = "text", value: object = None) -> Cell:
    return Cell(type, text if value is None else value, text)


RECORD = Record((("name", "Name", cell("P")), ("guid", "A longer label", cell("{1}", "guid"))),
                width=8)


@pytest.mark.parametrize(("block", "text"), [
    (Lines((("a ", cell("b")), ())), "a b\n\n"),
    (RECORD, "Name    : P\nA longer label: {1}\n"),
    (Record(RECORD.fields[:1], title="Rule"), "Rule\n----\nName                    : P\n"),
    (Records((RECORD, RECORD), "No. of things"),
     "Name    : P\nA longer label: {1}\n\nName    : P\nA longer label: {1}\n\nNo. of things: 2\n"),
    (Records((RECORD,)), "Name    : P\nA longer label: {1}\n"),
    (Table((("a", "A"), ("n", "Count")), ((cell("x"), cell("12", "count")),
                                          (cell("yy"), cell("3", "count")))),
     "A   Count\n--  -----\nx      12\nyy      3\n"),
    (Table((("a", "A"),), (), empty="Nothing."), "Nothing.\n"),
    (Table((("a", "A"),), (), title="T"), "T\n-\n"),
])
def test_blocks_have_their_layout(block: Block, text: str) -> None:
    assert render_text(block) == text


def test_a_wide_last_column_goes_on_below_itself() -> None:
    table = Table((("a", "A"), ("b", "B")), ((cell("x"), cell("word " * 20)),))
    lines = render_text(table, width=40).splitlines()
    assert all(len(line) <= 40 for line in lines)
    assert lines[3] == "   " + "word " * 6 + "word"


def test_an_answer_separates_its_blocks_and_ends_with_warnings() -> None:
    answer = Answer((RECORD, RECORD), (Warn("W", "text", "do this"), Warn("V", "more")))
    assert render_text(answer) == (
        "Name    : P\nA longer label: {1}\n\nName    : P\nA longer label: {1}\n"
        "WARN W: text\n  fix: do this\nWARN V: more\n")


def test_spans_keep_type_and_value_of_their_cells() -> None:
    line = render(Lines((("to ", cell("0x1", "spi", 1)),)))[0]
    assert [(span.text, span.type, span.value) for span in line] == [
        ("to ", "", None), ("0x1", "spi", 1)]


@pytest.mark.parametrize("value", [Secret("geheim"), "geheim"])
@pytest.mark.parametrize("format", ["table", "json", "jsonl", "csv"])
def test_secrets_are_stars_unless_revealed(value: str, format: str) -> None:
    record = Record((("key", "Key", Cell("secret", value, "geheim")),))
    assert "geheim" not in render_text(record, format)
    assert "********" in render_text(record, format)
    assert "geheim" in render_text(record, format, reveal=True)


def test_control_characters_from_a_peer_cannot_reach_the_terminal() -> None:
    text = render_text(Lines(((cell("a\x1b[31mb\x00\n"),),)))
    assert text == "a\\x1b[31mb\\x00\\n\n"


def error(**changes: object) -> CommandError:
    made = CommandError("IPsec[05049]", "FilterList with name 'x y' does not exist",
                        span=Span(4, 9), known=("a b", "c"), fix="add it")
    made.line = 'add "x y" z'
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def shown(mistake: CommandError) -> list[str]:
    return [plain(line) for line in render_error(mistake)]


def test_an_error_shows_line_caret_known_words_and_way_out() -> None:
    assert shown(error()) == [
        "ERR IPsec[05049] : FilterList with name 'x y' does not exist",
        '  add "x y" z',
        "      ^^^^^",
        '  known: "a b", c',
        "  fix: add it"]


def test_an_error_in_a_script_names_its_place_first() -> None:
    assert shown(error(place="s.txt:3"))[0].startswith("s.txt:3: ERR IPsec[05049] : ")


@pytest.mark.parametrize(("line", "span", "caret"), [
    ("é x", Span(2, 3), "    ^"),
    ("日本 x", Span(3, 4), "       ^"),
    ("日本 x", Span(0, 2), "  ^^^^"),
    ("a\tb", Span(2, 3), "    ^"),
    ("abc", Span(3, 4), "     ^"),
    ("abc", Span(3, 3), "     ^"),
])
def test_the_caret_stands_under_its_word(line: str, span: Span, caret: str) -> None:
    assert shown(error(line=line, span=span, known=(), fix=""))[2] == caret


def test_an_error_without_a_word_to_blame_has_no_caret() -> None:
    assert shown(error(span=None, known=(), fix=""))[1:] == ['  add "x y" z']
    assert shown(error(line="", known=(), fix=""))[1:] == []


def test_a_very_long_line_is_shown_around_the_mistake() -> None:
    lines = shown(error(line="a" * 9000 + "BAD" + "c" * 900, span=Span(9000, 9003), known=(),
                        fix=""))
    start = lines[2].index("^")
    assert lines[1][start:start + 3] == "BAD" and lines[2].strip() == "^^^"
    assert len(lines[1]) < 200


def test_many_known_words_are_cut_and_wrapped() -> None:
    lines = shown(error(known=tuple(f"name{number}" for number in range(100)), fix=""))
    assert all(len(line) <= 80 for line in lines)
    assert lines[-1].endswith("and 60 more")


def test_an_error_as_data_counts_columns_from_one() -> None:
    assert error_data(error(place="f:1")) == {
        "place": "f:1", "code": "IPsec[05049]", "line": 'add "x y" z', "column": 5,
        "text": "FilterList with name 'x y' does not exist", "known": ["a b", "c"],
        "fix": "add it"}
    assert error_data(error(span=None))["column"] == 0


@pytest.mark.parametrize(("text", "lines"), [
    ("", [""]), ("a b", ["a b"]), ("aaaa bbbb cc", ["aaaa", "bbbb", "cc"]),
    ("aaaaaaaaa", ["aaaaa", "aaaa"]), ("aaaaa", ["aaaaa"]),
])
def test_text_is_wrapped_at_blanks(text: str, lines: list[str]) -> None:
    assert wrap(text, 5) == lines


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("日本", 4), ("e\u0301", 1)])
def test_columns_of_a_terminal_are_counted(text: str, width: int) -> None:
    assert columns(text) == width
