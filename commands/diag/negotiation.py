"""`diag negotiation`: every failed exchange, offered against expected, attribute by attribute."""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Cell, Line, Lines
from commands.clock import time_cell
from commands.diag.look import Wanted, look_at
from commands.kinds import Choice, Number
from commands.names import MachineName
from commands.spec import Command, tag
from engine.diagnose.causes.known import CAUSES
from engine.diagnose.difference import Difference, Row, differences
from engine.history import MAIN

if TYPE_CHECKING:
    from commands.session import Session

ATTRIBUTE = 24
MODES = {MAIN: "Main mode", "quick": "Quick mode"}


class DiagNegotiation(Command, words="diag negotiation",
                      help="Shows failed negotiations: offered against expected.",
                      remarks=("The first attribute that differs, of the offer that comes nearest, "
                               "is marked with <--.",
                               "machine= judges by one gateway alone: then nobody knows what the "
                               "other one expects. Nothing is sent."),
                      examples=("diag negotiation", "diag negotiation last=1 machine=gwA")):
    """The failures that are remembered, oldest first."""

    last: int = tag(Number(1, 1000), "Only the newest ones.", default=5)
    machine: str = tag(MachineName(), "The gateway to judge by, alone.", default="")
    view: str = tag(Choice("both", "alone"), "Both ends, or one.", default="")

    def run(self, session: "Session") -> Answer:
        """Exit 1 when there is one."""
        look = look_at(session, Wanted(self.machine, self.view, ping=False))
        found = differences(look)[-self.last:]
        if not found:
            return Answer((cells.say("No negotiation has failed.", data=[], name="failures"),))
        lines: list[Line] = []
        for one in found:
            lines += [*_lines(session, one), ()]
        return Answer((Lines(tuple(lines[:-1]), [_data(session, one) for one in found],
                             "failures"),), exit=1)


def _lines(session: "Session", one: Difference) -> list[Line]:
    at = time_cell(session.world.wall(one.time))
    again = f", {one.times} times" if one.times > 1 else ""
    lines: list[Line] = [(f"{MODES[one.mode]}, begun by ", cells.name(one.who), ", failed ", at,
                          again),
                         ("  last message: ", cells.enum(one.message or "none"),
                          f", notify {one.notify}" if one.notify else "")]
    lines += [(cells.hang(4), "  ", cells.name(machine), " says: ", cells.line(text))
              for machine, text in one.said]
    if not one.said:
        lines.append(("  reason: ", cells.line(one.reason)))
    lines += _rows(one)
    codes = (one.cause,) if one.cause else one.candidates
    for code in codes:
        lead = "  likely: " if one.cause else "  perhaps: "
        lines.append((cells.hang(4), lead, cells.enum(code), f": {CAUSES[code].title}"))
    lines += [("  confirm: ", cells.line(text)) for text in one.confirm]
    return lines


def _rows(one: Difference) -> list[Line]:
    if not one.rows:
        return []
    width = 2 + max(len(f"offered by {one.who}"), *(len(row.offered) for row in one.rows))
    head = f"  {'Attribute'.ljust(ATTRIBUTE)}{f'offered by {one.who}'.ljust(width)}"
    lines: list[Line] = [(), (f"{head}expected by {one.judge}",)]
    offer = -1
    for row in one.rows:
        if row.offer != offer and row.offer:
            lines.append((f"  offer {row.offer}",))
        offer = row.offer
        lines.append(_row(row, width))
    return [*lines, ()]


def _row(row: Row, width: int) -> Line:
    mark = " <--" if row.first else " *" if row.differs else ""
    expected = row.expected or "?"
    return (cells.hang(4), f"    {row.attribute.ljust(ATTRIBUTE - 2)}",
            *cells.padded(cells.method(row.offered), width),
            cells.method(expected), mark)


def _data(session: "Session", one: Difference) -> dict[str, object]:
    first = one.first
    return {
        "mode": one.mode, "time": time_cell(session.world.wall(one.time)), "times": one.times,
        "begun_by": one.who, "message": one.message, "notify": one.notify, "reason": one.reason,
        "logs": [{"machine": machine, "text": Cell("line", text, text)}
                 for machine, text in one.said],
        "attributes": [{"offer": row.offer, "attribute": row.attribute, "offered": row.offered,
                        "expected": row.expected or None, "differs": row.differs,
                        "first": row.first} for row in one.rows],
        "first": first and first.attribute, "cause": one.cause or None,
        "candidates": list(one.candidates), "confirm": list(one.confirm),
    }
