"""Batch files: what cmd.exe would run of them, and what is named as not understood."""

from pathlib import Path

import pytest

from commands.batch import batch_steps, is_batch
from commands.errors import CommandError
from commands.masking import mask_text
from commands.run import run_line
from commands.script import exec_file, run_script, script_lines
from tests.commands.conftest import Heard
from tests.commands.test_script import errors

RUN = [
    ("netsh show alias", ["netsh show alias"]),
    ("@netsh.exe show alias", ["netsh show alias"]),
    ("  NETSH show alias   ", ["netsh show alias"]),
    ("@echo off\n@REM note\n:: note\n:label\nrem x & netsh y\n\npause\ntitle Policy", []),
    ("netsh a ^\n  b^\nc", ["netsh a   bc"]),
    ('netsh a "^"', ['netsh a "^"']),
    ("netsh a ^= b", ["netsh a = b"]),
    ("netsh a & netsh b&&netsh c || netsh d", ["netsh a", "netsh b", "netsh c", "netsh d"]),
    ('netsh a "x & y > z"', ['netsh a "x & y > z"']),
    ("netsh a >nul 2>&1", ["netsh a"]), ("netsh a>NUL", ["netsh a"]),
    ("netsh a 2> nul", ["netsh a"]), ("netsh a 2>>errors.txt", ["netsh a"]),
    ("netsh a > out.txt", ["netsh a > out.txt"]), ("netsh a>>out.txt", ["netsh a >> out.txt"]),
    ("netsh < rules.txt", ["exec rules.txt"]),
    ("set A=1 2\nnetsh %a%%A%", ["netsh 1 21 2"]),
    ('set "A=x"\nset A=%A%y\nnetsh %A%', ["netsh xy"]),
    ("netsh 5%% x 50%", ["netsh 5% x 50"]),
    ("netsh ${x}", ["netsh \\${x}"]),
    ("ping 10.2.0.5 -n 1\nroute print", ["netsh ping 10.2.0.5 -n 1", "netsh route print"]),
    ("call other.bat", ["exec other.bat"]), ("exit", ["exit"]),
]
NOT_RUN = [
    ("if errorlevel 1 netsh a", 1), ("for %%i in (1) do netsh a", 1), ("goto end", 1),
    ("if x (\nnetsh a\n)\n", 3), ("copy a b", 1), ("netsh", 1), ("netsh a | find x", 1),
    ("netsh %1", 1), ("netsh %UNSET%", 1), ("set /p A=", 1), ("set", 1), ("netsh a ^> b", 1),
    ("ping x < y", 1), ("if x (\nif y (\n)\nnetsh a\n)", 5),
]


@pytest.mark.parametrize(("text", "lines"), RUN)
def test_a_batch_file_is_read_as_cmd_reads_it(text: str, lines: list[str]) -> None:
    steps = list(batch_steps(text.split("\n")))
    assert [step.problem for step in steps] == [""] * len(lines)
    assert [step.text for step in steps] == lines


@pytest.mark.parametrize(("text", "count"), NOT_RUN)
def test_what_cannot_be_known_is_named_and_not_run(text: str, count: int) -> None:
    steps = list(batch_steps(text.split("\n")))
    assert len(steps) == count and all("is not understood" in step.problem for step in steps)
    assert all(step.text == "" for step in steps)


def test_a_line_after_a_block_is_run_again() -> None:
    steps = list(batch_steps(["if x (", "netsh a", ")", "netsh b"]))
    assert [(step.number, step.text) for step in steps if not step.problem] == [(4, "netsh b")]


def test_a_continued_line_has_the_number_of_its_first() -> None:
    steps = list(batch_steps(["rem", "netsh a ^", "b", "netsh c"]))
    assert [(step.number, step.text) for step in steps] == [(2, "netsh a b"), (4, "netsh c")]


@pytest.mark.parametrize(("line", "name", "batch"), [
    ("add policy x", "x.BAT", True), ("add policy x", "x.cmd", True), ("@echo off", "x", True),
    ("netsh ipsec static", "x.txt", True), ("netsh", "x.txt", False), ("setlocal", "-", True),
    ("set store local", "x.txt", False), ("# netsh x", "x.txt", False), ("", "x", False)])
def test_a_batch_file_is_known_by_suffix_or_first_words(line: str, name: str,
                                                        batch: bool) -> None:
    assert is_batch(["", "rem note", line], name) is batch


