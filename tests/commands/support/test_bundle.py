"""The support bundle: whole, checked, bounded, and without a key in any spelling."""

import errno
import json
import os
import resource
import subprocess
import sys
import tarfile
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest

from commands.files import Files
from commands.run import run_line
from commands.session import Session
from commands.support.leak import holds, patterns
from engine.ip import udp_packet
from engine.policy.model import Secret
from tests.support.faulty import healthy
from tests.support.typing import answer, refused, text, warned

POLICY = "IPSec tunnel with third-party gateway"
KEY = "Plänted \"key\" & 4711/+"
KEYS = ("planted-key-one-1", KEY)


def unpacked(path: Path) -> dict[str, bytes]:
    if path.suffix == ".zip":
        with ZipFile(path) as file:
            return {name: file.read(name) for name in file.namelist()}
    with tarfile.open(path) as tar:
        members = {one.name: tar.extractfile(one) for one in tar.getmembers()}
        return {name: file.read() for name, file in members.items() if file is not None}


@pytest.fixture
def session(tmp_path: Path) -> Session:
    one = healthy()
    one.folder = str(tmp_path)
    return one


def plant(session: Session) -> None:
    """Keys in rules, and where nobody should have written them; a packet that carries one."""
    one, other = KEYS
    for rule in ("NetA to NetB", "NetB to NetA"):
        run_line(f'ipsec static set rule name="{rule}" policy="{POLICY}" psk="{one}"', session)
    session.machine = "gwB"
    quoted = other.replace('"', '\\"')
    rule = 'policy="IPSec tunnel with Windows 2000 gateway"'
    run_line(f'ipsec static set rule name="NetB to NetA" {rule} psk="{quoted}"', session)
    session.machine = "gwA"
    run_line(f'ipsec static add policy name="{one}"', session)
    run_line(f'ipsec static add policy name=hex description={one.encode().hex()}', session)
    encoded = b64encode(f"a {one} b".encode()).decode()
    run_line(f'ipsec static add policy name=base description="{encoded}"', session)
    run_line("ipsec static set policy name=hex assign=yes", session)  # nothing is protected now
    run_line("capture start External", session)
    lab = session.lab
    for key in (one.encode(), other.encode("utf-16-le")):
        lab.send("hostA", udp_packet(0x0A01000A, 0x0A02000A, 9, 9, key))
    lab.run(lab.now + 1)
    assert any(one.encode() in packet.octets
               for packet in lab.captures["gwA", "External"].packets)


def forms(key: str) -> list[bytes]:
    """A key as others would look for it."""
    utf8, wide = key.encode(), key.encode("utf-16-le")
    return [utf8, wide, key.encode("utf-16-be"), utf8.hex().encode(), utf8.hex().upper().encode(),
            wide.hex().encode(), b64encode(utf8)[:-4], b64encode(b"x" + utf8)[4:-4],
            b64encode(b"xx" + utf8)[4:-4], b64encode(wide)[:-4]]


@pytest.mark.parametrize("mask", ["yes", "no"])
def test_no_key_is_in_any_member_in_any_spelling(session: Session, tmp_path: Path,
                                                 mask: str) -> None:
    plant(session)
    left = warned(session, f"support bundle file=b.zip mask={mask}")
    assert "LEFT-OUT" in left
    members = unpacked(tmp_path / "b.zip")
    files = [*members.items(), *((path.name, path.read_bytes()) for path in tmp_path.iterdir()
                                 if path.name != "b.zip")]
    for name, octets in files:
        for key in (*KEYS, "kb252735"):
            for form in forms(key):
                assert form not in octets, (name, key, form)
    listed = json.loads(members["MANIFEST.json"])
    assert "gwA/dump.txt" in listed["left_out"]
    assert ("capture/gwA-External.pcap" in listed["left_out"]) == (mask == "no")


@pytest.mark.parametrize("name", ["b.zip", "b.tar.gz", "b.tgz", "B.ZIP"])
def test_the_manifest_names_every_member_with_its_checksum(session: Session, tmp_path: Path,
                                                           name: str) -> None:
    run_line(f"support bundle file={name}", session)
    assert os.stat(tmp_path / name).st_mode & 0o777 == 0o600
    (tmp_path / name).rename(tmp_path / name.lower())
    members = unpacked(tmp_path / name.lower())
    listed = json.loads(members["MANIFEST.json"])
    assert {one["name"] for one in listed["files"]} == set(members) - {"MANIFEST.json",
                                                                       "SHA256SUMS"}
    for one in listed["files"]:
        assert sha256(members[one["name"]]).hexdigest() == one["sha256"]
        assert len(members[one["name"]]) == one["octets"]
    for line in members["SHA256SUMS"].decode().splitlines():
        digest, _, member = line.partition("  ")
        assert sha256(members[member]).hexdigest() == digest
    assert {"report.html", "report.md", "gwA/dump.txt", "gwA/log.txt", "gwA/counters.txt",
            "gwB/dump.txt", "capture/checklist.pcap", "versions.txt"} <= set(members)


