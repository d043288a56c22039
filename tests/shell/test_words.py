"""Completion of the program's own command line."""

import shutil
import sys
from pathlib import Path
from time import sleep

import pexpect
import pytest

from commands.run import run_line
from commands.session import Session
from shell.program import COMPLETE, run
from shell.words import bash_quoted, bash_word, candidates, shell_words

BIN = str(Path(sys.executable).parent)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "store.db"
    monkeypatch.setenv("IPSECSH_STORE", str(path))
    session = Session(str(path))
    run_line('ipsec static add filterlist "NetA to NetB"', session)
    run_line("ipsec static add policy toB", session)
    session.close()
    return path


def values(*words: str) -> list[str]:
    return [value for value, _ in candidates(words[:-1], words[-1])[1]]


@pytest.mark.parametrize(("words", "expected"), [
    (["ipsec", "st"], ["static"]),
    (["ipsec", "static", "add", "pol"], ["policy"]),
    (["ipsec", "static", "show", "policy", "to"], ["toB"]),
    (["ipsec", "static", "show", "filterlist", "name=N"], ["NetA to NetB"]),
    (["ipsec", "static", "show", "filterlist", "name=NetA to"], ["NetA to NetB"]),
    (["-c", "ipsec static", "show", "pol"], ["policy"]),
    (["-c", "ipsec s"], ["ipsec static"]),
    (["-r", "host"], ["hostA", "hostB"]),
    (["--color", "a"], ["auto", "always"]),
    (["-o", "js"], ["json", "jsonl"]),
    (["--at"], ["--atomic"]),
    (["-f", "setu"], []),
    (["netdiag", "/test:ip"], ["ipsec"]),
    (["--store", "x", "--", "ipsec", "dy"], ["dynamic"]),
    (["ipsec", "static", "add", "rule", "psk="], []),
])
def test_what_the_prompt_offers_the_shells_offer(words: list[str], expected: list[str],
                                                 store: Path) -> None:
    assert values(*words) == expected


def test_completing_makes_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPSECSH_STORE", str(tmp_path / "none.db"))
    assert "External" in values("interface", "ip", "show", "address", "Ex")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("line", "words"), [
    ("ipsecsh ipsec st", (["ipsec"], "st", "st")),
    ("ipsecsh ipsec ", (["ipsec"], "", "")),
    ('ipsecsh -c "ipsec static" sh', (["-c", "ipsec static"], "sh", "sh")),
    ("ipsecsh a\\ b 'c d", (["a b"], "c d", "'c d")),
    ('ipsecsh name="My \\"P', ([], 'name=My "P', 'name="My \\"P')),
    ("ipsecsh", ([], "ipsecsh", "ipsecsh")),
])
def test_a_command_line_is_read_as_bash_reads_it(line: str,
                                                 words: tuple[list[str], str, str]) -> None:
    assert shell_words(line) == words


@pytest.mark.parametrize(("raw", "word", "given"), [
    ("st", "static", "static"), ("name=N", "name=NetA to NetB", "NetA\\ to\\ NetB"),
    ('name="N', "name=NetA to NetB", "NetA to NetB"), ('"name=N', "name=NetA to NetB",
                                                       "name=NetA to NetB"),
    ("/test:i", "/test:ipsec", "ipsec"), ("", "a$b", "a\\$b"),
])
def test_bash_gets_what_it_replaces(raw: str, word: str, given: str) -> None:
    assert bash_word(raw, word) == given


def test_a_quoted_word_holds_no_sign_that_bash_would_obey() -> None:
    assert bash_quoted("a;b`c`$(d)|e&'f\"") == "a\\;b\\`c\\`\\$\\(d\\)\\|e\\&\\'f\\\""


@pytest.mark.parametrize("asked", [[], ["bash"], ["fish", "x"], ["bash", "ipsecsh \0"]])
def test_nonsense_is_answered_quietly(asked: list[str], store: Path,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    assert run([COMPLETE, *asked]) in (0, 1)
    assert capsys.readouterr().err == ""


def test_tab_in_bash(store: Path, tmp_path: Path) -> None:
    shell = pexpect.spawn("bash", ["--norc", "--noprofile", "-i"], encoding="utf-8", timeout=60,
                          dimensions=(30, 200), cwd=str(tmp_path),
                          env={"PATH": f"{BIN}:/usr/bin:/bin", "IPSECSH_STORE": str(store),
                               "TERM": "dumb", "PS1": "READY>", "HOME": str(tmp_path),
                               "IPSECSH_AGENT": "none"})
    try:
        shell.sendline("source <(ipsecsh --completion bash)")
        shell.expect("READY>.*READY>")
        for typed, completed in (("ipsec sta\t", "static "), ("show filterl\t", "filterlist "),
                                 ("name=N\t", r"NetA\\ to\\ NetB ")):
            shell.send(("ipsecsh " if "sta" in typed else "") + typed)
            shell.expect(completed)
        shell.send("\r")
        shell.expect("FilterList Name +: NetA to NetB")
    finally:
        shell.close(force=True)


@pytest.mark.interop
def test_tab_in_zsh(store: Path, tmp_path: Path) -> None:
    zsh = shutil.which("zsh")
    assert zsh, "tests/interop/install.sh installs it"
    shell = pexpect.spawn(zsh, ["-f", "-i"], encoding="utf-8", timeout=60, dimensions=(30, 200),
                          cwd=str(tmp_path),
                          env={"PATH": f"{BIN}:/usr/bin:/bin", "IPSECSH_STORE": str(store),
                               "TERM": "dumb", "PS1": "READY>", "HOME": str(tmp_path),
                               "IPSECSH_AGENT": "none"})
    try:
        shell.sendline("unsetopt zle_bracketed_paste; autoload -U compinit; compinit -u; "
                       "source <(ipsecsh --completion zsh); echo SOUR''CED")
        shell.expect("SOURCED")
        for typed in ("ipsecsh ipsec sta\t", "show filterl\t", "name=N\t"):
            shell.send(typed)
            shell.expect("static|filterlist|to.* NetB")
            sleep(0.3)  # zsh drops what is typed while it completes
        shell.send("\r")
        shell.expect("FilterList Name +: NetA to NetB")
    finally:
        shell.close(force=True)
