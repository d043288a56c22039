"""interface ip set, add, delete address: one address an adapter, a gateway that comes and goes."""

import pytest

from commands.run import run_line
from commands.session import Session
from engine.address import format_address
from tests.support.typing import data, refused


def external(session: Session) -> tuple[str, int, str]:
    one = session.config.interface("External")
    gateway = "none" if one.gateway is None else format_address(one.gateway)
    return format_address(one.address), one.prefix, gateway


FIRST = ("192.0.2.1", 24, "none")
CHANGES = [
    ("set address External static 192.0.2.9 255.255.255.0", ("192.0.2.9", 24, "none")),
    ('set address name="External" source=static addr=192.0.2.9 mask=16 gateway=192.0.2.254 '
     "gwmetric=1", ("192.0.2.9", 16, "192.0.2.254")),
    ("set address External gateway=192.0.2.254", ("192.0.2.1", 24, "192.0.2.254")),
    ("add address External gateway=192.0.2.254", ("192.0.2.1", 24, "192.0.2.254")),
    ("add address External 192.0.2.1 24 192.0.2.254", ("192.0.2.1", 24, "192.0.2.254")),
    ("set address External static 192.0.2.1 24 none", FIRST),
]


@pytest.mark.parametrize(("line", "after"), CHANGES)
def test_a_change_is_stored_and_reaches_the_running_lab(
        line: str, after: tuple[str, int, str]) -> None:
    session = Session()
    host = session.lab.hosts["gwA"]
    run_line("interface ip " + line, session)
    assert external(session) == after
    assert format_address(host.node.interfaces["External"].address) == after[0]


@pytest.mark.parametrize("line", ["delete address External gateway=all",
                                  "delete address External gateway=192.0.2.254"])
def test_a_gateway_is_deleted(line: str) -> None:
    session = Session()
    run_line("interface ip set address External gateway=192.0.2.254", session)
    run_line("interface ip " + line, session)
    assert external(session) == FIRST


REFUSED = [
    ("set address External dhcp", "not-supported"),
    ("set address External static 192.0.2.9", "missing-tag"),
    ("set address External mask=24", "missing-tag"),
    ("set address External static 192.0.2.0 24", "bad-value"),
    ("set address External static 192.0.2.255 24", "bad-value"),
    ("set address External static 127.0.0.1 8", "bad-value"),
    ("set address External static 224.0.0.9 24", "bad-value"),
    ("set address External static 10.1.0.1 24", "exists"),
    ("set address External gateway=192.0.2.254 gwmetric=5", "not-supported"),
    ("set address Nowhere gateway=none", "not-found"),
    ("add address External 192.0.2.9 24 192.0.2.254", "not-supported"),
    ("add address External", "missing-tag"),
    ("delete address External", "missing-tag"),
    ("delete address External 192.0.2.1", "not-supported"),
    ("delete address External gateway=all", "not-found"),
]


@pytest.mark.parametrize(("line", "code"), REFUSED)
def test_what_no_adapter_can_have_is_refused(line: str, code: str) -> None:
    session = Session()
    assert refused(session, "interface ip " + line).code == code
    assert external(session) == FIRST


def test_a_second_gateway_is_refused() -> None:
    session = Session()
    run_line("interface ip add address External gateway=192.0.2.254", session)
    assert refused(session, "interface ip add address External gateway=192.0.2.253").code == (
        "exists")


def test_adapters_and_their_offload_are_shown() -> None:
    rows = data(Session(), "interface ip show interface")
    assert [(one["name"], one["mtu"], one["state"]) for one in rows] == [
        ("Internal", 1500, "Connected"), ("External", 1500, "Connected")]
    assert [one["offload"] for one in data(Session(), "interface ip show offload External")] == [
        "None"]
