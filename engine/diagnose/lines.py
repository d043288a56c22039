"""The command lines behind objects, what an operator would type to make them; and their words."""

from engine.address import Address, format_address, prefix_mask
from engine.diagnose.station import Station
from engine.pipeline.route import RouteEntry
from engine.policy.model import AuthMethod, Filter, Interface, Route, RrasFilter, Rule
from engine.policy.script import filter_line, quote, route_line, rras_filter_line, rule_lines
from engine.spd import SpdEntry

STATIC, ROUTING = "ipsec static", "routing ip"


def address_line(one: Interface) -> str:
    """An adapter's address and default gateway."""
    gateway = "" if one.gateway is None else f" gateway={format_address(one.gateway)}"
    return (f"interface ip set address name={quote(one.name)} source=static "
            f"addr={format_address(one.address)} mask={format_address(prefix_mask(one.prefix))}"
            f"{gateway}")


def route_entry_line(station: Station, one: RouteEntry) -> str:
    """A line of the effective table: a stored or runtime route, or an adapter's own."""
    if one.origin in ("connected", "default"):
        return address_line(station.interfaces[one.interface])
    route = Route(one.destination, one.prefix, one.interface, one.gateway, one.metric)
    words = f"{ROUTING} {route_line(route)}"
    return words if one.origin == "static" else words.replace("persistentroute", "rtmroute", 1)


def packet_filter_line(one: RrasFilter) -> str:
    """An RRAS filter."""
    return f"{ROUTING} {rras_filter_line(one)}"


def default_line(interface: str, direction: str, action: str) -> str:
    """What an interface does with packets that match no filter."""
    return (f"{ROUTING} set filter name={quote(interface)} filtertype={direction.upper()} "
            f"action={action.upper()}")


def rule_line(rule: Rule) -> str:
    """A rule, without its key."""
    return f"{STATIC} {rule_lines(rule)[-1]}"


def ipsec_filter_line(filterlist: str, one: Filter) -> str:
    """A filter of a list."""
    return f"{STATIC} {filter_line(filterlist, one)}"


def entry_line(station: Station, entry: SpdEntry) -> str:
    """The filter line behind an entry of the driver; "" for one that no stored rule made."""
    active = station.config.active_policy()
    if active is None:
        return ""
    for rule in station.config.rules(active[1].name, active[0]):
        if rule.name == entry.rule and rule.filterlist == entry.filterlist:
            for one in station.config.filterlist(rule.filterlist, active[0]).filters:
                if one.guid == entry.filter:
                    return ipsec_filter_line(rule.filterlist, one)
    return ""


def same_auth(one: Rule, other: Rule) -> bool:
    """Whether two rules name the same authentication methods in the same order."""
    def plain(methods: tuple[AuthMethod, ...]) -> list[tuple[str, str]]:
        return [(method.kind, "".join(method.value)) for method in methods]
    return plain(one.auth) == plain(other.auth)


def describe_filter(one: Filter) -> str:
    """A filter in one line, as the evidence prints it."""
    def side(kind: str, address: Address, prefix: int, name: str) -> str:
        return f"{format_address(address)}/{prefix}" if kind in ("ip", "dns") else name or kind
    ports = ""
    if one.protocol:
        ports = f" protocol {one.protocol}"
    if one.source_port or one.destination_port:
        ports += f" ports {one.source_port}->{one.destination_port}"
    mirrored = " mirrored" if one.mirrored else ""
    return f"{side(*one.source)} -> {side(*one.destination)}{ports}{mirrored}"
