"""Updating: only what differs is written anew, and nothing that its author meant is lost."""

import os
import stat
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from commands.answer import Answer, Block
from commands.errors import CommandError
from commands.render import render_text
from commands.run import run_line
from commands.session import Session
from transcripts import replay
from transcripts.format import load
from transcripts.pattern import Placeholder, parse_pattern
from transcripts.play import Watcher
from transcripts.updating.atoms import Atom, covers
from transcripts.updating.propose import Edit
from transcripts.updating.update import Outcome, accept_all, rewritten, update

HEAD = "# transcript: 1\n"
CONTEXTS = replay.contexts()


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)


def updated(text: str, folder: Path, path: str = "t.transcript") -> Outcome:
    file = folder / path
    file.write_text(text)
    return update(load(str(file), CONTEXTS),
                  lambda one, looks: replay.run(one, replay.Settings(), time.perf_counter, looks),
                  accept_all, CONTEXTS, Watcher())


def now(body: str, folder: Path) -> str:
    """The body of a transcript after an update, which makes it pass."""
    outcome = updated(HEAD + body, folder)
    assert not outcome.report.failed, outcome.left
    text = outcome.text if outcome.text is not None else HEAD + body
    assert updated(text, folder).text is None
    return text.removeprefix(HEAD)


@pytest.mark.parametrize(("before", "after"), [
    # A line of its own.
    ("> set machine hostA\n| nothing\n", "> set machine hostA\n"),
    ("> set machine nobody\n",
     "> set machine nobody\n! ERR not-found : Machine with name 'nobody' does not exist\n"
     "!   set machine nobody\n!               ^^^^^^\n"
     "!   known: gwA, gwB, hostA, hostB, r1, r2\n= 1\n"),
    ("> set machine nobody\n! ERR not-found : Machine with name 'somebody' does not exist\n"
     "! <...>\n= 1\n",
     "> set machine nobody\n! ERR not-found : Machine with name 'nobody' does not exist\n"
     "! <...>\n= 1\n"),
    ("> set machine nobody\n! <...>\n", "> set machine nobody\n! <...>\n= 1\n"),
    ("> set machine nobody\n! <...>\n= 7\n~ expect-fail not-found\n",
     "> set machine nobody\n! <...>\n= 1\n~ expect-fail not-found\n"),
    ("> set machine hostA\n= 3\n", "> set machine hostA\n"),
    # Prose, blank lines, directives and labels stay where they are.
    ("Prose before.\n\n> set machine hostA\n\nProse behind.\n~ within 5s\n| x\n\n## Next\n"
     "~ label L\n> set machine gwA\n",
     "Prose before.\n\n> set machine hostA\n\nProse behind.\n~ within 5s\n\n## Next\n"
     "~ label L\n> set machine gwA\n"),
    # Elisions stay; one that is too short gets as long as it has to be.
    ("> set machine nobody\n! ERR not-found <*>\n!   set machine nobody\n! <...1>\n= 1\n",
     "> set machine nobody\n! ERR not-found <*>\n!   set machine nobody\n! <...2>\n= 1\n"),
    ("> set machine nobody\n! ERR not-found <*>\n! <...>\n!   known: gwB, gwA\n= 1\n",
     "> set machine nobody\n! ERR not-found <*>\n! <...>\n"
     "!   known: gwA, gwB, hostA, hostB, r1, r2\n= 1\n"),
    # A directive that other output cannot mend is left alone, the output is not.
    ("> ping -n 1 127.0.0.1\n| Pinging 127.0.0.1 with <bytes 33..64> bytes of data:\n|\n"
     "| Reply from <ip>: bytes=<bytes 32> time<dur <1s> TTL=<int 1..64>\n| <...>\n"
     "| <*>(0% loss),\n| <...>\n",
     "> ping -n 1 127.0.0.1\n| Pinging 127.0.0.1 with 32 bytes of data:\n|\n"
     "| Reply from <ip>: bytes=<bytes 32> time<dur <1s> TTL=128\n| <...>\n"
     "| <*>(0% loss),\n| <...>\n"),
])
def test_what_still_holds_is_kept(before: str, after: str, tmp_path: Path) -> None:
    assert now(before.replace("<bytes 32>", "<bytes =32>"), tmp_path) \
        == after.replace("<bytes 32>", "<bytes =32>")


