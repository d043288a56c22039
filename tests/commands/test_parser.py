"""Pieces for colours, aliases, pipes and unfinished lines from the one parser."""

import pytest

from commands.parser import parse
from commands.session import Session

pytestmark = pytest.mark.usefixtures("tried")


def roles(text: str, session: Session) -> list[tuple[str, str]]:
    return [(piece.role, text[piece.start:piece.end]) for piece in parse(text, session).pieces]


@pytest.mark.parametrize(("text", "expected"), [
    ("ipsec static", [("context", "ipsec"), ("context", "static")]),
    ("try tagged name=x yes", [("command", "try"), ("command", "tagged"), ("tag", "name="),
                               ("value", "x"), ("value", "yes")]),
    ("try tagged x psk = k", [("command", "try"), ("command", "tagged"), ("value", "x"),
                              ("tag", "psk"), ("secret", "k")]),
    ("try tagged x lifetime=a", [("command", "try"), ("command", "tagged"), ("value", "x"),
                                 ("tag", "lifetime="), ("error", "a")]),
    ("try tool -n 4 /all", [("command", "try"), ("command", "tool"), ("option", "-n"),
                            ("value", "4"), ("option", "/all")]),
    ("show alias | inc x", [("command", "show"), ("command", "alias"), ("operator", "|"),
                            ("filter", "inc"), ("value", "x")]),
    ("show alias > f", [("command", "show"), ("command", "alias"), ("operator", ">"),
                        ("value", "f")]),
    ("bogus x", [("error", "bogus")]),
    ("# x", [("comment", "# x")]),
    ("show alias ?", [("command", "show"), ("command", "alias"), ("option", "?")]),
])
def test_every_stretch_of_a_line_has_its_role(text: str, expected: list[tuple[str, str]],
                                              session: Session) -> None:
    assert roles(text, session) == expected


def test_an_unfinished_line_knows_what_is_missing_and_expected(session: Session) -> None:
    parsed = parse("try tagged lifetime=", session)
    assert [tag.name for tag in parsed.missing] == ["name"]
    assert parsed.expects is not None and parsed.expects.name == "lifetime"


def test_the_columns_of_a_tag_are_known_by_name(session: Session) -> None:
    parsed = parse('try tagged "a b" mmpfs=yes', session)
    assert parsed.where("name") == (11, 16)
    assert parsed.where("mmpfs") == (23, 26)
    assert parsed.where("psk") is None


def test_an_operator_without_a_command_is_a_mistake(session: Session) -> None:
    error = parse("| json", session).error
    assert error is not None and error.code == "unknown-command"


@pytest.mark.parametrize("value", ['"a | b > c"', "a|b", "a>b", '"|"', '">>"'])
def test_operators_inside_words_and_quotes_are_literal(value: str, session: Session) -> None:
    parsed = parse("try tagged " + value, session)
    assert parsed.error is None and not parsed.stages
    assert parsed.values == {"name": value.strip('"')}


def test_aliases_may_hold_pipes_and_other_aliases(session: Session) -> None:
    session.aliases.update({"sa": "show alias | json", "again": "sa"})
    parsed = parse("again", session)
    assert parsed.words == ("show", "alias")
    assert [stage.name for stage in parsed.stages] == ["json"]


def test_an_alias_may_hold_tags_with_and_without_values(session: Session) -> None:
    session.aliases["t"] = "try tagged name=x lifetime="
    assert parse("t 7", session).values == {"name": "x", "lifetime": 7}
    assert parse("t", session).expects is not None


def test_a_secret_behind_an_alias_is_masked_too(session: Session) -> None:
    from commands.masking import mask_text
    session.aliases["t"] = "try tagged"
    assert mask_text("t x psk=geheim", session) == "t x psk=********"
