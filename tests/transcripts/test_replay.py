"""The commands: what is summed up, exit classes, the store, completion, lists."""

from pathlib import Path

import pytest

from commands.answer import Lines
from commands.errors import CommandError
from commands.parser import complete
from commands.render import render_text
from commands.run import run_line
from commands.session import Session

HEAD = "# transcript: 1\n"


@pytest.fixture
def session(tmp_path: Path) -> Session:
    one = Session()
    one.folder = str(tmp_path)
    return one


def test_the_command_sums_up_each_file(session: Session, tmp_path: Path) -> None:
    (tmp_path / "good.transcript").write_text(HEAD + "> show alias\n~ output ignore\n")
    (tmp_path / "bad.transcript").write_text(HEAD + "> show alias\n| <int>\n")
    answer = run_line("transcript run good.transcript bad.transcript", session)
    text = render_text(answer)
    assert answer.exit == 1
    assert "good: 1 command, 0 failed, " in text
    assert "bad: 1 command, 1 failed, " in text
    assert f"{tmp_path / 'bad.transcript'}:2  > show alias" in text
    assert "dur" in [span.type for block in answer.blocks if isinstance(block, Lines)
                     for line in block.lines for span in line if not isinstance(span, str)]


@pytest.mark.parametrize(("content", "exit", "text"), [
    (None, 3, "t.transcript: cannot be read"),
    ("\0", 3, "t.transcript:1: is binary"),
    ("> x", 2, "t.transcript:1: a transcript begins"),
    (HEAD + "only prose", 4, "t.transcript: holds no command"),
    (HEAD + "# requires: target\n> ..\n", 3,
     "t.transcript: requires target"),
    (HEAD + "> transcript run t.transcript\n! ERR recursion <*>\n! <...>\n= 1", 0, ""),
])
def test_what_cannot_run_has_its_exit_class(session: Session, tmp_path: Path, content: str | None,
                                            exit: int, text: str) -> None:
    if content is not None:
        (tmp_path / "t.transcript").write_text(content)
    if exit == 0:
        assert run_line("transcript run t.transcript", session).exit == 0
        return
    with pytest.raises(CommandError) as caught:
        run_line("transcript run t.transcript", session)
    assert caught.value.exit == exit
    assert text in caught.value.text
    assert ("kb252735" in caught.value.known) is (content is None)


def test_the_store_of_the_command_line_wins(session: Session, tmp_path: Path) -> None:
    (tmp_path / "t.transcript").write_text(HEAD + "> ipsec static add policy name=P\n")
    run_line("transcript run t.transcript store=given.db", session)
    assert (tmp_path / "given.db").exists()


def test_bindings_and_secrets_of_the_command_line_win(session: Session, tmp_path: Path) -> None:
    (tmp_path / "t.transcript").write_text(
        HEAD + "# bind: who=nobody\n# secrets: k=env:NONE\n> set machine ${who}\n"
        "> ipsec static add policy name=${secret:k} activatedefaultrule=no\n")
    (tmp_path / "key").write_text("file")
    line = "transcript run t.transcript set=who=gwB secret=k=@key"
    assert run_line(line, session).exit == 0
    for wrong, text in (("set=who", "must be NAME=VALUE"), ("secret=k=plain", "names the source")):
        with pytest.raises(CommandError) as caught:
            run_line(f"transcript run t.transcript {wrong}", session)
        assert text in caught.value.text


@pytest.mark.parametrize(("tags", "exit", "text"), [
    ("", 1, "2 commands, 1 failed"), ("from=End", 0, "1 command, 0 failed, 1 skipped"),
    ("until=2", 4, "0 commands, 0 failed, 2 skipped"),
    ("onfail=stop", 1, "not all of it ran: stopped at line 2"),
    ("timeout=5s total=1m", 1, "1 failed"),
])
def test_a_part_may_be_run(session: Session, tmp_path: Path, tags: str, exit: int,
                           text: str) -> None:
    (tmp_path / "t.transcript").write_text(HEAD + "> bogus\n## End\n> ..\n")
    answer = run_line("transcript run t.transcript " + tags, session)
    assert text in render_text(answer)
    assert answer.exit == exit


def test_names_and_files_are_completed(session: Session, tmp_path: Path) -> None:
    (tmp_path / "kb.transcript").write_text(HEAD)
    found = [one.value for one in complete("transcript run kb", session)]
    assert found[:2] == ["kb252735", "kb.transcript"]


def test_the_bundled_ones_are_listed_with_their_titles(session: Session) -> None:
    text = render_text(run_line("transcript list", session))
    assert "kb252735" in text
    assert "No route to NetB" in text
