"""Reports of a run for machines: JUnit XML, TAP, JSON; what they must not tell."""

import json
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from commands.answer import Answer
from commands.errors import CommandError
from commands.render import render_text
from commands.run import run_line
from commands.session import Session
from transcripts import replay
from transcripts.format import load
from transcripts.masks import Masks, unmasked
from transcripts.play import Options
from transcripts.reports.junit import junit

TEXT = """# transcript: 1
# title: a try
# clock: virtual 2004-03-17T09:00:00Z
# seed: 3
# bind: NetA=172.16.5.0/24
# mask: host=gwB name="secret plan"

## One

> set machine hostA
> set machine nobody
! ERR not-found : Machine with name 'somebody' does not exist
! <...>
= 1
> ipsec static add policy name="secret plan" description="a & <b>"
~ output ignore
> ipsec static show policy all
| nothing at all

## Two

> lab show clock
~ skip if lab
> ipsec static add rule x y presh=Zq8XvB2LmK9pR4
~ output ignore
= 2
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "t.transcript").write_text(TEXT)
    return tmp_path


def run(folder: Path, more: str) -> Answer:
    session = Session("")
    session.folder = str(folder)
    return run_line(f"transcript run {more}", session)


def test_junit_has_a_case_for_each_command(folder: Path) -> None:
    assert run(folder, "t.transcript junit=o.xml").exit == 1
    root = ElementTree.parse(folder / "o.xml").getroot()
    suite, = root
    assert root.tag == "testsuites" and suite.tag == "testsuite"
    for one in (root, suite):
        assert {key: one.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
            "tests": "6", "failures": "2", "errors": "0", "skipped": "1"}
    properties = {one.get("name"): one.get("value") for one in suite.iter("property")}
    assert properties["seed"] == "3" and properties["store"] == "empty"
    assert properties["title"] == "a try" and properties["bind.NetA"] == "172.16.5.0/24"
    cases = list(suite.iter("testcase"))
    assert [one.get("classname") for one in cases] == ["One"] * 4 + ["Two"] * 2
    assert cases[1].get("name") == "L11 set machine nobody"
    failure = cases[1].find("failure")
    assert failure is not None and failure.text is not None
    assert str(failure.get("message")).startswith("line 12: differs from column 36")
    assert "- ! ERR not-found : Machine with name 'somebody'" in failure.text
    assert "\n    line 12: differs" in failure.text
    assert str(cases[1].findtext("system-err")).startswith("ERR not-found")
    assert str(cases[2].findtext("system-out")).startswith("WARN DEFAULT-RESPONSE")
    skipped = cases[4].find("skipped")
    assert skipped is not None and skipped.get("message") == "skip if lab"


def test_tap_has_a_line_for_each_command(folder: Path) -> None:
    run(folder, "t.transcript tap=o.tap diff=words")
    lines = (folder / "o.tap").read_text().split("\n")
    assert lines[:2] == ["TAP version 14", "1..6"]
    assert "ok 1 - t L10 set machine hostA" in lines
    at = lines.index("not ok 2 - t L11 set machine nobody")
    assert lines[at + 1:at + 3] == ["  ---", "  message: |"]
    assert "[-'somebody'-]{+'nobody'+}" in lines[at + 4] and "  ..." in lines[at + 5:]
    assert "ok 5 - t L22 lab show clock # SKIP skip if lab" in lines


def test_json_has_everything(folder: Path) -> None:
    run(folder, "t.transcript json=o.json")
    one, = json.loads((folder / "o.json").read_text())
    assert (one["failed"], one["commands"], one["failures"], one["skipped"]) == (True, 5, 2, 1)
    results = one["results"]
    assert [result["verdict"] for result in results] == [
        "passed", "failed", "passed", "failed", "skipped", "passed"]
    assert results[0]["command"] == "> set machine hostA" and results[1]["exit"] == 1
    assert results[1]["diff"][0].startswith("-! ERR not-found")
    assert results[3]["output"][0] == "| Policy Name             : <name:1>"


def test_masks_hold_in_all_of_them_and_their_table_takes_them_off(folder: Path) -> None:
    answer = run(folder, "t.transcript junit=o.xml tap=o.tap json=o.json map=o.map")
    screen = render_text(answer)
    table = (folder / "o.map").read_text()
    for text in (screen, *((folder / name).read_text() for name in ("o.xml", "o.tap", "o.json"))):
        assert "secret plan" not in text and "gwB" not in text and "secr'" not in text
        assert "Zq8XvB2LmK9pR4" not in text
        assert "secret plan" in unmasked(text, table)
    assert (folder / "o.map").stat().st_mode & 0o777 == 0o600
    session = Session("")
    session.folder = str(folder)
    assert run_line("transcript unmask o.xml map=o.map out=full.xml", session).exit == 0
    assert "secret plan" in (folder / "full.xml").read_text()
    for more, code in (("o.xml map=o.xml out=x", "no-map"), ("none map=o.map out=x", "cannot-read"),
                       ("o.xml map=o.map out=none/x", "cannot-write")):
        with pytest.raises(CommandError) as error:
            run_line(f"transcript unmask {more}", session)
        assert error.value.code == code
    with pytest.raises(ValueError, match="no table"):
        unmasked("x", "[]")


def test_of_masks_that_overlap_the_longer_one_holds() -> None:
    masks = Masks((("host", "gw"), ("host", "gw.example"), ("user", "bob"), ("host", "gw")))
    assert masks.hide("gw.example gw bob") == "<host:2> <host:1> <user:1>"
    assert masks.reason("got 'gw.exam', expected 'ample gw'") \
        == "got '<host:2>', expected '<host:2> <host:1>'"


def test_a_file_that_cannot_be_run_keeps_none_back(folder: Path) -> None:
    (folder / "bad.transcript").write_text("# transcript: 1\n> lab show clock\n~ bogus\n")
    (folder / "empty.transcript").write_text("# transcript: 1\n")
    (folder / "good.transcript").write_text("# transcript: 1\n> set machine hostA\n")
    answer = run(folder, "bad.transcript empty.transcript good.transcript junit=o.xml tap=o.tap")
    assert answer.exit == 4
    root = ElementTree.parse(folder / "o.xml").getroot()
    assert [one.get("errors") for one in root] == ["1", "1", "0"]
    error = root[0].find("testcase/error")
    assert error is not None and "bad.transcript:3: unknown directive" in str(error.get("message"))
    assert "1..3" in (folder / "o.tap").read_text()
    with pytest.raises(CommandError) as one:
        run(folder, "bad.transcript junit=one.xml")
    assert one.value.exit == 2
    assert ElementTree.parse(folder / "one.xml").getroot().get("errors") == "1"


def test_what_did_not_run_is_an_error(folder: Path) -> None:
    run(folder, "t.transcript onfail=stop junit=o.xml tap=o.tap")
    root = ElementTree.parse(folder / "o.xml").getroot()
    assert (root.get("failures"), root.get("errors")) == ("1", "4")
    assert "not ok 3" in (folder / "o.tap").read_text()


def test_signs_that_xml_has_no_place_for_stand_as_numbers(tmp_path: Path) -> None:
    text = '# transcript: 1\n## a\x01"<&>\n> set machine "\x1b[31m\t\ud7ff\ufffe"\n'
    (tmp_path / "t.transcript").write_text(text)
    report = replay.run(load(str(tmp_path / "t.transcript"), replay.contexts()),
                        replay.Settings(options=Options(prompts=True)), time.perf_counter)
    case, = ElementTree.fromstring(junit([report])).iter("testcase")
    assert case.get("classname") == 'a\\x01"<&>' and "\\x1b[31m" in str(case.get("name"))


def test_a_report_that_cannot_be_written_is_an_error(folder: Path) -> None:
    for name in ("junit", "tap", "json", "map"):
        with pytest.raises(CommandError) as error:
            run(folder, f"t.transcript {name}=nowhere/o")
        assert error.value.code == "cannot-write" and error.value.tag == name
    with pytest.raises(CommandError, match="one file"):
        run(folder, "t.transcript t.transcript map=o.map")


def test_the_store_that_a_run_began_on_is_named(folder: Path) -> None:
    Session(str(folder / "s.db")).store.on("gwA").policies()
    run(folder, "t.transcript store=s.db junit=o.xml")
    assert b'name="store.sha256"' in (folder / "o.xml").read_bytes()
