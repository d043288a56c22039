"""What the IPsec driver writes into the System log, so that nobody can flood it.

`ipsecdiagnostics` is a sum: 1 the driver's own complaints (always on here), 2 each inbound packet
that is dropped, 4 each outbound one. `ipsecloginterval` is how long the same complaint is not
repeated, and the time in which at most PACKETS_AN_INTERVAL dropped packets are written.
"""

from collections.abc import Callable

from engine import audit
from engine.events import LogEvent
from engine.ip import IPv4

INBOUND_PACKETS, OUTBOUND_PACKETS = 2, 4
DIAGNOSTICS_MOST = 7
INTERVAL, INTERVAL_MOST = 60, 86400
PACKETS_AN_INTERVAL = 100


class DriverLog:
    """The driver's part of a machine's System log; `level` and `interval` are the settings."""

    def __init__(self, record: Callable[[LogEvent], None]) -> None:
        self.level, self.interval = 0, INTERVAL
        self._record = record
        self._quiet: dict[str, float] = {}
        self._begun, self._written = 0.0, 0

    def complain(self, name: str, packet: IPv4, detail: str, now: float) -> None:
        """A refusal that the System log names, each kind at most once an interval."""
        if self._quiet.get(name, now) > now:
            return
        self._quiet[name] = now + self.interval
        self._record(audit.driver(name, packet, packet.source, detail, now))

    def dropped(self, reason: str, packet: IPv4, detail: str, inbound: bool, now: float) -> None:
        """A packet ended here; written where the level asks for its direction."""
        if not self.level & (INBOUND_PACKETS if inbound else OUTBOUND_PACKETS):
            return
        if now >= self._begun + self.interval:
            self._begun, self._written = now, 0
        self._written += 1
        if self._written <= PACKETS_AN_INTERVAL:
            self._record(audit.dropped(reason, packet, detail, inbound, now))
