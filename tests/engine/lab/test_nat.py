"""A NAT between the gateways: what NAT traversal makes of it, and what Windows 2000 did."""

import pytest

from engine.address import parse_address
from engine.errors import NotFound, Refused
from engine.esp.udp import KEEPALIVE, NAT_T_PORT, NON_ESP_MARKER
from engine.ip import ESP, UDP, IPv4, parse_ipv4, udp_packet
from engine.lab.nat import NAT, PROXY, NatHost
from engine.lab.placing import GATEWAY_INSIDE, place, placed, take_away
from engine.policy.model import (
    ME,
    AuthMethod,
    DefaultRule,
    Filter,
    FilterAction,
    FilterList,
    Policy,
    Rule,
    Secret,
)
from engine.suites import QuickModeMethod
from tests.support.site import HOST_A, KEY, PEER, Site, side

QM = QuickModeMethod("AES128", "SHA1")

INSIDE = GATEWAY_INSIDE
PUBLIC = parse_address("192.0.2.1")


def site(**options: object) -> Site:
    """The article's policy on a gwA that sits behind natA."""
    one = Site()
    place(one.store, NAT)
    one.lab.reload()
    return one.audit().policy(ends=(PEER, INSIDE), **options).route()  # type: ignore[arg-type]


def up(**options: object) -> Site:
    one = site(**options)
    assert [result.kind for result in one.ping(4)][-1] == "reply"
    return one


def nat_of(one: Site) -> NatHost:
    host = one.lab.hosts["natA"]
    assert isinstance(host, NatHost)
    return host


def test_a_tunnel_comes_up_through_the_nat_and_carries_both_ways() -> None:
    one = up()
    assert all(result.kind == "reply" and result.protected and not result.clear
               for result in one.ping(3))
    assert [result.kind for result in one.ping(2, "hostB", HOST_A)] == ["reply", "reply"]
    [mode] = one.lab.hosts["gwA"].main_modes()
    assert (mode.local_port, mode.peer_port) == (NAT_T_PORT, NAT_T_PORT)


def test_only_udp_crosses_the_nat_and_nothing_on_port_500_after_message_5() -> None:
    one = site()
    capture = one.lab.start_capture("gwA", "External")
    one.ping(4)
    packets = [parse_ipv4(each[1]) for each in capture.packets]
    assert {packet.protocol for packet in packets} == {UDP}
    destinations = [packet.payload[2:4] for packet in packets if packet.source == INSIDE]
    floated = destinations.index(NAT_T_PORT.to_bytes(2, "big"))
    assert destinations[:floated] == [(500).to_bytes(2, "big")] * 2
    assert set(destinations[floated:]) == {NAT_T_PORT.to_bytes(2, "big")}
    fifth = next(packet for packet in packets if packet.payload[2:4] == b"\x11\x94")
    assert fifth.payload[8:12] == NON_ESP_MARKER


def test_esp_in_udp_has_no_checksum() -> None:
    one = up()
    capture = one.lab.start_capture("gwB", "External")
    one.ping(1)
    packets = [parse_ipv4(each[1]) for each in capture.packets]
    esp = [packet for packet in packets if packet.payload[8:12] != NON_ESP_MARKER]
    assert len(esp) == 2 and all(packet.payload[6:8] == bytes(2) for packet in esp)


def test_keepalives_hold_the_mapping_and_are_dropped_silently() -> None:
    one = up()
    one.lab.run(one.lab.now + 200.0)
    assert one.counter("nat-keepalive", "gwB") >= 9
    assert one.ping(1, "hostB", HOST_A)[0].kind == "reply"


def test_without_keepalives_the_nat_forgets() -> None:
    one = up()
    endpoint = one.lab.hosts["gwA"].ike
    assert endpoint
    endpoint.watch_traffic(lambda spi: (one.lab.now, one.lab.now))
    one.lab.run(one.lab.now + 100.0)
    assert one.ping(1, "hostB", HOST_A)[0].kind == "timeout"
    assert one.counter("nat-unknown", "natA") >= 1


def test_a_port_that_changes_in_the_middle_is_followed() -> None:
    one = up()
    one.lab.restart("natA", 0.0)
    assert [result.kind for result in one.ping(3)] == ["reply"] * 3
    assert one.counter("nat-moved", "gwB") == 1
    assert one.ping(1, "hostB", HOST_A)[0].kind == "reply"


def test_a_stranger_cannot_move_the_tunnel() -> None:
    one = up()
    [pair] = one.lab.hosts["gwB"].sad.pairs()
    before = pair.outbound.udp if pair.outbound else ()
    for payload in (pair.spi.to_bytes(4, "big") + bytes(60), NON_ESP_MARKER + bytes(40),
                    KEEPALIVE, b"", b"\1\2"):
        one.lab.inject("gwB", "External", udp_packet(PUBLIC, PEER, 55555, NAT_T_PORT, payload))
    assert pair.outbound and pair.outbound.udp == before
    assert one.counter("nat-moved", "gwB") == 0
    assert one.ping(1)[0].kind == "reply"


def test_bare_esp_is_not_taken_for_an_association_in_udp() -> None:
    one = up()
    [pair] = one.lab.hosts["gwB"].sad.pairs()
    bare = IPv4(PUBLIC, PEER, ESP, pair.spi.to_bytes(4, "big") + bytes(60))
    one.lab.inject("gwB", "External", bare)
    assert one.counter("wrong-encapsulation", "gwB") == 1


