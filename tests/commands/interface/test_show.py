"""interface ip show: addresses in netsh's layout, values in column 43."""

import pytest

from commands.session import Session
from tests.support.typing import data, refused, text

EXTERNAL = """
Configuration for interface "External"
    DHCP enabled:                         No
    IP Address:                           192.0.2.1
    SubnetMask:                           255.255.255.0
    InterfaceMetric:                      0

"""


@pytest.mark.parametrize("name", ["External", "external", "192.0.2.1", "name=External"])
def test_one_interface_is_shown(name: str) -> None:
    assert text(Session(), f"interface ip show address {name}") == EXTERNAL


def test_a_default_gateway_is_shown_with_its_metric() -> None:
    session = Session(machine="hostA")
    assert text(session, 'interface ip show address "Local Area Connection"') == """
Configuration for interface "Local Area Connection"
    DHCP enabled:                         No
    IP Address:                           10.1.0.10
    SubnetMask:                           255.255.255.0
    Default Gateway:                      10.1.0.1
    GatewayMetric:                        1
    InterfaceMetric:                      0

"""


def test_config_adds_the_name_servers() -> None:
    shown = text(Session(), "interface ip show config")
    assert shown.count("Configuration for interface") == 2
    assert shown.count("    Statically Configured DNS Servers:    None\n") == 2
    assert all(line[41] == " " and line[42] != " " for line in shown.splitlines()
               if line.startswith("    "))


def test_json_lists_the_interfaces() -> None:
    assert data(Session(), "interface ip show address External") == [
        {"name": "External", "dhcp": False, "address": "192.0.2.1", "mask": "255.255.255.0",
         "gateway": None}]


@pytest.mark.parametrize("line", ["show address Foo", "show address 9.9.9.9", "show config Foo"])
def test_an_unknown_interface_is_named_and_the_known_are_listed(line: str) -> None:
    mistake = refused(Session(), "interface ip " + line)
    assert (mistake.code, mistake.known) == ("not-found", ("Internal", "External"))