def test_each_line_not_understood_is_named_and_counts_as_failure(session: Heard) -> None:
    lines = ["@echo off", "if x netsh alias a b", "netsh alias c d", "copy a b"]
    assert run_script(lines, "s.bat", session) == 1
    assert [one.split(" : ")[0] for one in errors(session)] == [
        "s.bat:2: ERR not-understood", "s.bat:4: ERR not-understood"]
    assert session.aliases == {"c": "d"}


@pytest.mark.parametrize(("line", "aliases"), [
    ("netsh bogus && netsh alias a b", {}), ("netsh bogus || netsh alias a b", {"a": "b"}),
    ("netsh show alias && netsh alias a b", {"a": "b"}),
    ("netsh show alias || netsh alias a b", {}),
    ("netsh bogus & netsh alias a b", {"a": "b"})])
def test_operators_look_at_the_command_before(line: str, aliases: dict[str, str],
                                              session: Heard) -> None:
    run_script([line], "x.bat", session)
    assert session.aliases == aliases


def test_output_sent_to_nul_is_not_shown_but_mistakes_are(session: Heard) -> None:
    run_script(["netsh show alias >nul", "netsh bogus >nul"], "x.bat", session)
    assert len(session.blocks) == 1 and len(errors(session)) == 1


def test_exit_b_ends_only_its_own_file(session: Heard, tmp_path: Path) -> None:
    (tmp_path / "in.bat").write_text("netsh alias a b\nexit /b 0\nnetsh alias c d\n")
    assert run_script([f"netsh exec {tmp_path}/in.bat", "netsh alias e f"], "x.bat", session) == 0
    assert set(session.aliases) == {"a", "e"}


@pytest.mark.parametrize("line", [
    "netsh ipsec static>alias a b", r"C:\>netsh alias a b",
    r"C:\Documents and Settings>netsh alias a b",
    "ipsecsh ipsec static> alias a b", "ipsecsh>alias a b", "netsh alias a b", "NETSH>alias a b",
    'netsh -c "ipsec static" alias a b', r"  c:\> netsh -c ipsec alias a b",
    "[gwA] netsh ipsec>alias a b"])
def test_a_line_pasted_with_its_prompt_runs(line: str, session: Heard) -> None:
    run_line(line, session)
    assert session.aliases == {"a": "b"} and session.context == ()


def test_a_pasted_context_stays_where_it_is_typed_alone(session: Heard) -> None:
    run_line("netsh ipsec static", session)
    assert session.context == ("ipsec", "static")
    run_line(r"C:\>netsh", session)
    run_line("netsh>", session)
    assert session.context == ("ipsec", "static")


def test_the_prompt_of_another_machine_is_refused(session: Heard) -> None:
    with pytest.raises(CommandError, match="hostA"):
        run_line("[hostA] netsh>alias a b", session)


@pytest.mark.parametrize("line", ["netsh -r hostA alias a b", "netsh -c bogus alias a b",
                                  "netsh -x", "netsh -f", "netsh -c \0", "netsh -\x08f x"])
def test_switches_of_the_program_that_cannot_be_obeyed_are_refused(line: str,
                                                                   session: Heard) -> None:
    with pytest.raises(CommandError) as raised:
        run_line(line, session)
    assert raised.value.exit == 2 and raised.value.line == line


def test_a_redirection_is_no_prompt(session: Heard, tmp_path: Path) -> None:
    session.folder = str(tmp_path)
    run_line("netsh show alias > out", session)
    assert (tmp_path / "out").exists()


@pytest.mark.parametrize("line", [
    "netsh ipsec static add rule r p l a 1.1.1.1 all yes d yes abcd",
    r"C:\>netsh -c 'x' psk=abcd", "netsh ipsec static>add rule r p l a psk=abcd",
    'netsh -c "ipsec static" add rule r p l a 1.1.1.1 all yes d yes abcd'])
def test_a_key_in_a_pasted_line_is_masked(line: str, session: Heard) -> None:
    assert mask_text(line, session) == line.replace("abcd", "********")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_script_may_come_in_any_form_of_unicode(encoding: str) -> None:
    assert script_lines("alias ä b\r\n\x1a".encode(encoding), "x") == ["alias ä b", ""]


def test_a_legacy_code_page_is_named_with_line_and_octet() -> None:
    with pytest.raises(CommandError, match=r"line 2 holds the octet 0xE4 .* column 7"):
        script_lines("# note\nalias ä b".encode("cp1252"), "x")


def test_a_nested_file_may_be_run_with_netsh_f(session: Heard, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("alias a b\n")
    session.folder = str(tmp_path)
    assert exec_file("in.txt", session) == 0
    session.aliases.clear()
    assert run_script(["netsh -f in.txt"], "x.bat", session) == 0
    assert session.aliases == {"a": "b"}
