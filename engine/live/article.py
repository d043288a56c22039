"""The article's names on a live machine: whose addresses they are here."""

from engine.address import Network, format_address, prefix_mask
from engine.host import Host
from engine.spd import OUTBOUND

EXTERNAL, INTERNAL = "External", "Internal"


def article_names(host: Host) -> dict[str, str]:
    """W2KextIP, NetA and so on: from the adapters, and from the first tunnel in force."""
    names: dict[str, str] = {}
    outer, inner = (host.interfaces.get(one) for one in (EXTERNAL, INTERNAL))
    if outer is not None:
        names["W2KextIP"] = format_address(outer.address)
    if inner is not None:
        names["W2KintIP"] = format_address(inner.address)
        _name(names, "NetA", Network(inner.address & prefix_mask(inner.prefix), inner.prefix))
    for one in host.spd.entries:
        if one.direction == OUTBOUND and one.tunnel is not None:
            names["3rdExtIP"] = format_address(one.tunnel)
            _name(names, "NetA", one.source)
            _name(names, "NetB", one.destination)
            # Where nobody said which address the far gateway has inside, the first one is asked.
            names["3rdIntIP"] = format_address(one.destination.address | 1)
            break
    return names


def _name(names: dict[str, str], name: str, network: Network) -> None:
    names[name] = str(network)
    names[name + "Id"] = format_address(network.address)
    names[name + "Mask"] = format_address(prefix_mask(network.prefix))
