"""What the kernel says of its devices, addresses and routes, as frozen values."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from engine.address import Address
from engine.agent import PolicySnapshot
from engine.configuration import HostSnapshot
from engine.policy.model import Interface, Route


class Device(NamedTuple):
    """A network device with its IPv4 addresses, (address, prefix) each, the first one primary.

    `number` is the kernel's interface index.
    """

    name: str
    number: int
    up: bool
    mtu: int
    mac: str = ""
    addresses: tuple[tuple[Address, int], ...] = ()


class KernelRoute(NamedTuple):
    """A unicast route of the main table that is not our own; `gateway` 0 means on-link."""

    destination: Address
    prefix: int
    gateway: Address
    device: str
    metric: int = 0
    connected: bool = False


class Facts(NamedTuple):
    """All devices and routes at one moment."""

    devices: tuple[Device, ...] = ()
    routes: tuple[KernelRoute, ...] = ()

    def device(self, name: str) -> Device | None:
        """The device of that name."""
        return next((one for one in self.devices if one.name == name), None)


def tunnel_ends(policy: PolicySnapshot) -> frozenset[Address]:
    """The addresses at which the tunnels of the policy in force end, ours and the peers'."""
    return frozenset(one.rule.tunnel for one in policy.rules if one.rule.tunnel)


def interfaces_of(facts: Facts, names: Mapping[str, str],
                  ends: Collection[Address] = ()) -> tuple[Interface, ...]:
    """The adapters that work now: `names` maps an adapter's name to its device.

    Of several addresses of a device it is one of the tunnel's `ends` that counts, else the first.
    A device that is missing, down or without an address is no adapter until that is mended.
    """
    found = []
    for name, device_name in names.items():
        device = facts.device(device_name)
        if device is None or not device.up or not device.addresses:
            continue
        address, prefix = next((one for one in device.addresses if one[0] in ends),
                               device.addresses[0])
        found.append(Interface(name, address, prefix, default_gateway(facts, device_name),
                               device.mac.replace(":", "-").upper(), device.mtu, device_name))
    return tuple(found)


def default_gateway(facts: Facts, device: str) -> Address | None:
    """The next hop of the best default route through a device."""
    found = [one for one in facts.routes
             if one.device == device and not one.prefix and one.gateway]
    return min(found, key=lambda one: one.metric).gateway if found else None


def why_down(facts: Facts, name: str, device_name: str) -> str:
    """Why an adapter does not work; "" when it does."""
    device = facts.device(device_name)
    if device is None:
        return f"{name}: the device {device_name} does not exist"
    if not device.up:
        return f"{name}: the device {device_name} is down"
    if not device.addresses:
        return f"{name}: the device {device_name} has no IPv4 address"
    return ""


def guess_names(facts: Facts, besides: Iterable[str] = ()) -> dict[str, str]:
    """Names for the devices when nobody gave any: External has the default route.

    Of two devices the other one is Internal; more of them keep their own names.
    """
    skip = {"lo", *besides}
    usable = [one for one in facts.devices if one.name not in skip and one.addresses]
    outside = next((one.name for one in usable if default_gateway(facts, one.name)), "")
    names = {"External": outside} if outside else {}
    others = [one.name for one in usable if one.name != outside]
    if len(others) == 1:
        return {**names, "Internal": others[0]}
    return {**names, **{one: one for one in others}}


def kernel_routes(facts: Facts, interfaces: Iterable[Interface]) -> tuple[Route, ...]:
    """The kernel's own routes through the adapters, without connected nets and their defaults."""
    names = {one.link: one for one in interfaces}
    return tuple(
        Route(one.destination, one.prefix, names[one.device].name, one.gateway, one.metric or 1)
        for one in facts.routes
        if one.device in names and not one.connected
        and (one.prefix or one.gateway != names[one.device].gateway))


def overlay(snapshot: HostSnapshot, interfaces: tuple[Interface, ...],
            routes: tuple[Route, ...], off: Collection[str] = ()) -> HostSnapshot:
    """The stored configuration with the adapters and routes that the kernel really has.

    Filters and routes of the adapters `off` (their names in lower case) do not count.
    """
    known = {(one.destination, one.prefix, one.gateway) for one in routes}
    stored = tuple(one for one in snapshot.routes if one.interface.casefold() not in off
                   and (one.destination, one.prefix, one.gateway) not in known)
    filters = tuple(one for one in snapshot.filters if one.interface.casefold() not in off)
    defaults = tuple(one for one in snapshot.defaults if one.interface.casefold() not in off)
    return snapshot._replace(interfaces=interfaces, routes=(*stored, *routes),
                             filters=filters, defaults=defaults,
                             fragcheck=tuple(one for one in snapshot.fragcheck
                                             if one.casefold() not in off),
                             policy=snapshot.policy._replace(interfaces=interfaces))
