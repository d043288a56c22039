"""The policy agent: rules become directed entries, and IKE gets exact answers."""

import pytest

from engine.address import Network, parse_address, parse_network
from engine.agent import BoundRule, PolicyAgent, PolicySnapshot, key_of, read_policy
from engine.ike.interface import TrafficSelector
from engine.policy.model import (
    ANY,
    ME,
    AuthMethod,
    DefaultRule,
    Filter,
    FilterAction,
    FilterList,
    Interface,
    Policy,
    Rule,
    Secret,
    Side,
)
from engine.suites import MainModeMethod
from tests.support.site import Site, article

INTERNAL, EXTERNAL = parse_address("10.1.0.1"), parse_address("192.0.2.1")
PEER = parse_address("198.51.100.1")
ADAPTERS = (Interface("Internal", INTERNAL, 24), Interface("External", EXTERNAL, 24,
                                                           parse_address("192.0.2.254")))
POLICY = Policy("P", guid="{P}", default_rule=DefaultRule(False))
NET_A, NET_B = parse_network("10.1.0.0/24"), parse_network("10.2.0.0/24")
PSK = (AuthMethod("psk", Secret("key")),)


def net(network: Network) -> Side:
    return Side("ip", network.address, network.prefix)


def rule(name: str, *filters: Filter, tunnel: int | None = None,
         action: FilterAction | None = None, auth: tuple[AuthMethod, ...] = PSK,
         conntype: str = "all", active: bool = True) -> BoundRule:
    numbered = tuple(one._replace(guid=f"{{{name}{number}}}")
                     for number, one in enumerate(filters))
    return BoundRule(Rule(name, "P", name, "FA", tunnel, conntype, active, auth=auth,
                          guid=f"{{{name}}}"),
                     FilterList(name, filters=numbered), action or FilterAction("FA"))


def agent(*rules: BoundRule, policy: Policy = POLICY) -> PolicyAgent:
    return PolicyAgent(PolicySnapshot("local", policy, rules, ADAPTERS))


A_TO_B = Filter(net(NET_A), net(NET_B), mirrored=False)
B_TO_A = Filter(net(NET_B), net(NET_A), mirrored=False)
TUNNEL = agent(rule("out", A_TO_B, tunnel=PEER), rule("in", B_TO_A, tunnel=EXTERNAL))
SELECTOR = TrafficSelector(NET_A, NET_B)


def shapes(one: PolicyAgent) -> set[tuple[str, str, str, str]]:
    return {(entry.direction, str(entry.source), str(entry.destination), entry.action)
            for entry in one.spd.entries}


def test_the_tunnel_end_decides_the_direction_of_a_rule() -> None:
    assert shapes(TUNNEL) == {("outbound", "10.1.0.0/24", "10.2.0.0/24", "negotiate"),
                              ("inbound", "10.2.0.0/24", "10.1.0.0/24", "negotiate")}


def test_a_mirrored_tunnel_filter_gives_two_entries_to_the_same_end() -> None:
    mirrored = agent(rule("out", A_TO_B._replace(mirrored=True), tunnel=PEER))
    assert shapes(mirrored) == {("outbound", "10.1.0.0/24", "10.2.0.0/24", "negotiate"),
                                ("outbound", "10.2.0.0/24", "10.1.0.0/24", "negotiate")}
    assert {entry.tunnel for entry in mirrored.spd.entries} == {PEER}
    assert sorted(entry.mirrored for entry in mirrored.spd.entries) == [False, True]


def test_transport_rules_expand_me_against_every_adapter() -> None:
    transport = agent(rule("t", Filter(ME, Side("ip", PEER, 32))))
    assert shapes(transport) == {
        ("outbound", "10.1.0.1/32", "198.51.100.1/32", "negotiate"),
        ("outbound", "192.0.2.1/32", "198.51.100.1/32", "negotiate"),
        ("inbound", "198.51.100.1/32", "10.1.0.1/32", "negotiate"),
        ("inbound", "198.51.100.1/32", "192.0.2.1/32", "negotiate")}


