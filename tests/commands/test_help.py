"""`?` in netsh's layouts."""

import pytest

from commands import index
from commands.help import context_help, entry, usage_page
from commands.parser import parse
from commands.render import render_text
from commands.run import run_line
from commands.session import Session


def page(line: str, session: Session) -> str:
    return render_text(run_line(line, session))


def test_a_usage_page_has_syntax_parameters_remarks_and_examples(
        session: Session, tried: list[object]) -> None:
    text = page("try tagged ?", session)
    assert text.splitlines()[1:7] == [
        "Usage:",
        "  try tagged [ name = ] <string>",
        "             [ [ description = ] <string> ]",
        "             [ [ mmpfs = ] yes | no ]",
        "             [ [ lifetime = ] <integer> ]",
        "             [ [ action = ] permit | block | negotiate ]"]
    assert "  mmpfs            -A switch. Default: no." in text
    assert "  lifetime         -Minutes. Default: 480." in text
    assert "Remarks:\n  1. A remark." in text and "Examples:\n  try tagged x" in text
    assert "ca" not in [line.strip().split(" ")[0] for line in text.splitlines()]


def test_switches_are_written_as_typed(session: Session, tried: list[object]) -> None:
    text = page("try tool ?", session)
    for part in ("[ -n <integer> ]", "[ -t ]", "[ /all ]", "[ /test:ipsec | route ]",
                 "[ mask <mask> ]", "[ target = ] <ip>"):
        assert part in text


def test_a_context_lists_its_words_and_the_inherited_ones(session: Session) -> None:
    session.context = ("ipsec", "static")
    lines = render_text(context_help(session)).splitlines()
    assert lines[1] == "The following commands are available:"
    own = lines.index("Commands in this context:")
    parent = lines.index("Commands in the ipsecsh ipsec-context:")
    root = lines.index("Commands in the ipsecsh-context:")
    assert own < parent < root
    assert "dynamic        - Changes to the `ipsecsh ipsec dynamic' context." in lines
    assert page("?", session) == page("help", session) == render_text(context_help(session))


def test_a_group_lists_own_and_inherited_commands(session: Session) -> None:
    session.context = ("ipsec", "static")
    text = page("show", session)
    assert "show filteraction - Displays filter action details." in text
    assert "show alias     - Lists all defined aliases." in text
    assert text == page("show ?", session)


@pytest.mark.parametrize("line", ["help ipsec static show policy", "? ipsec static show policy",
                                  "ipsec static show policy help", "ipsec st sh pol /?"])
def test_help_is_asked_in_every_way(line: str, session: Session) -> None:
    assert page(line, session) == page("ipsec static show policy ?", session)


@pytest.mark.parametrize(("name", "line"), [
    ("add", "add            - x"), ("a" * 14, "a" * 14 + " - x"), ("a" * 15, "a" * 15 + " - x")])
def test_names_are_padded_to_fifteen_columns(name: str, line: str) -> None:
    assert entry(name, "x") == line


@pytest.mark.parametrize("path", [path for path, *_ in index.ROWS])
def test_every_usage_page_fits_the_screen(path: str) -> None:
    command = index.load(index.node_at(tuple(path.split())))
    lines = usage_page(command)
    assert lines[1] == "Usage:"
    parameters = lines[lines.index("Parameters:"):] if "Parameters:" in lines else []
    stop = parameters.index("Examples:") if "Examples:" in parameters else len(parameters)
    assert all(len(line) <= 80 for line in parameters[:stop])


@pytest.mark.parametrize("path", [path for path, *_ in index.ROWS])
def test_every_example_is_a_line_that_can_be_typed(path: str, session: Session) -> None:
    command = index.load(index.node_at(tuple(path.split())))
    depth = max(depth for depth in range(len(command.words))
                if index.is_context(command.words[:depth]))
    session.context = command.words[:depth]
    for example in command.examples:
        parsed = parse(example, session)
        assert parsed.error is None and not parsed.missing, (example, parsed.error)
        assert parsed.words[:1] == command.words[:1], example
