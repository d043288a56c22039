"""pytest collects transcripts: one item a file, a failure that can be read."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEADER = "# transcript: 1\n# title: t\n\n"
FILES = {
    "green.transcript": "> alias name=sp value=x\n> show alias\n| <...>\n",
    "red.transcript": "> show alias\n| something\n",
    "broken.transcript": "nowhere> show alias\n",
    "empty.transcript": "Only prose.\n",
    "needs.transcript": "# requires: env(NO_SUCH_VARIABLE_HERE)\n> show alias\n| <...>\n",
    "bound.transcript": "> ping -n 1 ${NetA.host}\n| <...>\n~ assert ${NetA} == 172.16.7.0/24\n",
}


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """pytest in a process of its own, as anybody would start it."""
    done = subprocess.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
                          cwd=folder, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False,
                          env={**os.environ, "PYTEST_ADDOPTS": "", "COLUMNS": "100"})
    return done.returncode, done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, body in FILES.items():
        (tmp_path / name).write_text(HEADER.rstrip("\n") + "\n" + body)
    return tmp_path


def test_each_file_is_a_test(folder: Path) -> None:
    exit, said = run(folder, "-rs", "--transcript-set", "NetA=172.16.7.0/24", "-v")
    assert exit == 1, said
    for name, verdict in (("green", "PASSED"), ("red", "FAILED"), ("broken", "FAILED"),
                          ("empty", "FAILED"), ("needs", "SKIPPED"), ("bound", "PASSED")):
        assert any(f"{name}.transcript::{name} {verdict}" in line
                   for line in said.splitlines()), said
    assert "red.transcript:3  > show alias" in said and "- | something" in said
    assert "unknown context 'nowhere'" in said and "holds no command" in said
    assert "requires env(NO_SUCH_VARIABLE_HERE)" in said
    assert "Traceback" not in said


def test_options_are_checked_and_it_can_be_switched_off(folder: Path) -> None:
    exit, said = run(folder, "green.transcript", "--transcript-set", "NetA")
    assert exit == 1 and "must be NAME=VALUE" in said
    exit, said = run(folder, "--no-transcripts")
    assert exit == 5, said


def test_nothing_of_the_shell_is_imported_for_other_files(tmp_path: Path) -> None:
    (tmp_path / "test_plain.py").write_text(
        "import sys\n\ndef test_it():\n    assert 'transcripts.plugin' in sys.modules\n"
        "    assert not [name for name in sys.modules if name.split('.')[0] in "
        "('commands', 'engine', 'shell', 'prompt_toolkit', 'scapy', 'pexpect')]\n")
    exit, said = run(tmp_path)
    assert exit == 0, said
