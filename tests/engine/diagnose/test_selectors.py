"""Which filters hide others: against the driver's own look-up, packet by packet."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.address import Network
from engine.diagnose.algebra import intersect
from engine.diagnose.selectors import box_of, hidden, words
from engine.diagnose.tunnels import Leg, half_mirrored
from engine.ip import ICMP, TCP, UDP
from engine.policy.model import AuthMethod, Filter, Rule, Side
from engine.spd import OUTBOUND, Spd, SpdEntry

BASE = 10 << 24
# One protocol and one port stand for all those that no filter names.
PROTOCOLS, PORTS = (ICMP, TCP, UDP), (80, 81)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    prefix = draw(st.sampled_from((29, 30, 31, 32)))
    size = 1 << 32 - prefix
    return Network(BASE + draw(st.integers(0, 8 // size - 1)) * size, prefix)


@st.composite
def entries(draw: st.DrawFn) -> list[SpdEntry]:
    """A policy over eight addresses on each side."""
    found = []
    for number in range(draw(st.integers(1, 9))):
        protocol = draw(st.sampled_from((0, 0, TCP, UDP)))
        port = draw(st.sampled_from((0, 80))) if protocol else 0
        action, tunnel = draw(st.sampled_from((
            ("negotiate", 1), ("negotiate", 2), ("permit", None), ("block", None))))
        found.append(SpdEntry(f"{number}", f"filter {number}", draw(networks()),
                              draw(networks()), protocol, 0, port, OUTBOUND, action, tunnel))
    return found


def packets() -> list[tuple[int, int, int, int, int]]:
    """Every packet that can meet different filters."""
    addresses = range(BASE, BASE + 8)
    return [(source, destination, protocol, 9, port) for source, destination in product(
        addresses, addresses) for protocol in PROTOCOLS for port in PORTS]


@settings(max_examples=150, deadline=None)
@given(entries())
def test_what_never_matches_and_what_is_taken(given_entries: list[SpdEntry]) -> None:
    spd = Spd(given_entries)
    found = {one.entry.id: one for one in hidden(spd)}
    met = {entry.id for packet in packets()
           if (entry := spd.lookup(OUTBOUND, *packet)) is not None}
    assert {name for name, one in found.items() if one.whole} \
        == {one.id for one in spd.entries} - met
    for name, one in found.items():
        entry = spd.by_id(name)
        assert entry is not None and one.by
        assert one.common == intersect(box_of(entry), box_of(one.by[0]))
    for packet in packets():
        first = spd.lookup(OUTBOUND, *packet)
        for other in spd.entries:
            if first is None or other is first or not other.matches(*packet):
                continue
            if (other.action, other.tunnel) != (first.action, first.tunnel):
                assert other.id in found


def test_words_for_a_set_of_packets() -> None:
    one = SpdEntry("1", "web", Network(BASE, 24), Network(BASE + 10, 32), TCP, 0, 80)
    assert words(box_of(one)) == "10.0.0.0/24 -> 10.0.0.10/32 protocol 6 port 80"
    assert words(((BASE + 1, BASE + 4), (BASE, BASE + 1), (0, 256), (0, 65536), (0, 65536))) \
        == "10.0.0.1-10.0.0.3 -> 10.0.0.0/32"


def leg(source: tuple[int, int], destination: tuple[int, int], outbound: bool) -> Leg:
    rule = Rule("out" if outbound else "back", "P", "L", "A", 1, auth=(AuthMethod("psk"),))
    ends = Network(*source), Network(*destination)
    return Leg(rule, Filter(Side("ip", *source), Side("ip", *destination), mirrored=False), *ends,
               outbound, not outbound)


def test_half_mirrored_rules_and_what_only_one_is_for() -> None:
    here, there, half = (BASE, 24), (BASE + 256, 24), (BASE + 256, 25)
    assert half_mirrored([leg(here, there, True), leg(there, here, False)]) == []
    assert half_mirrored([leg(here, there, True)]) == []
    (found,) = half_mirrored([leg(here, there, True), leg(half, here, False)])
    assert found.lines() == ("only 'out': 10.0.0.0 to 10.0.0.255, 10.0.1.128 to 10.0.1.255",)
