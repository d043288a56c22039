"""What a diagnosis may look at: one gateway's configuration and life, and what a probe saw.

The view is read-only and made by whoever holds the machines (the embedded lab today), so the
checks neither send packets nor know where a packet would go.
"""

from typing import NamedTuple

from engine.address import Address, Network, format_address
from engine.host import Host
from engine.policy.model import AuthMethod, Filter, Policy, Rule
from engine.policy.store import Config


class Plan(NamedTuple):
    """The article's picture with addresses: what the tunnel is meant to join.

    `external` and `internal` are the names of our interfaces. `key` is how a key is written in
    the commands of a fix: a variable, never the key itself.
    """

    net_a: Network
    net_b: Network
    own_external: Address
    own_internal: Address
    peer_external: Address
    peer_internal: Address
    external: str = "External"
    internal: str = "Internal"
    key: str = "${PSK}"
    policy_name: str = "IPSec tunnel with third-party gateway"


class ProbeEcho(NamedTuple):
    """One echo of the probe: how it ended and how it crossed the outside."""

    kind: str
    clear: bool
    protected: bool
    soft: bool
    text: str


class Probe(NamedTuple):
    """A ping from NetA to NetB with the external interface captured meanwhile."""

    source: str
    destination: str
    echoes: tuple[ProbeEcho, ...]
    isakmp: int
    esp: int
    clear_icmp: int
    refused: tuple[tuple[str, int], ...] = ()

    @property
    def replies(self) -> int:
        return sum(echo.kind == "reply" for echo in self.echoes)


class EndHost(NamedTuple):
    """A host behind a gateway, as far as its administrator lets us look."""

    name: str
    gateway: Address | None
    expected: Address


class View:
    """One gateway under diagnosis; the probe is None until a ping was made."""

    def __init__(self, machine: str, plan: Plan, config: Config, host: Host,
                 end_hosts: tuple[EndHost, ...] = (), probe: Probe | None = None) -> None:
        self.machine, self.plan, self.config, self.host = machine, plan, config, host
        self.end_hosts, self.probe = end_hosts, probe

    def policy(self) -> tuple[str, Policy] | None:
        """The policy to judge: the one in force, else the local one that holds tunnel rules."""
        active = self.config.active_policy()
        if active is not None:
            return active
        for policy in self.config.policies("local"):
            if any(rule.tunnel is not None for rule in self.config.rules(policy.name, "local")):
                return "local", policy
        policies = self.config.policies("local")
        return ("local", policies[0]) if policies else None

    def rules(self) -> tuple[Rule, ...]:
        """The tunnel rules of that policy, enabled or not."""
        found = self.policy()
        if found is None:
            return ()
        location, policy = found
        return tuple(rule for rule in self.config.rules(policy.name, location)
                     if rule.tunnel is not None)

    def filters(self, rule: Rule) -> tuple[Filter, ...]:
        """The filters of a rule's list."""
        found = self.policy()
        assert found is not None
        return self.config.filterlist(rule.filterlist, found[0]).filters

    def rule_towards(self, source: Network, destination: Network) -> Rule | None:
        """The tunnel rule whose list has a filter from `source` to `destination`."""
        for rule in self.rules():
            for one in self.filters(rule):
                if (one.source[1:3], one.destination[1:3]) == (tuple(source), tuple(destination)):
                    return rule
        return None


def same_auth(one: Rule, other: Rule) -> bool:
    """Whether two rules name the same authentication methods in the same order."""
    def plain(methods: tuple[AuthMethod, ...]) -> list[tuple[str, str]]:
        return [(method.kind, "".join(method.value)) for method in methods]
    return plain(one.auth) == plain(other.auth)


def describe_filter(one: Filter) -> str:
    """A filter in one line, as the evidence prints it."""
    def side(kind: str, address: Address, prefix: int, name: str) -> str:
        return f"{format_address(address)}/{prefix}" if kind in ("ip", "dns") else name or kind
    ports = ""
    if one.protocol:
        ports = f" protocol {one.protocol}"
    if one.source_port or one.destination_port:
        ports += f" ports {one.source_port}->{one.destination_port}"
    mirrored = " mirrored" if one.mirrored else ""
    return f"{side(*one.source)} -> {side(*one.destination)}{ports}{mirrored}"
