"""lab add nat, add proxy, delete nat, delete proxy."""

from pathlib import Path

import pytest

from commands.run import run_line
from commands.session import Session
from tests.support.article import full_lines
from tests.support.typing import data, refused, text


def test_the_article_works_behind_a_nat_with_the_names_it_is_typed_with() -> None:
    session = Session()
    said = text(session, "lab add nat")
    assert said == "natA stands before gwA; gwA's External is 172.16.0.1.\n"
    assert "natA" in text(session, "lab show topology")
    for line in full_lines():
        run_line(line.replace("192.0.2.1", "${W2KextIP}"), session)
    assert "Reply from 10.2.0.10" in text(session, "ping -S 10.1.0.1 10.2.0.10")
    assert text(session, "lab delete nat") == "natA is gone; gwA's External is 192.0.2.1.\n"
    assert session.variables["W2KextIP"] == "192.0.2.1"


def test_a_proxy_and_its_services_are_told() -> None:
    session = Session()
    assert data(session, "lab add proxy ike=yes") == {
        "machine": "proxyA", "role": "proxy", "external": "172.16.0.1"}
    run_line("set machine proxyA", session)
    assert "4500" in text(session, "routing ip show filter")
    run_line("lab delete proxy", session)


def test_another_shell_on_the_same_store_knows_the_address(tmp_path: Path) -> None:
    first = Session(str(tmp_path / "store"))
    run_line("lab add nat", first)
    first.close()
    second = Session(str(tmp_path / "store"))
    run_line("ipsec static add policy name=P", second)
    run_line("routing ip add persistentroute 10.2.0.0 255.255.255.0 External 172.16.0.254", second)
    third = Session(str(tmp_path / "store"))
    assert "172.16.0.1" in text(third, "ping -S ${W2KextIP} -n 1 ${W2KextIP}")
    bound = Session(str(tmp_path / "store"))
    bound.variables["W2KextIP"] = "172.16.0.9"
    assert bound.store and bound.variables["W2KextIP"] == "172.16.0.9"


@pytest.mark.parametrize(("line", "code"), [
    ("lab delete nat", "not-found"), ("lab delete proxy", "not-found"),
    ("lab add proxy ike=perhaps", "bad-value")])
def test_what_cannot_be_done_is_refused(line: str, code: str) -> None:
    assert refused(Session(), line).code == code


def test_two_machines_do_not_fit() -> None:
    session = Session()
    run_line("lab add nat", session)
    error = refused(session, "lab add proxy")
    assert error.text == "natA stands before gwA already"
    assert error.fix == "take it away: lab delete nat"


def test_a_store_that_cannot_be_opened_does_not_break_the_typing(tmp_path: Path) -> None:
    broken = tmp_path / "store"
    broken.write_bytes(b"no database" * 100)
    assert Session(str(broken)).variables.get("W2KextIP") == "192.0.2.1"
