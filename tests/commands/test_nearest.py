"""Did you mean."""

import pytest

from commands.nearest import distance, nearest


@pytest.mark.parametrize(("first", "second", "edits"), [
    ("", "", 0), ("a", "", 1), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "abd", 1),
    ("abc", "xabc", 1), ("kitten", "sitting", 3), ("abcdef", "a", 4),
])
def test_edits_are_counted(first: str, second: str, edits: int) -> None:
    assert distance(first, second, 3) == edits


@pytest.mark.parametrize(("word", "found"), [
    ("polcy", "policy"), ("ploicy", "policy"), ("POLICI", "policy"), ("rle", "rule"),
    ("xyz", ""), ("", ""),
])
def test_the_nearest_word_is_found_if_any_is_near(word: str, found: str) -> None:
    assert nearest(word, ("policy", "rule", "filterlist")) == found
