"""Operands, operators, conditions, and places in a JSON document."""

import pytest

from transcripts.conditions import (
    Place,
    Unknown,
    compare,
    evaluate,
    holds,
    in_ci,
    parse_condition,
    split_comparison,
)
from transcripts.jsonpath import check, parse_check
from transcripts.types import Value

NAMES: dict[str, Value] = {"n": 7, "spi:a": 0x1F, "word": "up", "time": 1.5}
DOCUMENT = [{"bytes": 128, "name": "toB", "up": True, "to": None, "tags": ["a", "b"]},
            {"bytes": 64, "name": "x y", "up": True, "to": "gwB", "tags": []}]


@pytest.mark.parametrize(("text", "true"), [
    ("${n} >= 7", True), ("${n} > 7", False), ("${n} + 3 == 10", True), ("2s < ${time}", False),
    ("${spi:a} == 0x1f", True), ("${spi:a} != 31", False), ("${word} == up", True),
    ("${word} ~ ^u", True), ("${word} !~ ^u", False), ("${word} == 'up'", True),
    ('${word} in ["up", "down"]', True), ('["a", "b"] contains a', True),
    ("${n} - ${n} == 0", True),
    ("1.5 == ${time}", True), ("up contains p", True), ('"a b" == "a b"', True),
    ("true == true", True), ("null != 0", True), ("-3 < -2", True),
])
def test_values_are_compared(text: str, true: bool) -> None:
    assert compare(split_comparison(text), NAMES.get) is true


@pytest.mark.parametrize(("text", "reason"), [
    ("${word} < 3", "have no order"), ("${n} ~ (", "is no regular expression"),
    ("1 + == 2", "is no value"), ("1 * 2 == 2", "is no value"), ("{a} == 1", "is no JSON"),
])
def test_what_cannot_be_compared_is_named(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        compare(split_comparison(text), NAMES.get)


def test_an_unbound_name_is_named() -> None:
    with pytest.raises(Unknown, match="nobody"):
        evaluate("${nobody}", NAMES.get)


@pytest.mark.parametrize(("text", "true"), [
    ("target", False), ("not target", True), ("lab", True), ("no tty", True), ("ci", True),
    ("has(python3)", True), ("not has(no-such-program)", True), ("env(CI)", True),
    ("env(NOTHING)", False), ("${n} == 7", True), ("not ${n} == 7", False),
    ("linux", True), ("windows", False),
])
def test_a_condition_asks_the_place_or_a_value(text: str, true: bool) -> None:
    place = Place(environment={"CI": "true"})
    assert holds(parse_condition(text), place, NAMES.get) is true


def test_a_machine_says_that_it_is_one() -> None:
    assert in_ci({"CI": "1"}) and not in_ci({"CI": "false"}) and not in_ci({})


@pytest.mark.parametrize("text", [
    ".[0].bytes == 128", ".[-1].bytes == 64", ".[*].bytes >= 64", "any .[].bytes > 100",
    "none .[].bytes > 1000", ".length() == 2", ".[0].tags.length() == 2", ".[0].up == true",
    ".[0].to == null", '.[1]["name"] == "x y"', ".[1].name ~ ^x", ".[0].tags contains b",
    ".[0].nothing absent", ".[0].name exists", ".[*].up == true", "none .[0].nothing == 1",
    ".[0].name.length() == 3", ".[0].bytes == ${n} + 121", ".[5] absent",
])
def test_a_document_passes(text: str) -> None:
    assert check(parse_check(text), DOCUMENT, NAMES.get) == ""


@pytest.mark.parametrize(("text", "reason"), [
    (".[0].bytes == 1", ".[0].bytes is 128"), (".[*].bytes > 64", ".[*].bytes is 64"),
    (".[0].nothing == 1", ".[0].nothing is not there"), (".[0].name absent", ".[0].name is there"),
    (".[0].nothing exists", ".[0].nothing is not there"), ("none .[].up == true", "is True, True"),
    ("any .[].bytes > 1000", ".[].bytes is 128, 64"),
])
def test_a_document_that_does_not_pass_says_what_is_there(text: str, reason: str) -> None:
    assert reason in check(parse_check(text), DOCUMENT, NAMES.get)


def test_what_has_no_length_is_named() -> None:
    with pytest.raises(ValueError, match="128 has no length"):
        check(parse_check(".[0].bytes.length() == 1"), DOCUMENT, NAMES.get)
