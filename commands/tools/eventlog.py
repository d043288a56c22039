"""eventlog show: the machine's security and system log as the Event Viewer copies it.

The log holds what the machine reported while this lab runs, and only what auditing allowed;
events 541 to 547 are IKE's.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Cell, Line, Lines, Warn
from commands.clock import iso_time, time_cell, windows_time
from commands.kinds import Number
from commands.spec import Command, tag
from commands.tools.auditnames import title_of
from engine.address import parse_address, parse_mask
from engine.events import LogEvent

if TYPE_CHECKING:
    from commands.session import Session

USER = r"NT AUTHORITY\SYSTEM"


def _address(text: str) -> Cell:
    return cells.ip(parse_address(text))


def _mask(text: str) -> Cell:
    return cells.mask(parse_mask(text))


def _spi(text: str) -> Cell:
    return cells.spi(int(text.split()[0]))


def _number(kind: str) -> Callable[[str], Cell]:
    return lambda text: cells.number(int(text), kind)


# How the value behind each label of an event's text is typed. First match wins, so the longer
# label stands before its own beginning.
LABELS: tuple[tuple[str, Callable[[str], Cell]], ...] = (
    ("Peer IP Address:", _address),
    ("Source IP Address Mask", _mask),
    ("Source IP Address", _address),
    ("Destination IP Address Mask", _mask),
    ("Destination IP Address", _address),
    ("IKE Local Addr", _address),
    ("IKE Peer Addr", _address),
    ("InboundSpi", _spi),
    ("OutBoundSpi", _spi),
    ("OutboundSpi", _spi),
    ("Protocol", _number("protocol")),
    ("Source Port", _number("port")),
    ("Destination Port", _number("port")),
    ("Lifetime (sec)", _number("int")),
    ("Lifetime (kb)", _number("int")),
)
# The same of a line that is nothing but the value of the field it stands under.
HEADINGS: dict[str, Callable[[str], Cell]] = {
    "inbound spi": _spi, "outbound spi": _spi, "peer": _address}


def typed_line(line: str, heading: str = "") -> Line:
    """One line of an event's text with its value as a typed cell, where its label says so.

    `heading` is the field the line stands under: a bare number under "Inbound SPI" is one.
    """
    under = HEADINGS.get(heading.lower())
    if under is not None:
        try:
            return (under(line),)
        except ValueError:
            return (line,)
    for label, make in LABELS:
        rest = line[len(label):]
        if line.startswith(label) and rest[:1] == " ":
            value = rest.strip()
            try:
                cell = make(value)
            except ValueError:
                return (line,)
            return (line[:len(line) - len(value)], cell)
    return (line,)


def _description(event: LogEvent) -> list[Line]:
    lines: list[Line] = [(event.title,)]
    for label, value in event.fields:
        heading = label.rstrip(": ")
        lines.append((f"{heading}: ",))
        lines += [typed_line(one, heading) for one in value.split("\n")]
    return lines


def _head(title: str, *parts: str | Cell) -> Line:
    return (f"{title + ':':<16}", *parts)


def _event_lines(event: LogEvent, machine: str, at: float) -> list[Line]:
    date, _, hour = windows_time(at).partition(" ")
    iso = iso_time(at)
    kind = "Success Audit" if event.success else "Failure Audit"
    return [
        _head("Event Type", cells.enum(kind if event.source == "Security" else "Information")),
        _head("Event Source", cells.enum(event.source)),
        _head("Event Category", cells.enum(title_of(event.category))),
        _head("Event ID", cells.number(event.event_id)),
        _head("Date", Cell("time", iso, date)),
        _head("Time", Cell("time", iso, hour)),
        _head("User", cells.name(USER)),
        _head("Computer", cells.name(machine)),
        ("Description:",),
        *_description(event),
        (),
    ]


def _event_datum(event: LogEvent, machine: str, at: float) -> dict[str, object]:
    return {"id": event.event_id, "source": event.source, "success": event.success,
            "category": event.category, "name": event.name, "time": time_cell(at),
            "computer": cells.name(machine), "title": event.title,
            "fields": {label.rstrip(": "): _field_datum(label.rstrip(": "), value)
                       for label, value in event.fields}}


def _field_datum(heading: str, value: str) -> list[object]:
    """The lines of a field; a line that ends in a typed value gives (words, cell)."""
    lines = [typed_line(one, heading) for one in value.split("\n")]
    return [line[0] if len(line) == 1 else {str(line[0]).strip(" :"): line[1]} for line in lines]


class EventLogShow(Command, words="eventlog show", help="Displays the security log.",
                   remarks=("Only what auditing allows is logged: auditpol /enable /logon:all.",),
                   examples=("eventlog show", "eventlog show id=541 last=1")):
    """Events of the current machine, oldest first."""

    id: int | None = tag(Number(0, 65535, "<event id>"), "Only events with this number.",
                         default=None)
    last: int | None = tag(Number(1, 100000), "Only the newest ones.", default=None)

    def run(self, session: "Session") -> Answer:
        """The events, or why there are none."""
        host = session.world.hosts[session.machine]
        events = [one for one in host.log if self.id in (None, one.event_id)]
        if self.last is not None:
            events = events[-self.last:]
        if not events:
            return self._nothing(session)
        lines: list[Line] = []
        data = []
        for event in events:
            at = session.world.wall(event.time)
            lines += _event_lines(event, session.machine, at)
            data.append(_event_datum(event, session.machine, at))
        lines.append(("No. of events : ", cells.count(len(events))))
        return Answer((Lines(tuple(lines), data, "events"),))

    def _nothing(self, session: "Session") -> Answer:
        what = "events" if self.id is None else f"events with ID {self.id}"
        lines = Lines(((f"There are no {what} in the log of ", cells.name(session.machine), "."),),
                      [], "events")
        audited = {one.category for one in session.config.effective_audit()
                   if one.success or one.failure}
        if "logon" in audited:
            return Answer((lines,))
        return Answer((lines,), (Warn(
            "AUDIT-OFF", f"auditing of logon events is off on {session.machine}: what IKE "
            "negotiates is not logged", "auditpol /enable /logon:all /object:all"),))
