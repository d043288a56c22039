"""The examination: pings along the tunnel, with steps, frames, counters and logs kept meanwhile.

What is sent depends on what came back, so that a healthy tunnel is done with in seconds and a
broken one is asked the questions that tell causes apart. Whatever is switched on for it (captures,
the recording of steps) is switched off again.
"""

from collections.abc import Callable, Iterable
from itertools import count
from math import ceil, log
from typing import NamedTuple

from engine.address import Address
from engine.capture import Capture, Captured, Summary
from engine.diagnose.exam.lengths import longest_repeated
from engine.diagnose.exam.seen import Frame, Hop, PairSeen, Probe, Seen, Snapshot, is_esp
from engine.diagnose.exam.trail import Trail
from engine.diagnose.plan import Intent
from engine.echo import EchoResult
from engine.errors import ParseError
from engine.esp.packets import room_for
from engine.host import Host
from engine.ip import ICMP, IPv4, parse_ipv4, udp_packet
from engine.sad import SaPair
from engine.suites import format_quick_mode
from engine.trace import Step
from engine.world import World

ECHOES, AGAIN, STUBBORN = 4, 2, 5
GAP = 1.0
# Short echoes that measure a loss; a share that is worth it; how improbable chance has to be, and
# how many tries that may take.
SHORT, FEW, CHANCE, MOST_TRIES = 12, 0.1, 0.001, 24
# IKE gives up after 63 seconds; dead peers are found within a minute.
GIVE_UP_SECONDS = 66.0
PEER_SECONDS, PEER_GAP = 70.0, 5.0
SMALL, LARGE = 32, 1472
IP_AND_ICMP, UDP_AROUND = 28, 8
BURST = 100
SPACED, SPACE = 40, 0.1
SETTLE = 1.0
# Ids of packets that are not echoes begin here.
FIRST_TRACE = 1_000_000_000
DISCARD = 9
# Echoes to the other gateway as long as the longest message of IKE that was not answered, and the
# search for what passes.
BIG, BIG_FITS = "peer-big", "peer-fits"
UNREACHABLE = b"\x03"

Send = Callable[[str, IPv4], object]


class Scope(NamedTuple):
    """Whom the examination may look at, and between whom it pings.

    `own` is the gateway under diagnosis, `peer` the other one ("" when it is not in view). `near`
    is the machine that pings, `source` its address where it has several (0: its own choice);
    `far` is the address to reach and `far_machine` its machine when that may send too. `inner` is
    the other gateway's inner address, 0 when nobody knows it. `send` puts single packets on the
    way; None where only pings can be sent.
    """

    own: str
    peer: str
    near: str
    far: Address
    intent: Intent
    far_machine: str = ""
    inner: Address = 0
    source: Address = 0
    near_address: Address = 0
    send: Send | None = None

    @property
    def looked_at(self) -> tuple[str, ...]:
        return tuple(one for one in (self.own, self.peer) if one)


