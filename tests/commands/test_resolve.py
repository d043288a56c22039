"""Contexts, inheritance, abbreviations: which command a line means."""

import pytest

from commands.parser import parse
from commands.session import Session

STATIC = ("ipsec", "static")


@pytest.mark.parametrize(("context", "line", "kind", "path"), [
    ((), "ipsec", "context", "ipsec"),
    ((), "ipsec static", "context", "ipsec static"),
    ((), "ipsec st", "context", "ipsec static"),
    ((), "IPSEC Static", "context", "ipsec static"),
    ((), "ro", "unknown", ""),
    ((), "rout", "unknown", ""),
    ((), "routing", "context", "routing"),
    ((), "pu", "command", "pushd"),
    ((), "sh al", "command", "show alias"),
    ((), "show", "group", "show"),
    (STATIC, "show", "group", "ipsec static show"),
    (STATIC, "sh ali", "command", "show alias"),
    (STATIC, "dynamic", "context", "ipsec dynamic"),
    (STATIC, "interface ip", "context", "interface ip"),
    (STATIC, "ipsec static", "context", "ipsec static"),
    (STATIC, "set machine gwB", "command", "set machine"),
    (STATIC, "pu ipsec", "command", "pushd"),
    (("routing",), "ip", "context", "routing ip"),
    ((), "show alias ?", "help", "show alias"),
    ((), "show alias help", "help", "show alias"),
    ((), "show alias /?", "help", "show alias"),
    ((), "show ?", "help", "show"),
    ((), "ipsec ?", "help", "ipsec"),
    ((), "?", "command", "?"),
    ((), "..", "command", ".."),
    ((), "# comment", "comment", ""),
    ((), "  ", "empty", ""),
    ((), '"show" alias', "unknown", ""),
    ((), "show bogus", "unknown", "show"),
])
def test_words_lead_to_a_command(context: tuple[str, ...], line: str, kind: str, path: str,
                                 session: Session) -> None:
    session.context = context
    parsed = parse(line, session)
    assert (parsed.kind, " ".join(parsed.words)) == (kind, path)


@pytest.mark.parametrize(("context", "line", "code", "known"), [
    ((), "ips", "ambiguous", "ipsecmon"),
    ((), "pop pus", "extra-value", ""),
    ((), "s", "ambiguous", "show"),
    (STATIC, "show filter", "ambiguous", "filterlist"),
    (STATIC, "show bogus", "unknown-command", "policy"),
    ((), "bogus", "unknown-command", "ping"),
])
def test_an_error_lists_the_words_that_would_fit(context: tuple[str, ...], line: str, code: str,
                                                 known: str, session: Session) -> None:
    session.context = context
    error = parse(line, session).error
    assert error is not None
    assert error.code == code
    assert not known or known in error.known


def test_a_mistyped_word_is_guessed(session: Session) -> None:
    error = parse("ipsec statci", session).error
    assert error is not None
    assert error.fix == "did you mean ipsec static"


def test_a_whole_command_in_quotes_is_explained(session: Session) -> None:
    error = parse('"ipsec static show policy all"', session).error
    assert error is not None
    assert error.fix == "a command is typed without quotation marks"


def test_an_alias_stands_for_its_words_and_keeps_the_position(session: Session) -> None:
    session.aliases["st"] = "ipsec static"
    session.aliases["loop"] = "loop x"
    parsed = parse("st shw", session)
    assert parsed.error is not None and parsed.error.span == (3, 6)
    assert parse("loop", session).kind == "unknown"
