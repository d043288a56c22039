"""routing ip: interfaces of the router, log level, preferences, reset and dump."""

from pathlib import Path

import pytest

from commands.answer import Block, Lines
from commands.run import run_line
from commands.session import Session
from tests.support.typing import data, refused, text

ANY = "External INPUT srcaddr=any dstaddr=any"
EXAMPLES = ("add interface name=External state=enable", "set interface External disc=disable",
            "show interface", "set loglevel warn", "show loglevel", "show protocol",
            "add preferenceforprotocol proto=STATIC preflevel=3", "show preferenceforprotocol")


@pytest.mark.parametrize("line", EXAMPLES)
def test_examples_run_and_settle_on_a_running_lab(line: str) -> None:
    session = Session()
    assert session.lab.hosts
    run_line("routing ip " + line, session)


def test_a_new_machine_has_every_adapter_in_its_router() -> None:
    rows = data(Session(), "routing ip show interface")
    assert [(one["name"], one["state"]) for one in rows] == [
        ("Internal", "Enabled"), ("External", "Enabled")]
    assert data(Session(), "routing ip show loglevel") == {"loglevel": "error"}


def test_a_deleted_interface_takes_filters_and_routes_along() -> None:
    session = Session()
    for line in ("add filter " + ANY,
                 "set filter External INPUT DROP",
                 "set filter External fragcheck=enable",
                 "add persistentroute 10.2.0.0/24 name=External nhop=198.51.100.1",
                 "delete interface External"):
        run_line("routing ip " + line, session)
    config = session.config
    assert not config.rras_filters() and not config.fragcheck("External")
    assert config.rras_default("External", "input") == "forward"
    assert all(one.interface != "External" for one in config.routes())
    for line in ("add filter " + ANY,
                 "set interface External level=1",
                 "add persistentroute 10.2.0.0/24 name=External", "delete interface External"):
        assert refused(session, "routing ip " + line).code == "not-found"
    run_line("routing ip add interface External", session)
    run_line("routing ip add filter " + ANY, session)


@pytest.mark.parametrize(("line", "code"), [
    ("add interface External state=disable", "exists"),
    ("set interface External minint=700", "contradiction"),
    ("set interface Nowhere level=1", "not-found"),
    ("add preferenceforprotocol STATIC 9", "exists"),
    ("delete preferenceforprotocol OSPF", "not-found"),
    ("reset", "needs-yes"),
])
def test_contradictions_are_refused(line: str, code: str) -> None:
    session = Session()
    run_line("routing ip set preferenceforprotocol STATIC 4", session)
    before = session.config.digest()
    assert refused(session, "routing ip " + line).code == code
    assert session.config.digest() == before


def test_a_preference_counts_for_the_routes_of_its_protocol() -> None:
    session = Session()
    run_line("routing ip set preferenceforprotocol NONDOD 50", session)
    run_line("routing ip add persistentroute 10.9.0.0/24 name=External nhop=192.0.2.254 "
             "preference=50", session)
    shown = [one for one in data(session, "routing ip show persistentroutes")
             if one["destination"] == "10.9.0.0/24"]
    assert [one["preference"] for one in shown] == [50]
    run_line("routing ip delete preferenceforprotocol NONDOD", session)
    assert dict(Session().config.settings()) == dict(session.config.settings())


def test_reset_asks_at_the_prompt() -> None:
    session = Session()
    run_line("routing ip set loglevel none", session)
    session.ask = lambda question: "n"
    assert refused(session, "routing ip reset").code == "not-confirmed"
    session.ask = lambda question: "y"
    run_line("routing ip reset", session)
    assert not session.config.settings() and not session.config.routes()


FULL = ("interface ip set address External static 192.0.2.7 255.255.255.0 gateway=192.0.2.254",
        "routing ip set loglevel info", "routing ip set preferenceforprotocol RIP 77",
        "routing ip set interface Internal state=disable disc=enable life=99",
        "routing ip add filter External OUTPUT 10.1.0.0 255.255.255.0 any proto=TCP-EST",
        "routing ip set filter External OUTPUT DROP",
        "routing ip add persistentroute 10.2.0.0/24 name=External nhop=198.51.100.1 metric=3",
        "ipsec static restorepolicyexamples win2003", "auditpol /enable /logon:all")


@pytest.mark.parametrize("before", [(), ("routing ip add filter " + ANY,
                                         "routing ip delete interface Internal")])
def test_a_dump_runs_into_a_lab_store_without_error(before: tuple[str, ...],
                                                    tmp_path: Path) -> None:
    session, other = Session(), Session()
    for line in FULL:
        run_line(line, session)
    for line in before:
        run_line(line, other)
    whole = text(session, "dump reveal=yes")
    assert "\npushd routing ip\nreset\nset loglevel loglevel=info\n" in whole
    script = tmp_path / "dump.txt"
    script.write_text(whole)
    heard: list[Block] = []
    other.emit = heard.append
    assert run_line(f"exec {script}", other).exit == 0
    assert [one for one in heard if isinstance(one, Lines) and one.error] == []
    assert other.config.digest() == session.config.digest()
    assert text(other, "dump reveal=yes") == whole


@pytest.mark.parametrize(("line", "first"), [
    ("ipsec dump", "# IPsec policies of gwA"), ("ipsec static dump", "# IPsec policies of gwA"),
    ("routing dump", "# IP configuration of gwA"),
    ("routing ip dump", "# IP configuration of gwA"),
    ("interface dump", "# Interface configuration of gwA"),
    ("interface ip dump", "# Interface configuration of gwA"),
])
def test_each_context_dumps_its_own(line: str, first: str) -> None:
    lines = text(Session(), line).splitlines()
    assert lines[0] == first and sum(one.startswith("pushd") for one in lines) == 1
