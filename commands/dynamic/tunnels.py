"""ipsec dynamic show tunnels: what the policy wants, what is up, and why the rest is not."""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Cell, Table
from commands.spec import Command

if TYPE_CHECKING:
    from commands.session import Session

COLUMNS = (("rule", "Rule"), ("peer", "Peer"), ("source", "Source"),
           ("destination", "Destination"), ("state", "State"), ("why", "Why"))


class ShowTunnels(Command, words="ipsec dynamic show tunnels",
                  help="Displays the configured tunnels, and why one is down.",
                  remarks=("One line for each outbound filter that protects traffic with a peer. A "
                           "tunnel comes up when traffic asks for it.",),
                  examples=("ipsec dynamic show tunnels",)):
    """A table; exit class 0 whatever is down."""

    def run(self, session: "Session") -> Answer:
        """One row a tunnel."""
        from engine.tunnels import tunnels
        world = session.world
        rows = []
        for one in tunnels(world.hosts[session.machine], world.now):
            state = Cell("enum", "up" if one.up else "down", "up" if one.up else "down")
            rows.append((cells.name(one.entry.rule), cells.ip(one.peer),
                         cells.net(one.entry.source), cells.net(one.entry.destination), state,
                         cells.line(one.why)))
        return Answer((Table(COLUMNS, tuple(rows), "Tunnels", "tunnels",
                             "No rule in force protects traffic with a peer."),))
