"""Rules of the house that no linter knows."""

import importlib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from commands.index import ROWS

ROOT = Path(__file__).parent.parent
FLOORS = ("shell", "transcripts", "commands", "engine")
LINES_MOST = 400


def sources() -> list[Path]:
    return [path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py"))]


def test_every_file_stays_within_four_hundred_lines() -> None:
    long = {str(path.relative_to(ROOT)): count for path in sources()
            if (count := len(path.read_text().splitlines())) > LINES_MOST}
    assert not long


def test_every_module_says_what_it_is() -> None:
    silent = [str(path.relative_to(ROOT)) for path in sources()
              if path.name != "__init__.py" and path.stat().st_size
              and not path.read_text().startswith(('"""', 'r"""'))]
    assert not silent


def test_nobody_else_owns_our_import_names() -> None:
    owners = packages_distributions()
    for floor in FLOORS:
        assert set(owners.get(floor, ["ipsecsh"])) == {"ipsecsh"}


@pytest.mark.parametrize("path", [row[0] for row in ROWS])
def test_every_command_of_the_table_is_declared_with_help(path: str) -> None:
    module, name = {row[0]: row[1] for row in ROWS}[path].split(":")
    declared = getattr(importlib.import_module(module), name)
    assert declared.summary.endswith(".")
    assert all(one.help.endswith(".") for one in declared.tags)
