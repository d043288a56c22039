"""route: Windows 2000's table and its four verbs, switches before or behind the verb."""

from pathlib import Path

import pytest

from commands.parser import complete
from commands.run import run_line
from commands.session import Session
from engine.address import parse_address
from tests.support.typing import data, refused, text

ADD = "10.2.0.0 MASK 255.255.255.0 198.51.100.1"
TABLE = """\
===========================================================================
Interface List
0x1 ........................... MS TCP Loopback interface
0x1000003 ...00 0c 29 5a 00 11 ...... Internal
0x1000004 ...00 0c 29 5a 00 12 ...... External
===========================================================================
===========================================================================
Active Routes:
Network Destination        Netmask          Gateway       Interface  Metric
         10.1.0.0    255.255.255.0         10.1.0.1        10.1.0.1       1
         10.1.0.1  255.255.255.255        127.0.0.1       127.0.0.1       1
         10.2.0.0    255.255.255.0     198.51.100.1       192.0.2.1       1
        127.0.0.0        255.0.0.0        127.0.0.1       127.0.0.1       1
        192.0.2.0    255.255.255.0        192.0.2.1       192.0.2.1       1
        192.0.2.1  255.255.255.255        127.0.0.1       127.0.0.1       1
     198.51.100.0    255.255.255.0      192.0.2.254       192.0.2.1       1
        224.0.0.0        224.0.0.0         10.1.0.1        10.1.0.1       1
        224.0.0.0        224.0.0.0        192.0.2.1       192.0.2.1       1
  255.255.255.255  255.255.255.255        192.0.2.1       192.0.2.1       1
===========================================================================
Persistent Routes:
  Network Address          Netmask  Gateway Address  Metric
     198.51.100.0    255.255.255.0      192.0.2.254       1
"""


@pytest.fixture
def gateway() -> Session:
    """A session on gwA as it is delivered."""
    return Session()


def active(session: Session) -> list[str]:
    """The gateways of the active routes to NetB."""
    return [one["gateway"] for one in data(session, "route print 10.2.0.0")["active"]]


def stored(session: Session) -> list[int]:
    """The metrics of the persistent routes to NetB."""
    wanted = parse_address("10.2.0.0")
    return [one.metric for one in session.config.routes() if one.destination == wanted]


def test_print_is_windows_table(gateway: Session) -> None:
    run_line("route add " + ADD, gateway)
    assert text(gateway, "route print") == TABLE
    assert text(gateway, "route") == TABLE


def test_a_default_gateway_has_a_line_of_its_own() -> None:
    shown = text(Session(machine="hostA"), "route print 0.0.0.0").splitlines()
    at = shown.index("Network Destination        Netmask          Gateway       Interface  Metric")
    assert shown[at + 1:] == [
        "          0.0.0.0          0.0.0.0         10.1.0.1       10.1.0.10       1",
        "Default Gateway:          10.1.0.1",
        "=" * 75,
        "Persistent Routes:",
        "  None"]


@pytest.mark.parametrize("line", ["route -p add " + ADD, f"route add {ADD} -p",
                                  f"route add {ADD} METRIC 1 -p", f"ROUTE -P ADD {ADD}"])
def test_p_makes_the_route_persistent(line: str, gateway: Session) -> None:
    run_line(line, gateway)
    assert stored(gateway) == [1]


@pytest.mark.parametrize("interface", ["External", "192.0.2.1", "0x1000004", "16777220"])
def test_if_names_the_interface_in_four_ways(interface: str, gateway: Session) -> None:
    run_line(f"route -p add {ADD} METRIC 3 IF {interface}", gateway)
    assert gateway.config.routes()[-1].interface == "External"
    assert stored(gateway) == [3]


def test_without_if_the_gateway_decides(gateway: Session) -> None:
    run_line("route -p add 10.9.0.0 MASK 255.255.0.0 10.1.0.10", gateway)
    run_line("route -p add 10.8.0.1 198.51.100.1", gateway)
    assert [(one.interface, one.prefix) for one in gateway.config.routes()[1:]] == [
        ("Internal", 16), ("External", 32)]


