"""docs/netsh.md against netsh as it is known, and against the declarations."""

import pytest

from commands.netsh import NETSH, PATH, declared, page
from commands.reference import MISSING


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


def test_what_is_not_there_has_a_reason() -> None:
    assert all(reason for _, reason in MISSING)
