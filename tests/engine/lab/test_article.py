"""KB 252735 through the engine: what its reader builds, what happens, and each way it fails."""

import pytest

from engine.address import format_address, parse_address
from engine.ip import ESP, IPv4, parse_ipv4
from engine.policy.model import Filter, FilterAction, Interface, Route
from engine.suites import QuickModeMethod
from tests.support.site import (
    HOST_A,
    HOST_B,
    INTERNAL,
    NET_A,
    NET_B,
    OWN,
    PEER,
    POLICY,
    Site,
    article,
    side,
)


def test_the_articles_tunnel_protects_a_ping_from_host_a_to_host_b() -> None:
    site = article()
    echoes = site.ping(4)
    assert [echo.kind for echo in echoes] == ["reply"] * 4
    assert all(echo.protected and not echo.clear and not echo.soft for echo in echoes)
    assert [(echo.source, echo.bytes, echo.ttl) for echo in echoes] == [(HOST_B, 32, 126)] * 4
    # The first echo waited for three round trips of main mode and one and a half of quick mode.
    assert [round(echo.seconds, 3) for echo in echoes] == [0.34, 0.1, 0.1, 0.1]


def test_only_isakmp_and_esp_are_seen_outside_and_in_the_order_of_the_rfc() -> None:
    site = article()
    capture = site.lab.start_capture("gwA", "External")
    site.ping(2)
    info = [one.info for one in capture.summaries()]
    assert info[:9] == ["ISAKMP MM1", "ISAKMP MM2", "ISAKMP MM3", "ISAKMP MM4", "ISAKMP MM5",
                        "ISAKMP MM6", "ISAKMP QM1", "ISAKMP QM2", "ISAKMP QM3"]
    assert len(info) == 13
    assert all(one.startswith("ESP spi=0x") for one in info[9:])
    assert {(one.source, one.destination) for one in capture.summaries()} == {
        ("192.0.2.1", "198.51.100.1"), ("198.51.100.1", "192.0.2.1")}


def test_security_log_and_associations_tell_of_the_tunnel() -> None:
    site = article()
    site.ping()
    gwa, gwb = site.lab.hosts["gwA"], site.lab.hosts["gwB"]
    assert site.numbers() == [541, 541] == site.numbers("gwB")
    mine, theirs = gwa.sad.pairs()[0], gwb.sad.pairs()[0]
    assert mine.outbound is not None and theirs.outbound is not None
    assert (mine.inbound.spi, mine.outbound.spi) == (theirs.outbound.spi, theirs.inbound.spi)
    assert [one.state for one in gwa.main_modes()] == ["up"]
    values = {key: value for _, key, _, value in gwa.statistics()}
    assert (values["main_modes"], values["quick_modes"], values["active_associations"],
            values["active_tunnels"], values["soft_sas"]) == (1, 1, 1, 1, 0)
    assert values["tunnel_bytes_sent"] == values["tunnel_bytes_received"] == 60


def test_the_events_have_the_fields_of_the_message_table() -> None:
    site = article()
    site.ping()
    main, quick = (one for one in site.lab.hosts["gwA"].log if one.event_id == 541)
    assert dict(main.fields)["Mode"] == "Key Exchange Mode (Main Mode)"
    fields = dict(quick.fields)
    assert [label for label, _ in quick.fields] == ["Mode", "Peer Identity", "Filter",
                                                    "Parameters"]
    assert fields["Filter"].split("\n")[:4] == [
        "Source IP Address 10.1.0.0", "Source IP Address Mask 255.255.255.0",
        "Destination IP Address 10.2.0.0", "Destination IP Address Mask 255.255.255.0"]
    assert "Encapsulation  Tunnel Mode" in fields["Parameters"]
    assert "ESP Algorithm  Triple DES CBC" in fields["Parameters"]


def test_nothing_is_logged_while_auditing_is_off() -> None:
    site = Site().policy().route()
    assert site.ping()[0].kind == "reply"
    assert site.numbers() == []


def test_the_tunnel_adds_no_interface() -> None:
    site = article()
    before = dict(site.lab.hosts["gwA"].interfaces)
    site.ping()
    assert site.lab.hosts["gwA"].interfaces == before


def test_the_third_party_may_begin_the_tunnel() -> None:
    site = article()
    echo = site.ping(machine="hostB", destination=HOST_A)[0]
    assert (echo.kind, echo.protected, echo.clear) == ("reply", True, False)