def test_addresses_are_masked_in_every_member(session: Session, tmp_path: Path) -> None:
    run_line("capture start External", session)
    run_line("support bundle file=b.zip", session)
    for name, octets in unpacked(tmp_path / "b.zip").items():
        for address in (b"10.1.0.", b"10.2.0.", b"192.0.2.", b"198.51.100.", b"203.0.113."):
            assert address not in octets, (name, address)
        for raw in (b"\xc0\x00\x02\x01", b"\xc6\x33\x64\x01", b"\x0a\x01\x00\x0a"):
            assert raw not in octets, (name, raw)
    assert "W2KextIP = 192.0.2.1" in (tmp_path / "b.zip.map").read_text()


def test_alone_only_our_gateway_is_packed(session: Session, tmp_path: Path) -> None:
    run_line("checklist view=alone", session)
    run_line("support bundle file=b.zip", session)
    assert not [name for name in unpacked(tmp_path / "b.zip") if name.startswith("gwB")]


def test_the_same_moment_gives_the_same_octets(session: Session, tmp_path: Path) -> None:
    run_line("checklist", session)
    for name in ("a.zip", "b.zip", "a.tar.gz", "b.tar.gz"):
        run_line(f"support bundle file={name}", session)
    for ending in ("zip", "tar.gz"):
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


def test_its_size_is_bounded(session: Session, tmp_path: Path) -> None:
    capture = session.lab.start_capture("gwA", "External")
    for number in range(10000):
        capture.add(float(number), udp_packet(1, number, 500, 500, bytes(16) + b"\x01\x10\x02\0"
                                              + bytes(8) + os.urandom(200)).build(), True)
    run_line("checklist", session)
    run_line("support bundle file=b.zip size=1 mask=no", session)
    members = unpacked(tmp_path / "b.zip")
    listed = {one["name"]: one for one in json.loads(members["MANIFEST.json"])["files"]}
    assert sum(map(len, members.values())) <= 1 << 20
    assert "frames" in listed["capture/gwA-External.pcap"]["cut"]


# --- files ----------------------------------------------------------------------------------------


def test_what_exists_is_kept_unless_asked(session: Session, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_text("mine")
    now = session.lab.now
    mistake = refused(session, "support bundle file=b.zip")
    assert (mistake.code, mistake.tag, mistake.fix) == ("exists", "file", "overwrite=yes")
    assert (tmp_path / "b.zip").read_text() == "mine" and session.lab.now == now
    (tmp_path / "c.zip.map").write_text("mine")
    assert refused(session, "support bundle file=c.zip").tag == "map"
    assert not (tmp_path / "c.zip").exists()
    run_line("support bundle file=b.zip overwrite=yes", session)
    assert "report.html" in unpacked(tmp_path / "b.zip")
    assert refused(session, "support bundle file=x.rar").known == ("x.zip", "x.tar.gz")


def test_a_full_disk_is_said_and_leaves_the_old_file(session: Session, tmp_path: Path,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "b.zip").write_text("mine")

    def full(self: Files, path: str, octets: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Files, "replace", full)
    mistake = refused(session, "support bundle file=b.zip overwrite=yes")
    assert mistake.code == "cannot-write" and "No space left on device" in mistake.text
    assert (tmp_path / "b.zip").read_text() == "mine"


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("mine")
    program = ("import resource\nfrom commands.files import Files\n"
               f"resource.setrlimit(resource.RLIMIT_FSIZE, ({resource.getpagesize()},) * 2)\n"
               f"try:\n    Files().replace({str(tmp_path / 'x')!r}, bytes(1 << 20))\n"
               "except OSError as error:\n    print(error.strerror)\n")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                          check=True, cwd=Path(__file__).parents[3])
    assert done.stdout == "File too large\n"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_text() == "mine"


# --- spellings ------------------------------------------------------------------------------------


def test_a_key_is_found_however_it_is_spelled() -> None:
    wanted = patterns((Secret("planted-key-one-1"), KEY))
    for key in KEYS:
        utf8 = key.encode()
        for form in (utf8, key.encode("utf-16-le"), key.encode("utf-16-be"), utf8.hex().encode(),
                     utf8.hex(" ").encode(), utf8.hex(":").upper().encode(), b64encode(utf8),
                     *(b64encode(b"abc"[:at] + utf8 + b"xy") for at in range(3)),
                     b64encode(key.encode("utf-16-le")), utf8[::-1]):
            assert holds(b"before " + form + b" after", wanted), form
        assert not holds(b64decode(b64encode(b"nothing of that kind")), wanted)
    assert patterns(("abc",)) == ()


def test_what_is_said_names_the_file_and_the_map(session: Session) -> None:
    said = text(session, "support bundle file=b.zip")
    assert "files packed into b.zip, " in said and "b.zip.map: keep it to yourself." in said
    assert answer(session, "support bundle file=c.zip mask=no").exit == 0
