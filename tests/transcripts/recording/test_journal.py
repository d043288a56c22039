"""The journal: what is kept of a line, in which form, and that it costs nothing but a line."""

import json
import os
import stat
from itertools import count
from pathlib import Path

import pytest

from commands.errors import CommandError
from commands.run import run_line
from commands.session import Session
from shell.show import Show
from transcripts.recording.event import LINES_MOST, Event, Said
from transcripts.recording.journal import (
    ENTRY_MOST,
    SIZE_MOST,
    append,
    decode,
    dumps,
    encode,
    journal_path,
    read,
)
from transcripts.recording.sitting import Sitting, listen

SECONDS = count(1_700_000_000)


class Sat:
    """A session that is listened to, typed into as the prompt loop does it."""

    def __init__(self, folder: Path, store: str = "") -> None:
        import io
        self.path = str(folder / "ipsecsh" / "journal.jsonl")
        self.session = Session(store)
        self.session.folder = str(folder)
        self.sitting: Sitting = listen(self.session, self.path, self.clock)
        self.show = Show(self.session, out=io.StringIO(), err=io.StringIO())
        self.session.emit = self.show.emit

    def clock(self) -> float:
        return float(next(SECONDS))

    def type(self, line: str) -> None:
        with self.session.heard(line) as ended:
            try:
                answer = run_line(line, self.session)
                self.show.answer(answer)
                ended.exit = answer.exit
            except CommandError as error:
                self.show.error(error)
                ended.exit = error.exit

    def last(self) -> Event:
        return list(read(self.path))[-1]


@pytest.fixture
def sat(tmp_path: Path) -> Sat:
    return Sat(tmp_path)


def test_a_line_is_kept_with_its_meaning_and_typed_output(sat: Sat) -> None:
    sat.type("ipsec st add pol name=P act=no")
    sat.type("ipsec static sh pol P")
    event = sat.last()
    assert (event.context, event.machine, event.text) == ((), "gwA", "ipsec static sh pol P")
    assert event.meaning.words == ("ipsec", "static", "show", "policy")
    assert [(one.head, one.text) for one in event.meaning.arguments] == [("name=", "P")]
    spans = [span for one in event.said for span in one.spans]
    assert ("P", "name") in spans and ("180 minutes", "period") in spans
    assert any(kind == "time" for _, kind in spans)
    assert event.exit == 0 and event.generation >= 2 and event.commits == 0


