"""Stores for tests: a clock that stands still, GUIDs that count, one machine with a tunnel."""

from collections.abc import Callable

from engine.address import parse_address
from engine.policy.model import (
    AuditSetting,
    AuthMethod,
    Filter,
    FilterAction,
    FilterList,
    Interface,
    Machine,
    Policy,
    Route,
    RrasDefault,
    RrasFilter,
    Rule,
    Secret,
    Side,
)
from engine.policy.store import Config, Store

NOW = 1079514000.0
NET_A = Side("ip", parse_address("10.1.0.0"), 24)
NET_B = Side("ip", parse_address("10.2.0.0"), 24)
REMOTE, OWN = parse_address("198.51.100.1"), parse_address("192.0.2.1")
KEY = (AuthMethod("psk", Secret("kb252735")),)


def counting(count: int = 0) -> Callable[[int], bytes]:
    """Entropy that counts, so that no two GUIDs are the same and every run is."""

    def octets(size: int) -> bytes:
        nonlocal count
        first, count = count + 1, count + size // 16
        return b"".join(one.to_bytes(16, "big") for one in range(first, count + 1))

    return octets


def open_store(path: str = "", busy_seconds: float = 5.0, count: int = 0) -> Store:
    """A store with the clock at NOW; GUIDs count on from `count`."""
    return Store.open(path, clock=lambda: NOW, entropy=counting(count),
                      busy_seconds=busy_seconds)


def bare(path: str = "") -> Config:
    """One gateway with two interfaces and nothing else."""
    store = open_store(path)
    store.add_machine(Machine("gwA", "gateway", True))
    config = store.on("gwA")
    config.add_interface(Interface("Internal", parse_address("10.1.0.1"), 24))
    config.add_interface(Interface("External", OWN, 24, REMOTE))
    return config


def article(path: str = "") -> Config:
    """The gateway as the article leaves it."""
    config = bare(path)
    config.add_filterlist(FilterList("NetA to NetB", filters=(
        Filter(NET_A, NET_B, "out", mirrored=False),)))
    config.add_filterlist(FilterList("NetB to NetA", filters=(
        Filter(NET_B, NET_A, "in", mirrored=False),)))
    config.add_filteraction(FilterAction("Tunnel"))
    config.add_policy(Policy("IPSec tunnel"))
    config.add_rule(Rule("out", "IPSec tunnel", "NetA to NetB", "Tunnel", REMOTE, auth=KEY))
    config.add_rule(Rule("in", "IPSec tunnel", "NetB to NetA", "Tunnel", OWN, auth=KEY))
    config.assign("IPSec tunnel")
    config.add_route(Route(NET_B.address, 24, "External", REMOTE))
    for direction, source, target in (("output", NET_A, NET_B), ("input", NET_B, NET_A)):
        config.add_rras_filter(RrasFilter("External", direction, source.address, 24,
                                          target.address, 24))
        config.set_rras_default(RrasDefault("External", direction, "drop"))
    config.set_audit(AuditSetting("logon", True, True))
    return config


def store_of(config: Config) -> Store:
    """The store behind a configuration."""
    return config._store
