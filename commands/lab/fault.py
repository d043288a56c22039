"""lab add, delete, show fault: one thing of the lab broken on purpose, by its catalogue name.

A fault is a set of ordinary lines (`engine.faults`). They are typed here as an operator would
type them; what they store is remembered row by row, so that the way back leaves other changes
alone, and what they do to the running lab is typed again at each start.
"""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import NOTHING, Answer, Line, Lines, Table
from commands.errors import CommandError
from commands.kinds import Text
from commands.lab.broken import Broken, remember, remembered
from commands.lab.impair import LinkName, find
from commands.lab.middle import external, follow
from commands.lab.typist import type_lines
from commands.names import MachineName, ObjectName
from commands.spec import Command, tag
from engine.faults.facts import facts
from engine.faults.fault import OUTSIDE, Fault
from engine.faults.fence import fence_lines
from engine.faults.fill import fill, filled
from engine.faults.registry import FAULTS, fault
from engine.policy import rows

if TYPE_CHECKING:
    from commands.session import Session
    from engine.policy.store import Config


class FaultName(ObjectName):
    """The name of a fault of the catalogue."""

    noun = "fault"

    def known(self, config: "Config", session: "Session") -> list[tuple[str, str]]:
        return [(one.name, one.help) for one in FAULTS.values()]


class BrokenName(FaultName):
    """The name of a fault that the lab has now."""

    def known(self, config: "Config", session: "Session") -> list[tuple[str, str]]:
        return [(one.name, one.machine) for one in remembered(session.store)]


class AddFault(Command, words="lab add fault", help="Breaks one thing of the lab on purpose.",
               remarks=("lab show fault lists the names and what each of them changes.",
                        "What it stores stays, what it does to the running lab is done again at "
                        "each start; lab delete fault mends both."),
               examples=("lab show fault", "lab show fault psk-mismatch")):
    """A fault of the catalogue, made with ordinary lines."""

    name: str = tag(FaultName(), "Name of the fault.")
    machine: str = tag(MachineName(), "The machine it is made on.", default="")
    link: str = tag(LinkName(), "The link it is made on.", default="")
    value: str = tag(Text("<value>"), "What the wrong thing is, where there is a choice.",
                     default="")

    def run(self, session: "Session") -> Answer:
        """Raises CommandError for a machine, link or value that the fault has no use for."""
        one = fault(self.name)
        machine = self._machine(session, one)
        link = self._link(session, one)
        if self.value and not one.choice:
            raise CommandError("bad-value", f"{one.name} has no choice of values", tag="value")
        if any((each.name, each.machine, each.link) == (one.name, machine, link)
               for each in remembered(session.store)):
            raise CommandError("exists", f"The lab has the fault '{one.name}' already",
                               tag="name", fix=f"lab delete fault {one.name}")
        _prepare(session, one, machine)
        words = facts(session.store, machine) | {"link": link}
        words["value"] = self.value or filled(one.value, words)
        stored, running = fill(one.stored, words), fill(one.running, words)
        before = rows.image(session.store)
        with session.store.transaction():
            type_lines(session, machine, stored)
        changes = rows.difference(before, rows.image(session.store))
        if one.stored and not changes:
            raise CommandError("no-effect", f"{machine} is that way already: {one.name} changes "
                               "nothing", tag="name")
        session.settle()
        type_lines(session, machine, running)
        remember(session.store, Broken(one.name, machine, link, () if one.once else running,
                                       fill(one.undo, words), tuple(changes)))
        return NOTHING

    def _machine(self, session: "Session", one: Fault) -> str:
        if not self.machine:
            return one.machine
        name = session.store.on(self.machine).name
        if name not in one.machines:
            raise CommandError("bad-value", f"{one.name} is not made on {name}", tag="machine",
                               known=one.machines)
        return name

    def _link(self, session: "Session", one: Fault) -> str:
        if not self.link:
            return OUTSIDE if one.link else ""
        if not one.link:
            raise CommandError("bad-value", f"{one.name} is not made on a link", tag="link")
        return find(session, self.link).name


