"""lab send: many datagrams at once, the load under which some faults show only."""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Lines
from commands.kinds import Number, Port
from commands.names import MachineName
from commands.spec import Command, tag
from commands.tools.target import Target, TargetName

if TYPE_CHECKING:
    from commands.session import Session

DISCARD = 9
SETTLE_SECONDS = 1.0


class Send(Command, words="lab send", help="Sends a burst of datagrams between two machines.",
           remarks=("They leave in one instant, then a second passes: enough in flight for "
                    "reordering and for full queues to matter.",),
           examples=("lab send hostA hostB", "lab send machine=hostA destination=hostB count=500")):
    """UDP datagrams to a port that nobody listens on."""

    machine: str = tag(MachineName(), "The machine that sends.")
    destination: Target = tag(TargetName(), "Address or lab machine they go to.")
    count: int = tag(Number(1, 10_000), "How many.", default=200)
    size: int = tag(Number(0, 65_000), "Octets of data in each.", default=64)
    port: int = tag(Port(), "The UDP port they go to.", default=DISCARD)

    def run(self, session: "Session") -> Answer:
        """One line with what was sent."""
        from engine.ip import udp_packet
        lab = session.lab
        name = session.store.on(self.machine).name
        source = lab.hosts[name].source_for(self.destination.address)
        for _ in range(self.count):
            lab.send(name, udp_packet(source, self.destination.address, DISCARD, self.port,
                                      bytes(self.size)))
        lab.run(lab.now + SETTLE_SECONDS)
        line = (cells.count(self.count), " datagrams of ", cells.octets(self.size),
                " octets sent from ", cells.name(name), " to ",
                cells.ip(self.destination.address), ".")
        return Answer((Lines((line,), {"sent": self.count, "machine": name}, "sent"),))