def test_a_ping_before_assigning_crosses_the_outside_in_the_clear() -> None:
    site = Site().policy(assign=False).route()
    echo = site.ping()[0]
    # Only one side has a policy, so the third party refuses the clear packet.
    assert (echo.kind, echo.clear, echo.protected) == ("timeout", True, False)
    assert site.counter("cleartext-refused", "gwB") == 1
    assert site.numbers() == []


def test_without_any_policy_the_ping_is_answered_in_the_clear() -> None:
    site = Site().route()
    site.lab.stop_agent("gwB")
    echo = site.ping()[0]
    assert (echo.kind, echo.clear, echo.protected) == ("reply", True, False)


def test_a_bare_gateway_has_no_route_to_net_b() -> None:
    site = Site()
    echo = site.ping()[0]
    assert (echo.kind, echo.source, echo.clear) == ("unreachable-net", INTERNAL, False)
    assert site.counter("no-route") == 1
    assert site.ping(machine="gwA", destination=PEER)[0].kind == "reply"


def test_policy_without_the_route_never_reaches_ipsec() -> None:
    site = Site().audit().policy().filters()
    assert [echo.kind for echo in site.ping(2)] == ["unreachable-net"] * 2
    assert site.lab.hosts["gwA"].stats.total_acquire == 0


def test_a_wrong_key_fails_authentication_and_is_logged() -> None:
    site = Site().audit().policy(key="another").route()
    echoes = site.ping(70)
    assert {echo.kind for echo in echoes} == {"timeout"}
    assert not any(echo.clear or echo.protected for echo in echoes)
    assert site.lab.hosts["gwA"].sad.pairs() == ()
    assert 541 not in site.numbers()
    assert set(site.numbers()) <= {545, 547} and site.numbers()


def test_filters_without_the_ike_allowance_stop_ike_before_the_wire() -> None:
    site = Site().audit().policy().filters(ike=False).route()
    capture = site.lab.start_capture("gwA", "External")
    assert {echo.kind for echo in site.ping(70)} == {"timeout"}
    assert not capture.packets
    assert 547 in site.numbers()
    assert site.counter("rras-output") >= 7
    assert site.lab.hosts["gwA"].stats.send_fail >= 7


def test_an_input_filter_without_the_ike_allowance_eats_the_answers() -> None:
    site = article()
    allowance = site.gwa.rras_filters("External", "input")[1]
    site.gwa.delete_rras_filter(allowance)
    site.lab.reload()
    capture = site.lab.start_capture("gwA", "External")
    assert {echo.kind for echo in site.ping(4)} == {"timeout"}
    info = [one.info for one in capture.summaries()]
    assert "ISAKMP MM2" in info and "ISAKMP MM3" not in info
    assert site.counter("rras-input") >= 1


def test_the_output_filter_sees_the_inner_packet_and_stops_it_before_ipsec() -> None:
    site = article()
    inner = site.gwa.rras_filters("External", "output")[0]
    site.gwa.delete_rras_filter(inner)
    site.lab.reload()
    assert site.ping()[0].kind == "timeout"
    assert site.counter("rras-output") == 1
    assert site.lab.hosts["gwA"].stats.total_acquire == 0


def test_the_input_filter_sees_the_decrypted_packet_and_never_esp() -> None:
    site = article()
    inner = site.gwa.rras_filters("External", "input")[0]
    site.gwa.delete_rras_filter(inner)
    site.lab.reload()
    assert site.ping(2)[1].kind == "timeout"
    assert site.counter("rras-input") == 2
    assert site.lab.hosts["gwA"].sad.pairs()[0].inbound.packets == 2


def test_mirrored_filters_send_the_answers_back_into_the_tunnel() -> None:
    site = Site().audit().policy(mirrored=True).route()
    echoes = site.ping(3)
    assert {echo.kind for echo in echoes} == {"timeout"}
    assert site.counter("cleartext-refused") == 3
    outward = [entry for entry in site.lab.hosts["gwA"].spd.entries
               if entry.direction == "outbound"]
    assert {entry.tunnel for entry in outward} == {PEER} and len(outward) == 2


def test_a_missing_second_rule_drops_the_answers_after_decryption() -> None:
    site = Site().audit().policy(rules=1).route()
    assert {echo.kind for echo in site.ping(3)} == {"timeout"}
    gwa = site.lab.hosts["gwA"]
    assert [entry.direction for entry in gwa.spd.entries] == ["outbound"]
    assert gwa.sad.pairs()[0].inbound.packets == 3
    assert site.counter("inbound-policy") == 3


