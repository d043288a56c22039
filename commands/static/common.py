"""What the commands of `ipsec static` share: which object is meant, and warnings."""

from collections.abc import Iterable

from commands.answer import Answer, Warn
from commands.errors import CommandError
from engine.policy.model import AuthMethod, FilterAction, FilterList, Policy, Rule
from engine.values import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from commands.session import Session
    from commands.spec import Command
    from engine.policy.lint import Lint

USAGE_EXIT = 2


def named(name: str, guid: str, word: str = "guid") -> str:
    """The object that name= or guid= means. Raises CommandError for none and for both."""
    if name and guid:
        raise CommandError("contradiction", f"name and {word} are given; one is enough",
                           tag=word, exit=USAGE_EXIT, fix=f"leave {word} out")
    if not name and not guid:
        raise CommandError("missing-tag", "The argument is missing: name", tag="name",
                           fix=f"name=<string> or {word}=<guid>", exit=USAGE_EXIT)
    return name or guid


def given(**fields: object) -> dict[str, Any]:
    """The fields that were given: what was not typed is None."""
    return {field: value for field, value in fields.items() if value is not None}


def authentication(kerberos: bool | None, psk: str | None, rootca: tuple[AuthMethod, ...],
                   command: "Command") -> tuple[AuthMethod, ...] | None:
    """The typed authentication methods in their typed order, None when none was typed."""
    methods: list[AuthMethod] = []
    authorities = iter(rootca)
    typed = [field for field in command.order_given if field in ("kerberos", "psk", "rootca")]
    for field in typed:
        if field == "rootca":
            methods.append(next(authorities))
        elif field == "psk":
            assert psk is not None
            methods.append(AuthMethod("psk", psk))
        elif kerberos:
            methods.append(AuthMethod("kerberos"))
    return tuple(methods) if typed else None


def answer(lints: "Iterable[Lint]") -> Answer:
    """Nothing to say but the warnings, each once."""
    return Answer(warnings=tuple(dict.fromkeys(Warn(*lint) for lint in lints)))


def tunnel_lints(session: "Session", policy: Policy) -> "list[Lint]":
    """What is wrong with the tunnel rules of a policy taken together."""
    from engine.policy import lint
    rules = session.config.rules(policy.name, session.location)
    found = lint.tunnel_auth(rules, lists_of(session, rules))
    return found + (lint.tunnel_rules(policy, rules) if policy.assigned else [])


def partner_lints(session: "Session", rule: Rule) -> "list[Lint]":
    """What is wrong between a tunnel rule and the other one of its tunnel."""
    from engine.policy import lint
    found = []
    if rule.active:
        for first, second in session.config.pairs_of(rule, session.location):
            found += lint.pair_auth(first, second)
    return found + ends_lints(session, session.config.policy(rule.policy, session.location))


def ends_lints(session: "Session", policy: Policy) -> "list[Lint]":
    """Whether the assigned policy has rules for one end of its tunnels only."""
    from engine.policy import lint
    ends = session.config.tunnel_ends(policy.name, session.location)
    return lint.tunnel_ends(policy, ends) if policy.assigned else []


def lists_of(session: "Session", rules: Iterable[Rule]) -> dict[str, FilterList]:
    """The filter lists that rules use, by name."""
    return {name: session.config.filterlist(name, session.location)
            for name in dict.fromkeys(rule.filterlist for rule in rules)}


def tunnels_using(session: "Session", users: Iterable[str]) -> list[Rule]:
    """The tunnel rules among users ("policy/rule") of a list or an action."""
    wanted = set(users)
    if not wanted:
        return []
    return [rule for policy in session.config.policies(session.location)
            for rule in session.config.rules(policy.name, session.location)
            if rule.tunnel is not None and f"{rule.policy}/{rule.name}" in wanted]


def action_lints(session: "Session", action: FilterAction, typed_methods: bool) -> "list[Lint]":
    """What is wrong with an action for the tunnel rules that use it, and its typed offers."""
    from engine.policy import lint
    users = session.config.used_by_action(action.name, session.location)
    found = [one for rule in tunnels_using(session, users)
             for one in lint.tunnel_action(rule, action)]
    return found + (lint.weak_quick_modes(action.name, action.methods) if typed_methods else [])
