"""diag check peer=FILE: the other gateway's configuration as a file, three formats."""

from pathlib import Path

import pytest

from commands.run import run_line
from commands.session import Session
from engine.policy.peerread import read_peer
from tests.commands.diag.test_check import codes, mend, protected
from tests.support.article import POLICY
from tests.support.faulty import healthy, on
from tests.support.typing import data, refused, text


def exported(session: Session, form: str) -> str:
    """The mirror image of our tunnel as that program configures it."""
    return text(session, f'ipsec static show peerconfig policy="{POLICY}" format={form} '
                         "reveal=yes")


def judged(session: Session, folder: Path, octets: str, more: str = "ping=no") -> list[str]:
    session.folder = str(folder)
    (folder / "peer").write_text(octets)
    return codes(data(session, f"diag check peer=peer {more}"), "FAIL", "UNKNOWN")


@pytest.mark.parametrize("form", ["swanctl", "ipsec.conf"])
def test_our_own_mirror_image_agrees(form: str, tmp_path: Path) -> None:
    session = healthy()
    assert not judged(session, tmp_path, exported(session, form))
    assert not judged(session, tmp_path, exported(session, form), "")


@pytest.mark.parametrize("line", ["dump", "dump reveal=yes", "ipsec dump", "ipsec dump reveal=yes"])
def test_a_dump_of_the_other_gateway_agrees(line: str, tmp_path: Path) -> None:
    session = healthy()
    assert not judged(session, tmp_path, on(session, "gwB", line))


@pytest.mark.parametrize(("old", "new", "code"), [
    ("version = 1", "version = 2", "ike-version-mismatch"),
    ("aes256-sha256-modp2048", "aes128-sha1-modp1024", "phase1-proposal-mismatch"),
    ("esp_proposals = aes256-sha256", "esp_proposals = aes128-sha1", "phase2-proposal-mismatch"),
    ("esp_proposals = aes256-sha256", "esp_proposals = aes256-sha256-modp2048", "pfs-mismatch"),
    ("kb252735", "another", "psk-mismatch"),
    ("auth = psk", "auth = pubkey", "auth-method-mismatch"),
    ("10.1.0.0/24", "10.1.0.0/16", "peer-filter-not-mirrored"),
])
def test_what_differs_is_named_before_anything_is_sent(old: str, new: str, code: str,
                                                        tmp_path: Path) -> None:
    session = healthy()
    assert judged(session, tmp_path, exported(session, "swanctl").replace(old, new)) == [code]


def test_the_fix_of_our_side_makes_both_agree(tmp_path: Path) -> None:
    session = healthy()
    run_line(f'ipsec static set policy name="{POLICY}" mmsecmethods="AES192-SHA512-5"', session)
    (tmp_path / "peer").write_text(on(session, "gwB", "dump"))
    session.folder = str(tmp_path)
    first = data(session, "diag check peer=peer ping=no")["findings"][0]
    assert first["code"] == "phase1-proposal-mismatch"
    mend(session, first)
    assert protected(session)
    assert not codes(data(session, "diag check peer=peer ping=no"), "FAIL")


def test_what_has_to_be_mended_over_there_is_said_and_not_typed_here(tmp_path: Path) -> None:
    session = healthy()
    session.folder = str(tmp_path)
    dumped = on(session, "gwB", "dump").replace("assign=yes", "assign=no")
    (tmp_path / "peer").write_text(dumped)
    first = data(session, "diag check peer=peer ping=no")["findings"][0]
    assert first["code"] == "policy-not-assigned" and first["fix"]["safe"] is False
    assert first["fix"]["text"].startswith("On the other gateway:")
    assert not any(line.startswith("set machine") for line in first["fix"]["commands"])


def test_keys_that_are_not_in_the_file_are_not_compared(tmp_path: Path) -> None:
    session = healthy()
    (tmp_path / "peer").write_text(on(session, "gwB", "dump"))
    session.folder = str(tmp_path)
    said = text(session, "diag check peer=peer ping=no")
    assert "Not known: its keys are not in the file" in said and "kb252735" not in said


@pytest.mark.parametrize("octets", [
    "", "hello", "connections {", "connections { }", "conn a\n left=1.2.3.4", "}",
    "connections { a { children { b { local_ts = x } } } }", "pushd ipsec static\nadd nonsense",
    "pushd ipsec static\nadd rule name=x policy=y", "connections {" * 40,
    'connections { a { remote_addrs = 203.0.113.99 \n local_addrs = 198.51.100.1 \n children { c '
    "{ local_ts = 10.2.0.0/24 } } } }"])
def test_a_file_that_says_nothing_is_refused(octets: str, tmp_path: Path) -> None:
    session = healthy()
    session.folder = str(tmp_path)
    (tmp_path / "peer").write_text(octets)
    assert refused(session, "diag check peer=peer ping=no").code == "bad-file"
    assert refused(session, "diag check peer=none ping=no").code == "file"


def test_what_strongswan_says_otherwise_is_read() -> None:
    found = read_peer("""
config setup
conn %default
    keyexchange=ikev1
    authby=secret
conn base
    ike=aes128-aes256-sha256-modp2048,3des-sha1-modp1024!
    esp=aes256gcm16-modp2048,chacha20poly1305!
conn net
    also=base
    left=192.0.2.1
    leftsubnet=10.1.0.0/24,10.9.0.0/24
    right=198.51.100.1
    rightsubnet=10.2.0.0/24
    ikelifetime=8h
""")
    assert [str(one.local_net) for one in found.connections] == ["10.1.0.0/24", "10.9.0.0/24"]
    one = found.connections[0]
    assert (one.version, one.by_key, one.group, one.lifetime) == (1, True, 14, 28800)
    assert len(one.main) == 3 and one.quick[0].esp_cipher == "AESGCM256"
    assert any("chacha20poly1305" in note for note in found.notes)