class Examiner:
    """One examination of a world. Mutable while it runs; `run` gives what was seen."""

    def __init__(self, world: World, scope: Scope, trails: bool = True) -> None:
        """`trails` False leaves out the packets that look for the place of a loss."""
        self.world, self.scope, self.trails = world, scope, trails
        self.probes: list[Probe] = []
        self.hops: list[Hop] = []
        self._begun, self._tries = 0.0, STUBBORN
        self._traces = count(FIRST_TRACE)
        self._steps: dict[str, list[Step]] = {}
        self._recorded: dict[str, list[Step] | None] = {}
        self._captures: dict[tuple[str, str], tuple[Capture, Capture | None]] = {}

    # --- the course of it -------------------------------------------------------------------------

    def run(self) -> Seen:
        """Examines; everything that was switched on is off again afterwards."""
        begun = self._begun = self.world.now
        before = {name: snapshot(self._host(name), begun) for name in self.scope.looked_at}
        self._listen()
        try:
            self._ask()
        finally:
            self._stop()
        return self._seen(begun, before)

    def _ask(self) -> None:
        first = self._ping("small", ECHOES)
        if not first.replies:
            self._until_decided()
            first = self._ping("after", AGAIN)
        if first.replies:
            self._working()
        else:
            self._broken()

    def _working(self) -> None:
        """The tunnel answers: does it carry long packets, many packets, the other direction?"""
        scope = self.scope
        self._sizes()
        if scope.far_machine and self._tries:
            self._ping("reverse", AGAIN if self._tries == STUBBORN else self._tries,
                       machine=scope.far_machine, to=scope.near_address)
        if scope.send is not None and scope.near != scope.own:
            self._send("burst", BURST, 64)
            if self.probes[-1].replies < BURST:
                self._send("spaced", SPACED, 64, SPACE)

    def _sizes(self) -> None:
        """Long packets: one in fragments, one that must not be, one that just fills the tunnel."""
        large = self._insist("large", LARGE)
        if not large.replies:
            large = self._beyond_chance(large)
            if not self._tries:
                return
        whole = self._insist("large-df", LARGE, df=True)
        room = self._room() - IP_AND_ICMP
        if whole.echoes[0].kind == "needs-frag" and 0 < room < LARGE:
            whole = self._insist("whole", room, df=True)
        if whole.replies or (large.replies and whole.echoes[0].kind == "needs-frag"):
            return
        least, most = SMALL, whole.size
        while most - least > 1:
            middle = (least + most) // 2
            if self._insist("fits", middle, df=True).replies:
                least = middle
            else:
                most = middle

    def _beyond_chance(self, large: Probe) -> Probe:
        """A long packet was lost again and again: are short ones? Then it takes more tries to say
        that it is its length, and with too much loss nobody can.
        """
        short = self._ping("short", SHORT)
        share = 1 - short.replies / SHORT
        if share < FEW:
            return large
        tries = ceil(log(CHANCE) / log(share)) if share < 1 else MOST_TRIES + 1
        self._tries = max(tries, STUBBORN) if tries <= MOST_TRIES else 0
        self.probes.remove(large)
        return self._insist("large", LARGE) if self._tries else large

    def _insist(self, name: str, size: int, df: bool = False) -> Probe:
        """Echoes of a size until one is answered or refused; a lossy path loses a few."""
        probe = self._ping(name, 1, size=size, df=df)
        while probe.echoes[-1].kind == "timeout" and len(probe.echoes) < self._tries:
            more = self._ping(name, 1, size=size, df=df)
            probe = probe._replace(echoes=(*probe.echoes, *more.echoes),
                                   times=(*probe.times, *more.times))
            self.probes[-2:] = [probe]
        return probe

    def _room(self) -> int:
        """Octets of the longest packet that our tunnel takes whole; 0 when there is none."""
        host = self._host(self.scope.own)
        outside = host.interfaces.get(self.scope.intent.outside)
        pairs = host.sad.pairs()
        if outside is None or not pairs:
            return 0
        around = UDP_AROUND if pairs[-1].inbound.udp else 0
        return room_for(pairs[-1].method, outside.mtu - around)

    def _broken(self) -> None:
        """No answer: which part of the way works?"""
        scope, own = self.scope, self._host(self.scope.own)
        if scope.near != scope.own:
            inside = own.interfaces.get(scope.intent.inside)
            if inside is not None:
                self._ping("gateway", 1, to=inside.address)
        if own.sad.pairs():
            self._silent_tunnel()
        if self._to_peer("peer", AGAIN).replies:
            self._long_messages()
        if self.trails and scope.send is not None:
            trail = Trail(self.world, scope.send, scope.own, scope.intent.outside,
                          scope.intent.own, scope.intent.peer)
            self.hops += trail.follow(esp=bool(own.sad.pairs()))

    def _to_peer(self, name: str, number: int, size: int = SMALL) -> Probe:
        """Echoes in the clear from our gateway to the other one."""
        scope = self.scope
        own = self._host(scope.own).node.own
        return self._ping(name, number, machine=scope.own, to=scope.intent.peer, size=size,
                          source=scope.intent.own if scope.intent.own in own else 0)

    def _long_messages(self) -> None:
        """A message of IKE is repeated in vain: does anything of its length get through?"""
        capture, _ = self._captures[self.scope.own, self.scope.intent.outside]
        size = longest_repeated(frames(capture, self._begun)) - IP_AND_ICMP
        if size <= SMALL:
            return
        if any(self._to_peer(BIG, 1, size).replies for _ in range(STUBBORN)):
            return
        if self._to_peer("peer-small", STUBBORN).replies < STUBBORN:
            # Short ones are lost or late as well, so it is not the length.
            self.probes = [one for one in self.probes if one.name != BIG]
            return
        least, most = SMALL, size
        while most - least > 1:
            middle = (least + most) // 2
            if any(self._to_peer(BIG_FITS, 1, middle).replies for _ in range(AGAIN)):
                least = middle
            else:
                most = middle

    def _silent_tunnel(self) -> None:
        """There are associations and no answer: is it the peer, its inside, or the way?"""
        scope = self.scope
        if scope.inner and scope.inner != scope.far:
            self._ping("inner", AGAIN, to=scope.inner)
        if scope.send is not None and scope.near != scope.own:
            self._send("udp", 1, 32)
        if scope.peer:
            self._ping("behind", AGAIN, machine=scope.peer, to=scope.far)
        if any(one.replies for one in self.probes if one.name in ("inner", "udp")):
            return
        if scope.peer and self._arrived(scope.peer):
            return
        end = self.world.now + PEER_SECONDS
        while self.world.now < end:
            if self._ping("later", 1).replies:
                return
            ike = self._host(scope.own).ike
            if ike is not None and ike.counters.get("dpd_acked", 0) > 1:
                return
            self.world.run(self.world.now + PEER_GAP)

    def _arrived(self, machine: str) -> bool:
        """Whether anything of the tunnel comes in at a machine."""
        return any(is_esp(packet) and not one.outgoing
                   for (name, _), (capture, _) in self._captures.items() if name == machine
                   for one in capture.packets if one.time >= self._begun
                   and (packet := readable(one.octets)) is not None)

    # --- single questions -------------------------------------------------------------------------

    def _ping(self, name: str, number: int, *, machine: str = "", to: Address = 0, size: int = 32,
              df: bool = False, source: Address = 0) -> Probe:
        """Echoes a second apart, as ping sends them."""
        scope, world = self.scope, self.world
        machine, to = machine or scope.near, to or scope.far
        if machine == scope.near and not source:
            source = scope.source
        echoes: list[EchoResult] = []
        times: list[float] = []
        for _ in range(number):
            started = world.now
            times.append(started)
            echoes.append(world.ping(machine, to, size=size, df=df, source=source or None))
            world.run(max(world.now, started + GAP))
        probe = Probe(name, machine, to, size, df, tuple(echoes), tuple(times))
        self.probes.append(probe)
        return probe

    def _until_decided(self) -> None:
        """Waits until IKE has come to an end, one way or the other."""
        own, end = self._host(self.scope.own), self.world.now + GIVE_UP_SECONDS
        while self.world.now < end and own.negotiating(self.scope.far):
            self.world.run(min(self.world.now + PEER_GAP, end))

    def _send(self, name: str, number: int, size: int, gap: float = 0.0) -> None:
        """UDP datagrams to a port that nobody listens on: an ICMP error ought to come back each.

        Many in one instant show what reordering and full queues do; with a gap they do not.
        """
        scope = self.scope
        assert scope.send is not None
        begun, traces = self.world.now, []
        for _ in range(number):
            traces.append(next(self._traces))
            scope.send(scope.near, udp_packet(scope.near_address, scope.far, DISCARD, DISCARD,
                                              bytes(size), trace=traces[-1]))
            if gap:
                self.world.run(self.world.now + gap)
        self.world.run(self.world.now + 2 * SETTLE)
        answered = self._refusals(begun)
        echoes = tuple(EchoResult("reply" if at < answered else "timeout", 0, size, 0.0, 0, at,
                                  trace) for at, trace in enumerate(traces))
        self.probes.append(Probe(name, scope.near, scope.far, size + IP_AND_ICMP, False, echoes,
                                 (begun,) * number))

    def _refusals(self, begun: float) -> int:
        """How many ICMP errors of the far host have passed our inner adapter since then."""
        capture, _ = self._captures[self.scope.own, self.scope.intent.inside]
        return sum(one.outgoing and one.packet is not None and one.packet.protocol == ICMP
                   and one.packet.source == self.scope.far
                   and one.packet.payload[:1] == UNREACHABLE
                   for one in frames(capture, begun))

    # --- eyes and ears ----------------------------------------------------------------------------

    def _host(self, name: str) -> Host:
        return self.world.hosts[name]

    def _listen(self) -> None:
        for name in self.scope.looked_at:
            host = self._host(name)
            self._recorded[name] = host.trace
            self._steps[name] = host.trace = []
            for interface in host.interfaces:
                earlier = self.world.captures.get((name, interface))
                if earlier is not None and earlier.running:
                    self._captures[name, interface] = earlier, earlier
                else:
                    self._captures[name, interface] = (
                        self.world.start_capture(name, interface), earlier)

    def _stop(self) -> None:
        for name, steps in self._recorded.items():
            self._host(name).trace = steps
        for place, (capture, earlier) in self._captures.items():
            if capture is earlier:
                continue
            self.world.stop_capture(*place)
            self.world.captures.pop(place, None)
            if earlier is not None:
                self.world.captures[place] = earlier

    def _seen(self, begun: float, before: dict[str, Snapshot]) -> Seen:
        ended = self.world.now
        names = self.scope.looked_at
        hosts = {name: self._host(name) for name in names}
        return Seen(
            begun, ended, tuple(self.probes), tuple(self.hops),
            {name: tuple(self._steps[name]) for name in names},
            {place: frames(capture, begun) for place, (capture, _) in self._captures.items()},
            before, {name: snapshot(host, ended) for name, host in hosts.items()},
            {name: tuple(one for one in host.keying.history.outcomes if one.time >= begun)
             for name, host in hosts.items()},
            {name: tuple(one for one in host.log if one.time >= begun)
             for name, host in hosts.items()})


