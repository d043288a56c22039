"""Masked reports: the same label everywhere, masks and words left alone, keys never there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.report.masking import Masker
from commands.session import ARTICLE_NAMES
from engine.address import format_address
from engine.policy.model import Secret


@pytest.fixture
def masker() -> Masker:
    return Masker(ARTICLE_NAMES, (Secret("Sesam-öffne-dich"), "abc"))


@pytest.mark.parametrize(("text", "shown"), [
    ("192.0.2.1", "W2KextIP"), ("to 198.51.100.1.", "to 3rdExtIP."),
    ("10.1.0.0/24 to 10.2.0.0/24", "NetA/24 to NetB/24"),
    ("srcaddr=10.1.0.0 srcmask=255.255.255.0", "srcaddr=NetA srcmask=255.255.255.0"),
    ("10.1.0.10, 10.1.0.11, 10.1.0.10", "NetA-host1, NetA-host2, NetA-host1"),
    ("8.8.8.8 and 9.9.9.9 and 8.8.8.8", "ip1 and ip2 and ip1"),
    ("0.0.0.0/0 by 127.0.0.1", "0.0.0.0/0 by 127.0.0.1"),
    ("version 1.2.3.4.5 and 1.2.3", "version 1.2.3.4.5 and 1.2.3"),
    ("999.1.1.1 300.2.2.2", "999.1.1.1 300.2.2.2"), ("v10.9.8.7", "v10.9.8.7"),
    ("(10.9.8.7:500)", "(ip1:500)"), ("'203.0.113.77'", "'ip1'"),
    ("00-0C-29-AA-BB-CC", "mac1"),
    ("key Sesam-öffne-dich here", "key ******** here"), ("xSesam-öffne-dichx", "x********x"),
    ("abc abcd xabc", "******** abcd xabc"),
])
def test_what_becomes_of_a_text(masker: Masker, text: str, shown: str) -> None:
    assert masker.text(text) == shown


def test_the_map_says_what_stands_for_what_and_holds_no_key(masker: Masker) -> None:
    masker.text("8.8.8.8 Sesam-öffne-dich")
    lines = masker.map().splitlines()
    assert lines[0].startswith("# Private") and "ip1 = 8.8.8.8" in lines
    assert "W2KextIP = 192.0.2.1" in lines and "Sesam" not in masker.map()


def test_without_masking_keys_are_still_stars() -> None:
    plain = Masker(ARTICLE_NAMES, ("Sesam-öffne-dich",), addresses=False)
    assert plain.text("10.1.0.10 Sesam-öffne-dich") == "10.1.0.10 ********"


@given(st.lists(st.integers(0, 2**32 - 1), max_size=8), st.text(max_size=20))
def test_no_address_survives_and_no_two_share_a_label(addresses: list[int], rest: str) -> None:
    one = Masker(ARTICLE_NAMES)
    wild = {address for address in addresses if address >> 24 not in (0, 127, 255)}
    for address in wild:
        shown = one.text(f"{rest} {format_address(address)} {rest}")
        assert f" {format_address(address)} " not in shown
    labels = [one.address(address) for address in wild]
    assert len(set(labels)) == len(labels)
