"""An agent in service: privileges, shells, reloads, interfaces that come and go, full disks."""

import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.support.live.agent import PROGRAM, Agent, ping, pings_at_last, policy_lines, route_line
from tests.support.live.network import HOST_A, HOST_B, WAN_A, WAN_B, Network, run
from tests.support.live.processes import Program, wait_for
from tests.support.live.strongswan import PSK, Settings, StrongSwan

pytestmark = pytest.mark.interop
USER = 12345


@pytest.fixture
def peer(network: Network, tmp_path: Path) -> Iterator[StrongSwan]:
    with StrongSwan(network, Settings(), tmp_path / "b") as one:
        yield one


@pytest.fixture
def agent(network: Network, tmp_path: Path) -> Iterator[Agent]:
    with Agent(network, tmp_path / "a") as one:
        one.lines([*policy_lines(own=WAN_A), route_line()])
        yield one


def works(network: Network) -> None:
    assert ping(network, count=2) == 2
    assert ping(network, "hostB", HOST_A, count=2) == 2


def spis(agent: Agent) -> set[str]:
    told = agent.typed("ipsec", "dynamic", "show", "qmsas", "format=table", check=False)
    return {word for line in told.splitlines() for word in line.split() if word.startswith("0x")}


def why(agent: Agent) -> str:
    """Why the tunnel is down."""
    return str(agent.data("ipsec", "dynamic", "show", "tunnels")[0]["why"])


# --- privileges and shells ------------------------------------------------------------------------


def as_user(capabilities: str) -> list[str]:
    """Runs a program as a user of its own with nothing but these capabilities."""
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups",
            f"--inh-caps=-all,{capabilities}", f"--ambient-caps=-all,{capabilities}",
            f"--bounding-set=-all,{capabilities}", "--no-new-privs"]


class Unprivileged(Agent):
    """An agent that runs as its own user."""

    capabilities = "+net_admin,+net_raw,+net_bind_service"

    @property
    def argv(self) -> list[str]:
        words = super().argv
        at = words.index(PROGRAM)
        return [*words[:at], *as_user(self.capabilities), *words[at:]]


