"""Recording: start, stop, save, labels, history, scripts, what a recording stands on."""

from pathlib import Path

import pytest

from commands.answer import Answer
from commands.errors import CommandError
from commands.render import render_text
from commands.run import run_line
from commands.session import Session
from tests.transcripts.recording.test_journal import Sat
from transcripts.recording.event import Event, Meaning
from transcripts.recording.select import NoSuch, chosen
from transcripts.replay import Settings, run_file

QUIET = "verify=no"


@pytest.fixture
def sat(tmp_path: Path) -> Sat:
    return Sat(tmp_path)


def body(path: Path) -> list[str]:
    """A transcript without its header."""
    return [line for line in path.read_text().splitlines() if line and not line.startswith("# ")]


def ask(sat: Sat, line: str) -> Answer:
    with sat.session.heard(line):
        return run_line(line, sat.session)


def test_what_is_typed_between_start_and_stop_is_recorded_in_full(sat: Sat,
                                                                  tmp_path: Path) -> None:
    sat.type('transcript start file=r.transcript title="A policy"')
    sat.type("ipsec st")
    sat.type("add pol P act=n")
    sat.type("sh pol P | inc Pol")
    sat.type("..")
    answer = ask(sat, "transcript stop")
    assert "4 commands written to" in render_text(answer) and not answer.warnings
    assert (tmp_path / "r.transcript").stat().st_mode & 0o777 == 0o600
    text = (tmp_path / "r.transcript").read_text()
    assert "# title: A policy\n" in text
    assert body(tmp_path / "r.transcript") == [
        "> ipsec static", "ipsec static> add policy name=P activatedefaultrule=no",
        "ipsec static> show policy name=P | include Pol", "| Policy Name             : P",
        "| Polling Interval        : 180 minutes", "ipsec static> .."]


