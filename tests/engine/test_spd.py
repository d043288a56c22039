"""The SPD: Windows' order, the look-up against a naive scan, and the default exemptions."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.address import ANY_NETWORK, Network, parse_address, parse_network, prefix_mask
from engine.spd import FLOW_CACHE, INBOUND, OUTBOUND, Spd, SpdEntry, exempt

HOST_A, HOST_B = parse_address("10.1.1.5"), parse_address("10.2.2.6")


def entry(name: str, source: str = "0.0.0.0/0", destination: str = "0.0.0.0/0",
          **rest: object) -> SpdEntry:
    return SpdEntry(name, name, parse_network(source),
                    parse_network(destination))._replace(**rest)  # type: ignore[arg-type]


ORDER = [
    entry("host to host, udp, both ports", "10.1.1.5", "10.2.2.6", protocol=17,
          source_port=500, destination_port=500),
    entry("host to host, udp, destination port", "10.1.1.5", "10.2.2.6", protocol=17,
          destination_port=500),
    entry("host to host, udp, source port", "10.1.1.5", "10.2.2.6", protocol=17,
          source_port=500),
    entry("host to host, udp", "10.1.1.5", "10.2.2.6", protocol=17),
    entry("host to host", "10.1.1.5", "10.2.2.6"),
    entry("subnet to host", "10.1.1.0/24", "10.2.2.6"),
    entry("host to subnet", "10.1.1.5", "10.2.2.0/24"),
    entry("subnets in a tunnel", "10.1.1.0/24", "10.2.2.0/24", tunnel=1),
    entry("subnets blocked", "10.1.1.0/24", "10.2.2.0/24", action="block"),
    entry("subnets negotiated", "10.1.1.0/24", "10.2.2.0/24"),
    entry("subnets negotiated again", "10.1.1.0/24", "10.2.2.0/24"),
    entry("subnets permitted", "10.1.1.0/24", "10.2.2.0/24", action="permit"),
    entry("any to host", destination="10.2.2.6"),
    entry("host to any", "10.1.1.5"),
    entry("any to any, icmp", protocol=1),
    entry("any to any"),
]


def test_the_most_specific_comes_first_whatever_the_order_given() -> None:
    names = [each.name for each in ORDER]
    assert [each.name for each in Spd(ORDER).entries] == names
    shuffled = Spd([*ORDER[8:10], *ORDER[15:9:-1], *ORDER[7::-1]])
    assert [each.name for each in shuffled.entries] == names


LOOKUPS = [
    ((HOST_A, HOST_B, 17, 500, 500), "host to host, udp, both ports"),
    ((HOST_A, HOST_B, 17, 1, 500), "host to host, udp, destination port"),
    ((HOST_A, HOST_B, 17, 500, 1), "host to host, udp, source port"),
    ((HOST_A, HOST_B, 17, 1, 1), "host to host, udp"),
    ((HOST_A, HOST_B, 6, 500, 500), "host to host"),
    ((HOST_A + 1, HOST_B, 6, 0, 0), "subnet to host"),
    ((HOST_A, HOST_B + 1, 6, 0, 0), "host to subnet"),
    ((HOST_A + 1, HOST_B + 1, 6, 0, 0), "subnets in a tunnel"),
    ((1, HOST_B, 6, 0, 0), "any to host"),
    ((HOST_A, 1, 6, 0, 0), "host to any"),
    ((1, 2, 1, 0, 0), "any to any, icmp"),
    ((1, 2, 6, 0, 0), "any to any"),
]


@pytest.mark.parametrize(("packet", "name"), LOOKUPS, ids=[row[1] for row in LOOKUPS])
def test_the_first_match_of_the_order_decides(packet: tuple[int, int, int, int, int],
                                              name: str) -> None:
    spd = Spd(ORDER)
    for _ in range(2):
        found = spd.lookup(OUTBOUND, *packet)
        assert found is not None
        assert found.name == name
    assert spd.lookup(INBOUND, *packet) is None


def test_a_mirrored_filter_is_two_entries_that_meet_opposite_packets() -> None:
    there = entry("NetA to NetB", "10.1.1.0/24", "10.2.2.0/24", tunnel=2)
    back = entry("NetB to NetA", "10.2.2.0/24", "10.1.1.0/24", tunnel=1, direction=INBOUND)
    spd = Spd([there, back])
    assert spd.lookup(OUTBOUND, HOST_A, HOST_B, 1) == there
    assert spd.lookup(INBOUND, HOST_B, HOST_A, 1) == back
    assert spd.lookup(INBOUND, HOST_A, HOST_B, 1) is None
    assert spd.lookup(OUTBOUND, HOST_B, HOST_A, 1) is None
    assert (spd.by_id("NetA to NetB"), spd.by_id("nothing"), len(spd)) == (there, None, 2)


def networks() -> st.SearchStrategy[Network]:
    prefixes = st.sampled_from([0, 8, 24, 31, 32])
    return st.builds(lambda address, prefix: Network(address & prefix_mask(prefix), prefix),
                     st.sampled_from([0x0A000000, 0x0A000001, 0x0A000101, 0x0B000001]), prefixes)


entries = st.lists(st.builds(
    SpdEntry, id=st.sampled_from("abcdefgh"), name=st.just(""), source=networks(),
    destination=networks(), protocol=st.sampled_from([0, 1, 17]),
    source_port=st.sampled_from([0, 0, 500]), destination_port=st.sampled_from([0, 0, 53]),
    direction=st.sampled_from([OUTBOUND, INBOUND]),
    action=st.sampled_from(["permit", "block", "negotiate", "bypass"]),
    tunnel=st.sampled_from([None, 1]), methods=st.just(()), auth=st.just(())), max_size=8)
hosts = st.sampled_from([0x0A000000, 0x0A000001, 0x0A000101, 0x0B000001, 0x0C000000])
flows = st.tuples(st.sampled_from([OUTBOUND, INBOUND]), hosts, hosts,
                  st.sampled_from([1, 6, 17]), st.sampled_from([0, 500, 501]),
                  st.sampled_from([0, 53, 54]))


MANY_SHAPES = [SpdEntry(f"{left} {right}", "", Network(0x0A000001 & prefix_mask(left), left),
                        Network(0x0A000101 & prefix_mask(right), right), (0, 17)[left % 2])
               for left in range(16, 33) for right in range(16, 33)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(entries, st.lists(flows, min_size=1, max_size=8))
def test_many_mask_shapes_agree_with_a_naive_scan(
        given_entries: list[SpdEntry],
        packets: list[tuple[str, int, int, int, int, int]]) -> None:
    spd = Spd([*given_entries, *MANY_SHAPES])
    for direction, *packet in packets:
        naive = next((each for each in spd.entries
                      if each.direction == direction and each.matches(*packet)), None)
        assert spd.lookup(direction, *packet) is naive


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(entries, st.lists(flows, min_size=1, max_size=8))
def test_the_look_up_agrees_with_a_naive_scan(
        given_entries: list[SpdEntry],
        packets: list[tuple[str, int, int, int, int, int]]) -> None:
    spd = Spd(given_entries)
    assert sorted(given_entries, key=repr) == sorted(spd.entries, key=repr)
    for direction, *packet in packets:
        naive = next((each for each in spd.entries
                      if each.direction == direction and each.matches(*packet)), None)
        assert spd.lookup(direction, *packet) is naive


def test_the_flow_cache_stays_bounded() -> None:
    spd = Spd([entry("any to any")])
    for number in range(FLOW_CACHE + 10):
        assert spd.lookup(OUTBOUND, number, 1, 17) is not None
    assert spd.cached_flows <= FLOW_CACHE


def test_an_entry_of_any_to_any_weighs_nothing() -> None:
    assert SpdEntry("id", "any", ANY_NETWORK, ANY_NETWORK).weight == 0


SUBNET_BROADCAST = parse_address("10.1.1.255")
EXEMPTIONS = [
    # destination, protocol, source port, destination port, then the name at level 0, 1, 2, 3
    ("ike to us", HOST_B, 17, 500, 500, ("ike",) * 4),
    ("ike from another port", HOST_B, 17, 40000, 500, ("ike",) * 4),
    ("tcp 500 is not ike", HOST_B, 6, 500, 500, ("",) * 4),
    ("multicast", parse_address("224.0.0.9"), 17, 520, 520, ("multicast", "multicast", "", "")),
    ("broadcast", 0xFFFFFFFF, 17, 67, 68, ("broadcast", "broadcast", "", "")),
    ("broadcast on the subnet", SUBNET_BROADCAST, 17, 137, 137,
     ("broadcast", "broadcast", "", "")),
    ("rsvp", HOST_B, 46, 0, 0, ("rsvp", "", "rsvp", "")),
    ("kerberos over udp", HOST_B, 17, 40000, 88, ("kerberos", "", "kerberos", "")),
    ("kerberos over tcp", HOST_B, 6, 40000, 88, ("kerberos", "", "kerberos", "")),
    ("the hole of source port 88", HOST_B, 6, 88, 445, ("kerberos", "", "kerberos", "")),
    ("kerberos to a multicast group", parse_address("224.0.0.9"), 17, 88, 88,
     ("multicast", "multicast", "kerberos", "")),
    ("ike to a multicast group", parse_address("224.0.0.9"), 17, 500, 500, ("ike",) * 4),
    ("esp", HOST_B, 50, 0, 0, ("",) * 4),
    ("icmp", HOST_B, 1, 0, 0, ("",) * 4),
]


@pytest.mark.parametrize(("what", "destination", "protocol", "source_port", "destination_port",
                          "names"), EXEMPTIONS, ids=[row[0] for row in EXEMPTIONS])
def test_ipsecexempt_decides_what_passes_every_filter(
        what: str, destination: int, protocol: int, source_port: int, destination_port: int,
        names: tuple[str, ...]) -> None:
    found = [exempt(level, HOST_A, destination, protocol, source_port, destination_port,
                    {SUBNET_BROADCAST}) for level in range(4)]
    assert found == list(names), what


def test_dynamic_entries_decide_by_the_same_order_and_go_without_a_trace() -> None:
    wide, exact = entry("any to any", action="permit"), entry(
        "tcp 80", "10.1.1.5", "10.2.2.6", protocol=6, destination_port=80, action="block")
    spd = Spd([wide, exact])
    flow, web = (HOST_A, HOST_B, 17, 1, 2), (HOST_A, HOST_B, 6, 1, 80)
    assert spd.lookup(OUTBOUND, *flow) == wide and list(spd.entries) == [exact, wide]
    dynamic = entry("dynamic", "10.1.1.5", "10.2.2.6")
    spd.add_dynamic(dynamic)
    assert spd.lookup(OUTBOUND, *flow) == dynamic and spd.lookup(OUTBOUND, *web) == exact
    assert spd.lookup(INBOUND, *flow) is None and spd.lookup(OUTBOUND, 1, 2, 6) == wide
    assert list(spd.entries) == [exact, dynamic, wide] and len(spd) == 3
    assert spd.is_dynamic("dynamic") and spd.by_id("dynamic") == dynamic
    spd.remove_dynamic("dynamic", "nobody")
    assert spd.lookup(OUTBOUND, *flow) == wide and spd.dynamic == () and len(spd) == 2
