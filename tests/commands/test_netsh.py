"""docs/netsh.md against netsh as it is known, and against the declarations."""

from pathlib import Path

import pytest

from commands.netsh import NETSH, PATH, declared, page
from commands.reference import MISSING, place_of_tests

PAGES = Path(__file__).parent / "netsh_pages.txt"


def test_the_page_in_docs_is_current() -> None:
    assert PATH.read_text(encoding="utf-8") == page(), "run python -m commands.netsh"


@pytest.mark.parametrize("path", NETSH)
def test_nothing_is_missing_and_values_keep_their_places(path: str) -> None:
    found = declared(path)
    assert found is not None, f"{path} is not built: give a reason in MISSING"
    wanted = NETSH[path].split()
    shown = [tag.word for tag in found[0].tags]
    assert [word for word in wanted if word not in shown] == []
    # What netsh takes by place is taken at the same place; ours come behind.
    assert [word for word in shown if word in wanted] == wanted


def pages() -> dict[str, list[str]]:
    """What public pages say that netsh has: commands and their parameters."""
    lines = PAGES.read_text(encoding="utf-8").splitlines()
    found = [line.partition(":") for line in lines if line[:1] != "#"]
    return {path: parameters.split() for path, _, parameters in found}


def absent(path: str) -> bool:
    """Whether a command is among those that are not built, each with its reason.

    They are named in groups: a first one in full, then what the others end with.
    """
    for names, _ in MISSING:
        first, *others = names.split(", ")
        group = first.rpartition(" ")[0]
        if path in (first, *others, *(f"{group} {one}" for one in others),
                    *(f"{group.rpartition(' ')[0]} {one}" for one in others)):
            return True
    return False


def test_the_table_has_every_command_and_parameter_that_is_known_of_netsh() -> None:
    known = pages()
    assert len(known) > 100
    assert [path for path in known if path not in NETSH and not absent(path)] == []
    assert [(path, name) for path, names in known.items() if path in NETSH
            for name in names if name not in NETSH[path].split()] == []


def test_the_table_has_nothing_that_no_page_knows() -> None:
    known = pages()
    assert [path for path in NETSH if path not in known] == []
    assert [(path, name) for path, names in NETSH.items()
            for name in names.split() if name not in known[path]] == []


def test_what_is_built_is_not_said_to_be_missing() -> None:
    assert [path for path in NETSH if absent(path)] == []


def test_the_file_named_with_a_command_tests_it() -> None:
    silent = []
    for path in NETSH:
        found = declared(path)
        assert found is not None
        text = (PATH.parent.parent / place_of_tests(found[1])).read_text(encoding="utf-8")
        silent += [path] if path.split()[-1] not in text.lower() else []
    assert silent == []


def test_what_is_not_there_has_a_reason() -> None:
    assert all(reason for _, reason in MISSING)
