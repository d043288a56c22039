"""Offline mode, probation and the way back, as they are typed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.answer import Lines
from commands.errors import CommandError, Leave
from commands.render import render_text
from commands.run import run_line
from commands.script import run_script
from commands.session import Session
from tests.commands.conftest import Heard

NOW = 1079514000.0


def said(line: str, session: Session) -> str:
    return render_text(run_line(line, session))


def names(session: Session) -> list[str]:
    """The filter lists of the store itself."""
    return [one.name for one in session.base.on("gwA").filterlists()]


@pytest.fixture
def offline(session: Heard) -> Heard:
    run_line("offline", session)
    return session


def test_the_mode_is_shown(session: Session) -> None:
    assert said("show mode", session) == "online\n"
    run_line("offline", session)
    assert said("show mode", session) == "offline\n"
    run_line("ipsec static add filterlist L", session)
    assert said("show mode", session) == "offline (1 not committed)\n"
    run_line("set mode online", session)
    assert said("show mode", session) == "online\n" and names(session) == ["L"]


def test_what_is_typed_offline_is_seen_but_not_in_force(offline: Session) -> None:
    run_line("ipsec static add filterlist L", offline)
    assert "L" in said("ipsec static show filterlist all", offline)
    assert names(offline) == []
    with pytest.raises(CommandError, match="already exists"):
        run_line("ipsec static add filterlist l", offline)
    said("commit", offline)
    assert names(offline) == ["L"] and said("show mode", offline) == "offline\n"


@pytest.mark.parametrize("word", ["abort", "flush"])
def test_what_is_discarded_is_gone(word: str, offline: Session) -> None:
    run_line("ipsec static add filterlist L", offline)
    assert said(word, offline) == "1 change discarded.\n"
    assert said(word, offline) == "There is nothing to discard.\n"
    run_line("online", offline)
    assert names(offline) == []


def test_a_line_that_failed_leaves_nothing_behind(offline: Session) -> None:
    run_line("ipsec static add filter L 10.1.0.0/24 10.2.0.0/24", offline)
    with pytest.raises(CommandError):
        run_line("ipsec static add filter M hostB me", offline)
        run_line("ipsec static add filter M hostB me", offline)
    before = said("show changes", offline)
    with pytest.raises(CommandError):
        run_line("ipsec static delete all", offline)  # needs --yes
    assert said("show changes", offline) == before
    run_line("commit", offline)
    assert names(offline) == ["L", "M"]


def test_changes_are_shown_as_commands_without_their_keys(offline: Session) -> None:
    offline.context = ("ipsec", "static")
    run_script(["add filterlist L", "add filter L srca=me dsta=any | count",
                "add filteraction FA", "add policy P", "alias short add rule",
                "short r P L FA psk=geheim",
                'set rule name=r policy=P psk = "${PSK}"', "set store domain", "add policy D",
                "set store local", "set machine hostA", "add policy H", "set machine gwA"],
               "script", offline)
    assert said("show changes", offline).splitlines() == [
        "ipsec static add filterlist L",
        "ipsec static add filter L srca=me dsta=any",
        "ipsec static add filteraction FA",
        "ipsec static add policy P",
        "ipsec static add rule r P L FA psk=********",
        "ipsec static set rule name=r policy=P psk = ********",
        "ipsec static set store location=domain",
        "ipsec static add policy D",
        "set machine name=hostA",
        "ipsec static set store location=local",
        "ipsec static add policy H",
    ]


def test_changes_are_shown_as_the_lines_that_go_and_come(offline: Session) -> None:
    run_line("ipsec static add filterlist L", offline)
    run_line("interface ip set address External gateway=192.0.2.254", offline)
    run_line("ipsec dynamic set config strongcrlcheck 0", offline)
    lines = said("show changes as=diff", offline).splitlines()
    assert lines[0] == "machine gwA"
    assert "+ ipsec static add filterlist name=L" in lines
    assert [line[:2] for line in lines[1:]].count("- ") == 1


def test_routing_applies_at_once_even_offline(offline: Session) -> None:
    run_line("ipsec static add filterlist L", offline)
    run_line("routing ip set filter External input drop", offline)
    run_line("auditpol /enable /logon:all", offline)
    base = offline.base.on("gwA")
    assert base.rras_default("External", "input") == "drop" and base.audit()
    assert "filtertype=INPUT action=DROP" in said("dump", offline)
    assert offline.pending is not None and not offline.pending.stale
    run_line("commit", offline)
    assert names(offline) == ["L"] and base.rras_default("External", "input") == "drop"


def test_live_edits_need_online_mode(offline: Session) -> None:
    with pytest.raises(CommandError) as refused:
        run_line("ipsec dynamic add mmpolicy name=m", offline)
    assert (refused.value.code, refused.value.fix) == ("online-only", "online")
    assert "not available" in said("ipsec dynamic show mmsas", offline)


def test_the_running_lab_hears_of_a_commit(offline: Session) -> None:
    assert offline.lab.hosts["gwA"].agent_running
    for line in ("add filterlist L", "add filter L me 10.2.0.10", "add filteraction B action=block",
                 "add policy P assign=yes activatedefaultrule=no", "add rule r P L B"):
        run_line("ipsec static " + line, offline)
    assert "r" not in said("ipsec dynamic show qmfilter all", offline).split()
    run_line("commit", offline)
    assert "P" in said("ipsec dynamic show qmfilter all", offline).split()


def test_a_commit_is_one_revision_with_its_lines(offline: Session) -> None:
    offline.base.who = "alice"
    run_line("ipsec static add filterlist L", offline)
    run_line("ipsec static add filteraction A", offline)
    number = offline.base.generation()
    said("commit", offline)
    assert offline.base.generation() == number + 1
    shown = said(f"show revisions {number + 1}", offline)
    assert "By alice on gwA" in shown
    assert shown.splitlines()[2:] == ["  ipsec static add filterlist L",
                                      "  ipsec static add filteraction A"]


def test_a_commit_with_nothing_to_do_says_so(session: Session) -> None:
    assert said("commit", session) == "There is nothing to commit.\n"
    with pytest.raises(CommandError) as refused:
        run_line("commit confirm=5", session)
    assert refused.value.code == "nothing-to-commit"


# --- somebody else changed the store meanwhile --------------------------------------------------


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Session, Session]]:
    path = str(tmp_path / "store.db")
    mine, other = Session(path), Session(path)
    run_line("offline", mine)
    yield mine, other
    mine.close()
    other.close()


def test_edits_are_made_again_on_what_others_have_written(two: tuple[Session, Session]) -> None:
    mine, other = two
    run_line("ipsec static add filterlist L", mine)
    run_line("ipsec static add filter L me any", mine)
    run_line("ipsec static add filterlist M", other)
    run_line("commit", mine)
    assert sorted(names(other)) == ["L", "M"]
    assert len(other.base.on("gwA").filterlist("L").filters) == 1
    assert mine.pending is not None and not mine.pending.stale


def test_an_edit_that_no_longer_fits_is_named_and_nothing_is_committed(
        two: tuple[Session, Session]) -> None:
    mine, other = two
    run_line("ipsec static add filteraction A", mine)
    run_line("ipsec static add filterlist L", mine)
    run_line("ipsec static add filterlist l", other)
    before = other.base.generation()
    with pytest.raises(CommandError) as refused:
        run_line("commit", mine)
    assert refused.value.code == "changed-meanwhile"
    assert "ipsec static add filterlist L" in refused.value.text
    assert other.base.generation() == before
    assert said("show mode", mine) == "offline (2 not committed)\n"
    run_line("ipsec static delete filterlist l", other)
    run_line("commit", mine)
    assert names(other) == ["L"]


# --- leaving ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "left", "kept"), [
    ("c", True, ["L"]), ("commit", True, ["L"]), ("abort", True, []), ("a", True, []),
    ("stay", False, []), ("", False, []), ("nonsense", False, [])])
def test_leaving_with_changes_asks(answer: str, left: bool, kept: list[str],
                                   offline: Session) -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return answer

    offline.ask = ask
    run_line("ipsec static add filterlist L", offline)
    if left:
        with pytest.raises(Leave):
            run_line("bye", offline)
    else:
        run_line("bye", offline)
        assert said("show mode", offline) == "offline (1 not committed)\n"
    assert asked == ["1 change is not committed: commit, abort or stay? "]
    assert names(offline) == kept


def test_leaving_without_changes_asks_nothing(offline: Session) -> None:
    offline.ask = lambda question: pytest.fail(question)
    with pytest.raises(Leave):
        run_line("bye", offline)


# --- probation and the way back -----------------------------------------------------------------


class Watch:
    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch(offline: Session) -> Watch:
    one = Watch()
    offline.base.clock = one
    run_line("ipsec static add filterlist L", offline)
    return one


def test_what_is_not_confirmed_goes_back_and_is_announced(watch: Watch, offline: Heard) -> None:
    shown = said("commit confirm=10", offline)
    assert "Undone at 3/17/2004 9:10:00 AM UTC (in 10 minutes) unless `confirm` is typed." in shown
    assert "on probation" in said("online", offline)
    watch.now += 599
    run_line("show mode", offline)
    assert names(offline) == ["L"]
    watch.now += 2
    run_line("show mode", offline)
    assert names(offline) == []
    block = offline.blocks[-1]
    assert isinstance(block, Lines) and block.name == "warning"
    text = "".join(str(getattr(part, "text", part)) for part in block.lines[0])
    assert "was not confirmed" in text and "ipsec static add filterlist L" in text
    with pytest.raises(CommandError, match="No change waits"):
        run_line("confirm", offline)


def test_what_is_confirmed_stays(watch: Watch, offline: Session) -> None:
    run_line("commit confirm=10", offline)
    assert "is undone at" in said("show revisions", offline)
    assert "is confirmed." in said("confirm", offline)
    watch.now += 10_000
    run_line("show mode", offline)
    assert names(offline) == ["L"] and "undone at" not in said("show revisions", offline)


def test_the_next_program_finds_that_nobody_confirmed(tmp_path: Path) -> None:
    path = str(tmp_path / "store.db")
    first = Session(path)
    run_line("offline", first)
    run_line("ipsec static add filterlist L", first)
    run_line("commit confirm=1", first)
    before = first.base.generation()
    # The program dies here; a minute later:
    first.base.untracked("UPDATE unconfirmed SET deadline = 1")
    later = Heard()
    later.store_path = path
    assert names(later) == []
    assert later.base.generation() == before + 1
    assert [getattr(block, "name", "") for block in later.blocks] == ["warning"]
    assert "# revision" in said("show revisions", later)
    later.close()
    first.close()


def test_a_rollback_needs_a_yes_and_says_what_it_undid(session: Session) -> None:
    run_line("ipsec static add filterlist L", session)
    number = session.base.generation()
    run_line("ipsec static add filterlist M", session)
    run_line("ipsec static delete filterlist L", session)
    with pytest.raises(CommandError) as refused:
        run_line(f"rollback {number}", session)
    assert refused.value.code == "needs-yes"
    session.yes = True
    shown = said(f"rollback {number}", session).splitlines()
    assert shown == [f"Back at revision {number}; undone: 2 revisions.",
                     "  ipsec static add filterlist M", "  ipsec static delete filterlist L"]
    assert names(session) == ["L"]
    run_line("rollback previous", session)
    assert names(session) == ["M"]


def test_what_a_rollback_would_undo_can_be_seen_before(session: Session) -> None:
    run_line("ipsec static add filterlist L", session)
    number = session.base.generation()
    run_line("ipsec static set filterlist L newname=M", session)
    assert said(f"show changes since={number}", session).splitlines() == [
        "machine gwA", "- ipsec static add filterlist name=L",
        "+ ipsec static add filterlist name=M"]
    assert said(f"show changes since={number + 1}", session) == "Nothing differs.\n"
    with pytest.raises(CommandError, match="does not exist"):
        run_line("show changes since=999", session)


def test_a_rollback_waits_for_offline_changes(offline: Session) -> None:
    offline.yes = True
    run_line("ipsec static add filterlist L", offline)
    with pytest.raises(CommandError, match="not committed"):
        run_line("rollback previous", offline)
    run_line("commit", offline)
    run_line("rollback previous", offline)
    assert names(offline) == [] and "L" not in said("ipsec static dump", offline)


def test_a_rollback_is_no_part_of_a_larger_transaction(session: Session) -> None:
    session.yes = True
    run_line("ipsec static add filterlist L", session)
    with session.store.transaction():
        session.atomic = True
        with pytest.raises(CommandError, match="larger transaction"):
            run_line("rollback previous", session)


def test_revisions_can_be_forgotten(session: Session) -> None:
    session.yes = True
    run_line("ipsec static add filterlist L", session)
    assert "forgotten" in said("delete revisions", session)
    with pytest.raises(CommandError):
        run_line("rollback 1", session)


def test_a_script_in_one_transaction_is_one_revision(session: Session) -> None:
    session.context = ("ipsec", "static")
    with session.store.transaction():
        session.atomic = True
        run_script(["add filterlist L", "add filter L me any", "show mode",
                    'add policy "P" assign=no'], "script", session, stop=True)
    session.atomic = False
    shown = said(f"show revisions {session.base.generation()}", session)
    assert [line.strip() for line in shown.splitlines()[2:]] == [
        "ipsec static add filterlist L", "ipsec static add filter L me any",
        'ipsec static add policy "P" assign=no']


def test_an_online_line_is_a_revision_of_its_own(session: Session) -> None:
    session.context = ("ipsec", "static")
    for line in ("add filterl name = L", "netsh ipsec static add filterlist M",
                 "ipsecsh ipsec static>add filterlist N", "auditpol /enable /logon:all"):
        run_line(line, session)
    rows = said("show revisions last=4 | json", session)
    assert [line.split(": ", 1)[1].strip('",') for line in rows.splitlines() if '"line"' in line] \
        == ["auditpol /enable /logon:all", "ipsec static add filterlist N",
            "ipsec static add filterlist M", "ipsec static add filterlist name = L"]
