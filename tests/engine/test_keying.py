"""IKE and the SA database joined: what a host does with what IKE reports."""

from engine.ip import parse_ipv4
from engine.policy.model import (
    AuthMethod,
    Filter,
    FilterAction,
    FilterList,
    Policy,
    Rule,
    Secret,
    Side,
)
from engine.suites import QuickModeMethod
from tests.support.site import HOST_A, HOST_B, OWN, POLICY, Site, article


def values(site: Site, machine: str = "gwA") -> dict[str, int]:
    return {key: value for _, key, _, value in site.lab.hosts[machine].statistics()}


def test_what_waits_is_dropped_when_the_negotiation_fails() -> None:
    site = Site().policy(key="another").route()
    steps = site.lab.hosts["gwA"].trace = []
    site.ping(70)
    reasons = {step.reason for step in steps if step.verdict == "drop"}
    assert {"hold-full"} <= reasons and site.lab.hosts["gwA"].sad.pairs() == ()


def test_a_held_packet_expires_while_ike_still_tries() -> None:
    site = Site().policy().route()
    site.lab.links["middle"].up = False
    site.ping()
    site.lab.run(site.lab.now + 11)
    assert site.counter("hold-expired") == 1
    assert site.lab.hosts["gwA"].negotiating(HOST_B)


def test_after_a_failure_the_next_packet_tries_again() -> None:
    site = Site().audit().policy().route()
    site.lab.links["middle"].up = False
    site.ping()
    site.lab.run(70)
    assert not site.lab.hosts["gwA"].negotiating(HOST_B)
    assert site.numbers() == [547] and values(site)["acquire_fail"] == 1
    site.lab.links["middle"].up = True
    assert site.ping()[0].kind == "reply"
    assert values(site)["total_acquire"] == 2


def test_a_rule_that_only_knows_kerberos_fails_with_a_named_reason() -> None:
    site = Site().audit().policy().route()
    for name in ("NetA to NetB", "NetB to NetA"):
        rule = site.gwa.rule(POLICY, name)
        site.gwa.replace_rule(POLICY, name, rule._replace(auth=(AuthMethod("kerberos"),)))
    site.lab.reload()
    assert site.ping()[0].kind == "timeout"
    assert site.numbers() and set(site.numbers()) <= {545, 546, 547}
    assert values(site)["total_key_add"] == 0


def test_a_local_reason_to_fail_is_none_for_clear_text() -> None:
    site = Site().policy(soft=True).route()
    for name in ("NetA to NetB", "NetB to NetA"):
        rule = site.gwa.rule(POLICY, name)
        site.gwa.replace_rule(POLICY, name, rule._replace(auth=(AuthMethod("kerberos"),)))
    site.lab.reload()
    assert not any(echo.clear or echo.soft for echo in site.ping(20))
    assert not site.lab.hosts["gwA"].soft


def test_a_soft_association_ends_with_the_policy_that_allowed_it() -> None:
    site = Site().policy(soft=True).route()
    site.lab.stop_agent("gwB")
    assert site.ping()[0].soft and site.lab.hosts["gwA"].soft
    site.gwa.replace_filteraction("FA", site.gwa.filteraction("FA")._replace(soft=False))
    site.lab.reload()
    assert not site.lab.hosts["gwA"].soft
    echo = site.ping()[0]
    assert (echo.kind, echo.clear) == ("timeout", False)


def test_a_soft_association_gives_way_to_a_tunnel_that_the_peer_builds() -> None:
    site = Site().policy(soft=True).route()
    site.lab.stop_agent("gwB")
    site.ping()
    site.lab.start_agent("gwB")
    assert site.ping(2, machine="hostB", destination=HOST_A)[1].protected
    assert not site.lab.hosts["gwA"].soft
    echo = site.ping()[0]
    assert echo.protected and not echo.clear


