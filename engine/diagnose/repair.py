"""What mends a fault, as command lines that can be typed as they stand on one machine."""

from engine.address import Address, Network, format_address, prefix_mask
from engine.diagnose.finding import Fix
from engine.diagnose.plan import Intent
from engine.diagnose.station import Station
from engine.diagnose.tunnels import Half, Leg, judged_policy
from engine.policy.model import FilterAction, Interface, Policy, Rule, Side
from engine.policy.script import quote
from engine.suites import MainModeMethod, QuickModeMethod, format_main_mode, format_quick_mode

STATIC, ROUTING = "ipsec static", "routing ip"
# How the key that both gateways share is written: a variable, never the key itself.
KEY = "${PSK}"
POLICY_NAME = "IPSec tunnel with third-party gateway"
ACTION_NAME = "IPSec tunnel: ESP"
GOOD_QUICK = "ESP[AES256,SHA256]"
FRESH = "ipsec dynamic delete sa"
LOCAL = "local"


def ends(network: Network, word: str) -> str:
    """``srcaddr=... srcmask=...`` of a network; `word` is src or dst."""
    return (f"{word}addr={format_address(network.address)} "
            f"{word}mask={format_address(network.mask)}")


def located(location: str, *commands: str) -> tuple[str, ...]:
    """Commands about a policy of that location."""
    if location == LOCAL:
        return commands
    return (f"{STATIC} set store location={location}", *commands,
            f"{STATIC} set store location={LOCAL}")


def fix(station: Station, text: str, *commands: str, safe: bool = True) -> Fix:
    """A fix that is typed on that machine."""
    return Fix(text, commands, safe, station.name)


# --- policy ---------------------------------------------------------------------------------------


def assign(station: Station, location: str, policy: str) -> Fix:
    """The policy is put in force."""
    return fix(station, f"Assign the policy '{policy}'.", *located(
        location, f"{STATIC} set policy name={quote(policy)} assign=yes"))


def unassign(station: Station, location: str, policy: str) -> Fix:
    """Another policy is taken out of force."""
    return fix(station, f"Take the {location} policy '{policy}' off this machine, or build the "
                        "tunnel into it.", *located(
        location, f"{STATIC} set policy name={quote(policy)} assign=no"))


def set_rule(station: Station, leg: Leg, text: str, change: str) -> Fix:
    """One property of a rule."""
    rule = leg.rule
    return fix(station, text, *located(
        leg.location, f"{STATIC} set rule name={quote(rule.name)} policy={quote(rule.policy)} "
                      f"{change}"))


def same_authentication(station: Station, legs: tuple[Leg, ...], method: str, text: str) -> Fix:
    """The same method in every rule of a tunnel."""
    rules = dict.fromkeys((leg.rule.name, leg.rule.policy) for leg in legs)
    return fix(station, text, *located(legs[0].location, *(
        f"{STATIC} set rule name={quote(name)} policy={quote(policy)} {method}"
        for name, policy in rules)))


def replace_filter(station: Station, leg: Leg, source: Network, destination: Network) -> Fix:
    """A leg's filter becomes a one-way filter for those networks, any protocol."""
    name, one = quote(leg.rule.filterlist), leg.filter
    old = f"{_side(one.source, 'src')} {_side(one.destination, 'dst')}"
    extra = f" protocol={one.protocol}" if one.protocol else ""
    extra += "".join(f" {word}={port}" for word, port in (
        ("srcport", one.source_port), ("dstport", one.destination_port)) if port)
    return fix(station, "Replace the filter by a one-way filter for addresses only.", *located(
        leg.location,
        f"{STATIC} delete filter filterlist={name} {old}{extra} "
        f"mirrored={'yes' if one.mirrored else 'no'}",
        f"{STATIC} add filter filterlist={name} {ends(source, 'src')} {ends(destination, 'dst')} "
        f"protocol=ANY mirrored=no" + (f" description={quote(one.description)}"
                                       if one.description else "")))


