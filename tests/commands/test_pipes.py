"""``| filter`` and ``> file`` behind a command: how they are read."""

import pytest

from commands.errors import CommandError
from commands.run import split_output


@pytest.mark.parametrize(("text", "command", "stages"), [
    ("show policy all", "show policy all", []),
    ("show | include x", "show", [("|", "include", "x")]),
    ("show | inc x y", "show", [("|", "include", "x y")]),
    ('show | include "x  y"', "show", [("|", "include", "x  y")]),
    ("show |json", "show", [("|", "json", "")]),
    ("show | JSON | save f", "show", [("|", "json", ""), ("|", "save", "f")]),
    ("netdiag /debug > f.txt", "netdiag /debug", [(">", "file", "f.txt")]),
    ("netdiag >>f.txt", "netdiag", [(">>", "file", "f.txt")]),
    ('add name="a | b"', 'add name="a | b"', []),
    ("show | no", "show", [("|", "no-more", "")]),
])
def test_the_command_is_separated_from_its_pipes(text: str, command: str,
                                                 stages: list[tuple[str, str, str]]) -> None:
    left, found = split_output(text)
    assert left == command
    assert [(stage.op, stage.name, stage.argument) for stage in found] == stages


@pytest.mark.parametrize(("text", "code"), [
    ("show |", "unknown-filter"), ("show | bogus", "unknown-filter"), ("show | s", "ambiguous"),
    ("show | include", "missing-value"), ("show | save", "missing-value"),
    ("show | json x", "extra-value"), ("show >", "missing-value"), ("show > a b", "extra-value"),
])
def test_a_mistake_in_a_pipe_is_one_error(text: str, code: str) -> None:
    with pytest.raises(CommandError) as raised:
        split_output(text)
    assert (raised.value.code, raised.value.exit) == (code, 2)
    assert raised.value.span is not None
