"""diag trace: what it foretells is what happens, and what it proposes mends it."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands.lab.typist import type_lines
from commands.run import run_line
from commands.session import Session
from engine.faults.registry import FAULTS
from tests.support.faulty import healthy
from tests.support.harm import HARMS, Harm
from tests.support.typing import answer, data, refused, text

# What a packet's way does not show: it is about time, load, strength or what is written down.
UNSEEN = frozenset({
    "negotiation-delay-only", "auth-methods-differ-between-rules", "soft-association-allowed",
    "default-response-rule-on", "lifetime-mismatch", "weak-des-proposal",
    "replay-drops-reordering", "auditing-off"})
SIZES = {"pmtu-blackhole": " size=1428", "tunnel-mtu-needs-frag": " size=1428 df=yes"}


def settled(session: Session) -> Session:
    """Deletes and first messages have arrived, nothing lives that the change has killed."""
    for machine in ("gwA", "gwB"):
        type_lines(session, machine, ("ipsec dynamic delete sa",), lenient=True)
    session.lab.run(session.lab.now + 5)
    return session


def gets_through(session: Session) -> bool:
    """Whether a real ping is answered, and protected all the way."""
    session.lab.run(session.lab.now + 70)
    session.machine = "hostA"
    said = answer(session, "ping -n 3 hostB")
    session.machine = "gwA"
    return said.exit == 0 and not said.warnings


@pytest.mark.parametrize("name", [one for one in FAULTS if one not in UNSEEN])
def test_a_fault_is_named_mended_and_the_ping_is_protected(name: str) -> None:
    session = healthy()
    run_line(f"lab add fault {name}", session)
    session.lab.run(session.lab.now + 2)
    found = data(session, "diag trace" + SIZES.get(name, ""))
    assert name in [one["code"] for one in found["blockers"]]
    assert found["after"] == "PROTECTED"
    if name not in SIZES:
        assert "echoes answered, protected" in found["proof"]
    run_line("diag trace fix=yes" + SIZES.get(name, ""), session)
    assert gets_through(session)
    assert data(session, "diag trace")["verdict"] == "PROTECTED"


@pytest.mark.parametrize("one", HARMS, ids=[one.name for one in HARMS])
def test_what_is_foretold_happens(one: Harm) -> None:
    session = healthy()
    type_lines(session, one.machine, one.lines)
    found = data(settled(session), "diag trace")
    assert (found["verdict"] != "PROTECTED") == one.breaks
    assert gets_through(session) != one.breaks
    if one.breaks and one.codes:
        assert {each["code"] for each in found["blockers"]} & set(one.codes)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(HARMS), min_size=2, max_size=4, unique=True))
def test_several_things_wrong_are_foretold_and_mended_together(harms: list[Harm]) -> None:
    session = healthy()
    for one in harms:
        type_lines(session, one.machine, one.lines, lenient=True)
    found = data(settled(session), "diag trace")
    assert gets_through(session) == (found["verdict"] == "PROTECTED")
    if found["changes"] and found["after"] == "PROTECTED":
        assert "3 of 3" in found["proof"] or "2 of 3" in found["proof"]


def test_the_fewest_changes_are_proposed() -> None:
    session = healthy()
    run_line("lab add fault pfs-mismatch", session)
    found = data(settled(session), "diag trace")
    assert [one["machine"] for one in found["changes"]] == ["gwA"]
    assert len(found["changes"][0]["commands"]) == 1


def test_nothing_is_touched_without_consent() -> None:
    session = healthy()
    run_line("lab add fault psk-mismatch", session)
    before = session.store.generation()
    assert answer(session, "diag trace").exit == 1
    assert session.store.generation() == before
    session.ask = lambda question: "n"
    assert answer(session, "diag trace").exit == 1
    session.ask = lambda question: "y"
    assert answer(session, "diag trace").exit == 0
    assert session.store.generation() > before


def test_a_packet_that_came_out_of_the_tunnel_begins_there() -> None:
    session = healthy()
    found = data(session, "diag trace src=hostB dst=hostA decrypted")
    first: dict[str, Any] = found["stages"][0]
    assert (first["machine"], first["stage"], first["verdict"]) == ("gwA", "ipsec-in", "open")


def test_ports_and_sizes_decide_too() -> None:
    session = healthy()
    run_line("lab add fault protocol-specific-tunnel-filter", session)
    settled(session)
    assert data(session, "diag trace")["verdict"] != "PROTECTED"
    assert data(session, "diag trace protocol=TCP dstport=443")["verdict"] != "PROTECTED"
    there = data(session, "diag trace protocol=TCP dstport=80")["stages"]
    assert all(not one["blocker"] for one in there
               if one["machine"] == "gwA" and not one["reply"])


def test_the_picture_is_one_file_without_a_reference(tmp_path: Any) -> None:
    session = healthy()
    run_line("lab add fault psk-mismatch", session)
    run_line(f"diag trace picture={tmp_path}/way.svg", session)
    drawn = (tmp_path / "way.svg").read_text()
    assert drawn.startswith("<svg") and "psk-mismatch" in drawn
    assert "http" not in drawn.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert refused(session, "diag trace picture=/nowhere/way.svg").code == "file"


def test_the_key_is_never_shown() -> None:
    session = healthy()
    run_line("lab add fault psk-mismatch", session)
    shown = text(session, "diag trace")
    assert "kb252735" not in shown and "kb252753" not in shown
    assert "psk=${PSK}" in shown


def test_a_machine_that_is_no_gateway_has_no_view() -> None:
    assert refused(healthy(), "diag trace machine=hostA").code == "bad-value"
