"""Rows of the table of interoperation that are about a tunnel's life, its failures and its ends."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.live.agent import Agent, ping, pings_at_last, policy_lines, route_line
from tests.support.live.network import HOST_A, HOST_B, NAT_A, WAN_A, WAN_B, Network
from tests.support.live.processes import Program, wait_for
from tests.support.live.strongswan import Settings, StrongSwan

pytestmark = pytest.mark.interop

VERSIONS = [pytest.param("6.0.1", id="raw"), pytest.param("5.9.8", id="udp")]
ENDS = pytest.mark.parametrize("ours", [True, False], ids=["we-begin", "peer-begins"])
ECHOING = Path(__file__).parent.parent / "support/live/echoing.py"
SIZES = [0, 1, 100, 1000, 1371, 1372, 1398, 1399, 1400, 1472, 1473, 2000, 9000, 40000, 65507,
         100_000, 1_000_000]


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def peer(network: Network, version: str, tmp_path: Path) -> Iterator[StrongSwan]:
    with StrongSwan(network, Settings(version), tmp_path / "b") as one:
        yield one


@pytest.fixture
def agent(network: Network, peer: StrongSwan, tmp_path: Path) -> Iterator[Agent]:
    with Agent(network, tmp_path / "a") as one:
        one.lines([*policy_lines(own=WAN_A), route_line(WAN_B)])
        yield one


def up(network: Network, agent: Agent, peer: StrongSwan, ours: bool) -> None:
    """Brings the tunnel up from one end."""
    if ours:
        assert pings_at_last(network), peer.log()[-3000:]
    else:
        assert peer.initiate(), peer.log()[-3000:]
    works(network)


def works(network: Network) -> None:
    """Echoes pass both ways."""
    assert ping(network, count=2) == 2
    assert ping(network, "hostB", HOST_A, count=2) == 2


def spis(agent: Agent) -> set[str]:
    """The SPIs of the pairs that are up."""
    told = agent.typed("ipsec", "dynamic", "show", "qmsas", "format=table", check=False)
    return {word for line in told.splitlines() for word in line.split() if word.startswith("0x")}


@ENDS
def test_tcp_and_udp_of_all_sizes_pass_whole(network: Network, agent: Agent, peer: StrongSwan,
                                             ours: bool, tmp_path: Path) -> None:
    up(network, agent, peer, ours)
    argv = network.argv("hostB", [sys.executable, str(ECHOING), "serve", HOST_B])
    with Program(argv, tmp_path / "echo.log") as server:
        assert wait_for(lambda: "ready" in server.text())
        said = network.run("hostA", sys.executable, str(ECHOING), "ask", HOST_B,
                           *map(str, SIZES), check=False, timeout=120)
    assert said == "all came back\n", (said, agent.drops())


@ENDS
def test_the_peer_rekeys_the_pair_and_no_echo_is_lost(network: Network, agent: Agent,
                                                      peer: StrongSwan, ours: bool) -> None:
    up(network, agent, peer, ours)
    before = spis(agent)
    peer.swanctl("--rekey", "--child", "net")
    assert wait_for(lambda: spis(agent) - before, 5.0)
    assert ping(network, count=10) == 10
    works(network)


@ENDS
def test_we_rekey_a_pair_whose_kilobytes_run_out_and_no_echo_is_lost(
        network: Network, agent: Agent, peer: StrongSwan, ours: bool) -> None:
    """The peer's offers have no kilobytes: as the responder we keep ours all the same."""
    agent.lines(["ipsec static set filteraction name=ESP "
                 'qmsecmethods="ESP[AES128,SHA1]:20480k/300s"'])
    up(network, agent, peer, ours)
    before = spis(agent)
    said = network.run("hostA", "ping", "-q", "-f", "-c", "2300", "-s", "8000", HOST_B,
                       timeout=60)
    assert " 0% packet loss" in said, said
    assert wait_for(lambda: spis(agent) - before, 10.0), agent.drops()
    works(network)


def test_we_rekey_a_pair_whose_time_runs_out_and_no_echo_is_lost(
        network: Network, agent: Agent, peer: StrongSwan) -> None:
    peer.configure(child_options={"life_time": "12s", "rekey_time": "0s"})
    peer.load()
    up(network, agent, peer, False)
    before = spis(agent)
    assert ping(network, count=75) == 75
    assert spis(agent) - before
    works(network)


