"""What a trace writes down while it goes: stages, and blockers with their numbers."""

from typing import TYPE_CHECKING, NamedTuple

from engine.address import Address
from engine.diagnose.finding import Fix
from engine.diagnose.station import Station
from engine.diagnose.trace.stage import DROP, Blocker, Stage
from engine.ip import IPv4

if TYPE_CHECKING:
    from engine.diagnose.trace.scene import Scene


class Place(NamedTuple):
    """Where the packet is; `opened` is the tunnel end whose association it has come out of."""

    station: Station
    arrived: str
    packet: IPv4
    opened: Address = 0


class Record:
    """The stages and blockers so far. Mutable, one a trace.

    `reply` is True on the way back, `about` what the packet is now (see `Stage`). `bared` says
    that something lets the packet leave in the clear, `sealed` that a tunnel carried it, `paired`
    are the gateways that share associations (or would). `translated` remembers what NATs did,
    `missing` who was asked for on a wire where nobody had the address. `wall` is Unix seconds:
    certificates have dates.
    """

    def __init__(self, scene: "Scene", wall: float = 0.0) -> None:
        self.scene, self.wall = scene, wall
        self.stages: list[Stage] = []
        self.blockers: list[Blocker] = []
        self.reply = self.bared = self.sealed = False
        self.about = ""
        self.paired: set[frozenset[str]] = set()
        self.translated: dict[Address, Address] = {}
        self.missing: tuple[Station, Address] | None = None

    def note(self, station: Station, stage: str, verdict: str, what: str,
             line: str = "") -> None:
        """A stage that lets the packet go on."""
        self.stages.append(Stage(station.name, stage, verdict, what, line,
                                 assumed=bool(self.blockers), reply=self.reply,
                                 about=self.about))

    def block(self, station: Station, stage: str, code: str, text: str, line: str = "",
              *repairs: Fix, verdict: str = DROP) -> None:
        """A stage that ends it (or bares it); the trace goes on as if it were mended.

        The same thing in the way a second time is the same blocker.
        """
        known = next((one for one in self.blockers if one.code == code and (
            one.text == text or (one.repairs and one.repairs == repairs))), None)
        number = known.number if known else len(self.blockers) + 1
        self.stages.append(Stage(station.name, stage, verdict, text, line, number,
                                 any(one.number < number for one in self.blockers), self.reply,
                                 self.about))
        if known is None:
            self.blockers.append(Blocker(number, code, station.name, stage, text, repairs,
                                         self.reply))
