"""A full day of use with a key that is known: no file that the product writes has it."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from commands import index
from commands.spec import Tag
from tests.shell.test_app import environment
from tests.shell.test_smoke import start
from tests.support.article import full_lines
from tests.support.planted import hits, spellings
from transcripts.rows import ROWS

KEY = "Zq8XvB2LmK9pR4-Hw7tJ"
# Another one, which somebody also writes where nobody expects a key. What shows the store has it
# there, as it is no key by its type; all that keeps conversations knows it by its value.
LOOSE = "n0t-s0-w3ak-Yt5RkQ8m"
SHOWN_BY_TYPE = ("screen.txt", "static.txt", "all.json", "all.csv", "dump.txt", "dump.json",
                 "policies.cfg", "checklist.txt", "check.txt", "check.json", "trace.txt",
                 "peer.txt", "console.txt", "report.html", "report.md", "bundle.zip",
                 "bundle.tar.gz")
STORES = ("store.db", "store.db-wal", "store.db-shm")
POLICY = 'policy="IPSec tunnel with third-party gateway"'
RULE = f'name="NetA to NetB" {POLICY}'
ARTICLE = "\n".join(full_lines()).replace("kb252735", KEY)

# What somebody does who builds the tunnel, looks at it, breaks it, records and reports it.
BUILD = f"""{ARTICLE}
set file open day/console.txt
set machine gwB
ipsec static show all
set machine gwA
ipsec static set rule {RULE} psk={LOOSE} description="it is {LOOSE}, do not tell"
ipsec static set rule {RULE} psk={KEY}
ipsec static set rule {RULE} pks={KEY}
ipsec static add rule r p psk={KEY} colour=red
ipsec static add policy name={LOOSE} activatedefaultrule=no
ipsec static add filterlist "Pre {LOOSE} post"
ipsec static show rule all {POLICY} level=verbose
set file close
alias key "ipsec static set rule x y psk={KEY}"
key
show alias
set machine hostA
ping -n 2 10.2.0.10
set machine gwA
capture start External
set machine hostA
ping -n 2 10.2.0.10
set machine gwA
capture stop
capture save file=day/wire.pcap
capture save file=day/wire.pcapng keys=day/keys reveal=yes
capture show > day/frames.txt
dump > day/dump.txt
dump | json > day/dump.json
ipsec static dump | save day/static.txt
ipsec static exportpolicy file=day/policies.cfg
ipsec static set policy {POLICY.replace("policy=", "name=")} mmsecmethods=AES256-SHA256-3
ipsec static set filteraction "IPSec tunnel: ESP DES/MD5" qmsecmethods="ESP[AES256,SHA256]"
ipsec static show peerconfig {POLICY} format=swanctl > day/peer.txt
ipsec static show all | json > day/all.json
ipsec static show all | csv > day/all.csv
ipsec dynamic show all | json > day/dynamic.json
ipsecmon > day/monitor.txt
netdiag /test:ipsec /debug > day/netdiag.txt
eventlog show | json > day/events.json
diag check all > day/check.txt
diag check all | json > day/check.json
diag trace 10.1.0.10 10.2.0.10 picture=day/path.svg > day/trace.txt
checklist > day/checklist.txt
checklist save=day/answers
checklist resume save=day/more
checklist report file=day/report.html
checklist report file=day/report.md map=day/report.map mask=no
support bundle file=day/bundle.zip
support bundle file=day/bundle.tar.gz mask=no map=day/bundle.map
show alias > day/aliases.txt
ipsec static exportpolicy file=shown/policies.cfg reveal=yes
dump reveal=yes > shown/dump.txt
"""
EXPORTS = (("html", "page.html"), ("cast", "three.cast"), ("cast2", "two.cast"),
           ("md", "article.md"), ("script", "script.txt"))
# Commands that write a file which is no answer of theirs; every one of them is used above or
# below.
WRITING = ("ipsec static exportpolicy", "diag trace", "capture save", "transcript export",
           "set file", "transcript start", "transcript stop", "transcript save", "history",
           "transcript run", "transcript unmask", "transcript import", "support bundle",
           *(before + name for before in ("", "diag ")
             for name in ("checklist", "checklist resume", "checklist report")))


def ipsecsh(folder: Path, *words: str, typed: str = "", code: str = "") -> str:
    """The program in a process of its own: all that it printed."""
    start_of = [sys.executable, "-c", code] if code else [sys.executable, "-m", "shell"]
    done = subprocess.run([*start_of, *words], input=typed, text=True, cwd=folder,
                          env=environment(folder / "day"), capture_output=True, timeout=300)
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout + done.stderr


def at_the_prompt(folder: Path) -> None:
    """An interactive session: a key typed, a key asked for, a mistake, a recording of all of it."""
    child = start(folder / "day")
    child.expect_exact("ipsecsh>")
    for line, expected in (
            ("transcript start typed", "Recording"),
            (f"ipsec static set rule {RULE} psk={KEY}", "ipsecsh>"),
            (f"ipsec static add rule r p pre={KEY}", "ERR"),
            (f"ipsec static set rule {RULE} psk={LOOSE}", "ipsecsh>"),
            (f'ipsec static add policy p2 "told: {LOOSE}"', "ipsecsh>"),
            (f"ipsec static set rule {RULE} psk={KEY}", "ipsecsh>"),
            (f"bogus psk={KEY}", "ERR"),
            (f"ipsec static set rule {RULE} psk", "key:"), (KEY, "ipsecsh>"),
            (f"ipsec static show rule all {POLICY} level=verbose", "ipsecsh>"),
            ("transcript stop", "written to")):
        child.send(line + "\r")
        child.expect(expected)
    child.send("\x04")
    child.expect(pexpect.EOF)
    child.close()


def reports(folder: Path) -> None:
    """Recordings replayed with that very key: reports of successes and failures, an update."""
    source = f"secret=psk1=@{folder}/key"
    day = folder / "day"
    saved = (day / "saved.transcript").read_text()
    first = next(line for line in saved.split("\n") if line.startswith("| Rule Name"))
    (day / "wrong.transcript").write_text(saved.replace(first, "| Rule Nome: x <*>", 1).replace(
        "# title", "# mask: host=gwB\n# title"))
    for name in ("saved", "history", "typed"):
        ipsecsh(folder, "transcript", "run", f"day/{name}.transcript", source,
                f"junit=day/{name}.xml", f"tap=day/{name}.tap", f"json=day/{name}.json")
    for style in ("words", "side"):
        shown = ipsecsh(folder, "transcript", "run", "day/wrong.transcript", source,
                        f"diff={style}", f"junit=day/wrong-{style}.xml", "map=day/wrong.map")
        (day / f"wrong-{style}.txt").write_text(shown)
    ipsecsh(folder, "transcript", "unmask", "day/wrong-side.xml", "map=day/wrong.map",
            "out=day/full.xml")
    for form, name in EXPORTS:
        ipsecsh(folder, "transcript", "export", "day/saved.transcript", f"to={form}",
                f"out=day/{name}", source)
    (folder / "pasted.txt").write_text(
        f"ipsecsh>ipsec static set rule {RULE} psk={KEY}\nipsecsh>dump\n# the key: {KEY}\n")
    ipsecsh(folder, "transcript", "import", "pasted.txt", "out=day/found.transcript")
    ipsecsh(folder, "transcript", "import", "day/three.cast", "out=day/again.transcript")
    ipsecsh(folder, "transcript", "run", "day/wrong.transcript", source, "update=all",
            "force=yes")
    assert "Rule Nome" not in (day / "wrong.transcript").read_text()


CRASH = """
import sys
from commands.static.rule import SetRule
def broken(self, session):
    inner = self.psk
    raise RuntimeError(f"no place for {inner} in {self!r} " + str(vars(self) if
                       hasattr(self, "__dict__") else ""))
