"""lab set link, add drop, delete drop, show links: what the wires do to packets.

Nothing of it is stored: it lasts until `lab reset` or the end of the program.
"""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Cell, Table
from commands.errors import CommandError
from commands.kinds import Choice, Number, Port, Protocol
from commands.lab.lab import Duration
from commands.names import MachineName, ObjectName
from commands.spec import Command, Kind, tag
from engine.lab.link import Drop, Link
from engine.messages import NAMES

if TYPE_CHECKING:
    from commands.session import Session
    from engine.policy.store import Config

RUNTIME = "It lasts until lab reset or the end of the program; nothing of it is stored."
LONGEST = 60.0


class LinkName(ObjectName):
    """The name of a link of the lab."""

    noun = "link"

    def known(self, config: "Config", session: "Session") -> list[tuple[str, str]]:
        return [(link.name, " - ".join(end.machine for end in link.ends))
                for link in session.lab.links.values()]


class Percent(Kind[float]):
    """A share of the packets: ``10`` or ``2.5%``; the value is from 0.0 to 1.0."""

    usage = "<percent>"
    cell = "percent"

    def parse(self, text: str, session: "Session") -> float:
        """Raises ValueError for anything that is no share."""
        bare = text.removesuffix("%")
        digits = bare.replace(".", "", 1)
        if digits.isascii() and digits.isdigit() and float(bare) <= 100:
            return float(bare) / 100
        raise ValueError("must be a percentage from 0 to 100")


class Milliseconds(Duration):
    """A length of time of at most a minute; a number alone is milliseconds."""

    usage = "<number>[ms|s]"

    def parse(self, text: str, session: "Session") -> float:
        """Raises ValueError for anything else."""
        seconds = super().parse(text if text[-1:].isalpha() else text + "ms", session)
        if seconds > LONGEST:
            raise ValueError("must be at most 60s")
        return seconds


def find(session: "Session", name: str) -> Link:
    """The link of that name. Raises CommandError."""
    links = session.lab.links
    for link in links.values():
        if link.name.casefold() == name.casefold():
            return link
    raise CommandError("not-found", f"Link with name '{name}' does not exist", tag="name",
                       known=tuple(links))


class SetLink(Command, words="lab set link", help="Impairs a link, or mends it.",
              remarks=("What is not given stays as it is; loss=0 duplicate=0 reorder=0 corrupt=0 "
                       "jitter=0 mends it.",
                       "All chance comes from the lab's seed: the same lines give the same run.",
                       RUNTIME),
              examples=("lab set link name=middle delay=50ms jitter=20ms loss=10%",
                        "lab set link middle state=down")):
    """Delay, chance and capacity of one link, both ways."""

    name: str = tag(LinkName(), "Name of the link.")
    delay: float | None = tag(Milliseconds(), "How long a crossing takes.", default=None)
    jitter: float | None = tag(Milliseconds(), "How much longer it takes at most, by chance.",
                               default=None)
    loss: float | None = tag(Percent(), "Packets lost.", default=None)
    duplicate: float | None = tag(Percent(), "Packets that arrive twice.", default=None)
    reorder: float | None = tag(Percent(), "Packets that later ones overtake.", default=None)
    corrupt: float | None = tag(Percent(), "Packets with one bit turned over.", default=None)
    mtu: int | None = tag(Number(68, 65535), "Octets of the largest packet that passes.",
                          default=None)
    state: str | None = tag(Choice("up", "down"), "down loses every packet.", default=None)

    def run(self, session: "Session") -> Answer:
        """Changes what was given."""
        link = find(session, self.name)
        for name in ("delay", "jitter", "loss", "duplicate", "reorder", "corrupt", "mtu"):
            value = getattr(self, name)
            if value is not None:
                setattr(link, name, value)
        if self.state is not None:
            link.up = self.state == "up"
        return Answer()


class AddDrop(Command, words="lab add drop", help="Loses chosen packets on a link.",
              remarks=("Without protocol, port and message every packet is meant.",
                       "A message is named by its place in its exchange: the first encrypted "
                       "message of main mode that crosses the link is MM5.",
                       RUNTIME),
              examples=("lab add drop link=middle message=MM5 count=1",
                        "lab add drop middle protocol=50 direction=r1")):
    """A packet that meets all conditions is lost."""

    link: str = tag(LinkName(), "Name of the link.")
    protocol: int = tag(Protocol(), "Only packets of this protocol.", default=0)
    port: int = tag(Port(), "Only TCP or UDP packets from or to this port.", default=0)
    message: str = tag(Choice(*NAMES), "Only this message of IKE.", default="")
    direction: str = tag(MachineName(), "Only packets that this machine puts on the link.",
                         default="")
    nth: int = tag(Number(1), "The first of them to be lost.", default=1)
    count: int = tag(Number(0), "How many to lose; 0 is all.", default=0)

    def run(self, session: "Session") -> Answer:
        """Adds it behind the others."""
        link = find(session, self.link)
        senders = {end.machine.casefold(): end.machine for end in link.ends}
        sender = senders.get(self.direction.casefold(), "")
        if self.direction and not sender:
            raise CommandError("not-found", f"{self.direction} is not on link {link.name}",
                               tag="direction", known=tuple(senders.values()))
        number = max((one.number for _, one in _drops(session)), default=0) + 1
        link.drops = (*link.drops, Drop(number, protocol=self.protocol, port=self.port,
                                        message=self.message, sender=sender, nth=self.nth,
                                        count=self.count))
        return Answer()


