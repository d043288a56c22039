"""`transcript check`: every mistake with its line, and what nobody meant."""

import os
from json import loads
from pathlib import Path

import pytest

from commands.answer import Lines
from commands.render import render_text
from commands.run import run_line
from commands.session import Session
from transcripts import replay
from transcripts.checking.lint import findings
from transcripts.checking.mistakes import read_all

HEAD = "# transcript: 1\n"
CONTEXTS = replay.contexts()


def found(text: str, folder: Path, name: str = "t.transcript") -> list[tuple[int, str, bool]]:
    (folder / name).write_text(text)
    return [(one.line, one.code, one.wrong)
            for one in findings(read_all(str(folder / name), CONTEXTS))]


@pytest.mark.parametrize(("body", "line", "code", "wrong"), [
    ("nowhere> show\n", 2, "format", True),
    ("~ bogus\n> set machine gwA\n", 2, "format", True),
    ("> set machine gwA\n| <spi\n", 3, "format", True),
    ("> set machine gwA\n| ${spi:out}\n", 3, "format", True),
    ("> set machine gwA\n~ unordered\n| x\n", 5, "format", True),
    ("# include: t.transcript\n> set machine gwA\n", 2, "format", True),
    ("# include: none.transcript\n> set machine gwA\n", 2, "format", True),
    ("", 0, "nothing-run", True),
    ("Only prose.\n", 0, "nothing-run", True),
    ("> show machines\n", 2, "bad-command", False),
    ("> lab show clock colour=red\n", 2, "bad-command", False),
    ("ipsec static> add rule r p psk=Zq8XvB2L\n", 2, "secret-in-clear", True),
    ("ipsec static> add rule r p psk=\"two words\"\n", 2, "secret-in-clear", True),
    ("> lab show clock\n| psk=Zq8XvB2L\n", 3, "secret-in-clear", True),
    ("ipsec static> add rule r p psk\n? Pre-shared key: \n< Zq8XvB2L\n", 4, "secret-in-clear",
     True),
    ("> lab show clock\n| <...>\n", 3, "matches-everything", False),
    ("> lab show clock\n| <*>\n", 3, "matches-everything", False),
    ("> lab show clock\n| <re(.*)>\n", 3, "matches-everything", False),
    ("> lab show clock\n| <ip:once> x\n", 3, "unused-capture", False),
    ("> lab show clock\n| 3/17/2004 9:00:00 AM\n", 0, "no-clock", False),
    ("# secrets: never\n> set machine gwA\n", 2, "unused-secret", False),
    ("~ label a\n> set machine gwA\n~ label a\n> set machine gwA\n", 5, "doubled-label", False),
    ("> bye\n> set machine gwA\n", 3, "behind-the-end", False),
    ("> set machine gwA\n| x", 3, "cut-off", False),
    ("# bind: NetA=10.1.0.0/24 NetB=10.1.0.0/24\n> set machine gwA\n", 2, "cannot-run", True),
])
def test_each_mistake_has_its_line(body: str, line: int, code: str, wrong: bool,
                                   tmp_path: Path) -> None:
    assert found(HEAD + body, tmp_path) == [(line, code, wrong)]


@pytest.mark.parametrize("body", [
    # Meant to fail, or skipped, or understood once something else has been typed.
    "> show machines\n! <...>\n= 2\n", "> show machines\n~ expect-fail unknown-command\n",
    "> show machines\n~ skip if lab\n", "> alias see lab show clock\n> see\n~ output ignore\n",
    "> set machine nobody\n! <...>\n= 1\n", "> ping ${ip:peer} -n 1\n~ output ignore\n"
    .replace("> ping", "> lab show machines\n| <ip:peer> x\n> ping"),
    "# prompt: = $\n> anything at all\n| x\n", "> bye\n= 3\n> set machine gwA\n",
    "ipsec static> add rule r p psk=${secret:psk}\n| psk=********\n",
    "ipsec static> add rule r p psk\n? Pre-shared key: \n< ^C\n= 5\n",
    "# secrets: k\n> set machine gwA\n| ${secret:k.hex}\n", "> lab show clock\n| <time>\n",
    "> lab show clock\n| <...>\n~ json .x == 1\n", "> lab show clock\n| <...3>\n",
])
def test_what_is_meant_is_not_odd(body: str, tmp_path: Path) -> None:
    assert not found(HEAD + body, tmp_path)