SETUP = "> ipsec static add policy P activatedefaultrule=no\n"


def test_what_changes_from_run_to_run_becomes_a_placeholder(tmp_path: Path) -> None:
    body = now("> transcript list\n~ output ignore\n> ipsec static add filter L "
               "${NetAId} ${NetBId} srcmask=24 dstmask=24\n> ipsec static show filterlist L\n",
               tmp_path)
    shown = body.partition("show filterlist L\n")[2]
    assert "| Last Modified           : <time>\n" in shown
    assert "| GUID                    : <guid>\n" in shown and "| FilterList Name         : L\n" \
        in shown


def test_one_value_seen_twice_is_captured_and_a_known_one_has_its_name(tmp_path: Path) -> None:
    body = now("> ipsec static add filterlist L\n> ipsec static show filterlist L\n"
               "| FilterList Name         : L\n| <...>\n| GUID                    : <guid:mine>\n"
               "| <...>\n> ipsec static show filterlist L\n> ipsec static add filterlist M\n"
               "> ipsec static show filterlist M | include GUID\n"
               "> ipsec static show filterlist M | include GUID\n", tmp_path)
    assert body.count("<guid:mine>") == 2 and body.count("<guid>") == 2


def test_a_capture_that_is_another_one_now_is_not_lost(tmp_path: Path) -> None:
    body = now("> ipsec static add filterlist L\n> ipsec static add filterlist M\n"
               "> ipsec static show filterlist L | include GUID\n"
               "| GUID                    : <guid:one>\n"
               "> ipsec static show filterlist M | include GUID\n"
               "| GUID                    : <guid:one>\n", tmp_path)
    assert body.endswith("| GUID                    : <guid>\n")


def test_addresses_secrets_and_the_run_s_folder_have_their_names(tmp_path: Path) -> None:
    text = HEAD + "# secrets: key=generate\n" + SETUP + (
        "> ipsec static set policy P description=${secret:key}\n"
        "> ipsec static show policy P | include Desc\n"
        "> ipsec static add filter L ${NetAId} ${NetBId} srcmask=24 dstmask=24\n"
        "> ipsec static show filterlist L level=verbose | include Source\n"
        "> exportpolicy ${tmp}/out.cfg\n> ipsec static exportpolicy ${tmp}/x/out.cfg\n")
    outcome = updated(text, tmp_path)
    assert not outcome.report.failed and outcome.text is not None
    assert "| Description             : ${secret:key}\n" in outcome.text
    assert "${NetAId}" in outcome.text.partition("include Source\n")[2].partition("> ")[0]
    assert "! ERR" in outcome.text and "ipsecsh-" not in outcome.text
    assert ": ${tmp}/x/out.cfg.part: No" in outcome.text.partition("${tmp}/x/out.cfg\n")[2]


def test_lines_in_any_order_stay_in_it(tmp_path: Path) -> None:
    before = "> set machine nobody\n~ unordered\n!   known: gwA, gwB, hostA, hostB, r1, r2\n" \
             "! bogus\n!   set machine nobody\n! ERR not-found <*>\n~ end\n= 1\n"
    body = now(before, tmp_path)
    assert body == before.replace("! bogus", "!               ^^^^^^")


def test_a_table_s_rows_may_stand_in_any_order(tmp_path: Path) -> None:
    lists = "".join(f"> ipsec static add filterlist {name}\n" for name in "ABC")
    body = now(lists + "> ipsec static show filterlist all format=table\n| FilterList Name  <*>\n"
               "| ---<*>\n| <rows>\n| C  <int 0..0>\n| A  7\n| B  <int>\n", tmp_path)
    assert body.endswith("| <rows>\n| C  <int 0..0>\n| A  0\n| B  <int>\n")


