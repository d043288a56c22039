"""Pipes at work on rendered, still typed lines."""

import json
import stat
from pathlib import Path

import pytest

from commands.answer import Answer, Cell, Lines
from commands.errors import CommandError
from commands.render import render, render_text
from commands.run import run_line
from commands.session import Session

pytestmark = pytest.mark.usefixtures("tried")

SPOKEN = """\
working on 10.1.0.1
Rules
-----
Name  Packets
----  -------
in          7
out      1200

Name                    : P
Key                     : ********
"""


@pytest.mark.parametrize(("pipe", "text"), [
    ("no-more", SPOKEN),
    ("include NAME", "Name  Packets\nName                    : P\n"),
    ("exclude e", "working on 10.1.0.1\n-----\n----  -------\nin          7\n"
                  "out      1200\n\n"),
    ("begin key", "Key                     : ********\n"),
    ("begin bogus", ""),
    ("section key", "Name                    : P\nKey                     : ********\n"),
    ("count", "9\n"),
    ("include Name | count", "2\n"),
])
def test_filters_work_on_the_lines(pipe: str, text: str, session: Session) -> None:
    answer = run_line("try speak | " + pipe, session)
    assert render_text(answer._replace(warnings=())) == text


def test_filtered_lines_keep_their_types(session: Session) -> None:
    answer = run_line("try speak | include working", session)
    block = answer.blocks[0]
    assert isinstance(block, Lines)
    assert block.lines == (("working on ", Cell("ip", "10.1.0.1", "10.1.0.1")),)


def test_json_is_one_document_with_masked_key(session: Session) -> None:
    document = json.loads(render_text(run_line("try speak | json", session)._replace(warnings=())))
    assert document == [
        ["working on 10.1.0.1"],
        [{"name": "in", "packets": 7}, {"name": "out", "packets": 1200}],
        {"name": "P", "key": "********"}]


def test_jsonl_is_one_document_a_line(session: Session) -> None:
    text = render_text(run_line("try speak | jsonl", session)._replace(warnings=()))
    assert [json.loads(line) for line in text.splitlines()] == [
        "working on 10.1.0.1", {"name": "in", "packets": 7}, {"name": "out", "packets": 1200},
        {"name": "P", "key": "********"}]


def test_reveal_shows_the_key_for_that_one_command(session: Session) -> None:
    shown = render_text(run_line("try speak reveal=yes | include Key", session))
    hidden = render_text(run_line("try speak | include Key", session))
    assert "geheim" in shown and "geheim" not in hidden


def test_warnings_pass_beside_the_pipes(session: Session) -> None:
    answer = run_line("try speak | count", session)
    assert [warning.code for warning in answer.warnings] == ["weak"]
    assert render_text(answer) == "9\nWARN weak: DES is weak\n  fix: use 3DES\n"


def test_output_is_written_and_appended_to_a_private_file(session: Session,
                                                          tmp_path: Path) -> None:
    session.folder = str(tmp_path)
    assert run_line("try speak > out.txt", session).blocks == ()
    run_line("try speak | include Key >> out.txt", session)
    run_line("try speak | count | save other.txt", session)
    assert (tmp_path / "out.txt").read_text() == SPOKEN + "Key                     : ********\n"
    assert (tmp_path / "other.txt").read_text() == "9\n"
    assert stat.S_IMODE((tmp_path / "out.txt").stat().st_mode) == 0o600


def test_windows_name_for_nowhere_is_no_file(session: Session, tmp_path: Path) -> None:
    session.folder = str(tmp_path)
    for line in ("try speak > nul", "try speak >> NUL", "try speak | count > nul:"):
        assert run_line(line, session).blocks == ()
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_one_error(session: Session, tmp_path: Path) -> None:
    session.folder = str(tmp_path)
    with pytest.raises(CommandError) as raised:
        run_line("try speak > missing/out.txt", session)
    assert raised.value.code == "cannot-write"


def test_the_listener_is_put_back_after_a_failure(session: Session) -> None:
    emit = session.emit
    with pytest.raises(CommandError):
        run_line("try fail bug | count", session)
    assert session.emit == emit


def test_an_answer_without_pipes_is_left_alone(session: Session) -> None:
    answer = run_line("try speak", session)
    assert isinstance(answer, Answer) and len(answer.blocks) == 2
    assert render(answer) != []
