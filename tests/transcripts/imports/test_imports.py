"""Transcripts of what was found on terminals: pasted text, recordings, a real prompt's drawing."""

import json
import os
import time
from pathlib import Path

import pexpect
import pytest

from commands.answer import Answer
from commands.errors import CommandError
from commands.render import render_text
from commands.run import run_line
from commands.session import Session
from tests.shell.test_smoke import start
from transcripts import replay

KEY = "Zq8XvB2LmK9pR4"
PASTED = f"""Last login: yesterday
bob@gw:~$ ipsecsh
Welcome.
ipsecsh>ipsec static
ipsecsh ipsec static>add policy name="to B" activatedefaultrule=no
ipsecsh ipsec static>add filterlist L
ipsecsh ipsec static>show filterlist L
FilterList Name         : L
Description             : NONE
Store                   : Local Store <gwA>
Last Modified           : 11/27/2026 5:01:22 AM
GUID                    : {{D239C599-F945-47A3-A4E3-B37BC12826B9}}
No. of Filters          : 0

ipsecsh ipsec static>add filteraction A action=permit
ipsecsh ipsec static>set policy name="to B" description="a ${{b}} <c> {KEY}"
ipsecsh ipsec static>add rule r nowhere L A psk={KEY}
ERR not-found : Policy with name 'nowhere' does not exist
  add rule r nowhere L A psk=********
             ^^^^^^^
  known: "to B"
ipsecsh ipsec static>delete all
ipsec static delete all: are you sure? (y/n) n
ERR not-confirmed : 'ipsec static delete all' was not confirmed; nothing was changed
  delete all
ipsecsh ipsec static>dump > /etc/precious
[hostA] ipsecsh>ping -n 1 10.1.0.1
Pinging 10.1.0.1 with 32 bytes of data:

Reply from 10.1.0.1: bytes=32 time<10ms TTL=128

Ping statistics for 10.1.0.1:
    Packets: Sent = 1, Received = 1, Lost = 0 (0% loss),
Approximate round trip times in milli-seconds:
    Minimum = 3ms, Maximum =  3ms, Average =  3ms
bob@gw:~$ netsh ipsec static show policy name="to B" | count
bob@gw:~$ logout
"""


def do(folder: Path, line: str) -> Answer:
    session = Session("")
    session.folder = str(folder)
    return run_line(f"transcript {line}", session)


