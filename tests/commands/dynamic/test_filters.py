"""show mmfilter and qmfilter: what the policy in force became."""

import pytest

from commands.run import run_line
from commands.session import Session
from tests.support.typing import data, refused, text

MAIN_MODE = """
Main Mode Filters: Generic
------------------------------------------------------------------------------
Filter Name                 : From NetA to NetB
Policy Name                 : IPSec tunnel with third-party gateway
Source Address              : 192.0.2.1 , mask 255.255.255.255
Destination Address         : 198.51.100.1 , mask 255.255.255.255
Authentication Methods      : Preshared Key
Security Methods            : 4
    3DES-SHA1-2
    3DES-MD5-2
    DES-SHA1-1
    DES-MD5-1

No. of Main Mode Filters    : 1
"""


def test_without_a_policy_there_are_no_filters() -> None:
    session = Session()
    assert text(session, "ipsec dynamic show mmfilter all") == (
        "IPsec MainMode Filters not available.\n")
    assert text(session, "ipsec dynamic show qmfilter all") == (
        "IPsec QuickMode Filters not available.\n")
    assert data(session, "ipsec dynamic show qmfilter") == []


def test_main_mode_is_made_with_the_tunnel_end(up: Session) -> None:
    assert text(up, "ipsec dynamic show mmfilter all") == MAIN_MODE


def test_quick_mode_filters_are_the_two_of_the_article(up: Session) -> None:
    out, back = data(up, "ipsec dynamic show qmfilter all")
    assert (out["name"], out["rule"], out["direction"], out["tunnel"]) == (
        "From NetA to NetB", "NetA to NetB", "outbound", "198.51.100.1")
    assert (back["direction"], back["source"], back["tunnel"]) == (
        "inbound", "10.2.0.0/24", "192.0.2.1")
    assert out["methods"] == ["ESP[DES,MD5]"]
    shown = text(up, "ipsec dynamic show qmfilter all")
    assert "Tunnel Destination          : 198.51.100.1\n" in shown
    assert shown.endswith("No. of Quick Mode Filters   : 2\n")
    assert "kb252735" not in shown


SELECTIONS = [("all", 2), ('"From NetA to NetB"', 1), ('name="from netb to neta"', 1),
              ("nothing", 0), ("srcaddr=10.1.0.9", 1), ("all generic", 2), ("dstaddr=10.9.0.9", 0)]


@pytest.mark.parametrize(("words", "count"), SELECTIONS)
def test_name_and_addresses_select_filters(words: str, count: int, up: Session) -> None:
    assert len(data(up, "ipsec dynamic show qmfilter " + words)) == count


def test_a_transport_rule_for_any_peer_shows_any_address() -> None:
    session = Session()
    for line in ("add policy P", "add filterlist L", "add filter L me any", "add filteraction A",
                 "add rule R P L A kerberos=yes", "set policy P assign=yes"):
        run_line("ipsec static " + line, session)
    shown = text(session, "ipsec dynamic show mmfilter")
    assert "Destination Address         : <Any IP Address>\n" in shown
    assert "Authentication Methods      : Kerberos\n" in shown


@pytest.mark.parametrize("words", ["srcaddr=x", "all generic 10.1.0.0 10.2.0.0 more"])
def test_a_wrong_selection_is_refused(words: str) -> None:
    assert refused(Session(), "ipsec dynamic show qmfilter " + words).exit == 2