def test_a_block_filter_towards_me_is_inbound_only() -> None:
    block = agent(rule("b", Filter(ANY, Side("ip", EXTERNAL, 32), protocol=17,
                                   destination_port=1434, mirrored=False),
                       action=FilterAction("block", action="block")))
    assert shapes(block) == {("inbound", "0.0.0.0/0", "192.0.2.1/32", "block")}


def test_the_gateway_word_means_the_default_gateways_and_others_nothing() -> None:
    words = agent(rule("w", Filter(ME, Side("server", name="GATEWAY"), mirrored=False),
                       Filter(ME, Side("server", name="DNS"), mirrored=False)))
    assert {str(entry.destination) for entry in words.spd.entries} == {"192.0.2.254/32"}


@pytest.mark.parametrize("inert", [
    rule("off", A_TO_B, tunnel=PEER, active=False),
    rule("dial", A_TO_B, tunnel=PEER, conntype="dialup"),
])
def test_rules_that_are_off_or_for_dial_up_give_nothing(inert: BoundRule) -> None:
    assert agent(inert).spd.entries == ()


def test_ids_are_guids_that_stay_as_long_as_rule_filter_and_selector_do() -> None:
    again = agent(rule("out", A_TO_B, tunnel=PEER), rule("in", B_TO_A, tunnel=EXTERNAL))
    ids = [entry.id for entry in TUNNEL.spd.entries]
    assert ids == [entry.id for entry in again.spd.entries] and len(set(ids)) == 2
    assert all(len(one) == 38 and one[0] == "{" for one in ids)
    moved = agent(rule("out", A_TO_B, tunnel=PEER + 1))
    assert moved.spd.entries[0].id not in ids


def test_phase_1_is_for_the_tunnel_end_only_and_takes_its_rules_key() -> None:
    found = TUNNEL.phase1(EXTERNAL, PEER)
    assert found is not None
    assert (found.psk, found.lifetime, found.quick_limit, found.kerberos) == (
        b"key", 28800, 0, False)
    assert TUNNEL.phase1(EXTERNAL, PEER + 1) is None
    assert agent().phase1(EXTERNAL, PEER) is None


def test_master_pfs_allows_one_quick_mode() -> None:
    strict = agent(rule("out", A_TO_B, tunnel=PEER), policy=POLICY._replace(mmpfs=True, qmpermm=7))
    found = strict.phase1(EXTERNAL, PEER)
    assert found is not None and (found.mmpfs, found.quick_limit) == (True, 1)


def test_kerberos_alone_is_named_as_such() -> None:
    found = agent(rule("out", A_TO_B, tunnel=PEER, auth=(AuthMethod("kerberos"),))).phase1(
        EXTERNAL, PEER)
    assert found is not None and (found.psk, found.kerberos) == (None, True)


@pytest.mark.parametrize(("peer", "selector", "accepted"), [
    (PEER, SELECTOR, True),
    (PEER + 1, SELECTOR, False),
    (PEER, SELECTOR._replace(remote=parse_network("10.2.0.0/25")), False),
    (PEER, SELECTOR._replace(remote=parse_network("10.2.0.0/16")), False),
    (PEER, SELECTOR._replace(protocol=6), False),
    (PEER, TrafficSelector(NET_B, NET_A), False),
])
def test_phase_2_wants_exactly_the_mirror_image(peer: int, selector: TrafficSelector,
                                                accepted: bool) -> None:
    found = TUNNEL.phase2(EXTERNAL, peer, selector)
    assert (found is not None) == accepted


def test_phase_2_needs_both_directions() -> None:
    out, back = rule("out", A_TO_B, tunnel=PEER), rule("in", B_TO_A, tunnel=EXTERNAL)
    assert agent(out).phase2(EXTERNAL, PEER, SELECTOR) is None
    assert agent(back).phase2(EXTERNAL, PEER, SELECTOR) is None
    assert agent(out, back).phase2(INTERNAL, PEER, SELECTOR) is None


