"""A machine's interfaces, RRAS filters, routes and auditing in the store."""

from collections.abc import Callable

import pytest

from engine.address import parse_address
from engine.errors import NotFound, Refused
from engine.policy.model import (
    AUDIT_CATEGORIES,
    AuditSetting,
    Interface,
    Route,
    RrasDefault,
    RrasFilter,
)
from engine.policy.store import Config
from tests.support.stores import NET_A, NET_B, OWN, REMOTE, article, bare, store_of

OUT = RrasFilter("external", "output", NET_A.address, 24, NET_B.address, 24)
TO_B = Route(NET_B.address, 24, "external", REMOTE)


def test_interfaces_are_found_and_changed_in_any_case() -> None:
    config = bare()
    config.set_interface(config.interface("EXTERNAL")._replace(mtu=1400, link="wan"))
    assert config.interface("external") == Interface("External", OWN, 24, REMOTE, "", 1400, "wan")
    assert [one.name for one in config.interfaces()] == ["Internal", "External"]


def test_an_interface_goes_with_its_filters_and_routes() -> None:
    config = article()
    config.delete_interface("external")
    assert (config.rras_filters(), config.routes()) == ((), ())


def test_rras_filters_keep_order_and_the_interface_its_spelling() -> None:
    config = bare()
    ping = RrasFilter("EXTERNAL", "input", protocol=1, source_port=8, destination_port=255)
    mail = RrasFilter("Internal", "input", protocol=6, destination_port=25, established=True)
    for one in (OUT, ping, mail):
        config.add_rras_filter(one)
    stored = [one._replace(interface=name) for one, name in
              ((OUT, "External"), (ping, "External"), (mail, "Internal"))]
    assert config.rras_filters() == tuple(stored)
    assert config.rras_filters("external") == tuple(stored[:2])
    assert config.rras_filters(direction="input") == tuple(stored[1:])
    assert config.rras_filters("EXTERNAL", "output") == (stored[0],)
    config.delete_rras_filter(ping._replace(interface="eXternal"))
    assert config.rras_filters() == (stored[0], stored[2])


def test_default_actions_are_forward_until_set_by_direction() -> None:
    config = bare()
    config.set_rras_default(RrasDefault("External", "input", "drop"))
    config.set_fragcheck("external", True)
    assert [config.rras_default(name, way) for name in ("Internal", "External")
            for way in ("input", "output")] == ["forward", "forward", "drop", "forward"]
    assert (config.fragcheck("External"), config.fragcheck("Internal")) == (True, False)


def test_routes_are_replaced_and_deleted_by_destination_interface_and_gateway() -> None:
    config = bare()
    config.add_route(TO_B)
    config.add_route(TO_B._replace(gateway=REMOTE + 1))
    config.add_route(TO_B._replace(interface="Internal"))
    stored = config.routes()
    assert [one.interface for one in stored] == ["External", "External", "Internal"]
    config.replace_route(stored[0], stored[0]._replace(metric=7))
    assert config.routes()[0].metric == 7
    assert config.delete_route(NET_A.address, 24) == 0
    assert config.delete_route(NET_B.address, 24, "EXTERNAL", REMOTE + 1) == 1
    assert config.delete_route(NET_B.address, 24, gateway=REMOTE) == 2
    assert config.routes() == ()


def test_the_domain_overrides_auditing_category_by_category() -> None:
    config = bare()
    config.set_audit(AuditSetting("logon", True, True))
    config.set_audit(AuditSetting("object", True))
    config.set_audit(AuditSetting("object", False, True))
    config.set_audit(AuditSetting("logon"), "domain")
    found = {one.category: (one.success, one.failure) for one in config.effective_audit()}
    assert tuple(found) == AUDIT_CATEGORIES
    assert (found["logon"], found["object"], found["system"]) == (
        (False, False), (False, True), (False, False))
    config.clear_audit("domain")
    assert config.effective_audit()[1] == AuditSetting("logon", True, True)
    assert config.audit() == (AuditSetting("logon", True, True),
                              AuditSetting("object", False, True))


@pytest.mark.parametrize(("change", "expected"), [
    (lambda c: c.add_interface(Interface("internal", 1, 24)), "name-taken"),
    (lambda c: c.add_rras_filter(OUT), "exists"),
    (lambda c: c.add_route(TO_B), "exists"),
    (lambda c: c.add_route(TO_B._replace(destination=NET_B.address + 1)), "host-bits"),
    (lambda c: c.replace_route(c.routes()[0], TO_B._replace(metric=0)), "range"),
    (lambda c: c.set_interface(c.interface("External")._replace(mtu=1)), "range"),
    (lambda c: c.set_audit(AuditSetting("x")), "bad-value"),
])
def test_refused_changes(change: Callable[[Config], object], expected: str) -> None:
    config = article()
    before = config.digest()
    with pytest.raises(Refused) as caught:
        change(config)
    assert caught.value.rule == expected
    assert config.digest() == before


@pytest.mark.parametrize(("change", "kind"), [
    (lambda c: c.add_rras_filter(OUT._replace(interface="ppp0")), "Interface"),
    (lambda c: c.delete_rras_filter(OUT._replace(protocol=6)), "Filter"),
    (lambda c: c.set_rras_default(RrasDefault("ppp0", "input", "drop")), "Interface"),
    (lambda c: c.add_route(TO_B._replace(interface="ppp0")), "Interface"),
    (lambda c: c.replace_route(TO_B._replace(metric=99), TO_B), "Route"),
    (lambda c: c.delete_interface("ppp0"), "Interface"),
    (lambda c: c.set_interface(Interface("ppp0", 1, 24)), "Interface"),
    (lambda c: c.fragcheck("ppp0"), "Interface"),
])
def test_missing_objects(change: Callable[[Config], object], kind: str) -> None:
    config = article()
    before = store_of(config).generation()
    with pytest.raises(NotFound) as caught:
        change(config)
    assert caught.value.kind == kind
    assert store_of(config).generation() == before


def test_the_article_is_stored_as_typed() -> None:
    config = article()
    assert config.routes() == (Route(parse_address("10.2.0.0"), 24, "External", REMOTE),)
    assert [config.rras_default("External", way) for way in ("input", "output")] == ["drop"] * 2
