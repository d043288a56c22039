"""A host as a box: packets in, outputs out."""

import pytest

from engine.address import parse_address
from engine.host import Host
from engine.icmp import Icmp, build_icmp, echo_request, parse_icmp
from engine.ip import ESP, IPv4, udp_packet
from engine.lab.seed import seeded_entropy
from engine.pipeline.stages import Deliver, Output, Refused, Transmit
from engine.policy.model import (
    Filter,
    FilterAction,
    FilterList,
    Machine,
    Policy,
    Route,
    Rule,
    Side,
)
from tests.support.site import HOST_A, HOST_B, INTERNAL, NET_B, OWN, PEER, Site, article

ROUTER = parse_address("192.0.2.254")


def gateway(site: Site | None = None) -> Host:
    config = (site or Site()).store.on("gwA")
    return Host("gwA", config=config, entropy=seeded_entropy(1, "gwA"))


def ping(source: int, destination: int, **fields: int) -> IPv4:
    return echo_request(source, destination, 1, 1, b"x" * 32, trace=9, **fields)  # type: ignore[arg-type]


def sent(outputs: list[Output]) -> Transmit:
    one = outputs[0]
    assert isinstance(one, Transmit) and len(outputs) == 1
    return one


def icmp(outputs: list[Output]) -> Icmp:
    return parse_icmp(sent(outputs).packet.payload)


def test_a_ping_to_any_own_address_is_answered_with_its_trace() -> None:
    host = gateway()
    for address in (INTERNAL, OWN):
        answer = sent(host.receive(ping(HOST_A, address), "Internal", 0.0))
        assert (answer.interface, answer.next_hop) == ("Internal", HOST_A)
        assert (answer.packet.source, answer.packet.trace) == (address, 9)
        assert parse_icmp(answer.packet.payload).type == 0


def test_a_machine_may_keep_silent_to_pings() -> None:
    site = Site()
    site.store.set_machine(Machine("gwA", "gateway", True, icmp_echo=False))
    host = gateway(site)
    assert host.receive(ping(HOST_A, INTERNAL), "Internal", 0.0) == []
    assert host.counters == {"echo-refused": 1}


def test_forwarding_takes_one_from_the_ttl() -> None:
    forwarded = sent(gateway().receive(ping(HOST_A, PEER, ttl=64), "Internal", 0.0))
    assert (forwarded.interface, forwarded.next_hop) == ("External", ROUTER)
    assert forwarded.packet.ttl == 63


@pytest.mark.parametrize(("packet", "kind", "code", "counter"), [
    (ping(HOST_A, PEER, ttl=1), 11, 0, "ttl-expired"),
    (ping(HOST_A, HOST_B), 3, 0, "no-route"),
    (echo_request(HOST_A, PEER, 1, 1, bytes(1600), df=True), 3, 4, "needs-frag"),
    (udp_packet(HOST_A, INTERNAL, 1025, 9, b"x"), 3, 3, "port-unreachable"),
    (IPv4(HOST_A, INTERNAL, 47, b"12345678"), 3, 2, "protocol-unreachable"),
])
def test_what_cannot_be_done_is_told_to_the_sender(packet: IPv4, kind: int, code: int,
                                                   counter: str) -> None:
    host = gateway()
    outputs = [one for one in host.receive(packet, "Internal", 0.0) if isinstance(one, Transmit)]
    message = parse_icmp(outputs[0].packet.payload)
    assert (message.type, message.code) == (kind, code)
    assert outputs[0].packet.source == INTERNAL and host.counters[counter] == 1


def test_a_route_whose_gateway_is_not_reachable_is_host_unreachable() -> None:
    site = Site()
    site.gwa.add_route(Route(NET_B, 24, "Internal", PEER))
    message = icmp(gateway(site).receive(ping(HOST_A, HOST_B), "Internal", 0.0))
    assert (message.type, message.code) == (3, 1)


def test_errors_about_errors_are_not_sent() -> None:
    host = gateway()
    error = icmp_error_packet()
    assert host.receive(error, "Internal", 0.0) == []
    assert host.counters == {"no-route": 1}


def icmp_error_packet() -> IPv4:
    return IPv4(HOST_A, HOST_B, 1, bytes.fromhex("0300fcff00000000"))


def test_without_forwarding_nothing_is_passed_on_and_nobody_is_told() -> None:
    site = Site()
    site.store.set_machine(Machine("gwA", "gateway", forwarding=False))
    host = gateway(site)
    assert host.receive(ping(HOST_A, PEER), "Internal", 0.0) == []
    assert host.counters == {"not-forwarding": 1}


def test_broadcasts_and_multicasts_are_not_forwarded() -> None:
    host = gateway()
    for address in ("10.1.0.255", "255.255.255.255", "224.0.0.5", "192.0.2.255"):
        assert host.receive(ping(HOST_A, parse_address(address)), "Internal", 0.0) == []
    assert host.counters == {"not-for-us": 4}