@ENDS
def test_the_peer_makes_a_new_main_mode_and_the_pairs_live_on(
        network: Network, agent: Agent, peer: StrongSwan, ours: bool) -> None:
    up(network, agent, peer, ours)
    peer.swanctl("--rekey", "--ike", "peer")
    assert wait_for(lambda: ping(network, count=5) == 5, 10.0)
    works(network)


@ENDS
def test_the_peer_deletes_the_pair_and_traffic_brings_it_back(
        network: Network, agent: Agent, peer: StrongSwan, ours: bool) -> None:
    up(network, agent, peer, ours)
    before = spis(agent)
    peer.swanctl("--terminate", "--child", "net")
    assert wait_for(lambda: not spis(agent) & before, 5.0)
    assert pings_at_last(network)
    works(network)


@ENDS
def test_the_peer_deletes_everything_and_traffic_brings_it_back(
        network: Network, agent: Agent, peer: StrongSwan, ours: bool) -> None:
    up(network, agent, peer, ours)
    peer.swanctl("--terminate", "--ike", "peer")
    assert wait_for(lambda: not spis(agent), 5.0)
    assert pings_at_last(network)
    works(network)


@ENDS
def test_we_stop_and_the_peer_hears_of_it(network: Network, agent: Agent, peer: StrongSwan,
                                          ours: bool) -> None:
    up(network, agent, peer, ours)
    agent.typed("net", "stop", "policyagent")
    assert wait_for(lambda: "ESTABLISHED" not in peer.sas(), 5.0), peer.sas()
    assert ping(network, count=1) == 0
    agent.typed("net", "start", "policyagent")
    assert pings_at_last(network)
    works(network)


def test_a_restarted_peer_is_found_out_by_dead_peer_detection(
        network: Network, agent: Agent, peer: StrongSwan) -> None:
    agent.lines(["ipsec dynamic set config property=dpd value=1"])
    up(network, agent, peer, True)
    peer.restart()
    # Five questions, five seconds apart, go unanswered first.
    assert pings_at_last(network, 60.0), agent.drops()
    works(network)


def test_a_restarted_peer_that_begins_again_is_believed(network: Network, agent: Agent,
                                                        peer: StrongSwan) -> None:
    up(network, agent, peer, True)
    peer.restart()
    assert peer.initiate(), peer.log()[-3000:]
    works(network)


def test_the_peers_questions_whether_we_live_are_answered(
        network: Network, agent: Agent, peer: StrongSwan) -> None:
    peer.configure(ike_options={"dpd_delay": "1s", "dpd_timeout": "5s"})
    peer.load()
    up(network, agent, peer, False)
    assert wait_for(lambda: "DPD_ACK" in peer.log(), 10.0)
    works(network)


def test_our_crash_is_survived(network: Network, agent: Agent, peer: StrongSwan) -> None:
    up(network, agent, peer, True)
    agent.kill()
    assert ping(network, count=1) == 0
    agent.start()
    assert pings_at_last(network, 15.0)
    works(network)


# --- refusals: each with its name -----------------------------------------------------------------


def failures(agent: Agent) -> str:
    """The failed negotiations of the security log; events 546 and 547 name what differed."""
    return agent.typed("eventlog", "show", check=False)


def named(agent: Agent) -> bool:
    """Whether the log says of a negotiation why it failed (547), or what the peer offered (546)."""
    return wait_for(lambda: any(one in failures(agent) for one in (
        "Failure Reason:", "Received value:")), 5.0)


@ENDS
def test_a_wrong_key_fails_by_name(network: Network, agent: Agent, peer: StrongSwan,
                                   ours: bool) -> None:
    peer.configure(psk="not the same key")
    peer.load()
    assert not (pings_at_last(network, 3.0) if ours else peer.initiate(5))
    assert agent.pairs() == 0
    if not ours:
        assert any("hash" in name or "ike-" in name for name in agent.drops()), agent.drops()


@ENDS
def test_a_wrong_ike_proposal_fails_by_name(network: Network, agent: Agent, peer: StrongSwan,
                                            ours: bool) -> None:
    peer.configure(ike="aes256-sha256-modp2048")
    peer.load()
    assert not (pings_at_last(network, 3.0) if ours else peer.initiate(5))
    assert named(agent), failures(agent)


