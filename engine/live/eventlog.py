"""The machine's event log on disk: what was logged before a restart is there after it.

One JSON object a line, appended as it happens; two files of a bounded size. A disk that is full
costs the file its newest lines, never the machine its packets.
"""

import json
import os
from collections import deque
from collections.abc import Callable, Iterable

from engine.events import LogEvent

FILE_MOST = 1 << 20
"""Octets after which a new file begins; the one before it is kept as .1."""
LINE_MOST = 16384


def to_line(event: LogEvent, wall: float) -> str:
    """An event with its time in Unix seconds."""
    return json.dumps([wall, *event[1:]], ensure_ascii=True, separators=(",", ":"))


def from_line(line: str) -> LogEvent | None:
    """The event of a line, its time in Unix seconds; None for what is no event."""
    try:
        wall, source, number, success, title, fields, category, name = json.loads(line)
        kept = tuple((str(label), str(value)) for label, value in fields)
        return LogEvent(float(wall), str(source), int(number), bool(success), str(title), kept,
                        str(category), str(name))
    except (ValueError, TypeError):
        return None


class EventFile:
    """The file at `path`. `failed` is what the system said when it last could not be written."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.failed = ""

    def read(self) -> list[LogEvent]:
        """The events kept, oldest first; lines that were cut short are left out."""
        found = []
        for path in (self.path + ".1", self.path):
            try:
                with open(path, encoding="utf-8", errors="replace") as file:
                    lines = file.read(2 * FILE_MOST).splitlines()
            except OSError:
                continue
            found += [event for event in map(from_line, lines) if event is not None]
        return found

    def add(self, event: LogEvent, wall: float) -> None:
        """Appends an event. A failure is kept in `failed`, not raised."""
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            descriptor = os.open(self.path, flags, 0o600)
            try:
                os.write(descriptor, to_line(event, wall).encode()[:LINE_MOST] + b"\n")
                full = os.fstat(descriptor).st_size > FILE_MOST
            finally:
                os.close(descriptor)
            if full:
                os.replace(self.path, self.path + ".1")
            self.failed = ""
        except OSError as error:
            self.failed = error.strerror or str(error)


class KeptLog(deque[LogEvent]):
    """A host's log whose events are also appended to a file."""

    def __init__(self, events: Iterable[LogEvent], most: int | None, file: EventFile,
                 wall: Callable[[float], float]) -> None:
        super().__init__(events, most)
        self._file, self._wall = file, wall

    def append(self, event: LogEvent) -> None:
        """Keeps an event, in memory and on disk."""
        super().append(event)
        self._file.add(event, self._wall(event.time))


def fields_of(event: LogEvent) -> dict[str, str]:
    """An event's labels as names for a structured log: "Peer IP Address" is peer_ip_address."""
    found = {"event_id": str(event.event_id)} if event.event_id else {}
    for label, value in event.fields:
        name = "".join(one if one.isalnum() else "_" for one in label.lower()).strip("_")
        found[name or "field"] = value.replace("\n", "; ")
    return found
