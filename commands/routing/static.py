"""Static routes of the current machine, persistent (in the store) or runtime (in the lab).

A persistent route survives restarts; a runtime route lasts as long as the lab runs.
"""

from collections.abc import Callable, Iterable, Iterator

from commands.errors import CommandError
from engine.address import Address, format_address, prefix_mask
from engine.pipeline.route import RouteEntry, RouteTable
from engine.policy import verify_machine
from engine.policy.model import Route
from engine.values import TYPE_CHECKING

if TYPE_CHECKING:
    from commands.session import Session
    from engine.policy.store import Config

Match = Callable[[Route], bool]


def shown(destination: Address, prefix: int) -> str:
    """``10.2.0.0/24`` for messages."""
    return f"{format_address(destination)}/{prefix}"


def runtime_routes(session: "Session") -> tuple[Route, ...]:
    """The runtime routes; none while the lab has not booted, for then nobody added one."""
    return session.world.hosts[session.machine].rtm_routes if session.booted else ()


def stored_table(config: "Config", further: Iterable[Route] = ()) -> RouteTable:
    """The routes that follow from the store, and `further` ones: no lab is needed to ask it."""
    return RouteTable(_entries(config, further))


def _entries(config: "Config", further: Iterable[Route]) -> Iterator[RouteEntry]:
    for one in config.interfaces():
        network = one.address & prefix_mask(one.prefix)
        yield RouteEntry(network, one.prefix, 0, one.name, origin="connected")
        if one.gateway is not None:
            yield RouteEntry(0, 0, one.gateway, one.name, origin="default")
    for route in (*config.routes(), *further):
        yield RouteEntry(route.destination, route.prefix, route.gateway, route.interface,
                         route.metric)


def add_runtime(session: "Session", route: Route) -> None:
    """Adds a runtime route. Raises Refused for host bits and for a route that exists."""
    verify_machine.route(route)
    verify_machine.route_new(route, runtime_routes(session))
    session.world.hosts[session.machine].add_rtm_route(route)


def delete_runtime(session: "Session", match: Match) -> int:
    """Deletes the runtime routes that match; their number."""
    doomed = [one for one in runtime_routes(session) if match(one)]
    for one in doomed:
        session.world.hosts[session.machine].delete_rtm_routes(
            one.destination, one.prefix, one.interface, one.gateway)
    return len(doomed)


def delete_persistent(session: "Session", match: Match) -> int:
    """Deletes the persistent routes that match; their number."""
    config = session.config
    doomed = [one for one in config.routes() if match(one)]
    for one in doomed:
        config.delete_route(one.destination, one.prefix, one.interface, one.gateway)
    return len(doomed)


def one_of(routes: tuple[Route, ...], match: Match, what: str) -> Route:
    """The only route that matches. Raises CommandError when there is none, or several."""
    found = [one for one in routes if match(one)]
    known = tuple(f"{shown(one.destination, one.prefix)} via {format_address(one.gateway)}"
                  for one in (found or routes))
    if not found:
        raise CommandError("not-found", f"There is no {what}", known=known)
    if len(found) > 1:
        raise CommandError("ambiguous", f"There are {len(found)} routes that match: name the "
                           "interface and the gateway", known=known)
    return found[0]
