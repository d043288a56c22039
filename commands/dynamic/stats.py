"""ipsec dynamic show stats: the counters of IKE and of the IPsec driver."""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Block, Record, Table
from commands.kinds import Choice
from commands.spec import Command, tag
from engine.dropnames import is_drop, sentence

if TYPE_CHECKING:
    from commands.session import Session

TITLES = {"ike": "IKE Statistics", "ipsec": "IPsec Statistics"}
DROPS_TITLE = "Drops"
WIDTH = 28


def counter_record(rows: tuple[tuple[str, str, str, int], ...], group: str) -> Record:
    """The counters of one group as netsh's aligned list; octets are cells of type bytes."""
    fields = tuple((key, label, cells.octets(value) if "bytes" in key else cells.count(value))
                   for one, key, label, value in rows if one == group)
    return Record(fields, TITLES[group], group, WIDTH)


def drop_table(counters: dict[str, int]) -> Table:
    """Everything that was counted under a name, drops first."""
    names = sorted(counters, key=lambda name: (not is_drop(name), name))
    rows = tuple((cells.enum(name), cells.count(counters[name]), cells.text(sentence(name)))
                 for name in names)
    return Table((("name", "Name"), ("count", "Count"), ("meaning", "Meaning")), rows,
                 DROPS_TITLE, "drops", "No packet was dropped.")


class ShowStats(Command, words="ipsec dynamic show stats",
                help="Displays IKE and IPsec statistics.",
                remarks=("type=drops has every name under which a packet was dropped, which is "
                         "also the reason that a trace shows.",),
                examples=("ipsec dynamic show stats", "ipsec dynamic show stats type=ike",
                          "ipsec dynamic show stats type=drops")):
    """Counters of the current machine since this lab booted."""

    type: str = tag(Choice("all", "ike", "ipsec", "drops"), "Which of the groups.", default="all")

    def run(self, session: "Session") -> Answer:
        """One aligned list a group, then the drops by name."""
        host = session.world.hosts[session.machine]
        rows = host.statistics()
        groups = tuple(TITLES) if self.type == "all" else (self.type,)
        shown: list[Block] = [counter_record(rows, group) for group in groups if group in TITLES]
        if self.type == "drops" or (self.type == "all" and host.counters):
            shown.append(drop_table(host.counters))
        return Answer(tuple(shown))
