"""docs/data.md and docs/schema.json against what the commands say."""

import json
from typing import Any

import pytest

from commands.answer import Block
from commands.errors import CommandError
from commands.render import render_text
from commands.run import run_line
from commands.schema import (
    ARTICLE,
    ASIDE,
    PAGE,
    SCHEMA,
    VERSION,
    page_text,
    schema_text,
    schemas,
    shown,
)
from commands.session import Session
from shell.program import DATA_VERSION

KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "integer": (int,),
    "number": (int, float), "boolean": (bool,), "null": (type(None),)}


@pytest.fixture(scope="module")
def made() -> dict[str, dict[str, Any]]:
    return schemas()


def test_the_schema_in_docs_is_current(made: dict[str, dict[str, Any]]) -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(made), \
        "run python -m commands.schema; what breaks a reader raises VERSION"
    assert PAGE.read_text(encoding="utf-8") == page_text(made)
    assert VERSION == DATA_VERSION


def test_every_command_that_shows_something_is_described(made: dict[str, dict[str, Any]]) -> None:
    assert [path for path in shown() if path not in made] == []


def fits(value: object, shape: dict[str, Any], place: str) -> None:
    """Whether a document is what its schema says. Raises AssertionError."""
    kinds = shape["type"] if isinstance(shape["type"], list) else [shape["type"]]
    known = [one for one in kinds if isinstance(value, KINDS[one]) and not (
        isinstance(value, bool) and one in ("integer", "number"))]
    assert known, f"{place}: {value!r} is no {kinds}"
    if isinstance(value, dict):
        assert set(shape["required"]) <= set(value), place
        for key, one in value.items():
            fits(one, shape["properties"][key], f"{place}.{key}")
    if isinstance(value, list):
        for one in value:
            fits(one, shape["items"], place + "[]")


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_what_is_printed_fits_the_schema(form: str) -> None:
    known = json.loads(SCHEMA.read_text(encoding="utf-8"))["$defs"]
    session = Session("", yes=True)
    for line in ARTICLE:
        run_line(line, session)
    tried = 0
    for path in shown():
        emitted: list[Block] = []
        session.emit = emitted.append
        try:
            answer = run_line(path, session)
        except CommandError:
            continue
        # As the shell prints it: one document, of what is said on the way and at the end.
        answer = answer._replace(blocks=(*(one for one in emitted if one.name not in ASIDE),
                                         *answer.blocks))
        text = render_text(answer, "json")
        if text and answer.exit != 2:
            if form == "jsonl":
                for line in render_text(answer, "jsonl").splitlines():
                    json.loads(line)
            fits(json.loads(text), known[path], path)
            tried += 1
    session.close()
    assert tried > 25