def test_own_packets_take_the_outgoing_interfaces_address() -> None:
    host = gateway()
    assert sent(host.send(ping(0, PEER), 0.0)).packet.source == OWN == host.source_for(PEER)
    assert sent(host.send(ping(0, HOST_A), 0.0)).packet.source == INTERNAL
    assert host.source_for(INTERNAL) == INTERNAL


def test_a_ping_to_oneself_comes_back_at_once() -> None:
    outputs = gateway().send(ping(0, OWN), 0.0)
    assert [type(one) for one in outputs] == [Deliver]


@pytest.mark.parametrize("text", ["127.0.0.1", "127.8.9.10"])
def test_the_loopback_net_is_the_machine_itself(text: str) -> None:
    host, address = gateway(), parse_address(text)
    (answer,) = host.send(ping(0, address), 0.0)
    assert isinstance(answer, Deliver)
    assert (answer.packet.source, answer.packet.destination) == (address, address)
    assert host.source_for(address) == address


def test_loopback_addresses_on_a_wire_are_dropped() -> None:
    host, loopback = gateway(), parse_address("127.0.0.1")
    for packet in (ping(HOST_A, loopback), ping(loopback, INTERNAL), ping(loopback, PEER)):
        assert host.receive(packet, "Internal", 0.0) == []
    assert host.counters == {"martian": 3}


@pytest.mark.parametrize(("packet", "reason"), [
    (ping(0, HOST_B), "no-route"),
    (echo_request(0, PEER, 1, 1, bytes(1600), df=True), "needs-frag"),
])
def test_a_local_program_is_told_why_its_packet_stayed(packet: IPv4, reason: str) -> None:
    outputs = gateway().send(packet, 0.0)
    assert [one.reason for one in outputs if isinstance(one, Refused)] == [reason]


def test_a_negotiation_begins_with_the_address_of_the_outgoing_interface() -> None:
    site = article()
    host = gateway(site)
    begun = sent(host.receive(ping(HOST_A, HOST_B), "Internal", 0.0))
    assert (begun.packet.source, begun.packet.destination, begun.packet.protocol) == (
        OWN, PEER, 17)
    assert host.negotiating(HOST_B) and not host.negotiating(HOST_A)
    assert host.receive(ping(HOST_A, HOST_B), "Internal", 0.1) == []
    assert host.counters["hold-full"] == 1


def test_the_number_of_held_packets_is_a_setting_of_the_machine() -> None:
    site = article()
    site.gwa.set_setting("holdpackets", "3")
    site.lab.reload()
    assert site.ping(size=4000)[0].kind == "reply"


def test_a_local_ping_hears_of_the_negotiation_and_is_not_held() -> None:
    outputs = gateway(article()).send(ping(INTERNAL, HOST_B), 0.0)
    assert [one.reason for one in outputs if isinstance(one, Refused)] == ["negotiating"]
    assert any(isinstance(one, Transmit) and one.packet.protocol == 17 for one in outputs)


def test_esp_with_an_unknown_spi_is_counted_and_logged_once_a_minute() -> None:
    host = gateway()
    stray = IPv4(PEER, OWN, ESP, bytes.fromhex("deadbeef00000001") + bytes(40))
    for moment in (0.0, 1.0, 61.0):
        assert host.receive(stray, "External", moment) == []
    assert host.counters == {"bad-spi": 3} and host.stats.bad_spi == 3
    assert [(one.name, one.source, one.time) for one in host.log] == [
        ("bad-spi", "System", 0.0), ("bad-spi", "System", 61.0)]


def test_a_short_esp_packet_is_a_bad_spi_too() -> None:
    host = gateway()
    assert host.receive(IPv4(PEER, OWN, ESP, b"\1"), "External", 0.0) == []
    assert host.counters == {"bad-spi": 1}


def test_clear_traffic_that_should_be_protected_is_refused() -> None:
    host = gateway(article())
    assert host.receive(ping(HOST_B, HOST_A), "External", 0.0) == []
    assert host.counters == {"cleartext-refused": 1}


def test_inpass_accepts_clear_traffic_that_should_be_protected() -> None:
    host = gateway(Site().policy(inpass=True).route())
    assert sent(host.receive(ping(HOST_B, HOST_A), "External", 0.0)).interface == "Internal"
    assert host.counters == {"clear-accepted": 1}


def block(site: Site, action: str, source: Side, destination: Side) -> Host:
    config = site.gwa
    config.add_policy(Policy("Block"))
    config.add_filterlist(FilterList("list", filters=(Filter(source, destination),)))
    config.add_filteraction(FilterAction("action", action=action))
    config.add_rule(Rule("rule", "Block", "list", "action"))
    config.assign("Block")
    return gateway(site)


@pytest.mark.parametrize(("action", "outputs"), [("permit", 1), ("block", 0)])
def test_permit_and_block_filters_need_no_key(action: str, outputs: int) -> None:
    host = block(Site(), action, Side("any"), Side("ip", OWN, 32))
    assert len(host.receive(ping(PEER, OWN), "External", 0.0)) == outputs
    assert len(host.send(ping(0, PEER), 0.0)) == 1
    assert host.counters == ({"blocked": 2} if action == "block" else {})


