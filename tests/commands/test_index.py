"""The table of words against the declarations it stands for."""

import pytest

from commands import index
from commands.index import CONTEXTS, ROWS, load, node_at
from commands.kinds import Key
from commands.spec import FORMS

PATHS = [path for path, *_ in ROWS]


@pytest.mark.parametrize("path", PATHS)
def test_the_table_says_what_the_declaration_says(path: str) -> None:
    node = node_at(tuple(path.split()))
    command = load(node)
    assert " ".join(command.words) == path
    assert command.summary == node.help
    assert all(tag.form in FORMS for tag in command.tags)


@pytest.mark.parametrize("path", PATHS)
def test_no_two_tags_of_a_command_are_typed_alike(path: str) -> None:
    tags = load(node_at(tuple(path.split()))).tags
    words = [(tag.form, tag.word.lower().lstrip("-/")) for tag in tags]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize("path", PATHS)
def test_every_key_is_a_secret(path: str) -> None:
    for tag in load(node_at(tuple(path.split()))).tags:
        if tag.word.lower() in ("psk", "presharedkey", "password"):
            assert isinstance(tag.kind, Key) and tag.kind.secret


def test_every_context_can_be_stood_in() -> None:
    assert all(index.is_context(tuple(path.split())) for path, _ in CONTEXTS)
    assert index.is_context(())
    assert not index.is_context(("ipsec", "static", "show"))
    assert not index.is_context(("bogus",))


def test_no_command_is_listed_twice() -> None:
    assert len(set(PATHS)) == len(PATHS)


def test_a_command_of_a_higher_floor_is_registered_once(tried: list[object]) -> None:
    index.register("try more", "tests.commands.samples:Tagged", "More.")
    index.register("try more", "tests.commands.samples:Tagged", "More.")
    assert [row[0] for row in ROWS].count("try more") == 1
    assert node_at(("try", "more")).help == "More."
