"""The rules of a machine's own configuration: interfaces, RRAS filters, routes, auditing.

Like `engine.policy.verify`: one function each, Refused with a stable rule name.
"""

from collections.abc import Iterable

from engine.address import ALL_ONES, format_address
from engine.policy.model import (
    AUDIT_CATEGORIES,
    CERTIFICATE_TYPES,
    AuditSetting,
    Certificate,
    Interface,
    Machine,
    Route,
    RrasDefault,
    RrasFilter,
)
from engine.policy.verify import (
    TCP,
    name_usable,
    no_host_bits,
    number_between,
    one_of,
    ports,
    refuse,
    text_clean,
)

ICMP = 1


def machine(new: Machine) -> None:
    """All rules of a machine."""
    name_usable("Machine", new.name)
    one_of("the role of a machine", new.role, ("gateway", "router", "host", "nat", "proxy"))


def interface(new: Interface) -> None:
    """All rules of an interface."""
    name_usable("Interface", new.name)
    number_between("the address of an interface", new.address, 0, ALL_ONES)
    number_between("the prefix length of an interface", new.prefix, 0, 32)
    # RFC 791: every module must forward 68 octets without fragmentation.
    number_between("mtu", new.mtu, 68, 65535)
    if new.gateway is not None:
        number_between("the gateway of an interface", new.gateway, 1, ALL_ONES)
    text_clean("Interface", "mac", new.mac)
    text_clean("Interface", "link", new.link)


def rras_filter(new: RrasFilter) -> None:
    """All rules of an RRAS filter."""
    one_of("filtertype", new.direction, ("input", "output"))
    number_between("srcmask", new.source_prefix, 0, 32)
    number_between("dstmask", new.destination_prefix, 0, 32)
    no_host_bits("srcaddr", new.source, new.source_prefix)
    no_host_bits("dstaddr", new.destination, new.destination_prefix)
    if new.established and new.protocol != TCP:
        refuse("contradiction", "only TCP can be established", "Filter")
    if new.protocol == ICMP:
        number_between("type", new.source_port, 0, 255)
        number_between("code", new.destination_port, 0, 255)
    else:
        ports("a filter", new.protocol, new.source_port, new.destination_port)


def rras_filter_new(new: RrasFilter, existing: Iterable[RrasFilter]) -> None:
    """An interface does not hold the same filter twice."""
    if new in existing:
        refuse("exists", f"the filter {describe_rras_filter(new)} already exists", "Filter")


def rras_default(new: RrasDefault) -> None:
    """All rules of a default action."""
    one_of("filtertype", new.direction, ("input", "output"))
    one_of("action", new.action, ("drop", "forward"))


def route(new: Route) -> None:
    """All rules of a static route."""
    number_between("mask", new.prefix, 0, 32)
    number_between("metric", new.metric, 1, 9999)
    one_of("view", new.view, ("unicast", "multicast", "both"))
    no_host_bits("dest", new.destination, new.prefix)
    number_between("nhop", new.gateway, 0, ALL_ONES)
    text_clean("Route", "protocol", new.protocol)


def route_new(new: Route, existing: Iterable[Route]) -> None:
    """Two routes differ in destination, interface or gateway."""
    if new[:4] in (one[:4] for one in existing):
        refuse("exists", f"the route {describe_route(new)} already exists", "Route")


def audit(new: AuditSetting) -> None:
    """All rules of an audit setting."""
    one_of("category", new.category, AUDIT_CATEGORIES)


def certificate(new: Certificate) -> None:
    """All rules of a certificate entry: absolute paths, a key only for the machine's own."""
    name_usable("Certificate", new.name)
    one_of("type", new.type, CERTIFICATE_TYPES)
    for what, path in (("file", new.file), ("key", new.key)):
        text_clean("Certificate", what, path)
        if path and not path.startswith("/"):
            refuse("relative-path", f"{what} must be an absolute path", "Certificate", new.name)
    if not new.file:
        refuse("no-file", "a certificate needs a file", "Certificate", new.name)
    if new.type != "machine" and (new.key or new.password):
        refuse("contradiction", f"a certificate of type {new.type} has neither key nor password",
               "Certificate", new.name)


def describe_rras_filter(one: RrasFilter) -> str:
    """An RRAS filter in a sentence: interface, direction, source -> destination."""
    return (f"{one.interface} {one.direction} {format_address(one.source)}/{one.source_prefix}"
            f" -> {format_address(one.destination)}/{one.destination_prefix}")


def describe_route(one: Route) -> str:
    """A route in a sentence: destination, interface, gateway."""
    return (f"{format_address(one.destination)}/{one.prefix} {one.interface} "
            f"{format_address(one.gateway)}")
