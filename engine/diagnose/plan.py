"""What a gateway's tunnels are meant to join, worked out from everything that says something.

A policy may be the very thing that is wrong, so it is one witness among several: the addresses of
the other gateway where it can be seen, the operator's names for the article's addresses, the
routes, and the RRAS filters (the article writes the other gateway's address into both).
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from engine.address import ANY_NETWORK, Address, Network
from engine.diagnose.station import Station
from engine.diagnose.tunnels import Tunnel

HOST_PREFIX = 32


class Hints(NamedTuple):
    """The operator's names: NetA, NetB, W2KextIP, 3rdExtIP of the article."""

    net_a: Network
    net_b: Network
    own: Address
    peer: Address

    def turned(self) -> "Hints":
        """The same from the other gateway's place."""
        return Hints(self.net_b, self.net_a, self.peer, self.own)


class Intent(NamedTuple):
    """One tunnel as it is meant: two networks, two ends, our adapters.

    `tunnel` are the rules that stand for it, None when there are none. `known` says that the
    other end is known from elsewhere than our own policy.
    """

    local: Network
    remote: Network
    own: Address
    peer: Address
    outside: str
    inside: str
    tunnel: Tunnel | None = None
    known: bool = False

    def covers(self, source: Address, destination: Address) -> bool:
        """Whether a packet from our side is meant to go through it."""
        return source in self.local and destination in self.remote

    def wants(self, source: Address, destination: Address) -> bool:
        """Whether a packet in either direction is."""
        return self.covers(source, destination) or self.covers(destination, source)


def intents(own: Station, peers: Iterable[Station] = (),
            hints: Hints | None = None) -> list[Intent]:
    """The tunnels of a gateway; the one that the article is about first.

    `peers` are the other gateways that can be seen. Hints that name an address which this
    machine does not have are of another picture, and are not listened to.
    """
    if hints is not None and hints.own not in own.own:
        hints = hints.turned() if hints.peer in own.own else None
    found = own.tunnels
    peer = _facing(own, [one for one in peers if one.name != own.name], found, hints)
    outside = _outside(own, found, hints, peer)
    main = _main(own, outside, peer, hints, found)
    made = [_intent(own, one, outside, peer, hints) for one in found]
    if main is None:
        return made
    joined = [_join(main, one) for one in made if _same(main, one)]
    rest = [one for one in made if not _same(main, one)]
    if not any(one.local.covers(main.local) and one.remote.covers(main.remote)
               for one in joined):
        # What is written leaves out a part of what is meant.
        joined.append(main._replace(tunnel=joined[0].tunnel) if joined else main)
    return [*joined, *rest]


def intent_for(found: Iterable[Intent], source: Address, destination: Address) -> Intent | None:
    """The intent that a packet of either direction falls under: the narrowest."""
    matching = [one for one in found if one.wants(source, destination)]
    return max(matching, key=lambda one: one.local.prefix + one.remote.prefix, default=None)


# --- witnesses ------------------------------------------------------------------------------------


def _facing(own: Station, others: list[Station], found: list[Tunnel],
            hints: Hints | None) -> Station | None:
    """The gateway at the other end: named by hints or rules, or the only one there is."""
    named = [hints.peer] if hints else []
    named += [one.peer for one in found if one.peer]
    for address in named:
        for other in others:
            if address in other.own:
                return other
    for other in others:
        if any(one.peer in own.own for one in other.tunnels):
            return other
    return others[0] if len(others) == 1 else None


def _outside(own: Station, found: list[Tunnel], hints: Hints | None,
             peer: Station | None) -> str:
    """The adapter that faces the other gateway."""
    if hints is not None and hints.own in own.own:
        return own.own[hints.own].name
    votes: Counter[str] = Counter()
    for one in found:
        if one.own in own.own:
            votes[own.own[one.own].name] += 2
        hop = own.routes.resolve(one.peer) if one.peer else None
        if hop is not None:
            votes[hop.interface] += 1
    for address in peer.own if peer is not None else ():
        hop = own.routes.resolve(address)
        if hop is not None:
            votes[hop.interface] += 1
    if votes:
        return votes.most_common(1)[0][0]
    named = [name for name in own.interfaces if name.casefold().startswith("ext")]
    return (named or list(own.interfaces))[-1]


def _inside(own: Station, outside: str, local: Network | None = None) -> str:
    """The adapter of our own network: that of `local`, else the first that is not outside."""
    others = [name for name in own.interfaces if name != outside]
    for name in others:
        net = own.net(name)
        if local is not None and net.meets(local):
            return name
    return others[0] if others else outside


def _main(own: Station, outside: str, peer: Station | None, hints: Hints | None,
          found: list[Tunnel]) -> Intent | None:
    """The tunnel of the picture: what the hints say, or the networks behind both gateways."""
    if outside not in own.interfaces:
        return None
    inside = _inside(own, outside, hints.net_a if hints else None)
    local = own.net(inside)
    end = own.interfaces[outside].address
    if peer is not None:
        far = _outside(peer, peer.tunnels,
                       hints.turned() if hints else None, own)
        remote = peer.net(_inside(peer, far, hints.net_b if hints else None))
        return Intent(local, remote, end, peer.interfaces[far].address, outside, inside,
                      known=True)
    if hints is None:
        return None
    return Intent(local, _wider(hints.net_b, found), end, hints.peer, outside, inside, known=True)


def _wider(named: Network, found: list[Tunnel]) -> Network:
    """The far network: as named, or as both directions of the policy say if they include it."""
    for one in found:
        if one.out is not None and one.back is not None and one.remote != ANY_NETWORK \
                and one.remote.covers(named):
            return one.remote
    return named


def _same(main: Intent, other: Intent) -> bool:
    """Whether a policy's tunnel stands for the picture's: their networks meet on both sides."""
    return main.local.meets(other.local) and main.remote.meets(other.remote)


def _join(main: Intent, written: Intent) -> Intent:
    """A written tunnel with the ends that the picture knows."""
    return written._replace(own=main.own, peer=main.peer, known=main.known)


def _intent(own: Station, one: Tunnel, outside: str, peer: Station | None,
            hints: Hints | None) -> Intent:
    """A written tunnel; where its rules contradict the routes and filters, the most witnesses."""
    end = one.own or own.interfaces[outside].address
    name = own.own[end].name if end in own.own else outside
    far = _far_end(own, one, name)
    return Intent(one.local, one.remote, end, far, name, _inside(own, name, one.local), one)


def _far_end(own: Station, one: Tunnel, outside: str) -> Address:
    """The other end as most of rule, route and RRAS filters have it; the rule decides a draw."""
    votes: Counter[Address] = Counter()
    if one.peer:
        votes[one.peer] += 1
    route = own.routes.towards(one.remote)
    if route is not None and route.gateway and route.prefix \
            and route.gateway not in own.net(route.interface):
        votes[route.gateway] += 1
    allowed = dict.fromkeys(each.destination if each.direction == "output" else each.source
                            for each in own.snapshot.filters
                            if each.interface == outside
                            and each.source_prefix == each.destination_prefix == HOST_PREFIX)
    votes.update(address for address in allowed if address not in own.own)
    if not votes:
        return 0
    most = max(votes.values())
    winners = [address for address, count in votes.items() if count == most]
    return one.peer if one.peer in winners else winners[0]