def test_transport_mode_is_not_for_packets_of_others() -> None:
    host = block(Site().route(), "negotiate", Side("ip", HOST_A, 32), Side("ip", HOST_B, 32))
    assert host.receive(ping(HOST_A, HOST_B), "Internal", 0.0) == []
    assert host.counters["cleartext-refused"] == 1
    assert host.send(ping(HOST_A, HOST_B), 0.0)[0] == Refused(
        ping(HOST_A, HOST_B, identification=1), "transport-forward")


def test_runtime_routes_come_and_go() -> None:
    host = gateway()
    host.add_rtm_route(Route(NET_B, 24, "external", PEER))
    assert [one.origin for one in host.routes()] == ["connected", "connected", "static", "rtm"]
    assert sent(host.receive(ping(HOST_A, HOST_B), "Internal", 0.0)).next_hop == ROUTER
    assert host.delete_rtm_routes(NET_B, 24, "Internal") == 0
    assert host.delete_rtm_routes(NET_B, 24, "EXTERNAL", PEER) == 1
    assert host.rtm_routes == ()


def test_fragments_for_this_machine_are_put_together_and_time_out_with_a_word() -> None:
    host = gateway()
    whole = echo_request(HOST_A, INTERNAL, 1, 1, bytes(2000), identification=5)
    first = whole._replace(payload=whole.payload[:1480], mf=True)
    rest = whole._replace(payload=whole.payload[1480:], offset=1480)
    assert host.receive(first, "Internal", 0.0) == []
    assert len(host.receive(rest, "Internal", 0.1)) == 2
    assert host.receive(first, "Internal", 1.0) == []
    assert host.next_timer() == 31.0
    assert icmp(host.handle_timer(31.0)).type == 11
    assert host.counters == {"reassembly-timeout": 1}


def test_fragment_check_stops_fragments_in_transit_only() -> None:
    site = Site()
    site.gwa.set_fragcheck("Internal", True)
    host = gateway(site)
    piece = ping(HOST_A, PEER)._replace(mf=True, payload=bytes(8))
    assert host.receive(piece, "Internal", 0.0) == []
    assert host.counters == {"rras-fragment": 1}


def test_nothing_happens_on_a_reload_that_changed_nothing() -> None:
    site = article()
    host = gateway(site)
    agent = host.agent
    assert host.reload(1.0) == [] and host.agent is agent


def test_a_stopped_agent_passes_everything_and_takes_the_policy_up_again() -> None:
    host = gateway(article())
    host.stop_agent(0.0)
    assert host.spd.entries == () and host.stop_agent(0.0) == []
    assert sent(host.receive(ping(HOST_A, HOST_B), "Internal", 0.0)).packet.protocol == 1
    assert icmp(host.receive(udp_packet(PEER, OWN, 500, 500, bytes(28)), "External", 0.0)[1:]
                ).code == 3
    host.start_agent(1.0)
    assert len(host.spd.entries) == 2


def test_rubbish_on_port_500_is_counted_and_not_answered() -> None:
    host = gateway(article())
    assert host.receive(udp_packet(PEER, OWN, 500, 500, b"rubbish"), "External", 0.0) == []
    assert host.stats.invalid_packets == 1
    broken = udp_packet(PEER, OWN, 500, 500, bytes(40))
    broken = broken.with_payload(broken.payload[:-1] + b"\1")
    assert host.receive(broken, "External", 0.0) == []
    assert host.counters["udp-checksum"] == 1


def test_a_datagram_to_oneself_is_refused_to_oneself() -> None:
    host = gateway()
    assert [type(one) for one in host.send(udp_packet(OWN, OWN, 1025, 9, b"x"), 0.0)] == [
        Deliver, Deliver]
    assert host.receive(udp_packet(0, OWN, 1025, 9, b"x"), "External", 0.0) == [
        Deliver(udp_packet(0, OWN, 1025, 9, b"x"))]


def test_a_damaged_datagram_gets_no_answer_about_its_port() -> None:
    host = gateway()
    whole = udp_packet(PEER, OWN, 500, 500, b"x")
    damaged = whole.with_payload(whole.payload[:3] + b"\1" + whole.payload[4:])
    assert host.receive(damaged, "External", 0.0) == []
    assert host.counters == {"udp-checksum": 1}


def test_icmp_that_cannot_be_read_is_counted() -> None:
    host = gateway()
    host.receive(IPv4(PEER, OWN, 1, b"\3"), "External", 0.0)
    host.receive(IPv4(PEER, OWN, 1, build_icmp(3, 3, 0, b"short")), "External", 0.0)
    assert host.counters == {"icmp-truncated": 1, "icmp-quote": 1}


def test_a_machine_without_any_way_still_has_an_address() -> None:
    assert gateway().source_for(HOST_B) == INTERNAL


def test_filter_hits_are_counted_by_filter() -> None:
    host = gateway(article())
    host.receive(ping(HOST_A, HOST_B), "Internal", 0.0)
    assert [count for _, count in host.filter_hits("external", "output")] == [1, 1]
    assert [count for _, count in host.filter_hits("External", "input")] == [0, 0]
