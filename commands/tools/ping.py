"""ping: Windows 2000's echo tool, run on the current machine of the lab.

Each line is emitted as it is known. The lab's clock moves as in life, an echo a second; nobody
waits in wall time, except that an endless ping (-t) on a terminal is paced at one a second.
"""

from collections.abc import Callable, Iterable
from itertools import count
from typing import TYPE_CHECKING

from commands.answer import Answer, Lines
from commands.errors import CommandError, Interrupted
from commands.kinds import Number, YesNo
from commands.spec import Command, tag
from commands.tools.crossing import verdict
from commands.tools.echo import NAME, Tally, echo, opening, statistics
from commands.tools.target import Target, TargetName
from engine.address import Address, format_address

if TYPE_CHECKING:
    from commands.session import Session
    from engine.echo import EchoResult

GAP_SECONDS = 1.0
MAX_DATA = 65500


class Ping(Command, words="ping", help="Sends ICMP echo requests from the current machine.",
           remarks=(
               "The exit code is 0 if any echo reply came back, else 1.",
               "A reply is no proof of protection: when the echoes crossed the External interface "
               "in the clear, a warning after the statistics says so.",
               "Names of lab machines (hostB) and the article's names (${3rdIntIP}) are accepted.",
           ),
           examples=("ping hostB", "ping -n 1 -l 1000 10.2.0.10")):
    """Echo requests to a destination, Windows 2000's output."""

    destination: Target = tag(TargetName(), "Address or lab machine to ping.")
    number: int = tag(Number(1, 4294967295), "Number of echo requests to send.", default=4,
                      form="dash", word="n")
    endless: bool = tag(YesNo(), "Ping until stopped with Ctrl-C.", default=False, form="flag",
                        word="t")
    size: int = tag(Number(0, MAX_DATA), "Octets of data in an echo.", default=32, form="dash",
                    word="l")
    df: bool = tag(YesNo(), "Set the Don't Fragment flag.", default=False, form="flag", word="f")
    ttl: int = tag(Number(1, 255), "Time to live.", default=128, form="dash", word="i")
    timeout: int = tag(Number(1, 3600000), "Milliseconds to wait for each reply.", default=1000,
                       form="dash", word="w")
    source: Target | None = tag(TargetName(), "Source address, one of this machine's.",
                                default=None, form="dash", word="S")

    def run(self, session: "Session") -> Answer:
        """Pings; exit 0 if any echo reply came. Raises Interrupted after Ctrl-C's statistics."""
        self._check(session)
        sender = Sender(self, session)
        session.emit(opening(self.destination.address, self.destination.name, self.size))
        try:
            sender.send_all()
        except KeyboardInterrupt:
            session.emit(statistics(self.destination.address, sender.tally))
            session.emit(Lines((("Control-C",),), name=NAME))
            raise Interrupted() from None
        warnings = verdict(session, sender.results, sender.local, self.destination.address)
        return Answer((statistics(self.destination.address, sender.tally),), warnings,
                      0 if sender.tally.received else 1)

    def _check(self, session: "Session") -> None:
        if self.source is not None:
            own = [one.address for one in session.config.interfaces()]
            if self.source.address not in own:
                raise CommandError(
                    "bad-value", f"{self.source.typed} is no address of {session.machine}",
                    tag="source", known=tuple(format_address(one) for one in own))
        if self.endless and session.wait is None and "number" not in self.names_given:
            raise CommandError("endless", "An endless ping needs a terminal", tag="endless",
                               fix=f"ping -n 4 {self.destination.typed}", exit=2)


class Sender:
    """The echoes of one ping: mutable; `tally` and `results` grow with every echo.

    `results` keeps the last few only, so that an endless ping does not grow.
    """

    KEPT = 100

    def __init__(self, ping: Ping, session: "Session") -> None:
        self.ping, self.session = ping, session
        self.tally = Tally()
        self.results: list[EchoResult] = []
        self.own = frozenset(one.address for one in session.config.interfaces())
        self.local: Address = ping.source.address if ping.source else self._local()
        self.wait: Callable[[float], None] | None = session.wait if ping.endless else None

    def _local(self) -> Address:
        """The address the echoes will come from: that of the interface towards the target."""
        host = self.session.world.hosts[self.session.machine]
        return host.source_for(self.ping.destination.address)

    def _rounds(self) -> Iterable[int]:
        if self.ping.endless and "number" not in self.ping.names_given:
            return count()
        return range(self.ping.number)

    def send_all(self) -> None:
        """Sends them all, one a second of the lab's time."""
        lab = self.session.world
        due = lab.now
        for index in self._rounds():
            if index:
                if self.wait is not None:
                    self.wait(GAP_SECONDS)
                lab.run(max(due, lab.now))
            due = lab.now + GAP_SECONDS
            self._one()

    def _one(self) -> None:
        ping = self.ping
        result = self.session.world.ping(
            self.session.machine, ping.destination.address, size=ping.size,
            timeout=ping.timeout / 1000, ttl=ping.ttl,
            source=ping.source.address if ping.source else None, df=ping.df)
        self.tally = self.tally.add(result)
        self.results = [*self.results[1 - self.KEPT:], result]
        self.session.emit(echo(result, self.own))
