"""What Windows 2000's ping prints: one line an echo, then the statistics.

Only echo replies count as received. (Windows 2000 also counts a router's "unreachable" as
received; a tool that is asked whether a tunnel works must not.)
"""

from typing import TYPE_CHECKING, NamedTuple

from commands import cells
from commands.answer import Cell, Line, Lines
from engine.address import Address

if TYPE_CHECKING:
    from engine.echo import EchoResult

# All blocks have one name, so that the JSON of a ping is a list however many echoes it has.
NAME = "ping"

# Windows 2000's timer ticks every 10 ms, so it cannot tell shorter round trips apart.
TICK_MS = 10

# What each unhappy end is called, and whether a machine on the way reported it by ICMP.
ENDINGS = {
    "timeout": "Request timed out.",
    "negotiating": "Negotiating IP Security.",
    "unreachable-net": "Destination net unreachable.",
    "unreachable-host": "Destination host unreachable.",
    "unreachable-protocol": "Destination protocol unreachable.",
    "unreachable-port": "Destination port unreachable.",
    "ttl-expired": "TTL expired in transit.",
    "needs-frag": "Packet needs to be fragmented but DF set.",
    "unreachable-other": "Destination unreachable.",
    "no-route": "Destination host unreachable.",
    "general-failure": "General failure.",
}
OWN_ENDINGS = frozenset({"timeout", "negotiating", "general-failure"})


class Tally(NamedTuple):
    """The statistics of a ping so far; times in milliseconds."""

    sent: int = 0
    times: tuple[int, ...] = ()

    @property
    def received(self) -> int:
        return len(self.times)

    def add(self, result: "EchoResult") -> "Tally":
        """The tally with one more echo."""
        if result.kind == "reply":
            return Tally(self.sent + 1, (*self.times, milliseconds(result.seconds)))
        return Tally(self.sent + 1, self.times)


def milliseconds(seconds: float) -> int:
    """A round trip as ping counts it: whole milliseconds, 0 below the timer's tick."""
    whole = round(seconds * 1000)
    return whole if whole >= TICK_MS else 0


def _ms(value: int) -> Cell:
    return cells.duration(value / 1000, f"{value}ms")


def opening(address: Address, name: str, size: int) -> Lines:
    """``Pinging hostB [10.2.0.10] with 32 bytes of data:`` between empty lines."""
    where: Line = (cells.name(name), " [", cells.ip(address), "]") if name else (cells.ip(address),)
    line: Line = ("Pinging ", *where, " with ", cells.octets(size), " bytes of data:")
    data = {"destination": cells.ip(address), "name": name or None, "bytes": size}
    return Lines(((), line, ()), data, NAME)


def _reply(result: "EchoResult") -> Line:
    trip = milliseconds(result.seconds)
    sign, shown = ("=", trip) if trip else ("<", TICK_MS)
    return ("Reply from ", cells.ip(result.source), ": bytes=", cells.octets(result.bytes),
            " time", cells.duration(result.seconds, f"{sign}{shown}ms"),
            " TTL=", cells.number(result.ttl))


def _line(result: "EchoResult", own: frozenset[Address]) -> Line:
    if result.kind == "reply":
        return _reply(result)
    ending = ENDINGS[result.kind]
    if result.kind in OWN_ENDINGS or not result.source or result.source in own:
        return (ending,)
    return ("Reply from ", cells.ip(result.source), ": " + ending)


def echo(result: "EchoResult", own: frozenset[Address]) -> Lines:
    """One echo's line; `own` are the addresses of the pinging machine itself."""
    data: dict[str, object] = {"kind": result.kind,
                               "source": cells.ip(result.source) if result.source else None}
    if result.kind == "reply":
        seconds = round(result.seconds, 6)
        data |= {"bytes": result.bytes, "seconds": cells.duration(seconds, str(seconds)),
                 "ttl": result.ttl}
    return Lines((_line(result, own),), data, NAME)


def statistics(address: Address, tally: Tally) -> Lines:
    """The closing block; Windows 2000 prints the round trips even when nothing came back."""
    lost = tally.sent - tally.received
    percent = lost * 100 // tally.sent if tally.sent else 0
    times = tally.times or (0,)
    average = sum(times) // len(times)
    lines: tuple[Line, ...] = (
        (),
        ("Ping statistics for ", cells.ip(address), ":"),
        ("    Packets: Sent = ", cells.count(tally.sent), ", Received = ",
         cells.count(tally.received), ", Lost = ", cells.count(lost), " (",
         cells.number(percent, "percent"), "% loss),"),
        ("Approximate round trip times in milli-seconds:",),
        ("    Minimum = ", _ms(min(times)), ", Maximum =  ", _ms(max(times)),
         ", Average =  ", _ms(average)),
    )
    data = {"destination": cells.ip(address), "sent": cells.count(tally.sent),
            "received": cells.count(tally.received), "lost": cells.count(lost),
            "percent_lost": cells.number(percent, "percent"), "minimum_seconds": _ms(min(times)),
            "maximum_seconds": _ms(max(times)), "average_seconds": _ms(average)}
    return Lines(lines, data, NAME)
