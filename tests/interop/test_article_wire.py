"""What an independent dissector sees on the outside while a host pings through the tunnel."""

import subprocess
from pathlib import Path

import pytest

from commands.run import run_line
from commands.session import Session
from tests.support.article import LINES

pytestmark = pytest.mark.interop
PING = ("set machine hostA", "ping 10.2.0.10", "set machine gwA")


def tshark(capture: Path, *words: str) -> list[str]:
    """The lines tshark prints of a capture file."""
    done = subprocess.run(["tshark", "-r", str(capture), *words], text=True, check=True,
                          capture_output=True, timeout=60)
    return done.stdout.splitlines()


def capture_of(folder: Path, lines: tuple[str, ...]) -> Path:
    """The pcap of gwA's External interface while the ping runs, after `lines` were typed."""
    session = Session()
    target = folder / "external.pcap"
    for line in (*lines, "capture start interface=External", *PING, "capture stop",
                 f"capture save file={target}"):
        run_line(line, session)
    session.close()
    return target


def protocols(capture: Path) -> list[str]:
    return tshark(capture, "-T", "fields", "-e", "_ws.col.Protocol")


def test_the_tunnel_shows_nine_isakmp_messages_and_then_only_esp(tmp_path: Path) -> None:
    capture = capture_of(tmp_path, LINES)
    seen = protocols(capture)
    exchanges = [line for line in tshark(capture, "-Y", "isakmp", "-T", "fields", "-e",
                                         "isakmp.exchangetype") if line]
    assert exchanges == ["2"] * 6 + ["32"] * 3
    assert seen[:9] == ["ISAKMP"] * 9
    assert set(seen[9:]) == {"ESP"} and len(seen[9:]) >= 6


def test_no_packet_of_the_tunnel_is_marked_malformed(tmp_path: Path) -> None:
    capture = capture_of(tmp_path, LINES)
    assert tshark(capture, "-Y", "_ws.malformed || ip.checksum.status == 0 || "
                                 "udp.checksum.status == 0",
                  "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE") == []


def test_before_assigning_the_icmp_is_in_the_clear(tmp_path: Path) -> None:
    route = "routing ip add persistentroute 10.2.0.0 255.255.255.0 External 198.51.100.1"
    assert set(protocols(capture_of(tmp_path, (route,)))) == {"ICMP"}