def test_three_capabilities_and_an_own_user_are_enough(network: Network, peer: StrongSwan,
                                                       tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    os.chown(folder, USER, USER)
    for one in (tmp_path, *tmp_path.parents):
        if one.is_relative_to("/tmp") and one != Path("/tmp"):
            one.chmod(one.stat().st_mode | 0o111)
    with Unprivileged(network, folder) as agent:
        assert os.stat(agent.socket).st_uid == USER
        agent.lines([*policy_lines(own=WAN_A), route_line()])
        agent.typed("capture", "start")
        assert pings_at_last(network)
        works(network)
        assert "ESP" in agent.typed("capture", "show")
        assert "cleartext-refused" not in agent.drops()
        assert agent.stop() == 0
    assert "lookup 52" not in network.ip("gwA", "rule")


@pytest.mark.parametrize(("capabilities", "missing"), [
    ("+net_raw,+net_bind_service", "CAP_NET_ADMIN (for the TUN device"),
    ("+net_admin,+net_bind_service", "CAP_NET_RAW (for ESP, AH and captures)"),
    ("+net_admin,+net_raw", "CAP_NET_BIND_SERVICE (for UDP port 500)")])
def test_what_is_missing_is_said_exactly(network: Network, tmp_path: Path, capabilities: str,
                                         missing: str) -> None:
    done = subprocess.run(network.argv("gwA", [
        *as_user(capabilities), PROGRAM, "agent", "run", "--store", str(tmp_path / "s.db"),
        "--socket", str(tmp_path / "x.sock")]), text=True, capture_output=True, timeout=30,
        check=False)
    assert done.returncode == 3 and missing in done.stderr, done.stderr


def test_another_user_is_sent_away(network: Network, agent: Agent) -> None:
    os.chmod(agent.socket, 0o666)
    for one in (agent.folder, *agent.folder.parents):
        if one.is_relative_to("/tmp") and one != Path("/tmp"):
            one.chmod(one.stat().st_mode | 0o111)
    done = subprocess.run(
        ["setpriv", "--reuid=54321", "--clear-groups", PROGRAM, "-r", f"unix:{agent.socket}",
         "ipconfig"], text=True, capture_output=True, timeout=30, check=False,
        env={**os.environ, "HOME": "/tmp"})
    assert done.returncode == 3 and "may not talk to this agent" in done.stderr, done.stderr


def test_a_second_agent_finds_the_first_one_there(network: Network, agent: Agent) -> None:
    done = subprocess.run(agent.argv, text=True, capture_output=True, timeout=30, check=False)
    assert done.returncode == 3 and "is running here already" in done.stderr
    works_still = agent.typed("ipconfig")
    assert WAN_A in works_still


def test_several_shells_work_at_once(network: Network, peer: StrongSwan, agent: Agent,
                                     tmp_path: Path) -> None:
    assert pings_at_last(network)
    argv = [PROGRAM, "-r", f"unix:{agent.socket}", "ping", "-n", "8", HOST_B]
    with Program(argv, tmp_path / "one.txt") as one, Program(argv, tmp_path / "two.txt") as two:
        assert wait_for(lambda: "Reply from" in one.text() and "Reply from" in two.text())
        began = time.monotonic()
        for number in range(5):
            agent.typed("ipsec", "static", "add", "filterlist", f"name=L{number}")
        assert "L4" in agent.typed("ipsec", "static", "show", "filterlist", "all")
        assert time.monotonic() - began < 5.0
        assert one.running and two.running
        assert wait_for(lambda: not one.running and not two.running, 20.0)
        assert "Received = 8" in one.text() and "Received = 8" in two.text()


def test_control_c_ends_a_ping_in_the_agent_too(network: Network, peer: StrongSwan, agent: Agent,
                                                tmp_path: Path) -> None:
    import signal
    assert pings_at_last(network)
    argv = [PROGRAM, "-r", f"unix:{agent.socket}", "ping", "-n", "1000", HOST_B]
    with Program(argv, tmp_path / "ping.txt") as one:
        assert wait_for(lambda: "Reply from" in one.text())
        assert one.end(signal.SIGINT) == 130
        assert "Ping statistics" in one.text()
    assert "Reply" in agent.typed("ping", "-n", "1", HOST_B)


def test_all_of_a_script_or_nothing(network: Network, agent: Agent, tmp_path: Path) -> None:
    script = tmp_path / "script.txt"
    script.write_text("ipsec static add filterlist name=First\nipsec static add nonsense\n")
    assert "ERR" in agent.typed("-f", str(script), "--atomic", check=False)
    assert "First" not in agent.typed("ipsec", "static", "show", "filterlist", "all")
    script.write_text("ipsec static add filterlist name=First\n")
    agent.typed("-f", str(script), "--atomic")
    assert "First" in agent.typed("ipsec", "static", "show", "filterlist", "all")


def test_files_are_the_operators(network: Network, agent: Agent, tmp_path: Path) -> None:
    agent.typed("ipsec", "static", "exportpolicy", f"file={tmp_path}/policies.ipsec")
    agent.typed("ipsec", "static", "show", "all", ">", f"{tmp_path}/shown.txt")
    assert (tmp_path / "policies.ipsec").stat().st_size and "toB" in (
        tmp_path / "shown.txt").read_text()


def test_the_checklist_proves_a_live_tunnel(network: Network, peer: StrongSwan,
                                            agent: Agent) -> None:
    assert pings_at_last(network)
    network.ip("gwB", "addr", "add", "10.2.0.1/24", "dev", "lan0", check=False)
    said = agent.typed("checklist", check=False)
    assert "Traffic: PROTECTED" in said and "ISAKMP 0, ESP" in said, said
    failed = [line for line in said.splitlines() if line.endswith("FAIL")]
    assert len(failed) == 2 and all("filters pass" in line for line in failed), failed


def test_a_bundle_of_a_live_gateway_holds_neither_its_key_nor_its_addresses(
        network: Network, peer: StrongSwan, agent: Agent, tmp_path: Path) -> None:
    assert pings_at_last(network)
    network.ip("gwB", "addr", "add", "10.2.0.1/24", "dev", "lan0", check=False)
    said = agent.typed("support", "bundle", f"file={tmp_path}/b.zip", timeout=240)
    assert "files packed into" in said, said
    with ZipFile(tmp_path / "b.zip") as file:
        members = {name: file.read(name) for name in file.namelist()}
    assert {"report.html", "capture/checklist.pcap"} <= set(members)
    assert [name for name in members if name.endswith("/log.txt")]
    assert b"PROTECTED" in members["report.md"]
    for name, octets in members.items():
        for word in (PSK, WAN_A, WAN_B, "10.1.0.", "10.2.0."):
            assert word.encode() not in octets, (name, word)
    assert WAN_A in (tmp_path / "b.zip.map").read_text()
    again = agent.typed("support", "bundle", f"file={tmp_path}/b.zip", check=False, timeout=240)
    assert "exists already" in again


def test_what_belongs_to_the_lab_or_to_the_kernel_says_so(agent: Agent) -> None:
    assert "that belongs to the lab" in agent.typed("lab", "show", "links", check=False)
    said = agent.typed("interface", "ip", "set", "address", "name=External", "source=static",
                       "addr=203.0.113.9", "mask=255.255.255.0", check=False)
    assert "are the kernel's" in said and "dev wan0" in said
    assert "Linux device wan0" in agent.typed("ipconfig", "/all")


# --- changes --------------------------------------------------------------------------------------


def test_a_changed_policy_leaves_the_other_tunnels_alone(network: Network, peer: StrongSwan,
                                                         agent: Agent) -> None:
    rule = "ipsec static add rule policy=toB filteraction=ESP"
    agent.lines(['ipsec static add filter filterlist="To C" srcaddr=10.1.0.0 srcmask=24 '
                 "dstaddr=10.3.0.0 dstmask=24 mirrored=no",
                 f'{rule} name=outC filterlist="To C" tunnel=203.0.113.77 psk=x'])
    assert pings_at_last(network)
    before = spis(agent)
    argv = network.argv("hostA", ["ping", "-n", "-i", "0.05", "-c", "60", HOST_B])
    flow = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    agent.lines(["ipsec static delete rule outC policy=toB",
                 f'{rule} name=outC filterlist="To C" tunnel=203.0.113.78 psk=y'])
    run("kill", "-HUP", str(agent.pid))
    said = flow.communicate(timeout=30)[0]
    assert " 0% packet loss" in said, said
    assert spis(agent) == before


def test_an_interface_that_goes_and_returns_keeps_its_tunnel(
        network: Network, peer: StrongSwan, agent: Agent) -> None:
    assert pings_at_last(network)
    before = spis(agent)
    network.ip("gwA", "link", "set", "wan0", "down")
    assert wait_for(lambda: "no route" in why(agent) or spis(agent) == before, 5.0)
    assert wait_for(lambda: "the device wan0 is down" in agent.log(), 5.0)
    assert ping(network, count=1) == 0
    network.ip("gwA", "link", "set", "wan0", "up")
    assert wait_for(lambda: ping(network, count=1) == 1, 20.0), agent.drops()
    assert "the device wan0 works again" in agent.log()
    assert spis(agent) == before
    works(network)


def test_a_new_address_is_followed_and_says_what_the_policy_lacks(
        network: Network, peer: StrongSwan, agent: Agent) -> None:
    peer.configure(remote="%any", remote_id="203.0.113.5")
    peer.load()
    network.ip("gwA", "addr", "add", "203.0.113.5/24", "dev", "wan0")
    network.ip("gwA", "addr", "del", f"{WAN_A}/24", "dev", "wan0")
    network.ip("gwA", "addr", "add", "203.0.113.5/24", "dev", "wan0", check=False)
    assert wait_for(lambda: "203.0.113.5" in agent.typed("ipconfig"), 5.0)
    assert wait_for(lambda: why(agent) == "no inbound rule ends at 203.0.113.5", 5.0), why(agent)
    agent.lines(["ipsec static set rule name=in policy=toB tunnel=203.0.113.5"])
    assert pings_at_last(network, 20.0), agent.log()[-500:]


def test_of_two_addresses_the_policys_own_end_is_used(network: Network, peer: StrongSwan,
                                                      agent: Agent) -> None:
    peer.configure(remote="203.0.113.5")
    peer.load()
    network.ip("gwA", "addr", "add", "203.0.113.5/24", "dev", "wan0")
    assert pings_at_last(network, 2.0) is False, "the policy ends at the first address"
    agent.lines(["ipsec static set rule name=in policy=toB tunnel=203.0.113.5"])
    assert pings_at_last(network, 20.0), agent.log()[-500:]
    assert "203.0.113.5" in agent.typed("ipconfig")
    works(network)


def test_the_event_log_outlives_the_agent(network: Network, peer: StrongSwan,
                                          agent: Agent) -> None:
    assert pings_at_last(network)
    before = agent.typed("eventlog", "show", "id=541").count("established")
    assert before >= 2
    agent.stop()
    agent.start()
    assert agent.typed("eventlog", "show", "id=541").count("established") == before
    assert "event-541" in agent.log()


def test_metrics_are_prometheus_text(network: Network, peer: StrongSwan, agent: Agent) -> None:
    assert pings_at_last(network)
    told = run(PROGRAM, "agent", "metrics", "--socket", str(agent.socket))
    assert f'ipsecsh_tunnel_up{{rule="out",peer="{WAN_B}",source="10.1.0.0/24",' \
           'destination="10.2.0.0/24"} 1' in told
    for line in told.splitlines():
        assert line.startswith("# ") or float(line.rsplit(" ", 1)[1]) >= 0
    assert "interop-secret" not in told


# --- trouble --------------------------------------------------------------------------------------


def test_a_locked_store_stops_no_packet_and_says_so(network: Network, peer: StrongSwan,
                                                    agent: Agent) -> None:
    assert pings_at_last(network)
    other = sqlite3.connect(agent.store, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    argv = network.argv("hostA", ["ping", "-n", "-i", "0.05", "-c", "80", HOST_B])
    flow = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    said = agent.typed("ipsec", "static", "add", "filterlist", "name=Late", check=False)
    assert "in use by another writer" in said
    lost = flow.communicate(timeout=30)[0]
    assert " 0% packet loss" in lost, lost
    other.execute("ROLLBACK")
    other.close()
    agent.typed("ipsec", "static", "add", "filterlist", "name=Late")


def test_a_full_disk_costs_no_tunnel(network: Network, peer: StrongSwan, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=12m", "none", str(small))
    try:
        with Agent(network, small) as agent:
            agent.lines([*policy_lines(own=WAN_A), route_line()])
            assert pings_at_last(network)
            filler = small / "filler"
            with open(filler, "wb", buffering=0) as file, pytest.raises(OSError):
                while True:
                    file.write(b"x" * 4096)
            said = agent.typed("ipsec", "static", "add", "filterlist", "name=Big", check=False)
            assert "full" in said, said
            works(network)
            agent.typed("net", "stop", "policyagent", check=False)
            filler.unlink()
            agent.typed("net", "start", "policyagent")
            agent.typed("ipsec", "static", "add", "filterlist", "name=Big")
            assert pings_at_last(network)
    finally:
        run("umount", "-l", str(small))