def test_pasted_text_becomes_a_transcript(tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text(PASTED)
    said = render_text(do(tmp_path, "import p.txt verify=no"))
    assert "WARN NOT-PLACED: 3 lines belong to no command: 1, 3, 37" in said
    text = (tmp_path / "p.transcript").read_text()
    assert text.startswith("# transcript: 1\n# title: From p.txt\n# secrets: psk1\n\n"
                           "> ipsec static\nipsec static> add policy name=\"to B\"")
    assert KEY not in text and "/etc/precious" not in text
    assert "ipsec static> add rule r nowhere L A psk=${secret:psk1}\n! ERR not-found" in text
    assert '! ERR not-confirmed' in text and "= 5\n" in text
    assert "? ipsec static delete all: are you sure? (y/n)\n< n\n" in text
    assert "ipsec static> dump > ${tmp}/precious\nipsec static> ..\nipsec> ..\n" \
        "> set machine hostA\n> ping -n 1 10.1.0.1\n| Pinging" in text
    assert '> set machine gwA\n> ipsec static show policy name="to B" | count\n' in text
    assert "| Store                   : Local Store \\<gwA>\n" in text and "logout" not in text
    transcript = replay.load(str(tmp_path / "p.transcript"))
    assert len(transcript.exchanges) == 15


def test_what_changes_from_run_to_run_becomes_a_placeholder(tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text(PASTED.replace(f" {KEY}\"", '"'))
    do(tmp_path, "import p.txt out=o.transcript")
    text = (tmp_path / "o.transcript").read_text()
    assert "| Last Modified           : <time>\n| GUID                    : <guid>\n" in text
    assert "= 1\n" in text and "Minimum = 3ms" not in text.replace("<dur>", "") or "<dur>" in text
    assert not os.path.exists("/etc/precious")
    with pytest.raises(CommandError, match="exists already"):
        do(tmp_path, "import p.txt out=o.transcript")


@pytest.mark.parametrize("name", ["certificates", "mistakes", "mirrored-filter", "kb252735"])
@pytest.mark.parametrize("form", ["cast", "cast2"])
def test_a_cast_that_was_exported_comes_back_and_replays(name: str, form: str,
                                                         tmp_path: Path) -> None:
    do(tmp_path, f"export {name} to={form} out=o.cast")
    assert "WARN" not in render_text(do(tmp_path, "import o.cast"))
    one = replay.load(replay.find(name))
    two = replay.load(str(tmp_path / "o.transcript"))
    assert [each.context for each in two.exchanges] == [each.context for each in one.exchanges]
    assert [each.section for each in two.exchanges] == [each.section for each in one.exchanges]
    assert [each.exit for each in two.exchanges] == [each.exit for each in one.exchanges]
    assert do(tmp_path, "run o.transcript").exit == 0


LONG = ('add filterlist name="a list whose name and description are longer than the terminal is '
        'wide" description="really"')
# What is typed into the real prompt, and the command that stands there in the end.
TYPED = (
    ("ipsec static\r", "ipsec static"),
    ("add poliyc\x7f\x7f\x7fcy name=P \x1b[D\x1b[D\x1b[Dx\x05activ\t\x15add policy P "
     "activatedefaultrule=no\r", "add policy P activatedefaultrule=no"),
    (f"add fil\t\x1b[B\x1b\x15{LONG}\r", LONG),
    ("show policy all\r", "show policy all"),
    ("bogus\r", "bogus"),
)


# The prompt has taken a line, and is there again: it asks to be told what is pasted.
TAKEN, READY = "\x1b[?2004l", "\x1b[?2004h"


def test_what_a_real_prompt_drew_is_read_as_it_stood_there(tmp_path: Path) -> None:
    """Corrections, completion menus, a line that is longer than the terminal."""
    events: list[list[object]] = []
    child = start(tmp_path, IPSECSH_JOURNAL="off")
    begun = time.monotonic()

    class Log:
        def write(self, text: str) -> None:
            events.append([time.monotonic() - begun, "o", text])

        def flush(self) -> None:
            """Nothing is held back."""

    child.logfile_read = Log()
    for sign in (READY, "ipsecsh>"):
        child.expect_exact(sign)
    for keys, _ in TYPED:
        for part in keys.split("\t"):
            child.send(part + ("\t" if part != keys.split("\t")[-1] else ""))
            time.sleep(0.3)
        for sign in (TAKEN, READY, "static>"):
            child.expect_exact(sign)
    time.sleep(0.5)
    child.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=0.5)
    child.close(force=True)
    head = {"version": 2, "width": 80, "height": 24}
    (tmp_path / "real.cast").write_text("\n".join(map(json.dumps, [head, *events])) + "\n")
    frames = [[0.1, text] for _, _, text in events]
    (tmp_path / "old.json").write_text(json.dumps(
        {"version": 1, "width": 80, "height": 24, "stdout": frames}))
    for name in ("real.cast", "old.json"):
        do(tmp_path, f"import {name} out=o.transcript overwrite=yes")
        found = replay.load(str(tmp_path / "o.transcript"))
        assert [one.command for one in found.exchanges] == [line for _, line in TYPED]
        assert do(tmp_path, "run o.transcript").exit == 0


def test_the_typescript_of_a_terminal_is_read_without_what_steered_it(tmp_path: Path) -> None:
    (tmp_path / "typescript").write_text(
        "Script started\r\n\x1b[1mipsecsh>\x1b[0mlab shw\bow clock\x1b[K\r\n"
        "\x1b[32mTime\x1b[0m  x\r\nipsecsh>\x07set machine gwB\r\n")
    do(tmp_path, "import typescript out=o.transcript verify=no")
    assert (tmp_path / "o.transcript").read_text().endswith(
        "\n> lab show clock\n| Time  x\n> set machine gwB\n")


CAST = '{"version": 2, "width": 80, "height": 24}\n'


@pytest.mark.parametrize(("content", "code", "exit", "text"), [
    (b"", "nothing-found", 4, "no line behind a prompt"),
    (b"only words\nand > signs\n", "nothing-found", 4, "behind a prompt"),
    (CAST.encode(), "nothing-found", 4, "behind a prompt"),
    (b"\x7fELF\0\0", "cannot-read", 3, "x:1: is binary"),
    (b"ipsecsh>\xff\n", "cannot-read", 3, "x:1: is not UTF-8"),
    (b'{"version": 9}\n', "cannot-read", 3, "x:1: is no asciicast of version"),
    (b'{"version": 2, \n', "cannot-read", 3, "x:1: is no asciicast: its header"),
    ((CAST + '[0.1, "o", "x"]\nbroken\n[1,"o","y"]\n').encode(), "cannot-read", 3, "x:3: is no e"),
    ((CAST + '[0.1, 5, "x"]\n[0.1, "o", "x"]\n').encode(), "cannot-read", 3, "x:2: is no event"),
    ((CAST + '[0.1, "r", "wide"]\n').encode(), "cannot-read", 3, "x:2: 'wide' is no size"),
    (b'{"version": 2, "width": "a"}\n', "cannot-read", 3, "a terminal without a size"),
    (b'{"version": 1, "width": 80, "height": 24, "stdout": [1]}', "cannot-read", 3, "a frame"),
    (('{"version": 2, "x": ' + "[" * 5000).encode(), "cannot-read", 3, "header is no JSON"),
])
def test_what_cannot_be_imported_is_named(content: bytes, code: str, exit: int, text: str,
                                          tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(CommandError) as error:
        do(tmp_path, "import x")
    assert (error.value.code, error.value.exit) == (code, exit) and text in error.value.text
    assert os.listdir(tmp_path) == ["x"]


def test_files_that_are_none_or_too_large_are_named(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(200_000_000)
    for name, text in (("large", "larger than 64 MiB"), ("none", "No such"), (".", "director")):
        with pytest.raises(CommandError, match=text):
            do(tmp_path, f"import {name} out=o")


def test_a_cast_that_was_cut_off_is_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "x.cast").write_text(CAST + '[0.1, "o", "ipsecsh>lab show clock\\r\\n"]\n[0.2, "o')
    do(tmp_path, "import x.cast verify=no")
    assert (tmp_path / "x.transcript").read_text().endswith("\n> lab show clock\n")
    huge = '{"version": 2, "width": 999999999, "height": 99999999}\n[0.1,"o","ipsecsh>lab show ' \
        'clock\\r\\n"]\n'
    (tmp_path / "x.cast").write_text(huge)
    do(tmp_path, "import x.cast verify=no overwrite=yes")
