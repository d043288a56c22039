"""Failed negotiations, attribute by attribute: what was offered against what was expected.

Who began offers; the other side's policy decides. Where that policy cannot be read, what was
offered stands alone, and whatever the other side said (a notify, nothing) beside it.
"""

from typing import NamedTuple

from engine.audit import REASONS
from engine.diagnose.causes.events import MAIN_CAUSES, QUICK_CAUSES
from engine.diagnose.look import Look
from engine.diagnose.station import Station
from engine.history import MAIN, Outcome
from engine.ike.constants import NotifyType, Win32
from engine.ike.failure import Failure
from engine.ike.interface import Phase1Policy, Phase2Policy, TrafficSelector
from engine.ike.negotiation import usable
from engine.ike.proposal import Expected, Fields, expected_phase1, readings_phase1
from engine.ike.quick_proposal import expected_phase2, readings_phase2

NETWORKS = "Networks"
_CAUSE_OF = {"Authentication Method": "auth-method-mismatch", "PFS Group": "pfs-mismatch",
             "Encapsulation Mode": "encapsulation-mode-mismatch",
             NETWORKS: "peer-filter-not-mirrored"}
NEAR_SECONDS = 1.0
UNCLEAR = (Win32.CREDENTIALS, Win32.TIMED_OUT, Win32.NO_RESPONSE)


class Row(NamedTuple):
    """One attribute of one offer. `expected` is "" when nobody knows it."""

    offer: int
    attribute: str
    offered: str
    expected: str
    first: bool = False

    @property
    def differs(self) -> bool:
        return bool(self.expected) and self.expected != self.offered


class Difference(NamedTuple):
    """One failed exchange. `times` is how often the same failure came again.

    `who` began it, `message` is the last that was seen or sent, `notify` the other side's number
    (0: none), `said` whose log says what. `cause` is the likely code, "" when only `candidates`
    are known; `confirm` what would tell.
    """

    time: float
    mode: str
    who: str
    judge: str
    message: str
    notify: int
    reason: str
    said: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    cause: str
    candidates: tuple[str, ...]
    confirm: tuple[str, ...]
    times: int = 1

    @property
    def first(self) -> Row | None:
        """The first attribute that differs, of the offer that comes nearest."""
        return next((one for one in self.rows if one.first), None)


def differences(look: Look) -> list[Difference]:
    """Every failed exchange of our gateway with the other one, oldest first; alike ones once."""
    found: list[Difference] = []
    for one in look.outcomes:
        if one.failure is None:
            continue
        made = _difference(look, one)
        last = found[-1] if found else None
        if last is not None and _alike(last, made):
            found[-1] = made._replace(times=last.times + 1)
        else:
            found.append(made)
    return found


def _alike(one: Difference, other: Difference) -> bool:
    return (one.mode, one.who, one.message, one.notify, one.reason, one.rows) == (
        other.mode, other.who, other.message, other.notify, other.reason, other.rows)


def _difference(look: Look, one: Outcome) -> Difference:
    failure = one.failure
    assert failure is not None
    peer = look.peer.name if look.peer is not None else "the other gateway"
    who, judge = (look.own.name, peer) if one.initiator else (peer, look.own.name)
    rows = _rows(look, one)
    first = next((row for row in rows if row.first), None)
    candidates = _candidates(one)
    cause = _cause(one.mode, first.attribute) if first is not None else next(
        (each.blocker.code for each in look.blamed if each.blocker.code in candidates), "")
    return Difference(
        one.time, one.mode, who, judge, failure.last, failure.notify,
        REASONS.get(failure.code, f"error {failure.code}"), _logs(look, one), rows, cause,
        () if cause else candidates, _confirm(look, bool(cause)))


def _cause(mode: str, attribute: str) -> str:
    return _CAUSE_OF.get(attribute, "phase1-proposal-mismatch" if mode == MAIN
                         else "phase2-proposal-mismatch")


def _candidates(one: Outcome) -> tuple[str, ...]:
    """What may be behind a failure: by the notify, by the message, by Windows' reason."""
    failure = one.failure
    assert failure is not None
    if one.mode == MAIN and failure.last in ("MM5", "MM6") and failure.notify in (
            0, NotifyType.AUTHENTICATION_FAILED) and failure.code in UNCLEAR:
        return ("peer-identity-mismatch", "certificate-not-trusted") if failure.notify else (
            "psk-mismatch", "ike-fragments-lost")
    if failure.notify == NotifyType.INVALID_ID_INFORMATION:
        return ("peer-filter-not-mirrored", "protocol-specific-tunnel-filter",
                "half-mirrored-filters")
    return (MAIN_CAUSES if one.mode == MAIN else QUICK_CAUSES).get(failure.code, ())


def _confirm(look: Look, known: bool) -> tuple[str, ...]:
    if look.peer is not None:
        return ("diag check",)
    other = (f"diag check machine={look.peer_name}",) if look.peer_name else ()
    return () if known else ("diag probe", *other)


# --- offered and expected -------------------------------------------------------------------------


