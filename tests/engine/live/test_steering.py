"""Which packets the kernel hands over, for which outbound filters."""

from pathlib import Path

from engine.address import ANY_NETWORK, parse_address, parse_network
from engine.live.reverse import is_in_the_way, own_value, strictness
from engine.live.sockets import MARK
from engine.live.steering import (
    GROUPS,
    PREFERENCE,
    TABLES,
    UNSPECIFIED,
    Rule,
    Steering,
    TunRoute,
    plan,
)
from engine.spd import INBOUND, SpdEntry

NET_A, NET_B, NET_C = (parse_network(f"10.{one}.0.0/24") for one in (1, 2, 3))
INSIDE, OUTSIDE = parse_address("10.1.0.1"), parse_address("203.0.113.1")


def entry(source: str, destination: str, **rest: object) -> SpdEntry:
    return SpdEntry("id", "name", parse_network(source), parse_network(destination),
                    **rest)  # type: ignore[arg-type]


def test_no_filter_that_protects_or_blocks_steers_nothing() -> None:
    permits = entry("10.1.0.0/24", "10.2.0.0/24", action="permit")
    inbound = entry("10.2.0.0/24", "10.1.0.0/24", direction=INBOUND)
    assert plan([permits, inbound], [INSIDE]) == Steering()


def test_a_source_has_one_rule_and_a_table_of_its_destinations() -> None:
    entries = [entry("10.1.0.0/24", "10.2.0.0/24"), entry("10.1.0.0/24", "10.3.0.0/24"),
               entry("10.1.0.0/24", "10.2.0.0/24", protocol=6)]
    found = plan(entries, [OUTSIDE])
    assert found.rules == {Rule(PREFERENCE, 254, mark=MARK),
                           Rule(PREFERENCE + 1, TABLES + 1, NET_A)}
    assert {one.destination for one in found.routes} == {NET_B, NET_C}


def test_each_destination_has_a_way_to_nowhere_behind_the_way_into_the_tunnel() -> None:
    found = plan([entry("10.1.0.0/24", "10.2.0.0/24")], [OUTSIDE])
    assert found.routes == {TunRoute(TABLES + 1, NET_B, True), TunRoute(TABLES + 1, NET_B, False)}


def test_an_own_address_in_the_source_steers_what_is_born_here_and_names_its_source() -> None:
    found = plan([entry("10.1.0.0/24", "10.2.0.0/24")], [OUTSIDE, INSIDE])
    assert Rule(PREFERENCE + 1, TABLES + 1, UNSPECIFIED, local=True) in found.rules
    assert TunRoute(TABLES + 1, NET_B, True, INSIDE) in found.routes


def test_more_sources_than_tables_share_the_last_one_which_takes_everything() -> None:
    entries = [entry(f"10.{one >> 8}.{one & 255}.0/24", "10.250.0.0/24")
               for one in range(GROUPS + 50)]
    found = plan(entries, [])
    assert len(found.rules) == GROUPS + 1
    assert Rule(PREFERENCE + GROUPS, TABLES + GROUPS, ANY_NETWORK) in found.rules


def test_a_policy_that_leaves_something_clear_needs_loose_reverse_paths() -> None:
    tunnel = entry("10.1.0.0/24", "10.2.0.0/24", tunnel=OUTSIDE)
    assert not is_in_the_way([tunnel])
    assert is_in_the_way([tunnel._replace(protocol=6)])
    assert is_in_the_way([tunnel, entry("10.1.0.0/24", "10.2.0.9/32", action="permit")])
    assert is_in_the_way([entry("203.0.113.1/32", "203.0.113.2/32")])


def test_the_stricter_word_about_reverse_paths_counts(tmp_path: Path) -> None:
    for name, value in (("all", "0"), ("eth0", "1"), ("eth1", "2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rp_filter").write_text(value + "\n")
    assert strictness("eth0", tmp_path) == 1 and strictness("eth1", tmp_path) == 2
    assert own_value("eth0", tmp_path) == 1 and strictness("none", tmp_path) == 0
