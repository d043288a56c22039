"""routing ip: persistent routes are stored, runtime routes live with the lab."""

import pytest

from commands.errors import CommandError
from commands.run import run_line
from commands.session import Session
from engine.address import parse_address
from engine.policy.model import Route
from tests.support.typing import data, refused, text

NET_B = parse_address("10.2.0.0")
PEER = parse_address("198.51.100.1")
ARTICLE = "dest=10.2.0.0 mask=255.255.255.0 name=External nhop=198.51.100.1"


@pytest.fixture
def gateway() -> Session:
    """A session on gwA as it is delivered."""
    return Session()


def to_b(session: Session) -> list[Route]:
    """The stored routes to NetB."""
    return [one for one in session.config.routes() if one.destination == NET_B]


SPELLINGS = [
    ARTICLE, "10.2.0.0 255.255.255.0 External 198.51.100.1", "10.2.0.0 24 192.0.2.1 198.51.100.1",
    "${NetB} name=External nhop=${3rdExtIP}",
    "10.2.0.0 255.255.255.0 \"External\" 198.51.100.1 NONDOD 5 1 both",
    f"{ARTICLE} proto=nondod metric=1 view=both",
]


@pytest.mark.parametrize("words", SPELLINGS)
def test_the_articles_route_is_stored_with_metric_one(words: str, gateway: Session) -> None:
    run_line("routing ip add persistentroute " + words, gateway)
    assert to_b(gateway) == [Route(NET_B, 24, "External", PEER, 1, "NONDOD", "both")]


def test_a_stored_route_takes_effect_at_once(gateway: Session) -> None:
    assert "10.2.0.0/24" not in text(gateway, "routing ip show rtmroutes")
    run_line("routing ip add persistentroute " + ARTICLE, gateway)
    assert "10.2.0.0/24" in text(gateway, "routing ip show rtmroutes")


def test_persistent_routes_are_shown_as_a_table(gateway: Session) -> None:
    run_line("routing ip add persistentroute " + ARTICLE, gateway)
    assert text(gateway, "routing ip show persistentroutes") == """\
Prefix           Protocol  Prf  Met  Gateway       View  Interface
---------------  --------  ---  ---  ------------  ----  ---------
198.51.100.0/24  NONDOD      5    1  192.0.2.254   both  External
10.2.0.0/24      NONDOD      5    1  198.51.100.1  both  External
"""
    assert text(Session(machine="hostA"), "routing ip show persistentroutes") == (
        "There are no persistent routes.\n")


def test_set_changes_what_was_typed_and_nothing_else(gateway: Session) -> None:
    run_line(f"routing ip add persistentroute {ARTICLE} view=unicast", gateway)
    run_line("routing ip set persistentroute ${NetB} name=External metric=7", gateway)
    run_line("routing ip set persistentroute ${NetB} name=External nhop=192.0.2.254", gateway)
    assert to_b(gateway) == [
        Route(NET_B, 24, "External", parse_address("192.0.2.254"), 7, "NONDOD", "unicast")]


def test_delete_narrows_by_gateway(gateway: Session) -> None:
    run_line("routing ip add persistentroute " + ARTICLE, gateway)
    run_line("routing ip add persistentroute ${NetB} name=External nhop=192.0.2.254", gateway)
    assert refused(gateway, "routing ip set persistentroute ${NetB} name=External "
                   "metric=2").code == "ambiguous"
    run_line("routing ip delete persistentroute ${NetB} name=External nhop=192.0.2.254", gateway)
    assert [one.gateway for one in to_b(gateway)] == [PEER]
    run_line("routing ip delete persistentroute ${NetB} name=External", gateway)
    assert to_b(gateway) == []


