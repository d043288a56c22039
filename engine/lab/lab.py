"""Lab: the embedded network on a virtual clock. Same store and seed, same trace.

Nothing waits in wall time: `run` pops the next event, moves the clock to it and lets hosts and
links act. Random draws of links come from one generator, random octets of each host from its own
seeded stream, so that a fault at one place leaves the others' draws alone.
"""

from collections import deque
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from itertools import count
from random import Random

from engine.address import Address
from engine.capture import Capture, Wanted
from engine.echo import Crossings, EchoResult, Expected, Pinged, pattern, refusal
from engine.errors import NotFound
from engine.host import Deliver, Host, Output, Refused, Transmit
from engine.icmp import echo_request
from engine.ip import DEFAULT_TTL, IPv4
from engine.lab.link import End, Link
from engine.lab.nat import NAT, PROXY, NatHost, ProxyHost
from engine.lab.seed import EPOCH, SEED, seeded_entropy
from engine.lab.topology import LINKS
from engine.lab.whole import Whole
from engine.policy.live import Live
from engine.policy.store import Store
from engine.trace import Step

__all__ = ["EPOCH", "SEED", "EchoResult", "Lab"]

# Windows 2000's ping.
IDENTIFIER = 0x0200
# Machines that are more than a host, by their role.
KINDS: dict[str, type[Host]] = {NAT: NatHost, PROXY: ProxyHost}
# A host that answers every event of one instant with another one is our bug, not a busy network.
EVENTS_AN_INSTANT = 100_000
ECHOES_KEPT = 200

# No machine has this name: the event is the operator's.
CTRL_C = "\x03"

Happening = tuple[float, int, str, str, IPv4 | None]


