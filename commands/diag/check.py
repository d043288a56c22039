"""`diag check`: every check asked, one primary cause named, what to type about it."""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Cell, Line, Lines
from commands.diag.apply import typed
from commands.diag.look import Wanted, look_at
from commands.kinds import Choice, Path, YesNo
from commands.names import MachineName
from commands.spec import Command, tag
from commands.tools.target import Target, TargetName
from engine.diagnose.checks.declare import PHASES
from engine.diagnose.diagnosis import Diagnosis, diagnose
from engine.diagnose.finding import FAIL, PASS, SKIP, UNKNOWN, WARN, Evidence, Finding, Fix
from engine.diagnose.look import Imported, Look
from engine.policy.peerread import DUMP

if TYPE_CHECKING:
    from commands.session import Session

WIDTH = 80


class DiagCheck(Command, words="diag check",
                help="Names what is wrong with the tunnel, and what to type about it.",
                remarks=("It pings through the tunnel meanwhile, with captures on, and puts back "
                         "what it switched on. ping=no looks only.",
                         "With both ends in view both configurations are compared; machine=gwA "
                         "judges by one gateway alone, as in real life.",
                         "peer= compares with a file instead: a dump of ipsecsh, a swanctl.conf or "
                         "an ipsec.conf.",
                         "capture= and log= (and peercapture=, peerlog=) judge what was kept, and "
                         "send nothing: pcap or pcapng, and what eventlog show printed.",
                         "Exit code 1: something is wrong, or cannot be told from here."),
                examples=("diag check", "diag check machine=gwA", "diag check phase=policy")):
    """Findings, the most important first."""

    phase: str = tag(Choice("all", *PHASES), "Only this part.", default="all")
    machine: str = tag(MachineName(), "The gateway to judge by, alone.", default="")
    view: str = tag(Choice("both", "alone"), "Both ends, or one.", default="")
    src: Target | None = tag(TargetName(), "A host of ours.", default=None)
    dst: Target | None = tag(TargetName(), "The host to reach.", default=None)
    ping: bool = tag(YesNo(), "Whether test packets are sent.", default=True)
    peer: str = tag(Path(), "A file with the other gateway's configuration.", default="")
    capture: str = tag(Path(), "A capture file of the outer interface.", default="")
    inner: str = tag(Path(), "A capture file of the inner interface.", default="")
    log: str = tag(Path(), "An event log, as eventlog show prints it or as JSON.", default="")
    peercapture: str = tag(Path(), "A capture file of the other gateway.", default="")
    peerlog: str = tag(Path(), "Its event log.", default="")
    all: bool = tag(YesNo(), "Whether what is right is listed as well.", default=False)

    def run(self, session: "Session") -> Answer:
        """Exit 1 for a FAIL, or an UNKNOWN of traffic that fails."""
        look = self._look(session)
        found = diagnose(look, () if self.phase == "all" else (self.phase,))
        if look.imported is not None:
            found = elsewhere(found, look.imported)
        session.diagnosis = found
        failed = found.count(FAIL) + found.count(UNKNOWN)
        return Answer((Lines(tuple(report(session, found, self.all)), as_data(session, found),
                             "diagnosis"),), exit=int(failed > 0))

    def _look(self, session: "Session") -> Look:
        """The test made now, or what was kept of one."""
        wanted = Wanted(self.machine, self.view, self.src.address if self.src else 0,
                        self.dst.address if self.dst else 0, self.ping, self.peer)
        kept = (self.capture, self.inner, self.log, self.peercapture, self.peerlog)
        if not any(kept):
            return look_at(session, wanted)
        from commands.diag.records import Files, look_at_records
        return look_at_records(session, wanted, Files(*kept))


def _as_seen(found: Diagnosis) -> str:
    """From where, in words."""
    view = {"both": "both ends", "file": f"{found.machine} and the other gateway's file"}.get(
        found.view, f"{found.machine} alone")
    return f"the records of {view}" if found.recorded else view


def elsewhere(found: Diagnosis, file: Imported) -> Diagnosis:
    """What is to be mended on a machine that nothing can be typed on from here."""
    there = file.station.name
    return found._replace(view="file", notes=file.notes, findings=tuple(
        one._replace(fix=one.fix._replace(
            text=f"On the other gateway: {one.fix.text}", machine="", safe=False,
            commands=one.fix.commands if file.kind == DUMP else ()))
        if one.fix is not None and one.fix.machine == there else one for one in found.findings))