def test_a_missing_second_rule_refuses_a_tunnel_that_the_peer_begins() -> None:
    site = Site().audit().policy(rules=1).route()
    assert site.ping(3, machine="hostB", destination=HOST_A)[2].kind == "timeout"
    assert site.lab.hosts["gwA"].sad.pairs() == ()
    assert 547 in site.numbers()


def test_both_rules_with_the_same_end_drop_the_answers() -> None:
    site = Site().policy(ends=(PEER, PEER)).route()
    assert {echo.kind for echo in site.ping(3)} == {"timeout"}
    assert site.counter("inbound-policy") >= 1


def test_a_wrong_tunnel_end_gets_no_answer() -> None:
    site = Site().audit().policy(ends=(parse_address("198.51.100.77"), OWN)).route()
    assert {echo.kind for echo in site.ping(70)} == {"timeout"}
    assert 547 in site.numbers()


def test_filters_that_are_no_mirror_of_the_peers_are_refused() -> None:
    site = article()
    site.gwa.delete_filters("NetA to NetB", lambda one: True)
    site.gwa.add_filter("NetA to NetB", Filter(side(NET_A, 24), side(NET_B, 25), mirrored=False))
    site.lab.reload()
    assert {echo.kind for echo in site.ping(3)} == {"timeout"}
    gwa = site.lab.hosts["gwA"]
    assert gwa.sad.pairs() == () and [one.state for one in gwa.main_modes()] == ["up"]


@pytest.mark.parametrize(("method", "shown"), [
    (QuickModeMethod("DES", "MD5"), "DES CBC"),
    (QuickModeMethod("3DES", "SHA1"), "Triple DES CBC"),
    (QuickModeMethod("AES256", "SHA256"), "AES-256 CBC"),
])
def test_the_articles_suites_and_stronger_ones_are_accepted(method: QuickModeMethod,
                                                           shown: str) -> None:
    site = Site().audit().policy(quick=(method,)).route()
    assert site.ping()[0].kind == "reply"
    assert f"ESP Algorithm  {shown}" in dict(site.lab.hosts["gwA"].log[-1].fields)["Parameters"]


def test_a_peer_without_ike_gets_a_soft_association_where_the_action_allows_it() -> None:
    site = Site().audit().policy(soft=True).route()
    site.lab.stop_agent("gwB")
    echoes = site.ping(2)
    assert [echo.kind for echo in echoes] == ["reply", "reply"]
    assert all(echo.clear and echo.soft and not echo.protected for echo in echoes)
    gwa = site.lab.hosts["gwA"]
    assert gwa.stats.soft_sas == 1 and len(gwa.soft) == 1
    assert [one.name for one in gwa.log] == ["soft-association"]
    site.lab.run(site.lab.now + 301)
    assert not gwa.soft


def test_a_silent_peer_is_tried_four_times_before_the_soft_association() -> None:
    site = Site().policy(soft=True).route()
    site.lab.stop_agent("gwB")
    site.lab.links["middle"].up = False
    capture = site.lab.start_capture("gwA", "External")
    site.ping(15)
    assert [one.info[:10] for one in capture.summaries()] == ["ISAKMP MM1"] * 4
    site.lab.links["middle"].up = True
    echo = site.ping(2)[1]
    assert (echo.kind, echo.soft) == ("reply", True)


def test_without_soft_a_port_unreachable_ends_nothing() -> None:
    site = Site().policy().route()
    site.lab.stop_agent("gwB")
    assert site.ping(2)[1].kind == "timeout"
    assert site.counter("ike-port-unreachable") >= 1
    assert site.lab.hosts["gwA"].negotiating(HOST_B)


def test_a_ping_typed_on_the_gateway_is_told_of_the_negotiation() -> None:
    site = article()
    echoes = site.ping(2, machine="gwA", source=INTERNAL)
    assert [echo.kind for echo in echoes] == ["negotiating", "reply"]
    assert echoes[1].protected


def test_a_ping_from_the_gateways_external_address_does_not_meet_the_tunnel_filter() -> None:
    site = Site().policy().route()
    echo = site.ping(machine="gwA")[0]
    assert (echo.kind, echo.clear, echo.protected) == ("reply", True, False)


def second_adapter(site: Site) -> None:
    """A second adapter on the same external network, which reaches the peer as well."""
    site.gwa.add_interface(Interface("External 2", parse_address("192.0.2.9"), 24, None,
                                     "00-0C-29-5A-00-13", 1500, "transitA"))
    site.gwa.add_route(Route(parse_address("198.51.100.0"), 24, "External 2",
                             parse_address("192.0.2.254"), metric=2))


