"""ipsec dynamic show stats: the counters of IKE and of the IPsec driver."""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Record
from commands.kinds import Choice
from commands.spec import Command, tag

if TYPE_CHECKING:
    from commands.session import Session

TITLES = {"ike": "IKE Statistics", "ipsec": "IPsec Statistics"}
WIDTH = 28


def counter_record(rows: tuple[tuple[str, str, str, int], ...], group: str) -> Record:
    """The counters of one group as netsh's aligned list; octets are cells of type bytes."""
    fields = tuple((key, label, cells.octets(value) if "bytes" in key else cells.count(value))
                   for one, key, label, value in rows if one == group)
    return Record(fields, TITLES[group], group, WIDTH)


class ShowStats(Command, words="ipsec dynamic show stats",
                help="Displays IKE and IPsec statistics.",
                examples=("ipsec dynamic show stats", "ipsec dynamic show stats type=ike")):
    """Counters of the current machine since this lab booted."""

    type: str = tag(Choice("all", "ike", "ipsec"), "Which of the two groups.", default="all")

    def run(self, session: "Session") -> Answer:
        """One aligned list a group."""
        rows = session.lab.hosts[session.machine].statistics()
        groups = tuple(TITLES) if self.type == "all" else (self.type,)
        return Answer(tuple(counter_record(rows, group) for group in groups))
