"""What Windows accepts and the article (or time) calls wrong: pure functions over store values.

Commands warn with these at once, the checklist asks them again. Each gives `Lint`s, never raises.
"""

from collections.abc import Iterable, Mapping

from engine.address import Address, format_address
from engine.policy.keystrength import WANTED_BITS, is_weak
from engine.policy.model import Filter, FilterAction, FilterList, Policy, Rule, Secret, Side
from engine.policy.script import filter_line, filter_tags, line, quote
from engine.suites import (
    MainModeMethod,
    QuickModeMethod,
    format_main_mode,
    format_quick_mode,
    weak_main_mode,
    weak_quick_mode,
)
from engine.values import NamedTuple


class Lint(NamedTuple):
    """One complaint: stable code, a sentence, and command lines or a sentence that mend it."""

    code: str
    text: str
    fix: str = ""


def check(policy: Policy, rules: Iterable[Rule], lists: Mapping[str, FilterList],
          actions: Mapping[str, FilterAction]) -> list[Lint]:
    """All complaints about a policy; `lists` and `actions` by name as the rules spell them."""
    rules = tuple(rules)
    found = default_response(policy) + weak_main_modes(policy.name, policy.methods)
    for rule in rules:
        found += tunnel_filters(rule, lists[rule.filterlist])
        found += tunnel_action(rule, actions[rule.filteraction])
    for name in dict.fromkeys(rule.filteraction for rule in rules):
        if actions[name].action == "negotiate":
            found += weak_quick_modes(name, actions[name].methods)
    return found + tunnel_rules(policy, rules) + tunnel_auth(rules, lists) + weak_keys(rules)


# --- tunnel rules -------------------------------------------------------------------------------


def tunnel_filters(rule: Rule, filterlist: FilterList) -> list[Lint]:
    """A tunnel's filters are not mirrored and name neither protocol nor port."""
    if rule.tunnel is None:
        return []
    return [lint for one in filterlist.filters
            for lint in tunnel_filter(filterlist.name, one, rule.name)]


def tunnel_filter(filterlist: str, one: Filter, rule: str) -> list[Lint]:
    """The complaints about one filter of a list that the tunnel rule `rule` uses."""
    found = []
    if one.mirrored:
        found.append(Lint(
            "TUN-MIRRORED",
            f"tunnel rule '{rule}' uses filter list '{filterlist}' with a mirrored filter "
            f"({describe(one)}); a tunnel needs one rule for each direction",
            _replace_lines(filterlist, one)))
    if one.protocol or one.source_port or one.destination_port:
        found.append(Lint(
            "TUN-PORT",
            f"tunnel rule '{rule}' uses filter list '{filterlist}' with a filter for one "
            f"protocol or port ({describe(one)}); tunnel filters are for addresses only",
            _replace_lines(filterlist, one)))
    return found


def tunnel_action(rule: Rule, action: FilterAction) -> list[Lint]:
    """A tunnel's action has neither inbound passthrough nor fall-back to clear text."""
    if rule.tunnel is None or action.action != "negotiate":
        return []
    found = []
    fix = line("ipsec static set filteraction", name=quote(action.name))
    if action.inpass:
        found.append(Lint("TUN-INPASS", f"filter action '{action.name}' of tunnel rule "
                          f"'{rule.name}' accepts unsecured inbound traffic", fix + " inpass=no"))
    if action.soft:
        found.append(Lint("TUN-SOFT", f"filter action '{action.name}' of tunnel rule "
                          f"'{rule.name}' falls back to clear text (soft association)",
                          fix + " soft=no"))
    return found


def tunnel_rules(policy: Policy, rules: Iterable[Rule]) -> list[Lint]:
    """A tunnel has two rules: each end point needs its own."""
    return tunnel_ends(policy, [rule.tunnel for rule in rules
                                if rule.tunnel is not None and rule.active])


def tunnel_ends(policy: Policy, ends: Iterable[Address]) -> list[Lint]:
    """The same, of the end points that a policy's active tunnel rules have."""
    found = set(ends)
    if len(found) != 1:
        return []
    end = format_address(found.pop())
    return [Lint("TUN-ONE-RULE", f"policy '{policy.name}' has tunnel rules for {end} only; the "
                 "other direction needs a rule of its own with the other end of the tunnel",
                 "add the rule of the other direction, with its own end as tunnel=")]


