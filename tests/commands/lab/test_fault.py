"""lab add, delete, show fault: what is broken shows, and is mended without a trace."""

import pytest

from commands.run import run_line
from commands.session import Session
from engine.faults.fault import Fault
from engine.faults.registry import FAULTS
from tests.support.faulty import healthy, make, on, replies
from tests.support.typing import data, refused, text

# Of these a ping tells nothing: the tunnel works, and something about it is wrong all the same.
SILENT = frozenset({
    "negotiation-delay-only", "auth-methods-differ-between-rules", "default-response-rule-on",
    "soft-association-allowed", "lifetime-mismatch", "weak-des-proposal", "pmtu-blackhole",
    "tunnel-mtu-needs-frag", "replay-drops-reordering", "auditing-off"})


def digests(session: Session) -> list[str]:
    return [session.store.on(one.name).digest() for one in session.store.machines()]


@pytest.mark.parametrize("one", FAULTS.values(), ids=FAULTS)
def test_a_fault_breaks_the_tunnel_and_mending_it_leaves_no_trace(one: Fault) -> None:
    session = healthy()
    if "fence" not in one.needs:
        before = digests(session)
        make(session, one)
    else:
        make(session, one)
        before = []
    if one.name not in SILENT:
        assert replies(session) == 0
    run_line(f"lab delete fault {one.name}", session)
    if before:
        assert digests(session) == before
    session.lab.run(session.lab.now + 70)
    assert replies(session) == 3


def test_two_faults_are_mended_one_at_a_time() -> None:
    session = healthy()
    run_line("lab add fault psk-mismatch", session)
    run_line("lab add fault missing-route-to-netb", session)
    run_line("lab delete fault psk-mismatch", session)
    assert [one["name"] for one in data(session, "lab show fault") if one["broken"]] == [
        "missing-route-to-netb"]
    run_line("lab delete fault all", session)
    session.lab.run(session.lab.now + 70)
    assert replies(session) == 3


def test_a_fault_of_the_running_lab_is_there_again_after_a_restart(tmp_path: object) -> None:
    path = f"{tmp_path}/store.db"
    first = Session(path)
    run_line("checklist fix=yes", first)
    run_line("lab add fault esp-blocked-ike-passes link=transitB", first)
    first.close()
    again = Session(path)
    assert replies(again) == 0
    assert "transitB" in text(again, "lab show links | section Drops")
    run_line("lab delete fault esp-blocked-ike-passes", again)
    again.close()
    healed = Session(path)
    assert replies(healed) == 3
    healed.close()


def test_the_place_and_the_wrong_value_may_be_chosen() -> None:
    session = healthy()
    run_line("lab add fault psk-mismatch machine=gwB value=other", session)
    assert session.store.on("gwB").rules("IPSec tunnel with Windows 2000 gateway")[0].auth[
        0].value.reveal() == "other"  # type: ignore[attr-defined]
    run_line("lab add fault pmtu-blackhole link=transitA value=1300", session)
    assert session.lab.links["transitA"].mtu == 1300


@pytest.mark.parametrize(("line", "code"), [
    ("lab add fault bad-luck", "not-found"),
    ("lab add fault psk-mismatch machine=hostA", "bad-value"),
    ("lab add fault psk-mismatch link=middle", "bad-value"),
    ("lab add fault udp500-blocked-on-path link=nowhere", "not-found"),
    ("lab add fault policy-not-assigned value=x", "bad-value"),
    ("lab delete fault psk-mismatch", "not-found"),
    ("lab show fault bad-luck", "not-found"),
])
def test_what_cannot_be_is_refused_by_name(line: str, code: str) -> None:
    assert refused(healthy(), line).code == code


def test_the_same_fault_is_not_made_twice_and_nothing_is_half_made() -> None:
    session = healthy()
    run_line("lab add fault rule-disabled", session)
    assert refused(session, "lab add fault rule-disabled").code == "exists"
    before = digests(session)
    # The rule that this one is about is not active, but there: its list must survive a refusal.
    assert refused(session, 'lab add fault mirrored-on-tunnel-filter value=x').code == "bad-value"
    assert digests(session) == before


def test_a_bare_gateway_has_no_tunnel_to_break() -> None:
    assert refused(Session(), "lab add fault psk-mismatch").code == "no-tunnel"


def test_show_says_what_is_typed_and_how_to_see_it() -> None:
    session = Session()
    shown = text(session, "lab show fault rras-filter-drops-ike")
    assert "ipsec dynamic delete sa" in shown and "[hostA] ping {far_host}" in shown
    assert len(data(session, "lab show fault")) == len(FAULTS)


def test_a_reset_lab_has_no_fault() -> None:
    session = healthy()
    run_line("lab add fault udp500-blocked-on-path", session)
    session.yes = True
    run_line("lab reset", session)
    assert not any(one["broken"] for one in data(session, "lab show fault"))
    assert on(session, "gwA", "lab show links").count("UDP") == 0
