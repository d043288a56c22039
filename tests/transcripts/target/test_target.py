"""Transcripts on other programs: a console full of noise, and ipsecsh itself."""

import sys
import time
from pathlib import Path

import pytest

from tests.support import fake_target
from transcripts.play import Options
from transcripts.replay import Settings, load, run
from transcripts.results import Report
from transcripts.running import exit_class

CONSOLE = f"{sys.executable} {fake_target.__file__}"
# Seconds of a command, where one is to be too long.
LIMIT = 3.0
HEADER = """# transcript: 1
# title: A router
# timeout: 60s
# prompt: = <host>#
# prompt: config = <host>(config)#
# error: % <*>

"""


def played(tmp_path: Path, body: str, faults: str = "", header: str = HEADER,
           limit: float | None = None) -> Report:
    path = tmp_path / "t.transcript"
    path.write_text(header + body)
    settings = Settings(target=f"{CONSOLE} {faults}", options=Options(timeout=limit))
    return run(load(str(path)), settings, time.perf_counter)


def reasons(report: Report) -> str:
    return " // ".join(reason for one in report.failures for reason in one.reasons)


def test_a_conversation_with_a_console_full_of_noise(tmp_path: Path) -> None:
    report = played(tmp_path, r"""
> show colours
| up  down
> show progress
| done
> show routes
| R  10.0.0.0/16  via 192.0.2.0
| <...>
| R  10.9.0.0/16  via <ip>
> show less
| the end
> show table
| Name   SPI   Octets
| ---    ---   ---
| west   <spi:west>   <bytes >=64 :sent>
~ assert ${bytes:sent} >= 840
> configure
config> show table
| <...>
| west  <spi:west>  840
config> end
> nonsense
! % Unknown command: nonsense
= 1
> reload
? Proceed with reload? [confirm]
< y
| reloading
> endless 0.01
| line 0
| line 1
| line 2
< ^C
| <...>
| stopped
= 130
> exit
""")
    assert not report.failed, reasons(report)
    assert report.commands == 12


def test_an_error_that_nobody_expects_fails(tmp_path: Path) -> None:
    report = played(tmp_path, "> nonsense\n| <...>\n> show colours\n| up  down\n")
    assert [one.verdict for one in report.results] == ["failed", "passed"]
    assert "exit class 1, expected 0" in reasons(report)


def test_somebody_logs_in_and_no_secret_is_shown(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(fake_target.SECRET)
    header = HEADER.replace("# error", "# login: login: = admin\n# login: Password: = "
                            "${secret:password}\n# secrets: password=@key\n# error")
    report = played(tmp_path, "> show key\n| key something\n", "login", header)
    told = reasons(report) + str(report.failures[0].diff) + str(report.failures[0].lines)
    assert "${secret:password}" in told and fake_target.SECRET not in told
    wrong = played(tmp_path, "> show colours\n| <...>\n", "login", header.replace("=@key", ""))
    assert "ended before it prompted: exit status 1" in reasons(wrong)


@pytest.mark.parametrize(("faults", "body", "told"), [
    ("mute", "> show colours\n", "the target has not prompted within 0.5 s; it printed: booting"),
    ("stillborn", "> show colours\n", "ended before it prompted: exit status 7; it printed: no such"
                                      " host"),
    ("", "> crash\n", "the target has ended at line 8: exit status 139"),
    ("", "> sleep 300\n| waiting...\n", "timed out after"),
    ("", "> stuck\n", "asked 'about to hang', which the transcript does not answer"),
    ("", "> reload\n", "asked 'Proceed with reload? [confirm]', which the transcript does not"),
    ("", "config> show colours\n", "not typed: the target's context is the root, not config"),
    ("", "> show colours\n~ inject link middle loss=1%\n> show colours\n", "nothing is broken on"),
    ("", "~ clock +1h\n> show colours\n", "a target's clock goes by itself"),
    ("", "~ wait state(toB)=up\n> show colours\n", "a target's state cannot be looked at"),
])
def test_what_goes_wrong_has_a_name_and_never_hangs(tmp_path: Path, faults: str, body: str,
                                                    told: str) -> None:
    header = HEADER.replace("60s", "0.5s") if faults == "mute" else HEADER
    report = played(tmp_path, body, faults, header, LIMIT)
    assert report.failed and told in reasons(report), reasons(report)


def test_after_a_time_out_the_conversation_goes_on(tmp_path: Path) -> None:
    report = played(tmp_path, "> sleep 300\n| <...>\n> show colours\n| up  down\n", limit=LIMIT)
    assert [one.verdict for one in report.results] == ["failed", "passed"]
    assert report.results[0].timed_out and "waiting..." in str(report.results[0].lines)


@pytest.mark.parametrize(("target", "told"), [
    ("/no/such/program", "the target cannot be started: "),
    ("ssh 'gw", "the target cannot be read as a command: No closing quotation"),
    (" ", "the target names no program"),
])
def test_a_target_that_cannot_be_started(tmp_path: Path, target: str, told: str) -> None:
    path = tmp_path / "t.transcript"
    path.write_text(HEADER + "> show colours\n")
    report = run(load(str(path)), Settings(target=target), time.perf_counter)
    assert told in reasons(report)
    assert exit_class(report, True) == 3 and exit_class(report) == 1


def test_a_lab_s_conversation_on_another_ipsecsh(tmp_path: Path) -> None:
    path = tmp_path / "own.transcript"
    path.write_text(r"""# transcript: 1
# title: The lab's conversation, on a shell
# timeout: 60s

> ipsec static
ipsec static> add policy name=P activatedefaultrule=no
ipsec static> add policy name=P
! ERR IPsec[05005] : Policy with name 'P' already exists
! <...>
= 1
ipsec static> add filterlist name=L
ipsec static> add filter filterlist=L srcaddr=${NetAId} dstaddr=${NetBId} mirrored=no
ipsec static> show filterlist name=L level=verbose format=table | include ${NetAId}
| <...>
ipsec static> delete all
? <*>
< y
ipsec static> ..
ipsec> ..
> set machine name=hostA
> ping -n 1 ${NetA.hop}
| <...>
| Request timed out.
| <...>
= 1
> set machine name=gwA
> ping -t ${W2KintIP}
| <...>
< ^C @0.5s
| <...>
| Control-C
= 130
> ipsec static show store | json
| \{
| <...>
~ json .location == local
> bye
""".replace(r"\{", "{"))
    shell = Path(sys.executable).parent / "ipsecsh"
    target = f"{shell} --store {tmp_path / 'store.db'}"
    report = run(load(str(path)), Settings(target=target), time.perf_counter)
    assert not report.failed, reasons(report)
