"""The history file: masked, each line once, private, and never in the shell's way."""

import os
import stat
from pathlib import Path

import pytest

from commands.masking import mask_text
from commands.session import Session
from shell.history import KEPT, SLACK, SafeHistory

KEY = "s3cret-key"
RULE = "ipsec static add rule name=out policy=P filterlist=L filteraction=A"


def history(path: Path) -> SafeHistory:
    session = Session()
    return SafeHistory(str(path), lambda line: mask_text(line, session))


@pytest.mark.parametrize("line", [
    f"{RULE} psk={KEY}",
    f'{RULE} psk="{KEY} two"',
    f"{RULE} psk = {KEY}",
    f"{RULE} ps={KEY}",
    f"ipsec statc ad rle psk={KEY}",
    f"{RULE} psk={KEY} psk={KEY} | json",
])
def test_a_secret_never_reaches_file_or_memory(tmp_path: Path, line: str) -> None:
    kept = history(tmp_path / "history")
    kept.append_string(line)
    assert KEY not in (tmp_path / "history").read_text()
    assert "********" in (tmp_path / "history").read_text()
    assert not any(KEY in one for one in kept.get_strings())


def test_the_file_is_private_and_its_folder_too(tmp_path: Path) -> None:
    path = tmp_path / "state" / "ipsecsh" / "history"
    history(path).append_string("lab show clock")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_line_is_kept_once_as_the_newest(tmp_path: Path) -> None:
    kept = history(tmp_path / "history")
    for line in ("one", "two", "one", "  ", "one"):
        kept.append_string(line)
    assert kept.get_strings() == ["two", "one"]
    assert list(history(tmp_path / "history").load_history_strings()) == ["one", "two"]


def test_a_file_that_grew_is_cut_to_the_newest_lines(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_text("".join(f"line {number}\n" for number in range(KEPT + SLACK + 1)))
    newest = list(history(path).load_history_strings())
    assert newest[0] == f"line {KEPT + SLACK}"
    assert len(newest) == KEPT
    assert path.read_text().splitlines() == newest[::-1]
    assert os.listdir(tmp_path) == ["history"]


def test_a_folder_that_cannot_be_made_costs_only_the_history(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    kept = history(tmp_path / "state" / "history")
    kept.append_string("lab show clock")
    assert kept.get_strings() == ["lab show clock"]
    assert list(kept.load_history_strings()) == []