class Lab:
    """All machines of a store, their links, one clock.

    `hosts` and `links` by name; `captures` by (machine, interface). Engine time begins at 0.0
    when the lab boots; `wall` gives Unix seconds for display.
    """

    def __init__(self, store: Store, *, seed: int = SEED, epoch: float = EPOCH) -> None:
        self.store, self.seed, self.epoch = store, seed, epoch
        self.now = 0.0
        self.hosts: dict[str, Host] = {}
        self.links: dict[str, Link] = {}
        self.captures: dict[tuple[str, str], Capture] = {}
        self.crossings = Crossings()
        self.pinged: deque[Pinged] = deque(maxlen=ECHOES_KEPT)
        self._draw = Random(seed)
        self._heap: list[Happening] = []
        self._serial = count()
        self._timers: dict[str, float] = {}
        self._cables: dict[tuple[str, str], Link] = {}
        self._traces = count(1)
        self._sequence = self._restarts = 0
        self._expected: Expected | None = None
        self._answer: EchoResult | None = None
        self._whole = Whole()
        self._press: Callable[[], None] | None = None
        self._boot()

    def wall(self, now: float | None = None) -> float:
        """Unix seconds of a moment of engine time (of now, when none is given)."""
        return self.epoch + (self.now if now is None else now)

    # --- time ----------------------------------------------------------------------------------

    def run(self, until: float) -> None:
        """Lets everything due until then happen; the clock stands at `until` afterwards."""
        self.run_while(lambda: True, until)

    def run_while(self, condition: Callable[[], bool], limit: float) -> None:
        """Runs while `condition()` holds and nothing later than `limit` is next.

        When it still holds at the end the clock stands at `limit`. Raises KeyboardInterrupt
        between two events after `interrupt`.
        """
        heap, instant, events = self._heap, self.now, 0
        while condition():
            if not heap or heap[0][0] > limit:
                self.now = max(self.now, limit)
                return
            with self._whole:
                when, _, machine, interface, packet = heappop(heap)
                self.now = max(self.now, when)
                events = events + 1 if self.now == instant else 0
                instant = self.now
                assert events < EVENTS_AN_INSTANT, f"{machine} does not come to rest at {instant}"
                if packet is not None:
                    self._arrive(machine, interface, packet)
                else:
                    self._timer(machine, when)

    def interrupt(self) -> bool:
        """Ctrl-C: True when a step is under way, which ends before KeyboardInterrupt is raised.

        False leaves it to the caller to raise at once: nothing of the lab would be cut in half.
        """
        return self._whole.interrupt()

    def interrupt_at(self, when: float, pressed: Callable[[], None]) -> None:
        """Ctrl-C that comes when the clock stands at `when`; `pressed` is called then."""
        self._press = pressed
        heappush(self._heap, (when, next(self._serial), CTRL_C, "", None))

    def no_interrupt(self) -> None:
        """What `interrupt_at` was asked for does not come any more."""
        self._press = None

    def why_no_offload(self) -> str:
        """The lab's machines have no kernel below them."""
        return "the lab has no kernel to hand ESP to"

    def _timer(self, machine: str, when: float) -> None:
        if machine == CTRL_C and self._press is not None:
            self._press()
            self._press = None
            self.interrupt()
        host = self.hosts.get(machine)
        if host is None or self._timers.get(machine) != when:
            return
        del self._timers[machine]
        self._carry(machine, host.handle_timer(self.now))

    def _schedule(self, machine: str) -> None:
        wanted = self.hosts[machine].next_timer()
        if wanted is None:
            self._timers.pop(machine, None)
            return
        wanted = max(wanted, self.now)
        if self._timers.get(machine) != wanted:
            self._timers[machine] = wanted
            heappush(self._heap, (wanted, next(self._serial), machine, "", None))

    # --- machines and cables -------------------------------------------------------------------

    def _boot(self) -> None:
        with self.store.reading():
            for machine in self.store.machines():
                self._add_host(machine.name)
        self._cable()

    def restart(self, machine: str, boot: float) -> None:
        """A machine loses all that runs but its logs, and tells nobody; its policy is in force
        after `boot` seconds. Raises NotFound.
        """
        old = self._host(machine)
        with self._whole:
            self._restarts += 1
            self._add_host(machine, boot, f"{machine}/{self._restarts}")
            self.hosts[machine].log.extend(old.log)
            self._timers.pop(machine, None)
            self._schedule(machine)
            self._cable()

    def _add_host(self, name: str, boot: float = 0.0, stream: str = "") -> None:
        config = self.store.on(name)
        kind = KINDS.get(config.machine.role, Host)
        self.hosts[name] = kind(name, config=config,
                                entropy=seeded_entropy(self.seed, stream or name),
                                now=self.now, epoch=self.epoch, boot=boot)

    def _cable(self) -> None:
        """Plugs every adapter into the link that it names."""
        external = {plan.name for plan in LINKS if plan.external}
        ends: dict[str, list[End]] = {plan.name: [] for plan in LINKS}
        for machine, host in self.hosts.items():
            for one in host.interfaces.values():
                if one.link:
                    ends.setdefault(one.link, []).append(End(machine, one.name, one.address))
        self._cables = {}
        for name, plugged in ends.items():
            if name not in self.links:
                self.links[name] = Link(name, external=name in external)
            link = self.links[name]
            link.ends = tuple(plugged)
            for end in plugged:
                self._cables[end.machine, end.interface] = link

    def reload(self) -> None:
        """The store changed: every host whose configuration changed takes it over."""
        with self._whole:
            self._reload()

    def _reload(self) -> None:
        work: list[tuple[str, list[Output]]] = []
        with self.store.reading():
            names = [machine.name for machine in self.store.machines()]
            for gone in [name for name in self.hosts if name not in names]:
                del self.hosts[gone]
                self._timers.pop(gone, None)
            for name in names:
                if name not in self.hosts:
                    self._add_host(name)
                    continue
                self.hosts[name].config = self.store.on(name)
                work.append((name, self.hosts[name].reload(self.now)))
        self._cable()
        for name, outputs in work:
            self._carry(name, outputs)

    def start_agent(self, machine: str) -> None:
        """net start policyagent. Raises NotFound."""
        with self._whole:
            self._carry(machine, self._host(machine).start_agent(self.now))

    def stop_agent(self, machine: str) -> None:
        """net stop policyagent: Delete messages leave at once. Raises NotFound."""
        with self._whole:
            self._carry(machine, self._host(machine).stop_agent(self.now))

    def edit(self, machine: str, live: Live) -> None:
        """ipsec dynamic add, set, delete. Raises NotFound."""
        with self._whole:
            self._carry(machine, self._host(machine).edit(live, self.now))

    def perform(self, machine: str, action: Callable[[Host, float], list[Output]]) -> None:
        """Lets a machine do something now. Raises NotFound."""
        with self._whole:
            self._carry(machine, action(self._host(machine), self.now))

    def _host(self, machine: str) -> Host:
        if machine not in self.hosts:
            raise NotFound("Machine", machine, tuple(self.hosts))
        return self.hosts[machine]

    # --- wires ---------------------------------------------------------------------------------

    def inject(self, machine: str, interface: str, packet: IPv4) -> None:
        """Lets `packet` arrive at an interface now, whoever sent it. Raises NotFound."""
        self._host(machine)
        with self._whole:
            self._arrive(machine, interface, packet)

    def send(self, machine: str, packet: IPv4) -> list[Output]:
        """A local application of `machine` sends a packet; gives what its host did with it.

        Raises NotFound.
        """
        with self._whole:
            outputs = self._host(machine).send(packet, self.now)
            self._carry(machine, outputs)
        return outputs

    def _arrive(self, machine: str, interface: str, packet: IPv4) -> None:
        host = self.hosts.get(machine)
        if host is None or interface not in host.interfaces:
            return
        self._capture(machine, interface, packet, False)
        self._carry(machine, host.receive(packet, interface, self.now))

    def _carry(self, machine: str, outputs: Iterable[Output]) -> None:
        """Does what a host wants done, then notes when it wants to be called again."""
        for output in outputs:
            if isinstance(output, Transmit):
                self._transmit(machine, output)
            elif isinstance(output, Deliver):
                self._delivered(machine, output.packet)
        self._schedule(machine)

    def _transmit(self, machine: str, output: Transmit) -> None:
        interface, packet, next_hop = output
        self._capture(machine, interface, packet, True)
        link = self._cables.get((machine, interface))
        if link is None:
            return
        if link.external:
            self.crossings.note(packet)
        end = link.find(next_hop)
        if end is None:
            self._lost(machine, packet, "no-neighbour", link.name)
            return
        arrivals = link.cross(packet, self._draw, machine)
        if not arrivals:
            self._lost(machine, packet, "link-lost", link.name)
        for after, what in arrivals:
            heappush(self._heap, (self.now + after, next(self._serial), end.machine,
                                  end.interface, what))

    def _lost(self, machine: str, packet: IPv4, reason: str, link: str) -> None:
        """A packet ended on the wire: counted and recorded where it was sent from."""
        node = self.hosts[machine].node
        node.count(reason)
        if node.trace is not None:
            node.trace.append(Step(self.now, machine, packet.trace, "link", "drop", reason, link))

    def _capture(self, machine: str, interface: str, packet: IPv4, outgoing: bool) -> None:
        if self.captures:
            capture = self.captures.get((machine, interface))
            if capture is not None and capture.running:
                capture.add(self.now, packet.build(), outgoing)

    def start_capture(self, machine: str, interface: str,
                      wanted: Wanted | None = None) -> Capture:
        """Starts a fresh capture, in place of an earlier one of that interface.

        Raises NotFound("Machine" or "Interface").
        """
        host = self._host(machine)
        name = next((one for one in host.interfaces if one.casefold() == interface.casefold()), "")
        if not name:
            raise NotFound("Interface", interface, tuple(host.interfaces))
        capture = self.captures[machine, name] = Capture(machine, name, wanted=wanted)
        host.keying.keylog.watch((one.installed for one in host.sad.pairs()), host.main_modes())
        return capture

    def stop_capture(self, machine: str, interface: str) -> Capture | None:
        """Stops it; its packets stay in `captures`. None when there is none."""
        for (owner, name), capture in self.captures.items():
            if owner == machine and name.casefold() == interface.casefold():
                capture.running = False
                return capture
        return None

    # --- ping ----------------------------------------------------------------------------------

    def ping(self, machine: str, destination: Address, *, size: int = 32, timeout: float = 1.0,
             ttl: int = DEFAULT_TTL, source: Address | None = None,
             df: bool = False) -> EchoResult:
        """One echo; virtual time passes until the reply or `timeout`.

        It returns at the moment of the answer: a caller that sends one a second lets the rest
        pass with `run(started + 1.0)`. Raises NotFound for an unknown machine.
        """
        host = self._host(machine)
        self._sequence = self._sequence % 0xFFFF + 1
        trace = next(self._traces)
        expected = Expected(machine, IDENTIFIER, self._sequence, trace, self.now)
        self._expected, self._answer = expected, None
        self.crossings.watch(trace)
        soft = self._soft_passes()
        request = echo_request(source or 0, destination, IDENTIFIER, self._sequence,
                               pattern(size), ttl=ttl, df=df, trace=trace)
        for output in self.send(machine, request):
            if isinstance(output, Refused):
                self._answer = expected.result(refusal(output.reason),
                                               source or host.source_for(destination), self.now)
        self.run_while(lambda: self._answer is None, self.now + timeout)
        answer = self._answer or expected.result("timeout", 0, self.now)
        self._expected = None
        clear, protected = self.crossings.verdict(trace)
        answer = answer._replace(clear=clear, protected=protected, soft=self._soft_passes() > soft)
        self.pinged.append(Pinged(expected.sent, machine, destination, size, df, answer))
        return answer

    def _soft_passes(self) -> int:
        return sum(host.node.counters.get("soft-clear", 0) for host in self.hosts.values())

    def _delivered(self, machine: str, packet: IPv4) -> None:
        expected = self._expected
        if expected is not None and expected.machine == machine and self._answer is None:
            self._answer = expected.answer(packet, self.now)
