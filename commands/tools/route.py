"""route: Windows 2000's tool for the routing table of the current machine.

``route add`` without -p makes a runtime route, with -p a persistent one (the same as RRAS'
persistent static route). -p and -f may stand before the verb, as Windows' usage has them.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from commands.answer import NOTHING, Answer
from commands.errors import CommandError
from commands.kinds import Address, Choice, Mask, Number, Text, YesNo
from commands.routing.place import facing
from commands.routing.static import (
    Match,
    add_runtime,
    delete_persistent,
    delete_runtime,
    one_of,
    runtime_routes,
    shown,
    stored_table,
)
from commands.spec import Command, Kind, tag
from commands.tools.routetable import active_lines, fits, interface_index, table
from engine.address import Address as IPv4Address
from engine.address import format_address, parse_address
from engine.errors import EngineError
from engine.policy.model import Interface
from engine.policy.model import Route as StaticRoute

if TYPE_CHECKING:
    from commands.session import Session
    from engine.policy.store import Config

MAX_METRIC = 9999


class Pattern(Kind[str]):
    """A destination, with ``*`` and ``?`` for print and delete; the value is the text."""

    usage = "<ip>"
    cell = "ip"

    def parse(self, text: str, session: "Session") -> str:
        """Raises ValueError for what is neither an address nor a pattern of one."""
        if "*" in text or "?" in text:
            if set(text) - set("0123456789.*?"):
                raise ValueError("must be an address, or one with * and ?")
            return text
        return format_address(parse_address(text))

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        """The destinations of the static routes."""
        try:
            routes = session.config.routes()
        except EngineError:
            return
        for one in routes:
            yield format_address(one.destination), f"by {format_address(one.gateway)}"


class RouteLine(Command):
    """What every verb of route may have; the fields are Windows' words."""

    persistent: bool = tag(YesNo(), "Make the added route persistent.", default=False,
                           form="flag", word="p")
    flush: bool = tag(YesNo(), "Clear the runtime routes that have a gateway first.",
                      default=False, form="flag", word="f")
    destination: str = tag(Pattern(), "The destination; * and ? with print and delete.",
                           default="")
    gateway: int | None = tag(Address(), "The gateway.", default=None)
    mask: int = tag(Mask(), "The mask; 255.255.255.255 if left out.", default=32, form="word",
                    word="MASK")
    metric: int = tag(Number(1, MAX_METRIC), "The metric.", default=1, form="word",
                      word="METRIC")
    interface: str | None = tag(Text("<interface>", empty=False), "Name, address or number.",
                                default=None, form="word", word="IF")

    def verb(self, session: "Session", name: str) -> Answer:
        """Runs one of Windows' four verbs on what was typed; -f comes first."""
        if self.flush:
            self.flushed(session)
        return VERBS[name](self, session)

    def flushed(self, session: "Session") -> None:
        """-f: the runtime routes through a gateway are gone; the persistent ones stay."""
        delete_runtime(session, lambda one: one.gateway != 0)


def _interface(config: "Config", text: str) -> Interface:
    """The interface of a name, an address or the number that route print lists."""
    interfaces = config.interfaces()
    for position, one in enumerate(interfaces):
        number = interface_index(position)
        if text.lower() in (f"{number:#x}", str(number), format_address(one.address)):
            return one
    return config.interface(text)


def _failed(why: str, tag: str = "") -> CommandError:
    return CommandError("route", f"The route addition failed: {why}", tag=tag)


def _typed(line: RouteLine, session: "Session") -> tuple[IPv4Address, IPv4Address]:
    """Destination and gateway. Raises CommandError when one is missing or a pattern."""
    if not line.destination or line.gateway is None:
        missing = "destination" if not line.destination else "gateway"
        example = session.named("route add ${NetBId} MASK ${NetBMask} ${3rdExtIP}")
        raise CommandError("missing-tag", f"The argument is missing: {missing}", tag=missing,
                           exit=2, fix=example)
    if "*" in line.destination or "?" in line.destination:
        raise CommandError("bad-value", "A route needs one destination", tag="destination",
                           exit=2)
    return parse_address(line.destination), line.gateway


def _outgoing(line: RouteLine, session: "Session", gateway: IPv4Address) -> str:
    """The interface of a route: the one typed, the gateway's own net, or the way there."""
    config = session.config
    if line.interface is not None:
        return _interface(config, line.interface).name
    near = facing(config, gateway)
    if near is not None:
        return near.name
    hop = stored_table(config, runtime_routes(session)).resolve(gateway)
    if hop is None:
        raise _failed(f"no interface reaches the gateway {format_address(gateway)}", "gateway")
    return hop.interface


