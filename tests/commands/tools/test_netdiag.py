"""netdiag /test:ipsec prints the article's fields in its order, and the key only on demand."""

import re

import pytest

from commands.run import run_line
from commands.session import Session
from commands.tools.netdiag import flags_text, offer_text
from engine.spd import SpdEntry
from engine.suites import QuickModeMethod
from tests.support.typing import data, refused, text, type_article

PATH = r"SOFTWARE\Policies\Microsoft\Windows\IPSec\Policy"
POLICY = "IPSec tunnel with third-party gateway"
ARTICLE = f"""
IP Security test . . . . . . . . . : Passed
    Local IPSec Policy Active: '{POLICY}'
    IP Security Policy Path: {PATH}\\Local\\ipsecPolicy<guid>

There are 2 filters

From NetA to NetB
    Filter Id: <guid>
    Policy Id: <guid>
    IPSEC_POLICY PolicyId = <guid>
        Flags: 0x0
        Tunnel Addr: 0.0.0.0
    PHASE 2 OFFERS Count = 1
        Offer #0:
            ESP[ DES MD5 HMAC]
            Rekey: 0 seconds / 0 bytes.
    AUTHENTICATION INFO Count = 1
        Method = Preshared key: ********
    Src Addr : 10.1.0.0 Src Mask : 255.255.255.0
    Dest Addr : 10.2.0.0 Dest Mask : 255.255.255.0
    Tunnel Addr : 198.51.100.1 Src Port : 0 Dest Port : 0
    Protocol : 0 TunnelFilter: Yes
    Flags : Outbound

From NetB to NetA
    Filter Id: <guid>
    Policy Id: <guid>
    IPSEC_POLICY PolicyId = <guid>
        Flags: 0x0
        Tunnel Addr: 0.0.0.0
    PHASE 2 OFFERS Count = 1
        Offer #0:
            ESP[ DES MD5 HMAC]
            Rekey: 0 seconds / 0 bytes.
    AUTHENTICATION INFO Count = 1
        Method = Preshared key: ********
    Src Addr : 10.2.0.0 Src Mask : 255.255.255.0
    Dest Addr : 10.1.0.0 Dest Mask : 255.255.255.0
    Tunnel Addr : 192.0.2.1 Src Port : 0 Dest Port : 0
    Protocol : 0 TunnelFilter: Yes
    Flags : Inbound
"""


@pytest.fixture
def gateway() -> Session:
    """gwA with the article typed."""
    session = Session()
    type_article(session)
    return session


def without_guids(shown: str) -> str:
    """The text with every GUID replaced."""
    return re.sub(r"\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}", "<guid>", shown)


def test_the_articles_policy_shows_the_articles_sample(gateway: Session) -> None:
    assert without_guids(text(gateway, "netdiag /test:ipsec /debug")) == ARTICLE


def test_the_key_is_printed_only_with_reveal(gateway: Session) -> None:
    for line in ("netdiag /test:ipsec /debug", "netdiag /test:ipsec /debug | json",
                 "netdiag /test:ipsec /debug reveal=no"):
        assert "kb252735" not in text(gateway, line)
    shown = text(gateway, "netdiag /test:ipsec /debug reveal=yes")
    assert shown.count("        Method = Preshared key: kb252735\n") == 2
    assert "kb252735" in text(gateway, "netdiag /debug reveal=yes | json")
    assert "kb252735" not in text(gateway, "netdiag /test:ipsec /debug")


def test_without_debug_only_the_state_is_shown(gateway: Session) -> None:
    assert without_guids(text(gateway, "netdiag /test:ipsec")) == ARTICLE.split("\nThere")[0]


def test_a_bare_gateway_has_no_policy() -> None:
    assert text(Session(), "netdiag /test:ipsec") == """
IP Security test . . . . . . . . . : Passed
    IPSec policy service is active, but no policy is assigned.
"""
    assert text(Session(), "netdiag /test:ipsec /debug").endswith("\nThere are 0 filters\n")


def test_a_stopped_service_is_said(gateway: Session) -> None:
    run_line("net stop policyagent", gateway)
    assert text(gateway, "netdiag /test:ipsec /debug") == """
IP Security test . . . . . . . . . : Skipped
    IPSec policy service is not active.
"""


