"""capture: Network Monitor's work on one interface of one machine.

The article reads the result so: ISAKMP and ESP packets mean that IPsec protects the traffic,
plain ICMP means that it does not.
"""

import os
from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Cell, Joined, Line, Lines, Warn
from commands.clock import iso_time, windows_time
from commands.errors import CommandError
from commands.kinds import Address, Number, Path, Protocol, YesNo
from commands.names import InterfaceName, MachineName
from commands.spec import Command, tag
from engine.capture import Wanted

if TYPE_CHECKING:
    from commands.session import Session
    from engine.capture import Capture, Summary
    from engine.keylog import KeyLog

DEFAULT_INTERFACE = "External"


def _interface() -> str:
    """The tag that all capture commands have: the interface to listen on."""
    one: str = tag(InterfaceName(), "The interface; External, or a machine's only one.",
                   default="")
    return one


def _machine() -> str:
    """The tag for the machine, when it is not the current one."""
    one: str = tag(MachineName(), "The machine; the current one.", default="")
    return one


def place(session: "Session", interface: str, machine: str) -> tuple[str, str]:
    """(machine, interface) as the store spells them. Raises NotFound for unknown ones."""
    config = session.store.on(machine or session.machine)
    if interface:
        return config.name, config.interface(interface).name
    names = [one.name for one in config.interfaces()]
    return config.name, DEFAULT_INTERFACE if DEFAULT_INTERFACE in names else names[0]


def started(session: "Session", interface: str, machine: str) -> "Capture":
    """The capture of that place. Raises CommandError when none was started."""
    where = place(session, interface, machine)
    found = session.world.captures.get(where)
    if found is None:
        raise CommandError("no-capture", f"No capture of {where[1]} of {where[0]} was started",
                           fix=f'capture start interface="{where[1]}" machine={where[0]}')
    return found


def _said(capture: "Capture", verb: str) -> Lines:
    line = (f"Capture {verb} on ", cells.name(capture.interface), " of ",
            cells.name(capture.machine), ": ", cells.count(len(capture.packets)), " packets.")
    return Lines((line,), {"machine": capture.machine, "interface": capture.interface,
                           "running": capture.running, "packets": len(capture.packets),
                           "lost": capture.dropped}, "capture")


class Start(Command, words="capture start", help="Starts a capture on an interface.",
            remarks=("A capture that was made there before is thrown away.",),
            examples=("capture start", "capture start External machine=gwB")):
    """Starts a fresh capture."""

    interface: str = _interface()
    machine: str = _machine()
    protocol: int = tag(Protocol(), "Only packets of that protocol; 50 is ESP.", default=0)
    address: int = tag(Address(), "Only packets from or to that address.", default=0)

    def run(self, session: "Session") -> Answer:
        """One line that says where."""
        where = place(session, self.interface, self.machine)
        wanted = Wanted(self.protocol, self.address)
        return Answer((_said(session.world.start_capture(*where, wanted), "started"),))


class Stop(Command, words="capture stop", help="Stops the running capture.",
           examples=("capture start", "capture stop")):
    """Stops it; its packets can still be shown and saved."""

    interface: str = _interface()
    machine: str = _machine()

    def run(self, session: "Session") -> Answer:
        """One line with the number of packets."""
        capture = started(session, self.interface, self.machine)
        session.world.stop_capture(capture.machine, capture.interface)
        return Answer((_said(capture, "stopped"),))


COLUMNS = (("number", "No."), ("time", "Time"), ("source", "Source"),
           ("destination", "Destination"), ("protocol", "Protocol"), ("info", "Info"))


def _info(text: str) -> Line:
    """The words on a packet; the SPI among them is typed."""
    before, sign, rest = text.partition("spi=")
    if not sign:
        return (cells.text(text),)
    spi, blank, after = rest.partition(" ")
    return (before + sign, Cell("spi", spi, spi), blank + after)


def _row(one: "Summary", session: "Session") -> tuple[Cell, ...]:
    at = session.world.wall(one.time)
    clock = windows_time(at).split(" ")[1]
    shown = f"{clock}.{iso_time(at)[20:23]}"
    return (cells.number(one.number), Cell("time", iso_time(at), shown),
            Cell("ip", one.source, one.source),
            Cell("ip", one.destination, one.destination),
            cells.enum(one.protocol), cells.text(one.info.removeprefix(one.protocol + " ")))


