"""The command lines behind objects: what an operator would type to make them."""

from engine.address import format_address, prefix_mask
from engine.diagnose.station import Station
from engine.pipeline.route import RouteEntry
from engine.policy.model import Filter, Interface, Route, RrasFilter, Rule
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