SetRule.run = broken
from shell.app import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the day: `day` is searched, `shown` was asked for in clear."""
    folder = tmp_path_factory.mktemp("planted")
    for name in ("day", "shown"):
        (folder / name).mkdir()
    (folder / "key").write_text(KEY + "\n")
    (folder / "build.txt").write_text(BUILD)
    (folder / "build.bat").write_text(f"@echo off\nnetsh ipsec static set rule {RULE} psk={KEY}\n")
    screen = ipsecsh(folder, "--record", "day/script", "-f", "build.txt")
    screen += ipsecsh(folder, "-f", "build.bat")
    screen += ipsecsh(folder, "-f", "-", typed=f"ipsec static\nset rule {RULE} psk={KEY}\n")
    rule = ("ipsec", "static", "set", "rule", "name=NetA to NetB",
            "policy=IPSec tunnel with third-party gateway", f"psk={KEY}")
    screen += ipsecsh(folder, *rule)
    screen += ipsecsh(folder, *rule, code=CRASH)
    at_the_prompt(folder)
    for words in ("last=60 file=day/saved.transcript", "since=1h file=day/since.transcript"):
        screen += ipsecsh(folder, "transcript", "save", *words.split())
    screen += ipsecsh(folder, "history", "1:9", "-t", "day/history.transcript")
    screen += ipsecsh(folder, "history", "-n", "100")
    (folder / "day" / "screen.txt").write_text(screen)
    reports(folder)
    return folder


def test_no_file_of_the_day_has_the_key(used: Path) -> None:
    found = [one for one in hits(used / "day", KEY) if Path(one[0]).name not in STORES]
    assert not found
    files = [path for path in (used / "day").rglob("*") if path.is_file()]
    assert len(files) > 55


def test_what_keeps_conversations_knows_a_key_by_its_value(used: Path) -> None:
    found = [one for one in hits(used / "day", LOOSE)
             if Path(one[0]).name not in (*STORES, *SHOWN_BY_TYPE)]
    assert not found


def test_the_day_was_a_full_one(used: Path) -> None:
    names = {path.name for path in (used / "day").rglob("*") if path.stat().st_size}
    missing = {"journal.jsonl", "history", "ipsecsh.log", "saved.transcript",
               "script.transcript", "typed.transcript", "history.transcript", "wire.pcap",
               "wire.pcapng", "since.transcript", "peer.txt", "policies.cfg", "path.svg",
               "report.html", "report.md", "bundle.zip", "bundle.tar.gz", "found.transcript",
               "saved.xml", "saved.tap", "saved.json",
               "wrong.map", "full.xml", "dump.txt", "dump.json", "events.json", "check.json",
               "all.csv", *(name for _, name in EXPORTS)} - names
    assert not missing
    assert "RuntimeError" in "".join(path.read_text() for path in used.rglob("ipsecsh.log"))
    for name in ("saved", "typed"):
        assert "${secret:psk1}" in (used / "day" / f"{name}.transcript").read_text()


def test_what_was_asked_for_in_clear_has_it_and_so_has_the_store(used: Path) -> None:
    names = {Path(name).name for name, _ in hits(used / "shown", KEY)}
    assert names == {"policies.cfg", "dump.txt"}
    assert any(Path(name).name in STORES for name, _ in hits(used / "day", KEY))


def test_every_command_that_writes_a_file_was_used() -> None:
    for row in ROWS:
        index.register(*row)
    writing = set()
    for row in index.ROWS:
        command = index.load(index.node_at(tuple(row[0].split())))
        tags: tuple[Tag[object], ...] = command.tags
        if any(getattr(one.kind, "written", False) for one in tags):
            writing.add(row[0])
    assert writing <= set(WRITING)


def test_the_search_finds_every_spelling(tmp_path: Path) -> None:
    for number, (name, octets) in enumerate(spellings(KEY)):
        (tmp_path / "x").write_bytes(os.urandom(number) + octets + b"\0")
        assert name in {found for _, found in hits(tmp_path, KEY)}, name
    (tmp_path / "x").write_bytes(io.BytesIO(os.urandom(2000)).getvalue())
    assert not hits(tmp_path, KEY)
