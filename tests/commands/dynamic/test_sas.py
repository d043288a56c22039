"""show mmsas and qmsas: what was negotiated, in netsh's shape, or the sentence that says none."""

import re

import pytest

from commands.dynamic.view import KEY_OCTETS, confidentiality, monitor_text
from commands.run import run_line
from commands.session import Session
from engine.suites import AEAD_CIPHERS, CIPHERS, QuickModeMethod
from tests.support.typing import data, refused, text, type_article

MAIN_MODE = """
IKE Main Mode SAs at 3/17/2004 9:00:02 AM
------------------------------------------------------------------------------
Cookie Pair                 : <cookie>
Sec Methods                 : 3DES/SHA1/2/28800
Auth Mode                   : Preshared Key
Source                      : 192.0.2.1 , port 500
Destination                 : 198.51.100.1 , port 500

"""
QUICK_MODE = """
Quick Mode SAs
---------------
Tunnel Filter
Policy Name                 : IPSec tunnel with third-party gateway
Filter Name                 : From NetA to NetB
Source Address              : 10.1.0.0 , mask 255.255.255.0
Destination Address         : 10.2.0.0 , mask 255.255.255.0
Protocol                    : ANY    Source Port: 0    Destination Port: 0
Direction                   : Outbound
Tunnel Source               : 192.0.2.1
Tunnel Destination          : 198.51.100.1
SPI                         : <spi>
Packets                     : 2    Bytes: 120
Offer Used
AH(b/r)      ESP Con(b/r)      ESP Int      PFS DH Group
----------   -------------     -------      ------------
None         DES (8/0)         MD5          <Unassigned>
Key Life Time(s/k)          : 3600/100000

Tunnel Filter
Policy Name                 : IPSec tunnel with third-party gateway
Filter Name                 : From NetA to NetB
Source Address              : 10.2.0.0 , mask 255.255.255.0
Destination Address         : 10.1.0.0 , mask 255.255.255.0
Protocol                    : ANY    Source Port: 0    Destination Port: 0
Direction                   : Inbound
Tunnel Source               : 198.51.100.1
Tunnel Destination          : 192.0.2.1
SPI                         : <spi>
Packets                     : 2    Bytes: 120
Offer Used
AH(b/r)      ESP Con(b/r)      ESP Int      PFS DH Group
----------   -------------     -------      ------------
None         DES (8/0)         MD5          <Unassigned>
Key Life Time(s/k)          : 3600/100000

"""


def masked(shown: str) -> str:
    """The text with cookies, SPIs and the seconds of the head line taken out."""
    shown = re.sub(r"[0-9a-f]{16}:[0-9a-f]{16}", "<cookie>", shown)
    return re.sub(r"[0-9]+ \(0x[0-9a-f]+\)", "<spi>", shown)


def test_a_bare_gateway_has_no_associations() -> None:
    session = Session()
    assert text(session, "ipsec dynamic show mmsas") == (
        "IPsec MainMode Security Associations not available.\n")
    assert text(session, "ipsec dynamic show qmsas") == (
        "IPsec QuickMode Security Associations not available.\n")
    assert data(session, "ipsec dynamic show mmsas") == []
    assert data(session, "ipsec dynamic show qmsas") == []


def test_the_main_mode_of_the_tunnel_is_shown(up: Session) -> None:
    shown = masked(text(up, "ipsec dynamic show mmsas"))
    assert re.sub(r"9:00:0\d", "9:00:02", shown) == MAIN_MODE


def test_both_directions_of_the_quick_mode_are_shown(up: Session) -> None:
    assert masked(text(up, "ipsec dynamic show qmsas")) == QUICK_MODE


def test_no_line_is_wider_than_80_columns(up: Session) -> None:
    for what in ("mmsas", "qmsas", "mmsas format=table", "qmsas format=table"):
        shown = text(up, f"ipsec dynamic show {what}")
        assert max(len(line) for line in shown.splitlines()) <= 80


