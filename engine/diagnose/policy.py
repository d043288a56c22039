"""Questions about the written policy: its two rules, filters, action, assignment (KB 252735)."""

from engine.address import Address, Network, format_address
from engine.diagnose.check import Result, check, evidence, failed, passed, warned
from engine.diagnose.finding import Evidence, Fix
from engine.diagnose.view import View, describe_filter, same_auth
from engine.policy.lint import weak_keys
from engine.policy.model import Rule
from engine.suites import (
    format_main_mode,
    format_quick_mode,
    weak_main_mode,
    weak_quick_mode,
)

STATIC = "ipsec static"
A_TO_B, B_TO_A = "NetA to NetB", "NetB to NetA"
ACTION = "IPSec tunnel: ESP"
RETIRED = "IKEv1 itself is retired (RFC 9395): for a new tunnel use IKEv2."


def quote(name: str) -> str:
    """A name as it is typed: quoted when it needs to be."""
    return f'"{name}"' if not name or any(ch in ' "=\t' for ch in name) else name


def _name(view: View) -> str:
    found = view.policy()
    return found[1].name if found else view.plan.policy_name


def _location(view: View) -> str:
    found = view.policy()
    return found[0] if found else "local"


def add_list(name: str, source: Network, destination: Network) -> tuple[str, ...]:
    """The commands that build one of the article's one-way filter lists."""
    return (
        f"{STATIC} add filterlist name={quote(name)}",
        f"{STATIC} add filter filterlist={quote(name)} "
        f"srcaddr={format_address(source.address)} srcmask={format_address(source.mask)} "
        f"dstaddr={format_address(destination.address)} "
        f"dstmask={format_address(destination.mask)} protocol=ANY mirrored=no "
        f"description={quote(name)}",
    )


def _free_name(taken: tuple[str, ...], wanted: str) -> str:
    """`wanted`, or with a number behind it when that name is taken."""
    names = {name.lower() for name in taken}
    number, name = 2, wanted
    while name.lower() in names:
        name, number = f"{wanted} {number}", number + 1
    return name


def _direction_commands(view: View, wanted: str, source: Network, destination: Network,
                        tunnel: Address) -> tuple[str, ...]:
    """Commands that add the missing rule of one direction, with list and action if need be."""
    location, config = _location(view), view.config
    commands: list[str] = []
    list_name = ""
    for one in config.filterlists(location):
        if len(one.filters) == 1 and not one.filters[0].mirrored \
                and not one.filters[0].protocol \
                and one.filters[0].source[:3] == ("ip", *source) \
                and one.filters[0].destination[:3] == ("ip", *destination):
            list_name = one.name
    if not list_name:
        list_name = _free_name(tuple(x.name for x in config.filterlists(location)), wanted)
        commands += add_list(list_name, source, destination)
    rules = view.rules()
    if rules:
        action = rules[0].filteraction
    else:
        known = [x for x in config.filteractions(location)
                 if x.action == "negotiate" and not x.soft and not x.inpass]
        action = known[0].name if known else ACTION
        if not known:
            commands.append(f"{STATIC} add filteraction name={quote(action)} action=negotiate "
                            f'inpass=no soft=no qmsecmethods="ESP[3DES,SHA1]"')
    policy = _name(view)
    taken = tuple(x.name for x in config.rules(policy, location)) if view.policy() else ()
    commands.append(f"{STATIC} add rule name={quote(_free_name(taken, wanted))} "
                    f"policy={quote(policy)} filterlist={quote(list_name)} "
                    f"filteraction={quote(action)} tunnel={format_address(tunnel)} "
                    f"psk={view.plan.key}")
    return tuple(commands)


def _rule_lines(view: View) -> tuple[str, ...]:
    lines = [f"{rule.name}: list {rule.filterlist}, action {rule.filteraction}, "
             f"tunnel {format_address(rule.tunnel or 0)}{'' if rule.active else ', not active'}"
             for rule in view.rules()]
    return tuple(lines) or ("no tunnel rule",)


