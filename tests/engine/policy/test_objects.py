"""Policies, rules, lists and actions: what is found, replaced, assigned, and refused to go."""

from collections.abc import Callable

import pytest

from engine.address import parse_address
from engine.errors import NotFound, Refused
from engine.policy.guid import is_guid
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
    Side,
)
from engine.policy.store import Config
from engine.suites import MainModeMethod, QuickModeMethod
from tests.support.stores import KEY, NET_A, NET_B, NOW, REMOTE, article, bare, store_of

RULE = Rule("r", "IPSec tunnel", "NetA to NetB", "Tunnel")


def test_a_policy_comes_back_as_it_was_written() -> None:
    config = bare()
    written = Policy("Política \"x\"", "d", False, 5, 60, 30,
                     (MainModeMethod("AES256", "SHA256", 14),),
                     DefaultRule(False, True, (QuickModeMethod("", "MD5", "SHA1", 20480, 300),),
                                 (AuthMethod("rootca", "CN=CA", True), *KEY)))
    stored = config.add_policy(written)
    assert stored == written._replace(guid=stored.guid, modified=NOW)
    assert is_guid(stored.guid)
    assert config.policy("POLÍTICA \"X\"") == config.policy(stored.guid.lower()) == stored
    assert config.policies() == (stored,)


def test_a_rule_comes_back_with_its_methods_in_their_order_and_the_stored_spelling() -> None:
    config = article()
    auth = (AuthMethod("psk", Secret("key")), AuthMethod("kerberos"),
            AuthMethod("rootca", "CN=A", excludecaname=True), AuthMethod("rootca", "CN=B"))
    stored = config.add_rule(Rule("R", "ipsec TUNNEL", "neta to netb", "TUNNEL", None, "lan",
                                  False, "text", auth))
    assert stored == Rule("R", "IPSec tunnel", "NetA to NetB", "Tunnel", None, "lan", False,
                          "text", auth, stored.guid, NOW)
    assert config.rule("IPSec tunnel", "r") == stored
    assert config.rule("IPSec tunnel", stored.guid) == stored
    assert isinstance(stored.auth[0].value, Secret)
    assert "key" not in repr(stored)


def test_filters_come_back_in_their_order() -> None:
    config = bare()
    filters = (Filter(ME, ANY, "all"), Filter(NET_A, NET_B, protocol=6, destination_port=80),
               Filter(Side("server", 0, 32, "DNS"), ME, mirrored=False),
               Filter(Side("dns", REMOTE, 32, "gwB"), ANY))
    config.add_filterlist(FilterList("L", "text", filters))
    stored = config.filterlist("l").filters
    assert tuple(one._replace(guid="") for one in stored) == filters
    assert len({one.guid for one in stored}) == len(filters)


def test_a_renamed_policy_keeps_guid_rules_and_assignment() -> None:
    config = article()
    old = config.policy("IPSec tunnel")
    config.replace_policy("ipsec tunnel", old._replace(name="New", mmlifetime=60))
    assert config.policy("New") == old._replace(name="New", mmlifetime=60)
    assert [one.policy for one in config.rules("New")] == ["New", "New"]
    assert config.active_policy() == ("local", config.policy("New"))


def test_renamed_lists_and_actions_stay_in_their_rules() -> None:
    config = article()
    config.replace_filterlist("NetA to NetB", FilterList("Out"))
    config.replace_filteraction("Tunnel", FilterAction("FA", qmpfs=True))
    rule = config.rule("IPSec tunnel", "out")
    assert (rule.filterlist, rule.filteraction) == ("Out", "FA")
    assert len(config.filterlist("Out").filters) == 1
    assert config.filteraction("fa").qmpfs


def test_a_replaced_rule_keeps_guid_and_place() -> None:
    config = article()
    old = config.rule("IPSec tunnel", "out")
    config.replace_rule("IPSec tunnel", "OUT", old._replace(
        name="first", tunnel=None, auth=(AuthMethod("kerberos"),)))
    rules = config.rules("IPSec tunnel")
    assert [(one.name, one.guid == old.guid) for one in rules] == [("first", True), ("in", False)]
    assert rules[0].auth == (AuthMethod("kerberos"),)


def test_assigning_a_policy_takes_the_other_out_of_force() -> None:
    config = article()
    config.add_policy(Policy("Other"))
    config.assign("other")
    assert [(one.name, one.assigned) for one in config.policies()] == [
        ("IPSec tunnel", False), ("Other", True)]
    config.unassign("Other")
    assert config.active_policy() is None


def test_the_domain_overrides_the_local_policy_and_both_the_persistent_one() -> None:
    config = bare()
    seen = []
    for location in ("persistent", "local", "domain"):
        config.add_policy(Policy(location, assigned=True), location)
        active = config.active_policy()
        assert active is not None
        seen.append((active[0], active[1].name))
    assert seen == [("persistent", "persistent"), ("local", "local"), ("domain", "domain")]
    config.unassign("domain", "domain")
    active = config.active_policy()
    assert active is not None and active[0] == "local"


def test_locations_and_machines_have_names_of_their_own() -> None:
    config = article()
    config.add_policy(Policy("IPSec tunnel"), "domain")
    config.add_filterlist(FilterList("NetA to NetB"), "persistent")
    assert [len(config.policies(one)) for one in ("local", "persistent", "domain")] == [1, 0, 1]
    with pytest.raises(NotFound):
        config.filteraction("Tunnel", "domain")


