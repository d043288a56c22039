"""Gateway: the live world. One machine, its kernel, real time; the same face as the lab's.

The kernel keeps forwarding: what a policy may want protected it hands over through a TUN device
(`engine.live.steering` says what), what was decrypted goes back the same way, and everything
else never comes here. ESP, AH and IKE arrive on sockets.
"""

import os
import threading
from collections.abc import Callable, Mapping

from engine.address import Address
from engine.capture import Capture, Wanted
from engine.configuration import HostSnapshot, read_host
from engine.echo import EchoResult
from engine.errors import Broken, EngineError, NotFound
from engine.events import LogEvent
from engine.host import Host, Output
from engine.ip import DEFAULT_TTL
from engine.live.article import article_names
from engine.live.capture import LiveCapture
from engine.live.carrier import Carrier
from engine.live.clock import Clock
from engine.live.echo import Echoes
from engine.live.eventlog import EventFile, KeptLog, fields_of
from engine.live.facts import interfaces_of, kernel_routes, overlay, tunnel_ends, why_down
from engine.live.inward import Inward
from engine.live.kernel import Kernel
from engine.live.loop import Loop
from engine.live.offload import Offload, why_not
from engine.live.outward import Outward
from engine.live.provision import write_interfaces
from engine.live.settle import Settled, disabled
from engine.live.sockets import Handlers, Sockets
from engine.live.tun import NAME, VNET, open_tun
from engine.policy.live import Live
from engine.policy.model import Interface
from engine.policy.revisions import revert_due
from engine.policy.store import Config, Store
from engine.sad import SoftAssociation

CHORE_SECONDS = 1.0
SETTLE_SECONDS = 0.05
"""A burst of changes of the kernel's is looked at once, this long after its first."""

Log = Callable[..., None]


