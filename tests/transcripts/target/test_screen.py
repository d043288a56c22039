"""What stands on the terminal in the end, whatever a program sends on its way there."""

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcripts.target.screen import Screen

SENT = (
    ("plain\r\ntwo", ["plain", "two"]),
    ("\x1b[1;32mgreen\x1b[0m", ["green"]),
    ("\x1b]0;a title\x07text", ["text"]),
    ("\x1b]8;;https://x\x1b\\link\x1b]8;;\x1b\\", ["link"]),
    ("\x1b[?2004h$ \x1b[?25l", ["$"]),
    ("10%\r50%\r100%", ["100%"]),
    ("working...\r\x1b[Kdone", ["done"]),
    ("abc\b\bX", ["aXc"]),
    ("abcdef\x1b[3DX\x1b[K", ["abcX"]),
    ("one\r\ntwo\x1b[A\rONE\x1b[Bx", ["ONE", "twox"]),
    ("prompt\r\nmenu\r\nbar\x1b[2A\r\x1b[J> ", [">", "", ""][:1]),
    ("a\tb", ["a       b"]),
    ("x\x1b[5Gy", ["x   y"]),
    ("abc\x1b[1;2Hz", ["azc"]),
    ("abcd\x1b[2D\x1b[P", ["abd"]),
    ("ab\x1b[D\x1b[2@", ["a  b"]),
    ("bell\x07\x00", ["bell"]),
    ("a\x1b(Bb\x1b=c\x1b7d", ["abcd"]),
    ("\x1b[5K\x1b[1;2;3Aa\x1bPq#0\x1b\\b\x1b_G\x1b\\c\x1b[<ud\x1b[\xb2me", ["abcd[\xb2me"]),
)


@pytest.mark.parametrize(("sent", "rows"), SENT)
def test_what_stands_there_in_the_end(sent: str, rows: list[str]) -> None:
    whole, pieces = Screen(), Screen()
    whole.feed(sent)
    for sign in sent:
        pieces.feed(sign)
    for screen in (whole, pieces):
        assert [screen.text(row) for row in range(len(screen.rows))] == rows


def test_a_question_for_the_cursor_is_counted() -> None:
    screen = Screen()
    screen.feed("\x1b[6n> \x1b[6n")
    assert screen.asked == 2 and screen.here == "> "


SIGNS = "\x1b[]0123456789;?ABCDGHJKPXmnr\r\n\b\t ax\x07\x9b\\"


@given(st.lists(st.text(SIGNS, max_size=40)))
def test_nothing_that_is_sent_breaks_it(sent: list[str]) -> None:
    screen = Screen()
    for piece in sent:
        screen.feed(piece)
    assert screen.row >= 0 <= screen.column
    assert all(isinstance(screen.text(row), str) for row in range(len(screen.rows)))


# What both know: pyte has a screen that ends, so nothing goes beyond it here.
KNOWN = ("a", "bc", "word ", "\r", "\n", "\r\n", "\b", "\t", "\x1b[A", "\x1b[2B", "\x1b[3C",
         "\x1b[2D", "\x1b[E", "\x1b[F", "\x1b[5G", "\x1b[K", "\x1b[1K", "\x1b[2K", "\x1b[J",
         "\x1b[2P", "\x1b[2X", "\x1b[2@", "\x1b7x\x1b[B\x1b8", "\x1b[31m", "\x1b[?25l",
         "\x1b]0;title\x07")


@given(st.lists(st.sampled_from(KNOWN), max_size=25))
def test_what_both_know_is_as_on_pyte_s_screen(sent: list[str]) -> None:
    ours, theirs = Screen(), pyte.Screen(250, 60)
    ours.feed("".join(sent))
    pyte.Stream(theirs).feed("".join(sent))
    shown = [line.rstrip() for line in theirs.display]
    rows = [ours.text(row) for row in range(len(shown))]
    assert rows == shown and (ours.row, ours.column) == (theirs.cursor.y, theirs.cursor.x)
