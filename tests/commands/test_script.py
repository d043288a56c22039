"""Script files: read, numbered, nested, refused."""

from pathlib import Path

import pytest

from commands.answer import Answer, Cell, Lines, Record
from commands.errors import CommandError, Leave
from commands.render import render_text
from commands.run import run_line
from commands.script import emit_answer, exec_file, run_script, script_lines, worse
from commands.session import Session
from tests.commands.conftest import Heard

pytestmark = pytest.mark.usefixtures("tried")


@pytest.fixture
def folder(session: Heard, tmp_path: Path) -> Path:
    session.folder = str(tmp_path)
    return tmp_path


def errors(session: Heard) -> list[str]:
    return [render_text(block).splitlines()[0] for block in session.blocks
            if isinstance(block, Lines) and block.error]


def test_a_script_runs_on_after_a_failed_line(session: Heard, folder: Path) -> None:
    (folder / "s.txt").write_text("# note\n\nbogus\nrem x\n  alias a show alias\r\nalias b bye\n")
    assert exec_file("s.txt", session) == 1
    assert errors(session) == [
        "s.txt:3: ERR unknown-command : The following command was not found: bogus"]
    assert set(session.aliases) == {"a", "b"}


def test_what_the_lines_say_is_emitted_in_order(session: Heard, folder: Path) -> None:
    assert run_script(["try speak", "alias"], "x", session) == 0
    text = "".join(render_text(block) for block in session.blocks)
    assert text.startswith("working on 10.1.0.1\nRules\n")
    assert text.endswith("WARN weak: DES is weak\n  fix: use 3DES\nThere are no aliases.\n")


def test_blocks_stand_apart_in_a_script_as_they_do_alone(session: Heard) -> None:
    blocks = (Record((("a", "A", Cell("int", 1, "1")),)),
              Record((("b", "B", Cell("int", 2, "2")),)))
    emit_answer(Answer(blocks), session)
    assert "".join(render_text(block) for block in session.blocks) == render_text(Answer(blocks))
    assert render_text(Answer(tuple(session.blocks)), "json") == render_text(
        Answer(blocks), "json")


def test_a_nested_script_names_its_own_lines(session: Heard, folder: Path) -> None:
    (folder / "outer.txt").write_text("exec inner.txt\nbogus\n")
    (folder / "inner.txt").write_text("\nbogus\n")
    assert exec_file("outer.txt", session) == 1
    assert [line.split(" ")[0] for line in errors(session)] == ["inner.txt:2:", "outer.txt:2:"]


@pytest.mark.parametrize("link", [False, True])
def test_a_script_that_runs_itself_is_refused(link: bool, session: Heard, folder: Path) -> None:
    (folder / "s.txt").write_text("exec l.txt\nalias done bye\n" if link
                                  else "exec s.txt\nalias done bye\n")
    (folder / "l.txt").symlink_to("s.txt")
    assert exec_file("s.txt", session) == 1
    assert "script-loop" in errors(session)[0]
    assert "done" in session.aliases and session.script_depth == []


def test_scripts_are_nested_eight_deep_at_most(session: Heard, folder: Path) -> None:
    for number in range(10):
        (folder / f"{number}").write_text(f"exec {number + 1}\n")
    exec_file("0", session)
    assert len(errors(session)) == 1 and "script-depth" in errors(session)[0]


@pytest.mark.parametrize(("content", "code"), [
    (None, "no-script"), (b"\x7fELF\0\0\0", "bad-script"), (b"\xff\x80", "bad-script"),
    (b"alias a\0b", "bad-script"), (b"\xff\xfea", "bad-script"),
])
def test_a_missing_or_binary_script_is_one_error(content: bytes | None, code: str,
                                                 session: Heard, folder: Path) -> None:
    if content is not None:
        (folder / "s").write_bytes(content)
    with pytest.raises(CommandError) as raised:
        run_line("exec s", session)
    assert raised.value.code == code and raised.value.span == (5, 6)
    assert session.blocks == []


def test_a_folder_is_no_script(session: Heard, folder: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        exec_file(".", session)


@pytest.mark.parametrize("content", [
    "alias a show".encode("utf-8-sig"), "alias a show\r\n".encode("utf-16"), b"alias a show",
    b"\r\nalias a show\r"])
def test_scripts_as_windows_writes_them_are_read(content: bytes, session: Heard) -> None:
    assert run_script(script_lines(content, "x"), "x", session) == 0
    assert session.aliases == {"a": "show"}


def test_a_script_stops_when_the_store_cannot_be_opened(session: Heard) -> None:
    assert run_script(["try fail locked", "alias a b"], "x", session) == 6
    assert run_script(["try fail full", "alias a b"], "x", session) == 3
    assert session.aliases == {}


def test_a_script_that_needs_yes_says_so_by_its_exit_code(session: Heard) -> None:
    assert run_script(["try destroy"], "x", session) == 5
    assert run_script(["try destroy", "bogus"], "x", session) == 1


def test_a_script_without_a_command_runs_nothing(session: Heard) -> None:
    assert run_script(["", "  ", "# x", "rem"], "x", session) == 4


def test_leaving_keeps_what_went_wrong_before(session: Heard) -> None:
    with pytest.raises(Leave) as left:
        run_script(["bogus", "exit", "alias a b"], "x", session)
    assert left.value.exit == 1 and session.aliases == {}


def test_with_stop_the_first_mistake_is_raised_with_its_place(session: Heard) -> None:
    with pytest.raises(CommandError) as raised:
        run_script(["alias a b", "bogus", "alias c d"], "x", session, stop=True)
    assert raised.value.place == "x:2" and set(session.aliases) == {"a"}


@pytest.mark.parametrize(("first", "second", "both"), [
    (0, 0, 0), (0, 5, 5), (5, 5, 5), (5, 1, 1), (1, 5, 1), (3, 5, 1)])
def test_exit_codes_are_combined(first: int, second: int, both: int) -> None:
    assert worse(first, second) == both


def test_exec_gives_the_exit_code_of_its_script(session: Session, tmp_path: Path) -> None:
    (tmp_path / "bad").write_text("bogus\n")
    (tmp_path / "empty").write_text("\n")
    assert run_line(f"exec {tmp_path}/bad", session).exit == 1
    assert run_line(f"exec {tmp_path}/empty", session).exit == 0
