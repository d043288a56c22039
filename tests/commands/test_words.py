"""Tokens: quotes, ``=``, variables, comments, what no line may hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.words import (
    LINE_LIMIT,
    comment_start,
    line_of_arguments,
    quote,
    split_words,
)

VARIABLES = {"NetA": "10.1.0.0/24", "Two": "a b"}


@pytest.mark.parametrize(("line", "texts"), [
    ("", []),
    ("  \t ", []),
    ("show policy all", ["show", "policy", "all"]),
    ('name="My Policy"', ["name=My Policy"]),
    ('"My Policy"', ["My Policy"]),
    ('a"b c"d', ["ab cd"]),
    ('x=""', ["x="]),
    ('""', [""]),
    ("name = X", ["name", "=", "X"]),
    (r'"CN=\'quoted\' CA"', ['CN="quoted" CA']),
    (r"a\'b", [r"a\'b"]),
    ("src=${NetA}", ["src=10.1.0.0/24"]),
    ("${Two}", ["a b"]),
    ('"${NetA}"', ["10.1.0.0/24"]),
    (r"psk=\${NetA}", ["psk=${NetA}"]),
    ("$x $ {", ["$x", "$", "{"]),
    ("Büro=Zürich", ["Büro=Zürich"]),
])
def test_a_line_is_cut_into_words(line: str, texts: list[str]) -> None:
    found = split_words(line, VARIABLES)
    assert found.error is None
    assert [word.text for word in found.words] == texts


@pytest.mark.parametrize(("line", "equals", "cut"), [
    ("name=x", 4, 5), ("=x", 0, 1), ('"a=b"', -1, -1), ('a"=b"=c', 3, 6), ("a", -1, -1),
    ("psk=a=b", 3, 4),
])
def test_the_first_unquoted_equals_sign_is_known(line: str, equals: int, cut: int) -> None:
    word = split_words(line).words[0]
    assert (word.equals, word.cut) == (equals, cut)


def test_positions_are_those_of_the_typed_line() -> None:
    words = split_words('  add "x y"  z', VARIABLES).words
    assert [(word.start, word.end) for word in words] == [(2, 5), (6, 11), (13, 14)]
    assert words[1].quoted and not words[0].quoted


@pytest.mark.parametrize(("line", "column"), [
    ("# note", 0), ("#=====", 0), ("  ; note", 2), ("rem note", 0), ("REM", 0), ("rem\tx", 0),
    ("remove x", -1), ("a # b", -1), ("", -1),
])
def test_comments_begin_a_line(line: str, column: int) -> None:
    assert comment_start(line) == column


@pytest.mark.parametrize(("line", "code", "column"), [
    ('add "x', "unclosed-quote", 4),
    ("a\0b", "control-character", 1),
    ("a\x1b[0m", "control-character", 1),
    ("a\x7f", "control-character", 1),
    ("a\x9b", "control-character", 1),
    ("a\udcffb", "control-character", 1),
    ("a\u2028b", "control-character", 1),
    ("x ${Foo}", "unknown-variable", 2),
    ("x ${Net", "unknown-variable", 2),
    ("x" * (LINE_LIMIT + 1), "line-too-long", -1),
])
def test_what_a_line_may_not_hold_is_one_error(line: str, code: str, column: int) -> None:
    error = split_words(line, VARIABLES).error
    assert error is not None
    assert (error.code, error.exit) == (code, 2)
    assert (error.span.start if error.span else -1) == column


def test_a_line_of_ten_thousand_characters_is_read() -> None:
    found = split_words("a" * 4000 + ' "' + "b " * 3000 + '"')
    assert [len(word.text) for word in found.words] == [4000, 6000]
    assert found.error is None


def test_a_word_keeps_the_open_quote_of_an_unfinished_line() -> None:
    found = split_words('add name="My Po')
    assert found.unfinished
    assert found.words[-1].text == "name=My Po"


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=40))
def test_a_quoted_value_means_itself(text: str) -> None:
    found = split_words("name=" + quote(text))
    assert found.error is None
    assert [word.text for word in found.words] == ["name=" + text]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters='$\\',
                                      exclude_categories=("Cc", "Cs", "Zl", "Zp")),
                        min_size=1, max_size=20), max_size=6))
def test_every_argument_of_a_process_is_one_word(arguments: list[str]) -> None:
    found = split_words("go " + line_of_arguments(arguments))
    assert [word.text for word in found.words[1:]] == arguments


def test_an_argument_with_a_tag_keeps_its_tag() -> None:
    line = line_of_arguments(["add", "name=My Policy", "description="])
    assert line == 'add name="My Policy" description=""'


def test_an_argument_with_a_switch_keeps_its_switch() -> None:
    line = line_of_arguments(["auditpol", "/set", "/subcategory:IPsec Main Mode", "/logon:all"])
    assert line == 'auditpol /set /subcategory:"IPsec Main Mode" /logon:all'