def test_stopping_the_agent_ends_negotiations_and_drops_what_waits() -> None:
    site = Site().policy().route()
    site.lab.links["middle"].up = False
    site.ping()
    site.lab.stop_agent("gwA")
    assert site.counter("negotiation-failed") == 1
    assert not site.lab.hosts["gwA"].negotiating(HOST_B)
    assert site.lab.hosts["gwA"].main_modes() == ()


def test_an_inbound_rule_alone_still_refuses_clear_text() -> None:
    site = Site().policy(ends=(OWN, OWN)).route()
    site.lab.stop_agent("gwB")
    echo = site.ping(machine="hostB", destination=HOST_A)[0]
    assert (echo.kind, echo.clear) == ("timeout", True)
    assert site.counter("cleartext-refused") == 1


def test_the_kilobyte_lifetime_renews_the_pair_without_loss() -> None:
    site = Site().policy(quick=(QuickModeMethod("3DES", "SHA1", kilobytes=20480),)).route()
    site.ping()
    pair = site.lab.hosts["gwA"].sad.pairs()[0]
    assert pair.outbound is not None
    pair.outbound.octets = int(pair.outbound.hard_octets * 0.85)
    assert [echo.kind for echo in site.ping(5, size=1000)] == ["reply"] * 5
    assert values(site)["rekeys"] == 1


def test_both_ends_count_what_the_tunnel_carried() -> None:
    site = article()
    site.ping(3)
    mine, theirs = values(site), values(site, "gwB")
    for sent, received in (("tunnel_bytes_sent", "tunnel_bytes_received"),
                           ("confidential_bytes_sent", "confidential_bytes_received"),
                           ("authenticated_bytes_sent", "authenticated_bytes_received")):
        assert mine[sent] == theirs[received] == theirs[sent] == mine[received] == 180


def test_a_peer_that_lost_its_associations_is_told_apart_by_bad_spi() -> None:
    site = article()
    site.ping()
    site.lab.hosts["gwB"].sad.clear()
    assert site.ping()[0].kind == "timeout"
    assert site.counter("bad-spi", "gwB") == 1
    assert [one.name for one in site.lab.hosts["gwB"].log if one.source == "System"] == ["bad-spi"]


def test_replayed_and_forged_esp_is_counted_and_goes_nowhere() -> None:
    site = article()
    site.ping()
    capture = site.lab.start_capture("gwB", "External")
    site.ping()
    packet = parse_ipv4(next(one.octets for one in capture.packets if not one.outgoing))
    site.lab.inject("gwB", "External", packet)
    forged = bytearray(packet.payload)
    forged[7] += 1
    site.lab.inject("gwB", "External", packet.with_payload(bytes(forged)))
    assert site.counter("replay", "gwB") == 1 == values(site, "gwB")["replay_detected"]
    assert site.counter("bad-icv", "gwB") == 1 == values(site, "gwB")["not_authenticated"]


def transport(site: Site, machine: str, peer: int) -> None:
    """Protects everything between two hosts in transport mode."""
    config = site.store.on(machine)
    config.add_policy(Policy("Transport"))
    config.add_filterlist(FilterList("list", filters=(
        Filter(Side("me"), Side("ip", peer, 32)),)))
    config.add_filteraction(FilterAction("action", methods=(QuickModeMethod("AES128", "SHA1"),)))
    config.add_rule(Rule("rule", "Transport", "list", "action",
                         auth=(AuthMethod("psk", Secret("between hosts")),)))
    config.assign("Transport")


def test_two_hosts_protect_their_traffic_in_transport_mode() -> None:
    site = Site().route()
    site.lab.stop_agent("gwB")
    transport(site, "hostA", HOST_B)
    transport(site, "hostB", HOST_A)
    site.lab.reload()
    capture = site.lab.start_capture("gwA", "External")
    first, second = site.ping(2)
    assert (first.kind, second.kind) == ("negotiating", "reply")
    assert second.protected and not second.clear and second.ttl == 124
    assert all(one.info.startswith(("ISAKMP", "ESP")) for one in capture.summaries())
    assert values(site, "hostA")["transport_bytes_sent"] == 40
