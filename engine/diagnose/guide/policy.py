"""Steps about the policy itself, the two filter lists and the two rules (KB 252735)."""

from engine.address import Address, Network, format_address
from engine.diagnose import repair, showing
from engine.diagnose.finding import Evidence, Fix
from engine.diagnose.guide.step import Result, evidence, failed, passed, step, warned
from engine.diagnose.guide.view import View
from engine.diagnose.lines import describe_filter, same_auth
from engine.policy.lint import weak_keys
from engine.policy.model import FilterList, Rule
from engine.policy.script import quote
from engine.suites import (
    format_main_mode,
    format_quick_mode,
    weak_main_mode,
    weak_quick_mode,
)

STATIC = "ipsec static"
A_TO_B, B_TO_A = "NetA to NetB", "NetB to NetA"
ACTION = "IPSec tunnel: ESP"
LOCAL = "local"
RETIRED = "IKEv1 itself is retired (RFC 9395): for a new tunnel use IKEv2."
CREATE = "How to Create IPSec Policy"
LIST_OUT = "How to Build a Filter List from NetA to NetB"
LIST_IN = "How to Build a Filter List from NetB to NetA"
RULE_OUT = "How to Configure a Rule for a NetA-to-NetB Tunnel"
RULE_IN = "How to Configure a Rule for a NetB-to-NetA Tunnel"


def name_of(view: View) -> str:
    """The policy's name, or the one it is to get."""
    return view.judged[1].name if view.judged is not None else view.plan.policy_name


def location_of(view: View) -> str:
    """The policy's place in the store."""
    return view.judged[0] if view.judged is not None else LOCAL


def _located(view: View, text: str, *commands: str, safe: bool = True) -> Fix:
    return Fix(text, repair.located(location_of(view), *commands), safe)


# --- the policy -----------------------------------------------------------------------------------


@step("policy", CREATE, "Is there an IPsec policy for the tunnel?",
      why="Everything else hangs on it: without a policy the gateway forwards in the clear.",
      verify=f"{STATIC} show policy all")
def policy_exists(view: View) -> Result:
    names = tuple(policy.name for location in ("domain", "local", "persistent")
                  for policy in view.config.policies(location))
    if view.judged is None:
        create = (f"{STATIC} add policy name={quote(view.plan.policy_name)} "
                  f"activatedefaultrule=no")
        return failed("no-policy", "The store holds no policy.",
                      Fix("Create the policy, without the default response rule.", (create,)),
                      evidence(f"{STATIC} show policy all", "no policy"))
    return passed(f"Policy '{name_of(view)}' is there.",
                  evidence(f"{STATIC} show policy all", *names))


@step("domain", CREATE, "Is no domain policy in the way of the local one?",
      why="A policy that the domain assigns overrides the local one on every member.",
      verify="netdiag /test:ipsec", needs=("policy",))
def no_domain_override(view: View) -> Result:
    active = view.config.active_policy()
    local = [policy for policy in view.config.policies(LOCAL) if policy.assigned]
    if active is not None and active[0] == "domain" and local:
        return failed(
            "domain-policy-overrides",
            f"The domain assigns '{active[1].name}', so the local '{local[0].name}' is not in "
            "force.",
            repair.unassign(view.station, active[0], active[1].name),
            evidence("netdiag /test:ipsec", f"Directory IPSec Policy Active: '{active[1].name}'"))
    return passed("No domain policy overrides the local one.")


@step("default-response", CREATE, "Is the default response rule off?",
      why="It lets peers negotiate that no tunnel rule names.",
      verify=f"{STATIC} show policy all", needs=("policy",))
def default_response_off(view: View) -> Result:
    policy = view.policy()[1]
    if policy.default_rule.active:
        return warned("default-response-rule-on", "The default response rule is active.",
                      _located(view, "Switch it off.", f"{STATIC} set defaultrule "
                               f"policy={quote(policy.name)} activate=no"))
    return passed("The default response rule is off.")


# --- the filter lists -----------------------------------------------------------------------------


