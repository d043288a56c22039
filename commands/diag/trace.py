"""diag trace: a packet's way through every stage of every machine, and what stands in it.

All blockers are found at once, the smallest set of changes is worked out and tried on a copy, and
typed when the operator agrees.
"""

from collections.abc import Sequence
from itertools import groupby
from os.path import join
from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Cell, Joined, Line, Lines
from commands.diag.apply import agreed, commit, fix_lines
from commands.diag.scene import gateway, whole_scene
from commands.diag.scratch import make, scratch
from commands.errors import CommandError
from commands.kinds import Choice, Number, Path, Port, Protocol, YesNo
from commands.names import MachineName
from commands.spec import Command, tag
from commands.tools.target import Target, TargetName
from engine.diagnose.finding import Fix
from engine.diagnose.trace.mend import Mended, smallest
from engine.diagnose.trace.picture import draw
from engine.diagnose.trace.stage import Blocker, Stage, Trace
from engine.diagnose.trace.walk import Question, trace
from engine.ip import ICMP

if TYPE_CHECKING:
    from commands.session import Session

STAGE, VERDICT = 12, 8
# For the word of what was deleted to reach the other gateway.
SETTLE_SECONDS = 1.0


class TraceLab:
    """Where changes are tried: each time on a fresh copy of the lab."""

    def __init__(self, session: "Session", own: str, question: Question) -> None:
        self.session, self.own, self.question = session, own, question

    def trace(self, fixes: Sequence[Fix]) -> Trace | None:
        """See `engine.diagnose.trace.mend.Bench`."""
        copy = scratch(self.session)
        try:
            for fix in fixes:
                make(copy, fix)
            return trace(whole_scene(copy, self.own), self.question)
        except CommandError:
            return None
        finally:
            copy.close()

    def ping(self, fixes: Sequence[Fix]) -> str:
        """How a real ping ends on a copy with these changes: "" when nothing can ping."""
        copy = scratch(self.session, fixes)
        try:
            source = next((name for name, host in copy.lab.hosts.items()
                           if self.question.source in host.node.own), "")
            if not source or self.question.protocol != ICMP:
                return ""
            results = [copy.lab.ping(source, self.question.destination) for _ in range(3)]
            answered = sum(one.kind == "reply" for one in results)
            how = "in the clear" if any(one.clear for one in results) else "protected"
            return f"{answered} of {len(results)} echoes answered" + (
                f", {how}" if answered else "")
        finally:
            copy.close()


class DiagTrace(Command, words="diag trace",
                help="Follows a packet through every stage of every machine.",
                remarks=("Past whatever ends the packet it goes on as if that were mended, so all "
                         "blockers are found; the smallest set of changes is tried on a copy.",
                         "Without addresses it asks about a ping between the hosts behind the "
                         "gateways. decrypted starts where the packet has come out of the tunnel.",
                         "On a terminal the changes are typed when you agree; fix=yes types them "
                         "at once. Exit code 1: something stands in the way.",
                         "picture= writes the way as an SVG file."),
                examples=("diag trace", "diag trace src=10.1.0.10 dst=10.2.0.10 protocol=TCP "
                          "dstport=80", "diag trace hostA hostB size=1500 df=yes")):
    """Nothing is sent: the tables of the machines are asked."""

    src: Target | None = tag(TargetName(), "Where the packet comes from.", default=None)
    dst: Target | None = tag(TargetName(), "Where it goes.", default=None)
    protocol: int = tag(Protocol(), "Its protocol.", default=ICMP)
    srcport: int = tag(Port(), "Its source port (ICMP: the type).", default=0)
    dstport: int = tag(Port(), "Its destination port (ICMP: the code).", default=0)
    size: int = tag(Number(28, 65535), "Its octets with the IP header.", default=60)
    df: bool = tag(YesNo(), "Whether it must not be fragmented.", default=False)
    machine: str = tag(MachineName(), "The gateway whose view it is.", default="")
    fix: str = tag(Choice("ask", "yes", "no"), "Whether the changes are typed.", default="ask")
    picture: str = tag(Path(written=True), "An SVG file to write.", default="")
    decrypted: bool = tag(YesNo(), "As if it had come out of the tunnel.", default=False,
                          form="bare")

    def run(self, session: "Session") -> Answer:
        """The stages, the blockers, the changes; exit 1 when a blocker is left."""
        own = gateway(session, self.machine)
        question = self._question(session, own)
        scene = whole_scene(session, own)
        before = trace(scene, question)
        bench = TraceLab(session, own, question)
        mended = smallest(bench, before)
        if self.picture:
            _save(session, self.picture, before)
        data = _data(before, mended)
        lines = [*_stages(before), *_blockers(mended.blockers), *_changes(session, before, mended)]
        if mended.fixes:
            proof = bench.ping(mended.fixes)
            data["proof"] = proof
            if proof:
                lines += [("On the copy: ", cells.line(proof), "."), ()]
        session.emit(Lines(tuple(lines), data, "trace"))
        if mended.fixes and agreed(session, self.fix, "Type these lines now?"):
            return self._commit(session, own, question, mended)
        return Answer(exit=int(not before.ok))

    def _question(self, session: "Session", own: str) -> Question:
        source, destination = _ends(session, own)
        if self.src is not None:
            source = self.src.address
        if self.dst is not None:
            destination = self.dst.address
        if not source or not destination:
            raise CommandError("missing-tag", "The arguments are missing: src and dst", exit=2,
                               tag="src", fix=session.named("src=${NetA.host} dst=${NetB.host}"))
        machine = _receiver(session, own, destination) if self.decrypted else ""
        return Question(source, destination, self.protocol, self.srcport, self.dstport, self.size,
                        self.df, machine, session.wall())

    def _commit(self, session: "Session", own: str, question: Question,
                mended: Mended) -> Answer:
        for fix in mended.fixes:
            commit(session, fix)
        session.lab.run(session.lab.now + SETTLE_SECONDS)
        after = trace(whole_scene(session, own), question)
        line: Line = ("Typed. Now: ", Cell("verdict", after.verdict, after.verdict), ".")
        return Answer((Lines((line,), {"verdict": after.verdict}, "after"),),
                      exit=int(not after.ok))


