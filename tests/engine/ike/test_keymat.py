"""The key schedule against NIST's, RUB's, ike-scan's and hashcat's numbers."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from engine.ike.auth import phase1_hash
from engine.ike.keymat import Prf, cipher_key, keymat, phase1_iv, phase2_iv, prf, skeyids
from tests.support.ike_vectors import read_text

RUB: list[dict[str, Any]] = json.loads(read_text("ikev1-psk-keys.json"))["cases"]
HASH_R = [line.split() for line in read_text("hash-r.txt").splitlines() if line[0] != "#"]


def nist_cases() -> Iterator[tuple[str, dict[str, str]]]:
    hash_name, case = "", {}
    for line in read_text("ikev1_psk.rsp").splitlines():
        if line.startswith("[SHA"):
            hash_name = line.strip("[]").replace("-", "")
        elif " = " in line and line[0] != "[":
            name, _, value = line.partition(" = ")
            case[name] = value
            if name == "SKEYID_e":
                yield hash_name, case
                case = {}


def test_nist_answers_for_all_pre_shared_key_cases() -> None:
    seen = 0
    for name, case in nist_cases():
        raw = {key: bytes.fromhex(value) for key, value in case.items() if key != "COUNT"}
        got = skeyids(name, raw["pre-shared-key"], raw["Ni"], raw["Nr"], raw["g^xy"],
                      raw["CKY_I"] + raw["CKY_R"])
        assert got == (raw["SKEYID"], raw["SKEYID_d"], raw["SKEYID_a"], raw["SKEYID_e"]), case
        seen += 1
    assert seen == 280


@pytest.mark.parametrize("case", RUB, ids=lambda case: case["name"])
def test_key_chain_of_a_real_tool(case: dict[str, Any]) -> None:
    raw = {key: bytes.fromhex(value) for key, value in case.items()
           if key not in ("name", "psk", "quick_mode")}
    keys = skeyids("SHA1", case["psk"].encode(), raw["ni"], raw["nr"], raw["g_xy"],
                   raw["cky_i"] + raw["cky_r"])
    assert keys == (raw["skeyid"], raw["skeyid_d"], raw["skeyid_a"], raw["skeyid_e"])
    assert cipher_key("SHA1", keys.e, "AES128") == raw["ka_aes128"]
    assert phase1_iv("SHA1", raw["g_xi"], raw["g_xr"], 16) == raw["iv_phase1"]
    assert phase1_hash("SHA1", keys.base, raw["g_xr"], raw["g_xi"], raw["cky_r"], raw["cky_i"],
                       raw["sai_b"], raw["idir_b"]) == raw["hash_r"]


@pytest.mark.parametrize("way", ["in", "out"])
def test_quick_mode_keys_of_a_real_tool(way: str) -> None:
    case = RUB[1]
    quick = case["quick_mode"]
    nonces = bytes.fromhex(quick["ni2"] + quick["nr2"])
    stream = keymat(Prf("SHA1", bytes.fromhex(case["skeyid_d"])), b"", quick["protocol"],
                    int(quick["spi_" + way], 16), nonces, 36)
    assert stream.hex() == quick["keymat_" + way + "_36"]


@pytest.mark.parametrize("line", HASH_R, ids=lambda line: f"{line[0]}-{line[1]}")
def test_hash_r_that_password_crackers_know(line: list[str]) -> None:
    psk, name, values = line
    g_xr, g_xi, cky_r, cky_i, sai_b, idir_b, ni_b, nr_b, hash_r = (
        bytes.fromhex(value) for value in values.split(":"))
    name = name.upper()
    skeyid = prf(name, psk.encode(), ni_b + nr_b)
    assert phase1_hash(name, skeyid, g_xr, g_xi, cky_r, cky_i, sai_b, idir_b) == hash_r


def test_a_long_cipher_key_is_stretched_from_zero() -> None:
    e = bytes(range(16))
    first = prf("MD5", e, b"\0")
    assert cipher_key("MD5", e, "AES256") == first + prf("MD5", e, first)
    assert cipher_key("MD5", e, "DES") == e[:8]


def test_the_phase_two_iv_depends_on_the_message_id() -> None:
    assert len({phase2_iv("SHA1", bytes(8), number, 8) for number in range(1, 5)}) == 4