@step("list-out", LIST_OUT, "Is there a one-way filter list from NetA to NetB?",
      why="The filters say which packets the tunnel is for: addresses only, since tunnels support "
          "neither protocols nor ports, and one way, since the mirror image would send the "
          "answers to the wrong end.",
      verify=showing.LISTS, needs=("policy",))
def list_out(view: View) -> Result:
    return _list(view, A_TO_B, view.plan.net_a, view.plan.net_b)


@step("list-in", LIST_IN, "Is there a one-way filter list from NetB to NetA?",
      why="A tunnel has two ends, so it takes two lists and two rules: this one is for what comes "
          "back.",
      verify=showing.LISTS, needs=("policy",))
def list_in(view: View) -> Result:
    return _list(view, B_TO_A, view.plan.net_b, view.plan.net_a)


def _list(view: View, wanted: str, source: Network, destination: Network) -> Result:
    leg = view.leg(source, destination)
    if leg is None:
        plain = _plain_list(view, source, destination)
        if plain is not None:
            return passed(f"List '{plain.name}' is one-way, any protocol.", _show_list(plain))
        return _no_list(view, wanted, source, destination)
    one, name = leg.filter, leg.rule.filterlist
    shown = evidence(f"{STATIC} show filterlist {quote(name)} level=verbose",
                     f"{name}: {describe_filter(one)}")
    if one.mirrored or one.protocol or one.source_port or one.destination_port:
        code = "mirrored-on-tunnel-filter" if one.mirrored else "protocol-specific-tunnel-filter"
        what = "is mirrored" if one.mirrored else "names a protocol or port"
        return failed(code, f"A filter of list '{name}' {what}: {describe_filter(one)}.",
                      repair.replace_filter(view.station, leg, source, destination), shown)
    return passed(f"List '{name}' is one-way, any protocol.", shown)


def _no_list(view: View, wanted: str, source: Network, destination: Network) -> Result:
    """No filter is for exactly these networks: one of a tunnel rule may nearly be."""
    near = view.near_leg(source, destination)
    if near is not None:
        return failed("peer-filter-not-mirrored",
                      f"Rule '{near.rule.name}' is for {near.source} to {near.destination}, not "
                      f"for {source} to {destination}.",
                      repair.replace_filter(view.station, near, source, destination),
                      evidence(f"{STATIC} show filterlist {quote(near.rule.filterlist)} "
                               "level=verbose", describe_filter(near.filter)))
    name = repair.free_name(tuple(
        one.name for one in view.config.filterlists(location_of(view))), wanted)
    return failed("no-filter-list", f"No filter is for {source} to {destination}.",
                  _located(view, "Build the filter list.",
                           f"{STATIC} add filterlist name={quote(name)}",
                           f"{STATIC} add filter filterlist={quote(name)} "
                           f"{repair.ends(source, 'src')} {repair.ends(destination, 'dst')} "
                           f"protocol=ANY mirrored=no description={quote('From ' + wanted)}"),
                  evidence(showing.LISTS, *(_lists(view) or ("no filter list",))))


def _plain_list(view: View, source: Network, destination: Network) -> FilterList | None:
    """A list that holds just the wanted filter, and that no tunnel rule uses yet."""
    return next((one for one in view.config.filterlists(location_of(view))
                 if len(one.filters) == 1 and not one.filters[0].mirrored
                 and not one.filters[0].protocol
                 and one.filters[0].source[:3] == ("ip", *source)
                 and one.filters[0].destination[:3] == ("ip", *destination)), None)


def _lists(view: View) -> tuple[str, ...]:
    return tuple(f"{name}: {count} filters"
                 for name, _, count in view.config.listed(location_of(view)))


def _show_list(one: FilterList) -> Evidence:
    return evidence(f"{STATIC} show filterlist {quote(one.name)} level=verbose",
                    *(f"{one.name}: {describe_filter(each)}" for each in one.filters))


# --- the rules ------------------------------------------------------------------------------------


@step("rule-out", RULE_OUT, "Does a tunnel rule take NetA to NetB to the other gateway?",
      why="The outbound rule tells which packets are protected and where the tunnel ends.",
      verify=f"{STATIC} show rule all", needs=("policy", "list-out"))
