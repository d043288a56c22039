"""Captures of a live interface, and what tshark reads in them with the keys that were revealed."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.live.agent import Agent, ping, pings_at_last, policy_lines, route_line
from tests.support.live.network import WAN_A, Network
from tests.support.live.strongswan import Settings, StrongSwan

pytestmark = pytest.mark.interop


@pytest.fixture
def agent(network: Network, tmp_path: Path) -> Iterator[Agent]:
    with Agent(network, tmp_path / "a") as one:
        yield one


def tshark(capture: Path, *words: str, keys: Path | None = None) -> list[str]:
    """The lines tshark prints of a capture file."""
    env = {**os.environ, "HOME": str(capture.parent)}
    if keys is not None:
        env["WIRESHARK_CONFIG_DIR"] = str(keys)
    done = subprocess.run(["tshark", "-r", str(capture), *words], text=True, check=True, env=env,
                          capture_output=True, timeout=60)
    return done.stdout.splitlines()


@pytest.mark.parametrize("version", ["6.0.1", "5.9.8"])
@pytest.mark.parametrize(("theirs", "method"), [
    ("aes128-sha1", "ESP[AES128,SHA1]"), ("aes256gcm16", "ESP[AESGCM256]"),
    ("3des-md5", "ESP[3DES,MD5]")])
def test_tshark_reads_the_echoes_in_our_esp_and_the_identities_in_message_5(
        network: Network, agent: Agent, version: str, theirs: str, method: str,
        tmp_path: Path) -> None:
    file, keys = tmp_path / "wan.pcapng", tmp_path / "keys"
    with StrongSwan(network, Settings(version, esp=theirs), tmp_path / "b"):
        agent.lines([*policy_lines(own=WAN_A, qm=method), route_line()])
        agent.typed("capture", "start")
        assert pings_at_last(network)
        assert ping(network, count=3) == 3
        agent.typed("capture", "stop")
        agent.typed("capture", "save", f"file={file}", f"keys={keys}", "reveal=yes")
    assert not [line for line in tshark(file) if "ICMP" in line]
    inside = tshark(file, "-Y", "icmp.type == 8 || icmp.type == 0", keys=keys)
    assert len(inside) >= 8, tshark(file, keys=keys)
    assert tshark(file, "-Y", "esp.icv_bad == 1", keys=keys) == []
    message_5 = tshark(file, "-Y", "isakmp.exchangetype == 2 && isakmp.flag_e == 1", "-T",
                       "fields", "-e", "isakmp.id.data.ipv4_addr", keys=keys)
    assert message_5[:2] == ["203.0.113.1", "203.0.113.2"]
    comments = tshark(file, "-Y", "frame.comment", "-T", "fields", "-e", "frame.comment")
    assert [one for one in comments if "MM5" in one] and [one for one in comments if "QM1" in one]
    assert tshark(file, "-T", "fields", "-e", "frame.interface_name")[0] == "External"
    assert tshark(file, "-Y", "udp.checksum.status == 0", "-o", "udp.check_checksum:TRUE") == []
    assert {one.stat().st_mode & 0o777 for one in keys.iterdir()} == {0o600}


def test_keys_are_written_only_by_whoever_reveals_them(agent: Agent, tmp_path: Path) -> None:
    agent.typed("capture", "start")
    said = agent.typed("capture", "save", f"file={tmp_path / 'x.pcap'}", f"keys={tmp_path / 'k'}",
                       check=False)
    assert "reveal=yes" in said and not (tmp_path / "k").exists()


def test_a_filter_keeps_only_what_is_wanted_and_shows_it(network: Network, agent: Agent,
                                                         tmp_path: Path) -> None:
    with StrongSwan(network, Settings(), tmp_path / "b"):
        agent.lines([*policy_lines(own=WAN_A), route_line()])
        agent.typed("capture", "start", "protocol=50")
        assert pings_at_last(network)
        ping(network, count=3)
        agent.typed("capture", "stop")
        shown = agent.data("capture", "show")
        assert len(shown) >= 8 and {one["protocol"] for one in shown} == {"ESP"}


def test_a_capture_of_the_inside_shows_clear_packets_both_ways(network: Network,
                                                              agent: Agent) -> None:
    agent.typed("capture", "start", "Internal", "address=10.1.0.10")
    assert ping(network, "hostA", "10.1.0.1", count=3) == 3
    shown = agent.data("capture", "show", "Internal")
    assert [one["info"].split(" id")[0] for one in shown] == ["Echo request", "Echo reply"] * 3
