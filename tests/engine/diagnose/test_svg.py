"""Pieces of pictures: words that stay inside, signs that stay words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.diagnose.svg import escape, head, wrapped


@pytest.mark.parametrize("sign", ["W", "M", "界", "A", "i"])
def test_a_line_of_wide_letters_is_shorter(sign: str) -> None:
    lines = wrapped(sign * 200, 58)
    assert "".join(lines) == sign * 200
    assert max(map(len, lines)) == {"W": 30, "M": 30, "界": 30, "A": 46, "i": 58}[sign]


@given(st.text(max_size=80), st.integers(1, 20))
def test_wrapping_loses_nothing_but_blanks(words: str, columns: int) -> None:
    lines = wrapped(words, columns)
    assert "".join("".join(lines).split()) == "".join(words.split())
    assert all(len(line) <= columns for line in lines)


def test_signs_of_markup_are_words() -> None:
    assert escape('<a b="c">&') == "&lt;a b=&quot;c&quot;&gt;&amp;"
    assert head(10, 5, 9, "bad").startswith('<path d="M10 5L1 0L1 10Z"')