def outbound_rule(view: View) -> Result:
    return _rule_present(view, A_TO_B, view.plan.net_a, view.plan.net_b, view.plan.peer_external,
                         "the other gateway's external address")


def _rule_present(view: View, wanted: str, source: Network, destination: Network,
                  tunnel: Address, where: str) -> Result:
    leg, shown = view.leg(source, destination), _show_rules(view)
    if leg is None:
        return failed("missing-second-rule" if view.rules() else "no-tunnel-rules",
                      f"No tunnel rule has a filter from {source} to {destination}.",
                      _located(view, "Build the rule.",
                               *_rule_lines(view, wanted, source, destination, tunnel)), shown)
    rule = leg.rule
    if not rule.active:
        return failed("rule-disabled", f"Rule '{rule.name}' exists but is not active.",
                      repair.set_rule(view.station, leg, "Activate it.", "activate=yes"), shown)
    if rule.tunnel != tunnel:
        other = view.leg(destination, source)
        both = other is not None and other.rule.tunnel == rule.tunnel
        return failed("both-rules-same-endpoint" if both else "wrong-tunnel-endpoint",
                      f"Rule '{rule.name}' ends its tunnel at {format_address(rule.tunnel or 0)}, "
                      f"not at {format_address(tunnel)}, {where}.",
                      repair.set_rule(view.station, leg, "Correct the tunnel end.",
                                      f"tunnel={format_address(tunnel)}"), shown)
    return passed(f"Rule '{rule.name}' ends at {format_address(tunnel)}.", shown)


def _rule_lines(view: View, wanted: str, source: Network, destination: Network,
                tunnel: Address) -> tuple[str, ...]:
    """The rule of one direction, with a filter action when there is none to share."""
    location, config = location_of(view), view.config
    plain = _plain_list(view, source, destination)
    listed = plain.name if plain is not None else wanted
    commands: list[str] = []
    rules = view.rules()
    action = rules[0].filteraction if rules else next(
        (one.name for one in config.filteractions(location)
         if one.action == "negotiate" and not one.soft and not one.inpass), "")
    if not action:
        action = ACTION
        commands.append(f"{STATIC} add filteraction name={quote(action)} action=negotiate "
                        f'inpass=no soft=no qmsecmethods="ESP[3DES,SHA1]"')
    policy = name_of(view)
    taken = tuple(one.name for one in config.rules(policy, location))
    auth = repair.authentication(rules[0] if rules else None)
    auth = view.plan.key if auth.startswith("psk=") else auth
    return (*commands, f"{STATIC} add rule name={quote(repair.free_name(taken, wanted))} "
                       f"policy={quote(policy)} filterlist={quote(listed)} "
                       f"filteraction={quote(action)} tunnel={format_address(tunnel)} {auth}")


def _show_rules(view: View) -> Evidence:
    lines = tuple(f"{rule.name}: list {rule.filterlist}, action {rule.filteraction}, "
                  f"tunnel {format_address(rule.tunnel or 0)}"
                  f"{'' if rule.active else ', not active'}" for rule in view.rules())
    return evidence(f"{STATIC} show rule all policy={quote(name_of(view))}",
                    *(lines or ("no tunnel rule",)))


@step("action", RULE_OUT, "Does the filter action negotiate security and accept nothing unsecured?",
      why="Of the check boxes only session PFS is valid for tunnels; inpass and soft let "
          "clear text through.",
      verify=f"{STATIC} show filteraction all", needs=("rule-out",))
def action_is_strict(view: View) -> Result:
    location, lines = location_of(view), []
    for name in dict.fromkeys(rule.filteraction for rule in view.tunnel_rules()):
        action = view.config.filteraction(name, location)
        offers = " ".join(format_quick_mode(method) for method in action.methods)
        lines.append(f"{action.name}: {action.action}, inpass {yes(action.inpass)}, "
                     f"soft {yes(action.soft)}, {offers}")
        shown = evidence(showing.action(action.name), *lines)
        if action.action != "negotiate":
            return failed("action-not-negotiate",
                          f"Filter action '{action.name}' is '{action.action}'.",
                          repair.set_action(view.station, location, action.name,
                                            "Let it negotiate.", "action=negotiate"), shown)
        if action.soft or action.inpass:
            return failed("soft-association-allowed",
                          f"Filter action '{action.name}' lets traffic pass unsecured.",
                          repair.set_action(view.station, location, action.name,
                                            "Switch both boxes off.", "soft=no inpass=no"), shown)
    return passed("The filter action negotiates, and accepts nothing unsecured.",
                  evidence(f"{STATIC} show filteraction all", *lines))


