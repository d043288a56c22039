"""capture: protected traffic shows ISAKMP and ESP, unprotected traffic shows ICMP."""

from pathlib import Path

import pytest

from commands.errors import CommandError
from commands.run import run_line
from commands.session import Session
from tests.support.article import LINES
from tests.support.typing import data, refused, text, tunnel


@pytest.fixture(scope="module")
def captured() -> Session:
    """The article's ping as External of gwA saw it; not to be changed."""
    return tunnel()


def protocols(session: Session, line: str = "capture show") -> list[str]:
    """The protocols of the captured packets, in order."""
    return [one["protocol"] for one in data(session, line)]


def test_a_protected_ping_is_nine_isakmp_packets_and_then_esp(captured: Session) -> None:
    seen = protocols(captured)
    assert seen[:9] == ["ISAKMP"] * 9
    assert set(seen[9:]) == {"ESP"}


def test_one_line_a_packet_in_80_columns(captured: Session) -> None:
    lines = text(captured, "capture show last=2").splitlines()
    assert lines[0].split() == ["No.", "Time", "Source", "Destination", "Protocol", "Info"]
    assert len(lines) == 4
    assert lines[2].split()[:1] == [str(len(protocols(captured)) - 1)]
    assert all(len(line) <= 80 for line in text(captured, "capture show").splitlines())


def test_json_has_addresses_and_time(captured: Session) -> None:
    first = data(captured, "capture show")[0]
    assert (first["number"], first["source"], first["destination"]) == (
        1, "192.0.2.1", "198.51.100.1")
    assert first["time"].startswith("2004-03-17T09:00:00.")
    assert first["info"] == "MM1"


def test_a_ping_in_the_clear_shows_icmp() -> None:
    session = Session()
    for line in ("route -p add 10.2.0.0 MASK 24 198.51.100.1", "capture start",
                 "set machine hostA", "ping -n 1 hostB", "set machine gwA"):
        run_line(line, session)
    assert set(protocols(session)) == {"ICMP"}


def test_the_default_is_external_or_the_only_interface() -> None:
    session = Session()
    assert text(session, "capture start") == (
        "Capture started on External of gwA: 0 packets.\n")
    assert text(session, "capture start machine=hostA") == (
        "Capture started on Local Area Connection of hostA: 0 packets.\n")
    assert text(session, "capture start internal") == (
        "Capture started on Internal of gwA: 0 packets.\n")
    assert text(session, "capture show Internal") == (
        "No packet crossed Internal of gwA yet.\n")


def test_a_stopped_capture_keeps_its_packets_and_takes_no_more() -> None:
    session = tunnel()
    seen = len(protocols(session))
    assert text(session, "capture stop") == (
        f"Capture stopped on External of gwA: {seen} packets.\n")
    session.machine = "hostA"
    run_line("ping -n 1 hostB", session)
    session.machine = "gwA"
    assert len(protocols(session)) == seen
    run_line("capture start", session)
    assert protocols(session) == []


def test_a_saved_capture_is_a_pcap_of_raw_packets(captured: Session, tmp_path: Path) -> None:
    captured.folder = str(tmp_path)
    count = len(protocols(captured))
    assert text(captured, "capture save file=x.pcap") == f"{count} packets written to x.pcap.\n"
    octets = (tmp_path / "x.pcap").read_bytes()
    assert octets[:4] in (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4",
                          b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d")
    order = "little" if octets[0] in (0xD4, 0x4D) else "big"
    assert int.from_bytes(octets[20:24], order) == 101  # type: ignore[arg-type]


BAD = [
    ("capture show", "no-capture", 1), ("capture stop", "no-capture", 1),
    ("capture save file=x", "no-capture", 1), ("capture save", "missing-tag", 2),
    ("capture start Foo", "not-found", 1), ("capture start machine=nobody", "not-found", 1),
    ("capture show last=0", "bad-value", 2), ("capture", "", 0),
]


@pytest.mark.parametrize(("line", "code", "exit"), BAD)
def test_a_wrong_line_is_refused(line: str, code: str, exit: int) -> None:
    session = Session()
    if not code:
        run_line(line, session)
        assert session.context == ("capture",)
        return
    mistake = refused(session, line)
    assert (mistake.code, mistake.exit) == (code, exit)


def test_a_file_that_cannot_be_written_is_named(captured: Session) -> None:
    mistake = refused(captured, "capture save file=/nonexistent/folder/x.pcap")
    assert mistake.code == "file"
    assert "No such file or directory" in mistake.text


def test_the_fix_of_a_missing_capture_can_be_typed() -> None:
    session = Session()
    run_line(refused(session, "capture show").fix, session)
    assert text(session, "capture show").startswith("No packet crossed External")


def test_a_capture_is_saved_as_pcapng_with_keys_for_whoever_reveals_them(
        tmp_path: Path) -> None:
    session = Session()
    session.folder = str(tmp_path)
    for line in (*LINES, "capture start", "set machine hostA", "ping hostB -n 1",
                 "set machine gwA"):
        run_line(line, session)
    with pytest.raises(CommandError) as caught:
        run_line("capture save x.pcapng keys=keys", session)
    assert caught.value.code == "needs-reveal" and "reveal=yes" in caught.value.fix
    answer = run_line("capture save x.pcapng keys=keys reveal=yes", session)
    assert [one.code for one in answer.warnings] == ["KEYS-IN-FILE"]
    assert (tmp_path / "x.pcapng").read_bytes()[:4] == b"\x0a\x0d\x0d\x0a"
    assert b"ISAKMP MM5" in (tmp_path / "x.pcapng").read_bytes()
    assert sorted(one.name for one in (tmp_path / "keys").iterdir()) == [
        "esp_sa", "ikev1_decryption_table", "preferences"]
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert "DES-CBC" in (tmp_path / "keys/esp_sa").read_text()


def test_a_capture_keeps_what_its_filter_wants() -> None:
    session = Session()
    for line in (*LINES, "capture start protocol=50", "set machine hostA", "ping hostB -n 2",
                 "set machine gwA", "capture stop"):
        run_line(line, session)
    kept = session.world.captures["gwA", "External"].packets
    assert kept and {one.octets[9] for one in kept} == {50}
    run_line("capture start address=10.9.9.9", session)
    assert not session.world.captures["gwA", "External"].packets