def tunnel_auth(rules: Iterable[Rule], lists: Mapping[str, FilterList]) -> list[Lint]:
    """Both rules of a tunnel authenticate alike. Names the rules, never the keys."""
    return [lint for first, second in tunnel_pairs(rules, lists)
            for lint in pair_auth(first, second)]


def pair_auth(first: Rule, second: Rule) -> list[Lint]:
    """The same of one pair."""
    if first.auth == second.auth:
        return []
    return [Lint("TUN-AUTH-DIFFERS", f"rules '{first.name}' and '{second.name}' of one tunnel "
                 "have different authentication methods",
                 "set psk, kerberos or rootca of both rules alike, with `ipsec static set rule`")]


def tunnel_pairs(rules: Iterable[Rule],
                 lists: Mapping[str, FilterList]) -> list[tuple[Rule, Rule]]:
    """The active tunnel rules that belong together: the filters of one reverse the other's."""
    tunnels = [rule for rule in rules if rule.tunnel is not None and rule.active]
    if len(tunnels) == 2:
        return [(tunnels[0], tunnels[1])]
    by_ends: dict[tuple[Side, Side], list[int]] = {}
    for at, rule in enumerate(tunnels):
        for one in lists[rule.filterlist].filters:
            by_ends.setdefault((one.source, one.destination), []).append(at)
    pairs = {(at, other): None for at, rule in enumerate(tunnels)
             for one in lists[rule.filterlist].filters
             for other in by_ends.get((one.destination, one.source), ()) if other > at}
    return [(tunnels[first], tunnels[second]) for first, second in sorted(pairs)]


# --- suites and the default rule ----------------------------------------------------------------


def weak_main_modes(policy: str, methods: Iterable[MainModeMethod]) -> list[Lint]:
    """DES, MD5 and groups 1 and 2 no longer protect."""
    weak = [format_main_mode(one) for one in methods if weak_main_mode(one)]
    if not weak:
        return []
    return [Lint("WEAK-SUITE", f"policy '{policy}' offers weak main mode methods: "
                 + " ".join(weak), line("ipsec static set policy", name=quote(policy),
                                        mmsecmethods="AES256-SHA256-14"))]


def weak_quick_modes(action: str, methods: Iterable[QuickModeMethod]) -> list[Lint]:
    """DES and MD5 no longer protect."""
    weak = [format_quick_mode(one) for one in methods if weak_quick_mode(one)]
    if not weak:
        return []
    return [Lint("WEAK-SUITE", f"filter action '{action}' offers weak quick mode methods: "
                 + " ".join(weak), line("ipsec static set filteraction", name=quote(action),
                                        qmsecmethods="ESP[AES256,SHA256]"))]


def weak_keys(rules: Iterable[Rule]) -> list[Lint]:
    """Keys that can be guessed from a recorded negotiation. Names the rules, never the keys."""
    weak = [rule.name for rule in rules
            if any(method.kind == "psk" and is_weak(Secret(method.value)) for method in rule.auth)]
    if not weak:
        return []
    names = ", ".join(f"'{name}'" for name in weak)
    return [Lint("WEAK-KEY", f"the pre-shared key of {names} has fewer than {WANTED_BITS} bits: "
                 "who negotiates once can guess it offline",
                 "20 random characters or more, the same at both ends: set rule ... psk=")]


def default_response(policy: Policy) -> list[Lint]:
    """The article switches the default response rule off."""
    if not policy.default_rule.active:
        return []
    return [Lint("DEFAULT-RESPONSE", f"the default response rule of policy '{policy.name}' is "
                 "on; a tunnel does not need it",
                 line("ipsec static set policy", name=quote(policy.name),
                      activatedefaultrule="no"))]


# --- words --------------------------------------------------------------------------------------


def describe(one: Filter) -> str:
    """A filter in a few words: 10.1.0.0/24 -> 10.2.0.0/24."""
    return f"{_side(one.source)} -> {_side(one.destination)}"


def _side(side: Side) -> str:
    if side.kind in ("ip", "dns"):
        return f"{format_address(side.address)}/{side.prefix}"
    return side.name or side.kind


def _replace_lines(filterlist: str, one: Filter) -> str:
    """Two commands: the filter goes, its one-way twin for addresses only comes."""
    plain = one._replace(mirrored=False, protocol=0, source_port=0, destination_port=0)
    delete = line("ipsec static delete filter", filterlist=quote(filterlist), **filter_tags(one))
    return f"{delete}\nipsec static {filter_line(filterlist, plain)}"
