"""lab: the embedded network that everything else acts on."""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Cell, Line, Lines, Record, Table
from commands.clock import time_cell
from commands.names import MachineName
from commands.spec import Command, Kind, tag
from engine.address import Address, Network, prefix_mask

if TYPE_CHECKING:
    from commands.session import Session
    from engine.lab.link import Link
    from engine.policy.model import Interface, Machine

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
MAX_RUN = 366 * 86400.0


class Duration(Kind[float]):
    """A length of time: ``500ms``, ``10s``, ``5m``, ``1h``; the value is seconds."""

    usage = "<number>{ms|s|m|h|d}"
    cell = "period"

    def parse(self, text: str, session: "Session") -> float:
        """Raises ValueError for anything else, and for more than a year."""
        number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
        unit = text[len(number):] or "s"
        digits = number.replace(".", "", 1)
        if unit not in UNITS or not (digits.isascii() and digits.isdigit()):
            raise ValueError("must be a length of time such as 500ms, 10s, 5m or 1h")
        seconds = float(number) * UNITS[unit]
        if seconds > MAX_RUN:
            raise ValueError("must be at most 366d")
        return seconds


def _network(interface: "Interface") -> Network:
    return Network(interface.address & prefix_mask(interface.prefix), interface.prefix)


def _joint(names: list[str], links: dict[str, "Link"]) -> list[tuple[str, str]]:
    """The machines in the order in which the links chain them, with the link to the next one.

    Starts at the end that the store names first; a network that is no chain gives ().
    """
    hops: dict[str, dict[str, str]] = {name: {} for name in names}
    for link in links.values():
        ends = [end.machine for end in link.ends]
        if len(ends) != 2:
            return []
        hops[ends[0]][ends[1]] = hops[ends[1]][ends[0]] = link.name
    ends = [name for name in names if len(hops[name]) == 1]
    if len(ends) != 2:
        return []
    chain, at, before = [], ends[0], ""
    while at:
        onward = next((name for name in hops[at] if name != before), "")
        chain.append((at, hops[at].get(onward, "")))
        at, before = onward, at
    return chain if len(chain) == len(names) else []


class _Picture:
    """Three rows of columns: machines with their wires, inner addresses, outer addresses."""

    # A wire is at least this wide, blanks around it included; the default lab fits 80 columns.
    WIRE = 3

    def __init__(self) -> None:
        self.rows: tuple[list[str | Cell], ...] = ([], [], [])

    def machine(self, name: str, addresses: list[Address], last: bool) -> None:
        shown = [cells.ip(one) for one in addresses[:2]]
        width = max([len(name), *(len(one.text) for one in shown)])
        room = 0 if last else self.WIRE
        self.rows[0].append(cells.name(name))
        if not last:
            wire = cells.fill("-", width - len(name) + self.WIRE - 2)
            self.rows[0].extend([" ", wire, " "])
        for row, index in ((self.rows[1], 0), (self.rows[2], 1)):
            if index < len(shown):
                row.append(shown[index])
            used = len(shown[index].text) if index < len(shown) else 0
            row.append(" " * (width - used + room))

    def lines(self) -> tuple[Line, ...]:
        return tuple(_stripped(row) for row in self.rows)


def _stripped(row: list[str | Cell]) -> Line:
    """The row without trailing blanks."""
    parts = list(row)
    while parts and isinstance(parts[-1], str) and not parts[-1].strip():
        parts.pop()
    return tuple(part for part in parts if part != "")


class ShowTopology(Command, words="lab show topology",
                   help="Displays the machines and the links between them.",
                   examples=("lab show topology",)):
    """A picture of the chain of machines, and the table of links."""

    def run(self, session: "Session") -> Answer:
        """Picture and links; links marked external are where clear traffic counts as bared."""
        lab, store = session.lab, session.store
        names = [one.name for one in store.machines()]
        picture = _Picture()
        chain = _joint(names, lab.links)
        for index, (name, _) in enumerate(chain):
            addresses = [one.address for one in store.on(name).interfaces()]
            picture.machine(name, addresses, index == len(chain) - 1)
        rows = []
        for link in lab.links.values():
            ends = " - ".join(f"{end.machine}:{end.interface}" for end in link.ends)
            rows.append((
                cells.name(link.name), cells.text(ends),
                cells.period(link.delay, f"{link.delay * 1000:g}ms"),
                Cell("percent", link.loss * 100, f"{link.loss * 100:g}%"),
                cells.octets(link.mtu), cells.yes(link.external)))
        columns = (("link", "Link"), ("ends", "Between"), ("delay", "Delay"), ("loss", "Loss"),
                   ("mtu", "MTU"), ("external", "Outside"))
        data = [name for name, _ in chain]
        table = Table(columns, tuple(rows), "", "links")
        if not chain:
            return Answer((table,))
        return Answer((Lines((*picture.lines(), ()), data, "chain"), table))


