"""What must hold whatever the network does and whatever arrives."""

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.address import parse_address
from engine.ip import ESP, ICMP, UDP, IPv4, build_udp, parse_ipv4
from tests.support.site import HOST_A, HOST_B, INTERNAL, OWN, PEER, Site, article

CHANCE = st.sampled_from([0.0, 0.05, 0.2])


@given(seed=st.integers(0, 2**31), loss=CHANCE, duplicate=CHANCE, reorder=CHANCE, corrupt=CHANCE)
@settings(max_examples=15, deadline=None)
def test_no_impairment_makes_the_gateways_send_an_echo_in_the_clear(
        seed: int, loss: float, duplicate: float, reorder: float, corrupt: float) -> None:
    site = Site(seed).policy().filters().route()
    for name in ("transitA", "middle", "transitB"):
        link = site.lab.links[name]
        link.loss, link.duplicate, link.reorder, link.corrupt = loss, duplicate, reorder, corrupt
    capture = site.lab.start_capture("gwA", "External")
    echoes = site.ping(20)
    assert not any(echo.clear or echo.soft for echo in echoes)
    sent = [parse_ipv4(one.octets).protocol for one in capture.packets if one.outgoing]
    assert set(sent) <= {UDP, ESP}
    # A duplicate of a first message, or a repeated quick mode, may not pile up associations.
    assert all(len(site.lab.hosts[name].sad) <= 2 for name in ("gwA", "gwB"))


ADDRESSES = st.sampled_from([HOST_A, HOST_B, INTERNAL, OWN, PEER, 0, 0xFFFFFFFF,
                             parse_address("10.1.0.255"), parse_address("224.0.0.1"),
                             parse_address("127.0.0.1"), parse_address("172.16.0.1")])
PORTS = st.sampled_from([0, 53, 88, 500, 4500])
PAYLOADS = st.one_of(
    st.binary(max_size=64),
    st.builds(lambda a, b, c: build_udp(HOST_A, OWN, a, b, c), PORTS, PORTS,
              st.binary(max_size=48)))
PACKETS = st.builds(
    IPv4, ADDRESSES, ADDRESSES, st.sampled_from([ICMP, UDP, ESP, 6, 46, 47, 51, 255]), PAYLOADS,
    st.integers(0, 255), st.integers(0, 255), st.integers(0, 3), st.booleans(), st.booleans(),
    st.sampled_from([0, 8, 1480, 65528]))


@given(packets=st.lists(st.tuples(PACKETS, st.sampled_from(["Internal", "External"])),
                        max_size=20))
@settings(max_examples=40, deadline=None)
def test_whatever_arrives_is_a_decision_and_the_tunnel_lives_on(
        packets: list[tuple[IPv4, str]]) -> None:
    site = article()
    site.ping()
    gwa = site.lab.hosts["gwA"]
    pairs = gwa.sad.pairs()
    for packet, interface in packets:
        site.lab.inject("gwA", interface, packet)
    site.lab.run(site.lab.now + 1)
    assert gwa.sad.pairs() == pairs
    assert site.ping()[0].protected
