"""What one diagnosis may look at: the machines in view, what the tunnel is for, what was seen.

A look is made once and asked by every check. From one gateway alone the other one is only what
it sent; with both ends its configuration, its log and its counters are in view, too.
"""

from collections.abc import Iterable
from functools import cached_property
from math import inf
from typing import NamedTuple

from engine.address import Address, Network, format_address
from engine.diagnose.causes.known import CAUSES
from engine.diagnose.exam.crossing import Way, crossing
from engine.diagnose.exam.run import Scope
from engine.diagnose.exam.seen import Probe, Seen
from engine.diagnose.exam.side import Side
from engine.diagnose.plan import Hints, Intent
from engine.diagnose.station import Station
from engine.diagnose.trace.scene import Scene
from engine.diagnose.trace.stage import Blocker, Stage, Trace
from engine.diagnose.trace.walk import Question, trace
from engine.diagnose.tunnels import judged_policy
from engine.echo import Pinged
from engine.history import Outcome
from engine.policy.model import Policy

ALONE, BOTH = "alone", "both"
# How many seconds before the test an echo of somebody's still concerns it.
RECENT = 600.0
# Of how many more tunnels the configuration is followed.
OTHERS = 20


class Ends(NamedTuple):
    """The two addresses between which the tunnel is asked about: ours first, 0 when unknown."""

    near: Address
    far: Address


class Imported(NamedTuple):
    """A gateway that is known from a file of that kind: what it says, and what it does not.

    `partial` says that only its policy is known, `newer` names connections of IKEv2 alone.
    """

    station: Station
    kind: str
    notes: tuple[str, ...] = ()
    partial: bool = True
    newer: tuple[str, ...] = ()

    def tells(self, code: str) -> bool:
        """Whether the file is a witness for that cause."""
        cause = CAUSES[code]
        return code not in SHOWN_LIVE and (not self.partial or cause.layer in AGREED)


# The layers of what two gateways must agree on; a policy alone says them.
AGREED = frozenset({"policy", "policy-store", "ike-phase1", "ike-phase2"})
# What no configuration file holds: certificates and their state.
SHOWN_LIVE = frozenset({"certificate-unusable", "certificate-not-trusted",
                        "cert-expired-or-not-yet-valid"})


class Blamed(NamedTuple):
    """A blocker with the stage that it was found in, and whether only new negotiations meet it."""

    blocker: Blocker
    stage: Stage | None
    latent: bool = False