def _add(line: RouteLine, session: "Session") -> Answer:
    destination, gateway = _typed(line, session)
    interface = _outgoing(line, session, gateway)
    route = StaticRoute(destination, line.mask, interface, gateway, line.metric)
    if line.persistent:
        session.config.add_route(route)
    else:
        add_runtime(session, route)
    return NOTHING


def _matching(line: RouteLine) -> Match:
    def match(one: StaticRoute) -> bool:
        return (fits(line.destination, one.destination)
                and ("mask" not in line.names_given or one.prefix == line.mask)
                and line.gateway in (None, one.gateway))
    return match


def _delete(line: RouteLine, session: "Session") -> Answer:
    if not line.destination:
        raise CommandError("missing-tag", "The argument is missing: destination", exit=2,
                           tag="destination", fix=session.named("route delete ${NetBId}"))
    match = _matching(line)
    if delete_runtime(session, match) + delete_persistent(session, match):
        return NOTHING
    known = tuple(dict.fromkeys(format_address(one.destination) for one in (
        *runtime_routes(session), *session.config.routes())))
    raise CommandError("route", "The route deletion failed: The route specified was not found.",
                       tag="destination", known=known)


def _change(line: RouteLine, session: "Session") -> Answer:
    """Gives a static route another gateway, metric or interface."""
    destination, gateway = _typed(line, session)

    def match(one: StaticRoute) -> bool:
        return one.destination == destination and (
            "mask" not in line.names_given or one.prefix == line.mask)

    config = session.config
    what = f"static route to {shown(destination, line.mask)}"
    old = one_of((*runtime_routes(session), *config.routes()), match, what)
    new = old._replace(gateway=gateway, interface=_outgoing(line, session, gateway))
    if "metric" in line.names_given:
        new = new._replace(metric=line.metric)
    if old in runtime_routes(session):
        delete_runtime(session, lambda one: one == old)
        add_runtime(session, new)
    else:
        config.replace_route(old, new)
    return NOTHING


def _print(line: RouteLine, session: "Session") -> Answer:
    interfaces = session.config.interfaces()
    active = [one for one in active_lines(session.world.hosts[session.machine], interfaces)
              if fits(line.destination, one.destination)]
    stored = [one for one in session.config.routes() if fits(line.destination, one.destination)]
    return Answer((table(interfaces, active, stored),))


VERBS = {"print": _print, "add": _add, "delete": _delete, "change": _change}


class RoutePrint(RouteLine, words="route print", help="Displays the routing table.",
                 examples=("route print", "route print 10.*")):
    """Windows 2000's table: interfaces, active routes, persistent routes."""

    def run(self, session: "Session") -> Answer:
        """The table."""
        return self.verb(session, "print")


class RouteAdd(RouteLine, words="route add", help="Adds a route.",
               remarks=("Without -p it is gone with the lab.",
                        "Without IF the interface is the one that reaches the gateway."),
               examples=("route add 10.2.0.0 MASK 255.255.255.0 198.51.100.1",
                         "route -p add 10.2.0.0 MASK 255.255.255.0 198.51.100.1 METRIC 2")):
    """A route through a gateway."""

    def run(self, session: "Session") -> Answer:
        """Says nothing, as Windows 2000."""
        return self.verb(session, "add")


class RouteDelete(RouteLine, words="route delete", help="Deletes a route.",
                  remarks=("* and ? match several; runtime and persistent routes are deleted.",),
                  examples=("route delete 10.2.0.0",)):
    """Static routes to a destination."""

    def run(self, session: "Session") -> Answer:
        """Says nothing. Raises CommandError when there is none."""
        return self.verb(session, "delete")


class RouteChange(RouteLine, words="route change",
                  help="Changes gateway or metric of a route.",
                  examples=("route change 10.2.0.0 mask 255.255.255.0 198.51.100.1 metric 2",)):
    """A static route gets another gateway."""

    def run(self, session: "Session") -> Answer:
        """Says nothing. Raises CommandError when there is none."""
        return self.verb(session, "change")


class Route(RouteLine, words="route",
            help="Displays or changes the routing table (-p, -f before the verb).",
            examples=("route -f",)):
    """``route -p add ...``: the verb behind the switches, as Windows' usage has it."""

    action: str = tag(Choice(*VERBS), "What to do: print, add, delete or change.", default="")

    def run(self, session: "Session") -> Answer:
        """Runs the verb; -f alone clears the runtime routes, nothing at all prints."""
        if not self.action and self.flush:
            self.flushed(session)
            return NOTHING
        return self.verb(session, self.action or "print")


# The verb is the first thing bound by position, though the base class declares its tags before.
Route.tags = (Route.tags[-1], *Route.tags[:-1])
