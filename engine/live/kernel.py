"""The kernel through netlink: devices and routes read and watched, rules and routes set.

Reading and setting go through pyroute2; that something changed is heard on a socket of our own.
"""

import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from engine.address import Address, format_address, parse_address
from engine.errors import Broken
from engine.live.facts import Device, Facts, KernelRoute
from engine.live.loop import Loop
from engine.live.steering import (
    GROUPS,
    LAST_METRIC,
    PREFERENCE,
    PROTOCOL,
    TABLES,
    Rule,
    Steering,
    TunRoute,
)
from engine.policy.model import Route

TUN_QUEUE = 1000
"""Packets that wait for the agent while others have the processor, as on other devices."""
MAIN_TABLE = 254
_GROUPS = 0x1 | 0x10 | 0x40  # RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE
_UNICAST, _UNREACHABLE = 1, 7
_KERNEL_PROTOCOL = 2
_UP = 0x1
# What says that the thing to delete is not there, or the thing to add is.
_ALREADY = frozenset({errno.EEXIST, errno.ENOENT, errno.ESRCH, errno.ENODEV})


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """A refusal of the kernel as Broken, "privilege" or "io"."""
    from pyroute2 import NetlinkError
    try:
        yield
    except NetlinkError as error:
        if error.code == errno.EPERM:
            raise Broken("privilege", f"{what}: CAP_NET_ADMIN is missing") from None
        raise Broken("io", f"{what}: {error}") from None