def test_the_file_is_private_and_json_a_line(sat: Sat) -> None:
    sat.type("show alias")
    sat.type('ipsec static add policy "odd \\\' name é \t"')
    path = Path(sat.path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    lines = path.read_text().splitlines()
    assert [json.loads(line)["v"] for line in lines] == [1, 1]
    assert "start" in json.loads(lines[0]) and "start" not in json.loads(lines[1])


def test_a_mistake_is_kept_whole(sat: Sat) -> None:
    sat.type("ipsec static show policy nix")
    error = sat.last().said[0].error
    assert error is not None
    assert (error["code"], error["line"], error["span"]) == (
        "not-found", "ipsec static show policy nix", [25, 28])
    assert sat.last().exit == 1


@pytest.mark.parametrize("line", [
    "ipsec static add rule R P L F psk={}", 'ipsec static add rule R P L F psk="{}"',
    "ipsec static add rule R P L F conntype=all pks={}", "bogus psk={}", "bogus psk = {}",
    "ipsec static add policy name=P description={} psk={}", "alias x ipsec static add psk={}",
    "# psk={}", "ipsec static set rule R P psk={} bogus={}",
    "ipsec static add rule R P L F 0.0.0.0 all yes words yes {}",
])
def test_a_key_is_never_kept(line: str, sat: Sat) -> None:
    key = "Zq8XvB2LmK9pR4tY"
    for one in ("policy P act=no", "filterlist L", "filteraction F"):
        sat.type("ipsec static add " + one)
    sat.type(line.replace("{}", key))
    sat.type("ipsec static show policy all level=verbose")
    sat.type("ipsec static show policy all level=verbose reveal=yes")
    sat.type("dump reveal=yes")
    sat.type("show alias")
    text = Path(sat.path).read_text()
    assert key not in text and key[2:] not in text
    assert line.startswith("#") or "${secret:" in text or "********" in text


def test_the_same_key_has_the_same_name(sat: Sat) -> None:
    for one in ("policy P act=no", "filterlist L", "filteraction F"):
        sat.type("ipsec static add " + one)
    for name, key in (("a", "first-key-of-all"), ("b", "second-key-of-all"),
                      ("c", "first-key-of-all"), ("d", "kb252735")):
        sat.type(f"ipsec static add rule {name} P L F psk={key}")
    named = [one.text.rpartition("=")[2] for one in read(sat.path)][-4:]
    assert named == ["${secret:psk1}", "${secret:psk2}", "${secret:psk1}", "${PSK}"]


def test_a_long_output_is_cut_and_costs_no_more(sat: Sat) -> None:
    sat.type("ipsec static add filterlist L")
    with sat.session.store.transaction():
        for number in range(300):
            run_line(f"ipsec static add filter L 10.1.0.0 10.{number // 200}.{number % 200}.0 "
                     "srcmask=24 dstmask=24", sat.session)
    sat.type("ipsec static show filterlist L level=verbose")
    said = sat.last().said
    assert len(said) == LINES_MOST + 1 and said[-1].sigil == "..."
    sat.type("ipsec static show filterlist L level=verbose format=table")
    assert len(sat.last().said) <= LINES_MOST + 1


def test_the_journal_is_turned_over_when_it_is_full(sat: Sat) -> None:
    sat.type("show alias")
    path = Path(sat.path)
    path.write_bytes(path.read_bytes() + b"x" * SIZE_MOST + b"\n")
    sat.type("show alias")
    assert path.stat().st_size < 10_000
    assert Path(sat.path + ".1").stat().st_size > SIZE_MOST
    assert len(list(read(sat.path))) == 2
    huge = sat.last()
    huge.said = (Said("|", (("y" * (ENTRY_MOST + 1), "text"),)),)
    assert append(sat.path, huge)
    assert [one.sigil for one in sat.last().said] == ["..."]


def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "ipsecsh").write_text("a file in the way")
    sat = Sat(tmp_path)
    sat.type("show alias")
    assert list(read(sat.path)) == []
    assert len(sat.sitting.events) == 1


def test_lines_that_are_none_are_passed_over(tmp_path: Path) -> None:
    sat = Sat(tmp_path)
    sat.type("show alias")
    good = Path(sat.path).read_text()
    Path(sat.path).write_text('{"v":2}\nnot json\n[1]\n{"v":1}\n' + good + good[:50])
    assert [one.text for one in read(sat.path)] == ["show alias"]


def test_an_event_is_read_as_it_was_written(sat: Sat) -> None:
    script = Path(sat.session.folder) / "s.txt"
    script.write_text("ipsec static add rule R P L F psk=geheim-geheim-geheim\nbogus\n")
    sat.type(f"exec {script}")
    for event in read(sat.path):
        assert encode(decode(json.loads(dumps(encode(event))))) == encode(event)
    ran = sat.last().scripts[0]
    assert (ran.path, ran.size, ran.reached) == (str(script), script.stat().st_size, 3)
    assert [one.sigil for lines in ran.said.values() for one in lines] == ["e", "e"]


@pytest.mark.parametrize("value", [
    "plain", 'q"\\ é \u2028 \x00 \x7f', 1, -1.5, 0.1 + 0.2, 1e9, True, None, [], {"a": [1, "b"]}])
def test_plain_values_are_written_as_json(value: object) -> None:
    assert json.loads(dumps(value)) == pytest.approx(value) if isinstance(
        value, float) else json.loads(dumps(value)) == value


def test_its_place_is_the_state_folder() -> None:
    assert journal_path("/x/ipsecsh") == os.path.join("/x/ipsecsh", "journal.jsonl")
