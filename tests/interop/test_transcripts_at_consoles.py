"""Transcripts typed at real consoles: FRR's vtysh, our own shell over ssh, strongSwan's swanctl.

The examples of docs/transcripts.md are the files of these tests.
"""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.live.agent import Agent, policy_lines, route_line
from tests.support.live.consoles import PASSWORD, PORT, PROGRAM, Gateway, Router, script
from tests.support.live.network import NET_B, WAN_A, WAN_B, Network
from tests.support.live.processes import Program
from tests.support.live.strongswan import Settings as Peer
from tests.support.live.strongswan import StrongSwan
from transcripts.model import Exchange
from transcripts.play import GO_ON, Options, Watcher
from transcripts.replay import Settings, find, load, run
from transcripts.results import Report

pytestmark = pytest.mark.interop
DOCS = Path(__file__).parent.parent.parent / "docs/transcripts.md"


def example(title: str, folder: Path) -> Path:
    """The transcript of the docs that has this title, as a file."""
    blocks = re.findall(r"```ipsecsh\n(.*?)```", DOCS.read_text(), re.DOTALL)
    text, = (block for block in blocks if f"# title:   {title}" in block)
    path = folder / "example.transcript"
    path.write_text(text)
    return path


def written(folder: Path, text: str) -> Path:
    path = folder / "t.transcript"
    path.write_text(text)
    return path


def typed(path: Path, target: object, secrets: tuple[tuple[str, str], ...] = (),
          watcher: Watcher | None = None, limit: float | None = None) -> Report:
    settings = Settings(target=str(target), secrets=secrets, options=Options(timeout=limit))
    return run(load(str(path)), settings, time.perf_counter, watcher)


def reasons(report: Report) -> str:
    return " // ".join(f"{one.exchange.line}: {reason} {[line.text for line in one.lines]}"
                       for one in report.failures for reason in one.reasons)


# --- vtysh ----------------------------------------------------------------------------------------

ROUTER = """# transcript: 1
# title: t
# timeout: 40s
# prompt: = <host>#
# prompt: config = <host>(config)#
# error: % <*>

"""


@pytest.fixture
def router(network: Network, tmp_path: Path) -> Iterator[Router]:
    with Router(network, tmp_path / "frr") as one:
        yield one


def test_a_route_is_set_on_a_router_and_checked(router: Router, tmp_path: Path) -> None:
    path = example("A route into the tunnel, on a router", tmp_path)
    report = typed(path, router.vtysh)
    assert not report.failed, reasons(report)
    assert report.commands == len(load(str(path)).exchanges)
    # What the transcript says of the router is so.
    assert f"via {WAN_B}" in router.network.ip("gwA", "route", "show", NET_B)


def test_what_a_router_does_otherwise_is_told_at_its_command(router: Router,
                                                             tmp_path: Path) -> None:
    path = written(tmp_path, ROUTER + f"""
> show ip route static
> configure terminal
config> ip route {NET_B} {WAN_B}
config> ip route {NET_B}
config> exit
> show ip route static
| <...>
| S>* {NET_B} [1/0] via 203.0.113.9, wan0, weight 1, <dur>
""")
    report = typed(path, router.vtysh)
    assert [one.exchange.line for one in report.failures] == [12, 14], reasons(report)
    told = reasons(report)
    assert "exit class 1, expected 0" in told and "% Command incomplete" in told
    assert "line 16: '203.0.113.9, wan0, weight 1, ' does not match '203.0.113.2" in told, told
    lines = [one.text for one in report.failures[1].diff]
    assert lines[0] == "| <...>" and len(lines) == 3, lines


def test_a_router_s_answers_are_written_by_update(router: Router, tmp_path: Path) -> None:
    path = written(tmp_path, ROUTER.replace("t\n", "Recorded\n", 1) + f"""
> configure terminal
config> ip route {NET_B} {WAN_B}
config> exit
> show ip route static
> show running-config
""")
    done = subprocess.run([PROGRAM, "transcript", "run", str(path), f"target={router.vtysh}",
                           "update=all", "force=yes"], text=True, capture_output=True, check=False)
    text = path.read_text()
    assert f"| S>* {NET_B} [1/0] via {WAN_B}, wan0, weight 1, <dur>" in text, text + done.stdout
    assert "| hostname gwA" in text
    again = typed(path, router.vtysh)
    assert not again.failed, reasons(again) + text


@pytest.mark.parametrize("pager", ["more", "less"])
def test_a_router_s_pager_is_answered(network: Network, tmp_path: Path, pager: str) -> None:
    routes = [f"ip route 10.77.{at // 250}.{at % 250}/32 {WAN_B}" for at in range(300)]
    path = written(tmp_path, ROUTER + """> terminal paginate
> show running-config
| <...20>
| """ + "\n| ".join(routes) + """
| !
| <...>
| end
> show ip route 10.77.1.49/32
| Routing entry for 10.77.1.49/32
| <...>
""")
    with Router(network, tmp_path / "frr", routes) as router:
        paged = script(tmp_path / "paged", [str(router.vtysh)], VTYSH_PAGER=pager)
        report = typed(path, paged)
    assert not report.failed, reasons(report)[:2000]


# --- ssh ------------------------------------------------------------------------------------------


@pytest.fixture
def gateway(network: Network, tmp_path: Path) -> Iterator[Gateway]:
    with Gateway(network, tmp_path / "sshd") as one:
        yield one


def recorded(folder: Path) -> Path:
    """The article, typed on the lab and recorded."""
    # On a terminal a checklist asks, in a script it does not.
    lines = [one.command for one in load(find("kb252735")).exchanges if one.command != "checklist"]
    (folder / "lines.txt").write_text("\n".join(lines) + "\n")
    path = folder / "article.transcript"
    subprocess.run([PROGRAM, "--store", ":memory:", "--yes", "--record", str(path), "-f",
                    str(folder / "lines.txt")], check=False, capture_output=True,
                   env={"PATH": "/usr/bin:/bin", "XDG_STATE_HOME": str(folder)})
    return path


