"""What a fault of the lab is: a name of the catalogue, and the lines that break one thing.

A fault is data. Its lines are ordinary command lines, typed on the machine that it concerns; the
words in braces stand for what that machine's own policy calls its rules, lists and networks
(`engine.faults.facts`). What the lines store is undone row by row, what they change in the
running lab by the lines of `undo`. Nothing that diagnoses may look in here.
"""

from typing import NamedTuple

# Whose configuration a fault changes when nobody says otherwise.
OWN, PEER, OWN_HOST, PEER_HOST = "gwA", "gwB", "hostA", "hostB"
OUTSIDE = "middle"


class Fault(NamedTuple):
    """One way to break (or to weaken) the tunnel.

    `layer` is the catalogue's. `stored` are lines whose effects the store keeps; `running` change
    the lab that runs and are typed again at each start, unless they are `once`. `machine` is
    where it is made unless the operator says otherwise; `machines` are those that make sense.
    `link` True lets it choose a link. `value` is what may be chosen and its default ("" when
    there is nothing to choose). `needs` names what must be there first ("tunnel", "fence",
    "associations"). `tries` are lines, typed on a machine each, that show its effect. `shows`
    are the codes of the findings that name it, `also` those that it brings along; `verdict` is
    what they say.
    """

    name: str
    layer: str
    help: str
    stored: tuple[str, ...] = ()
    running: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    once: bool = False
    machine: str = OWN
    machines: tuple[str, ...] = (OWN, PEER)
    link: bool = False
    value: str = ""
    choice: str = ""
    needs: tuple[str, ...] = ("tunnel",)
    tries: tuple[tuple[str, str], ...] = ((OWN_HOST, "ping {far_host}"),)
    shows: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    verdict: str = "FAIL"

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the findings that name it."""
        return self.shows or (self.name,)
