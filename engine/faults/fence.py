"""The article's RRAS filters of a gateway: what is missing of them, and what deletes them."""

from engine.address import Address, Network, format_address
from engine.diagnose.tunnels import tunnels
from engine.lab.placing import GATEWAY_INSIDE
from engine.policy.model import RrasFilter
from engine.policy.script import quote, rras_filter_line
from engine.policy.store import Config

OUTPUT, INPUT = "output", "input"


def _pairs(config: Config) -> tuple[str, list[tuple[str, str, Network, Network]]]:
    """The outer interface and what must pass it: "tunnel" and "ike" in each direction."""
    found = next(one for one in tunnels(config) if one.out and one.back)
    outside = next((one.name for one in config.interfaces() if one.address == found.own),
                   config.interfaces()[-1].name)
    own, peer = Network(found.own, 32), Network(found.peer, 32)
    return outside, [("tunnel", OUTPUT, found.local, found.remote), ("ike", OUTPUT, own, peer),
                     ("tunnel", INPUT, found.remote, found.local), ("ike", INPUT, peer, own)]


def _passes(one: RrasFilter, source: Network, destination: Network) -> bool:
    return (Network(one.source, one.source_prefix).covers(source)
            and Network(one.destination, one.destination_prefix).covers(destination)
            and (one.source_prefix, one.destination_prefix) != (0, 0))


def fence_lines(config: Config) -> tuple[str, ...]:
    """What is missing of a fence that drops all but the tunnel and IKE; () where one stands."""
    outside, pairs = _pairs(config)
    if all(config.rras_default(outside, way) == "drop" for way in (OUTPUT, INPUT)):
        return ()
    lines = []
    for _, direction, source, destination in pairs:
        known = config.rras_filters(outside, direction)
        if not any(_passes(one, source, destination) and not one.protocol for one in known):
            lines.append("routing ip " + rras_filter_line(RrasFilter(
                outside, direction, *source, *destination)))
    lines += [f"routing ip set filter name={quote(outside)} filtertype={direction} action=DROP"
              for direction in (OUTPUT, INPUT)
              if config.rras_default(outside, direction) != "drop"]
    return tuple(lines)


def fence_words(config: Config) -> dict[str, str]:
    """Lines that delete what lets the tunnel or IKE through, for each direction."""
    outside, pairs = _pairs(config)
    words = {}
    for what, direction, source, destination in pairs:
        lines = [_delete(one) for one in config.rras_filters(outside, direction)
                 if _passes(one, source, destination)]
        words[f"{what}_{direction}"] = "\n".join(lines)
    return words | {"behind": format_address(GATEWAY_INSIDE),
                    "moved": moved_lines(config, GATEWAY_INSIDE)}


def moved_lines(config: Config, own: Address) -> str:
    """Lines that let IKE through a fence under another address of ours; "" without a fence."""
    outside, pairs = _pairs(config)
    lines = []
    for what, direction, source, destination in pairs:
        known = [one for one in config.rras_filters(outside, direction)
                 if what == "ike" and _passes(one, source, destination)]
        for one in known:
            lines.append(_delete(one))
            moved = one._replace(source=own) if direction == OUTPUT \
                else one._replace(destination=own)
            lines.append("routing ip " + rras_filter_line(moved))
    return "\n".join(lines)


def _delete(one: RrasFilter) -> str:
    return "routing ip " + rras_filter_line(one).replace("add filter", "delete filter", 1)
