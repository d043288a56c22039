"""tracert: the routers on the way, as their complaints about short-lived echoes tell them."""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Cell, Line, Lines
from commands.kinds import Number, YesNo
from commands.spec import Command, tag
from commands.tools.echo import ENDINGS, milliseconds
from commands.tools.target import Target, TargetName

if TYPE_CHECKING:
    from commands.session import Session
    from engine.echo import EchoResult

NAME = "tracert"
TRIES = 3
TOO_LATE = frozenset({"timeout", "negotiating"})


class Tracert(Command, words="tracert", help="Shows the routers between here and a target.",
              remarks=("Each router reports the echo whose time to live ends there; three a hop.",
                       "What goes through a tunnel shows the gateways, and not the path between "
                       "them: trace the other gateway's outer address for that.",
                       "A gateway whose input filters drop ICMP hears no router.",
                       "-d is accepted: names are never looked up."),
              examples=("tracert 198.51.100.1", "tracert -h 5 hostB")):
    """Windows' output; exit 0 when the target answered."""

    destination: Target = tag(TargetName(), "Address or lab machine to trace.")
    numeric: bool = tag(YesNo(), "Do not resolve addresses to names.", default=False,
                        form="flag", word="d")
    hops: int = tag(Number(1, 255), "The most routers to look for.", default=30, form="dash",
                    word="h")
    timeout: int = tag(Number(1, 3600000), "Milliseconds to wait for each reply.", default=1000,
                       form="dash", word="w")

    def run(self, session: "Session") -> Answer:
        """One line a hop, emitted as it is known."""
        target = self.destination.address
        session.emit(Lines((("Tracing route to ", cells.ip(target),
                             f" over a maximum of {self.hops} hops",), ()), name=NAME))
        for ttl in range(1, self.hops + 1):
            results = [session.world.ping(session.machine, target, ttl=ttl,
                                          timeout=self.timeout / 1000) for _ in range(TRIES)]
            session.emit(_hop(ttl, results))
            if any(one.kind not in (*TOO_LATE, "ttl-expired") for one in results):
                reached = any(one.kind == "reply" for one in results)
                return Answer((Lines(((), ("Trace complete.",)), name=NAME),),
                              exit=int(not reached))
        return Answer((Lines(((), ("Trace complete.",)), name=NAME),), exit=1)


def _hop(ttl: int, results: "list[EchoResult]") -> Lines:
    """The three times of one hop and who answered."""
    line: list[str | Cell] = [f"{ttl:3d}  "]
    times: list[Cell] = []
    for one in results:
        if one.kind in TOO_LATE:
            line.append("   *     ")
            continue
        whole = milliseconds(one.seconds)
        shown = f"{whole:4d} ms" if whole else " <10 ms"
        times.append(cells.duration(one.seconds, shown.strip()))
        line += [cells.duration(one.seconds, shown), "  "]
    answered = next((one for one in results if one.kind not in TOO_LATE), None)
    if answered is None:
        line.append(ENDINGS["timeout"])
    else:
        line.append(cells.ip(answered.source))
        if answered.kind not in ("reply", "ttl-expired"):
            line.append(f" reports: {ENDINGS.get(answered.kind, answered.kind)}")
    data = {"hop": ttl, "times": times, "kind": answered.kind if answered else "timeout",
            "source": cells.ip(answered.source) if answered else None}
    shown_line: Line = tuple(line)
    return Lines((shown_line,), data, NAME)
