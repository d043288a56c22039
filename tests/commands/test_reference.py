"""docs/commands.md against the declarations it is made from."""

from commands import index
from commands.index import ROWS, load, node_at
from commands.reference import HONOURED, PATH, place_of_tests, reference


def test_the_reference_in_docs_is_current() -> None:
    assert PATH.read_text(encoding="utf-8") == reference(), "run python -m commands.reference"


def test_every_command_and_parameter_has_its_row() -> None:
    text = reference()
    for path, target, _ in ROWS:
        if target.startswith("commands."):
            section = text.split(f"\n### {path}\n", 1)[1].split("\n### ", 1)[0]
            for tag in load(node_at(tuple(path.split()))).tags:
                assert tag.help.replace("|", "\\|").replace("<", "&lt;") in section


def test_what_is_said_about_a_parameter_is_said_about_one_that_exists() -> None:
    for path, name in HONOURED:
        assert name in [tag.name for tag in index.load(node_at(tuple(path.split()))).tags], path


def test_the_tests_that_are_named_exist() -> None:
    root = PATH.parent.parent
    for path, target, _ in ROWS:
        if target.startswith("commands."):
            assert (root / place_of_tests(target)).is_file(), path
