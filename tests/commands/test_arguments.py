"""Tags by name, prefix, position and ``name = value``; switches; every mistake once."""

import pytest

from commands.errors import CommandError
from commands.parser import parse
from commands.session import Session

pytestmark = pytest.mark.usefixtures("tried")

A, B = 0x0A010001, 0x0A010002


@pytest.mark.parametrize(("line", "values"), [
    ("x", {"name": "x"}),
    ("name=x", {"name": "x"}),
    ("name= x", {"name": "x"}),
    ("name =x", {"name": "x"}),
    ("name = x", {"name": "x"}),
    ('name = "x y"', {"name": "x y"}),
    ("NAME=x", {"name": "x"}),
    ("na=x", {"name": "x"}),
    ("x d", {"name": "x", "description": "d"}),
    ("mmpfs=y x", {"mmpfs": True, "name": "x"}),
    ("name=x d yes", {"name": "x", "description": "d", "mmpfs": True}),
    ("x lifetime=5 act=p", {"name": "x", "lifetime": 5, "action": "permit"}),
    ("x ACTION=Block", {"name": "x", "action": "block"}),
    ("x srca=10.1.0.1 srcm=24", {"name": "x", "srcaddr": A, "srcmask": 24}),
    ("x srcmask=255.255.0.0", {"name": "x", "srcmask": 16}),
    ("x psk=a=b", {"name": "x", "psk": "a=b"}),
    ('x psk="a b=c"', {"name": "x", "psk": "a b=c"}),
    ("x d no 5 permit 10.1.0.2 32 se=cret", {
        "name": "x", "description": "d", "mmpfs": False, "lifetime": 5, "action": "permit",
        "srcaddr": B, "srcmask": 32, "psk": "se=cret"}),
    ('"a=b"', {"name": "a=b"}),
    ("c2VjcmV0Cg==", {"name": "c2VjcmV0Cg=="}),
    ('x description=""', {"name": "x", "description": ""}),
    ("x ca=one ca=two", {"name": "x", "ca": ("one", "two")}),
])
def test_tags_are_bound(line: str, values: dict[str, object], session: Session) -> None:
    parsed = parse("try tagged " + line, session)
    assert parsed.error is None
    assert parsed.values == values


@pytest.mark.parametrize(("line", "values"), [
    ("10.1.0.1", {"target": A}),
    ("-n 7 10.1.0.1", {"count": 7, "target": A}),
    ("10.1.0.1 -n 7 -t", {"count": 7, "target": A, "forever": True}),
    ("/t /N 7 10.1.0.1", {"count": 7, "target": A, "forever": True}),
    ("/all 10.1.0.1", {"all": True, "target": A}),
    ("-ALL 10.1.0.1", {"all": True, "target": A}),
    ("/test:ipsec 10.1.0.1", {"test": "ipsec", "target": A}),
    ("-test:i 10.1.0.1", {"test": "ipsec", "target": A}),
    ("10.1.0.1 MASK 255.0.0.0", {"mask": 8, "target": A}),
    ("10.1.0.1 and  the rest", {"target": A, "rest": "and  the rest"}),
])
def test_switches_and_keywords_are_bound(line: str, values: dict[str, object],
                                         session: Session) -> None:
    parsed = parse("try tool " + line, session)
    assert parsed.error is None
    assert parsed.values == values


@pytest.mark.parametrize(("line", "code", "marked"), [
    ("try tagged x nme=y", "unknown-tag", "nme"),
    ("try tagged x s=y", "ambiguous", "s"),
    ("try tagged name=x name=y", "doubled-tag", "y"),
    ("try tagged x name=y", "doubled-tag", "y"),
    ("try tagged x mmpfs=maybe", "bad-value", "maybe"),
    ("try tagged x lifetime=0", "bad-value", "0"),
    ("try tagged x lifetime=1001", "bad-value", "1001"),
    ("try tagged x lifetime=1e3", "bad-value", "1e3"),
    ("try tagged x lifetime=\u0663", "bad-value", "\u0663"),
    ("try tagged x srcaddr=10.1.0.256", "bad-value", "10.1.0.256"),
    ("try tagged x srcmask=255.0.255.0", "bad-value", "255.0.255.0"),
    ("try tagged x srcmask=33", "bad-value", "33"),
    ("try tagged x lifetime=", "missing-value", "lifetime="),
    ("try tagged x lifetime= mmpfs=yes", "missing-value", "lifetime="),
    ("try tagged x action=x", "bad-value", "x"),
    ("try tagged a b no 1 permit 10.1.0.1 32 k surplus", "extra-value", "surplus"),
    ("try tool /x", "unknown-option", "/x"),
    ("try tool -n", "missing-value", "-n"),
    ("try tool -n x", "bad-value", "x"),
    ("try tool -t -t", "doubled-tag", "-t"),
    ("try tool -t:5", "bad-value", "-t:5"),
    ("try tool /test:", "missing-value", "/test:"),
    ("try tool /test:x", "bad-value", "x"),
    ("try tool MASK", "missing-value", "MASK"),
])
def test_a_mistake_is_one_error_at_its_word(line: str, code: str, marked: str,
                                            session: Session) -> None:
    error = parse(line, session).error
    assert error is not None and error.span is not None
    assert error.code == code
    assert line[error.span.start:error.span.end] == marked
    assert error.exit == 2


def test_a_missing_tag_is_told_with_its_hint(session: Session) -> None:
    parsed = parse("try tagged mmpfs=yes", session)
    assert parsed.error is None
    with pytest.raises(CommandError) as raised:
        parsed.build()
    assert raised.value.code == "missing-tag"
    assert raised.value.text == "The argument is missing: name"
    assert raised.value.fix == "try tagged name=<string>"


def test_a_mistyped_tag_and_value_are_guessed(session: Session) -> None:
    tag = parse("try tagged x lifetme=4", session).error
    value = parse("try tagged x action=blokc", session).error
    assert tag is not None and value is not None
    assert tag.fix == "did you mean lifetime="
    assert value.fix == "did you mean block"
    assert value.known == ("permit", "block", "negotiate")


def test_a_bad_key_is_not_repeated(session: Session) -> None:
    error = parse("try tagged x psk=" + "k" * 2000, session).error
    assert error is not None
    assert error.text == "psk: the value must be at most 1024 characters long"


def test_a_variable_in_a_bad_value_is_shown_by_its_name(session: Session) -> None:
    session.variables["Hidden"] = "geheim"
    error = parse("try tagged x lifetime=${Hidden}", session).error
    assert error is not None
    assert "geheim" not in error.text and "${Hidden}" in error.text


def test_the_command_knows_the_typed_order(session: Session) -> None:
    command = parse("try tagged psk=k name=x", session).build()
    assert command.order_given == ("psk", "name")
    assert command.names_given == {"psk", "name"}
