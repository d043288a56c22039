"""What commands act on: machines and one clock, whether embedded or live.

`engine.lab` is one world (virtual time, six machines), `engine.live` the other (real time, the
machine itself). Whatever a command asks of both stands here; what only the lab can do (links,
restarts, faults) is asked of the lab.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from engine.address import Address
from engine.capture import Capture, Wanted
from engine.echo import EchoResult
from engine.host import Host, Output
from engine.ip import DEFAULT_TTL
from engine.policy.live import Live


class World(Protocol):
    """Machines by name, captures by (machine, interface), and time.

    `now` is engine time: seconds from 0.0 at the boot of this world; `wall` gives Unix seconds.
    """

    @property
    def hosts(self) -> Mapping[str, Host]:
        """The machines by name."""

    @property
    def captures(self) -> dict[tuple[str, str], Capture]:
        """The captures by machine and interface."""

    @property
    def now(self) -> float:
        """Engine time, seconds."""

    @property
    def epoch(self) -> float:
        """The Unix time at which `now` was 0."""

    def wall(self, now: float | None = None) -> float:
        """Unix seconds of a moment of engine time (of now, when none is given)."""

    def run(self, until: float) -> None:
        """Lets time pass up to `until`, engine seconds."""

    def run_while(self, condition: Callable[[], bool], limit: float) -> None:
        """Lets time pass while `condition()` holds, up to `limit`."""

    def interrupt(self) -> bool:
        """Ctrl-C: True when KeyboardInterrupt will be raised between two steps."""

    def why_no_offload(self) -> str:
        """Why ESP cannot be handed to a kernel; "" when it can."""

    def reload(self) -> None:
        """The store changed: the machines take it over."""

    def start_agent(self, machine: str) -> None:
        """net start policyagent. Raises NotFound."""

    def stop_agent(self, machine: str) -> None:
        """net stop policyagent. Raises NotFound."""

    def edit(self, machine: str, live: Live) -> None:
        """ipsec dynamic add, set, delete. Raises NotFound."""

    def perform(self, machine: str, action: Callable[[Host, float], list[Output]]) -> None:
        """Lets a machine do something now, and carries out what comes of it. Raises NotFound."""

    def start_capture(self, machine: str, interface: str,
                      wanted: Wanted | None = None) -> Capture:
        """Starts a fresh capture of all packets, or of those wanted. Raises NotFound."""

    def stop_capture(self, machine: str, interface: str) -> Capture | None:
        """Stops it; None when there is none."""

    def ping(self, machine: str, destination: Address, *, size: int = 32, timeout: float = 1.0,
             ttl: int = DEFAULT_TTL, source: Address | None = None,
             df: bool = False) -> EchoResult:
        """One echo, until its answer or `timeout`. Raises NotFound."""
