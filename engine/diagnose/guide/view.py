"""What a step of the checklist may look at: one gateway's configuration and life, what a probe
saw, what the operator answered, and what the whole diagnosis says.

The view is read-only and made by whoever holds the machines (the embedded lab, or a live one), so
the steps neither send packets nor know where a packet would go.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import NamedTuple

from engine.address import Address, Network
from engine.diagnose.diagnosis import Diagnosis
from engine.diagnose.station import Station
from engine.diagnose.tunnels import Leg, judged_policy
from engine.host import Host
from engine.ip import IPv4
from engine.policy.model import Policy, Rule
from engine.policy.store import Config


class Plan(NamedTuple):
    """The article's picture with addresses: what the tunnel is meant to join.

    `external` and `internal` are the names of our interfaces. `key` is how a key is written in
    the commands of a fix: a variable, or the bare name that makes the shell ask for it, never the
    key itself.
    """

    net_a: Network
    net_b: Network
    own_external: Address
    own_internal: Address
    peer_external: Address
    peer_internal: Address
    external: str = "External"
    internal: str = "Internal"
    key: str = "psk=${PSK}"
    policy_name: str = "IPSec tunnel with third-party gateway"


class ProbeEcho(NamedTuple):
    """One echo of the probe: how it ended and how it crossed the outside."""

    kind: str
    clear: bool
    protected: bool
    soft: bool
    text: str


class Probe(NamedTuple):
    """A ping from NetA to NetB with the external interface captured meanwhile.

    `frames` are (engine time, packet, whether it left here) of that capture.
    """

    source: str
    destination: str
    echoes: tuple[ProbeEcho, ...]
    isakmp: int
    esp: int
    clear_icmp: int
    refused: tuple[tuple[str, int], ...] = ()
    frames: tuple[tuple[float, IPv4 | None, bool], ...] = ()

    @property
    def replies(self) -> int:
        return sum(echo.kind == "reply" for echo in self.echoes)


class EndHost(NamedTuple):
    """A host behind a gateway, as far as its administrator lets us look: its adapter, and the
    default gateway that it has and the one that it should have.
    """

    name: str
    adapter: str
    gateway: Address | None
    expected: Address


class View:
    """One gateway under diagnosis; the probe is None until a ping was made.

    `answers` are the operator's by the names of their questions, `reported` the codes that earlier
    steps have found. `look` makes the whole diagnosis: from configuration alone (False), or with
    test traffic (True); `both` says whether it sees the other gateway, `live` that this is no lab.
    """

    def __init__(self, machine: str, plan: Plan, config: Config, host: Host,
                 end_hosts: tuple[EndHost, ...] = (), *, both: bool = True, live: bool = False,
                 look: Callable[[bool], Diagnosis] | None = None) -> None:
        self.machine, self.plan, self.config, self.host = machine, plan, config, host
        self.end_hosts, self.both, self.live = end_hosts, both, live
        self.probe: Probe | None = None
        self.answers: Mapping[str, str] = {}
        self.reported: frozenset[str] = frozenset()
        self._look = look
        self._seen: dict[bool, Diagnosis] = {}

    def answer(self, name: str) -> str:
        """What the operator answered: "yes", "no", or "" for nothing yet."""
        return self.answers.get(name, "")

    def diagnosis(self, traffic: bool) -> Diagnosis | None:
        """The whole diagnosis, made once; None where nobody can make it."""
        if self._look is None:
            return None
        if traffic not in self._seen:
            self._seen[traffic] = self._look(traffic)
        return self._seen[traffic]

    @cached_property
    def station(self) -> Station:
        """The gateway as every other diagnosis sees it."""
        return Station.of_host(self.host)

    @cached_property
    def judged(self) -> tuple[str, Policy] | None:
        """The policy to judge, with its location: the one in force, or the one with tunnels."""
        return judged_policy(self.config)

    def policy(self) -> tuple[str, Policy]:
        """The same where there is one."""
        assert self.judged is not None
        return self.judged

    def leg(self, source: Network, destination: Network) -> Leg | None:
        """The filter of a tunnel rule from `source` to `destination`; a live one first."""
        found = [one for one in self.station.legs
                 if (one.source, one.destination) == (source, destination)]
        return min(found, key=lambda one: not one.rule.active, default=None)

    def near_leg(self, source: Network, destination: Network) -> Leg | None:
        """A filter of a tunnel rule that is nearly the wanted one: wider, narrower or both."""
        return next((one for one in self.station.legs
                     if one.source.meets(source) and one.destination.meets(destination)),
                    None)

    def rules(self) -> tuple[Rule, ...]:
        """The tunnel rules of that policy, enabled or not."""
        if self.judged is None:
            return ()
        location, policy = self.judged
        return tuple(rule for rule in self.config.rules(policy.name, location)
                     if rule.tunnel is not None)

    def tunnel_rules(self) -> tuple[Rule, ...]:
        """Those of them that are for the article's two networks, the one out first."""
        nets = self.plan.net_a, self.plan.net_b
        legs = self.leg(*nets), self.leg(*nets[::-1])
        return tuple(dict.fromkeys(leg.rule for leg in legs if leg is not None))
