"""The filters against each other, by exact set algebra: hidden, never met, half mirrored."""

from collections.abc import Iterable, Iterator

from engine.address import Network
from engine.diagnose import repair, showing
from engine.diagnose.checks.declare import (
    READ,
    STATIC,
    Result,
    blamed,
    check,
    found,
    passed,
    show,
    skipped,
)
from engine.diagnose.finding import WARN, Fix
from engine.diagnose.lines import entry_line
from engine.diagnose.look import Look
from engine.diagnose.selectors import Hidden, hidden, words
from engine.diagnose.station import Station
from engine.diagnose.tunnels import half_mirrored

LINES_MOST = 8


@check("hidden-filters", "policy", "Does every filter get the packets it is written for?",
       kind=STATIC, verify=showing.NETDIAG,
       codes=("overlapping-filters-shadow", "filter-unreachable", "overlapping-filters"))
def hidden_filters(look: Look) -> Iterator[Result]:
    """The driver sorts filters, the most specific first: those may take others' packets."""
    met = list(blamed(look, ("overlapping-filters-shadow",)))
    known = {one.machine for one in met}
    results = [*met, *(one for station in look.gateways for one in _of(look, station)
                       if one.code != "overlapping-filters-shadow" or one.machine not in known)]
    yield from results
    if not results:
        count = len(look.own.agent.spd.entries)
        yield passed(f"Of {count} filters none hides another.") if count else \
            skipped("No filter is loaded.")


def _of(look: Look, station: Station) -> Iterator[Result]:
    wrong = [one for one in hidden(station.agent.spd) if not _mirror_image(one)]
    shadows = [one for one in wrong if _bares_tunnel(one)]
    dead = [one for one in wrong if one.whole and one not in shadows]
    rest = [one for one in wrong if one not in shadows and one not in dead]
    if shadows:
        yield _shadowed(look, station, shadows)
    if dead:
        yield _result(look, station, "filter-unreachable", dead,
                      f"{_number(dead)} of {station.name} never match: others take all of their "
                      "packets.", _delete(station, dead))
    if rest:
        yield _result(look, station, "overlapping-filters", rest,
                      f"{_number(rest)} of {station.name} share packets with filters that treat "
                      "them otherwise.", None)


def _mirror_image(one: Hidden) -> bool:
    """A mirrored tunnel filter gets in its own way; that is another finding."""
    return one.entry.mirrored or all(each.mirrored for each in one.by)


def _bares_tunnel(one: Hidden) -> bool:
    """Packets of a tunnel that pass, are dropped or go elsewhere before it sees them."""
    return one.entry.tunnel is not None and any(
        each.tunnel is None and each.action in ("permit", "block", "bypass") for each in one.by)


def _number(many: list[Hidden]) -> str:
    names = list(dict.fromkeys(f"'{one.entry.name}' of rule '{one.entry.rule}'" for one in many))
    return f"Filter {names[0]}" if len(names) == 1 else \
        f"{len(names)} filters, such as {names[0]},"


def _shadowed(look: Look, station: Station, shadows: list[Hidden]) -> Result:
    """By what, and which packets."""
    culprits = list(dict.fromkeys(each for one in shadows for each in one.by
                                  if each.tunnel is None and each.action != "negotiate"))
    rules = list(dict.fromkeys((one.policy, one.rule) for one in culprits))
    active = station.config.active_policy()
    location = active[0] if active is not None else "local"
    fixes = [repair.delete_rule(station, location, policy, rule) for policy, rule in rules
             if rule][:LINES_MOST]
    fix = fixes[0]._replace(safe=False, commands=tuple(
        line for one in fixes for line in one.commands)) if fixes else None
    what = culprits[0]
    text = (f"Filter '{what.name}' of rule '{what.rule}' ({what.action}) comes before the tunnel "
            f"rule '{shadows[0].entry.rule}' of {station.name} for {words(shadows[0].common)}.")
    result = _result(look, station, "overlapping-filters-shadow", shadows, text, fix)
    # Only what the asked traffic meets is a failure; the trace says so.
    return result._replace(verdict=WARN)


def _result(look: Look, station: Station, code: str, many: list[Hidden], text: str,
            fix: Fix | None) -> Result:
    lines = [f"{one.by[0].rule} / {one.by[0].name} before {one.entry.rule} / {one.entry.name}: "
             f"{words(one.common)}" for one in many[:LINES_MOST]]
    if len(many) > LINES_MOST:
        lines.append(f"and {len(many) - LINES_MOST} more")
    return found(code, text, machine=station.name, proof=READ, fix=fix,
                 evidence=(show(station, look, showing.NETDIAG, *lines),))


def _delete(station: Station, dead: Iterable[Hidden]) -> Fix | None:
    """The filters that never match may go."""
    lines = dict.fromkeys(entry_line(station, one.entry) for one in list(dead)[:LINES_MOST])
    commands = tuple(line.replace("add filter", "delete filter", 1).partition(" description=")[0]
                     for line in lines if line)
    return Fix("Delete them, or narrow what comes before.", commands, False, station.name) \
        if commands else None


def _known(look: Look, station: Station) -> set[tuple[Network, Network]]:
    """Pairs of networks, ours first, that something else vouches for."""
    pairs = {(leg.destination, leg.source) for other in look.gateways if other is not station
             for leg in other.legs if leg.outbound}
    if look.hints is not None:
        nets = look.hints.net_a, look.hints.net_b
        pairs.add(nets if look.hints.own in station.own else nets[::-1])
    return pairs


@check("mirrors", "policy", "Are the filters of each tunnel's rules each other's mirror image?",
       kind=STATIC, verify=showing.LISTS, codes=("half-mirrored-filters",))
def mirrors(look: Look) -> Iterator[Result]:
    """One direction must be for exactly the packets that answer the other's."""
    clean = True
    for station in look.gateways:
        for one in half_mirrored(station.legs):
            clean = False
            yield found("half-mirrored-filters", f"Rule '{one.out.rule.name}' of {station.name} is "
                        f"for {one.out.source} to {one.out.destination}, rule "
                        f"'{one.back.rule.name}' for {one.back.source} to "
                        f"{one.back.destination}.", machine=station.name, proof=READ,
                        fix=repair.mirror(station, one, *_known(look, station)),
                        evidence=(show(station, look, showing.LISTS, *one.lines()),))
    if clean:
        yield passed("They are.") if look.own.legs else skipped("There is no tunnel rule.")
