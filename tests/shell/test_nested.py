"""A prompt on a transcript's own session, where a line of it failed; on a real terminal."""

from pathlib import Path

import pexpect

from tests.shell.test_smoke import start

TEXT = """\
# transcript: 1
> ipsec static add policy P activatedefaultrule=no
> show alias
| nothing
> set machine hostA
> ping -n 1 ${W2KintIP}
| nothing
"""


def test_a_prompt_opens_where_a_line_failed(tmp_path: Path) -> None:
    (tmp_path / "t.transcript").write_text(TEXT)
    child = start(tmp_path, NO_COLOR="1")
    child.expect_exact("ipsecsh>")
    child.send("transcript run t.transcript onfail=shell\r")
    child.expect_exact("line 3 failed: > show alias")
    child.expect_exact("retry, continue, accept, quit leave this prompt.")
    child.expect_exact("(line 3) ipsecsh>")
    child.send("show alias ?")
    child.expect(r"show alias")
    child.expect_exact("(line 3) ipsecsh>")
    child.send("\x03continue\r")
    child.expect_exact("line 6 failed: > ping -n 1 ${W2KintIP}")
    child.expect_exact("(line 6) [hostA] ipsecsh>")
    # The transcript's lab is there, with its own store, and Ctrl-C stops what runs in it.
    child.send("ping -t 10.1.0.1\r")
    child.expect("Reply from")
    child.sendintr()
    child.expect("Ping statistics")
    child.expect_exact("(line 6) [hostA] ipsecsh>")
    child.send("set machine gwA\r")
    child.expect_exact("(line 6) ipsecsh>")
    child.send("ipsec static show policy P | include Name\r")
    child.expect(r": P\s")
    child.expect_exact("(line 6) ipsecsh>")
    child.send("accept\r")
    child.expect_exact("t: 4 commands, 1 failed")
    child.expect_exact("ipsecsh>")
    # And the session that ran it is as it was.
    child.send("ipsec static show policy P\r")
    child.expect("ERR .*does not exist")
    child.send("bye\r")
    child.expect(pexpect.EOF)


def test_a_single_command_opens_it_too_and_is_watched(tmp_path: Path) -> None:
    (tmp_path / "t.transcript").write_text(TEXT)
    child = start(tmp_path, "transcript", "run", "t.transcript", "onfail=shell", "speed=100x",
                  NO_COLOR="1")
    child.expect_exact("> ipsec static add policy P activatedefaultrule=no")
    child.expect_exact("(line 3) ipsecsh>")
    child.send("\x04")
    child.expect_exact("(line 6)")
    child.send("quit\r")
    child.expect_exact("not all of it ran: left at line 6")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 1
