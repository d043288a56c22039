"""What the operator sees of the line he types."""

import pytest
from prompt_toolkit.document import Document

from commands.session import Session
from shell.lexer import LineLexer

RULE = "ipsec static add rule name=r policy=p filterlist=l filteraction=a psk="


def shown(line: str) -> str:
    return "".join(fragment[1] for fragment in
                   LineLexer(Session()).lex_document(Document(line, len(line)))(0))


@pytest.mark.parametrize("key", ["hello", '"two words"', "a=b"])
def test_a_key_is_stars_while_it_is_typed(key: str) -> None:
    assert shown(RULE + key) == RULE + "*" * len(key)


@pytest.mark.parametrize("line", ["", "ping 10.2.0.10 -n 2", "add polcy name=x", RULE])
def test_every_other_line_is_shown_as_typed(line: str) -> None:
    assert shown(line) == line