class Gateway:
    """The machine `name` of a store, on the kernel's devices `names` (adapter to device).

    Raises Broken when something that it cannot do without is missing.
    """

    def __init__(self, store: Store, name: str, names: Mapping[str, str], *,
                 log: Log = lambda event, **fields: None, tun: str = NAME,
                 events: str = "") -> None:
        self.store, self.name, self.names, self.log, self.tun_name = store, name, names, log, tun
        self.clock = Clock()
        self.loop = Loop()
        self.kernel = Kernel()
        self.captures: dict[tuple[str, str], Capture] = {}
        self.facts = self.kernel.facts()
        self.running = True
        self.read_again = False
        self.counts: dict[str, int] = {}
        self._listening: dict[tuple[str, str], LiveCapture] = {}
        self._applied = store.generation()
        self._look_at = self._chores_at = self._due = 0.0
        self._trouble, self._unwritten = "", False
        self._interfaces: tuple[Interface, ...] = ()
        self._soft: tuple[SoftAssociation, ...] = ()
        self._sitting = threading.local()
        self._tun = open_tun(tun)
        self._index = self.kernel.raise_device(tun, self._mtu())
        self.settled = Settled(self.kernel, tun)
        self.host = Host(name, config=store.on(name), entropy=os.urandom, now=self.now,
                         epoch=self.epoch, read=self._read)
        self.host.node.handover = True
        self._events = EventFile(events) if events else None
        self._keep_events()
        self.hosts = {name: self.host}
        self.carrier = Carrier(self.host, self.settled, self._tun, self.clock.now)
        self.inward = Inward(self.host, self._tun, self.carrier, self.clock.now)
        self.sockets = self.carrier.sockets = Sockets(self.loop, Handlers(
            self.carrier.datagram, self.carrier.packet, self.carrier.icmp,
            self.inward.read_natt, self.inward.read_esp))
        self.outward = Outward(self.host, self.sockets, self._tun, self.carrier, self.clock.now)
        self.inward.answer = self.outward.read_tun
        self.offload = Offload(self.host, drain=self.outward.drain,
                               open_udp=self.sockets.kernel_opens_udp)
        self.echoes = Echoes(self)
        self.outward.watched = self.echoes.departed
        self.loop.watch(self._tun, self.outward.read_tun)
        self.kernel.watch(self.loop, self._kernel_changed)
        self._settle()

    def _keep_events(self) -> None:
        """The log of before a restart counts on; what happens is told to the agent's log, too."""
        host, log = self.host, self.log
        if self._events is not None:
            before = [one._replace(time=one.time - self.epoch) for one in self._events.read()]
            host.log = KeptLog(before, host.log.maxlen, self._events, self.wall)
        record = host.keying.record

        def recorded(event: LogEvent) -> None:
            name = f"event-{event.event_id}" if event.event_id else event.name
            log(name, priority=6 if event.success else 4,
                text=event.title.splitlines()[0], **fields_of(event))
            record(event)

        host.keying.record = recorded

    # --- the world's face ----------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Engine time: seconds since this gateway was made."""
        return self.clock.now()

    @property
    def epoch(self) -> float:
        """The Unix time at which `now` was 0, by the wall clock as it stands."""
        return self.clock.epoch

    def wall(self, now: float | None = None) -> float:
        """Unix seconds of a moment of engine time (of now, when none is given)."""
        return self.epoch + (self.now if now is None else now)

    def run(self, until: float) -> None:
        """Lets time pass; called by a thread that has the turn."""
        self.run_while(lambda: True, until)

    def run_while(self, condition: Callable[[], bool], limit: float) -> None:
        """Waits while `condition()` holds, at most until `limit`.

        Raises KeyboardInterrupt when the shell that waits was interrupted.
        """
        stop: threading.Event | None = getattr(self._sitting, "stop", None)
        while condition() and (left := limit - self.now) > 0:
            if stop is not None and stop.is_set():
                stop.clear()
                raise KeyboardInterrupt
            self.loop.sleep(left)

    def interrupted_by(self, stop: threading.Event) -> None:
        """What ends the waiting of the calling thread."""
        self._sitting.stop = stop

    def interrupt(self) -> bool:
        """Ctrl-C comes by way of `interrupted_by`, never from here."""
        return False

    def reload(self) -> None:
        """The store changed: what it says takes effect, and only that."""
        self._applied = self.store.generation()
        self.carrier.carry(self.host.reload(self.now))
        self._settle()

    def start_agent(self, machine: str) -> None:
        """net start policyagent. Raises NotFound."""
        self.carrier.carry(self._host(machine).start_agent(self.now))
        self._settle()

    def stop_agent(self, machine: str) -> None:
        """net stop policyagent: deletes are sent, nothing is steered any more."""
        self.carrier.carry(self._host(machine).stop_agent(self.now))
        self._settle()

    def edit(self, machine: str, live: Live) -> None:
        """ipsec dynamic add, set, delete. Raises NotFound."""
        self.carrier.carry(self._host(machine).edit(live, self.now))
        self._settle()

    def perform(self, machine: str, action: Callable[[Host, float], list[Output]]) -> None:
        """Lets the machine do something now. Raises NotFound."""
        self.carrier.carry(action(self._host(machine), self.now))
        self._settle()

    def _host(self, machine: str) -> Host:
        if machine != self.name:
            raise NotFound("Machine", machine, (self.name,))
        return self.host

    def ping(self, machine: str, destination: Address, *, size: int = 32, timeout: float = 1.0,
             ttl: int = DEFAULT_TTL, source: Address | None = None,
             df: bool = False) -> EchoResult:
        """One echo through the kernel, as any program would send it."""
        self._host(machine)
        return self.echoes.ping(destination, size, timeout, ttl, source, df)

    def start_capture(self, machine: str, interface: str,
                      wanted: Wanted | None = None) -> Capture:
        """Starts a fresh capture on an adapter's device. Raises NotFound, Broken."""
        self._host(machine)
        name = next((one for one in self.names if one.casefold() == interface.casefold()), "")
        if not name:
            raise NotFound("Interface", interface, tuple(self.names))
        self.stop_capture(machine, name)
        capture = Capture(machine, name, wanted=wanted)
        device = self.facts.device(self.names[name])
        self._listening[machine, name] = LiveCapture(
            self.loop, self.names[name], capture, self.clock, device.mtu if device else 1500)
        self.captures[machine, name] = capture
        # What is captured is what the wire sees, not runs that the kernel takes apart later.
        self.outward.segmentation = False
        self.host.keying.keylog.watch((one.installed for one in self.host.sad.pairs()),
                                      self.host.main_modes())
        return capture

    def stop_capture(self, machine: str, interface: str) -> Capture | None:
        """Stops it; its packets stay in `captures`. None when there is none."""
        for place, capture in self.captures.items():
            if place[0] == machine and place[1].casefold() == interface.casefold():
                listening = self._listening.pop(place, None)
                if listening is not None:
                    listening.close()
                self.outward.segmentation = not self._listening
                capture.running = False
                return capture
        return None

    def refresh(self) -> None:
        """Brings what the kernel keeps up to date; before somebody looks at it."""
        for one in self._listening.values():
            one.read()
        self._guarded(lambda: self.settled.count(self.host))

    def names_of_article(self) -> dict[str, str]:
        """The article's names for this machine's addresses and its first tunnel's."""
        return article_names(self.host)

    # --- the loop ------------------------------------------------------------------------------

    def serve(self) -> None:
        """Carries packets until `running` is False."""
        while self.running:
            self.loop.step(self._tick)

    def _tick(self) -> float:
        """What is due by the clock; seconds until the next thing will be.

        Known flows change no timer, so most wake-ups only look at the clock, and whether the
        octets of an association have run out.
        """
        now = self.clock.now()
        if now < self._due and not self.carrier.stirred and not self.host.node.sad.counted_out:
            return self._due - now
        self.carrier.stirred = False
        timer = self.host.next_timer()
        if timer is not None and timer <= now:
            self.carrier.carry(self.host.handle_timer(now))
            timer = self.host.next_timer()
        self._guarded(lambda: self.settled.follow(self.host))
        self._follow_offload()
        if self.host.soft != self._soft:
            self._guarded(self._settle)
        if self._look_at and now >= self._look_at:
            self._look_at = 0.0
            self._guarded(self._look)
        if now >= self._chores_at:
            self._chores_at = now + CHORE_SECONDS
            self._guarded(self._chores)
        self._due = min(self._chores_at, self._look_at or self._chores_at,
                        self._chores_at if timer is None else timer)
        return self._due - now

    def _guarded(self, chore: Callable[[], None]) -> None:
        """A chore; what is wrong outside is logged once, and tried again with the next one."""
        trouble = ""
        try:
            chore()
        except EngineError as failure:
            trouble = str(failure)
        if trouble and trouble != self._trouble:
            self.log("trouble", priority=3, text=trouble)
        if chore == self._chores or trouble:
            self._trouble = trouble

    def _chores(self) -> None:
        drift = self.clock.adjust()
        if drift:
            self.log("clock-set", priority=5, seconds=round(drift, 3),
                     text=f"the wall clock was set by {drift:+.0f} s")
            self.host.keying.set_epoch(self.epoch)
        self._remember()
        self._follow_offload()
        found = revert_due(self.store)
        if found is not None:
            self.log("reverted", priority=4, revision=found[0].revision, to=found[0].base,
                     text="; ".join(line for one in found[1] for line in one.lines))
        if self.read_again or self.store.generation() != self._applied:
            self.read_again = False
            self.reload()
        if self._events is not None and self._events.failed:
            raise Broken("full", f"the event log cannot be written: {self._events.failed}")

    def _follow_offload(self) -> None:
        if self.offload.active:
            self._guarded(lambda: self.offload.follow(self.now))
            self.inward.elsewhere = self.offload.spis

    def _kernel_changed(self) -> None:
        if not self._look_at:
            self._look_at = self.now + SETTLE_SECONDS
            self.carrier.stirred = True

    def _look(self) -> None:
        """The kernel said that something changed: takes over what did."""
        facts = self.kernel.facts()
        if facts == self.facts:
            return
        for name, device in self.names.items():
            before, after = (why_down(one, name, device) for one in (self.facts, facts))
            if before != after:
                self.log("interface", priority=4 if after else 5, interface=name, device=device,
                         text=after or f"{name}: the device {device} works again")
        self.facts = facts
        self._unwritten = True
        self.carrier.carry(self.host.reload(self.now))
        self._settle()
        self._remember()

    def _remember(self) -> None:
        """Keeps the store's adapters as the kernel has them. Raises Broken when it cannot now."""
        if self._unwritten:
            write_interfaces(self.store, self.name, self.names, self.facts)
            self._unwritten = False

    def _read(self, config: Config) -> HostSnapshot:
        snapshot = read_host(config)
        interfaces = interfaces_of(self.facts, self.names, tunnel_ends(snapshot.policy))
        return overlay(snapshot, interfaces, kernel_routes(self.facts, interfaces),
                       disabled(config))

    def _mtu(self) -> int:
        """The TUN device takes what the narrowest adapter takes: the engine tells of the rest."""
        return min((one.mtu for one in interfaces_of(self.facts, self.names)), default=1500)

    def _settle(self) -> None:
        """Makes the kernel do what the configuration in force says. Raises Broken."""
        interfaces = tuple(self.host.interfaces.values())
        if interfaces != self._interfaces:
            self._interfaces, self._unwritten = interfaces, True
            self.sockets.take([one.address for one in interfaces])
            for failure in self.sockets.failed.values():
                self.log("socket", priority=3, text=str(failure))
            self._index = self.kernel.raise_device(self.tun_name, self._mtu())
            self.outward.size = self._mtu() + VNET
        self._offload()
        self.settled.settle(self.host, self.facts, self._index, offloaded=self.offload.active)
        for complaint in self.settled.complaints:
            self.log("kernel", priority=4, text=complaint)
        self.settled.complaints.clear()
        self._soft = self.host.soft
        self.loop.progress()

    def _offload(self) -> None:
        """ESP goes into the kernel, or comes back from it."""
        said, was = self.offload.refused, self.offload.active
        self.loop.forget(self.offload.descriptor)
        self.offload.settle()
        self.inward.elsewhere = self.offload.spis
        if self.offload.active:
            self.loop.watch(self.offload.descriptor, self._expired)
        if self.offload.refused and self.offload.refused != said:
            self.log("offload", priority=4, text=self.offload.refused)
        if self.offload.active != was:
            self.log("offload", priority=5, active=self.offload.active)

    def _expired(self) -> None:
        self._follow_offload()
        self.carrier.stirred = True

    def why_no_offload(self) -> str:
        """Why ESP cannot be the kernel's here; "" when it can."""
        return why_not()

    def stop(self) -> None:
        """An orderly end: deletes are sent, routes, rules and the TUN device go."""
        self.carrier.carry(self.host.stop_agent(self.now))
        for place in list(self._listening):
            self.stop_capture(*place)
        self.offload.stop()
        self.settled.remove(self._index)
        self.close()

    def close(self) -> None:
        """Closes what is open and leaves the kernel's tables as they are."""
        self.echoes.close()
        self.sockets.close()
        self.settled.close()
        self.loop.forget(self._tun)
        os.close(self._tun)
        self.kernel.close()
        self.loop.close()