def test_master_key_pfs_allows_one_quick_mode() -> None:
    config = bare()
    assert config.add_policy(Policy("P", mmpfs=True, qmpermm=7)).qmpermm == 1
    assert config.policy("P").qmpermm == 1


def test_who_uses_a_list_or_an_action() -> None:
    config = article()
    assert config.used_by_list("NetA to NetB") == ("IPSec tunnel/out",)
    assert config.used_by_action("Tunnel") == ("IPSec tunnel/out", "IPSec tunnel/in")


def test_deleting_a_policy_frees_what_its_rules_used() -> None:
    config = article()
    config.unassign("IPSec tunnel")
    config.delete_policy("IPSec tunnel")
    config.delete_filterlist("NetA to NetB")
    config.delete_filteraction("Tunnel")
    assert store_of(config).query("SELECT count(*) FROM rule, auth") == [(0,)]


def test_filters_are_deleted_by_what_they_match() -> None:
    config = bare()
    config.add_filterlist(FilterList("L", filters=tuple(
        Filter(NET_A, ANY, protocol=17, destination_port=port) for port in range(1, 6))))
    assert config.delete_filters("L", lambda one: one.destination_port > 3) == 2
    assert config.delete_filters("L", lambda one: one.destination_port > 3) == 0
    assert [one.destination_port for one in config.filterlist("L").filters] == [1, 2, 3]


@pytest.mark.parametrize(("change", "rule", "kind"), [
    (lambda c: c.add_policy(Policy("ipsec TUNNEL")), "name-taken", "Policy"),
    (lambda c: c.add_filterlist(FilterList("NETA to netb")), "name-taken", "FilterList"),
    (lambda c: c.add_filteraction(FilterAction("tunnel")), "name-taken", "FilterAction"),
    (lambda c: c.add_rule(RULE._replace(name="OUT")), "name-taken", "Rule"),
    (lambda c: c.replace_filterlist("NetA to NetB", FilterList("NetB to NetA")), "name-taken",
     "FilterList"),
    (lambda c: c.replace_rule("IPSec tunnel", "in", RULE._replace(name="out")), "name-taken",
     "Rule"),
    (lambda c: c.delete_policy("IPSec tunnel"), "assigned", "Policy"),
    (lambda c: c.delete_filterlist("NetA to NetB"), "in-use", "FilterList"),
    (lambda c: c.delete_filteraction("Tunnel"), "in-use", "FilterAction"),
    (lambda c: c.delete_rule("IPSec tunnel", "Default"), "default-rule", "Rule"),
    (lambda c: c.add_filter("NetA to NetB", Filter(NET_A, NET_B, "again", mirrored=False)),
     "exists", "Filter"),
])
def test_refusals_leave_the_store_as_it_was(
        change: Callable[[Config], object], rule: str, kind: str) -> None:
    config = article()
    before, generation = config.digest(), store_of(config).generation()
    with pytest.raises(Refused) as caught:
        change(config)
    assert (caught.value.rule, caught.value.kind) == (rule, kind)
    assert (config.digest(), store_of(config).generation()) == (before, generation)


@pytest.mark.parametrize(("change", "kind", "known"), [
    (lambda c: c.policy("x"), "Policy", ("IPSec tunnel",)),
    (lambda c: c.delete_policy("{00000000-0000-0000-0000-000000000000}"), "Policy",
     ("IPSec tunnel",)),
    (lambda c: c.assign("x"), "Policy", ("IPSec tunnel",)),
    (lambda c: c.rules("x"), "Policy", ("IPSec tunnel",)),
    (lambda c: c.rule("IPSec tunnel", "x"), "Rule", ("out", "in")),
    (lambda c: c.delete_rule("IPSec tunnel", "x"), "Rule", ("out", "in")),
    (lambda c: c.add_rule(RULE._replace(filterlist="x")), "FilterList",
     ("NetA to NetB", "NetB to NetA")),
    (lambda c: c.add_rule(RULE._replace(filteraction="x")), "FilterAction", ("Tunnel",)),
    (lambda c: c.add_filter("x", Filter(ME, ANY)), "FilterList",
     ("NetA to NetB", "NetB to NetA")),
    (lambda c: c.interface("Ethernet"), "Interface", ("Internal", "External")),
    (lambda c: c.rras_filters("Ethernet"), "Interface", ("Internal", "External")),
])
def test_what_is_not_there_is_named_with_what_is(
        change: Callable[[Config], object], kind: str, known: tuple[str, ...]) -> None:
    with pytest.raises(NotFound) as caught:
        change(article())
    assert (caught.value.kind, caught.value.known) == (kind, known)


def test_a_digest_knows_content_from_guids_times_and_names_of_addresses() -> None:
    first, second = article(), article()
    assert first.policies()[0].guid == second.policies()[0].guid
    second.add_filterlist(FilterList("L"))
    assert first.digest() != second.digest()
    second.delete_filterlist("L")
    assert first.digest() == second.digest()
    for one, side in ((first, Side("dns", REMOTE, 32, "gwB")), (second, Side("ip", REMOTE, 32))):
        one.add_filter("NetA to NetB", Filter(ME, side))
    assert first.digest() == second.digest()
    rule = second.rule("IPSec tunnel", "in")
    second.replace_rule("IPSec tunnel", "in", rule._replace(
        auth=(AuthMethod("psk", Secret("kb252736")),)))
    assert first.digest() != second.digest()
    assert parse_address("192.0.2.1") == rule.tunnel
