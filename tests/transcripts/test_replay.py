"""Replaying: contexts, exit classes, directives, captures, diffs, and the command itself."""

from pathlib import Path

import pytest

from commands import index
from commands.errors import CommandError
from commands.parser import complete
from commands.render import render_text
from commands.run import run_line
from commands.session import Session
from shell.program import TRANSCRIPT_ROWS
from transcripts.command import ROWS
from transcripts.replay import load, make_session, run
from transcripts.report import Report

HEAD = "# transcript: 1\n"
KEY = "open-sesame"


def play(folder: Path, text: str, seconds: float = 0.0) -> Report:
    """Runs a transcript; each look at the clock finds it `seconds` later."""
    path = folder / "t.transcript"
    path.write_text(HEAD + text)
    transcript = load(str(path))
    session = make_session(transcript.header, str(folder))
    ticks = iter(range(1_000_000))
    report = run(transcript, session, lambda: next(ticks) * seconds)
    session.close()
    return report


def only_failure(report: Report) -> tuple[int, tuple[str, ...], list[str]]:
    assert len(report.failures) == 1, report.failures
    failure = report.failures[0]
    return failure.line, failure.reasons, [mark + text for mark, text in failure.diff]


@pytest.mark.parametrize("text", [
    "> ipsec static\nipsec static> ..\nipsec> ..\n> set machine gwA",
    "> bogus\n| <...>\n! ERR unknown-command <*>\n! <...>\n= 2",
    "> lab show clock\n~ output ignore\n",
    "> lab show clock\n| <...>\n| <*>9:00:00<*>\n| <...>\n~ clock +1h\n"
    "> lab show clock\n| <...>\n| <*>10:00:00<*>\n| <...>",
    "# clock: virtual 2010-01-02T03:04:05Z\n> lab show clock\n| <...>\n| <*>1/2/2010<*>\n| <...>",
    "# clock: virtual 2010-01-02T03:04:05Z\n> lab show clock\n~ output ignore\n~ clock +1h\n"
    "> ipsec static add filterlist name=L\n> ipsec static show filterlist all level=verbose\n"
    "| <...>\n| Last Modified           : 1/2/2010 4:04:05 AM\n| <...>",
    "# bind: who=gwB\n> set machine ${who}",
    "> lab show clock\n| <...>\n| <*><time:t><*>\n| <...>\n~ retry 5s",
])
def test_what_is_right_passes(tmp_path: Path, text: str) -> None:
    report = play(tmp_path, text)
    assert report.failures == ()


def test_a_changed_line_is_shown_as_a_diff_with_its_reason(tmp_path: Path) -> None:
    report = play(tmp_path, "> set machine hostA\n> ipconfig\n| Windows 2000 IP Configuration\n"
                            "| <...>\n|         Subnet Mask . . . . . . . . . . . : 255.0.0.0\n"
                            "| <...>\n")
    line, reasons, diff = only_failure(report)
    assert line == 3
    assert "-|         Subnet Mask . . . . . . . . . . . : 255.0.0.0" in diff
    assert " | Windows 2000 IP Configuration" in diff
    assert reasons[0].startswith("line 6: ")


def test_unexpected_output_is_a_failure(tmp_path: Path) -> None:
    _, reasons, diff = only_failure(play(tmp_path, "> set machine nowhere\n"))
    assert reasons == ("line 2: nothing more was expected", "exit class 1, expected 0")
    assert diff[-2:] == ["-= 0", "+= 1"]


def test_the_context_is_asserted(tmp_path: Path) -> None:
    text = "ipsec> set machine gwA\nipsec> set machine gwA\n"
    line, reasons, _ = only_failure(play(tmp_path, text))
    assert (line, reasons) == (2, ("the context is the root, not ipsec",))


def test_nothing_runs_after_the_session_has_ended(tmp_path: Path) -> None:
    line, reasons, _ = only_failure(play(tmp_path, "> bye\n> show alias\n> show alias\n"))
    assert (line, reasons) == (3, ("line 2 has ended the session",))