class Look:
    """Read-only. `own` is the gateway under diagnosis, `peer` the other one where it is in view.

    `stations` are all machines in view. `seen` is the examination, None when none was made;
    `pinged` are echoes that somebody sent before; `hosts` are our own hosts, for the words of a fix
    only where they are not in view. `peer_name` is where the lines that mend the
    other gateway are typed, `far_name` where those
    of the far host are, "" when nobody knows. `wall` is Unix seconds.
    """

    def __init__(self, own: Station, peer: Station | None, stations: Iterable[Station],
                 ends: Ends, hints: Hints | None = None, wall: float = 0.0) -> None:
        self.own, self.peer, self.ends, self.wall = own, peer, ends, wall
        self.stations = tuple(stations)
        self.hints = hints
        self.scene = Scene(self.stations, None, own.name, hints)
        self.fresh = self.scene.anew()
        self.peer_name = peer.name if peer is not None else ""
        self.seen: Seen | None = None
        self.scope: Scope | None = None
        self.pinged: tuple[Pinged, ...] = ()
        self.hosts: tuple[Station, ...] = ()
        self.far_name = ""
        self.imported: Imported | None = None

    @property
    def view(self) -> str:
        return ALONE if self.peer is None else BOTH

    # --- what the tunnel is for -------------------------------------------------------------------

    @cached_property
    def intents(self) -> list[Intent]:
        """The tunnels of our gateway, the one that is asked about first."""
        found = self.scene.intents.get(self.own.name, [])
        asked = [one for one in found if one.covers(*self.ends)]
        return [*asked, *(one for one in found if one not in asked)]

    @property
    def intent(self) -> Intent | None:
        return self.intents[0] if self.intents else None

    @cached_property
    def policy(self) -> tuple[str, Policy] | None:
        """The policy to judge, with its location."""
        return judged_policy(self.own.config)

    @property
    def gateways(self) -> tuple[Station, ...]:
        """The gateways in view, ours first."""
        return (self.own,) if self.peer is None else (self.own, self.peer)

    @property
    def near(self) -> Station | None:
        """The machine that pings, where its configuration may be read."""
        name = self.scope.near if self.scope is not None else ""
        return next((one for one in (*self.stations, *self.hosts) if one.name == name), None)

    def peer_address(self) -> Address:
        return self.intent.peer if self.intent is not None else 0

    def peer_words(self) -> str:
        """The other gateway in words."""
        address = self.peer_address()
        name = f"{self.peer_name} " if self.peer_name else ""
        return f"the other gateway {name}({format_address(address)})" if address \
            else "the other gateway"

    # --- what configuration alone says ------------------------------------------------------------

    @cached_property
    def traces(self) -> tuple[tuple[Trace, bool], ...]:
        """The ways of an echo there and back, as things are and as if nothing were negotiated.

        The bool says that the trace is of the second kind.
        """
        near, far = self.sample
        if not near or not far:
            return ()
        ways = [Question(near, far, wall=self.wall)]
        if self.peer is not None:
            ways.append(Question(far, near, wall=self.wall))
        else:
            ways.append(Question(far, near, decrypted=self.own.name, wall=self.wall))
        return tuple((trace(scene, way), scene.fresh) for scene in (self.scene, self.fresh)
                     for way in ways)

    @property
    def sample(self) -> Ends:
        """Whom to ask about: as given, or a host of each network of the first tunnel."""
        near, far = self.ends
        if self.intent is not None:
            near = 0 if self.misplaced else near
            near = near or _host_of(self.intent.local, self.own)
            far = far or _host_of(self.intent.remote, self.peer)
        return Ends(near, far)

    @property
    def misplaced(self) -> bool:
        """Whether our host's address is of no network behind our gateway."""
        near = self.ends.near
        if not near or near in self.own.own or self.intent is None \
                or any(near in one.local for one in self.intents):
            return False
        route = self.own.routes.lookup(near)
        return route is None or route.interface == self.intent.outside

    @cached_property
    def elsewhere(self) -> tuple[tuple[Intent, Blamed], ...]:
        """The same of our other tunnels with that gateway, a few of them, with the tunnel."""
        first = self.intent
        if first is None:
            return ()
        found: list[tuple[Intent, Blamed]] = []
        for one in [one for one in self.intents[1:] if self._is_another(one)][:OTHERS]:
            near, far = _host_of(one.local, self.own), _host_of(one.remote, self.peer)
            for way in (Question(near, far, wall=self.wall),
                        Question(far, near, decrypted=self.own.name, wall=self.wall)):
                told = trace(self.fresh, way)
                found += [(one, Blamed(each, None)) for each in told.blockers
                          if not self._unknowable(each)]
        return tuple(found)

    def _is_another(self, one: Intent) -> bool:
        """Whether it is a tunnel of its own with that gateway, not a mistyped one of the first."""
        first, written = self.intents[0], one.tunnel
        if one.peer not in {first.peer, *(self.peer.own if self.peer is not None else ())} \
                or written is None or (one.local.meets(first.local)
                                       and one.remote.meets(first.remote)):
            return False
        if self.peer is None:
            return written.out is not None and written.back is not None
        return any(leg.local.meets(one.remote) and leg.remote.meets(one.local)
                   for leg in self.peer.tunnels)

    @cached_property
    def blamed(self) -> tuple[Blamed, ...]:
        """What stands in the way by configuration, in the packet's order, each once."""
        found: dict[tuple[str, str, str], Blamed] = {}
        for one, fresh in self.traces:
            for blocker in one.blockers:
                if self._unknowable(blocker):
                    continue
                stage = next((each for each in one.stages if each.blocker == blocker.number), None)
                found.setdefault((blocker.code, blocker.machine, blocker.text),
                                 Blamed(blocker, stage, fresh))
        return tuple(found.values())

    def _unknowable(self, blocker: Blocker) -> bool:
        """Whether it is about something of the other gateway that its file does not say."""
        if self.imported is None or self.peer is None:
            return False
        # What comes in the clear was let out somewhere, which is a cause of its own or not known.
        return blocker.code == "cleartext-refused" or (
            blocker.machine == self.peer.name and not self.imported.tells(blocker.code))

    def blamed_at(self, address: Address) -> bool:
        """Whether configuration blames the machine that has an address."""
        owner = self.scene.owner(address)
        return owner is not None and any(one.blocker.machine == owner.name for one in self.blamed)

    @property
    def explained(self) -> bool:
        """Whether configuration alone tells why the traffic fails."""
        return bool(self.blamed)

    # --- what was before --------------------------------------------------------------------------

    def agreed(self, mode: str) -> Outcome | None:
        """The last negotiation of that mode with the other gateway that succeeded."""
        return next((one for one in reversed(self.outcomes)
                     if one.mode == mode and one.failure is None), None)

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """How our gateway's negotiations with the other one ended, oldest first."""
        host = self.own.host
        if self.seen is not None and self.seen.recorded:
            kept = list(self.seen.outcomes.get(self.own.name, ()))
        else:
            kept = list(host.keying.history.outcomes) if host is not None else []
        return tuple(one for one in kept if one.peer == self.peer_address())

    @property
    def recent(self) -> tuple[Pinged, ...]:
        """The echoes of the last minutes from our network to the other one, oldest first.

        Of the test's own those that tell whether it works, not those that try its limits.
        """
        since = self.seen.begun - RECENT if self.seen is not None else 0.0
        tested = [Pinged(time, one.machine, one.destination, one.size, one.df, echo)
                  for one in self.seen.probes if one.name in ("small", "after")
                  for time, echo in zip(one.times, one.echoes, strict=True)] \
            if self.seen is not None else []
        return (*(one for one in self.pinged
                  if one.time >= since and one.destination == self.ends.far), *tested)

    # --- what the examination says ----------------------------------------------------------------

    @cached_property
    def side(self) -> Side | None:
        """Our gateway's part of the examination."""
        return self._side(self.own)

    @cached_property
    def far_side(self) -> Side | None:
        """The other gateway's part of it."""
        return self._side(self.peer) if self.peer is not None else None

    def _side(self, station: Station) -> Side | None:
        found = self.scene.intents.get(station.name, [])
        if self.seen is None or not found or station.name not in self.seen.after:
            return None
        near, far = self.ends if station is self.own else self.ends[::-1]
        intent = next((one for one in found if one.covers(near, far)), found[0])
        return Side(self.seen, station.name, intent.inside, intent.outside)

    @cached_property
    def there(self) -> Way | None:
        """What our gateway sent beside what arrived at the other one; None from one end."""
        return self._way(self.side, self.far_side, {self.peer_address()})

    @cached_property
    def back(self) -> Way | None:
        """The same the other way round; a NAT has an address of ours, too."""
        theirs = self.scene.intents.get(self.peer.name, []) if self.peer is not None else []
        return self._way(self.far_side, self.side,
                         {*self.own.own, *(one.peer for one in theirs)})

    def _way(self, near: Side | None, far: Side | None, peers: set[Address]) -> Way | None:
        if near is None or far is None or self.seen is None:
            return None
        # Of records nothing is underway at the end.
        return crossing(near.outer, far.outer, peers, inf if self.seen.recorded
                        else self.seen.ended)

    @property
    def decisive(self) -> Probe | None:
        """The pings that tell whether the tunnel works: those after the negotiation, if any."""
        if self.seen is None:
            return None
        return self.seen.probe("after") or self.seen.probe("small")

    @property
    def pinged_until(self) -> float:
        """When the last of those pings was over, engine seconds."""
        probe = self.decisive
        return probe.times[-1] + 1.0 if probe is not None and probe.times else 0.0

    @property
    def works(self) -> bool:
        """Whether our host got answers."""
        return self.decisive is not None and self.decisive.replies > 0

    @property
    def broken(self) -> bool:
        """Whether it was tried and no answer came."""
        return self.decisive is not None and self.decisive.replies == 0


def _host_of(network: Network, station: Station | None) -> Address:
    """An address of a network that is no gateway's: the last but one."""
    if network.prefix == 32:
        return network.address
    own = station.own if station is not None else {}
    size = 1 << 32 - network.prefix
    for step in range(size - 2, 0, -1):
        if network.address + step not in own:
            return network.address + step
    return network.address
