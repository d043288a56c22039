"""Windows' permissive corners in the lab: default response, inpass, exemptions, domain policy."""

import pytest

from engine.address import Address, parse_address
from engine.host import Host
from engine.ip import TCP, IPv4, udp_packet
from engine.policy.model import (
    ANY,
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
from engine.spd import INBOUND
from tests.support.site import HOST_A, INTERNAL, Site

PSK = (AuthMethod("psk", Secret("hall")),)
QUIET = DefaultRule(False)
ANSWERING = DefaultRule(True, auth=PSK)
OUTSIDER = parse_address("192.0.2.254")


def respond_only(site: Site, rule: DefaultRule = ANSWERING,
                 machine: str = "hostA") -> None:
    """Client (Respond Only): a policy that has the default response rule and nothing else."""
    config = site.store.on(machine)
    config.add_policy(Policy("Client", default_rule=rule))
    config.assign("Client", "local")
    site.lab.reload()


def server(site: Site, *, inpass: bool = True, soft: bool = True, location: str = "local",
           action: str = "negotiate", name: str = "Server") -> None:
    """Server (Request Security) on gwA: everything between it and others is negotiated."""
    gwa = site.gwa
    gwa.add_policy(Policy(name, default_rule=QUIET), location)
    gwa.add_filterlist(FilterList("Everybody", filters=(Filter(ME, ANY),)), location)
    negotiate = action == "negotiate"
    gwa.add_filteraction(FilterAction("Request", action=action, inpass=inpass and negotiate,
                                      soft=soft and negotiate),
                         location)
    gwa.add_rule(Rule("Everybody", name, "Everybody", "Request", auth=PSK), location)
    gwa.assign(name, location)
    site.lab.reload()


def kinds(site: Site, count: int, machine: str = "hostA",
          destination: Address = INTERNAL) -> list[str]:
    return [one.kind for one in site.ping(count, machine, destination)]


def hosts(site: Site) -> tuple[Host, Host]:
    return site.lab.hosts["gwA"], site.lab.hosts["hostA"]


# --- inpass and the default response rule --------------------------------------------------------


def test_a_client_that_only_responds_is_secured_by_the_server_that_asks() -> None:
    site = Site()
    respond_only(site)
    server(site)
    assert kinds(site, 4) == ["reply"] * 4
    gateway, client = hosts(site)
    assert gateway.counters["clear-accepted"] == 1
    (pair,) = client.sad.pairs()
    assert (pair.tunnel, pair.initiator, pair.peer) == (False, False, INTERNAL)
    assert {one.filterlist for one in client.spd.entries} == {"<Dynamic>"}
    assert pair.outbound is not None and pair.outbound.packets >= 3


def test_the_client_never_asks_itself() -> None:
    site = Site()
    respond_only(site)
    assert kinds(site, 2) == ["reply"] * 2
    assert hosts(site)[1].ike is None and hosts(site)[1].sad.pairs() == ()


def test_dynamic_filters_end_with_their_last_association() -> None:
    site = Site()
    respond_only(site)
    server(site)
    kinds(site, 3)
    client = hosts(site)[1]
    assert len(client.spd.entries) == 2
    site.lab.run(site.lab.now + 400.0)
    assert client.sad.pairs() == () and not client.spd.entries
    site.lab.stop_agent("gwA")
    assert kinds(site, 1) == ["reply"] and client.sad.pairs() == ()


def test_while_an_association_lives_clear_text_of_the_peer_is_refused() -> None:
    site = Site()
    respond_only(site)
    server(site)
    kinds(site, 3)
    site.lab.inject("hostA", "Local Area Connection", udp_packet(INTERNAL, HOST_A, 1, 2, b"x"))
    assert site.counter("cleartext-refused", "hostA") == 1


def test_dynamic_filters_outlive_a_change_that_does_not_concern_them() -> None:
    site = Site()
    respond_only(site)
    server(site)
    kinds(site, 3)
    client, config = hosts(site)[1], site.store.on("hostA")
    before = client.sad.pairs()
    config.add_filterlist(FilterList("New", filters=(Filter(ME, ANY, protocol=6),)))
    config.add_filteraction(FilterAction("Permit", action="permit"))
    config.add_rule(Rule("New", "Client", "New", "Permit"))
    site.lab.reload()
    assert client.sad.pairs() == before and len(client.spd.dynamic) == 2
    old = config.policy("Client", "local")
    config.replace_policy("Client", old._replace(default_rule=QUIET), "local")
    site.lab.reload()
    assert client.sad.pairs() == () and not client.spd.dynamic


@pytest.mark.parametrize("rule", [
    QUIET, DefaultRule(True, auth=(AuthMethod("kerberos"),)),
    DefaultRule(True, auth=(AuthMethod("psk", Secret("other")),)),
])
def test_without_the_rule_or_its_key_there_is_no_answer(rule: DefaultRule) -> None:
    site = Site()
    respond_only(site, rule)
    server(site, soft=False)
    assert "reply" not in kinds(site, 4)
    assert hosts(site)[1].sad.pairs() == ()


def test_inpass_accepts_clear_text_and_answers_with_ipsec() -> None:
    site = Site()
    server(site, soft=False)
    assert kinds(site, 1) == ["timeout"]
    gateway = hosts(site)[0]
    assert gateway.counters["clear-accepted"] == 1 and gateway.stats.total_acquire == 1
    strict = Site()
    server(strict, inpass=False, soft=False)
    assert kinds(strict, 1) == ["timeout"]
    assert strict.counter("cleartext-refused") == 1 and hosts(strict)[0].ike is None


# --- default exemptions ---------------------------------------------------------------------------

MULTICAST, BROADCAST = parse_address("224.0.0.5"), parse_address("10.1.0.255")


@pytest.mark.parametrize(("level", "passes"), [
    ("0", {"kerberos", "multicast", "broadcast"}), ("1", {"multicast", "broadcast"}),
    ("2", {"kerberos"}), ("3", set()),
])
def test_the_exemption_level_says_what_passes_every_filter(level: str, passes: set[str]) -> None:
    site = Site()
    server(site, action="block")
    gwa = site.gwa
    gwa.add_filterlist(FilterList("In", filters=(Filter(ANY, ANY),)))
    gwa.add_rule(Rule("In", "Server", "In", "Request", auth=PSK))
    gwa.set_setting("ipsecexempt", level)
    site.lab.reload()
    packets = {"kerberos": IPv4(HOST_A, INTERNAL, TCP, bytes((0, 88, 15, 160)) + bytes(16)),
               "multicast": udp_packet(HOST_A, MULTICAST, 1, 2, b"x"),
               "broadcast": udp_packet(HOST_A, BROADCAST, 1, 2, b"x"),
               "plain": udp_packet(HOST_A, INTERNAL, 1, 2, b"x")}
    through = set()
    for name, packet in packets.items():
        before = site.counter("blocked")
        site.lab.inject("gwA", "Internal", packet)
        if site.counter("blocked") == before:
            through.add(name)
    assert through == passes


# --- domain policy --------------------------------------------------------------------------------


def test_a_policy_of_the_domain_overrides_the_local_one_until_it_is_taken_back() -> None:
    site = Site()
    server(site, action="block")
    assert kinds(site, 1) == ["timeout"]
    server(site, action="permit", location="domain", name="Domain")
    assert kinds(site, 1) == ["reply"]
    assert {one.policy for one in hosts(site)[0].spd.entries} == {"Domain"}
    site.gwa.unassign("Domain", "domain")
    site.lab.reload()
    assert kinds(site, 1) == ["timeout"]
    assert site.lab.hosts["gwA"].spd.lookup(INBOUND, HOST_A, INTERNAL, 1) is not None
