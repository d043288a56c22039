"""What a fresh store says: gwA bare, gwB configured as the article's third party.

gwB's policy is the mirror image of what the article builds on gwA: it takes the article's suites
(DES and MD5 among them) and stronger ones, the key `kb252735`, no PFS; its auditing is on.
"""

from engine.address import Network
from engine.lab.site import DEFAULT, Site
from engine.lab.topology import machines
from engine.policy.model import (
    AuditSetting,
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
from engine.policy.store import Config, Store
from engine.suites import MainModeMethod, QuickModeMethod

THIRD_PARTY = "gwB"
THIRD_PARTY_KEY = "kb252735"
POLICY = "IPSec tunnel with Windows 2000 gateway"
ACTION = "Tunnel security"

# What the third party accepts, strongest first; the article's DES and MD5 come last.
MAIN_MODES = tuple(
    MainModeMethod(*suite) for suite in (
        ("AES256", "SHA256", 14), ("AES256", "SHA1", 14), ("AES128", "SHA256", 14),
        ("AES128", "SHA1", 14), ("AES128", "SHA1", 2), ("3DES", "SHA1", 14), ("3DES", "SHA1", 2),
        ("3DES", "MD5", 2), ("DES", "SHA1", 1), ("DES", "MD5", 1)))
QUICK_MODES = tuple(
    QuickModeMethod(*suite) for suite in (
        ("AES256", "SHA256"), ("AES256", "SHA1"), ("AES128", "SHA256"), ("AES128", "SHA1"),
        ("3DES", "SHA256"), ("3DES", "SHA1"), ("3DES", "MD5"), ("DES", "SHA1"), ("DES", "MD5")))


def _side(net: Network) -> Side:
    return Side("ip", net.address, net.prefix)


def write_defaults(store: Store, site: Site = DEFAULT) -> None:
    """Adds all machines to a store that has none; the caller holds the transaction."""
    for plan in machines(site):
        store.add_machine(plan.machine)
        config = store.on(plan.machine.name)
        for interface in plan.interfaces:
            config.add_interface(interface)
        for route in plan.routes:
            config.add_route(route)
    _third_party(store.on(THIRD_PARTY), site)


def _third_party(config: Config, site: Site) -> None:
    net_a, net_b = _side(site.net_a), _side(site.net_b)
    config.add_filteraction(FilterAction(ACTION, "ESP, the article's suites and stronger",
                                         methods=QUICK_MODES))
    config.add_filterlist(FilterList("NetB to NetA", filters=(
        Filter(net_b, net_a, "From NetB to NetA", mirrored=False),)))
    config.add_filterlist(FilterList("NetA to NetB", filters=(
        Filter(net_a, net_b, "From NetA to NetB", mirrored=False),)))
    config.add_policy(Policy(POLICY, "The third party of KB 252735", methods=MAIN_MODES,
                             default_rule=DefaultRule(active=False)))
    auth = (AuthMethod("psk", Secret(THIRD_PARTY_KEY)),)
    config.add_rule(Rule("NetB to NetA", POLICY, "NetB to NetA", ACTION,
                         site.own_external, auth=auth))
    config.add_rule(Rule("NetA to NetB", POLICY, "NetA to NetB", ACTION,
                         site.peer_external, auth=auth))
    config.assign(POLICY)
    for category in ("logon", "object"):
        config.set_audit(AuditSetting(category, True, True))