def test_the_article_recorded_on_the_lab_is_replayed_over_ssh(gateway: Gateway,
                                                              tmp_path: Path) -> None:
    report = typed(recorded(tmp_path), gateway.ssh())
    assert not report.failed, reasons(report)
    assert report.commands > 40


def test_a_host_key_and_a_password_are_asked_for_and_never_shown(gateway: Gateway,
                                                                 tmp_path: Path) -> None:
    path = example("The shell on a gateway, over ssh", tmp_path)
    (tmp_path / "password").write_text(PASSWORD)
    done = subprocess.run(
        [PROGRAM, "transcript", "run", str(path), f"target={gateway.ssh(key=False, known=False)}",
         f"secret=password=@{tmp_path}/password", "diff=unified", f"junit={tmp_path}/j.xml",
         f"json={tmp_path}/j.json", f"tap={tmp_path}/j.tap"],
        text=True, capture_output=True, check=False,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "XDG_STATE_HOME": str(tmp_path / "state")})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ED25519" not in done.stdout
    for one in tmp_path.rglob("*"):
        if one.is_file() and one.name != "password" and "sshd/etc" not in str(one):
            assert PASSWORD.encode() not in one.read_bytes(), one


LOGIN = """# transcript: 1
# title: t
# timeout: {limit}
# login: <*>'s password: = ${{secret:password}}

> show machine
| <...>
"""


def test_a_wrong_password_is_told_and_not_shown(gateway: Gateway, tmp_path: Path) -> None:
    path = written(tmp_path, LOGIN.format(limit="20s"))
    report = typed(path, gateway.ssh(key=False), (("password", "generate"),))
    assert "ended before it prompted: exit status 255" in reasons(report)
    assert "Permission denied" in reasons(report)


class At(Watcher):
    """Does something when a line of the transcript has been at work for a while."""

    def __init__(self, line: int, act: Callable[[], None], seconds: float = 0.5) -> None:
        self.line, self.act, self.seconds = line, act, seconds

    def before(self, exchange: Exchange, prompt: str) -> str:
        if exchange.line == self.line:
            threading.Timer(self.seconds, self.act).start()
        return GO_ON


ENDLESS = """# transcript: 1
# title: t
# timeout: {limit}

> ipsec static
ipsec static> ping -t hostB
ipsec static> show policy all
"""


def test_a_connection_that_drops_in_the_middle_is_told(gateway: Gateway, tmp_path: Path) -> None:
    path = written(tmp_path, ENDLESS.format(limit="60s"))
    began = time.perf_counter()
    report = typed(path, gateway.ssh(), (), At(6, gateway.drop, 4.0))
    assert time.perf_counter() - began < 60.0
    assert [one.verdict for one in report.results] == ["passed", "error", "not run"]
    assert "the target has ended at line 6: exit status 255" in reasons(report)
    assert "Destination host unreachable" in reasons(report), reasons(report)


def test_a_line_that_is_cut_is_told_by_ssh_or_by_the_time_out(gateway: Gateway,
                                                             tmp_path: Path) -> None:
    def cut() -> None:
        gateway.network.ip("gwA", "link", "set", "wan0", "down")

    path = written(tmp_path, ENDLESS.format(limit="8s"))
    alive = gateway.ssh("-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=2")
    report = typed(path, alive, (), At(6, cut))
    assert "exit status 255" in reasons(report) and "not responding" in reasons(report)
    gateway.network.ip("gwA", "link", "set", "wan0", "up")
    report = typed(path, gateway.ssh(), (), At(6, cut))
    assert report.results[1].timed_out and "timed out after" in reasons(report)
    assert report.results[2].verdict == "error"
    assert "not even after Ctrl-C" in reasons(report)


def test_a_server_that_says_nothing_is_told(network: Network, tmp_path: Path) -> None:
    mute = ("import socket, time; one = socket.create_server(('203.0.113.2', 2222)); "
            "two = one.accept(); time.sleep(60)")
    words = ["ssh", "-F", "none", "-p", str(PORT), f"gw@{WAN_B}"]
    target = " ".join(network.argv("gwA", words))
    path = written(tmp_path, LOGIN.format(limit="2s"))
    report = typed(path, target, (("password", "generate"),))
    assert "ended before it prompted: exit status 255" in reasons(report)
    assert "Connection refused" in reasons(report)
    with Program(network.argv("gwB", [sys.executable, "-c", mute]), tmp_path / "mute.log"):
        time.sleep(0.5)
        report = typed(path, target, (("password", "generate"),))
    assert "has not prompted within 2 s; it printed nothing" in reasons(report)


# --- swanctl --------------------------------------------------------------------------------------


def test_strongswan_is_asked_through_a_system_shell(network: Network, tmp_path: Path) -> None:
    with StrongSwan(network, Peer(), tmp_path / "b") as peer, \
            Agent(network, tmp_path / "a") as agent:
        agent.lines([*policy_lines(own=WAN_A), route_line()])
        (tmp_path / "bin").mkdir()
        script(tmp_path / "bin/swanctl", peer.argv("swanctl"), SWANCTL_DIR="/work/swanctl",
               STRONGSWAN_CONF="/work/strongswan.conf")
        shell = script(tmp_path / "shell", ["sh"], PS1="gwB$ ",
                       PATH=f"{tmp_path}/bin:{os.environ['PATH']}")
        report = typed(example("The tunnel as strongSwan sees it", tmp_path), shell)
    assert not report.failed, reasons(report)
