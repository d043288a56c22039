"""Scripts in the shapes administrators write: each ends in the store of its canonical twin.

The head of each script names its shape, the twin in `same/`, and the lines that must fail.
"""

from pathlib import Path

import pytest

from commands.errors import Leave
from commands.script import exec_file, script_lines
from commands.session import Session
from tests.commands.conftest import Heard
from tests.commands.test_script import errors

WILD = Path(__file__).parent / "wild"
SCRIPTS = sorted(path.name for path in WILD.iterdir() if path.is_file())
LEAST = 25


def head(name: str) -> dict[str, str]:
    """The keys in the head of a script: shape, same, fails."""
    result = {}
    for line in script_lines((WILD / name).read_bytes(), name)[:3]:
        key, _, value = line.lstrip("#:rem ").partition(": ")
        result[key] = value
    return result


def digest_of(name: str) -> str:
    """The store of gwA after a script that must not fail."""
    session = Heard()
    session.folder = str(WILD)
    try:
        assert exec_file(name, session) == 0, errors(session)
        return session.config.digest()
    finally:
        session.close()


def run(name: str, session: Session) -> int:
    """The exit code of a script, whether it ends or leaves."""
    session.folder = str(WILD)
    try:
        return exec_file(name, session)
    except Leave as leave:
        return leave.exit


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_from_the_wild_ends_in_the_right_store(name: str, session: Heard) -> None:
    told = head(name)
    exit = run(name, session)
    failed = [line.split(" ")[0] for line in errors(session)]
    expected = [f"{name}:{number}:" for number in told.get("fails", "").split()]
    assert failed == expected and exit == bool(expected)
    assert session.config.digest() == digest_of(f"same/{told['same']}.txt")


def test_there_are_enough_shapes_and_no_two_are_called_the_same() -> None:
    shapes = [head(name)["shape"] for name in SCRIPTS]
    assert len(SCRIPTS) >= LEAST and len(set(shapes)) == len(shapes)