def test_the_file_is_changed_in_those_lines_only(tmp_path: Path) -> None:
    text = "\ufeff# transcript: 1\r\n\r\nProse\t \r\n> set machine nobody\r\n! x\r\n! <...>\n" \
           "= 1\r\n\r\n> set machine hostA\n\nThe end"
    (tmp_path / "t.transcript").write_bytes(text.encode())
    os.chmod(tmp_path / "t.transcript", 0o640)
    (tmp_path / "link.transcript").symlink_to(tmp_path / "t.transcript")
    assert ask(tmp_path, "link.transcript update=all").exit == 0
    assert (tmp_path / "t.transcript").read_bytes().decode() == text.replace(
        "! x\r", "! ERR not-found : Machine with name 'nobody' does not exist\r")
    assert stat.S_IMODE((tmp_path / "t.transcript").stat().st_mode) == 0o640
    assert (tmp_path / "link.transcript").is_symlink()


def test_an_article_is_updated_inside_its_fences(tmp_path: Path) -> None:
    text = "# An article\n\n```ipsecsh\n# transcript: 1\n> set machine nobody\n```\n\n" \
           "| no output\n\n~~~ ipsecsh\n> set machine hostA\n| x\n~~~\n> set machine hostB\n"
    outcome = updated(text, tmp_path, "article.md")
    assert outcome.text == text.replace("nobody\n", "nobody\n! ERR not-found : Machine with name "
        "'nobody' does not exist\n!   set machine nobody\n!               ^^^^^^\n!   known: gwA, "
        "gwB, hostA, hostB, r1, r2\n= 1\n").replace("hostA\n| x\n", "hostA\n")


@pytest.mark.parametrize(("text", "why"), [
    ("> lab show clock\n~ json .x == 1\n~ output ignore\n", "json .x == 1"),
    ("ipsec> set machine hostA\n", "the context is the root, not ipsec"),
    ("> routing ip reset\n? Really?\n< ^C\n= 5\n~ expect-fail nothing\n", "nothing"),
    ("~ inject bogus\n> set machine hostA\n| x\n", "inject bogus"),
])
def test_what_no_output_can_mend_is_left_and_named(text: str, why: str, tmp_path: Path) -> None:
    outcome = updated(HEAD + text, tmp_path)
    assert outcome.report.failed and why in str(outcome.left)


def test_nothing_is_written_when_not_all_of_it_ran(tmp_path: Path) -> None:
    for option, tail in (("timeout=0.05s", "> ping -n 100000 127.0.0.1\n"),
                         ("onfail=stop", "")):
        text = HEAD + "> set machine hostA\n| x\n> set machine gwA\n| x\n" + tail
        (tmp_path / "t.transcript").write_text(text)
        answer = ask(tmp_path, f"t.transcript update=all {option}")
        assert answer.exit and "0 commands changed" in render_text(answer)
        assert (tmp_path / "t.transcript").read_text() == text


def test_what_passes_is_not_touched_and_what_cannot_stand_not_written(tmp_path: Path) -> None:
    path = tmp_path / "t.transcript"
    path.write_text(HEAD + "> set machine hostA\n")
    before = path.stat().st_mtime_ns, path.stat().st_ino
    assert ask(tmp_path, "t.transcript update=all").exit == 0
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before
    # Without the line that catches it, nothing later could name it.
    text = HEAD + "> ipsec static add filterlist L\n> ipsec static show filterlist L | include " \
        "No\n| GUID: <guid:g>\n> ipsec static show filterlist L | include ${guid:g}\n" \
        "~ output ignore\n"
    path.write_text(text)
    with pytest.raises(CommandError, match="used before it is bound"):
        ask(tmp_path, "t.transcript update=all")
    assert path.read_text() == text


def test_what_is_included_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "inner.transcript").write_text(HEAD + "> set machine hostA\n| x\n")
    outcome = updated("# transcript: 1\n# include: inner.transcript\n> set machine gwA\n| y\n",
                      tmp_path)
    assert outcome.text is not None and "| y" not in outcome.text
    assert "inner.transcript, which is included" in str(outcome.left)


