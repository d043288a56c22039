"""diag check where nothing is wrong, where two things are, and where the fault is elsewhere."""

from random import Random

import pytest

from commands.errors import CommandError
from commands.run import run_line
from commands.session import Session
from engine.faults.facts import facts
from engine.faults.fault import Fault
from engine.faults.registry import FAULTS
from tests.commands.diag.test_check import VIEWS, codes, mend, protected
from tests.support.faulty import healthy, make, on
from tests.support.typing import answer, data
from tests.support.variant import VARIANTS, Variant

# What is true of a variant and worth a warning.
KNOWN = {"NAT with NAT-T": {"fragments-lost-on-path"}, "lossy link": {"path-loss"},
         "a proxy that relays IKE": {"fragments-lost-on-path"},
         "no auditing wanted": {"auditing-off"}, "no fence": {"rras-not-fenced"}}
ROUNDS = 3
SOLO = [name for name, one in FAULTS.items() if one.verdict == "FAIL" and not one.also]
# One gateway cannot see these at the other one while pings from here work.
UNSEEN = frozenset({"auth-methods-differ-between-rules", "default-response-rule-on",
                    "pfs-mismatch", "lifetime-mismatch", "tunnel-mtu-needs-frag", "auditing-off",
                    "host-firewall-blocks-icmp"})
# What the same thing is called when the other gateway has it.
SEEN_AS = {"service-not-running": {"peer-service-down"},
           "soft-association-allowed": {"service-not-running"},
           "weak-des-proposal": {"phase1-proposal-mismatch"},
           "overlapping-filters-shadow": {"traffic-in-clear"}}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("one", VARIANTS, ids=[one.name for one in VARIANTS])
def test_a_healthy_variant_has_no_failure(one: Variant, view: str) -> None:
    session = one.make()
    said = answer(session, VIEWS[view])
    found = data(session, VIEWS[view])
    assert said.exit == 0
    assert not codes(found, "FAIL", "UNKNOWN")
    assert set(codes(found, "WARN")) - {"weak-key"} <= KNOWN.get(one.name, set())


def pairs(seed: int, count: int) -> list[tuple[str, str]]:
    """Two different faults each time."""
    chance = Random(seed)
    found: list[tuple[str, str]] = []
    while len(found) < count:
        first, second = chance.sample(SOLO, 2)
        found.append((first, second))
    return found


@pytest.mark.parametrize(("first", "second"), pairs(17, 16))
def test_two_faults_are_found_one_after_the_other(first: str, second: str) -> None:
    session = healthy()
    make(session, FAULTS[first])
    left = set(FAULTS[first].codes)
    try:
        make(session, FAULTS[second])
    except CommandError as error:
        # The first leaves nothing for the second to break.
        assert error.code in ("no-tunnel", "not-found", "no-effect")
    else:
        left |= set(FAULTS[second].codes)
    for _ in range(ROUNDS):
        found = data(session, "diag check")
        left -= set(codes(found, "FAIL"))
        todo = [one for one in found["findings"] if one["verdict"] == "FAIL"]
        if not todo:
            break
        mend(session, todo[0])
    assert protected(session)
    # A cure of the one may be one of the other, which then is gone before it was seen.
    assert not left or not codes(data(session, "diag check"), "FAIL")


@pytest.mark.parametrize("name", [name for name, one in FAULTS.items() if len(one.machines) > 1])
def test_at_the_other_gateway_one_view_names_it_or_counts_it_among_the_candidates(
        name: str) -> None:
    session, one = healthy(), FAULTS[name]
    _elsewhere(session, one)
    found = data(session, VIEWS["alone"])
    first = found["findings"][0]
    if name in UNSEEN:
        assert not codes(found, "FAIL", "UNKNOWN")
        return
    wanted = {*one.codes, *SEEN_AS.get(name, ())}
    if "UNKNOWN" == first["verdict"]:
        assert first["next"]
        likely = {"tunnel-packets-refused", "policy-not-assigned"}
        assert set(first["candidates"]) & (wanted | likely)
    else:
        assert first["code"] in wanted or first["verdict"] == "PASS"


@pytest.mark.parametrize("name", [name for name, one in FAULTS.items() if len(one.machines) > 1
                                  and name not in ("auditing-off", "tunnel-mtu-needs-frag")])
def test_at_the_other_gateway_both_views_name_it(name: str) -> None:
    session, one = healthy(), FAULTS[name]
    _elsewhere(session, one)
    found = data(session, VIEWS["both"])
    wanted = {*one.codes, *SEEN_AS.get(name, ())}
    assert found["findings"][0]["code"] in wanted
    assert not codes(found, "UNKNOWN")


def _elsewhere(session: Session, one: Fault) -> None:
    """Makes a fault on the machine that it is not usually made on."""
    machine = next(each for each in one.machines if each != one.machine)
    run_line(f"lab add fault {one.name} machine={machine}", session)
    for place, line in one.tries:
        on(session, place, line.format_map(facts(session.store, place)))