def _show_rules(view: View) -> Evidence:
    return evidence(f"{STATIC} show rule all policy={quote(_name(view))}", *_rule_lines(view))


@check("policy", "How to Create IPSec Policy", "Is there an IPsec policy for the tunnel?",
       why="Everything else hangs on it: without a policy the gateway forwards in the clear.",
       verify=f"{STATIC} show policy all")
def policy_exists(view: View) -> Result:
    names = tuple(policy.name for location in ("domain", "local", "persistent")
                  for policy in view.config.policies(location))
    if view.policy() is None:
        create = (f"{STATIC} add policy name={quote(view.plan.policy_name)} "
                  f"activatedefaultrule=no")
        return failed("no-policy", "The store holds no policy.",
                      Fix("Create the policy, without the default response rule.", (create,)),
                      evidence(f"{STATIC} show policy all", "no policy"))
    return passed(f"Policy '{_name(view)}' is there.",
                  evidence(f"{STATIC} show policy all", *names))


@check("domain", "How to Create IPSec Policy", "Is no domain policy in the way of the local one?",
       why="A policy that the domain assigns overrides the local one on every member.",
       verify="netdiag /test:ipsec", needs=("policy",))
def no_domain_override(view: View) -> Result:
    active = view.config.active_policy()
    local = [policy for policy in view.config.policies("local") if policy.assigned]
    if active is not None and active[0] == "domain" and local:
        return failed(
            "domain-policy-overrides",
            f"The domain assigns '{active[1].name}', so the local '{local[0].name}' is not in "
            "force.",
            Fix("Take the domain policy off this gateway (an organizational unit of its own), "
                "or assign the tunnel policy in the domain.",
                (f"{STATIC} set store location=domain",
                 f"{STATIC} set policy name={quote(active[1].name)} assign=no",
                 f"{STATIC} set store location=local"), safe=False),
            evidence("netdiag /test:ipsec", f"Directory IPSec Policy Active: '{active[1].name}'"))
    return passed("No domain policy overrides the local one.")


@check("default-response", "How to Create IPSec Policy", "Is the default response rule off?",
       why="It lets peers negotiate that no tunnel rule names.",
       verify=f"{STATIC} show policy all", needs=("policy",))
def default_response_off(view: View) -> Result:
    found = view.policy()
    assert found is not None
    if found[1].default_rule.active:
        return warned("default-response-rule-on", "The default response rule is active.",
                      Fix("Switch it off.", (f"{STATIC} set defaultrule "
                                             f"policy={quote(found[1].name)} activate=no",)))
    return passed("The default response rule is off.")


@check("rule-out", "How to Configure a Rule for a NetA-to-NetB Tunnel",
       "Does a tunnel rule take NetA to NetB to the other gateway?",
       why="The outbound rule tells which packets are protected and where the tunnel ends.",
       verify=f"{STATIC} show rule all", needs=("policy",))
def outbound_rule(view: View) -> Result:
    return _rule_present(view, A_TO_B, view.plan.net_a, view.plan.net_b, view.plan.peer_external,
                         "the other gateway's external address")


@check("rule-in", "How to Configure a Rule for a NetB-to-NetA Tunnel",
       "Does a second rule take NetB to NetA to our own external address?",
       why="A tunnel has two ends, so it takes two rules; without the second one the other "
           "side's packets are decrypted and thrown away.",
       verify=f"{STATIC} show rule all", needs=("policy",))
def inbound_rule(view: View) -> Result:
    return _rule_present(view, B_TO_A, view.plan.net_b, view.plan.net_a, view.plan.own_external,
                         "our own external address")


