"""GUIDs as Windows shows them."""

import os

import pytest

from engine.policy.guid import BLOCK, guids, is_guid


def test_a_guid_is_upper_case_in_braces_of_version_four() -> None:
    assert next(guids(lambda size: b"\xff" * size)) == "{FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF}"
    first = guids(lambda size: bytes(at % 256 for at in range(size)))
    assert next(first) == "{00010203-0405-4607-8809-0A0B0C0D0E0F}"
    assert next(first) == "{10111213-1415-4617-9819-1A1B1C1D1E1F}"
    made = [one for one, _ in zip(guids(os.urandom), range(3 * BLOCK), strict=False)]
    assert all(map(is_guid, made)) and len(set(made)) == 3 * BLOCK


@pytest.mark.parametrize("text", [
    "", "{}", "00010203-0405-4607-8809-0A0B0C0D0E0F", "{00010203-0405-4607-8809-0A0B0C0D0E0G}",
    "{000102030405-4607-8809-0A0B0C0D0E0F000}", "{00010203-0405-4607-8809-0A0B0C0D0E0F",
    "{٠٠٠١٠٢٠٣-0405-4607-8809-0A0B0C0D0E0F}",
])
def test_other_texts_are_no_guids(text: str) -> None:
    assert not is_guid(text)