def test_the_multihomed_trap_sends_the_tunnel_from_an_address_the_peer_does_not_expect() -> None:
    site = Site().audit().policy()
    second_adapter(site)
    site.route("External 2")
    first, second = (site.lab.start_capture("gwA", name) for name in ("External", "External 2"))
    assert {echo.kind for echo in site.ping(3)} == {"timeout"}
    assert not first.packets
    sent = [parse_ipv4(one.octets) for one in second.packets if one.outgoing]
    assert {format_address(packet.source) for packet in sent} == {"192.0.2.9"}
    assert site.lab.hosts["gwA"].sad.pairs() == ()


def test_a_tunnel_in_place_is_refused_from_the_wrong_interface() -> None:
    site = article()
    site.ping()
    second_adapter(site)
    site.gwa.delete_route(NET_B, 24)
    site.route("External 2")
    assert site.ping()[0].kind == "timeout"
    assert site.counter("wrong-tunnel-source", "gwB") == 1


def test_large_pings_are_fragmented_and_come_back_whole() -> None:
    site = article()
    site.ping()
    capture = site.lab.start_capture("gwA", "External")
    echo = site.ping(size=3000)[0]
    assert (echo.kind, echo.bytes, echo.protected, echo.clear) == ("reply", 3000, True, False)
    pieces = [parse_ipv4(one.octets) for one in capture.packets]
    assert all(piece.protocol == ESP and piece.length <= 1500 for piece in pieces)
    assert any(piece.is_fragment for piece in pieces)


def test_large_pings_between_gateway_and_far_host_come_back_whole() -> None:
    site = article()
    site.ping()
    inside = parse_address("10.1.0.1")
    assert site.ping(machine="gwA", size=3000, source=inside)[0].kind == "reply"
    assert site.ping(machine="hostB", size=3000, destination=inside)[0].kind == "reply"


def test_a_clear_fragment_never_completes_a_datagram_from_the_tunnel() -> None:
    site = article()
    site.ping()
    gateway = site.lab.hosts["gwA"]
    clear = IPv4(HOST_B, parse_address("10.1.0.1"), 1, bytes(8), identification=7, mf=True)
    assert gateway.receive(clear, "External", site.lab.now) == []
    assert (len(gateway.node.reassembler), len(gateway.node.secured_pieces)) == (1, 0)


def test_dont_fragment_is_answered_with_the_room_inside_the_tunnel() -> None:
    site = article()
    site.ping()
    capture = site.lab.start_capture("gwA", "Internal")
    echo = site.ping(size=1472, df=True)[0]
    assert (echo.kind, echo.source) == ("needs-frag", INTERNAL)
    # 3DES and SHA1: 1500 - 20 - 8 - 8 - 12 leaves 1452, whole blocks 1448, trailer 2.
    assert capture.summaries()[-1].info == "ICMP Fragmentation needed, MTU 1446"
    assert site.ping(size=1446 - 28, df=True)[0].kind == "reply"
    assert site.ping(size=1446 - 27, df=True)[0].kind == "needs-frag"


def test_errors_about_decrypted_packets_go_back_through_the_tunnel() -> None:
    site = article()
    site.ping()
    echo = site.ping(machine="hostB", destination=HOST_A, ttl=2)[0]
    assert (echo.kind, echo.source) == ("ttl-expired", INTERNAL)
    assert echo.protected and not echo.clear
    assert site.counter("ttl-expired") == 1


def narrow(site: Site) -> None:
    """The middle link takes 1000 octets from here on."""
    r1 = site.store.on("r1")
    r1.set_interface(r1.interface("Middle")._replace(mtu=1000))
    site.lab.reload()


def test_a_narrow_link_on_the_way_is_learned_from_its_router() -> None:
    site = Site().policy().route()
    site.ping()
    narrow(site)
    first, second = site.ping(2, size=1200, df=True)
    assert (first.kind, second.kind) == ("timeout", "needs-frag")
    assert site.ping(size=900, df=True)[0].kind == "reply"


def test_the_articles_input_filters_swallow_the_routers_word_about_a_narrow_link() -> None:
    site = article()
    site.ping()
    narrow(site)
    assert {echo.kind for echo in site.ping(2, size=1200, df=True)} == {"timeout"}
    assert site.counter("rras-input") == 2
    assert site.ping(size=1200)[0].kind == "reply"