def _rule_present(view: View, wanted: str, source: Network, destination: Network,
                  tunnel: Address, where: str) -> Result:
    rule = view.rule_towards(source, destination)
    shown = _show_rules(view)
    if rule is None:
        return failed("missing-second-rule" if view.rules() else "no-tunnel-rules",
                      f"No tunnel rule has a filter from {source} to {destination}.",
                      Fix("Build the filter list and the rule.",
                          _direction_commands(view, wanted, source, destination, tunnel)), shown)
    if not rule.active:
        return failed("rule-disabled", f"Rule '{rule.name}' exists but is not active.",
                      Fix("Activate it.", (_set_rule(view, rule, "activate=yes"),)), shown)
    if rule.tunnel != tunnel:
        other = view.rule_towards(destination, source)
        both = other is not None and other.tunnel == rule.tunnel
        return failed("both-rules-same-endpoint" if both else "wrong-tunnel-endpoint",
                      f"Rule '{rule.name}' ends its tunnel at {format_address(rule.tunnel or 0)}, "
                      f"not at {format_address(tunnel)}, {where}.",
                      Fix("Correct the tunnel end.",
                          (_set_rule(view, rule, f"tunnel={format_address(tunnel)}"),)), shown)
    return passed(f"Rule '{rule.name}' ends at {format_address(tunnel)}.", shown)


def _set_rule(view: View, rule: Rule, change: str) -> str:
    return f"{STATIC} set rule name={quote(rule.name)} policy={quote(_name(view))} {change}"


@check("filters", "How to Build a Filter List",
       "Are the tunnel's filters one-way and for addresses only?",
       why="Tunnels do not support protocol or port filters, and a mirrored filter sends the "
           "return direction to the wrong end.",
       verify=f"{STATIC} show filterlist all level=verbose", needs=("rule-out", "rule-in"))
def filters_are_plain(view: View) -> Result:
    lines: list[str] = []
    for rule in view.rules():
        for one in view.filters(rule):
            lines.append(f"{rule.filterlist}: {describe_filter(one)}")
            if one.mirrored or one.protocol or one.source_port or one.destination_port:
                code = "mirrored-on-tunnel-filter" if one.mirrored \
                    else "protocol-specific-tunnel-filter"
                what = "is mirrored" if one.mirrored else "names a protocol or port"
                source = Network(one.source.address, one.source.prefix)
                destination = Network(one.destination.address, one.destination.prefix)
                name = quote(rule.filterlist)
                commands = (f"{STATIC} delete filter filterlist={name} "
                            f"srcaddr={format_address(source.address)} "
                            f"dstaddr={format_address(destination.address)}",
                            add_list(rule.filterlist, source, destination)[1])
                return failed(code, f"A filter of list '{rule.filterlist}' {what}: "
                                    f"{describe_filter(one)}.",
                              Fix("Replace the filter by a one-way filter for addresses only.",
                                  commands, safe=one.source.kind == one.destination.kind == "ip"),
                              evidence(f"{STATIC} show filterlist {name} level=verbose", *lines))
    return passed("Every tunnel filter is one-way, any protocol.",
                  evidence(f"{STATIC} show filterlist all level=verbose", *lines))


@check("action", "How to Configure a Rule for a NetA-to-NetB Tunnel",
       "Does the filter action negotiate security and accept nothing unsecured?",
       why="Of the check boxes only session PFS is valid for tunnels; inpass and soft let "
           "clear text through.",
       verify=f"{STATIC} show filteraction all", needs=("rule-out", "rule-in"))
def action_is_strict(view: View) -> Result:
    location, lines = _location(view), []
    for name in dict.fromkeys(rule.filteraction for rule in view.rules()):
        action = view.config.filteraction(name, location)
        offers = " ".join(format_quick_mode(method) for method in action.methods)
        lines.append(f"{action.name}: {action.action}, inpass {_yes(action.inpass)}, "
                     f"soft {_yes(action.soft)}, {offers}")
        shown = evidence(f"{STATIC} show filteraction {quote(action.name)}", *lines)
        if action.action != "negotiate":
            return failed("action-not-negotiate",
                          f"Filter action '{action.name}' is '{action.action}'.",
                          Fix("Let it negotiate.", (f"{STATIC} set filteraction "
                                                    f"name={quote(action.name)} action=negotiate",
                                                    )), shown)
        if action.soft or action.inpass:
            return failed("soft-association-allowed",
                          f"Filter action '{action.name}' lets traffic pass unsecured.",
                          Fix("Switch both boxes off.",
                              (f"{STATIC} set filteraction name={quote(action.name)} soft=no "
                               "inpass=no",)), shown)
    return passed("The filter action negotiates, and accepts nothing unsecured.",
                  evidence(f"{STATIC} show filteraction all", *lines))


