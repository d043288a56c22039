"""What a report tells, collected once: everything in it is masked already, nothing is escaped."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from commands.clock import iso_time
from commands.diag.apply import typed
from commands.diag.guide.state import Typed
from commands.diag.guide.walk import Walk
from commands.diag.look import Wanted, look_at
from commands.diag.probe import gateway_of, plan, watched
from commands.diag.scene import whole_scene
from commands.report.masking import Masker
from commands.version import VERSION
from engine.diagnose.exchange import Exchange, exchanges
from engine.diagnose.finding import FAIL, UNKNOWN, WARN, Evidence, Finding, Fix
from engine.diagnose.guide.all import NAMES
from engine.diagnose.sequence import Conversation, sequence, shown
from engine.diagnose.trace.stage import Trace
from engine.diagnose.trace.walk import Question, trace
from engine.events import LogEvent
from engine.policy.model import LOCATIONS, Secret

if TYPE_CHECKING:
    from commands.session import Session
    from engine.diagnose.guide.view import Plan

EVENTS_MOST, LINES_MOST = 200, 300
# What of an event's fields tells more than its title.
TELLING = ("Mode", "Failure Point", "Failure Reason", "Extra Status", "Reason", "Detail", "SPI")


class Step(NamedTuple):
    """A step of the checklist: its number, its finding, the lines of its fix, the fix's undo.

    Of a step that was mended `was` is what it had found before, and the lines are those typed.
    """

    number: int
    finding: Finding
    mended: bool
    lines: tuple[str, ...]
    undo: str
    was: Finding | None = None

    @property
    def verdict(self) -> str:
        return "MENDED" if self.mended else self.finding.verdict

    @property
    def open(self) -> bool:
        """Whether there is still something to see to."""
        return self.finding.verdict in (FAIL, UNKNOWN)


class Moment(NamedTuple):
    """Something that happened: Unix seconds, on which machine, what kind it was.

    `kind` is "log", "ike" or "typed"; `tone` "good", "bad", "warn" or "".
    """

    wall: float
    machine: str
    kind: str
    text: str
    tone: str = ""

    @property
    def time(self) -> str:
        """``2004-03-17 09:00:03.250``."""
        return iso_time(self.wall).replace("T", " ").rstrip("Z")


class Facts(NamedTuple):
    """The whole report. `drawn` are the last negotiations, `hidden` how many came before them.

    `typed` are the lines of the checklist, `operator` those of this session before the report.
    """

    made: float
    machine: str
    peer: str
    view: str
    traffic: str
    steps: tuple[Step, ...]
    trace: Trace | None
    drawn: tuple[Conversation, ...]
    hidden: int
    moments: tuple[Moment, ...]
    typed: tuple[Typed, ...]
    operator: tuple[Typed, ...]
    masked: bool
    version: str = VERSION

    @property
    def foot(self) -> str:
        """What made it, and what is not in it."""
        mask = ("Addresses stand under labels; which is which is in a map of its own, which is not "
                "part of this report." if self.masked else "Addresses stand as they are.")
        return f"ipsecsh {self.version}. {mask} Keys are never in a report."

    @property
    def counts(self) -> dict[str, int]:
        """How many steps have each verdict."""
        found: dict[str, int] = {}
        for one in self.steps:
            found[one.finding.verdict] = found.get(one.finding.verdict, 0) + 1
        return found

    @property
    def open(self) -> tuple[Step, ...]:
        """What is still to be seen to, in the order of the steps."""
        found = [one for one in self.steps if one.open]
        return tuple(one for one in found if not _follows(one, found))

    @property
    def consequences(self) -> tuple[Step, ...]:
        """What only shows that something else is wrong."""
        found = [one for one in self.steps if one.open]
        return tuple(one for one in found if _follows(one, found))

    @property
    def repaired(self) -> tuple[Step, ...]:
        """What the checklist has mended."""
        return tuple(one for one in self.steps if one.mended and one.was is not None)

    @property
    def warnings(self) -> tuple[Step, ...]:
        return tuple(one for one in self.steps if one.finding.verdict == WARN)


def _follows(one: Step, found: list[Step]) -> bool:
    """Whether an earlier open step names the same cause, or alone has lines that mend it."""
    earlier = [other for other in found if other.number < one.number]
    return any(other.finding.code == one.finding.code != "" for other in earlier) or (
        not one.lines and any(other.lines for other in earlier))


def script(lines: Iterable[Typed]) -> Iterator[str]:
    """Typed lines as they would be typed again, from machine to machine."""
    machine = ""
    for one in lines:
        if one.machine != machine:
            machine = one.machine
            yield f"set machine {machine}"
        yield one.line


def keys_of(session: "Session") -> list[str]:
    """The keys of every machine, passwords of key files included, and the session's."""
    keys = [value for value in session.variables.values() if isinstance(value, Secret)]
    for machine in session.store.machines():
        config = session.store.on(machine.name)
        keys += [Secret(one.password) for one in config.certificates() if one.password]
        for location in LOCATIONS:
            for policy in config.policies(location):
                keys += [Secret(one.value) for rule in config.rules(policy.name, location)
                         for one in rule.auth if one.kind == "psk"]
    return list(dict.fromkeys(keys))


def masker(session: "Session", addresses: bool = True) -> Masker:
    """One that knows them."""
    return Masker(session.variables, keys_of(session), addresses)


