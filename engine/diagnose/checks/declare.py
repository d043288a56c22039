"""Checks: one function a question, declared once with its name, its phase and its codes.

A check looks (`engine.diagnose.look`) and gives results. No result means that nothing is wrong:
the check's own evidence is then what it has looked at.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from engine.diagnose import repair
from engine.diagnose.causes.cause import ERROR, INFO
from engine.diagnose.causes.known import CAUSES
from engine.diagnose.finding import FAIL, PASS, SKIP, UNKNOWN, WARN, Evidence, Fix
from engine.diagnose.look import Blamed, Look
from engine.diagnose.station import Station

# Where a check gets its evidence: the configuration, the running machine, kept records.
STATIC, LIVE, HISTORY = "static", "live", "history"
# How a result is known: configuration says it, the examination shows it, both ends of the path show
# it (which explains whatever was inferred from silence), it is what remains, or it only follows
# from something else.
READ, SEEN, CROSSED, INFERRED, FOLLOWS = "read", "seen", "crossed", "inferred", "follows"
# In the order in which they are read.
PHASES = ("host", "policy", "filter", "route", "negotiation", "sa", "path", "traffic", "audit",
          "time")


class Result(NamedTuple):
    """What one look gave; see `Finding` for the fields.

    `proof` is READ, SEEN, CROSSED, INFERRED or FOLLOWS.
    """

    verdict: str
    code: str = ""
    because: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    fix: Fix | None = None
    next: tuple[str, ...] = ()
    machine: str = ""
    candidates: tuple[str, ...] = ()
    proof: str = READ


Ask = Callable[[Look], Iterable[Result]]


class Check(NamedTuple):
    """One question. `verify` is a command that shows what it looks at; `codes` what it can find."""

    name: str
    phase: str
    kind: str
    asks: str
    verify: str
    codes: tuple[str, ...]
    ask: Ask


DECLARED: list[Check] = []


def check(name: str, phase: str, asks: str, *, kind: str, verify: str,
          codes: Iterable[str] = ()) -> Callable[[Ask], Ask]:
    """Declares a question."""
    def declare(ask: Ask) -> Ask:
        assert phase in PHASES and all(name != other.name for other in DECLARED), name
        assert all(code in CAUSES for code in codes), name
        DECLARED.append(Check(name, phase, kind, asks, verify, tuple(codes), ask))
        return ask
    return declare


# --- results --------------------------------------------------------------------------------------


def passed(*because: str, evidence: tuple[Evidence, ...] = ()) -> Result:
    """Nothing is wrong, and why we think so."""
    return Result(PASS, "", because, evidence)


def skipped(because: str) -> Result:
    """It makes no sense to ask this now."""
    return Result(SKIP, "", (because,))


def found(code: str, *because: str, fix: Fix | None = None, evidence: Iterable[Evidence] = (),
          machine: str = "", proof: str = SEEN, next: tuple[str, ...] = ()) -> Result:
    """A cause; the verdict follows from its severity."""
    severity = CAUSES[code].severity
    verdict = FAIL if severity == ERROR else PASS if severity == INFO else WARN
    return Result(verdict, code, because, tuple(evidence), fix, next, machine, (), proof)


def undecided(candidates: Iterable[str], *because: str, next: tuple[str, ...],
              evidence: Iterable[Evidence] = (), machine: str = "") -> Result:
    """Something is wrong, it is one of these, and `next` would tell which."""
    return Result(UNKNOWN, "", because, tuple(evidence), None, next, machine, tuple(candidates),
                  INFERRED)


def unknown(because: str, *next: str, evidence: Iterable[Evidence] = ()) -> Result:
    """It cannot be told, and `next` would tell it."""
    return Result(UNKNOWN, "", (because,), tuple(evidence), None, next)


def shown(command: str, *lines: str, machine: str = "") -> Evidence:
    return Evidence(command, lines, machine)


# --- what configuration says ----------------------------------------------------------------------

_SHOWS = {
    "receive": "ipconfig /all", "ipsec-in": "netdiag /test:ipsec /debug",
    "ipsec-out": "netdiag /test:ipsec /debug", "forward": "ipconfig /all",
    "route": "routing ip show persistentroute", "phase 1": "ipsec static show policy all",
    "phase 2": "ipsec static show filteraction all", "sa": "ipsec dynamic show qmsas",
    "mtu": "interface ip show interface", "echo": "firewall show icmpsetting",
    "rras-input": "routing ip show filter", "rras-output": "routing ip show filter",
}
# After these IKE is in the middle of its long waits.
ANEW = frozenset({"rras-filter-drops-ike", "route-wrong-egress-interface", "peer-service-down",
                  "service-not-running", "no-route-to-peer", "wrong-tunnel-endpoint",
                  "route-next-hop-unreachable"})
_BEGINNINGS = frozenset({"the", "a", "no", "nobody", "it", "policy", "rule", "filter", "exempt:"})
HIDDEN = "The associations that are up hide it until the next negotiation."


def blamed(look: Look, codes: Iterable[str]) -> Iterator[Result]:
    """What stands in the way by configuration, for these codes; one result a code and machine.

    What both gateways have to agree on is one result for both, on ours.
    """
    wanted = frozenset(codes)
    groups: dict[tuple[str, str], list[Blamed]] = {}
    for one in look.blamed:
        code, machine = one.blocker.code, one.blocker.machine
        if code in wanted:
            place = look.own.name if CAUSES[code].shared else machine
            groups.setdefault((code, place), []).append(one)
    for (code, machine), members in groups.items():
        if CAUSES[code].shared:
            members = [one for one in members if one.blocker.machine != look.own.name] or members
        yield _blame(look, code, machine, members)


def _blame(look: Look, code: str, machine: str, members: list[Blamed]) -> Result:
    because = [one.blocker.text for one in members]
    if look.works and all(one.latent for one in members):
        because.append(HIDDEN)
    fix = together(members)
    if code in ANEW or (look.peer is not None and machine == look.peer.name):
        fix = afresh(look, fix)
    return found(code, *dict.fromkeys(because), fix=fix, machine=machine,
                 evidence=_stages(look, members), proof=READ)


def sentence(text: str) -> str:
    """A text as a sentence; names of machines keep their letters."""
    if text.partition(" ")[0] in _BEGINNINGS:
        text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else text + "."


def _stages(look: Look, members: list[Blamed]) -> Iterator[Evidence]:
    for one in members:
        line = one.stage.line if one.stage is not None and one.stage.line else ""
        if line:
            machine = "" if one.blocker.machine == look.own.name else one.blocker.machine
            yield shown(_SHOWS.get(one.blocker.stage, f"diag trace machine={look.own.name}"), line,
                        machine=machine)


def together(members: Iterable[Blamed]) -> Fix | None:
    """The first repair of each of them as one fix, each line once; machines keep their own."""
    fixes = [one.blocker.repairs[0] for one in members if one.blocker.repairs]
    if not fixes:
        return None
    first = fixes[0]
    same = [one for one in fixes if one.machine == first.machine]
    texts = dict.fromkeys(one.text for one in same)
    commands = dict.fromkeys(line for one in same for line in one.commands)
    return Fix(" ".join(texts), tuple(commands), all(one.safe for one in same), first.machine)


def times(words: Iterable[str]) -> tuple[str, ...]:
    """What was said, each once in its first place, with how often it was said."""
    counted = Counter(words)
    return tuple(one if number == 1 else f"{one} ({number} times)"
                 for one, number in counted.items())


def show(station: Station, look: Look, command: str, *lines: str) -> Evidence:
    """Evidence from that machine."""
    return shown(command, *lines, machine="" if station is look.own else station.name)


def elsewhere(look: Look, ours: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...]:
    """Lines for our gateway, then lines for the other one where it is known how to get there."""
    if not look.peer_name:
        return ours
    return (*ours, f"set machine {look.peer_name}", *theirs, f"set machine {look.own.name}")


def next_check(look: Look) -> str:
    """What separates causes that one end cannot tell apart."""
    return f"diag check machine={look.peer_name}" if look.peer_name \
        else "diag check peer=FILE with the other gateway's configuration"


def afresh(look: Look, fix: Fix | None) -> Fix | None:
    """The same fix, after which our gateway begins anew instead of waiting for its next try."""
    if fix is None or not fix.commands or repair.FRESH in fix.commands:
        return fix
    if fix.machine in ("", look.own.name):
        return fix._replace(commands=(*fix.commands, repair.FRESH))
    if not look.peer_name:
        return fix
    return fix._replace(commands=(*fix.commands, f"set machine {look.own.name}", repair.FRESH))