def test_a_runtime_route_lives_with_the_lab_and_not_in_the_store(gateway: Session) -> None:
    before = gateway.config.digest()
    run_line('routing ip add rtmroute 10.2.0.0 255.255.255.0 "External" 198.51.100.1', gateway)
    run_line("routing ip set rtmroute 10.2.0.0 24 External metric=9", gateway)
    assert text(gateway, "routing ip show rtmroutes") == """\
Prefix           Protocol  Prf  Met  Gateway       View  Interface
---------------  --------  ---  ---  ------------  ----  ---------
10.1.0.0/24      LOCAL       1    1  0.0.0.0       both  Internal
10.2.0.0/24      NETMGMT    10    9  198.51.100.1  both  External
192.0.2.0/24     LOCAL       1    1  0.0.0.0       both  External
198.51.100.0/24  NONDOD      5    1  192.0.2.254   both  External
"""
    assert gateway.config.digest() == before
    run_line("routing ip delete rtmroute 10.2.0.0 24 External", gateway)
    assert "10.2.0.0" not in text(gateway, "routing ip show rtmroutes")


def test_json_gives_one_object_a_route(gateway: Session) -> None:
    assert data(gateway, "routing ip show persistentroutes") == [
        {"destination": "198.51.100.0/24", "protocol": "NONDOD", "preference": 5, "metric": 1,
         "gateway": "192.0.2.254", "view": "both", "interface": "External"}]


BAD = [
    ("10.2.0.1 255.255.255.0 External 198.51.100.1", "host-bits", 1),
    ("10.2.0.0 255.0.255.0 External 198.51.100.1", "bad-value", 2),
    ("10.2.0.0 External 198.51.100.1", "bad-value", 2),
    ("dest=10.2.0.0 name=External", "missing-tag", 2),
    ("10.2.0.0 24 Foo 198.51.100.1", "not-found", 1),
    ("10.2.0.0 24", "missing-tag", 2),
    (f"{ARTICLE} metric=0", "bad-value", 2),
    (f"{ARTICLE} metric=10000", "bad-value", 2),
    (f"{ARTICLE} view=side", "bad-value", 2),
    (f"{ARTICLE} preference=9", "bad-value", 2),
    (f"{ARTICLE} nhop=10.1.0.1", "doubled-tag", 2),
    (f"{ARTICLE} speed=9", "unknown-tag", 2),
]


@pytest.mark.parametrize("noun", ["persistentroute", "rtmroute"])
@pytest.mark.parametrize(("words", "code", "exit"), BAD)
def test_a_wrong_route_is_refused(noun: str, words: str, code: str, exit: int,
                                  gateway: Session) -> None:
    before = gateway.config.digest()
    mistake = refused(gateway, f"routing ip add {noun} {words}")
    assert (mistake.code, mistake.exit) == (code, exit)
    assert gateway.config.digest() == before


@pytest.mark.parametrize("noun", ["persistentroute", "rtmroute"])
def test_a_route_is_added_once_and_must_be_there_to_be_changed(noun: str,
                                                               gateway: Session) -> None:
    assert refused(gateway, f"routing ip set {noun} 10.2.0.0 24 External").code == "not-found"
    assert refused(gateway, f"routing ip delete {noun} 10.2.0.0 24 External").code == "not-found"
    run_line(f"routing ip add {noun} {ARTICLE}", gateway)
    assert refused(gateway, f"routing ip add {noun} {ARTICLE} metric=9").code == "exists"
    assert refused(gateway, f"routing ip delete {noun} 10.2.0.0 24 External 1.2.3.4").known


def test_a_dump_runs_into_a_machine_that_has_its_routes_already(gateway: Session) -> None:
    run_line(f"routing ip add persistentroute {ARTICLE}", gateway)
    before = gateway.config.digest()
    run_line(f"routing ip add persistentroute {ARTICLE}", gateway)
    assert gateway.config.digest() == before


@pytest.mark.parametrize(("narrow", "left"), [
    ("metric=2", 1), ("metric=1", 0), ("view=multicast", 1), ("view=both metric=1", 0),
    ("proto=STATIC", 1), ("proto=NONDOD preference=5", 0)])
def test_a_deleted_route_may_be_told_by_more_than_its_way(narrow: str, left: int) -> None:
    session = Session()
    run_line(f"routing ip add persistentroute {ARTICLE}", session)
    line = f"routing ip delete persistentroute {ARTICLE} {narrow}"
    if left:
        with pytest.raises(CommandError, match="no persistent route"):
            run_line(line, session)
    else:
        run_line(line, session)
    assert len(session.config.routes()) == left + 1  # gwA has one to gwB's side
