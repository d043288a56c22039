"""Whether an interface's RRAS filters let IKE through while a tunnel policy is in force.

RRAS filtering sits above IPsec: ESP never meets it, but IKE is an ordinary UDP packet of the
gateway itself. The article therefore allows W2KextIP to 3rdExtIP in both directions.
"""

from collections.abc import Iterator

from commands.answer import Warn
from commands.routing.static import stored_table
from engine.address import Address, Network, format_address
from engine.ip import UDP
from engine.policy.model import Interface, RrasFilter
from engine.values import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.policy.store import Config

IKE_PORT = 500
HOST_MASK = "255.255.255.255"


def meets(one: RrasFilter, source: Address, destination: Address) -> bool:
    """Whether an IKE packet (UDP 500 to 500) between these addresses matches a filter."""
    return (source in Network(one.source, one.source_prefix)
            and destination in Network(one.destination, one.destination_prefix)
            and one.protocol in (0, UDP)
            and one.source_port in (0, IKE_PORT)
            and one.destination_port in (0, IKE_PORT))


def tunnel_ends(config: "Config") -> tuple[set[Address], list[Address]]:
    """The tunnel ends of the policy in force: (this machine's own, the peers' as the rules come).
    """
    active = config.active_policy()
    if active is None:
        return set(), []
    location, policy = active
    ends = dict.fromkeys(rule.tunnel for rule in config.rules(policy.name, location)
                         if rule.active and rule.tunnel is not None)
    own = {one.address for one in config.interfaces()}
    return ends.keys() & own, [end for end in ends if end not in own]


def _outward(config: "Config", interface: Interface, own: set[Address], peer: Address) -> bool:
    """Whether tunnels to that peer leave through this interface.

    It holds one of the own tunnel ends; while no rule names one, the routes decide.
    """
    if own:
        return interface.address in own
    hop = stored_table(config).resolve(peer)
    return hop is not None and hop.interface == interface.name


def _line(verb: str, one: RrasFilter) -> str:
    """The command that adds or deletes an address-only filter."""
    return (f'routing ip {verb} filter name="{one.interface}" filtertype={one.direction.upper()} '
            f"srcaddr={format_address(one.source)} srcmask={HOST_MASK} "
            f"dstaddr={format_address(one.destination)} dstmask={HOST_MASK} proto=ANY")


def _missing(config: "Config", interface: Interface, peer: Address) -> Iterator[Warn]:
    ways = (("output", interface.address, peer), ("input", peer, interface.address))
    for direction, source, destination in ways:
        if config.rras_default(interface.name, direction) != "drop":
            continue
        filters = config.rras_filters(interface.name, direction)
        if any(meets(one, source, destination) for one in filters):
            continue
        wanted = RrasFilter(interface.name, direction, source, 32, destination, 32)
        yield Warn("RRAS-NO-IKE",
                   f"{direction} filters of {interface.name} drop IKE between "
                   f"{format_address(source)} and {format_address(destination)}: the tunnel "
                   "cannot be negotiated", _line("add", wanted))


def without_ike(config: "Config", interface: Interface) -> tuple[Warn, ...]:
    """A warning for each direction and peer whose IKE the interface drops, with its mending."""
    own, peers = tunnel_ends(config)
    return tuple(warn for peer in peers if _outward(config, interface, own, peer)
                 for warn in _missing(config, interface, peer))