@pytest.mark.parametrize("machine", ["gwA", "gwB"])
def test_without_nat_traversal_it_fails_as_windows_2000_does_and_says_why(machine: str) -> None:
    one = site()
    one.store.on(machine).set_setting("natt", "no")
    one.lab.reload()
    assert {result.kind for result in one.ping(3)} <= {"timeout", "negotiating"}
    one.lab.run(one.lab.now + 120.0)
    failed = [event for event in one.lab.hosts["gwB"].log if event.event_id == 547]
    assert failed
    assert dict(failed[0].fields)["Failure Reason"] == "Unsupported ID."


def test_ah_cannot_pass_and_says_so() -> None:
    one = site(quick=(QuickModeMethod(ah_auth="SHA1"),))
    one.ping(3)
    failed = [event for event in one.lab.hosts["gwA"].log if event.event_id == 546]
    assert failed and dict(failed[0].fields)["Expected value"] == "ESP through a NAT"


# --- transport mode ---------------------------------------------------------------------------


def transport_through_the_nat() -> Site:
    """gwA behind natA and gwB protect what they say to each other, whatever it is."""
    one = Site()
    place(one.store, NAT)
    auth = (AuthMethod("psk", Secret(KEY)),)
    for machine, peer in (("gwA", PEER), ("gwB", PUBLIC)):
        config = one.store.on(machine)
        config.add_policy(Policy("Hosts", default_rule=DefaultRule(False)))
        config.add_filteraction(FilterAction("Require", methods=(QM,)))
        config.add_filterlist(FilterList("Peer", filters=(Filter(ME, side(peer, 32)),)))
        config.add_rule(Rule("hosts", "Hosts", "Peer", "Require", auth=auth))
        config.assign("Hosts")
    one.lab.reload()
    return one


def test_transport_mode_through_the_nat_carries_echoes_and_mends_checksums() -> None:
    one = transport_through_the_nat()
    results = one.ping(4, "gwA", PEER)
    assert [result.kind for result in results][-2:] == ["reply"] * 2
    assert results[-1].protected and not results[-1].clear
    one.lab.send("gwA", udp_packet(INSIDE, PEER, 7, 9, b"checked", identification=1))
    one.lab.run(one.lab.now + 1.0)
    assert one.counter("port-unreachable", "gwB") == 1
    assert one.counter("udp-checksum", "gwB") == 0
    one.lab.send("gwB", udp_packet(PEER, PUBLIC, 7, 9, b"checked", identification=1))
    one.lab.run(one.lab.now + 1.0)
    assert one.counter("port-unreachable", "gwA") == 1
    assert one.counter("udp-checksum", "gwA") == 0


# --- placing and taking away -------------------------------------------------------------------


def test_taking_the_nat_away_gives_the_bare_network_back() -> None:
    one = Site()
    before = [(name, one.store.on(name).interfaces(), one.store.on(name).routes())
              for name in ("gwA", "gwB", "r1")]
    place(one.store, NAT)
    assert placed(one.store) == ("natA", NAT)
    with pytest.raises(Refused, match="natA stands before gwA already"):
        place(one.store, PROXY)
    with pytest.raises(NotFound):
        take_away(one.store, PROXY)
    take_away(one.store, NAT)
    assert placed(one.store) is None
    assert before == [(name, one.store.on(name).interfaces(), one.store.on(name).routes())
                      for name in ("gwA", "gwB", "r1")]


def test_the_lab_that_runs_takes_the_machine_over_and_loses_it_again() -> None:
    one = Site().policy().route()
    place(one.store, NAT)
    one.lab.reload()
    assert "natA" in one.lab.hosts
    take_away(one.store, NAT)
    one.lab.reload()
    assert "natA" not in one.lab.hosts
    assert [result.kind for result in one.ping(4)][-1] == "reply"


# --- a proxy ------------------------------------------------------------------------------------


def behind_proxy(ike: bool) -> Site:
    one = Site()
    place(one.store, PROXY, ike)
    one.lab.reload()
    return one.audit().policy(ends=(PEER, INSIDE)).route()


def test_a_proxy_relays_ping_in_its_own_name_and_no_ike() -> None:
    one = behind_proxy(False)
    assert one.lab.ping("gwA", PEER).kind == "reply"
    assert {result.kind for result in one.ping(3)} <= {"timeout", "negotiating"}
    assert one.counter("rras-input", "proxyA") >= 1
    one.lab.run(one.lab.now + 120.0)
    failed = [event for event in one.lab.hosts["gwA"].log if event.event_id == 547]
    assert dict(failed[0].fields)["Failure Reason"] == "No response from peer."


def test_a_proxy_that_relays_ike_lets_nat_traversal_through_and_nothing_else() -> None:
    one = behind_proxy(True)
    assert [result.kind for result in one.ping(4)][-1] == "reply"
    capture = one.lab.start_capture("gwB", "External")
    one.ping(1)
    [request, _] = [parse_ipv4(each[1]) for each in capture.packets]
    assert (request.protocol, request.source, request.df, request.tos) == (UDP, PUBLIC, False, 0)
    one.store.on("gwA").set_setting("natt", "no")
    one.lab.reload()
    one.lab.run(one.lab.now + 120.0)
    assert {result.kind for result in one.ping(3)} <= {"timeout", "negotiating"}
