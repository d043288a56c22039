"""ipconfig lists the adapters as Windows 2000 does, the same before and after the tunnel."""

import pytest

from commands.session import Session
from commands.tools.ipconfig import label
from tests.support.typing import data, refused, text, tunnel, type_article

LABELS = [
    ("Connection-specific DNS Suffix ", "Connection-specific DNS Suffix  . : "),
    ("IP Address", "IP Address. . . . . . . . . . . . : "),
    ("Subnet Mask", "Subnet Mask . . . . . . . . . . . : "),
    ("Default Gateway", "Default Gateway . . . . . . . . . : "),
    ("Host Name", "Host Name . . . . . . . . . . . . : "),
    ("Primary DNS Suffix ", "Primary DNS Suffix  . . . . . . . : "),
    ("IP Routing Enabled", "IP Routing Enabled. . . . . . . . : "),
    ("Physical Address", "Physical Address. . . . . . . . . : "),
]


@pytest.mark.parametrize(("title", "shown"), LABELS)
def test_the_dots_stand_where_windows_has_them(title: str, shown: str) -> None:
    assert label(title) == "        " + shown


def test_a_host_shows_address_mask_and_gateway() -> None:
    assert text(Session(machine="hostA"), "ipconfig") == """
Windows 2000 IP Configuration

Ethernet adapter Local Area Connection:

        Connection-specific DNS Suffix  . :
        IP Address. . . . . . . . . . . . : 10.1.0.10
        Subnet Mask . . . . . . . . . . . : 255.255.255.0
        Default Gateway . . . . . . . . . : 10.1.0.1

"""


def test_all_begins_with_the_host_and_shows_hardware_addresses() -> None:
    shown = text(Session(), "ipconfig /all")
    assert shown.startswith("""
Windows 2000 IP Configuration

        Host Name . . . . . . . . . . . . : gwA
        Primary DNS Suffix  . . . . . . . :
        Node Type . . . . . . . . . . . . : Broadcast
        IP Routing Enabled. . . . . . . . : Yes
        WINS Proxy Enabled. . . . . . . . : No

Ethernet adapter Internal:

        Connection-specific DNS Suffix  . :
        Description . . . . . . . . . . . : Lab Ethernet Adapter
        Physical Address. . . . . . . . . : 00-""")
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_the_tunnel_adds_no_interface() -> None:
    before = Session()
    type_article(before)
    assert text(tunnel(), "ipconfig") == text(before, "ipconfig")


def test_json_lists_the_adapters() -> None:
    adapters = data(Session(machine="hostA"), "ipconfig /all")["adapters"]
    assert adapters == [{"name": "Local Area Connection", "mac": adapters[0]["mac"],
                         "address": "10.1.0.10", "mask": "255.255.255.0",
                         "gateway": "10.1.0.1"}]


@pytest.mark.parametrize("line", ["ipconfig /renew", "ipconfig all", "ipconfig /all:yes"])
def test_what_the_lab_cannot_do_is_refused(line: str) -> None:
    assert refused(Session(), line).exit == 2