def _rows(look: Look, one: Outcome) -> tuple[Row, ...]:
    assert one.failure is not None
    judge = look.peer if one.initiator else look.own
    if one.mode == MAIN:
        readings = [each.fields for each in readings_phase1(one.failure.offered)]
        return _compare(readings, _main_policy(look, judge, one))
    readings = [each.fields for each in readings_phase2(one.failure.offered)]
    policy = _quick_policy(look, judge, one)
    networks = _networks(look, judge, one)
    expected = expected_phase2(policy) if policy is not None else ()
    rows = _compare(readings, expected)
    if networks is None:
        return rows
    marked = networks.differs
    return (networks._replace(first=marked),
            *(row._replace(first=row.first and not marked) for row in rows))


def _main_policy(look: Look, judge: Station | None, one: Outcome) -> Expected:
    """What the judging side takes in main mode; () when nobody knows."""
    policy = _phase1(judge, one)
    if policy is None:
        return ()
    try:
        return expected_phase1(policy, usable(policy, look.wall))
    except Failure:
        return expected_phase1(policy, ())


def _phase1(judge: Station | None, one: Outcome) -> Phase1Policy | None:
    if judge is None:
        return None
    local, peer = (one.peer, one.local) if one.initiator else (one.local, one.peer)
    return judge.agent.phase1(local, peer)


def _quick_policy(look: Look, judge: Station | None, one: Outcome) -> Phase2Policy | None:
    """What the judging side wants for this traffic, or for the nearest that it has a rule for."""
    if judge is None or one.selector is None:
        return None
    local, peer = (one.peer, one.local) if one.initiator else (one.local, one.peer)
    theirs = _turned(one.selector) if one.initiator else one.selector
    found = judge.agent.phase2(local, peer, theirs)
    if found is not None:
        return found
    for leg in judge.legs:
        if leg.outbound and leg.rule.active:
            entry = next((each for each in judge.agent.spd.entries
                          if each.direction == "outbound" and each.filter == leg.filter.guid), None)
            if entry is not None and entry.action == "negotiate":
                return judge.agent.wanted(entry, local, peer)
    return None


def _turned(selector: TrafficSelector) -> TrafficSelector:
    return TrafficSelector(selector.remote, selector.local, selector.protocol,
                           selector.remote_port, selector.local_port)


def _networks(look: Look, judge: Station | None, one: Outcome) -> Row | None:
    """The traffic that was asked for against the nearest that the judging side has."""
    selector = one.selector
    if selector is None:
        return None
    asked = _turned(selector) if one.initiator else selector
    offered = f"{asked.remote} to {asked.local}"
    if judge is None:
        return Row(0, NETWORKS, offered, "")
    legs = [leg for leg in judge.legs if leg.outbound and leg.rule.active]
    if any((leg.source, leg.destination) == asked[:2] for leg in legs):
        return Row(0, NETWORKS, offered, offered)
    near = next((leg for leg in legs if leg.source.covers(asked.local)
                 or asked.local.covers(leg.source)), legs[0] if legs else None)
    return Row(0, NETWORKS, offered, f"{near.destination} to {near.source}" if near is not None
               else "none")


def _compare(offered: list[Fields], expected: Expected) -> tuple[Row, ...]:
    """Each offer beside the expected method that comes nearest; the best pair's first difference
    is marked.
    """
    pairs = [(number, fields, _nearest(fields, expected)) for number, fields in
             enumerate(offered, 1)]
    best = max(pairs, key=lambda pair: _same(pair[1], pair[2]), default=None)
    rows: list[Row] = []
    for number, fields, wanted in pairs:
        marked = False
        for name, value in fields.items():
            if name == "Other attributes" and value == "none":
                continue
            row = Row(number, name, value, wanted.get(name, "") if wanted else "")
            if row.differs and best is not None and number == best[0] and not marked:
                row, marked = row._replace(first=True), True
            rows.append(row)
    return tuple(rows)


def _nearest(fields: Fields, expected: Expected) -> Fields:
    return max(expected, key=lambda one: _same(fields, one), default={})


def _same(fields: Fields, other: Fields) -> int:
    return sum(other.get(name) == value for name, value in fields.items()) if other else -1


# --- the logs -------------------------------------------------------------------------------------


def _logs(look: Look, one: Outcome) -> tuple[tuple[str, str], ...]:
    """What each machine in view logged about it: (machine, words)."""
    found = []
    for station in look.gateways:
        for event in station.host.log if station.host is not None else ():
            if event.event_id in (544, 545, 546, 547) and abs(event.time - one.time) <= \
                    NEAR_SECONDS:
                fields = dict(event.fields)
                found.append((station.name, f"event {event.event_id}, {_detail(fields)}"
                              if len(fields) > 2 else f"event {event.event_id}: {event.title}"))
    return tuple(dict.fromkeys(found))


def _detail(fields: dict[str, str]) -> str:
    if "Attribute" in fields:
        return (f"{fields['Attribute']}: expected {fields['Expected value']}, received "
                f"{fields['Received value']}")
    if "Failure Point" in fields:
        return f"failure point {fields['Failure Point']}: {fields['Failure Reason']}"
    return "no detail"