def snapshot(host: Host, now: float) -> Snapshot:
    """A machine as it is now."""
    return Snapshot(
        now, dict(host.counters), dict(host.ike.counters) if host.ike is not None else {},
        {key: value for _, key, _, value in host.statistics()},
        tuple(_pair(one) for one in host.sad.pairs()), host.soft, host.main_modes(),
        host.agent_running)


def _pair(one: SaPair) -> PairSeen:
    outbound = one.outbound
    return PairSeen(one.spi, outbound.spi if outbound else 0, one.peer, one.entry,
                    one.inbound.packets, outbound.packets if outbound else 0, one.created,
                    one.seconds, one.kilobytes, format_quick_mode(one.method),
                    bool(one.inbound.udp), one.initiator)


def frames(capture: Capture, begun: float) -> tuple[Frame, ...]:
    """What was captured since then, in words and as packets."""
    return tuple(Frame(summary, readable(one.octets), one.outgoing)
                 for one, summary in _paired(capture) if one.time >= begun)


def _paired(capture: Capture) -> Iterable[tuple[Captured, Summary]]:
    return zip(capture.packets, capture.summaries(), strict=True)


def readable(octets: bytes) -> IPv4 | None:
    """A captured packet, None for one that is broken."""
    try:
        return parse_ipv4(octets)
    except ParseError:
        return None