class ShowMachines(Command, words="lab show machines", help="Displays the machines of the lab.",
                   examples=("lab show machines",)):
    """Every interface of every machine, one a line."""

    def run(self, session: "Session") -> Answer:
        """The table; it needs the store only."""
        rows = [_machine_row(machine, one) for machine in session.store.machines()
                for one in session.store.on(machine.name).interfaces()]
        columns = (("machine", "Machine"), ("role", "Role"), ("forwarding", "Routing"),
                   ("interface", "Interface"), ("address", "Address"), ("network", "Net"),
                   ("gateway", "Gateway"))
        return Answer((Table(columns, tuple(rows), "", "machines"),))


def _machine_row(machine: "Machine", one: "Interface") -> tuple[Cell, ...]:
    gateway = cells.ip(one.gateway) if one.gateway else Cell("ip", None, "none")
    # Behind the address its prefix length says the network, and the line fits into 80 columns.
    network = Cell("net", cells.net(_network(one)).value, f"/{one.prefix}")
    return (cells.name(machine.name), cells.enum(machine.role), cells.yes(machine.forwarding),
            cells.name(one.name), cells.ip(one.address), network, gateway)


def _clock(session: "Session") -> Record:
    lab = session.lab
    return Record((
        ("time", "Lab time (UTC)", time_cell(lab.wall())),
        ("running", "Running for", cells.duration(lab.now, f"{lab.now:.3f} seconds")),
        ("seed", "Seed", cells.number(lab.seed, "seed")),
    ), name="clock")


class ShowClock(Command, words="lab show clock", help="Displays the virtual clock.",
                examples=("lab show clock",)):
    """The lab's time: it moves only when something needs time, such as ping."""

    def run(self, session: "Session") -> Answer:
        """The virtual wall clock and how long the lab has run."""
        return Answer((_clock(session),))


class Run(Command, words="lab run", help="Lets the lab's time pass.",
          examples=("lab run 10s", "lab run 1h")):
    """Advances the virtual clock: lifetimes end, retransmissions happen."""

    duration: float = tag(Duration(), "How long: 500ms, 10s, 5m, 1h.")

    def run(self, session: "Session") -> Answer:
        """The clock afterwards."""
        session.lab.run(session.lab.now + self.duration)
        return Answer((_clock(session),))


class Restart(Command, words="lab restart", help="Restarts a machine.",
              remarks=("It loses its associations, negotiations, captured state and runtime "
                       "routes without a word to its peers; the logs stay.",
                       "Until its policy agent has loaded the policy the IPsec driver filters "
                       "by bootmode (ipsec dynamic show config)."),
              examples=("lab restart gwA", "lab restart machine=gwB boot=30s")):
    """One machine boots afresh while the others go on."""

    machine: str = tag(MachineName(), "The machine; the current one.", default="")
    boot: float = tag(Duration(), "How long it takes until the policy is loaded.", default=10.0)

    def run(self, session: "Session") -> Answer:
        """One line when done."""
        name = session.store.on(self.machine or session.machine).name
        session.lab.restart(name, self.boot)
        shown = cells.period(self.boot, f"{self.boot:g}s")
        line = (cells.name(name), " restarts; its policy is in force in ", shown, ".")
        return Answer((Lines((line,), {"machine": name, "boot": shown}, "restart"),))


class Reset(Command, words="lab reset", help="Puts the lab back as it was delivered.",
            destructive=True,
            remarks=("The policies, filters, routes and audit settings of every machine are "
                     "lost, and so is all that runs.",),
            examples=("lab reset",)):
    """Every machine back to its default; the lab boots afresh."""

    def run(self, session: "Session") -> Answer:
        """One line when done."""
        from engine.lab.provision import reset
        reset(session.store, session.site)
        session.reset_lab()
        when = time_cell(session.lab.wall())
        line = ("The lab is as it was delivered; its clock stands at ", when, ".")
        return Answer((Lines((line,), {"reset": True, "time": when}, "reset"),))