def test_a_domain_policy_is_named_a_directory_policy(gateway: Session) -> None:
    run_line("ipsec static set store location=domain", gateway)
    run_line('ipsec static add policy name="Domain wide"', gateway)
    run_line('ipsec static set policy name="Domain wide" assign=yes', gateway)
    shown = without_guids(text(gateway, "netdiag /test:ipsec")).splitlines()
    assert shown[2:] == ["    Directory IPSec Policy Active: 'Domain wide'",
                         f"    IP Security Policy Path: {PATH}\\Cache\\ipsecPolicy<guid>"]


def test_ids_are_those_of_the_store(gateway: Session) -> None:
    said = data(gateway, "netdiag /test:ipsec /debug")
    config = gateway.config
    assert said["path"].endswith(config.policy(POLICY, "local").guid)
    action = config.filteraction("IPSec tunnel: ESP DES/MD5", "local")
    assert {one["policy_id"] for one in said["filters"]} == {action.guid}
    assert [one["flags"] for one in said["filters"]] == ["Outbound", "Inbound"]


def test_lifetimes_are_seconds_and_octets(gateway: Session) -> None:
    run_line('ipsec static set filteraction name="IPSec tunnel: ESP DES/MD5" '
             'qmsecmethods="ESP[3DES,SHA1]:30000k/480s AH[MD5]"', gateway)
    shown = text(gateway, "netdiag /debug").splitlines()
    at = shown.index("    PHASE 2 OFFERS Count = 2")
    assert shown[at + 1:at + 7] == [
        "        Offer #0:", "            ESP[ 3DES SHA1 HMAC]",
        "            Rekey: 480 seconds / 30720000 bytes.",
        "        Offer #1:", "            AH[ MD5 HMAC]",
        "            Rekey: 0 seconds / 0 bytes."]


METHODS = [
    (QuickModeMethod("DES", "MD5"), "ESP[ DES MD5 HMAC]"),
    (QuickModeMethod("", "SHA1"), "ESP[ None SHA1 HMAC]"),
    (QuickModeMethod("AESGCM256"), "ESP[ AESGCM256]"),
    (QuickModeMethod(ah_auth="SHA1"), "AH[ SHA1 HMAC]"),
    (QuickModeMethod("3DES", "SHA1", "MD5"), "AH[ MD5 HMAC] AND ESP[ 3DES SHA1 HMAC]"),
]


@pytest.mark.parametrize(("method", "shown"), METHODS)
def test_offers_are_written_as_the_tool_writes_them(method: QuickModeMethod, shown: str) -> None:
    assert offer_text(method) == shown


FLAGS = [("outbound", "negotiate", "Outbound"), ("inbound", "negotiate", "Inbound"),
         ("inbound", "block", "Inbound Block"), ("outbound", "permit", "Outbound Permit")]


@pytest.mark.parametrize(("direction", "action", "shown"), FLAGS)
def test_flags_say_direction_and_action(direction: str, action: str, shown: str) -> None:
    assert flags_text(SpdEntry("", "", direction=direction, action=action)) == shown


def test_a_blocking_filter_has_no_offers_and_other_keys_are_named(gateway: Session) -> None:
    action = 'ipsec static set filteraction name="IPSec tunnel: ESP DES/MD5" action=block'
    run_line(action, gateway)
    shown = text(gateway, "netdiag /debug")
    assert "OFFERS" not in shown
    assert "    Flags : Inbound Block" in shown


def test_kerberos_is_named(gateway: Session) -> None:
    run_line(f'ipsec static set rule name="NetA to NetB" policy="{POLICY}" kerberos=yes', gateway)
    assert "        Method = Kerberos v5\n" in text(gateway, "netdiag /debug")


def test_the_output_can_be_redirected_as_in_the_article(gateway: Session,
                                                        tmp_path: object) -> None:
    gateway.folder = str(tmp_path)
    assert text(gateway, "netdiag /test:ipsec /debug > filename.txt") == ""
    with open(f"{tmp_path}/filename.txt", encoding="utf-8") as file:
        assert without_guids(file.read()) == ARTICLE


@pytest.mark.parametrize("line", ["netdiag /test:dns", "netdiag /test", "netdiag ipsec",
                                  "netdiag /fix", "netdiag reveal=perhaps"])
def test_other_tests_are_refused(line: str) -> None:
    assert refused(Session(), line).exit == 2