def test_a_command_that_takes_too_long_is_a_failure(tmp_path: Path) -> None:
    text = "# timeout: 5s\n> set machine gwA\n"
    assert play(tmp_path, text, 4.0).failures == ()
    _, reasons, _ = only_failure(play(tmp_path, text, 6.0))
    assert reasons == ("took 6.0 s, the timeout is 5 s",)


def test_a_retry_lets_virtual_time_pass(tmp_path: Path) -> None:
    ready = "> lab show clock\n| <...>\n| <*>9:00:04<*>\n| <...>\n~ retry {}s\n"
    assert play(tmp_path, ready.format(5)).failures == ()
    assert play(tmp_path, ready.format(2)).failed


def test_a_capture_can_be_typed_again(tmp_path: Path) -> None:
    text = ("> ipsec static add filterlist name=L\n"
            "> ipsec static show filterlist all level=verbose\n| <...>\n| GUID<*>: <guid:list>\n"
            "| <...>\n> ipsec static delete filterlist name=${guid:list}\n! <...>\n= 1\n")
    report = play(tmp_path, text)
    assert "There is no variable" not in str(report.failures)


def test_a_key_is_masked_in_reports(tmp_path: Path) -> None:
    report = play(tmp_path, f"> ipsec static add rule name=r psk={KEY}\n")
    assert KEY not in str(report)
    assert "psk=********" in report.failures[0].prompt


def test_a_store_of_the_header_is_a_file_beside_the_transcript(tmp_path: Path) -> None:
    text = "# store: own.db\n> ipsec static add filterlist name=L\n"
    assert play(tmp_path, text).failures == ()
    assert (tmp_path / "own.db").exists()
    assert play(tmp_path, text).failed


@pytest.fixture
def session(tmp_path: Path) -> Session:
    for row in ROWS:
        index.register(*row)
    one = Session()
    one.folder = str(tmp_path)
    return one


def test_the_shell_registers_what_is_declared() -> None:
    assert TRANSCRIPT_ROWS == ROWS


def test_the_command_sums_up_each_file(session: Session, tmp_path: Path) -> None:
    (tmp_path / "good.transcript").write_text(HEAD + "> show alias\n~ output ignore\n")
    (tmp_path / "bad.transcript").write_text(HEAD + "> show alias\n| <int>\n")
    answer = run_line("transcript run good.transcript bad.transcript", session)
    text = render_text(answer)
    assert answer.exit == 1
    assert "good: 1 command, 0 failed, " in text
    assert "bad: 1 command, 1 failed, " in text
    assert f"{tmp_path / 'bad.transcript'}:2  > show alias" in text
    assert "dur" in [span.type for block in answer.blocks for line in block.lines  # type: ignore[union-attr]
                     for span in line if not isinstance(span, str)]


@pytest.mark.parametrize(("content", "exit", "text"), [
    (None, 3, "t.transcript: cannot be read"),
    ("\0", 3, "t.transcript:1: is binary"),
    ("> x", 2, "t.transcript:1: a transcript begins"),
    (HEAD + "only prose", 4, "t.transcript: holds no command"),
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
    assert ("kb252735" in caught.value.known) is (exit == 3)


def test_the_store_of_the_command_line_wins(session: Session, tmp_path: Path) -> None:
    (tmp_path / "t.transcript").write_text(HEAD + "> ipsec static add policy name=P\n")
    run_line("transcript run t.transcript store=given.db", session)
    assert (tmp_path / "given.db").exists()


def test_names_and_files_are_completed(session: Session, tmp_path: Path) -> None:
    (tmp_path / "kb.transcript").write_text(HEAD)
    found = [one.value for one in complete("transcript run kb", session)]
    assert found[:2] == ["kb252735", "kb.transcript"]


def test_the_bundled_ones_are_listed_with_their_titles(session: Session) -> None:
    text = render_text(run_line("transcript list", session))
    assert "kb252735" in text
    assert "No route to NetB" in text