def test_change_gives_another_gateway_to_either_kind(gateway: Session) -> None:
    run_line("route add " + ADD, gateway)
    run_line("route change 10.2.0.0 MASK 255.255.255.0 192.0.2.254 METRIC 4", gateway)
    assert active(gateway) == ["192.0.2.254"]
    run_line("route delete 10.2.0.0", gateway)
    run_line("route -p add " + ADD, gateway)
    run_line("route change 10.2.0.0 192.0.2.254", gateway)
    assert (active(gateway), stored(gateway)) == (["192.0.2.254"], [1])


PATTERNS = ["10.2.0.0", "10.2.*", "1?.2.0.0", "10.2.0.0 MASK 24", "10.2.0.0 198.51.100.1", "*"]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_delete_takes_patterns_and_both_kinds(pattern: str, gateway: Session) -> None:
    run_line("route add " + ADD, gateway)
    run_line("route -p add 10.2.0.0 MASK 255.255.255.0 198.51.100.1 METRIC 2", gateway)
    run_line("route delete " + pattern, gateway)
    assert active(gateway) == []


def test_f_clears_runtime_routes_and_keeps_the_persistent(gateway: Session) -> None:
    run_line("route add " + ADD, gateway)
    run_line("route -p add 10.3.0.0 MASK 255.255.255.0 192.0.2.254", gateway)
    run_line("route -f", gateway)
    assert active(gateway) == []
    assert len(gateway.config.routes()) == 2
    run_line("route add " + ADD, gateway)
    run_line("route -f add 10.4.0.0 MASK 255.255.255.0 192.0.2.254", gateway)
    assert active(gateway) == []


BAD = [
    ("add", "missing-tag", 2), ("add 10.2.0.0", "missing-tag", 2),
    ("add 10.2.0.5 MASK 24 198.51.100.1", "host-bits", 1),
    ("add 10.2.* MASK 24 198.51.100.1", "bad-value", 2),
    ("add 10.2.0.0 MASK 255.0.255.0 198.51.100.1", "bad-value", 2),
    ("add 10.2.0.0 MASK", "missing-value", 2),
    ("add 10.2.0.0 MASK 24 9.9.9.9", "route", 1),
    (f"add {ADD} IF Foo", "not-found", 1), (f"add {ADD} METRIC 0", "bad-value", 2),
    (f"add {ADD} 1.2.3.4", "extra-value", 2), ("add 10.2.x", "bad-value", 2),
    ("delete", "missing-tag", 2), ("delete 10.9.*", "route", 1), ("delete 1x.*", "bad-value", 2),
    ("change 10.2.0.0 198.51.100.1", "not-found", 1), ("-q print", "unknown-option", 2),
    ("-p remove 10.2.0.0", "bad-value", 2),
]


@pytest.mark.parametrize(("words", "code", "exit"), BAD)
def test_a_wrong_line_is_refused(words: str, code: str, exit: int, gateway: Session) -> None:
    before = gateway.config.digest()
    mistake = refused(gateway, "route " + words)
    assert (mistake.code, mistake.exit) == (code, exit)
    assert gateway.config.digest() == before


def test_a_route_is_added_once(gateway: Session) -> None:
    run_line("route add " + ADD, gateway)
    assert refused(gateway, "route add " + ADD).code == "exists"
    run_line("route -p add " + ADD, gateway)
    assert refused(gateway, "route -p add " + ADD).code == "exists"


def test_destinations_are_completed_and_a_broken_store_offers_none(gateway: Session,
                                                                   tmp_path: Path) -> None:
    assert "198.51.100.0" in {one.value for one in complete("route delete 1", gateway)}
    broken = Session(str(tmp_path / "store.db"))
    (tmp_path / "store.db").write_text("no database at all, but long enough to be looked at" * 9)
    assert "198.51.100.0" not in {one.value for one in complete("route delete 1", broken)}
    assert "hostA" not in {one.value for one in complete("ping h", broken)}
