"""GUIDs as Windows shows them."""

import os

import pytest

from engine.policy.guid import is_guid, new_guid


def test_a_guid_is_upper_case_in_braces_of_version_four() -> None:
    assert new_guid(lambda size: b"\xff" * size) == "{FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF}"
    assert new_guid(lambda size: bytes(range(size))) == "{00010203-0405-4607-8809-0A0B0C0D0E0F}"
    assert all(is_guid(new_guid(os.urandom)) for _ in range(100))


@pytest.mark.parametrize("text", [
    "", "{}", "00010203-0405-4607-8809-0A0B0C0D0E0F", "{00010203-0405-4607-8809-0A0B0C0D0E0G}",
    "{000102030405-4607-8809-0A0B0C0D0E0F000}", "{00010203-0405-4607-8809-0A0B0C0D0E0F",
    "{٠٠٠١٠٢٠٣-0405-4607-8809-0A0B0C0D0E0F}",
])
def test_other_texts_are_no_guids(text: str) -> None:
    assert not is_guid(text)