def _ends(session: "Session", own: str) -> tuple[int, int]:
    """The hosts behind the gateways: the first one near `own`, the first one that is not."""
    links = {one.link for one in session.store.on(own).interfaces()}
    near = far = 0
    for machine in session.store.machines():
        if machine.role != "host":
            continue
        for one in session.store.on(machine.name).interfaces()[:1]:
            if one.link in links:
                near = near or one.address
            else:
                far = far or one.address
    return near, far


def _receiver(session: "Session", own: str, destination: int) -> str:
    """The gateway behind which a decrypted packet's destination is."""
    scene = whole_scene(session, own)
    for name, found in scene.intents.items():
        if any(destination in one.local for one in found):
            return name
    return own


def _save(session: "Session", path: str, found: Trace) -> None:
    try:
        with open(join(session.folder, path), "w", encoding="utf-8") as file:
            file.write(draw(found, "The way of a packet"))
    except OSError as error:
        raise CommandError("file", f"{path} cannot be written: {error.strerror}",
                           tag="picture") from None


# --- text -----------------------------------------------------------------------------------------


def _stages(found: Trace) -> list[Line]:
    verdict = Cell("verdict", found.verdict, found.verdict)
    lines: list[Line] = [(cells.line(found.packet), ": ", verdict), ()]
    for reply, stages in groupby(found.stages, lambda one: one.reply):
        lines += [("The answer" if reply else "The packet",), ()]
        for (machine, about), block in groupby(stages, lambda one: (one.machine, one.about)):
            lines.append((cells.name(machine), f" ({about})" if about else ""))
            for one in block:
                lines += _stage(one)
        lines.append(())
    return lines


def _stage(one: Stage) -> list[Line]:
    word = one.verdict.upper() if one.blocker else one.verdict
    mark = f" [{one.blocker}]" if one.blocker else ""
    lead = "~ " if one.assumed else "  "
    indent = STAGE + VERDICT + 2
    lines: list[Line] = [(cells.hang(indent), lead, one.stage.ljust(STAGE),
                          Cell("verdict", one.verdict, word),
                          " " * max(1, VERDICT - len(word)), *cells.sentence(one.what), mark)]
    if one.line:
        lines.append((" " * indent, cells.line(one.line)))
    return lines


def _blockers(found: Sequence[Blocker]) -> list[Line]:
    if not found:
        return [("Nothing stands in the way.",), ()]
    lines: list[Line] = [("What stands in the way (~ marks what is behind it, if it were "
                          "mended):",)]
    for one in found:
        lines.append((cells.hang(6), f"  [{one.number}] ", cells.enum(one.code), " on ",
                      cells.name(one.machine), ": ", *cells.sentence(one.text)))
    return [*lines, ()]


def _changes(session: "Session", before: Trace, mended: Mended) -> list[Line]:
    if not mended.blockers:
        return []
    if not mended.fixes:
        return [("Nothing that can be typed here mends it.",), ()]
    lines: list[Line] = [("The smallest change that mends it:",)]
    for fix in mended.fixes:
        lines += fix_lines(session, fix)
    verdict = mended.after.verdict
    return [*lines, ("Before: ", Cell("verdict", before.verdict, before.verdict), "  After: ",
                     Cell("verdict", verdict, verdict)), ()]


# --- data -----------------------------------------------------------------------------------------


def _data(found: Trace, mended: Mended) -> dict[str, object]:
    return {
        "packet": cells.line(found.packet), "verdict": found.verdict,
        "stages": [_stage_data(one) for one in found.stages],
        "blockers": [{"number": one.number, "code": one.code, "machine": one.machine,
                      "stage": one.stage, "text": Joined(cells.sentence(one.text)),
                      "repairs": [fix_data(each) for each in one.repairs]}
                     for one in mended.blockers],
        "changes": [fix_data(one) for one in mended.fixes],
        "after": mended.after.verdict if mended.fixes else found.verdict,
    }


def _stage_data(one: Stage) -> dict[str, object]:
    return {"machine": one.machine, "stage": one.stage, "verdict": one.verdict,
            "object": Joined(cells.sentence(one.what)), "line": cells.line(one.line),
            "blocker": one.blocker,
            "assumed": one.assumed, "reply": one.reply, "packet": one.about or "inner"}


def fix_data(one: Fix) -> dict[str, object]:
    """A fix as JSON."""
    return {"text": cells.line(one.text),
            "commands": [cells.line(command) for command in one.commands], "safe": one.safe,
            "machine": one.machine}