def _yes(value: bool) -> str:
    return "yes" if value else "no"


@check("auth", "How to Configure a Rule for a NetB-to-NetA Tunnel",
       "Do both rules authenticate by the same method?",
       why="The same method must be used in both rules.",
       verify=f"{STATIC} show rule all level=verbose", needs=("rule-out", "rule-in"))
def same_authentication(view: View) -> Result:
    rules = [rule for rule in view.rules() if rule.active]
    lines = tuple(f"{rule.name}: {', '.join(method.kind for method in rule.auth)}"
                  for rule in rules)
    shown = evidence(f"{STATIC} show rule all level=verbose", *lines)
    repair = tuple(_set_rule(view, rule, f"psk={view.plan.key}") for rule in rules)
    if any(not same_auth(rules[0], rule) for rule in rules[1:]):
        return failed("auth-methods-differ-between-rules",
                      "The rules differ in method or key.",
                      Fix("Give both rules the same method.", repair), shown)
    if all(method.kind == "kerberos" for method in rules[0].auth):
        return failed("auth-method-unusable",
                      "Kerberos only: the other gateway is no member of a trusted domain.",
                      Fix("Use a preshared key or certificates.", repair), shown)
    return passed("Both rules use the same method.", shown)


@check("strength", "How to Configure a Rule for a NetA-to-NetB Tunnel",
       "Are the offered algorithms and the key strong?",
       why="DES, MD5 and the 768 and 1024-bit groups protect against nobody determined, and a "
           "short key is guessed from one recorded negotiation.",
       verify=f"{STATIC} show filteraction all", needs=("rule-out", "rule-in"))
def suites_are_strong(view: View) -> Result:
    found = view.policy()
    assert found is not None
    weak = [format_main_mode(method) for method in found[1].methods if weak_main_mode(method)]
    for rule in view.rules():
        for method in view.config.filteraction(rule.filteraction, found[0]).methods:
            if weak_quick_mode(method):
                weak.append(format_quick_mode(method))
    keys = weak_keys(view.rules())
    if weak:
        guessed = " The pre-shared key is weak too." if keys else ""
        return warned("weak-des-proposal",
                      f"Weak offers: {' '.join(dict.fromkeys(weak))}. No cause of failure."
                      f"{guessed} {RETIRED}",
                      Fix("Offer stronger ones, when the other gateway accepts them.",
                          _stronger(view), safe=False))
    if keys:
        return warned("weak-key", f"No weak offer, but {keys[0].text}. No cause of failure. "
                      f"{RETIRED}", Fix(keys[0].fix, (), safe=False))
    return passed(f"No weak offer. {RETIRED}")


def _stronger(view: View) -> tuple[str, ...]:
    actions = dict.fromkeys(rule.filteraction for rule in view.rules())
    return (f'{STATIC} set policy name={quote(_name(view))} mmsecmethods="AES256-SHA256-14"',
            *(f'{STATIC} set filteraction name={quote(name)} qmsecmethods="ESP[AES256,SHA256]"'
              for name in actions))


@check("assigned", "How to Assign Your New IPSec Policy to Your Windows 2000 Gateway",
       "Is the policy assigned?",
       why="A policy that is not assigned does nothing: traffic leaves in the clear.",
       verify=f"{STATIC} show policy all", needs=("policy",))
def policy_assigned(view: View) -> Result:
    found = view.policy()
    assert found is not None
    location, policy = found
    shown = evidence(f"{STATIC} show policy {quote(policy.name)}",
                     f"Assigned: {_yes(policy.assigned).upper()}")
    if not policy.assigned:
        return failed("policy-not-assigned", f"'{policy.name}' is not assigned.",
                      Fix("Assign it.", (f"{STATIC} set policy name={quote(policy.name)} "
                                         "assign=yes",)), shown)
    return passed(f"'{policy.name}' is assigned ({location}).", shown)