def collect(session: "Session", walk: Walk, mask: Masker) -> Facts:
    """The facts of a walk and of what runs now."""
    wanted, machine = plan(session), gateway_of(session)
    talks = _exchanges(session, walk, machine, wanted)
    drawn, hidden = shown(one for one in talks if one.peer == wanted.peer_external)
    own = tuple(one._replace(line=mask.text(one.line)) for one in walk.state.typed)
    operator = tuple(Typed(wall, where, mask.text(line), "")
                     for wall, where, line in (session.witness.typed if session.witness else ()))
    moments = [*(Moment(one.wall, one.machine, "typed", one.line) for one in (*operator, *own)),
               *_ike(session, talks, machine), *_log(session, walk, machine, mask)]
    return Facts(
        session.wall(), machine, f"the other gateway ({mask.address(wanted.peer_external)})",
        walk.state.view, walk.traffic,
        tuple(_step(session, walk, at, mask) for at in range(len(walk.findings))),
        _trace(session, walk, machine, mask), tuple(drawn), hidden,
        tuple(sorted(moments, key=lambda one: one.wall)[-LINES_MOST:]),
        own, operator, mask.addresses)


# --- steps ----------------------------------------------------------------------------------------


def _step(session: "Session", walk: Walk, at: int, mask: Masker) -> Step:
    one, mended, was = walk.findings[at], at in walk.mended, walk.before.get(at)
    fix = was.fix if mended and was is not None else one.fix
    lines = tuple(map(mask.text, typed(session, fix))) if fix is not None else ()
    return Step(at + 1, masked(one, mask), mended, lines,
                f"checklist undo step={NAMES[at]}" if lines else "",
                masked(was, mask) if was is not None and mended else None)


def masked(one: Finding, mask: Masker) -> Finding:
    """A finding without addresses and keys."""
    def texts(found: Iterable[str]) -> tuple[str, ...]:
        return tuple(map(mask.text, found))
    fix = one.fix and Fix(mask.text(one.fix.text), texts(one.fix.commands), one.fix.safe,
                          one.fix.machine)
    return one._replace(
        title=mask.text(one.title), because=texts(one.because), fix=fix, why=mask.text(one.why),
        evidence=tuple(Evidence(mask.text(seen.command), texts(seen.lines), seen.machine)
                       for seen in one.evidence),
        next=texts(one.next), affects=texts(one.affects), verify=mask.text(one.verify))


# --- the path -------------------------------------------------------------------------------------


def _trace(session: "Session", walk: Walk, machine: str, mask: Masker) -> Trace | None:
    """The way of an echo through the machines in view, as configuration has it."""
    found = _seen_trace(session, walk, machine)
    if found is None:
        return None
    return found._replace(
        packet=mask.text(found.packet),
        stages=tuple(one._replace(what=mask.text(one.what), line=mask.text(one.line))
                     for one in found.stages),
        blockers=tuple(one._replace(text=mask.text(one.text)) for one in found.blockers))


def _seen_trace(session: "Session", walk: Walk, machine: str) -> Trace | None:
    wanted = plan(session)
    ends = (wanted.own_internal, wanted.peer_internal) if session.live else (0, 0)
    look = look_at(session, Wanted(machine, walk.state.view, *ends, ping=False))
    if look.peer is not None and not session.live:
        question = Question(*look.ends, wall=session.wall())
        return trace(whole_scene(session, machine), question) if all(look.ends) else None
    return next((one for one, fresh in look.traces if not fresh), None)


# --- what happened --------------------------------------------------------------------------------


def _exchanges(session: "Session", walk: Walk, machine: str, wanted: "Plan") -> list[Exchange]:
    """The negotiations that the walk saw on the wire, and those of the operator's capture."""
    frames = list(walk.frames)
    capture = session.world.captures.get((machine, wanted.external))
    if capture is not None:
        frames += watched(capture)
    frames.sort(key=lambda one: one[0])
    return exchanges(dict.fromkeys(frames))


def _log(session: "Session", walk: Walk, machine: str, mask: Masker) -> Iterator[Moment]:
    """The newest events of the logs of the machines in view."""
    names = [machine]
    if walk.state.view == "both" and not session.live:
        names += [one.name for one in session.store.machines()
                  if one.role == "gateway" and one.name != machine]
    for name in names:
        for event in list(session.world.hosts[name].log)[-EVENTS_MOST:]:
            tone = "good" if event.success else "bad" if event.source == "Security" else "warn"
            yield Moment(session.world.wall(event.time), name, "log", mask.text(_said(event)),
                         tone)


def _said(event: LogEvent) -> str:
    """An event in one line."""
    fields = {label.rstrip(": "): value for label, value in event.fields}
    more = [" ".join(fields[name].split("\n")[0].split()) for name in TELLING if name in fields]
    number = f"event {event.event_id}: " if event.event_id else ""
    told = "; ".join(one.rstrip(".") for one in more if one)
    return number + event.title + (f" {told}." if told else "")


def _ike(session: "Session", found: Iterable[Exchange], machine: str) -> Iterator[Moment]:
    """The messages of IKE on the outer wire."""
    for one in found:
        for message in sequence(one).arrows:
            way = "out" if message.outgoing else "in"
            note = f", {message.note}" if message.note else ""
            yield Moment(session.world.wall(one.messages[0].time + message.seconds), machine,
                         "ike", f"IKE {message.name} {way}{note}", message.tone)


