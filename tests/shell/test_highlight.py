"""The lexers of `pygmentize`: found by name and by file, exact, and never in the way."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Comment, Error, Generic, Keyword, Literal, Name, String, Token

from shell.highlight import NetshLexer, TranscriptLexer

SCRIPT = """# a dump
pushd ipsec static
add rule name="out" policy=P psk=geheim
nonsense
popd
netsh routing ip add persistentroute 10.2.0.0 255.255.255.0 "External" 198.51.100.1
"""
TRANSCRIPT = Path(__file__).parents[2] / "transcripts" / "scripts" / "kb252735.transcript"


def tokens(text: str, lexer: NetshLexer | TranscriptLexer) -> list[tuple[object, str]]:
    return [(kind, value) for _, kind, value in lexer.get_tokens_unprocessed(text)]


def test_a_script_is_coloured_by_the_parser_in_its_context() -> None:
    found = tokens(SCRIPT, NetshLexer())
    for one in ((Comment.Single, "# a dump"), (Keyword, "add"), (Keyword, "rule"),
                (Name.Attribute, "policy="), (String, "P"), (Literal, "geheim"),
                (Error, "nonsense"), (Generic.Prompt, "netsh "), (String, '"External"')):
        assert one in found, one


def test_a_transcript_is_coloured_line_by_line() -> None:
    found = tokens(TRANSCRIPT.read_text(), TranscriptLexer())
    kinds = {kind for kind, _ in found}
    assert {Comment.Single, Generic.Prompt, Generic.Output, Keyword, Name.Attribute} <= kinds
    assert Error not in kinds


@pytest.mark.parametrize("lexer", [NetshLexer(), TranscriptLexer()])
@given(text=st.text(max_size=200) | st.lists(st.sampled_from(
    ["add", "policy", "name=", '"', "\n", "pushd ipsec static", "popd", "psk=x", "> ", "| x", "..",
     "netsh", " ", "${", "ipsec static> "]), max_size=12).map("".join))
def test_no_character_is_lost(lexer: NetshLexer | TranscriptLexer, text: str) -> None:
    places = list(lexer.get_tokens_unprocessed(text))
    assert "".join(value for _, _, value in places) == text
    at = 0
    for place, kind, value in places:
        assert place == at and kind[0:0] == Token
        at += len(value)


def test_pygments_finds_them_by_name_and_by_file() -> None:
    for name in ("ipsecsh", "netsh"):
        assert isinstance(get_lexer_by_name(name), NetshLexer)
    assert isinstance(get_lexer_by_name("ipsecsh-transcript"), TranscriptLexer)
    assert isinstance(get_lexer_for_filename("setup.netsh"), NetshLexer)
    assert isinstance(get_lexer_for_filename("x.transcript"), TranscriptLexer)


def test_pygmentize_colours_a_script(tmp_path: Path) -> None:
    path = tmp_path / "setup.netsh"
    path.write_text(SCRIPT)
    program = Path(sys.executable).parent / "pygmentize"
    done = subprocess.run([str(program), "-f", "html", str(path)], capture_output=True, text=True,
                          timeout=60, check=True)
    assert '<span class="na">policy=</span>' in done.stdout
