"""Lines that can be typed: keys that were revealed are still keys, whatever comes after."""

from commands import cells
from commands.answer import Cell, Joined, Lines
from commands.layout import Span
from commands.render import render, render_text
from commands.run import run_line
from commands.session import Session
from commands.written import written
from engine.policy.model import Secret

KEY = "open sesame"
SETUP = ("add policy P mmsecmethods=AES256-SHA256-14", "add filterlist L",
         "add filteraction F qmsecmethods=ESP[AES256,SHA256]",
         f'add rule R P L F tunnel=198.51.100.1 psk="{KEY}"',
         "add filter L 10.1.0.0 10.2.0.0 mirrored=no srcmask=24 dstmask=24")


def spans(line: str, format: str = "table") -> list[Span]:
    session = Session()
    for one in SETUP:
        run_line("ipsec static " + one, session)
    answer = run_line(line, session)
    return [span for one in render(answer, format) for span in one]


def test_a_revealed_key_of_a_dump_is_typed_through_pipes_and_as_json() -> None:
    for line in ("dump reveal=yes", "dump reveal=yes | include add", "ipsec dump reveal=yes",
                 "dump reveal=yes | json", "dump reveal=yes | csv"):
        found = [span for span in spans(line) if KEY in span.text]
        assert [span.type for span in found] == ["secret"], line
        assert [span.text for span in found] == [KEY]
    assert not [span for span in spans("dump") if KEY in span.text]


def test_a_revealed_key_of_another_program_s_configuration_is_typed() -> None:
    for format in ("swanctl", "ios", "junos", "windows"):
        line = f"ipsec static show peerconfig P format={format}"
        assert not [span for span in spans(line) if KEY in span.text]
        revealed = [span for span in spans(line + " reveal=yes") if KEY in span.text]
        assert revealed and {span.type for span in revealed} == {"secret"}


def test_keys_are_found_where_they_stand() -> None:
    block = written([r'key = "a\"b";', "none"], [f'key = "{Secret.MASK}";', "none"], "x")
    assert block.lines == (
        (cells.line('key = "'), Cell("secret", None, r'a\"b'), cells.line('";')),
        (cells.line("none"),))
    assert render_text(block) == 'key = "a\\"b";\nnone\n'
    assert render_text(Lines((), [Joined(('say "', Cell("text", "", 'a"b'), '"'))]),
                       "csv") == 'text\n"say ""a""b"""\n'
