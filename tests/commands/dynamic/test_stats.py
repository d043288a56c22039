"""show stats and ipsecmon: the same counters under two tools' labels."""

import pytest

from commands.session import Session
from commands.tools.ipsecmon import IPSEC_LABELS, OAKLEY_LABELS
from engine.statistics import LABELS
from tests.support.typing import data, refused, text

IKE_HEAD = """IKE Statistics
--------------
Main Modes                  : 1
Quick Modes                 : 1
Soft SAs                    : 0
Authentication Failures     : 0
"""
MONITOR = """
IP Security Monitor on gwA

Policy Name             : IPSec tunnel with third-party gateway
Security                : ESP DES/CBC HMAC MD5
Filter Name             : From NetA to NetB
Source Address          : 10.1.0.0/24
Dest. Address           : 10.2.0.0/24
Protocol                : ANY
Src. Port               : 0
Dest. Port              : 0
Tunnel Endpoint         : 198.51.100.1

Associations: 1

IPSEC Statistics
----------------
Active Associations         : 1
Confidential Bytes Sent     : 120
Confidential Bytes Received : 120
Authenticated Bytes Sent    : 120
Authenticated Bytes Received: 120
Bad SPI Packets             : 0
Packets Not Decrypted       : 0
Packets Not Authenticated   : 0
Key Additions               : 2

ISAKMP/Oakley Statistics
------------------------
Oakley Main Modes           : 1
Oakley Quick Modes          : 1
Soft Associations           : 0
Authentication Failures     : 0

IP Security is enabled on this computer.
"""


def test_stats_show_both_groups_with_all_labels(up: Session) -> None:
    shown = text(up, "ipsec dynamic show stats")
    assert shown.startswith(IKE_HEAD)
    assert "\nIPsec Statistics\n----------------\nActive Assoc                : 1\n" in shown
    assert all(f"{label:<28}: " in shown for _, _, label in LABELS)
    assert "Bytes Received In Tunnels   : 120\n" in shown


@pytest.mark.parametrize(("type", "first", "lines"), [
    ("ike", "IKE Statistics", 25), ("ipsec", "IPsec Statistics", 23), ("i", "", 0)])
def test_one_group_can_be_asked_for(type: str, first: str, lines: int, up: Session) -> None:
    line = f"ipsec dynamic show stats type={type}"
    if not first:
        assert refused(up, line).exit == 2
        return
    shown = text(up, line).splitlines()
    assert (shown[0], len(shown)) == (first, lines)


def test_json_has_every_counter_by_key(up: Session) -> None:
    said = data(up, "ipsec dynamic show stats")
    assert set(said) == {"ike", "ipsec", "drops"}
    assert {one["name"] for one in said["drops"]} == set(up.lab.hosts["gwA"].counters)
    assert len(said["ike"]) + len(said["ipsec"]) == len(LABELS)
    assert said["ipsec"]["active_tunnels"] == 1


def test_the_monitor_lists_the_association_and_the_statistics(up: Session) -> None:
    assert text(up, "ipsecmon") == MONITOR
    assert text(up, "ipsecomon") == MONITOR
    assert text(up, "ipsecmon GWA") == MONITOR


def test_the_monitors_counters_are_counters_of_the_engine() -> None:
    keys = {key for _, key, _ in LABELS}
    assert {key for key, _ in (*IPSEC_LABELS, *OAKLEY_LABELS)} <= keys


def test_a_bare_gateway_is_not_enabled() -> None:
    shown = text(Session(), "ipsecmon")
    assert "There are no security associations.\n" in shown
    assert shown.endswith("IP Security is not enabled on this computer.\n")
    said = data(Session(), "ipsecmon")
    assert (said["associations"], said["status"]) == ([], {"enabled": False})


def test_json_of_the_monitor_names_the_association(up: Session) -> None:
    said = data(up, "ipsecmon")
    assert said["associations"][0]["security"] == "ESP DES/CBC HMAC MD5"
    assert said["status"] == {"enabled": True}


def test_a_machine_that_is_none_is_refused() -> None:
    assert refused(Session(), "ipsecmon nobody").code == "not-found"