def _drops(session: "Session") -> list[tuple[Link, Drop]]:
    """Every drop with its link, by number."""
    found = [(link, one) for link in session.lab.links.values() for one in link.drops]
    return sorted(found, key=lambda pair: pair[1].number)


class DeleteDrop(Command, words="lab delete drop", help="Lets chosen packets pass again.",
                 remarks=("lab show links has the numbers.",
                          "With protocol, port or message the drops that were made for them go."),
                 examples=("lab delete drop", "lab delete drop protocol=UDP port=500")):
    """One drop, those of a link, those for a kind of packet, or all."""

    number: int = tag(Number(), "Number of the drop; 0 is all.", default=0)
    link: str = tag(LinkName(), "Only those of this link.", default="")
    protocol: int = tag(Protocol(), "Only those for this protocol.", default=0)
    port: int = tag(Port(), "Only those for this TCP or UDP port.", default=0)
    message: str = tag(Choice(*NAMES), "Only those for this message of IKE.", default="")

    def run(self, session: "Session") -> Answer:
        """Deletes them."""
        links = [find(session, self.link)] if self.link else list(session.lab.links.values())
        numbers = [one.number for link in links for one in link.drops]
        if self.number and self.number not in numbers:
            raise CommandError("not-found", f"Drop with number {self.number} does not exist",
                               tag="number", known=tuple(str(one) for one in numbers))
        for link in links:
            link.drops = tuple(one for one in link.drops if not self._means(one))
        return Answer()

    def _means(self, one: Drop) -> bool:
        return (self.number in (0, one.number) and self.protocol in (0, one.protocol)
                and self.port in (0, one.port) and self.message in ("", one.message))


LINKS = (("link", "Link"), ("state", "State"), ("delay", "Delay"), ("jitter", "Jitter"),
         ("loss", "Loss"), ("duplicate", "Dup"), ("reorder", "Reorder"), ("corrupt", "Corrupt"),
         ("mtu", "MTU"), ("carried", "Carried"), ("lost", "Lost"))
DROPS = (("number", "No."), ("link", "Link"), ("protocol", "Protocol"), ("port", "Port"),
         ("message", "Message"), ("direction", "From"), ("nth", "Nth"), ("count", "Count"),
         ("dropped", "Dropped"))


def _percent(share: float) -> Cell:
    return Cell("percent", share * 100, f"{share * 100:g}%")


def _link_row(link: Link) -> tuple[Cell, ...]:
    return (cells.name(link.name), cells.enum("up" if link.up else "down"),
            cells.period(link.delay, f"{link.delay * 1000:g}ms"),
            cells.period(link.jitter, f"{link.jitter * 1000:g}ms"),
            _percent(link.loss), _percent(link.duplicate), _percent(link.reorder),
            _percent(link.corrupt), cells.octets(link.mtu), cells.count(link.carried),
            cells.count(link.lost))


def _drop_row(link: Link, one: Drop) -> tuple[Cell, ...]:
    return (cells.number(one.number), cells.name(link.name),
            cells.number(one.protocol, "protocol") if one.protocol else cells.enum("any"),
            cells.port(one.port) if one.port else cells.enum("any"),
            cells.enum(one.message or "any"), cells.name(one.sender or "any"),
            cells.count(one.nth), cells.count(one.count) if one.count else cells.enum("all"),
            cells.count(one.dropped))


class ShowLinks(Command, words="lab show links",
                help="Displays the links, their impairments and what they lost.",
                examples=("lab show links",)):
    """Two tables: the links, and the packets lost on purpose."""

    def run(self, session: "Session") -> Answer:
        """The second table only when there is a drop."""
        links = Table(LINKS, tuple(_link_row(one) for one in session.lab.links.values()), "",
                      "links")
        drops = tuple(_drop_row(link, one) for link, one in _drops(session))
        if not drops:
            return Answer((links,))
        return Answer((links, Table(DROPS, drops, "Drops", "drops")))