def test_all_mistakes_of_a_file_are_named_at_once(tmp_path: Path) -> None:
    text = HEAD + ("# bogus: 3\nnowhere> show\n| fine\n~ bogus\n> lab show clock\n"
                   "~ output ignore\n| one\n| two\n> set machine ${spi:un}\n|no blank\n= x\n")
    assert [line for line, code, wrong in found(text, tmp_path) if code == "format" and wrong] \
        == [2, 3, 5, 9, 10, 11, 12]


def test_a_key_in_clear_is_found_again_in_any_encoding(tmp_path: Path) -> None:
    text = HEAD + ("ipsec static> add rule r p psk=Zq8XvB2LmK9p\n= 1\n! <...>\n\nProse: "
                   "Zq8XvB2LmK9p\n> lab show clock\n| 5a713858764232 4c6d4b3970\n"
                   "| 5a7138587642324c6d4b3970\n| WnE4WHZCMkxtSzlw\n")
    assert [line for line, code, _ in found(text, tmp_path) if code == "secret-in-clear"] \
        == [2, 6, 9, 10]


def test_an_article_is_looked_at_inside_its_fences(tmp_path: Path) -> None:
    text = "# An article\n\n> a quotation\n\n```ipsecsh\n" + HEAD + "> show machines\n```\n"
    assert found(text, tmp_path, "a.md") == [(7, "bad-command", False)]


def check(folder: Path, more: str) -> tuple[int, str, object]:
    session = Session("")
    session.folder = str(folder)
    answer = run_line(f"transcript check {more}", session)
    block, = answer.blocks
    assert isinstance(block, Lines)
    return answer.exit, render_text(answer), block.data


def test_the_worst_finding_is_the_exit_class(tmp_path: Path) -> None:
    for name, text in (("good", "> set machine gwA\n"), ("odd", "> show machines\n"),
                       ("bad", "~ x\n"), ("none", ""),
                       ("key", "ipsec static> add rule r p psk=Zq8XvB2L\n")):
        (tmp_path / f"{name}.transcript").write_text(HEAD + text)
    os.mkfifo(tmp_path / "pipe.transcript")
    (tmp_path / "binary.transcript").write_bytes(HEAD.encode() + b"\0\x01\n")
    for names, exit in (("good", 0), ("odd", 0), ("odd.transcript strict=yes", 1), ("key", 1),
                        ("bad", 2), ("missing", 3), ("binary", 3), ("none", 4), ("pipe", 2),
                        ("good.transcript bad", 2)):
        name = names if " strict" in names else f"{names}.transcript"
        assert check(tmp_path, name)[0] == exit, names
    _, text, data = check(tmp_path, "bad.transcript good.transcript")
    assert "bad.transcript:2: ERR format: unknown directive 'x'" in text
    assert text.endswith("2 files, 1 wrong, 0 odd\n")
    assert isinstance(data, list) and data[0]["line"] == 2 and data[0]["wrong"] is True


def test_no_bundled_transcript_has_a_mistake(tmp_path: Path) -> None:
    exit, text, _ = check(tmp_path, " ".join(replay.bundled()))
    assert exit == 0 and " 0 wrong" in text


def test_a_run_looks_first_and_runs_nothing_behind_a_mistake(tmp_path: Path) -> None:
    for name, text in (("good", f"> lab show clock | save {tmp_path}/ran\n"),
                       ("odd", "~ label a\n> set machine gwA\n~ label a\n> set machine gwA\n"),
                       ("key", "ipsec static> add rule r p psk=Zq8XvB2L\n")):
        (tmp_path / f"{name}.transcript").write_text(HEAD + text)
    session = Session("")
    session.folder = str(tmp_path)
    refused = run_line(f"transcript run good.transcript key.transcript check=yes "
                       f"junit={tmp_path}/j.xml json={tmp_path}/j.json", session)
    said = render_text(refused)
    assert refused.exit == 1 and not (tmp_path / "ran").exists()
    assert "key.transcript:2: ERR secret-in-clear" in said and "Zq8XvB2L" not in said
    assert said.endswith("2 files, 1 wrong, 0 odd\nNothing was run.\n")
    good, key = loads((tmp_path / "j.json").read_text())
    assert good["incomplete"] == "not run: another file has mistakes" and good["failed"]
    assert key["incomplete"].startswith(f"{tmp_path}/key.transcript:2: a key or a password")
    assert 'errors="2"' in (tmp_path / "j.xml").read_text()
    passed = run_line("transcript run good.transcript odd.transcript check=yes", session)
    assert passed.exit == 0 and (tmp_path / "ran").exists()
    assert "WARN doubled-label" in render_text(passed)