def test_unassigning_deletes_the_associations_at_both_ends() -> None:
    site = article()
    site.ping()
    site.gwa.unassign(POLICY)
    site.lab.reload()
    site.lab.run(site.lab.now + 1)
    gwa, gwb = site.lab.hosts["gwA"], site.lab.hosts["gwB"]
    assert gwa.spd.entries == () and gwa.sad.pairs() == () == gwb.sad.pairs()
    assert site.numbers() == [541, 541, 542, 543]
    site.gwa.assign(POLICY)
    site.lab.reload()
    assert site.ping()[0].protected


def test_a_change_elsewhere_keeps_the_associations() -> None:
    site = article()
    site.ping()
    pairs = site.lab.hosts["gwA"].sad.pairs()
    site.gwa.add_filteraction(FilterAction("unused"))
    site.gwa.add_filterlist(site.gwa.filterlist("NetA to NetB")._replace(name="other"))
    site.lab.reload()
    assert site.lab.hosts["gwA"].sad.pairs() == pairs
    site.gwa.replace_filteraction("FA", site.gwa.filteraction("FA")._replace(
        methods=(QuickModeMethod("AES128", "SHA1"),)))
    site.lab.reload()
    assert site.lab.hosts["gwA"].sad.pairs() == ()
    assert site.ping()[0].protected


def test_stopping_the_agent_deletes_everything_and_closes_port_500() -> None:
    site = article()
    site.ping()
    site.lab.stop_agent("gwA")
    site.lab.run(site.lab.now + 1)
    gwa, gwb = site.lab.hosts["gwA"], site.lab.hosts["gwB"]
    assert not gwa.agent_running and gwa.spd.entries == () and gwa.sad.pairs() == ()
    assert gwb.sad.pairs() == ()
    capture = site.lab.start_capture("r1", "TransitA")
    site.ping(machine="hostB", destination=HOST_A)
    assert capture.summaries() == [] or "port" in capture.summaries()[-1].info
    site.lab.start_agent("gwA")
    assert site.ping()[0].protected


def test_rekeying_by_time_loses_no_packet() -> None:
    site = Site().audit().policy(
        quick=(QuickModeMethod("3DES", "SHA1", seconds=300),)).route()
    echoes = site.ping(1000)
    assert [echo.kind for echo in echoes] == ["reply"] * 1000
    assert all(echo.protected and not echo.clear for echo in echoes)
    values = {key: value for _, key, _, value in site.lab.hosts["gwA"].statistics()}
    assert values["rekeys"] >= 3 and values["active_associations"] <= 2
    assert 542 in site.numbers()


@pytest.mark.parametrize("change", [{"mmlifetime": 5}, {"mmpfs": True}, {"qmpermm": 2}])
def test_main_modes_that_end_or_are_used_up_lose_no_packet(change: dict[str, int]) -> None:
    site = Site().policy(quick=(QuickModeMethod("3DES", "SHA1", seconds=300),)).route()
    policy = site.gwa.policy(POLICY, "local")
    site.gwa.replace_policy(POLICY, policy._replace(**change))  # type: ignore[arg-type]
    site.lab.reload()
    assert [echo.kind for echo in site.ping(700)] == ["reply"] * 700
    values = {key: value for _, key, _, value in site.lab.hosts["gwA"].statistics()}
    assert values["main_modes"] >= 2 and values["rekeys"] >= 2


def test_idle_associations_go_and_come_back_with_traffic() -> None:
    site = article()
    site.ping()
    site.lab.run(site.lab.now + 400)
    assert site.lab.hosts["gwA"].sad.pairs() == () == site.lab.hosts["gwB"].sad.pairs()
    assert site.ping()[0].protected


def test_the_same_seed_gives_the_same_trace_and_another_seed_another_one() -> None:
    def octets(seed: int) -> list[bytes]:
        site = Site(seed).policy().route()
        for link in site.lab.links.values():
            link.loss, link.duplicate, link.reorder = 0.05, 0.05, 0.05
        capture = site.lab.start_capture("gwA", "External")
        site.ping(30)
        return [one.octets for one in capture.packets]

    first = octets(7)
    assert first == octets(7) != octets(8)


def test_a_lossy_duplicating_network_still_builds_the_tunnel() -> None:
    site = Site(3).policy().route()
    link = site.lab.links["middle"]
    link.loss, link.duplicate, link.reorder, link.corrupt = 0.2, 0.2, 0.1, 0.05
    echoes = site.ping(60)
    assert sum(echo.kind == "reply" for echo in echoes) >= 10
    assert not any(echo.clear for echo in echoes)
    assert len(site.lab.hosts["gwA"].sad.pairs()) <= 2