class Kernel:
    """One netlink connection. `complaints` are things the kernel refused and work goes on without.
    """

    def __init__(self) -> None:
        from pyroute2 import IPRoute
        self._ip: Any = IPRoute()
        self._watching: socket.socket | None = None
        self._loop: Loop | None = None
        self.complaints: list[str] = []

    def close(self) -> None:
        """Closes the connection; what was set stays set."""
        if self._watching is not None and self._loop is not None:
            self._loop.forget(self._watching.fileno())
            self._watching.close()
            self._watching = None
        self._ip.close()

    # --- reading -------------------------------------------------------------------------------

    def facts(self) -> Facts:
        """All devices with their addresses, and the routes of the main table."""
        with _explained("the kernel's devices cannot be read"):
            addresses: dict[int, list[tuple[Address, int]]] = {}
            for one in self._ip.get_addr(family=socket.AF_INET):
                local = one.get_attr("IFA_LOCAL") or one.get_attr("IFA_ADDRESS")
                addresses.setdefault(one["index"], []).append(
                    (parse_address(local), one["prefixlen"]))
            devices = tuple(
                Device(one.get_attr("IFLA_IFNAME"), one["index"], bool(one["flags"] & _UP)
                       and one.get_attr("IFLA_OPERSTATE") != "DOWN",
                       one.get_attr("IFLA_MTU") or 1500, one.get_attr("IFLA_ADDRESS") or "",
                       tuple(addresses.get(one["index"], ())))
                for one in self._ip.get_links())
            names = {one.number: one.name for one in devices}
            routes = tuple(
                KernelRoute(parse_address(one.get_attr("RTA_DST") or "0.0.0.0"), one["dst_len"],
                            parse_address(one.get_attr("RTA_GATEWAY") or "0.0.0.0"),
                            names.get(one.get_attr("RTA_OIF"), ""),
                            one.get_attr("RTA_PRIORITY") or 0, one["proto"] == _KERNEL_PROTOCOL)
                for one in self._ip.get_routes(family=socket.AF_INET, table=MAIN_TABLE)
                if one["type"] == _UNICAST and one["proto"] != PROTOCOL
                and one.get_attr("RTA_OIF") in names)
        return Facts(devices, routes)

    def watch(self, loop: Loop, changed: Callable[[], None]) -> None:
        """Calls `changed` whenever a device, an address or a route has changed."""
        one = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK
                            | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        one.bind((0, _GROUPS))
        self._watching, self._loop = one, loop

        def read() -> None:
            try:
                while one.recv(65536):
                    pass
            except BlockingIOError:
                pass
            except OSError:
                pass  # ENOBUFS: some were lost, and everything is read anew anyway
            changed()

        loop.watch(one.fileno(), read)

    # --- the TUN device ------------------------------------------------------------------------

    def raise_device(self, name: str, mtu: int) -> int:
        """Sets the TUN device up with an MTU and a queue; its index."""
        with _explained(f"the device {name} cannot be set up"):
            index: int = self._ip.link_lookup(ifname=name)[0]
            self._ip.link("set", index=index, mtu=mtu, txqlen=TUN_QUEUE)
            self._ip.link("set", index=index, state="up")
        return index

    # --- rules and routes into it --------------------------------------------------------------

    def installed(self) -> Steering:
        """Our rules and routes as they stand, also those that a crashed agent has left."""
        with _explained("the kernel's rules cannot be read"):
            rules = {Rule(one.get_attr("FRA_PRIORITY") or 0, one.get_attr("FRA_TABLE") or 0,
                          _network(one.get_attr("FRA_SRC"), one["src_len"]),
                          one.get_attr("FRA_IIFNAME") == "lo", one.get_attr("FRA_FWMARK") or 0)
                     for one in self._ip.get_rules(family=socket.AF_INET)
                     if PREFERENCE <= (one.get_attr("FRA_PRIORITY") or 0) <= PREFERENCE + GROUPS
                     and (one.get_attr("FRA_TABLE") == MAIN_TABLE
                          or TABLES <= (one.get_attr("FRA_TABLE") or 0) <= TABLES + GROUPS)}
            routes = {TunRoute(one.get_attr("RTA_TABLE"),
                               _network(one.get_attr("RTA_DST"), one["dst_len"]),
                               one["type"] == _UNICAST,
                               parse_address(one.get_attr("RTA_PREFSRC") or "0.0.0.0"))
                      for one in self._ip.get_routes(family=socket.AF_INET)
                      if one["proto"] == PROTOCOL
                      and TABLES <= (one.get_attr("RTA_TABLE") or 0) <= TABLES + GROUPS}
        return Steering(frozenset(rules), frozenset(routes))

    def steer(self, wanted: Steering, index: int) -> None:
        """Makes our rules and routes those; what is needed comes before what is not goes."""
        there = self.installed()
        with _explained("the rules for protected traffic cannot be set"):
            for route in sorted(wanted.routes - there.routes, key=lambda one: one.live):
                self._quietly(self._ip.route, "replace", **_tun_route(route, index))
            for rule in sorted(wanted.rules - there.rules):
                self._quietly(self._ip.rule, "add", **_rule(rule))
            for rule in there.rules - wanted.rules:
                self._quietly(self._ip.rule, "del", **_rule(rule))
            for route in there.routes - wanted.routes:
                self._quietly(self._ip.route, "del", **_tun_route(route, index))

    # --- the routes of the store ---------------------------------------------------------------

    def routes_there(self) -> frozenset[tuple[Address, int, Address, int, int]]:
        """Our routes of the main table: destination, prefix, gateway, device index, metric."""
        with _explained("the kernel's routes cannot be read"):
            return frozenset(
                (parse_address(one.get_attr("RTA_DST") or "0.0.0.0"), one["dst_len"],
                 parse_address(one.get_attr("RTA_GATEWAY") or "0.0.0.0"),
                 one.get_attr("RTA_OIF") or 0, one.get_attr("RTA_PRIORITY") or 0)
                for one in self._ip.get_routes(family=socket.AF_INET, table=MAIN_TABLE)
                if one["proto"] == PROTOCOL)

    def set_routes(self, wanted: list[tuple[Route, int]]) -> None:
        """Makes our routes of the main table those; each with its device's index.

        `complaints` has those that the kernel refused.
        """
        self.complaints.clear()
        keys = {(one.destination, one.prefix, one.gateway, index, one.metric): one
                for one, index in wanted}
        there = self.routes_there()
        for key in there - keys.keys():
            with _explained("a route cannot be taken out"):
                self._quietly(self._ip.route, "del", **_main_route(key))
        for key in keys.keys() - there:
            try:
                with _explained(f"route {format_address(key[0])}/{key[1]}"):
                    self._ip.route("add", **_main_route(key))
            except Broken as failure:
                if failure.kind == "privilege":
                    raise
                self.complaints.append(str(failure))

    @staticmethod
    def _quietly(call: Callable[..., object], verb: str, **values: object) -> None:
        """The call, without the complaint that it is so already."""
        from pyroute2 import NetlinkError
        try:
            call(verb, **values)
        except NetlinkError as error:
            if error.code not in _ALREADY:
                raise


def _network(text: str | None, prefix: int) -> Any:
    from engine.address import Network
    return Network(parse_address(text or "0.0.0.0"), prefix)


def _rule(rule: Rule) -> dict[str, object]:
    values: dict[str, object] = {"priority": rule.preference, "table": rule.table,
                                 "family": socket.AF_INET}
    if rule.source.prefix:
        values["src"], values["src_len"] = format_address(rule.source.address), rule.source.prefix
    if rule.local:
        values["iifname"] = "lo"
    if rule.mark:
        values["fwmark"] = rule.mark
    return values


def _tun_route(route: TunRoute, index: int) -> dict[str, object]:
    values: dict[str, object] = {"dst": str(route.destination), "table": route.table,
                                 "proto": PROTOCOL, "family": socket.AF_INET}
    if not route.live:
        return {**values, "type": "unreachable", "priority": LAST_METRIC}
    if route.source:
        values["prefsrc"] = format_address(route.source)
    return {**values, "oif": index}


def _main_route(key: tuple[Address, int, Address, int, int]) -> dict[str, object]:
    destination, prefix, gateway, index, metric = key
    values: dict[str, object] = {"dst": f"{format_address(destination)}/{prefix}", "oif": index,
                                 "priority": metric, "table": MAIN_TABLE, "proto": PROTOCOL,
                                 "family": socket.AF_INET}
    if gateway:
        values["gateway"] = format_address(gateway)
    return values