def mirror(station: Station, half: Half, *known: tuple[Network, Network]) -> Fix:
    """Both rules for the same two networks: those that are known (ours, theirs), else the rule
    out's.
    """
    text = "Make the two rules each other's mirror image."
    out, back = half.out, half.back
    if (back.destination, back.source) in known and (out.source, out.destination) not in known:
        return replace_filter(station, out, back.destination, back.source)._replace(text=text)
    return replace_filter(station, back, out.destination, out.source)._replace(text=text)


def _side(side: Side, word: str) -> str:
    if side.kind in ("ip", "dns"):
        return (f"{word}addr={format_address(side.address)} "
                f"{word}mask={format_address(prefix_mask(side.prefix))}")
    return f"{word}addr={side.name or side.kind}"


def free_name(taken: tuple[str, ...], wanted: str) -> str:
    """`wanted`, or with a number behind it when that name is taken."""
    names = {name.casefold() for name in taken}
    number, name = 2, wanted
    while name.casefold() in names:
        name, number = f"{wanted} {number}", number + 1
    return name


def add_leg(station: Station, intent: Intent, outbound: bool) -> Fix:
    """A missing rule of a tunnel, with its filter list, after the pattern of the other one."""
    config = station.config
    judged = judged_policy(config)
    location, policy = judged if judged is not None else (LOCAL, None)
    commands: list[str] = []
    name = policy.name if policy is not None else POLICY_NAME
    if policy is None:
        commands.append(f"{STATIC} add policy name={quote(name)} activatedefaultrule=no")
    commands += leg_lines(station, intent, outbound, location, name)
    way = "out" if outbound else "back"
    return fix(station, f"Build the rule {way}: filter list and rule.",
               *located(location, *commands))


def leg_lines(station: Station, intent: Intent, outbound: bool, location: str, policy: str,
              action: str = "") -> list[str]:
    """The commands of one leg: list, filter, action if there is none to share, rule."""
    config, tunnel = station.config, intent.tunnel
    other = tunnel and (tunnel.back if outbound else tunnel.out)
    source, destination = ((intent.local, intent.remote) if outbound
                           else (intent.remote, intent.local))
    wanted = f"{_place(source)} to {_place(destination)}"
    commands: list[str] = []
    lists = config.filterlists(location)
    listed = next((one.name for one in lists if len(one.filters) == 1 and _is_plain(
        one.filters[0].source, one.filters[0].destination, source, destination)
        and not one.filters[0].protocol and not one.filters[0].mirrored), "")
    if not listed:
        listed = free_name(tuple(one.name for one in lists), wanted)
        commands += [f"{STATIC} add filterlist name={quote(listed)}",
                     f"{STATIC} add filter filterlist={quote(listed)} {ends(source, 'src')} "
                     f"{ends(destination, 'dst')} protocol=ANY mirrored=no "
                     f"description={quote(wanted)}"]
    if not action:
        action = other.rule.filteraction if other else ""
    if not action:
        action = _action(config.filteractions(location))
    if not action:
        action = ACTION_NAME
        commands.append(f"{STATIC} add filteraction name={quote(action)} action=negotiate "
                        f'inpass=no soft=no qmsecmethods="{GOOD_QUICK}"')
    rules = tuple(one.name for one in config.rules(policy, location)) if any(
        one.name == policy for one in config.policies(location)) else ()
    end = intent.peer if outbound else intent.own
    commands.append(f"{STATIC} add rule name={quote(free_name(rules, wanted))} "
                    f"policy={quote(policy)} filterlist={quote(listed)} "
                    f"filteraction={quote(action)} tunnel={format_address(end)} "
                    f"{authentication(other.rule if other else None)}")
    return commands


def _place(network: Network) -> str:
    return str(network)


def _is_plain(source: Side, destination: Side, wanted: Network, other: Network) -> bool:
    return (source[:3] == ("ip", *wanted)) and (destination[:3] == ("ip", *other))


def _action(known: tuple[FilterAction, ...]) -> str:
    """An action that suits a tunnel: it negotiates and accepts nothing unsecured."""
    return next((one.name for one in known if one.action == "negotiate"
                 and not one.soft and not one.inpass), "")


def authentication(rule: Rule | None) -> str:
    """The method tags of another rule; a key is the variable's."""
    methods = rule.auth if rule is not None else ()
    tags = [f"rootca={quote(one.value)}" for one in methods if one.kind == "rootca"]
    return " ".join(tags) if tags else f"psk={KEY}"


