"""What changed goes back row by row; what was changed again since stays."""

import pytest

from commands.run import run_line
from commands.session import Session
from engine.policy.rows import difference, image, undo
from tests.support.article import POLICY, full_lines

OUT = f'name="NetA to NetB" policy="{POLICY}"'


@pytest.fixture
def session() -> Session:
    one = Session()
    for line in full_lines():
        run_line(line, one)
    return one


@pytest.mark.parametrize("line", [
    f"ipsec static set rule {OUT} psk=other",
    f"ipsec static delete rule {OUT}",
    f'ipsec static set policy name="{POLICY}" assign=no',
    "ipsec static add filterlist name=new",
    "net stop remoteaccess",
    "routing ip delete persistentroute 10.2.0.0 255.255.255.0 External",
    "routing ip set filter name=External filtertype=input action=forward",
    "auditpol /disable",
    "ipsec dynamic set config natt no",
])
def test_a_change_goes_back_whole(session: Session, line: str) -> None:
    before, digest = image(session.store), session.config.digest()
    run_line(line, session)
    changes = difference(before, image(session.store))
    assert changes and session.config.digest() != digest
    assert undo(session.store, changes) == len(changes)
    assert session.config.digest() == digest


def test_what_was_changed_again_stays(session: Session) -> None:
    before = image(session.store)
    run_line("auditpol /disable", session)
    changes = difference(before, image(session.store))
    run_line("auditpol /enable /logon:success", session)
    undo(session.store, changes)
    logon = next(one for one in session.config.audit() if one.category == "logon")
    assert (logon.success, logon.failure) == (True, False)


def test_a_deleted_rule_that_was_added_again_is_not_doubled(session: Session) -> None:
    before = image(session.store)
    run_line(f"ipsec static delete rule {OUT}", session)
    changes = difference(before, image(session.store))
    run_line(f'ipsec static add rule {OUT} filterlist="NetA to NetB" '
             'filteraction="IPSec tunnel: ESP DES/MD5" tunnel=198.51.100.1 psk=mine', session)
    undo(session.store, changes)
    rules = session.config.rules(POLICY)
    assert sorted(rule.name for rule in rules) == ["NetA to NetB", "NetB to NetA"]
    assert rules[-1].auth[0].value.reveal() == "mine"  # type: ignore[attr-defined]


def test_a_number_that_was_used_again_is_no_obstacle(session: Session) -> None:
    before, digest = image(session.store), session.config.digest()
    run_line('lab add adapter gwA "External 2" 192.0.2.2 24 transitA', session)
    run_line("routing ip delete persistentroute 10.2.0.0 255.255.255.0 External", session)
    run_line('routing ip add persistentroute 10.2.0.0 255.255.255.0 "External 2" 192.0.2.254',
             session)
    undo(session.store, difference(before, image(session.store)))
    assert session.config.digest() == digest
