"""tshark dissects every IKE message we send, and opens them with the keys we show."""

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from engine.ike.interface import SendDatagram
from engine.suites import MainModeMethod, QuickModeMethod
from tests.support.ike_pair import A, B, Pair, connected, policy_a, policy_b

pytestmark = pytest.mark.interop


def checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(one: SendDatagram) -> bytes:
    """The datagram as a raw IPv4 packet."""
    udp = struct.pack("!HHHH", one.local_port, one.peer_port, 8 + len(one.payload), 0)
    head = struct.pack("!BBHHHBBHII", 0x45, 0, 28 + len(one.payload), 0, 0, 128, 17, 0,
                       one.local, one.peer)
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return head + udp + one.payload


def write_pcap(path: Path, datagrams: list[SendDatagram]) -> None:
    """A capture of LINKTYPE_RAW, one packet a second."""
    records = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)]
    for second, one in enumerate(datagrams):
        data = packet(one)
        records += [struct.pack("<IIII", second, 0, len(data), len(data)), data]
    path.write_bytes(b"".join(records))


def tshark(path: Path, *arguments: str) -> list[str]:
    """Lines of a dissection."""
    program = shutil.which("tshark")
    assert program, "tshark is needed by make interop"
    return subprocess.run([program, "-r", str(path), *arguments], check=True, text=True,
                          capture_output=True).stdout.splitlines()


def whole_life(mm: MainModeMethod, qm: QuickModeMethod, pfs: int) -> Pair:
    """A tunnel that comes up and is taken down again by deletes."""
    pair = connected(policy_a(mm, qm, pfs=pfs), policy_b(mm, qm, pfs=pfs, lifetime=600))
    pair.take(A, pair.a.delete_entries({"entry-a"}, pair.now))
    return pair


@pytest.mark.parametrize(("mm", "qm", "pfs"), [
    (MainModeMethod("3DES", "SHA1", 2), QuickModeMethod("3DES", "SHA1"), 0),
    (MainModeMethod("DES", "MD5", 1), QuickModeMethod("DES", "MD5"), 1),
    (MainModeMethod("AES256", "SHA256", 14), QuickModeMethod("AES256", "SHA256", "", 9, 300), 14),
    (MainModeMethod("AES128", "SHA1", 5), QuickModeMethod("", "SHA1"), 5),
])
def test_no_message_is_malformed_encrypted_ones_opened(
        tmp_path: Path, mm: MainModeMethod, qm: QuickModeMethod, pfs: int) -> None:
    pair = whole_life(mm, qm, pfs)
    path = tmp_path / "ike.pcap"
    write_pcap(path, pair.sent)
    key = pair.b.phase1_sas(pair.now)[0]
    option = f"uat:ikev1_decryption_table:{key.cookies[:8].hex()},{key.encryption_key.hex()}"
    text = tshark(path, "-V", "-o", option)
    assert len(pair.sent) == 11
    assert sum("Internet Security Association" in line for line in text) == 11
    assert not [line for line in text if "alformed" in line or "rror" in line]
    assert sum("Payload: Hash (8)" in line for line in text) == 7
    assert any("Delete (12)" in line for line in text)
    assert any("MS NT5 ISAKMPOAKLEY" in line for line in text)
    assert sum("ID_IPV4_SUBNET: 255.255.255.0" in line for line in text) == 4
    assert any("RESPONDER-LIFETIME" in line for line in text)


def test_the_list_reads_six_main_mode_and_three_quick_mode_messages(tmp_path: Path) -> None:
    path = tmp_path / "ike.pcap"
    write_pcap(path, connected().sent)
    lines = tshark(path)
    kinds = ["Main Mode" if "Main Mode" in line else "Quick Mode" if "Quick Mode" in line else line
             for line in lines]
    assert kinds == ["Main Mode"] * 6 + ["Quick Mode"] * 3
    assert not [line for line in lines if "alformed" in line]


def test_a_refusal_in_the_clear_is_well_formed(tmp_path: Path) -> None:
    pair = Pair(policy_a(), policy_b(MainModeMethod("DES", "MD5", 1)))
    pair.initiate()
    pair.run(0.5)
    path = tmp_path / "ike.pcap"
    write_pcap(path, pair.sent)
    text = tshark(path, "-V")
    assert any("NO-PROPOSAL-CHOSEN" in line for line in text)
    assert not [line for line in text if "alformed" in line]
    assert pair.sent[1].local == B
