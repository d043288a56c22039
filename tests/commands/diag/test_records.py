"""diag check capture= log=: what was kept is judged as if it were seen."""

from json import dumps
from pathlib import Path

import pytest

from commands.run import run_line
from commands.session import Session
from engine.diagnose.past.pcapread import read_capture
from engine.errors import ParseError
from engine.faults.registry import FAULTS
from tests.commands.diag.test_check import codes
from tests.support.faulty import healthy, make, on, replies
from tests.support.typing import data, refused, text

# What both ends' records name, and what those of gwA alone name or count among the candidates.
KEPT = {
    "psk-mismatch": "psk-mismatch", "phase1-proposal-mismatch": "phase1-proposal-mismatch",
    "pfs-mismatch": "pfs-mismatch", "peer-filter-not-mirrored": "peer-filter-not-mirrored",
    "udp500-blocked-on-path": "udp500-blocked-on-path", "peer-service-down": "peer-service-down",
    "esp-blocked-ike-passes": "esp-blocked-ike-passes",
    "policy-not-assigned": "policy-not-assigned",
    "replay-drops-reordering": "replay-drops-reordering",
    "soft-association-allowed": "soft-association-allowed",
}
ALONE, BOTH = ("diag check machine=gwA capture=a.pcapng log=a.log",
               "diag check capture=a.pcapng inner=in.pcap log=a.log peercapture=b.pcap "
               "peerlog=b.log")


def kept(session: Session, folder: Path, name: str = "") -> None:
    """Captures and logs of both gateways while a fault shows, written to files."""
    session.folder = str(folder)
    for machine, interface in (("gwA", "External"), ("gwA", "Internal"), ("gwB", "External")):
        on(session, machine, f"capture start {interface}")
    run_line("ipsec dynamic delete sa", session)
    if name:
        make(session, FAULTS[name])
    else:
        replies(session)
    run_line("lab run 70", session)
    run_line("capture save a.pcapng External", session)
    run_line("capture save in.pcap Internal", session)
    on(session, "gwB", "capture save b.pcap External")
    (folder / "a.log").write_text(text(session, "eventlog show"))
    session.machine = "gwB"
    (folder / "b.log").write_text(dumps(data(session, "eventlog show")))
    session.machine = "gwA"


def test_a_tunnel_that_worked_was_protected(tmp_path: Path) -> None:
    session = healthy()
    kept(session, tmp_path)
    now = session.lab.now
    for line in (ALONE, BOTH):
        found = data(session, line)
        assert not codes(found, "FAIL", "UNKNOWN") and found["recorded"]
        assert found["traffic"][0]["verdict"] == "PROTECTED"
        assert found["traffic"][0]["protected_out"] and found["traffic"][0]["protected_in"]
    assert session.lab.now == now
    assert "from the records of gwA alone" in text(session, ALONE)


@pytest.mark.parametrize("name", KEPT)
def test_records_name_it(name: str, tmp_path: Path) -> None:
    session = healthy()
    kept(session, tmp_path, name)
    first = data(session, BOTH)["findings"][0]
    assert first["code"] == KEPT[name]
    first = data(session, ALONE)["findings"][0]
    assert KEPT[name] in {first["code"], *first["candidates"]}
    assert first["verdict"] == "FAIL" or first["next"]


def test_a_log_alone_tells_what_it_can(tmp_path: Path) -> None:
    session = healthy()
    kept(session, tmp_path, "phase1-proposal-mismatch")
    found = data(session, "diag check machine=gwA log=a.log")
    assert found["recorded"] and not {one["code"] for one in found["findings"]
                                      if one["verdict"] == "FAIL"} - {"phase1-proposal-mismatch"}


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    session = healthy()
    session.folder = str(tmp_path)
    for name, octets in (("empty", b""), ("text", b"hello"), ("half", b"\x0a\x0d\x0d\x0a"),
                         ("short", b"\xd4\xc3\xb2\xa1\x02\x00")):
        (tmp_path / name).write_bytes(octets)
        if name != "half":
            assert refused(session, f"diag check capture={name}").code == "bad-file"
        assert refused(session, f"diag check log={name}").code == "bad-file"
    assert refused(session, "diag check capture=none").code == "file"
    assert refused(session, "diag check peercapture=text").code == "missing-tag"


def test_every_beginning_of_a_file_can_be_read(tmp_path: Path) -> None:
    session = healthy()
    kept(session, tmp_path)
    for name in ("a.pcapng", "b.pcap"):
        octets = (tmp_path / name).read_bytes()
        whole = read_capture(octets)
        assert len(whole) > 5 and all(one.octets[0] == 0x45 for one in whole)
        for end in range(0, len(octets), 7):
            try:
                assert read_capture(octets[:end]) == whole[:len(read_capture(octets[:end]))]
            except ParseError:
                assert end < 28


def test_clocks_that_differ_are_told_by_both_captures(tmp_path: Path) -> None:
    session = healthy()
    kept(session, tmp_path)
    found = data(session, BOTH + " all=yes phase=time")
    assert [one["verdict"] for one in found["findings"]] == ["PASS"]
    octets = bytearray((tmp_path / "b.pcap").read_bytes())
    at = 24
    while at < len(octets):
        later = int.from_bytes(octets[at:at + 4], "little") + 90
        octets[at:at + 4] = later.to_bytes(4, "little")
        at += 16 + int.from_bytes(octets[at + 8:at + 12], "little")
    (tmp_path / "b.pcap").write_bytes(bytes(octets))
    first = data(session, BOTH + " phase=time")["findings"][0]
    assert first["code"] == "clock-differs" and "90.0 s ahead" in " ".join(first["because"])
    assert first["verdict"] == "WARN"