def test_a_recording_has_its_mistakes(sat: Sat, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No recording is under way"):
        run_line("transcript stop", sat.session)
    sat.type("transcript start r")
    with pytest.raises(CommandError, match="under way already"):
        run_line("transcript start other", sat.session)
    with pytest.raises(CommandError, match="nothing was typed") as caught:
        run_line("transcript stop", sat.session)
    assert caught.value.exit == 4
    sat.type("transcript start nowhere/r")
    sat.type("show alias")
    with pytest.raises(CommandError, match="nowhere/r cannot be written: No such file"):
        run_line("transcript stop", sat.session)
    sat.type("transcript stop elsewhere verify=no")
    assert body(tmp_path / "elsewhere.transcript")[0] == "> show alias"
    with pytest.raises(CommandError, match="Nobody listens"):
        run_line("transcript start x", Session())


def test_what_was_typed_before_is_saved_with_what_it_stood_on(sat: Sat, tmp_path: Path) -> None:
    sat.type("ipsec static add policy P activatedefaultrule=no")
    sat.type("ipsec static show policy all")
    sat.type("lab run 5s")
    sat.type("ipsec static add filterlist L")
    sat.type("lab show clock")
    answer = ask(sat, "transcript save last=2 file=s")
    assert not answer.warnings, answer.warnings
    assert body(tmp_path / "s.transcript") == [
        "## Before", "> ipsec static add policy name=P activatedefaultrule=no", "~ output ignore",
        "> lab run duration=5s", "~ output ignore", "## Recorded",
        "> ipsec static add filterlist name=L", "> lab show clock",
        "| Lab time (UTC)          : <time>", "| Running for             : <dur>",
        "| Seed                    : <int>"]
    with pytest.raises(CommandError, match="exists already"):
        run_line("transcript save file=s.transcript", sat.session)
    assert not ask(sat, "transcript save file=s.transcript overwrite=yes").warnings
    assert "## Before" not in (tmp_path / "s.transcript").read_text()


def test_a_store_with_a_past_is_typed_again_from_the_journal(tmp_path: Path) -> None:
    store = str(tmp_path / "store.db")
    for line in ("ipsec static add policy A activatedefaultrule=no", "ipsec static show policy A",
                 "ipsec static add policy B activatedefaultrule=no"):
        one = Sat(tmp_path, store)
        one.type(line)
        one.session.close()
    last = Sat(tmp_path, store)
    last.type("ipsec static delete policy A")
    last.type("ipsec static show policy all")
    assert not ask(last, "transcript save last=1 file=s").warnings
    lines = body(tmp_path / "s.transcript")
    assert lines[:9] == [
        "## Before", "> ipsec static add policy name=A activatedefaultrule=no", "~ output ignore",
        "~ restart", "> ipsec static add policy name=B activatedefaultrule=no", "~ output ignore",
        "~ restart", "> ipsec static delete policy name=A", "~ output ignore"]
    last.session.close()


def test_a_store_whose_past_is_not_known_is_written_out(tmp_path: Path) -> None:
    store = str(tmp_path / "store.db")
    unheard = Session(store)
    for line in ("add policy A activatedefaultrule=no", "add filterlist L", "add filteraction F",
                 "add rule R A L F tunnel=198.51.100.1 psk=kb252735",
                 "add rule S A L F tunnel=192.0.2.1 psk=quite-another-key-than-that"):
        run_line("ipsec static " + line, unheard)
    unheard.close()
    sat = Sat(tmp_path, store)
    sat.type("ipsec static show policy A level=verbose")
    answer = ask(sat, "transcript save last=1 file=s")
    assert not answer.warnings, answer.warnings
    text = (tmp_path / "s.transcript").read_text()
    assert "quite-another-key" not in text and "psk=${PSK}" in text
    assert "psk=${secret:psk1}" in text
    sat.type("transcript start t")
    sat.type("ipsec static show rule all A")
    assert not ask(sat, "transcript stop").warnings
    sat.session.close()


def test_what_cannot_be_known_is_said(tmp_path: Path) -> None:
    store = str(tmp_path / "store.db")
    unheard = Session(store)
    run_line("ipsec static add policy A activatedefaultrule=no", unheard)
    unheard.close()
    sat = Sat(tmp_path, store)
    sat.type("ipsec static delete policy A")
    answer = ask(sat, "transcript save last=1 file=s")
    assert [one.code for one in answer.warnings] == ["NOT-KEPT", "NOT-REPRODUCED"]
    assert "does not reach back to a new store" in answer.warnings[0].text
    sat.session.close()


SCRIPT = """\
# a comment
pushd ipsec static
add policy P activatedefaultrule=no
add filterlist L
add filteraction F
add rule R P L F psk={key}

show policy P | include Policy
bogus
popd
exec inner.txt
netsh ipsec static>add filterlist M
ping -n 1 10.9.9.9
"""


def test_a_script_is_recorded_line_by_line(sat: Sat, tmp_path: Path) -> None:
    key = "w3-d0-n0t-wr1te-th1s-d0wn"
    (tmp_path / "s.txt").write_text(SCRIPT.format(key=key))
    (tmp_path / "inner.txt").write_text("ipsec static add filterlist Inner\n")
    sat.type("transcript start r")
    sat.type("exec s.txt")
    answer = ask(sat, "transcript stop")
    assert not answer.warnings, answer.warnings
    lines = body(tmp_path / "r.transcript")
    assert lines[:9] == [
        "> pushd ipsec static",
        "ipsec static> add policy name=P activatedefaultrule=no",
        "ipsec static> add filterlist name=L", "ipsec static> add filteraction name=F",
        "ipsec static> add rule name=R policy=P filterlist=L filteraction=F psk=${secret:psk1}",
        "ipsec static> show policy name=P | include Policy", "| Policy Name             : P",
        "ipsec static> bogus", "! ERR unknown-command : The following command was not found: "
        "bogus"]
    assert "> ipsec static add filterlist name=Inner" in lines
    assert "> ipsec static add filterlist name=M" in lines
    assert lines[-1] == "= 1" and "> ping -n 1 10.9.9.9" in lines
    assert key not in "\n".join(lines)
    # From the journal, while the script is what it was.
    assert not ask(sat, "transcript save last=1 file=j").warnings
    assert body(tmp_path / "j.transcript") == lines
    (tmp_path / "s.txt").write_text("show alias\n")
    changed = ask(Sat(tmp_path), "transcript save last=1 file=k " + QUIET)
    assert "s.txt has been changed since it ran" in changed.warnings[0].text


def test_a_batch_file_is_recorded_line_by_line(sat: Sat, tmp_path: Path) -> None:
    (tmp_path / "s.bat").write_text("@echo off\nset P=Tunnel\nnetsh ipsec static add policy "
                                    "name=%P% activatedefaultrule=no\nnetsh ipsec static show "
                                    "policy all >nul\nexit /b\nnetsh bogus\n")
    sat.type("transcript start r")
    sat.type("exec s.bat")
    assert not ask(sat, "transcript stop").warnings
    assert body(tmp_path / "r.transcript") == [
        "> ipsec static add policy name=Tunnel activatedefaultrule=no",
        "> ipsec static show policy name=all", "| <...>"]


def test_keys_of_the_terminal_that_move_are_followed(sat: Sat, tmp_path: Path) -> None:
    sat.type("transcript start r")
    sat.type("ipsec static")
    sat.session.context = ("ipsec",)  # Ctrl-D
    sat.type("show")
    sat.session.context = ()  # Ctrl-Z
    sat.type("show alias")
    sat.session.context = ("routing", "ip")
    sat.type("..")
    assert not ask(sat, "transcript stop").warnings
    commands = [line for line in body(tmp_path / "r.transcript") if line[0] not in "|!"]
    assert commands == ["> ipsec static", "ipsec static> ..", "ipsec> show", "ipsec> ..",
                        "> show alias", "> routing ip", "routing ip> .."]


def test_aliases_pasted_prompts_and_pipes_are_written_as_what_they_mean(sat: Sat,
                                                                        tmp_path: Path) -> None:
    sat.type("transcript start r")
    sat.type("alias sp ipsec static show policy")
    sat.type("sp all | count")
    sat.type("netsh ipsec static>add policy P act=no")
    sat.type("ipsec static ad filterl ?")
    sat.type(f"show alias > {tmp_path}/a.txt")
    sat.type("ping ${W2KintIP} -n 1")
    assert not ask(sat, "transcript stop").warnings
    commands = [line for line in body(tmp_path / "r.transcript") if line[0] not in "|!="]
    assert commands == [
        '> alias name=sp ipsec static show policy', "> ipsec static show policy name=all | count",
        "> ipsec static add policy name=P activatedefaultrule=no",
        "> ipsec static add filterlist ?", "> show alias > ${tmp}/a.txt",
        "> ping ${W2KintIP} -n 1"]


def test_an_export_is_one_file_with_and_without_its_extension(sat: Sat, tmp_path: Path) -> None:
    sat.type("transcript start r.transcript")
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        sat.type(f"show mode > {name}/seen.txt")
    with pytest.raises(CommandError, match="cannot find the file"):
        ask(sat, "ipsec static importpolicy file=rel.ipsec")
    sat.type("ipsec static exportpolicy rel")
    sat.type("ipsec static importpolicy rel.ipsec")
    run_line("transcript stop", sat.session)
    assert body(tmp_path / "r.transcript") == [
        "> show mode > ${tmp}/seen.txt", "> show mode > ${tmp}/2seen.txt",
        "> ipsec static importpolicy file=${tmp}/rel.ipsec",
        "! ERR no-file : The system cannot find the file specified: ${tmp}/rel.ipsec",
        "!   ipsec static importpolicy file=\\${tmp}/rel.ipsec",
        "!                                  ^^^^^^^^^^^^^^^^", "= 1",
        "> ipsec static exportpolicy file=${tmp}/rel", "| Exported 0 lines to ${tmp}/rel.ipsec.",
        "> ipsec static importpolicy file=${tmp}/rel.ipsec"]
    assert not run_file(str(tmp_path / "r.transcript"), Settings(), lambda: 0.0).failures


def test_a_map_that_a_report_names_itself_lies_beside_the_report(sat: Sat,
                                                                 tmp_path: Path) -> None:
    sat.type("transcript start r.transcript")
    sat.type("checklist fix=yes")
    sat.type("checklist report file=r.html")
    (tmp_path / "reply.txt").write_text("no label")
    sat.type("transcript unmask reply.txt map=r.html.map out=told.txt")
    run_line("transcript stop", sat.session)
    lines = body(tmp_path / "r.transcript")
    assert "> checklist report file=${tmp}/r.html" in lines
    assert "| What its labels stand for is in ${tmp}/r.html.map: keep it to yourself." in lines
    assert any("map=${tmp}/r.html.map out=${tmp}/told.txt" in line for line in lines)


def test_labels_are_kept_and_found(sat: Sat, tmp_path: Path) -> None:
    sat.type("show alias")
    sat.type("transcript label here")
    sat.type("ipsec static add policy P activatedefaultrule=no")
    sat.type("show alias")
    assert not ask(sat, "transcript save since=here file=s").warnings
    assert body(tmp_path / "s.transcript") == [
        "~ label here", "> ipsec static add policy name=P activatedefaultrule=no",
        "> show alias", "| There are no aliases."]
    with pytest.raises(CommandError, match="A label is one word"):
        run_line('transcript label "two words"', sat.session)
    with pytest.raises(CommandError, match="no label, no time") as caught:
        run_line("transcript save since=there file=x", sat.session)
    assert caught.value.known == ("here",)


def test_history_lists_and_writes(sat: Sat, tmp_path: Path) -> None:
    for line in ("show alias", "bogus", "ipsec static add policy P act=no psk=x"):
        sat.type(line)
    text = render_text(ask(sat, "history"))
    assert [line.split()[0] for line in text.splitlines()[2:]] == ["1", "2", "3"]
    assert "psk=${secret:psk1}" in text and "act=no" in text
    assert len(render_text(ask(sat, "history 2:3")).splitlines()) == 4
    assert len(render_text(ask(sat, "history -n 1")).splitlines()) == 3
    assert "2 commands" in render_text(ask(sat, "history 1:2 -t h.transcript"))
    assert body(tmp_path / "h.transcript")[0] == "> show alias"
    with pytest.raises(CommandError, match="'x' is no range"):
        run_line("history x", sat.session)


def events() -> list[Event]:
    found = []
    for at in range(10):
        event = Event(86400.0 * 100 + 3600 * at, "s", (), "gwA", f"line {at}", Meaning(), (), 0)
        event.label = {3: "x", 5: "x", 7: "y"}.get(at, "")
        found.append(event)
    return found


@pytest.mark.parametrize(("last", "since", "range", "first", "count"), [
    (3, "", "", 7, 3), (99, "", "", 0, 10), (None, "x", "", 5, 5), (2, "x", "", 8, 2),
    (None, "2h", "", 8, 2), (None, "07:30", "", 8, 2), (None, "06:59:30", "", 7, 3),
    (None, "1970-04-11", "", 0, 10), (None, "1970-04-11T05:00", "", 5, 5),
    (None, "", "2:4", 1, 3), (None, "", ":2", 0, 2), (None, "", "9:", 8, 2), (None, "", "4", 3, 1),
    (None, "", "-2:", 8, 2),
])
def test_places_are_found(last: int | None, since: str, range: str, first: int,
                          count: int) -> None:
    found = chosen(events(), last, since, range, 86400.0 * 100 + 3600 * 9.5)
    assert [one.text for one in found] == [f"line {at}" for at in __import__("builtins").range(
        first, first + count)]


@pytest.mark.parametrize(("since", "range", "text"), [
    ("nowhere", "", "no label"), ("99:99", "", "no label"), ("1s", "", "nothing was typed since"),
    ("", "a:b", "no range"), ("", "20:30", "the newest number is 10"), ("5x", "", "no label"),
])
def test_places_that_are_none_are_named(since: str, range: str, text: str) -> None:
    with pytest.raises(NoSuch, match=text):
        chosen(events(), None, since, range, 86400.0 * 100 + 3600 * 9.5)


def test_a_recording_replays_at_other_addresses(sat: Sat, tmp_path: Path) -> None:
    sat.type("transcript start r")
    for line in ("set machine hostA", "ipconfig", "route print", "ping -n 1 10.1.0.1",
                 "set machine gwA", "routing ip show rtmroutes | json", "lab show topology"):
        sat.type(line)
    assert not ask(sat, "transcript stop").warnings
    settings = Settings(bind=(("NetA", "172.16.200.0/24"), ("W2KextIP", "9.8.7.6")))
    report = run_file(str(tmp_path / "r.transcript"), settings, lambda: 0.0)
    assert [one.reasons for one in report.failures] == []
