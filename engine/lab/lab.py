"""Lab: the embedded network on a virtual clock. Same store and seed, same trace.

Nothing waits in wall time: `run` pops the next event, moves the clock to it and lets hosts and
links act. Random draws of links come from one generator, random octets of each host from its own
seeded stream, so that a fault at one place leaves the others' draws alone.
"""

from collections.abc import Callable
from typing import NamedTuple

from engine.address import Address
from engine.host import Host
from engine.lab.capture import Capture
from engine.lab.link import Link
from engine.policy.store import Store

EPOCH = 1079514000.0  # 2004-03-17 09:00:00 UTC, the day KB 252735 was last modified
SEED = 252735


class EchoResult(NamedTuple):
    """One echo: how it ended, and how it and its answer crossed the outside.

    `kind` is "reply", "timeout", "negotiating", "no-route", "general-failure",
    "unreachable-net", "unreachable-host", "unreachable-protocol", "unreachable-port",
    "needs-frag", "ttl-expired" or "unreachable-other". `source` is who answered (the own address
    for what the own stack said), `bytes` the data octets, `seconds` the round trip in virtual
    time. `clear` and `protected` say whether a packet of this echo crossed an external link as
    plain ICMP, or inside ESP or AH; `soft` whether it went in clear by a soft association.
    """

    kind: str
    source: Address
    bytes: int
    seconds: float
    ttl: int
    sequence: int
    trace: int
    clear: bool
    protected: bool
    soft: bool


class Lab:
    """All machines of a store, their links, one clock."""

    def __init__(self, store: Store, *, seed: int = SEED, epoch: float = EPOCH) -> None:
        self.store, self.seed, self.epoch = store, seed, epoch
        self.now = 0.0
        self.hosts: dict[str, Host] = {}
        self.links: dict[str, Link] = {}
        self.captures: dict[tuple[str, str], Capture] = {}

    def wall(self, now: float | None = None) -> float:
        """Unix seconds of a moment of engine time (of now, when none is given)."""
        return self.epoch + (self.now if now is None else now)

    def run(self, until: float) -> None:
        """Lets everything due until then happen; the clock stands at `until` afterwards."""
        raise NotImplementedError

    def run_while(self, condition: Callable[[], bool], limit: float) -> None:
        """Runs while `condition()` holds and the clock is before `limit`."""
        raise NotImplementedError

    def reload(self) -> None:
        """The store changed: every host whose configuration changed takes it over."""
        raise NotImplementedError

    def start_agent(self, machine: str) -> None:
        """net start policyagent."""
        raise NotImplementedError

    def stop_agent(self, machine: str) -> None:
        """net stop policyagent: Delete messages leave at once."""
        raise NotImplementedError

    def start_capture(self, machine: str, interface: str) -> Capture:
        """Starts a fresh capture, in place of an earlier one of that interface.

        Raises NotFound("Machine" or "Interface").
        """
        raise NotImplementedError

    def stop_capture(self, machine: str, interface: str) -> Capture | None:
        """Stops it; its packets stay in `captures`. None when there is none."""
        raise NotImplementedError

    def ping(self, machine: str, destination: Address, *, size: int = 32, timeout: float = 1.0,
             ttl: int = 128, source: Address | None = None, df: bool = False) -> EchoResult:
        """One echo; virtual time passes until the reply or `timeout`.

        It returns at the moment of the answer: a caller that sends one a second lets the rest
        pass with `run(started + 1.0)`.
        """
        raise NotImplementedError