def yes(value: bool) -> str:
    """A check box."""
    return "yes" if value else "no"


@step("strength", RULE_OUT, "Are the offered algorithms and the key strong?",
      why="DES, MD5 and the 768 and 1024-bit groups protect against nobody determined, and a "
          "short key is guessed from one recorded negotiation.",
      verify=f"{STATIC} show filteraction all", needs=("rule-out",))
def suites_are_strong(view: View) -> Result:
    location, policy = view.policy()
    rules = view.tunnel_rules()
    weak = [format_main_mode(method) for method in policy.methods if weak_main_mode(method)]
    for rule in rules:
        for method in view.config.filteraction(rule.filteraction, location).methods:
            if weak_quick_mode(method):
                weak.append(format_quick_mode(method))
    keys = weak_keys(rules)
    if weak:
        guessed = " The pre-shared key is weak too." if keys else ""
        return warned("weak-des-proposal",
                      f"Weak offers: {' '.join(dict.fromkeys(weak))}. No cause of failure."
                      f"{guessed} {RETIRED}", _stronger(view, rules))
    if keys:
        return warned("weak-key", f"No weak offer, but {keys[0].text}. No cause of failure. "
                      f"{RETIRED}", Fix(keys[0].fix, (), safe=False))
    return passed(f"No weak offer. {RETIRED}")


def _stronger(view: View, rules: tuple[Rule, ...]) -> Fix:
    actions = dict.fromkeys(rule.filteraction for rule in rules)
    return _located(view, "Offer stronger ones, when the other gateway accepts them.",
                    f'{STATIC} set policy name={quote(name_of(view))} '
                    'mmsecmethods="AES256-SHA256-14"',
                    *(f'{STATIC} set filteraction name={quote(name)} '
                      'qmsecmethods="ESP[AES256,SHA256]"' for name in actions), safe=False)


@step("rule-in", RULE_IN, "Does a second rule take NetB to NetA to our own external address?",
      why="A tunnel has two ends, so it takes two rules; without the second one the other "
          "side's packets are decrypted and thrown away.",
      verify=f"{STATIC} show rule all", needs=("policy", "list-in"))
def inbound_rule(view: View) -> Result:
    return _rule_present(view, B_TO_A, view.plan.net_b, view.plan.net_a, view.plan.own_external,
                         "our own external address")


@step("auth", RULE_IN, "Do both rules authenticate by the same method?",
      why="The same method must be used in both rules.",
      verify=f"{STATIC} show rule all level=verbose", needs=("rule-out", "rule-in"))
def same_authentication(view: View) -> Result:
    rules = view.tunnel_rules()
    lines = tuple(f"{rule.name}: {', '.join(method.kind for method in rule.auth)}"
                  for rule in rules)
    shown = evidence(f"{STATIC} show rule all level=verbose", *lines)
    if any(not same_auth(rules[0], rule) for rule in rules[1:]):
        return failed("auth-methods-differ-between-rules",
                      "The rules differ in method or key.",
                      _same_method(view, rules, "Give both rules the same method."), shown)
    if all(method.kind == "kerberos" for method in rules[0].auth):
        return failed("auth-method-unusable",
                      "Kerberos only: the other gateway is no member of a trusted domain.",
                      _same_method(view, rules, "Use a preshared key or certificates."), shown)
    return passed("Both rules use the same method.", shown)


def _same_method(view: View, rules: tuple[Rule, ...], text: str) -> Fix:
    return _located(view, text, *(
        f"{STATIC} set rule name={quote(rule.name)} policy={quote(name_of(view))} "
        f"{view.plan.key}" for rule in rules))