HOSTS = TrafficSelector(Network(EXTERNAL, 32), Network(PEER, 32), 6, 0, 80)
RESPONDING = POLICY._replace(default_rule=DefaultRule(True, auth=PSK))


def test_the_default_response_rule_answers_peers_that_no_rule_covers() -> None:
    one = agent(rule("out", A_TO_B, tunnel=PEER), policy=RESPONDING)
    stranger = one.phase1(EXTERNAL, PEER + 9)
    assert stranger is not None and stranger.psk == b"key"
    wanted = one.phase2(EXTERNAL, PEER, HOSTS)
    assert wanted is not None and (wanted.selector, wanted.tunnel) == (HOSTS, False)
    assert wanted.methods == RESPONDING.default_rule.methods
    assert agent().phase2(EXTERNAL, PEER, HOSTS) is None


@pytest.mark.parametrize("selector", [
    HOSTS._replace(remote=NET_B), HOSTS._replace(local=NET_A),
    HOSTS._replace(remote=Network(PEER + 1, 32)), SELECTOR])
def test_the_default_response_is_between_the_two_hosts_only(selector: TrafficSelector) -> None:
    assert agent(policy=RESPONDING).phase2(EXTERNAL, PEER, selector) is None


def test_dynamic_filters_are_made_of_the_peers_identities_and_keep_their_ids() -> None:
    made = agent(policy=RESPONDING).default_response(EXTERNAL, PEER, HOSTS)
    again = agent(policy=RESPONDING).default_response(EXTERNAL, PEER, HOSTS)
    assert made is not None and made == again
    outbound, inbound = made
    assert outbound[2:8] == (HOSTS.local, HOSTS.remote, 6, 0, 80, "outbound")
    assert inbound[2:8] == (HOSTS.remote, HOSTS.local, 6, 80, 0, "inbound")
    assert outbound.id != inbound.id and outbound.filterlist == "<Dynamic>"


def test_transport_selectors_are_narrowed_to_the_two_hosts() -> None:
    transport = agent(rule("t", Filter(ME, ANY)))
    entry = next(one for one in transport.spd.entries
                 if one.direction == "outbound" and EXTERNAL in one.source)
    wanted = transport.wanted(entry, EXTERNAL, PEER)
    assert wanted.selector == TrafficSelector(Network(EXTERNAL, 32), Network(PEER, 32))
    assert not wanted.tunnel and wanted.entry == key_of(entry, PEER) == f"{entry.id}/{PEER}"
    assert transport.phase2(EXTERNAL, PEER, wanted.selector) == wanted


def test_session_pfs_uses_the_first_main_mode_group() -> None:
    policy = POLICY._replace(methods=(MainModeMethod("AES256", "SHA256", 14),))
    with_pfs = agent(rule("out", A_TO_B, tunnel=PEER, action=FilterAction("FA", qmpfs=True)),
                     policy=policy)
    assert with_pfs.wanted(with_pfs.spd.entries[0], EXTERNAL, PEER).pfs_group == 14
    assert TUNNEL.wanted(TUNNEL.spd.entries[-1], EXTERNAL, PEER).pfs_group == 0


def test_the_store_is_read_as_it_stands() -> None:
    site = article()
    snapshot = read_policy(site.gwa)
    assert snapshot == read_policy(site.gwa)
    assert snapshot.policy is not None and len(snapshot.rules) == 2
    assert read_policy(Site().gwa).policy is None


@pytest.mark.parametrize(("text", "level"), [
    ("0", 0), ("3", 3), ("4", 0), ("", 0), ("-1", 0), ("three", 0), ("\u0663", 0)])
def test_the_exemption_level_is_a_setting_of_the_machine(text: str, level: int) -> None:
    site = Site()
    site.gwa.set_setting("ipsecexempt", text)
    assert read_policy(site.gwa).exempt_level == level


def test_no_secret_shows_in_a_snapshot_or_an_entry() -> None:
    for value in (TUNNEL.snapshot, TUNNEL.spd.entries[0]):
        assert "Secret('********')" in repr(value) and "'key'" not in repr(value)