def _prepare(session: "Session", one: Fault, machine: str) -> None:
    """What must be there before it can be broken."""
    if "tunnel" in one.needs:
        facts(session.store, machine)["policy"]
    if "fence" in one.needs:
        type_lines(session, machine, fence_lines(session.store.on(machine)))
        session.settle()
    if "associations" in one.needs:
        from engine.faults.fault import OWN_HOST
        words = facts(session.store, OWN_HOST)
        type_lines(session, OWN_HOST, (f"ping -n 3 {words['far_host']}",))


class DeleteFault(Command, words="lab delete fault", help="Mends what was broken on purpose.",
                  remarks=("What was changed again since the fault was made stays as it is.",),
                  examples=("lab delete fault all",)):
    """One fault, or all of them."""

    name: str = tag(BrokenName(all=True), "Name of the fault, or all.")

    def run(self, session: "Session") -> Answer:
        """Raises CommandError when the lab does not have it."""
        found = remembered(session.store)
        gone = [one for one in found if self.name.lower() in ("all", one.name)]
        if not gone and self.name != "all":
            raise CommandError("not-found", f"The lab does not have the fault '{self.name}'",
                               tag="name", known=tuple(one.name for one in found))
        before = external(session)
        for one in reversed(gone):
            rows.undo(session.store, list(one.changes))
            session.settle()
            type_lines(session, one.machine, one.undo, lenient=True)
        follow(session, before)
        remember(session.store, *(one for one in found if one not in gone), only=True)
        return NOTHING


class ShowFault(Command, words="lab show fault",
                help="Displays the faults there are, or one of them.",
                remarks=("The lines of a fault show what it changes; words in braces stand for "
                         "the machine's own names.",),
                examples=("lab show fault", "lab show fault rras-filter-drops-ike")):
    """A table of all, or one with its lines."""

    name: str = tag(FaultName(), "Name of the fault; all when left out.", default="")

    def run(self, session: "Session") -> Answer:
        """Raises NotFound."""
        broken = {one.name: one for one in remembered(session.store)}
        if self.name:
            return Answer((_one(fault(self.name), broken.get(self.name.lower())),))
        rows_ = tuple((cells.name(one.name), cells.enum(one.layer), cells.name(one.machine),
                       cells.yes(one.name in broken)) for one in FAULTS.values())
        columns = (("name", "Fault"), ("layer", "Layer"), ("machine", "On"),
                   ("broken", "Now"))
        return Answer((Table(columns, rows_, "", "faults"),))


def _one(one: Fault, now: Broken | None) -> Lines:
    lines: list[Line] = [(cells.name(one.name), f" ({one.layer})"), (f"  {one.help}",)]
    if now is not None:
        lines.append((f"  The lab has it now, on {now.link or now.machine}.",))
    lines.append((f"  on {one.link and 'a link' or one.machine}, stored:",))
    lines += [("    ", cells.line(text)) for text in one.stored] or [("    nothing",)]
    if one.running:
        lines += [("  in the running lab:",), *(("    ", cells.line(text)) for text in one.running)]
    if one.choice:
        lines.append((f"  value: {one.choice} (default {one.value})",))
    lines.append(("  try:",))
    lines += [("    ", cells.line(f"[{machine}] {text}")) for machine, text in one.tries]
    lines.append((f"  the diagnosis says: {one.verdict} {' or '.join(one.codes)}",))
    data = {"name": one.name, "layer": one.layer, "help": one.help, "now": now is not None,
            "machine": one.machine, "stored": [cells.line(text) for text in one.stored],
            "running": [cells.line(text) for text in one.running],
            "value": one.value, "verdict": one.verdict, "codes": list(one.codes),
            "try": [{"machine": machine, "line": cells.line(text)} for machine, text in one.tries]}
    return Lines(tuple(lines), data, "fault")
