"""Diagnosis in figures: every fault from both views, pairs of faults, a store with 5,000 filters.

Prints the table of accuracy; run with ``pytest -m bench -s tests/benchmarks/test_diagnosis.py``.
"""

from random import Random
from time import perf_counter, process_time

import pytest

from commands.errors import CommandError
from commands.session import Session
from engine.faults.registry import FAULTS
from engine.policy.model import AuthMethod, Filter, FilterList, Rule, Secret, Side
from tests.commands.diag.test_check import VIEWS, codes, mend, protected
from tests.support.article import POLICY
from tests.support.faulty import healthy, make
from tests.support.typing import data

pytestmark = pytest.mark.bench

RULES, FILTERS = 500, 5000
LIMIT_SECONDS = 2.0
PAIRS, ROUNDS = 60, 3


def _named(name: str, view: str) -> tuple[str, int, bool, bool]:
    """How one fault fares: "named", "unknown" or "missed", unrelated FAILs, mended, healthy."""
    session, one = healthy(), FAULTS[name]
    make(session, one)
    found = data(session, VIEWS[view])
    first = found["findings"][0]
    said = "named" if first["code"] in one.codes else \
        "unknown" if first["verdict"] == "UNKNOWN" else "missed"
    false = len(set(codes(found, "FAIL")) - {*one.codes, *one.also})
    for _ in range(ROUNDS):
        if first["verdict"] == "UNKNOWN" and "diag probe" in first["next"]:
            *_, told = data(session, "diag probe consent=yes")
            first = {"fix": told["fix"], "code": told["code"]}
        if not first["fix"] or first["code"] == "weak-key" or not first["fix"]["commands"]:
            break
        mend(session, first)
        first = data(session, VIEWS[view])["findings"][0]
    return said, false, protected(session), not codes(data(session, VIEWS[view]), "FAIL",
                                                      "UNKNOWN")


def test_every_fault_from_both_views() -> None:
    print()
    totals = {view: {"named": 0, "unknown": 0, "missed": 0} for view in VIEWS}
    alarms = dict.fromkeys(VIEWS, 0)
    for name in FAULTS:
        row = []
        for view in VIEWS:
            said, false, mended, well = _named(name, view)
            totals[view][said] += 1
            alarms[view] += false
            row.append(f"{said}{', mended' if mended and well else ''}")
        print(f"{name:40} both ends: {row[0]:16} gwA alone: {row[1]}")
    for view, count in totals.items():
        print(f"{view}: top-1 {count['named'] / len(FAULTS):.1%} of {len(FAULTS)}, honest UNKNOWN "
              f"{count['unknown']}, missed {count['missed']}, unrelated FAILs {alarms[view]}")
    assert totals["both"]["named"] >= 0.95 * len(FAULTS)
    assert totals["alone"]["named"] >= 0.85 * len(FAULTS)
    assert not sum(alarms.values())


def _pair(first: str, second: str) -> str:
    """The round in which each of two faults was found, and whether all was well then."""
    session = healthy()
    for name in (first, second):
        make(session, FAULTS[name])
    seen: dict[str, int] = {}
    for number in range(1, ROUNDS + 2):
        found = data(session, "diag check")
        for code in codes(found, "FAIL"):
            seen.setdefault(code, number)
        todo = [one for one in found["findings"] if one["verdict"] == "FAIL"]
        if not todo:
            break
        mend(session, todo[0])
    rounds = [min((seen[code] for code in FAULTS[name].codes if code in seen), default=0)
              for name in (first, second)]
    well = protected(session) and not codes(data(session, "diag check"), "FAIL")
    return f"rounds {rounds[0] or '-'} and {rounds[1] or '-'}{', well' if well else ', NOT WELL'}"


def test_random_pairs() -> None:
    print()
    chance, tried = Random(252735), 0
    names = [name for name, one in FAULTS.items() if one.verdict == "FAIL"]
    while tried < PAIRS:
        first, second = chance.sample(names, 2)
        try:
            said = _pair(first, second)
        except CommandError as error:
            print(f"{first} + {second}: cannot be made together ({error.code})")
            continue
        tried += 1
        print(f"{first} + {second}: {said}")
        assert said.endswith(", well"), said


def large(session: Session) -> Session:
    """500 rules with ten filters each beside the tunnel's."""
    config, each = session.store.on("gwA"), FILTERS // RULES
    with session.store.transaction():
        for rule in range(RULES):
            config.add_filterlist(FilterList(f"L{rule}"))
            for number in range(rule * each, rule * each + each):
                config.add_filter(f"L{rule}", Filter(
                    Side("ip", 0xAC100000 + (number % 4096 << 8), 24),
                    Side("ip", 0x0A400000 + (number // 250 << 16) + (number % 250 << 8), 24),
                    mirrored=False))
            config.add_rule(Rule(f"R{rule}", POLICY, f"L{rule}", "IPSec tunnel: ESP DES/MD5",
                                 tunnel=0xC6336400 + 2 + rule % 250,
                                 auth=(AuthMethod("psk", Secret("k")),)))
    session.settle()
    return session


def test_a_store_with_many_filters() -> None:
    session = large(healthy())
    print()
    for line in ("diag check ping=no", "diag check", "diag check machine=gwA"):
        begun, work = perf_counter(), process_time()
        found = data(session, line)
        # Others may be at work on this machine: what counts is our own.
        seconds = process_time() - work
        print(f"{line}: {seconds:.2f} s of work, {perf_counter() - begun:.2f} s passed, "
              f"{len(found['findings'])} findings (limit {LIMIT_SECONDS:.0f} s)")
        assert not codes(found, "FAIL")
        assert seconds < LIMIT_SECONDS