def report(session: "Session", found: Diagnosis, whole: bool = False) -> list[Line]:
    """The diagnosis as it is printed."""
    shown = [one for one in found.findings
             if whole or one.verdict in (FAIL, UNKNOWN, WARN) or one.code]
    lines: list[Line] = []
    for number, one in enumerate(shown, 1):
        lines += finding_lines(session, number, one)
        lines.append(())
    counts = ", ".join(f"{count} {word}" for word in (FAIL, UNKNOWN, WARN, PASS, SKIP)
                       if (count := found.count(word)))
    view = _as_seen(found)
    lines += traffic_lines(found)
    lines += [(cells.hang(4), "Not known: ", cells.line(text), ".") for text in found.notes]
    primary = found.primary
    if primary is None:
        lines.append((f"Nothing is wrong, as seen from {view}: {counts}.",))
    else:
        name = primary.code or " or ".join(primary.candidates)
        lines.append((f"As seen from {view}: ", Cell("verdict", primary.verdict,
                                                     primary.verdict), " ",
                      cells.enum(name), f" ({counts})."))
    return lines


def traffic_lines(found: Diagnosis) -> list[Line]:
    """The verdict on each pair of networks; an empty line behind them."""
    lines: list[Line] = [
        (cells.hang(4), cells.net(one.local), " to ", cells.net(one.remote), ": ",
         Cell("verdict", one.verdict, one.verdict), f" ({one.because})")
        for one in found.traffic]
    return [*lines, ()] if lines else []


def finding_lines(session: "Session", number: int, one: Finding) -> list[Line]:
    """One finding: what, why we think so, what follows from it, what to type."""
    head = f"{number:2}. {one.title}"
    space = " " * max(1, WIDTH - len(head) - len(one.verdict))
    lines: list[Line] = [(head, space, Cell("verdict", one.verdict, one.verdict))]
    if one.code:
        where = (" on ", cells.name(one.machine)) if one.machine else ()
        lines.append(("    ", cells.enum(one.code), *where))
    lines += [(cells.hang(4), "    ", *cells.sentence(text)) for text in one.because]
    if one.candidates:
        lines.append((cells.hang(13), "    one of:  ", cells.line(", ".join(one.candidates))))
    for seen in one.evidence if one.verdict != PASS or one.code else ():
        lines += _evidence(seen)
    lines += [(cells.hang(13), "    affects: ", *cells.sentence(text)) for text in one.affects]
    lines += [(cells.hang(13), "    next:    ", cells.line(text)) for text in one.next]
    if one.fix is not None:
        lines.append((cells.hang(13), "    fix:     ", cells.line(one.fix.text)))
        lines += [("             ", cells.line(line)) for line in typed(session, one.fix)]
    return lines


def _evidence(seen: Evidence) -> list[Line]:
    where = f"[{seen.machine}] " if seen.machine else ""
    return [("    seen:    ", cells.line(where + seen.command)),
            *((cells.hang(15), "               ", *cells.sentence(line)) for line in seen.lines)]


# --- data -----------------------------------------------------------------------------------------


def as_data(session: "Session", found: Diagnosis) -> dict[str, object]:
    """The diagnosis as JSON."""
    primary = found.primary
    return {
        "view": found.view, "recorded": found.recorded, "machine": found.machine,
        "primary": primary.code or None if primary is not None else None,
        "verdict": primary.verdict if primary is not None else PASS,
        "counts": {word.lower(): found.count(word) for word in (FAIL, UNKNOWN, WARN, PASS, SKIP)},
        "traffic": [{"local": cells.net(one.local), "remote": cells.net(one.remote),
                     "peer": cells.ip(one.peer), "verdict": one.verdict,
                     "protected_out": cells.count(one.out), "protected_in": cells.count(one.back),
                     "clear": cells.count(one.clear)} for one in found.traffic],
        "notes": [cells.line(text) for text in found.notes],
        "findings": [finding_data(session, one) for one in found.findings],
    }


def finding_data(session: "Session", one: Finding) -> dict[str, object]:
    """A finding with the fields of every finding of the product."""
    return {
        "code": one.code, "title": one.title, "phase": one.phase, "severity": one.severity,
        "verdict": one.verdict, "because": [cells.line(text) for text in one.because],
        "evidence": [{"command": cells.line(seen.command), "machine": seen.machine,
                      "lines": [cells.line(text) for text in seen.lines]}
                     for seen in one.evidence],
        "affects": [cells.line(text) for text in one.affects],
        "fix": one.fix and fix_data(session, one.fix), "verify": cells.line(one.verify),
        "kb": list(one.kb), "next": [cells.line(text) for text in one.next],
        "machine": one.machine, "candidates": list(one.candidates), "check": one.check,
    }


def fix_data(session: "Session", fix: Fix) -> dict[str, object]:
    """A fix with its lines as they are typed from where the operator is."""
    return {"text": cells.line(fix.text), "safe": fix.safe, "machine": fix.machine,
            "commands": [cells.line(line) for line in typed(session, fix)]}
