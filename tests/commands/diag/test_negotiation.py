"""diag negotiation: offered against expected, the first difference marked; verdicts on traffic."""

import pytest

from commands.run import run_line
from commands.session import Session
from engine.faults.registry import FAULTS
from tests.support.faulty import healthy, make, on
from tests.support.typing import answer, data, text
from tests.support.variant import VARIANTS

GIVEN_UP = "lab run 70"


def failed(name: str) -> Session:
    """A lab whose negotiation has failed for that reason."""
    session = healthy()
    make(session, FAULTS[name])
    run_line(GIVEN_UP, session)
    return session


@pytest.mark.parametrize(("name", "first", "cause"), [
    ("phase1-proposal-mismatch", "Encryption Algorithm", "phase1-proposal-mismatch"),
    ("phase2-proposal-mismatch", "ESP Algorithm", "phase2-proposal-mismatch"),
    ("pfs-mismatch", "PFS Group", "pfs-mismatch"),
    ("peer-filter-not-mirrored", "Networks", "peer-filter-not-mirrored"),
    ("psk-mismatch", None, "psk-mismatch"),
    ("peer-identity-mismatch", None, "peer-identity-mismatch")])
def test_the_first_attribute_that_differs_is_marked(name: str, first: str | None,
                                                    cause: str) -> None:
    session = failed(name)
    found = data(session, "diag negotiation last=1")[0]
    assert (found["first"], found["cause"]) == (first, cause)
    marked = [one for one in found["attributes"] if one["first"]]
    assert [one["attribute"] for one in marked] == ([first] if first else [])
    assert all(one["offered"] != one["expected"] for one in marked)
    assert any(one["machine"] == "gwA" and "event 54" in one["text"] for one in found["logs"])
    assert answer(session, "diag negotiation").exit == 1


@pytest.mark.parametrize(("name", "notify"), [
    ("phase1-proposal-mismatch", 14), ("pfs-mismatch", 14), ("peer-filter-not-mirrored", 18),
    ("peer-identity-mismatch", 24), ("psk-mismatch", 0)])
def test_one_gateway_alone_does_not_know_what_the_other_expects(name: str, notify: int) -> None:
    session = failed(name)
    found = data(session, "diag negotiation last=1 machine=gwA")[0]
    assert found["notify"] == notify and found["first"] is None
    assert {one["expected"] for one in found["attributes"]} == {None}
    assert name in found["candidates"] and "diag probe" in found["confirm"]
    assert {one["machine"] for one in found["logs"]} == {"gwA"}


def test_the_responder_knows_what_it_expected() -> None:
    session = failed("phase1-proposal-mismatch")
    found = data(session, "diag negotiation last=1 machine=gwB")[0]
    assert found["first"] == "Encryption Algorithm" and found["begun_by"] != "gwB"


def test_the_same_failure_again_is_counted() -> None:
    session = failed("pfs-mismatch")
    assert data(session, "diag negotiation last=1")[0]["times"] > 1
    said = text(session, "diag negotiation last=1")
    assert "<--" in said and max(map(len, said.splitlines())) <= 80


def test_nothing_has_failed_in_a_healthy_lab() -> None:
    assert answer(healthy(), "diag negotiation").exit == 0


def verdict(session: Session) -> list[tuple[str, str]]:
    """The verdicts with their remote networks."""
    found = data(session, "diag check machine=gwA")["traffic"]
    return [(one["remote"], one["verdict"]) for one in found]


@pytest.mark.parametrize(("name", "wanted"), [
    ("policy-not-assigned", "IN CLEAR"), ("soft-association-allowed", "SOFT ASSOCIATION"),
    ("overlapping-filters-shadow", "IN CLEAR"), ("esp-blocked-ike-passes", "NO TRAFFIC"),
    ("psk-mismatch", "NO TRAFFIC"), ("default-response-rule-on", "PROTECTED")])
def test_the_verdict_on_traffic(name: str, wanted: str) -> None:
    session = healthy()
    make(session, FAULTS[name])
    assert verdict(session) == [("10.2.0.0/24", wanted)]


def test_each_pair_of_networks_has_its_own_verdict() -> None:
    session = next(one for one in VARIANTS if one.name == "two tunnels").make()
    assert verdict(session) == [("10.2.0.0/24", "PROTECTED"), ("10.3.0.0/24", "NO TRAFFIC")]
    session = next(one for one in VARIANTS if one.name.startswith("NAT")).make()
    assert verdict(session) == [("10.2.0.0/24", "PROTECTED")]


def test_replies_in_the_clear_are_no_protection() -> None:
    session = healthy()
    for machine, policy in (("gwA", "IPSec tunnel with third-party gateway"),
                            ("gwB", "IPSec tunnel with Windows 2000 gateway")):
        on(session, machine, f'ipsec static set policy name="{policy}" assign=no')
        for way in ("output", "input"):
            on(session, "gwA", f"routing ip set filter External {way} drop")
    found = data(session, "diag check")
    assert found["traffic"][0]["verdict"] == "IN CLEAR"
    assert found["primary"] == "policy-not-assigned"
