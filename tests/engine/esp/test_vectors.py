"""Published vectors: RFC 3602 packets, NIST CBC, RFC 2202 and 4231 HMAC, a captured tunnel."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag

from engine.errors import ParseError
from engine.esp.constants import INTEGRITY
from engine.esp.decap import make_open
from engine.esp.sa import SaTerms, Selector, build_inbound, build_outbound
from engine.esp.transforms import make_aead, make_cipher, make_integrity
from engine.icmp import ECHO_REQUEST, parse_icmp
from engine.ip import ESP, parse_ipv4
from engine.suites import AEAD_CIPHERS, CIPHERS, QuickModeMethod
from tests.support.suites import octets

VECTORS = Path(__file__).parents[2] / "vectors"
RFC3602 = json.loads((VECTORS / "esp" / "rfc3602-aes-cbc.json").read_text())
PACKETS = [pytest.param(case, id=f"case-{case['case']}") for case in RFC3602["esp"]]


def records(path: Path) -> Iterator[dict[str, str]]:
    """The blocks of ``name = value`` lines of a NIST file; each keeps its section's name."""
    section, record = "", dict[str, str]()
    for line in [*path.read_text().splitlines(), ""]:
        name, sign, value = line.partition(" = ")
        if line.startswith("["):
            section = line
        elif sign and not line.startswith("#"):
            record[name] = value
        elif record and not line:
            yield {**record, "section": section}
            record = {}


CBC = [("3DES", "TCBCMMT3.rsp"), ("AES128", "CBCMMT128.rsp"), ("AES256", "CBCMMT256.rsp")]


@pytest.mark.parametrize(("cipher", "file"), CBC)
def test_nist_cbc_messages_are_reproduced(cipher: str, file: str) -> None:
    done = 0
    for record in records(VECTORS / "cbc" / file):
        key = record.get("KEY") or record["KEY1"] + record["KEY2"] + record["KEY3"]
        encrypt = record["section"] == "[ENCRYPT]"
        given, wanted = ("PLAINTEXT", "CIPHERTEXT") if encrypt else ("CIPHERTEXT", "PLAINTEXT")
        transform = make_cipher(cipher, bytes.fromhex(key), bytes.fromhex(record["IV"]),
                                encrypt=encrypt)
        assert transform(bytes.fromhex(record[given])).hex() == record[wanted]
        done += 1
    assert done == 20


@pytest.mark.parametrize("case", RFC3602["cbc"], ids=lambda case: f"case-{case['case']}")
def test_rfc_3602_blocks_are_reproduced(case: dict[str, str]) -> None:
    encrypt = make_cipher("AES128", bytes.fromhex(case["key"]), bytes.fromhex(case["iv"]),
                          encrypt=True)
    assert encrypt(bytes.fromhex(case["plaintext"])).hex() == case["ciphertext"]