def test_a_store_that_lasts_is_acted_upon_once(tmp_path: Path) -> None:
    (tmp_path / "t.transcript").write_text(
        HEAD + "# store: s.db\n> ipsec static add filterlist L\n| x\n")
    answer = ask(tmp_path, "t.transcript update=all")
    assert answer.exit == 0 and "1 command changed" in render_text(answer)
    assert (tmp_path / "t.transcript").read_text().endswith("add filterlist L\n")


def test_a_build_machine_updates_nothing_unless_forced(tmp_path: Path,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "t.transcript").write_text(HEAD + "> set machine hostA\n| x\n")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(CommandError, match="this build has to pass") as caught:
        ask(tmp_path, "t.transcript update=all")
    assert caught.value.exit == 3 and "| x" in (tmp_path / "t.transcript").read_text()
    assert ask(tmp_path, "t.transcript update=all force=yes").exit == 0
    assert "| x" not in (tmp_path / "t.transcript").read_text()


# --- review --------------------------------------------------------------------------------------


class Reviewing:
    """Somebody who answers."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.seen = list(answers), ""

    def ask(self, question: str) -> str:
        self.seen += question
        return self.answers.pop(0)

    def emit(self, block: Block) -> None:
        self.seen += render_text(block)


def ask(folder: Path, line: str, somebody: Reviewing | None = None) -> Answer:
    session = Session()
    session.folder = str(folder)
    if somebody is not None:
        session.ask, session.emit = somebody.ask, somebody.emit
    return run_line(f"transcript run {line}", session)


THREE = HEAD + "".join(f"> set machine {name}\n| {name}\n" for name in ("hostA", "hostB", "gwB"))


def test_each_proposal_is_accepted_or_not(tmp_path: Path) -> None:
    path = tmp_path / "t.transcript"
    path.write_text(THREE)
    somebody = Reviewing("a", "what?", "r", "s")
    answer = ask(tmp_path, "t.transcript update=review", somebody)
    text = render_text(answer)
    assert answer.exit == 1 and "1 command changed, 1 rejected, 1 skipped" in text
    assert "left as it is: > set machine hostB: not accepted" in text
    assert path.read_text() == THREE.replace("| hostA\n", "")
    assert "what the file would say:" in somebody.seen and "- | hostB" in somebody.seen
    with pytest.raises(CommandError, match="needs somebody at a terminal"):
        ask(tmp_path, "t.transcript update=review")


def editor(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "edit").write_text("#!/bin/sh\n" + script)
    os.chmod(folder / "edit", 0o755)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(folder / "edit"))


def test_a_proposal_is_edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.transcript"
    text = HEAD + "> set machine nobody\n! x\n= 1\n> set machine hostA\n"
    path.write_text(text)
    editor(tmp_path, "sed -i 's/^! ERR.*/! <...>/; 2,4d' $1", monkeypatch)
    answer = ask(tmp_path, "t.transcript update=review", Reviewing("e"))
    assert answer.exit == 0, render_text(answer)
    assert path.read_text() == text.replace("! x", "! <...>")
    # What cannot stand is refused, and asked about again.
    path.write_text(text)
    editor(tmp_path, "echo '| <bogus>' > $1", monkeypatch)
    somebody = Reviewing("e", "r")
    ask(tmp_path, "t.transcript update=review", somebody)
    assert "<bogus> is no placeholder type" in somebody.seen and path.read_text() == text
    editor(tmp_path, "exit 1", monkeypatch)
    somebody = Reviewing("e", "a")
    assert ask(tmp_path, "t.transcript update=review", somebody).exit == 0
    assert "the editor: " in somebody.seen


def test_edits_keep_all_other_lines() -> None:
    edits: Sequence[Edit] = (Edit(2, ("b", "c")), Edit(3, ()))
    assert rewritten("1\r\n2\r\n3\n4", edits) == "1\r\nb\r\nc\r\n4"


def test_a_placeholder_stands_for_its_cell_alone() -> None:
    guid = "{BB3B2DF7-326E-DE57-F4C9-F9B6494FD982}"
    token, = parse_pattern("<guid:a>")
    assert isinstance(token, Placeholder)
    cell = Atom(guid, "guid", guid)
    assert covers(token, guid, [cell], {})
    assert not covers(token, f": {guid}", [Atom(":"), Atom(" "), cell], {})