@ENDS
def test_a_wrong_esp_proposal_fails_by_name(network: Network, agent: Agent, peer: StrongSwan,
                                            ours: bool) -> None:
    peer.configure(esp="aes256-sha256")
    peer.load()
    assert not (pings_at_last(network, 3.0) if ours else peer.initiate(5))
    assert named(agent), failures(agent)


@ENDS
def test_wrong_selectors_fail_by_name(network: Network, agent: Agent, peer: StrongSwan,
                                      ours: bool) -> None:
    peer.configure(local_net="10.2.0.0/25")
    peer.load()
    assert not (pings_at_last(network, 3.0) if ours else peer.initiate(5))
    assert named(agent), failures(agent)


# --- NAT ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_we_reach_the_peer_from_behind_a_nat(version: str, tmp_path: Path) -> None:
    with Network(nat=True) as network, \
            StrongSwan(network, Settings(version, remote="%any", remote_id=NAT_A),
                       tmp_path / "b") as peer, \
            Agent(network, tmp_path / "a") as agent:
        agent.lines([*policy_lines(own=NAT_A), route_line(WAN_B)])
        assert pings_at_last(network), peer.log()[-3000:]
        works(network)
        assert ping(network, size=3000, count=2) == 2
        network.run("nat", "nft", "flush", "ruleset")
        network.run("nat", "nft", 'table ip nat { chain post { type nat hook postrouting priority '
                    '100; oifname "out0" masquerade random; }; }')
        assert wait_for(lambda: ping(network, count=3) == 3, 30.0)


# --- certificates ---------------------------------------------------------------------------------


def make_certificates(peer: StrongSwan, folder: Path) -> None:
    """An authority, and a key and a certificate for each end, made by strongSwan's pki."""
    made = peer.folder
    (made / "ca.key").write_bytes(peer.pki("--gen", "--type", "rsa", "--size", "2048",
                                           "--outform", "pem"))
    (made / "ca.crt").write_bytes(peer.pki(
        "--self", "--ca", "--lifetime", "30", "--in", "/work/ca.key", "--dn",
        "C=CH, O=interop, CN=authority", "--outform", "pem"))
    for who in ("a", "b"):
        (made / f"{who}.key").write_bytes(peer.pki("--gen", "--type", "rsa", "--size", "2048",
                                                   "--outform", "pem"))
        (made / f"{who}.pub").write_bytes(peer.pki("--pub", "--in", f"/work/{who}.key",
                                                   "--outform", "pem"))
        (made / f"{who}.crt").write_bytes(peer.pki(
            "--issue", "--lifetime", "20", "--cacert", "/work/ca.crt", "--cakey", "/work/ca.key",
            "--in", f"/work/{who}.pub", "--type", "pub", "--dn", f"C=CH, O=interop, CN=gw{who}",
            "--flag", "serverAuth", "--outform", "pem"))
    for name, target in (("ca.crt", "x509ca/ca.crt"), ("b.crt", "x509/gw.crt"),
                         ("b.key", "private/gw.key")):
        (made / "swanctl" / target).write_bytes((made / name).read_bytes())
    for name in ("ca.crt", "a.crt", "a.key"):
        (folder / name).write_bytes((made / name).read_bytes())
        (folder / name).chmod(0o600)


def certify(peer: StrongSwan, agent: Agent, folder: Path) -> None:
    """Both ends have certificates of one authority, and a tunnel that is proved by them."""
    make_certificates(peer, folder)
    peer.configure(certificate="gw.crt", local_id="C=CH, O=interop, CN=gwb",
                   remote_id="C=CH, O=interop, CN=gwa")
    peer.load()
    authority = "C=CH, O=interop, CN=authority"
    agent.lines([
        f'ipsec static add certificate name=own file="{folder}/a.crt" key="{folder}/a.key"',
        f'ipsec static add certificate name=root type=ca file="{folder}/ca.crt"',
        *policy_lines(own=WAN_A, auth=f'rootca="{authority}"'), route_line(WAN_B)])


@ENDS
def test_certificates_prove_both_ends(network: Network, version: str, ours: bool,
                                      tmp_path: Path) -> None:
    with StrongSwan(network, Settings(version), tmp_path / "b") as peer, \
            Agent(network, tmp_path / "a") as agent:
        certify(peer, agent, tmp_path)
        up(network, agent, peer, ours)
        assert "RSA" in agent.typed("ipsec", "dynamic", "show", "mmsas", check=False) or \
            "ertificate" in agent.typed("ipsec", "dynamic", "show", "mmsas", check=False)