def delete_rule(station: Station, location: str, policy: str, rule: str) -> Fix:
    """A rule that is in the way goes out of force; it stays in the store."""
    return fix(station, f"Switch off the rule '{rule}', or narrow its filter.", *located(
        location, f"{STATIC} set rule name={quote(rule)} policy={quote(policy)} activate=no"))


def set_action(station: Station, location: str, action: str, text: str, change: str) -> Fix:
    """One property of a filter action."""
    return fix(station, text, *located(
        location, f"{STATIC} set filteraction name={quote(action)} {change}"))


def main_methods(station: Station, location: str, policy: Policy,
                 methods: tuple[MainModeMethod, ...], text: str) -> Fix:
    """What main mode offers."""
    offers = " ".join(format_main_mode(one) for one in methods)
    return fix(station, text, *located(
        location, f'{STATIC} set policy name={quote(policy.name)} mmsecmethods="{offers}"'), FRESH)


def quick_methods(station: Station, location: str, action: str,
                  methods: tuple[QuickModeMethod, ...], text: str) -> Fix:
    """What quick mode offers."""
    offers = " ".join(format_quick_mode(one) for one in methods)
    return set_action(station, location, action, text, f'qmsecmethods="{offers}"')


# --- the machine around it ------------------------------------------------------------------------


def service(station: Station) -> Fix:
    """The policy agent."""
    return fix(station, "Start the IPSEC Policy Agent.", "net start policyagent")


def forwarding(station: Station) -> Fix:
    """Routing and Remote Access."""
    return fix(station, "Switch routing on.", "net start remoteaccess")


def restart_agent(station: Station) -> Fix:
    """The driver's filters are loaded anew."""
    return fix(station, "Restart the policy agent, so that it loads the policy.",
               "net stop policyagent", "net start policyagent")


def allow(station: Station, interface: str, direction: str, source: Network,
          destination: Network, text: str) -> Fix:
    """An RRAS filter that lets it pass a fence."""
    return fix(station, text,
               f"{ROUTING} add filter name={quote(interface)} filtertype={direction} "
               f"{ends(source, 'src')} {ends(destination, 'dst')} proto=ANY")


def add_route(station: Station, network: Network, interface: str, hop: Address,
              text: str, *before: str) -> Fix:
    """A persistent route."""
    return fix(station, text, *before,
               f"{ROUTING} add persistentroute dest={format_address(network.address)} "
               f"mask={format_address(network.mask)} name={quote(interface)} "
               f"nhop={format_address(hop)} metric=1")


def traverse(station: Station) -> Fix:
    """NAT traversal on one gateway."""
    return fix(station, "Switch NAT traversal on at both gateways.",
               "ipsec dynamic set config property=natt value=yes", FRESH)


def way_out(station: Station, intent: Intent) -> Fix:
    """A route to the other gateway; which router it leads by, only the administrator knows."""
    return fix(station, f"Add a route to {format_address(intent.peer)} by the router of "
                        f"{intent.outside}: routing ip add persistentroute, or a default gateway.",
               safe=False)


def delete_route(destination: Address, prefix: int, interface: str) -> str:
    """The command that deletes a persistent route."""
    return (f"{ROUTING} delete persistentroute dest={format_address(destination)} "
            f"mask={format_address(prefix_mask(prefix))} name={quote(interface)}")


def default_gateway(station: Station, adapter: Interface, gateway: Address) -> Fix:
    """A host's default gateway."""
    return fix(station, f"Set the default gateway of {station.name} to "
                        f"{format_address(gateway)}.",
               f"interface ip set address name={quote(adapter.name)} "
               f"gateway={format_address(gateway)} gwmetric=1")


def answer_echo(station: Station) -> Fix:
    """A host's own firewall."""
    return fix(station, f"Let {station.name} answer echo requests, or test with another "
                        "protocol.", "firewall set icmpsetting type=8 mode=enable")


def set_mtu(station: Station, interface: str, mtu: int) -> Fix:
    """The MTU of an adapter."""
    return fix(station, f"Set the MTU of {interface} to {mtu}.",
               f"interface ip set subinterface interface={quote(interface)} mtu={mtu}")
