"""`diag probe`: the other gateway asked what it accepts, with the operator's consent."""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Cell, Line, Lines
from commands.diag.apply import fix_lines
from commands.diag.check import fix_data
from commands.diag.look import Wanted, look_at
from commands.errors import CommandError
from commands.kinds import YesNo
from commands.names import MachineName
from commands.spec import Command, tag
from engine.diagnose.causes.known import CAUSES
from engine.diagnose.probing import ACCEPTED, GAP, Asked, Learnt, Probing
from engine.history import MAIN

if TYPE_CHECKING:
    from commands.session import Session
    from engine.diagnose.look import Look
    from engine.spd import SpdEntry

MODES = {MAIN: "main mode", "quick": "quick mode"}
NAME = "probe"


class DiagProbe(Command, words="diag probe",
                help="Asks the other gateway which offers it accepts, one at a time.",
                remarks=(f"At most one offer in {GAP:g} seconds, and only to the gateway that a "
                         "tunnel rule of the policy in force names.",
                         "What it makes there is deleted at once; associations that live are not "
                         "touched. It is IKE all the same, and logged over there.",
                         "consent=yes says yes beforehand; without it and without a terminal "
                         "nothing is asked.",
                         "Exit code 0: it accepts what we offer."),
                examples=("diag probe", "diag probe consent=yes all=yes")):
    """Ours first, then the usual suites, until one is accepted."""

    machine: str = tag(MachineName(), "The gateway that asks.", default="")
    consent: bool = tag(YesNo(), "Whether it may be asked.", default=False)
    all: bool = tag(YesNo(), "Whether it goes on after the first that is accepted.",
                    default=False)

    def run(self, session: "Session") -> Answer:
        """Raises CommandError without consent, without a tunnel rule."""
        look = look_at(session, Wanted(self.machine, "alone", ping=False))
        entry = _entry(look)
        _agree(session, self.consent, look)

        def tell(one: Asked) -> None:
            session.emit(Lines((_line(one),), _data(one), NAME))

        learnt = Probing(session.world, look, entry, self.all, tell).run()
        told = {"code": learnt.code or None, "text": learnt.text, "asked": len(learnt.asked),
                "fix": learnt.fix and fix_data(session, learnt.fix)}
        return Answer((Lines(tuple(_learnt(session, learnt)), told, NAME),),
                      exit=int(not _well(learnt)))


def _entry(look: "Look") -> "SpdEntry":
    """The tunnel filter to ask for. Raises CommandError when no rule in force has one."""
    intent = look.intent
    found = [one for one in look.own.agent.spd.entries
             if one.direction == "outbound" and one.tunnel and one.action == "negotiate"]
    if intent is not None:
        found.sort(key=lambda one: (one.source, one.destination) != (intent.local, intent.remote))
    if not found:
        raise CommandError("no-tunnel", f"no tunnel rule of {look.own.name} is in force: nobody "
                           "may be asked", fix="diag check")
    return found[0]


def _agree(session: "Session", consent: bool, look: "Look") -> None:
    if consent or session.yes:
        return
    if session.ask is not None:
        answer = session.ask(f"Ask {look.peer_words()} what it accepts? (y/n) ")
        if answer.strip().lower() in ("y", "yes"):
            return
    raise CommandError("no-consent", "the other gateway is not asked without consent",
                       tag="consent", fix="diag probe consent=yes", exit=5)


def _line(one: Asked) -> Line:
    group = f" with PFS group {one.group}" if one.group else ""
    notify = f" (notify {one.notify})" if one.notify else ""
    ours = "ours" if one.ours else ""
    verdict = "PASS" if one.answer == ACCEPTED else "FAIL"
    return (f"{MODES[one.mode]:<11} ", cells.method(f"{one.offer + group:<38}"), f" {ours:<5}",
            Cell("verdict", verdict, one.answer), notify)


def _data(one: Asked) -> dict[str, object]:
    return {"mode": one.mode, "offer": one.offer, "pfs_group": one.group, "ours": one.ours,
            "answer": one.answer, "notify": one.notify}


def _well(learnt: Learnt) -> bool:
    return bool(learnt.asked) and any(one.ours for one in learnt.accepted("quick"))


def _learnt(session: "Session", learnt: Learnt) -> list[Line]:
    lines: list[Line] = [(), (cells.line(learnt.text),)]
    if learnt.code:
        lines.append(("So it is ", cells.enum(learnt.code),
                      f": {CAUSES[learnt.code].title}"))
    return [*lines, *(fix_lines(session, learnt.fix) if learnt.fix is not None else ())]
