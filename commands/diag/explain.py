"""`diag explain`: what a cause, an event, a rule or the last finding means."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Line, Lines
from commands.diag.causename import LAST, CauseName
from commands.diag.check import finding_data, finding_lines
from commands.diag.scene import gateway
from commands.errors import CommandError
from commands.kinds import Number
from commands.names import MachineName, RuleName
from commands.spec import Command, tag
from commands.tools.eventlog import typed_line
from engine.address import format_address
from engine.diagnose.causes.cause import Cause
from engine.diagnose.causes.events import meaning
from engine.diagnose.causes.known import CAUSES
from engine.diagnose.checks.all import check_for
from engine.diagnose.diagnosis import articles
from engine.diagnose.lines import ipsec_filter_line, rule_line
from engine.diagnose.selectors import hidden, words
from engine.diagnose.station import Station
from engine.events import LogEvent
from engine.policy.methods import format_quick_modes

if TYPE_CHECKING:
    from commands.session import Session
    from engine.diagnose.tunnels import Leg
    from engine.policy.model import FilterAction, Rule

HANG = 12


class DiagExplain(Command, words="diag explain",
                  help="Explains a cause, an event of the log, a rule, or the last finding.",
                  remarks=("last is the first finding of this session's last diag check.",
                           "event= is a number such as 547: the newest of that number in the log. "
                           "event=0 is the newest of the driver's."),
                  examples=("diag explain psk-mismatch", "diag explain last",
                            "diag explain event=547", 'diag explain rule="NetA to NetB"')):
    """One of the four."""

    code: str = tag(CauseName(last=True), "The code of a cause, or last.", default="")
    rule: str = tag(RuleName(), "A rule of the policy in force.", default="")
    event: int | None = tag(Number(), "The number of an event.", default=None)
    machine: str = tag(MachineName(), "The gateway whose rule or log it is.", default="")

    def run(self, session: "Session") -> Answer:
        """Raises CommandError for what is not known."""
        if self.rule:
            return Answer((_rule(session, gateway(session, self.machine), self.rule),))
        if self.event is not None:
            return Answer((_event(session, gateway(session, self.machine), self.event),))
        if self.code.lower() == LAST or not self.code:
            return Answer((_last(session),))
        found = CAUSES.get(self.code.lower())
        if found is None:
            raise CommandError("not-found", f"there is no cause '{self.code}'", tag="code",
                               known=tuple(CAUSES))
        return Answer((Lines(tuple(_cause(found)), _cause_data(found), "cause"),))


def _labelled(label: str, text: str) -> Line:
    lead = f"  {label}".ljust(HANG)
    return (cells.hang(HANG), lead, *cells.sentence(text))


def _cause(one: Cause) -> list[Line]:
    check = check_for(one.code)
    lines: list[Line] = [(cells.enum(one.code), ": ", cells.line(one.title)), (),
                         _labelled("shows", one.shows), _labelled("apart", one.apart),
                         _labelled("mend", one.mend),
                         _labelled("layer", f"{one.layer}, {one.severity}"),
                         _labelled("read", ", ".join(articles(one)))]
    if check is not None:
        lines.append(_labelled("check", f"diag check phase={check.phase} ({check.name})"))
    return lines


def _cause_data(one: Cause) -> dict[str, object]:
    return {"code": one.code, "title": one.title, "layer": one.layer, "severity": one.severity,
            "shows": one.shows, "apart": one.apart, "mend": one.mend, "kb": list(articles(one))}


def _last(session: "Session") -> Lines:
    found = session.diagnosis
    if found is None:
        raise CommandError("not-found", "nothing was diagnosed in this session", tag="code",
                           fix="diag check")
    first = found.primary
    if first is None:
        return cells.say("The last diagnosis found nothing wrong.", data={"code": None})
    lines = finding_lines(session, 1, first)
    for code in (first.code,) if first.code else first.candidates:
        lines += [(), *_cause(CAUSES[code])]
    return Lines(tuple(lines), finding_data(session, first), "finding")


# --- events ---------------------------------------------------------------------------------------


def _event(session: "Session", machine: str, number: int) -> Lines:
    log = session.world.hosts[machine].log
    event = next((one for one in reversed(log) if one.event_id == number), None)
    if event is None:
        raise CommandError("not-found", f"the log of {machine} has no event {number}",
                           tag="event", known=tuple(sorted({str(one.event_id) for one in log})))
    told = meaning(event)
    lines = [*_event_head(event), (), _labelled("means", told.text)]
    for code in told.candidates:
        lines.append(_labelled("perhaps", f"{code}: {CAUSES[code].title}"))
    if told.candidates:
        lines.append(_labelled("next", f"diag check machine={machine}"))
    return Lines(tuple(lines), {"event": number, "means": told.text,
                                "candidates": list(told.candidates)}, "event")


def _event_head(event: LogEvent) -> Iterable[Line]:
    yield (f"Event {event.event_id}: ", cells.line(event.title))
    for label, value in event.fields:
        first, *rest = value.split("\n")
        yield (cells.hang(HANG), f"  {label}: ", *typed_line(first, label))
        yield from ((cells.hang(HANG), " " * HANG, *typed_line(one, label)) for one in rest)


# --- rules ----------------------------------------------------------------------------------------


def _rule(session: "Session", machine: str, name: str) -> Lines:
    """What a rule is for, where it ends, what it does, and what gets in its way."""
    station = Station.of_host(session.world.hosts[machine])
    active = station.config.active_policy()
    if active is None:
        raise CommandError("not-found", f"{machine} has no policy in force", tag="rule")
    rules = station.config.rules(active[1].name, active[0])
    rule = next((one for one in rules if one.name.casefold() == name.casefold()), None)
    if rule is None:
        raise CommandError("not-found", f"Rule with name '{name}' does not exist", tag="rule",
                           known=tuple(one.name for one in rules))
    legs = [one for one in station.legs if one.rule == rule]
    lines: list[Line] = [(cells.line(rule_line(rule)),), ()]
    lines += [_labelled("for", _leg_words(one)) for one in legs]
    if not legs:
        lines += [_labelled("for", ipsec_filter_line(rule.filterlist, one)) for one in
                  station.config.filterlist(rule.filterlist, active[0]).filters]
    action = station.config.filteraction(rule.filteraction, active[0])
    lines.append(_labelled("does", f"{action.action}, by filter action '{action.name}'"))
    lines += [_labelled(label, told) for label, told in _rule_words(station, rule, action)]
    if not rule.active:
        lines.append(_labelled("but", "it is not activated"))
    for one in hidden(station.agent.spd):
        if one.entry.rule == rule.name:
            what = "all of it" if one.whole else words(one.common)
            lines.append(_labelled("hidden", f"'{one.by[0].rule}' takes {what} first"))
    return Lines(tuple(lines), {"rule": rule.name, "action": action.action,
                                "filters": [cells.line(_leg_words(one)) for one in legs]}, "rule")


def _rule_words(station: Station, rule: "Rule",
                action: "FilterAction") -> Iterable[tuple[str, str]]:
    """How it authenticates, what it offers, and what lives of it now."""
    kinds = {"psk": "pre-shared key", "rootca": "certificates", "kerberos": "Kerberos"}
    yield "proves", ", then ".join(kinds[one.kind] for one in rule.auth) or "nothing"
    if action.action == "negotiate":
        pfs = ", with perfect forward secrecy" if action.qmpfs else ""
        yield "offers", format_quick_modes(action.methods) + pfs
    ids = {one.id for one in station.agent.spd.entries if one.rule == rule.name}
    host = station.host
    pairs = [one for one in host.sad.pairs() if one.entry.partition("/")[0] in ids] \
        if host is not None else []
    yield "now", f"{len(pairs)} pair{'' if len(pairs) == 1 else 's'} of associations"


def _leg_words(leg: "Leg") -> str:
    way = "out" if leg.outbound else "in"
    end = format_address(leg.rule.tunnel or 0)
    return f"{leg.source} to {leg.destination} ({way}), tunnel end {end}"
