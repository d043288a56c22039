"""Every example of the usage pages of the transcripts' commands can be typed as it stands."""

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from commands import index
from commands.run import run_line
from commands.schema import SCHEMA
from commands.spec import Command
from transcripts.rows import ROWS
from transcripts.tried import prepared

COMMANDS: list[type[Command]] = [
    getattr(import_module(target.partition(":")[0]), target.partition(":")[2])
    for _, target, _ in ROWS]
# Answers nothing.
SILENT = {"transcript label"}


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    before = list(index.ROWS)
    for row in ROWS:
        index.register(*row)
    yield
    index.ROWS[:] = before
    index.forget_tree()


@pytest.mark.parametrize(("command", "example"), [
    pytest.param(command, example, id=example)
    for command in COMMANDS for example in command.examples])
def test_an_example_runs(command: type[Command], example: str, tmp_path: Path) -> None:
    session = prepared(" ".join(command.words), str(tmp_path))
    assert run_line(example, session).exit == 0
    session.close()


def test_every_command_has_an_example_and_is_described() -> None:
    known = json.loads(SCHEMA.read_text(encoding="utf-8"))["$defs"]
    for command in COMMANDS:
        path = " ".join(command.words)
        assert command.examples, path
        assert (path in known) == (path not in SILENT), path
