"""The addresses of the lab: the article's names with what they stand for.

Whoever binds the names to other addresses gets the same lab there: the hosts, the routers between
the gateways and the third party's policy follow.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.address import (
    Address,
    Network,
    format_address,
    make_network,
    member,
    parse_address,
    parse_network,
    prefix_mask,
)

ROUTED_PREFIX = 24


class Site(NamedTuple):
    """Five nets and the gateways' addresses in them.

    `net_a` and `net_b` are the article's, `transit_a` and `transit_b` join the gateways to the
    routers, `middle` joins the routers. Hosts and routers have the addresses that `member` gives
    for "host" and "hop".
    """

    net_a: Network
    net_b: Network
    transit_a: Network
    transit_b: Network
    middle: Network
    own_internal: Address
    own_external: Address
    peer_external: Address
    peer_internal: Address

    def names(self) -> dict[str, str]:
        """Every name with its value, as ``${...}`` inserts it."""
        nets = {"NetA": self.net_a, "NetB": self.net_b, "TransitA": self.transit_a,
                "TransitB": self.transit_b, "Middle": self.middle}
        found = {name: str(net) for name, net in nets.items()}
        for name in ("NetA", "NetB"):
            found[name + "Id"] = format_address(nets[name].address)
            found[name + "Mask"] = format_address(nets[name].mask)
        return found | {name: format_address(address) for name, address in (
            ("W2KintIP", self.own_internal), ("W2KextIP", self.own_external),
            ("W2KpubIP", self.own_external),
            ("3rdExtIP", self.peer_external), ("3rdIntIP", self.peer_internal))}


# RFC 5737's nets stand for the Internet; 203.0.113.0 is the routers' own.
DEFAULT = Site(
    Network(0x0A010000, 24), Network(0x0A020000, 24), Network(0xC0000200, 24),
    Network(0xC6336400, 24), Network(0xCB007100, 30),
    0x0A010001, 0xC0000201, 0xC6336401, 0x0A020001)

# A gateway's address and the net it lies in, by their names and by their fields.
_PLACES = (("W2KintIP", "own_internal", "NetA", "net_a"),
           ("W2KextIP", "own_external", "TransitA", "transit_a"),
           ("3rdExtIP", "peer_external", "TransitB", "transit_b"),
           ("3rdIntIP", "peer_internal", "NetB", "net_b"))


def bound(names: Mapping[str, str]) -> Site:
    """The site with some names bound to other values; names it does not know are left alone.

    A gateway follows its net to the net's first address, a transit net follows its gateway.
    Raises ValueError: no address, a net too small or overlapping, an address outside its net.
    """
    site = DEFAULT
    if "Middle" in names:
        site = site._replace(middle=_net("Middle", names["Middle"]))
    for name, field, net_name, net_field in _PLACES:
        net: Network = getattr(site, net_field)
        address: Address = getattr(site, field)
        if name in names:
            address = _address(name, names[name])
        if net_name in names:
            net = _net(net_name, names[net_name])
            address = address if name in names else net.address + 1
        elif name in names and address not in net and net_name.startswith("Transit"):
            net = make_network(address & prefix_mask(ROUTED_PREFIX), ROUTED_PREFIX)
        found: dict[str, Any] = {field: address, net_field: net}
        site = site._replace(**found)
    _check(site)
    return site


def _net(name: str, text: str) -> Network:
    try:
        net = parse_network(text)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None
    if not 1 <= net.prefix <= 30:
        raise ValueError(f"{name} must be a net of at least two hosts, such as 10.1.0.0/24")
    return net


def _address(name: str, text: str) -> Address:
    try:
        return parse_address(text)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None


def _check(site: Site) -> None:
    nets = dict(zip(("NetA", "NetB", "TransitA", "TransitB", "Middle"), site, strict=False))
    for name, field, net_name, net_field in _PLACES:
        net: Network = getattr(site, net_field)
        address: Address = getattr(site, field)
        other = member(net, "host" if net_name.startswith("Net") else "hop")
        if address not in net:
            raise ValueError(f"{name} {format_address(address)} is not in {net_name} {net}")
        if address in (net.address, net.address | ~net.mask & 0xFFFFFFFF, other):
            raise ValueError(f"{name} {format_address(address)} is taken in {net_name} {net}")
    pairs = [(one, two) for one in nets for two in nets if one < two]
    for one, two in pairs:
        first, second = Network(*nets[one]), Network(*nets[two])  # type: ignore[misc]
        if first.meets(second):
            raise ValueError(f"{one} {first} and {two} {second} overlap")