def _listing(rows: list[tuple[Cell, ...]]) -> tuple[Line, ...]:
    """A table that keeps each packet on one line, however long its info: lines are counted."""
    heads = [cells.text(heading) for _, heading in COLUMNS]
    sizes = [max(len(row[at].text) for row in (heads, *rows)) for at in range(len(heads))]
    lines: list[Line] = [cells.columns(zip(heads, sizes, strict=True), "  "),
                         cells.columns(((cells.fill("-", size), size) for size in sizes), "  ")]
    for row in rows:
        number = cells.padded(row[0], sizes[0], right=True)
        others = cells.columns(zip(row[1:-1], sizes[1:-1], strict=True), "  ")
        lines.append((*number, "  ", *others, "  ", *_info(row[-1].text)))
    return tuple(lines)


class Show(Command, words="capture show", help="Displays the captured frames.",
           remarks=("ISAKMP and ESP without ICMP: the traffic is protected. ICMP: it is not.",),
           examples=("capture start", "capture show", "capture show last=5")):
    """One line a packet, oldest first."""

    interface: str = _interface()
    machine: str = _machine()
    last: int | None = tag(Number(1, 100000), "Only the newest packets.", default=None)

    def run(self, session: "Session") -> Answer:
        """The list; its numbers count from the start of the capture."""
        capture = started(session, self.interface, self.machine)
        summaries = capture.summaries()
        if self.last is not None:
            summaries = summaries[-self.last:]
        if not summaries:
            nothing = (f"No packet crossed {capture.interface} of {capture.machine} yet.",)
            return Answer((Lines((nothing,), [], "packets"),))
        rows = [_row(one, session) for one in summaries]
        keys = [key for key, _ in COLUMNS]
        data = [dict(zip(keys, (*row[:-1], Joined(_info(row[-1].text))), strict=True))
                for row in rows]
        return Answer((Lines(_listing(rows), data, "packets"),))


class Save(Command, words="capture save", help="Writes the captured frames to a file.",
           remarks=("A file called .pcapng has the interface's name and a comment at each message "
                    "of IKE; any other name gives a plain pcap. tshark and Wireshark open both.",
                    "keys= writes esp_sa, ikev1_decryption_table and preferences into a folder: "
                    "with WIRESHARK_CONFIG_DIR=folder Wireshark shows what is inside. They are "
                    "the keys of the associations that lived during the capture, so it needs "
                    "reveal=yes."),
           examples=("capture save file=tunnel.pcap",)):
    """Writes a capture file, and the keys to read it."""

    file: str = tag(Path(written=True), "The file to write, such as x.pcapng.")
    interface: str = _interface()
    machine: str = _machine()
    keys: str = tag(Path(written=True), "A folder for the keys that Wireshark reads.",
                    default="")
    reveal: bool = tag(YesNo(), "Whether keys may be written out.", default=False)

    def run(self, session: "Session") -> Answer:
        """One line with the file's name. Raises CommandError when it cannot be written."""
        capture = started(session, self.interface, self.machine)
        if self.keys and not self.reveal:
            raise CommandError("needs-reveal", "The keys of a capture are written out only with "
                               "reveal=yes", tag="keys", fix=f"capture save {self.file} "
                               f"keys={self.keys} reveal=yes")
        write = capture.pcapng if self.file.lower().endswith(".pcapng") else capture.pcap
        octets = write(session.world.epoch)
        try:
            session.files.write(session.files.full(self.file, session.folder), octets)
            if self.keys:
                _write_keys(session, self.keys,
                            session.world.hosts[capture.machine].keying.keylog)
        except OSError as error:
            raise CommandError("file", f"{self.file} cannot be written: {error.strerror}",
                               tag="file") from None
        written = len(capture.packets)
        line: Line = (cells.count(written), " packets written to ",
                      Cell("path", self.file, self.file), ".")
        return Answer((Lines((line,), {"packets": written, "file": self.file}, "saved"),),
                      (_KEYS_IN_FILES,) if self.keys else ())


_KEYS_IN_FILES = Warn("KEYS-IN-FILE", "the folder holds the keys of live associations in the clear",
                      "delete it when the capture has been read")


def _write_keys(session: "Session", folder: str, log: "KeyLog") -> None:
    """Wireshark's files into a folder. Raises OSError."""
    path = session.files.full(folder, session.folder)
    session.files.folder(path)
    for name, text in log.files().items():
        session.files.write(os.path.join(path, name), text.encode())