def chosen_iv(key: bytes, iv: bytes) -> Callable[[int], bytes]:
    """An Entropy after which the first packet has this IV: the chain starts with zeros."""
    block = make_cipher("AES128", key, bytes(16), encrypt=False)(iv)

    def entropy(length: int) -> bytes:
        return bytes(16) if length == 16 else block * (length // 16)

    return entropy


@pytest.mark.parametrize("case", PACKETS)
def test_rfc_3602_packets_are_made_octet_for_octet(case: dict[str, Any]) -> None:
    key = bytes.fromhex(case["key"])
    terms = SaTerms("entry", QuickModeMethod("AES128", "SHA1"), case["mode"] == "tunnel")
    sa = build_outbound(int(case["spi"], 16), 1, 2, Selector(), terms, key, bytes(20),
                        chosen_iv(key, bytes.fromhex(case["iv"])))
    sa.sequence = int(case["seq"]) - 1
    data = sa.encap(bytes.fromhex(case["payload"]), int(case["next_header"]))
    assert data[:-INTEGRITY["SHA1"].icv].hex() == case["esp_packet"]


@pytest.mark.parametrize("case", PACKETS)
def test_rfc_3602_packets_are_opened(case: dict[str, Any]) -> None:
    open_body = make_open("AES128", bytes.fromhex(case["key"]))
    inner, next_header = open_body(bytes.fromhex(case["esp_packet"]))
    assert (inner.hex(), next_header) == (case["payload"], case["next_header"])


HMACS = [("MD5", "rfc-2202-md5.txt"), ("SHA1", "rfc-2202-sha1.txt"),
         ("SHA256", "rfc-4231-sha256.txt")]


@pytest.mark.parametrize(("auth", "file"), HMACS)
def test_rfc_hmacs_come_out_truncated(auth: str, file: str) -> None:
    done = 0
    for record in records(VECTORS / "hmac" / file):
        key = bytes.fromhex(record["Key"])
        if len(key) > 64:
            continue
        # Keys shorter than the suite's are zero filled by HMAC itself (RFC 2104), so they may
        # be filled here; longer ones than the suite allows cannot be used.
        if len(key) > INTEGRITY[auth].key:
            with pytest.raises(ValueError, match="octets"):
                make_integrity(auth, key)
            continue
        integrity = make_integrity(auth, key.ljust(INTEGRITY[auth].key, b"\0"))
        size = INTEGRITY[auth].icv
        assert integrity(bytes.fromhex(record["Msg"])).hex() == record["MD"][:2 * size]
        done += 1
    assert done >= 3


def test_wycheproof_tags_of_hmac_sha1_are_told_apart() -> None:
    groups = json.loads((VECTORS / "hmac" / "wycheproof-hmac_sha1_test.json").read_text())
    done = 0
    for group in groups["testGroups"]:
        for test in group["tests"] if group["keySize"] == 160 else ():
            tag = make_integrity("SHA1", bytes.fromhex(test["key"]))(bytes.fromhex(test["msg"]))
            if group["tagSize"] == 160 and test["result"] == "valid":
                assert tag.hex() == test["tag"][:24]
                done += 1
            elif group["tagSize"] == 80 and test["result"] == "invalid":
                assert not tag.hex().startswith(test["tag"])
                done += 1
    assert done > 50


def frames(path: Path) -> Iterator[bytes]:
    """The IPv4 packets of a little-endian Ethernet pcap."""
    data = path.read_bytes()
    at = 24
    while at < len(data):
        length = int.from_bytes(data[at + 8:at + 12], "little")
        yield data[at + 16 + 14:at + 16 + length]
        at += 16 + length


def test_the_sunrise_sunset_capture_is_decrypted() -> None:
    key = bytes.fromhex("4043434545464649494a4a4c4c4f4f515152525454575758")
    terms = SaTerms("entry", QuickModeMethod("3DES", "MD5"))
    sa = build_inbound(0x12345678, 0xC0010217, 0xC001022D, Selector(), terms, key,
                       bytes.fromhex("8765" * 8))
    sequences = []
    for frame in frames(VECTORS / "esp" / "02-sunrise-sunset-esp.pcap"):
        outer = parse_ipv4(frame)
        assert (outer.protocol, outer.source) == (ESP, sa.source)
        octets_inside, _ = sa.decap(outer.payload)
        inner = parse_ipv4(octets_inside)
        ping = parse_icmp(inner.payload)
        assert (inner.source, inner.destination) == (0xC0000201, 0xC0000101)
        assert ping.type == ECHO_REQUEST
        sequences.append(sa.sequence)
        with pytest.raises(ParseError, match="replay"):
            sa.decap(outer.payload)
    assert len(sequences) == 8
    assert sequences == sorted(set(sequences))


@pytest.mark.parametrize("cipher", [*CIPHERS, *AEAD_CIPHERS])
def test_keys_of_wrong_length_are_refused(cipher: str) -> None:
    with pytest.raises(ValueError, match=cipher):
        make_cipher(cipher, octets("key", 7), bytes(16), encrypt=True)


def test_wycheproof_gcm_messages_are_sealed_and_opened() -> None:
    groups = json.loads((VECTORS / "gcm" / "wycheproof-aes_gcm_test.json").read_text())
    done = {"valid": 0, "invalid": 0}
    for group in groups["testGroups"]:
        if (group["ivSize"], group["tagSize"]) != (96, 128):
            continue
        for test in group["tests"]:
            iv, text, sealed = (bytes.fromhex(test[name]) for name in ("iv", "msg", "ct"))
            sealed += bytes.fromhex(test["tag"])
            aad = bytes.fromhex(test["aad"])
            aead, salt = make_aead(f"AESGCM{group['keySize']}",
                                   bytes.fromhex(test["key"]) + iv[:4])
            if test["result"] == "valid":
                assert aead.encrypt(salt + iv[4:], text, aad) == sealed
                assert aead.decrypt(salt + iv[4:], sealed, aad) == text
            else:
                with pytest.raises(InvalidTag):
                    aead.decrypt(salt + iv[4:], sealed, aad)
            done[test["result"]] += 1
    assert min(done.values()) > 20
