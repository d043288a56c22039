"""The journal that is always on, and --record, from outside."""

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pexpect

from tests.shell.test_app import environment
from tests.shell.test_smoke import start
from transcripts.replay import Settings, run_file
from transcripts.results import Report

KEY = "Planted-Key-91"


def ipsecsh(folder: Path, *words: str, typed: str = "", **variables: str) -> tuple[int, str, str]:
    done = subprocess.run([sys.executable, "-m", "shell", *words], input=typed, text=True,
                          cwd=folder, env=environment(folder) | variables, capture_output=True,
                          timeout=60)
    return done.returncode, done.stdout, done.stderr


def replay(path: Path) -> Report:
    return run_file(str(path), Settings(), time.perf_counter)


def test_every_command_is_in_the_journal_unless_it_is_off(tmp_path: Path) -> None:
    for word, switch in (("first", ""), ("second", "off"), ("third", "on")):
        ipsecsh(tmp_path, "ipsec", "static", "add", "policy", word, IPSECSH_JOURNAL=switch)
    ipsecsh(tmp_path, "-f", "-", typed="ipsec static\nadd filterlist fourth\nbogus\n")
    journal = next(path for path in tmp_path.rglob("*.jsonl"))
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.parent.stat().st_mode) == 0o700
    text = journal.read_text()
    assert [word for word in ("first", "second", "third", "fourth") if word in text] \
        == ["first", "third", "fourth"]
    assert len(text.splitlines()) == 3
    code, out, _ = ipsecsh(tmp_path, "history")
    assert code == 0 and "name=first" not in out and "policy first" in out
    code, out, err = ipsecsh(tmp_path, "transcript", "save", "last=3", "file=all.transcript")
    assert (code, err) == (0, ""), out
    assert not replay(tmp_path / "all.transcript").failed


def test_a_script_is_recorded_as_the_lines_it_is_made_of(tmp_path: Path) -> None:
    script = f'ipsec static\nadd policy "P 1"\nadd rule r psk={KEY}\n'
    code, _, err = ipsecsh(tmp_path, "--record", "s", "-f", "-", typed=script)
    assert code != 0 and err.endswith("recorded in s.transcript\n")
    text = (tmp_path / "s.transcript").read_text()
    assert 'ipsec static> add policy name="P 1"' in text
    assert KEY not in text and "${secret:psk1}" in text
    report = replay(tmp_path / "s.transcript")
    assert not report.failed and report.commands == 3


def test_a_session_on_a_terminal_is_recorded_to_its_end(tmp_path: Path) -> None:
    child = start(tmp_path, "--record", "t", IPSECSH_JOURNAL="off")
    child.expect_exact("ipsecsh>")
    for line, expected in (("ipsec static", "static>"), ("add pol P", "activatedefaultrule=no"),
                           ("bogus", "ERR"), ("add rule r policy=P filterlist=none psk", "ERR")):
        child.send(line + "\r")
        child.expect(expected)
    for prompt in ("ipsecsh ipsec static>", "ipsecsh ipsec>", "ipsecsh>"):
        child.expect_exact(prompt)
        child.send("\x04")
    child.expect(pexpect.EOF)
    child.close()
    assert os.listdir(tmp_path).count("t.transcript") == 1
    assert not list(tmp_path.rglob("*.jsonl"))
    report = replay(tmp_path / "t.transcript")
    assert not report.failed and report.commands == 4


def test_a_recording_that_cannot_be_written_says_so_and_the_command_counts(
        tmp_path: Path) -> None:
    code, out, err = ipsecsh(tmp_path, "--record", "nowhere/t", "show", "alias")
    assert code == 0 and out and err == \
        "ERR cannot-write : nowhere/t cannot be written: No such file or directory\n"
    assert ipsecsh(tmp_path, "--record")[0] == 2
