"""The tunnels that a policy means: its rules with a tunnel end, paired by their networks.

A rule says which packets it is for (its filters) and where the tunnel ends. What it was meant to
do is told by the networks: the side that holds one of our own addresses is ours. Where that says
nothing, the tunnel end does: an address of ours is the end of what comes in.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from engine.address import Address, Network, format_address
from engine.agent import networks_of
from engine.diagnose.algebra import Box, intersect, subtract
from engine.policy.model import Filter, Interface, Policy, Rule
from engine.policy.store import Config


class Leg(NamedTuple):
    """One filter of a tunnel rule: the packets it is for, and the way it was meant to be.

    `outbound` is what the networks say, `ends_here` whether the rule's tunnel end is an address
    of ours, which is what counts for the driver. `location` is the store's.
    """

    rule: Rule
    filter: Filter
    source: Network
    destination: Network
    outbound: bool
    ends_here: bool
    location: str = "local"

    @property
    def straight(self) -> bool:
        """Whether the driver uses the rule in the direction it was meant for."""
        return self.outbound != self.ends_here


class Tunnel(NamedTuple):
    """What belongs together: the legs out and in between two networks, either of them missing."""

    local: Network
    remote: Network
    out: Leg | None
    back: Leg | None

    @property
    def legs(self) -> tuple[Leg, ...]:
        return tuple(leg for leg in (self.out, self.back) if leg is not None)

    @property
    def own(self) -> Address:
        """Our end of it, 0 when no rule says it."""
        if self.back is not None and self.back.ends_here:
            return self.back.rule.tunnel or 0
        return 0

    @property
    def peer(self) -> Address:
        """The other end, 0 when no rule says it."""
        if self.out is not None and not self.out.ends_here:
            return self.out.rule.tunnel or 0
        return 0

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of its legs, each once."""
        return tuple(dict.fromkeys(leg.rule for leg in self.legs))


def judged_policy(config: Config) -> tuple[str, Policy] | None:
    """The policy to judge: the one in force if it has tunnel rules or no other one has any.

    Otherwise the first one with tunnel rules, whatever its location; None without any policy.
    """
    active = config.active_policy()
    found = [(location, policy) for location in ("local", "persistent", "domain")
             for policy in config.policies(location)]
    if active is not None:
        found = [active, *(one for one in found if one != active)]
    for location, policy in found:
        if any(rule.tunnel is not None for rule in config.rules(policy.name, location)):
            return location, policy
    return found[0] if found else None


def legs_of(config: Config, location: str, policy: str,
            interfaces: tuple[Interface, ...]) -> list[Leg]:
    """The legs of a policy's tunnel rules, in the order in which they were written."""
    own = frozenset(one.address for one in interfaces)
    legs = []
    for rule in config.rules(policy, location):
        if rule.tunnel is None:
            continue
        for one in config.filterlist(rule.filterlist, location).filters:
            for source in networks_of(one.source, interfaces):
                for destination in networks_of(one.destination, interfaces):
                    legs.append(_leg(rule, one, source, destination, own, location))
    return legs


def _leg(rule: Rule, one: Filter, source: Network, destination: Network,
         own: frozenset[Address], location: str) -> Leg:
    ends_here = rule.tunnel in own
    ours = [any(address in network for address in own if address != rule.tunnel or
                network.prefix == 32) for network in (source, destination)]
    outbound = ours[0] if ours[0] != ours[1] else not ends_here
    return Leg(rule, one, source, destination, outbound, ends_here, location)


def pair_up(legs: Iterable[Leg]) -> list[Tunnel]:
    """Legs with the same two networks as tunnels; of several that say the same the first counts.

    A leg that nothing faces is a tunnel of its own.
    """
    found: dict[tuple[Network, Network], list[Leg | None]] = {}
    for leg in legs:
        ends = ((leg.source, leg.destination) if leg.outbound
                else (leg.destination, leg.source))
        place = found.setdefault(ends, [None, None])
        at = 0 if leg.outbound else 1
        if place[at] is None or not place[at].rule.active:  # type: ignore[union-attr]
            place[at] = leg
    return [Tunnel(local, remote, out, back) for (local, remote), (out, back) in found.items()]


def tunnels(config: Config, interfaces: Sequence[Interface] | None = None) -> list[Tunnel]:
    """The tunnels of the policy to judge; [] when there is none."""
    judged = judged_policy(config)
    if judged is None:
        return []
    adapters = tuple(config.interfaces() if interfaces is None else interfaces)
    return pair_up(legs_of(config, judged[0], judged[1].name, adapters))


class Half(NamedTuple):
    """A rule out and a rule back that overlap and are not each other's mirror image."""

    out: Leg
    back: Leg

    def lines(self) -> tuple[str, ...]:
        """What only one of the two is for."""
        out = _box(self.out.source, self.out.destination)
        back = _box(self.back.destination, self.back.source)
        found = [f"only '{rule.name}': {_words(piece)}"
                 for rule, one, other in ((self.out.rule, out, back), (self.back.rule, back, out))
                 for piece in subtract(one, other)]
        return tuple(found)


def half_mirrored(legs: Iterable[Leg]) -> list[Half]:
    """The legs out for whose answers no leg back is meant exactly, with the nearest one."""
    active = [leg for leg in legs if leg.rule.active and not leg.filter.mirrored]
    backs = [leg for leg in active if not leg.outbound]
    exact = {(leg.destination, leg.source) for leg in backs}
    found = []
    for out in active:
        if not out.outbound or (out.source, out.destination) in exact:
            continue
        near = [leg for leg in backs if intersect(
            _box(out.source, out.destination), _box(leg.destination, leg.source))]
        if near:
            found.append(Half(out, min(near, key=lambda leg: abs(
                leg.source.prefix - out.destination.prefix))))
    return found


def _box(source: Network, destination: Network) -> Box:
    return tuple((one.address, one.address + (1 << 32 - one.prefix))
                 for one in (source, destination))


def _words(box: Box) -> str:
    ends = (f"{format_address(low)} to {format_address(high - 1)}" for low, high in box)
    return ", ".join(ends)
