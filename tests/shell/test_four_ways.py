"""The article typed in four ways ends in the same store and the same active filters."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from tests.support.article import LINES, SHOW_DUMP, SHOW_FILTERS, full_lines

ROOT = Path(__file__).parent.parent.parent
PYTHON = [sys.executable, "-m", "shell"]


def environment(folder: Path) -> dict[str, str]:
    """An environment whose store, history and logs lie in `folder`."""
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**keep, "IPSECSH_STORE": str(folder / "store.db"), "XDG_STATE_HOME": str(folder),
            "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "TERM": "xterm",
            # Nobody answers the prompt here when it asks the terminal where the cursor stands.
            "PROMPT_TOOLKIT_NO_CPR": "1",
            "PYTHONPATH": str(ROOT)}


def run(folder: Path, *words: str, typed: str | None = None) -> str:
    """One process; its standard output. It must end with 0."""
    done = subprocess.run([*PYTHON, *words], cwd=ROOT, env=environment(folder), text=True,
                          input=typed, capture_output=True, timeout=60,
                          stdin=None if typed is not None else subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def by_file(folder: Path) -> None:
    script = folder / "article.txt"
    script.write_text("\n".join(LINES) + "\n")
    run(folder, "-f", str(script))


def by_standard_input(folder: Path) -> None:
    run(folder, typed="\r\n".join(LINES) + "\r\n")


def by_single_commands(folder: Path) -> None:
    import shlex
    for line in full_lines():
        run(folder, *shlex.split(line))


def by_hand(folder: Path) -> None:
    child = pexpect.spawn(sys.executable, ["-m", "shell"], cwd=str(ROOT), timeout=30,
                          env=environment(folder), encoding="utf-8", dimensions=(24, 80))
    child.expect_exact("ipsecsh>")
    for line in LINES:
        child.send(line + "\r")
        child.expect(r"ipsecsh[a-z ]*> ?\x1b")
    child.send("bye\r")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def outcome(folder: Path) -> tuple[str, str]:
    """The store as commands, and the active filters without their random GUIDs."""
    guid = re.compile(r"\{[0-9A-F-]{36}\}")
    return (run(folder, *SHOW_DUMP.split()),
            guid.sub("{guid}", run(folder, *SHOW_FILTERS.split())))


@pytest.fixture(scope="module")
def by_script(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("script")
    by_file(folder)
    return outcome(folder)


def test_the_script_builds_both_tunnel_filters(by_script: tuple[str, str]) -> None:
    dump, filters = by_script
    assert "There are 2 filters" in filters
    assert "kb252735" not in dump + filters


@pytest.mark.parametrize("way", [by_standard_input, by_single_commands, by_hand],
                         ids=lambda way: str(getattr(way, "__name__", way)))
def test_every_way_of_typing_ends_in_the_same_store(
        way: object, by_script: tuple[str, str], tmp_path: Path) -> None:
    assert callable(way)
    way(tmp_path)
    assert outcome(tmp_path) == by_script
