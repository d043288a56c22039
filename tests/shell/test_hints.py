"""Before Enter: instant help, the grey suggestion, colours and completions."""

import pytest
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory

from commands.session import Session
from shell.completer import LineCompleter
from shell.hints import SafeSuggest, calmly, help_lines, inside_quotes, shorten
from shell.lexer import LineLexer


def suggestion(typed: str, *lines: str) -> str | None:
    buffer = Buffer(history=InMemoryHistory())
    for line in lines:
        buffer.history.append_string(line)
    found = SafeSuggest(Session()).get_suggestion(buffer, Document(typed))
    return found.text if found else None


@pytest.mark.parametrize(("typed", "lines", "text"), [
    ("ping", ("ping 10.1.0.1", "ping 10.2.0.10"), " 10.2.0.10"),
    ("ping 10.2.0.10", ("ping 10.2.0.10",), None),
    ("", ("ping 10.2.0.10",), None),
    ("lab", ("lab show clock", "lab reset"), " show clock"),
    ("routing ip", ("routing ip delete filter name=External",), None),
    ("route", ("route delete 10.2.0.0",), None),
    ("net", ("net stop policyagent",), None),
    ("ipsec", ("ipsec static add rule name=r psk=********",), None),
    ("pong", ("pong 10.2.0.10",), None),
])
def test_the_suggestion_is_the_newest_harmless_line(
        typed: str, lines: tuple[str, ...], text: str | None) -> None:
    assert suggestion(typed, *lines) == text


def test_nothing_is_suggested_in_the_middle_of_a_line() -> None:
    buffer = Buffer(history=InMemoryHistory())
    buffer.history.append_string("ping 10.2.0.10")
    assert SafeSuggest(Session()).get_suggestion(buffer, Document("ping", 2)) is None


@pytest.mark.parametrize(("text", "inside"), [
    ("", False), ('name="', True), ('name="a b"', False), ('a="b" c="', True),
])
def test_a_question_mark_is_literal_inside_quotes(text: str, inside: bool) -> None:
    assert inside_quotes(text) is inside


@pytest.mark.parametrize(("context", "text", "wanted"), [
    ("", "rou", "route           - "),
    ("", "routing ", "ip              - "),
    ("routing ip", "add ", "persistentroute - Adds a persistent static route."),
    ("", "ping ", "destination=    - "),
    ("", "ping -n ", "<integer>       - Number of echo requests to send."),
    ("", "ping | inc", "include         - Lines that contain the text."),
    ("", "xyzzy", "Nothing more belongs here."),
    ("", "", "Commands in this context:"),
    ("routing ip", "", "Commands in the ipsecsh-context:"),
])
def test_help_lists_what_may_come_next(context: str, text: str, wanted: str) -> None:
    session = Session()
    session.context = tuple(context.split())
    lines = help_lines(text, session, 80)
    assert any(line.startswith(wanted) for line in lines), lines
    assert all(len(line) <= 80 for line in lines)


def test_a_failure_while_looking_takes_nothing_away() -> None:
    def broken() -> str:
        raise RuntimeError("the store has gone")

    assert calmly("nothing", broken) == "nothing"


def test_completions_replace_the_word_under_the_cursor() -> None:
    completer = LineCompleter(Session())
    found = list(completer.get_completions(Document("routing ip add per"), CompleteEvent()))
    assert [(one.text, one.start_position) for one in found] == [("persistentroute ", -3)]
    assert found[0].display_meta_text == "Adds a persistent static route."


def test_a_completed_tag_waits_for_its_value() -> None:
    completer = LineCompleter(Session())
    found = completer.get_completions(Document("ipsec static add policy na"), CompleteEvent())
    assert [one.text for one in found] == ["name="]


@pytest.mark.parametrize(("text", "width", "short"), [
    ("short", 10, "short"), ("a longer text", 10, "a longe..."),
])
def test_a_long_help_is_shortened(text: str, width: int, short: str) -> None:
    assert shorten(text, width) == short


def roles(text: str, cursor: int | None = None) -> list[tuple[str, str]]:
    lexer = LineLexer(Session())
    fragments = lexer.lex_document(Document(text, cursor))(0)
    return [(style.removeprefix("class:typed."), part) for style, part, *_ in fragments
            if style]


def test_the_line_is_coloured_by_what_it_means() -> None:
    assert roles("routing ip add filter") == [
        ("context", "routing"), ("context", "ip"), ("command", "add"), ("command", "filter")]
    assert roles("ping -n 4 10.2.0.10 | count")[-2:] == [("operator", "|"), ("filter", "count")]
    assert roles("# a remark") == [("comment", "# a remark")]


def test_a_word_is_no_mistake_while_it_is_being_typed() -> None:
    assert roles("xyzzy") == [("value", "xyzzy")]
    assert roles("xyzzy", 2) == [("error", "xyzzy")]


def test_the_fragments_give_back_the_line_as_typed() -> None:
    text = '  routing   ip add filter name="Ext  ernal" | include "x y" '
    fragments = LineLexer(Session()).lex_document(Document(text))(0)
    assert "".join(part for _, part, *_ in fragments) == text