def test_json_gives_each_association_its_fields(up: Session) -> None:
    out, back = data(up, "ipsec dynamic show qmsas")
    assert (out["direction"], out["source"], out["destination"]) == (
        "outbound", "10.1.0.0/24", "10.2.0.0/24")
    assert (back["direction"], back["from"], back["to"]) == (
        "inbound", "198.51.100.1", "192.0.2.1")
    assert out["packets"] == back["packets"] == 2
    assert re.fullmatch("0x[0-9a-f]{8}", out["spi"])
    assert out["created"].startswith("2004-03-17T09:00:0")
    (main,) = data(up, "ipsec dynamic show mmsas")
    assert main["cookies"] == out["cookies"]
    assert (main["method"], main["quick_modes"]) == ("3DES/SHA1/2/28800", 1)


def test_the_peer_sees_the_same_spis_the_other_way_round(up: Session) -> None:
    here = [one["spi"] for one in data(up, "ipsec dynamic show qmsas")]
    up.machine = "gwB"
    try:
        there = [one["spi"] for one in data(up, "ipsec dynamic show qmsas")]
    finally:
        up.machine = "gwA"
    assert here == there[::-1]


SELECTIONS = [("all", 2), ("", 2), ("srcaddr=10.1.0.7", 1), ("srcaddr=10.3.0.1", 0),
              ("dstaddr=10.1.0.7", 1), ("srcaddr=192.0.2.1", 1),
              ("10.1.0.1 10.2.0.1", 1), ("10.2.0.1 10.2.0.1", 0)]


@pytest.mark.parametrize(("words", "count"), SELECTIONS)
def test_addresses_select_associations(words: str, count: int, up: Session) -> None:
    assert len(data(up, "ipsec dynamic show qmsas " + words)) == count


def test_the_table_has_one_line_a_direction(up: Session) -> None:
    lines = text(up, "ipsec dynamic show qmsas format=table").splitlines()
    assert lines[0] == "Direction  Source       Destination  SPI         Packets  Bytes"
    assert [line.split()[0] for line in lines[2:]] == ["Outbound", "Inbound"]
    assert len(text(up, "ipsec dynamic show mmsas format=table").splitlines()) == 3


def test_a_soft_association_is_shown_as_no_protection() -> None:
    session = Session()
    type_article(session)
    run_line('ipsec static set filteraction name="IPSec tunnel: ESP DES/MD5" soft=yes', session)
    session.machine = "gwB"
    run_line("net stop policyagent", session)
    session.machine = "hostA"
    run_line("ping -n 80 hostB", session)
    session.machine = "gwA"
    shown = text(session, "ipsec dynamic show qmsas")
    assert "Soft Association\n" in shown
    assert "None         None              None         <Unassigned>\n" in shown
    (one,) = data(session, "ipsec dynamic show qmsas")
    assert (one["soft"], one["to"]) == (True, "198.51.100.1")
    assert "None (soft association)" in text(session, "ipsecmon")


SUITES = [
    (QuickModeMethod("DES", "MD5"), "DES (8/0)", "ESP DES/CBC HMAC MD5"),
    (QuickModeMethod("3DES", "SHA1"), "3DES (24/0)", "ESP 3DES/CBC HMAC SHA1"),
    (QuickModeMethod("AES256", "SHA256"), "AES256 (32/0)", "ESP AES256/CBC HMAC SHA256"),
    (QuickModeMethod("", "SHA1"), "None", "ESP NULL HMAC SHA1"),
    (QuickModeMethod("AESGCM256"), "AESGCM256 (32/0)", "ESP AESGCM256"),
    (QuickModeMethod("DES", "MD5", "SHA1"), "DES (8/0)", "AH HMAC SHA1, ESP DES/CBC HMAC MD5"),
]


@pytest.mark.parametrize(("method", "listed", "monitored"), SUITES)
def test_a_suite_has_its_words(method: QuickModeMethod, listed: str, monitored: str) -> None:
    assert (confidentiality(method), monitor_text(method)) == (listed, monitored)


def test_every_cipher_of_the_product_has_a_key_length() -> None:
    assert set(KEY_OCTETS) == {*CIPHERS, *AEAD_CIPHERS}


@pytest.mark.parametrize("words", ["srcaddr=10.1", "format=wide", "dstaddr=any", "a b c d"])
def test_a_wrong_selection_is_refused(words: str) -> None:
    assert refused(Session(), "ipsec dynamic show qmsas " + words).exit == 2
