"""What the words in the braces of a fault's lines stand for on one machine."""

from engine.address import Address, Network, format_address, prefix_mask
from engine.diagnose.tunnels import Tunnel, tunnels
from engine.errors import Refused
from engine.faults.fence import fence_words
from engine.policy.methods import format_quick_modes
from engine.policy.model import Interface
from engine.policy.script import quote
from engine.policy.store import Config, Store

GATEWAY_ROLE = "gateway"
SHORT_SECONDS = 300


def facts(store: Store, machine: str) -> dict[str, str]:
    """The words for `machine` and what is around it, each as it is typed.

    A host has the words of its network only. Raises NotFound, Refused("no-tunnel").
    """
    config = store.on(machine)
    words = {"machine": quote(config.name), "other": _other(store, config.name)}
    words |= _hosts(store, config.name)
    for one in config.interfaces()[:1]:
        words |= {"adapter": quote(one.name), "wrong_gateway": format_address(
            (one.address & prefix_mask(one.prefix)) + (1 << 32 - one.prefix) - 2)}
    if config.machine.role == GATEWAY_ROLE:
        words |= _gateway(config)
        if words["other"]:
            words |= _theirs(store.on(words["other"]))
    return words


def _theirs(config: Config) -> dict[str, str]:
    """The policy and the two rules of the other gateway's tunnel."""
    found = next((one for one in tunnels(config) if one.out and one.back), None)
    if found is None:
        return {}
    assert found.out and found.back
    return {"their_policy": quote(found.out.rule.policy),
            "their_out_rule": quote(found.out.rule.name),
            "their_back_rule": quote(found.back.rule.name)}


def _other(store: Store, machine: str) -> str:
    """The other gateway: the first machine of that role that is not this one."""
    return next((one.name for one in store.machines()
                 if one.role == GATEWAY_ROLE and one.name != machine), "")


def _hosts(store: Store, machine: str) -> dict[str, str]:
    """The hosts next to this machine and behind the other gateway, and their addresses."""
    links = {one.link for one in store.on(machine).interfaces()}
    near, far = "", ""
    for one in store.machines():
        if one.role != "host" or one.name == machine:
            continue
        if links & {each.link for each in store.on(one.name).interfaces()}:
            near = near or one.name
        else:
            far = far or one.name
    words = {"near_host": near, "far_host": far}
    for word, name in (("near_address", near), ("far_address", far)):
        for adapter in store.on(name).interfaces()[:1] if name else ():
            words[word] = format_address(adapter.address)
    return words


def _gateway(config: Config) -> dict[str, str]:
    found = next((one for one in tunnels(config) if one.out and one.back), None)
    if found is None:
        raise Refused("no-tunnel", f"{config.name} has no tunnel to break: a policy with one rule "
                                   "each way")
    assert found.out and found.back
    rule, own = found.out.rule, found.own or _outside(config, found).address
    action = config.filteraction(rule.filteraction, found.out.location)
    outside = _outside(config, found)
    wide = _wider(found.remote)
    return {
        "policy": quote(rule.policy), "action": quote(rule.filteraction),
        "out_rule": quote(rule.name), "back_rule": quote(found.back.rule.name),
        "out_list": quote(rule.filterlist), "back_list": quote(found.back.rule.filterlist),
        "outside": quote(outside.name), "outside_link": quote(outside.link),
        "outside_net": _network(outside), "own": format_address(own),
        "peer": format_address(found.peer), "nobody": format_address(_neighbour(found.peer, 77)),
        "second": format_address(_neighbour(own, 2)), "second_mask": str(outside.prefix),
        "hop": format_address(_hop(config, outside, found.peer)),
        "peer_net": format_address(found.peer & prefix_mask(24)),
        **fence_words(config), **_ends("local", found.local), **_ends("remote", found.remote),
        **_ends("wide", wide),
        "short": quote(format_quick_modes(tuple(
            one._replace(seconds=SHORT_SECONDS) for one in action.methods))),
    }


def _ends(word: str, network: Network) -> dict[str, str]:
    return {word: format_address(network.address), f"{word}_mask": format_address(network.mask)}


def _wider(network: Network) -> Network:
    """The network eight bits wider, or a host's class C."""
    prefix = max(network.prefix - 8, 1)
    return Network(network.address & prefix_mask(prefix), prefix)


def _neighbour(address: Address, number: int) -> Address:
    """The host of that number in the same last octet's range, the next one if it is the address
    itself: the same place in the network wherever the network is.
    """
    return address & ~255 | number + (address & 255 == number)


def _network(interface: Interface) -> str:
    return format_address(interface.address & prefix_mask(interface.prefix))


def _outside(config: Config, tunnel: Tunnel) -> Interface:
    """The adapter that holds our end of the tunnel, else the one that leads to the other end."""
    adapters = config.interfaces()
    routed = {one.interface for one in config.routes() if one.gateway == tunnel.peer}
    return next((one for one in adapters if one.address == tunnel.own), next(
        (one for one in adapters if one.name in routed), adapters[-1]))


def _hop(config: Config, outside: Interface, peer: Address) -> Address:
    """The router towards the peer."""
    for route in config.routes():
        if route.interface == outside.name and peer in Network(route.destination, route.prefix):
            return route.gateway
    return outside.gateway or peer
