"""routing ip: static routes. The article binds NetB to the external interface with one.

The interface is part of the route: it decides the source address of tunnel packets, which is
the trap of a gateway with several external adapters.
"""

from commands import cells
from commands.answer import NOTHING, Answer, Table
from commands.errors import CommandError
from commands.kinds import Address, Choice, Mask, Number
from commands.names import InterfaceName
from commands.routing.place import NetAddress, Typed, interface_called, network_of, routed
from commands.routing.static import (
    Match,
    add_runtime,
    delete_persistent,
    delete_runtime,
    one_of,
    runtime_routes,
    shown,
)
from commands.spec import Command, Kind, tag
from engine.address import Network
from engine.policy.model import Route
from engine.policy.router import Router
from engine.values import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from commands.answer import Cell
    from commands.session import Session
    from engine.pipeline.route import RouteEntry
    from engine.policy.store import Config

# The sources that a static route can be booked under.
SOURCES = ("LOCAL", "STATIC", "NONDOD", "AUTOSTATIC", "NETMGMT")
RTM_PROTOCOL = "NETMGMT"
VIEWS = ("unicast", "multicast", "both")
MAX_METRIC = 9999


def _dest() -> Typed:
    one: Typed = tag(NetAddress(), "The destination network.")
    return one


def _mask() -> int | None:
    one: int | None = tag(Mask(), "Its mask.", default=None)
    return one


def _name(text: str = "The interface: its name or its address.") -> str:
    one: str = tag(InterfaceName(), text)
    return one


def _nhop(text: str) -> int:
    one: int = tag(Address(), text, default=0)
    return one


def _proto() -> str:
    one: str = tag(Choice(*SOURCES), "The source that the route is booked under.", default="NONDOD")
    return one


def _preference() -> int | None:
    one: int | None = tag(Number(1, 255), "Preference level; it follows from the protocol.",
                          default=None)
    return one


def _metric() -> int:
    one: int = tag(Number(1, MAX_METRIC), "Metric; of equal routes the lowest is used.",
                   default=1)
    return one


def _view() -> str:
    one: str = tag(Choice(*VIEWS), "The view the route belongs to.", default="both")
    return one


def _level(config: "Config", protocol: str) -> int:
    levels = dict(Router(config).preferences())
    return levels.get(protocol, levels["NONDOD"])


def _check_preference(given: int | None, protocol: str, config: "Config") -> None:
    level = _level(config, protocol)
    if given not in (None, level):
        raise CommandError("bad-value", f"The preference of {protocol} routes is {level}",
                           tag="preference", fix=f"preference={level}", exit=2)


def _matcher(destination: int, prefix: int, interface: str, gateway: int | None) -> Match:
    """The routes to that network through that interface, and that gateway if one was typed."""
    def match(one: Route) -> bool:
        return ((one.destination, one.prefix) == (destination, prefix)
                and one.interface.casefold() == interface.casefold()
                and gateway in (None, one.gateway))
    return match


def _only(kind: Kind[Any], what: str) -> Any:
    """A tag of the delete commands that narrows what is deleted; not given it does not matter."""
    return tag(kind, f"Only the route with this {what}.", default=None)


class _DeleteLine(Command):
    """The tags of delete persistentroute and rtmroute."""

    dest: Typed = _dest()
    mask: int | None = _mask()
    name: str = _name()
    nhop: int = _nhop("Only the route through this gateway.")

    def wanted(self, config: "Config") -> tuple[Match, str]:
        """What finds the routes, and their network and interface in words."""
        destination, prefix = network_of(self.dest, self.mask, "mask")
        interface = interface_called(config, self.name).name
        gateway = self.nhop if "nhop" in self.names_given else None
        ways = _matcher(destination, prefix, interface, gateway)
        tags = {"proto": "protocol", "metric": "metric", "view": "view"}
        typed = {tags[name]: getattr(self, name) for name in tags if name in self.names_given}
        if "preference" in self.names_given:
            protocol = getattr(self, "proto", RTM_PROTOCOL) or "NONDOD"
            _check_preference(vars(self)["preference"], protocol, config)

        def match(one: Route) -> bool:
            return ways(one) and all(getattr(one, field) == value
                                     for field, value in typed.items())

        return match, f"{shown(destination, prefix)} on {interface}"


# --- persistent routes --------------------------------------------------------------------------


class _PersistentLine(Command):
    """The tags of add and set persistentroute."""

    dest: Typed = _dest()
    mask: int | None = _mask()
    name: str = _name()
    nhop: int = _nhop("The gateway; left out, the network is on the link.")
    proto: str = _proto()
    preference: int | None = _preference()
    metric: int = _metric()
    view: str = _view()

    def route(self, config: "Config") -> Route:
        """The route that was typed. Raises CommandError, NotFound."""
        _check_preference(self.preference, self.proto, config)
        destination, prefix = network_of(self.dest, self.mask, "mask")
        interface = routed(config, self.name).name
        return Route(destination, prefix, interface, self.nhop, self.metric, self.proto, self.view)

    def match(self, route: Route) -> Match:
        """What finds the route to change: network, interface, and the gateway if it fits one."""
        return _matcher(route.destination, route.prefix, route.interface, None)

    def changed(self, old: Route, new: Route) -> Route:
        """`old` with what was typed in place of what it had."""
        tags = {"nhop": "gateway", "metric": "metric", "proto": "protocol", "view": "view"}
        typed = {field: getattr(new, field) for name, field in tags.items()
                 if name in self.names_given}
        return old._replace(**typed)


class AddPersistentRoute(_PersistentLine, words="routing ip add persistentroute",
                         help="Adds a persistent static route.",
                         remarks=("It survives restarts. The gateway need not be on the link: "
                                  "the article names the remote gateway.",
                                  "A route that is there already, equal in everything, is left "
                                  "as it is: a dump runs into a machine that has its routes."),
                         examples=("routing ip add persistentroute dest=10.2.0.0 "
                                   "mask=255.255.255.0 name=External nhop=198.51.100.1",)):
    """A route of the store."""

    def run(self, session: "Session") -> Answer:
        """Says nothing. Raises Refused for host bits and a route that exists otherwise."""
        config = session.config
        new = self.route(config)
        if new not in config.routes():
            config.add_route(new)
        return NOTHING


class SetPersistentRoute(_PersistentLine, words="routing ip set persistentroute",
                         help="Modifies a persistent static route.",
                         remarks=("dest, mask and name say which route; the rest is changed.",),
                         examples=("routing ip set persistentroute 10.2.0.0 255.255.255.0 "
                                   "External 198.51.100.1 metric=2",)):
    """Gateway, metric, protocol and view of a stored route."""

    def run(self, session: "Session") -> Answer:
        """Says nothing. Raises CommandError when no such route is there."""
        config = session.config
        new = self.route(config)
        what = f"persistent route to {shown(new.destination, new.prefix)} on {new.interface}"
        old = one_of(config.routes(), self.match(new), what)
        config.replace_route(old, self.changed(old, new))
        return NOTHING


class DeletePersistentRoute(_DeleteLine, words="routing ip delete persistentroute",
                            help="Deletes a persistent static route.",
                            examples=("routing ip delete persistentroute 10.2.0.0 "
                                      "255.255.255.0 External",)):
    """Removes a route from the store."""

    proto: str | None = _only(Choice(*SOURCES), "source")
    preference: int | None = _only(Number(1, 255), "preference level")
    metric: int | None = _only(Number(1, MAX_METRIC), "metric")
    view: str | None = _only(Choice(*VIEWS), "view")

    def run(self, session: "Session") -> Answer:
        """Says nothing. Raises CommandError when no such route is there."""
        match, where = self.wanted(session.config)
        if not delete_persistent(session, match):
            one_of(session.config.routes(), match, f"persistent route to {where}")
        return NOTHING


def _stored_row(one: Route, config: "Config") -> tuple["Cell", ...]:
    return (cells.net(Network(one.destination, one.prefix)), cells.enum(one.protocol),
            cells.number(_level(config, one.protocol)),
            cells.number(one.metric), cells.ip(one.gateway), cells.enum(one.view),
            cells.name(one.interface))


COLUMNS = (("destination", "Prefix"), ("protocol", "Protocol"), ("preference", "Prf"),
           ("metric", "Met"), ("gateway", "Gateway"), ("view", "View"),
           ("interface", "Interface"))


class ShowPersistentRoutes(Command, words="routing ip show persistentroutes",
                           help="Displays the persistent static routes.",
                           examples=("routing ip show persistentroutes",)):
    """The routes of the store."""

    def run(self, session: "Session") -> Answer:
        """One line a route."""
        config = session.config
        rows = tuple(_stored_row(one, config) for one in config.routes())
        return Answer((Table(COLUMNS, rows, "", "persistentroutes",
                             "There are no persistent routes."),))


# --- runtime routes -----------------------------------------------------------------------------


class _RuntimeLine(Command):
    """The tags of add and set rtmroute."""

    dest: Typed = _dest()
    mask: int | None = _mask()
    name: str = tag(InterfaceName(), "The interface: its name or its address.")
    nhop: int = _nhop("The gateway; left out, the network is on the link.")
    preference: int | None = _preference()
    metric: int = _metric()
    view: str = _view()

    def route(self, config: "Config") -> Route:
        """The route that was typed. Raises CommandError, NotFound."""
        _check_preference(self.preference, RTM_PROTOCOL, config)
        destination, prefix = network_of(self.dest, self.mask, "mask")
        interface = interface_called(config, self.name).name
        return Route(destination, prefix, interface, self.nhop, self.metric, RTM_PROTOCOL,
                     self.view)


class AddRtmRoute(_RuntimeLine, words="routing ip add rtmroute",
                  help="Adds a route that lasts until the machine restarts.",
                  remarks=("It is gone with the lab: a one-shot command that adds one leaves "
                           "nothing behind.",),
                  examples=('routing ip add rtmroute 10.2.0.0 255.255.255.0 "External" '
                            "198.51.100.1",)):
    """A route of the running lab."""

    def run(self, session: "Session") -> Answer:
        """Says nothing. Raises Refused for host bits and a route that exists."""
        add_runtime(session, self.route(session.config))
        return NOTHING


class SetRtmRoute(_RuntimeLine, words="routing ip set rtmroute",
                  help="Modifies a route of the routing table.",
                  remarks=("dest, mask and name say which route; the rest is changed.",),
                  examples=("routing ip set rtmroute 10.9.0.0 255.255.255.0 External "
                            "198.51.100.1 metric=2",)):
    """Gateway, metric and view of a runtime route."""

    def run(self, session: "Session") -> Answer:
        """Says nothing. Raises CommandError when no such route is there."""
        new = self.route(session.config)
        match = _matcher(new.destination, new.prefix, new.interface, None)
        what = f"runtime route to {shown(new.destination, new.prefix)} on {new.interface}"
        old = one_of(runtime_routes(session), match, what)
        tags = {"nhop": "gateway", "metric": "metric", "view": "view"}
        typed = {field: getattr(new, field) for name, field in tags.items()
                 if name in self.names_given}
        delete_runtime(session, lambda one: one == old)
        add_runtime(session, old._replace(**typed))
        return NOTHING


class DeleteRtmRoute(_DeleteLine, words="routing ip delete rtmroute",
                     help="Deletes a route of the routing table.",
                     examples=("routing ip delete rtmroute 10.9.0.0 255.255.255.0 External",)):
    """Removes a runtime route."""

    preference: int | None = _only(Number(1, 255), "preference level")
    metric: int | None = _only(Number(1, MAX_METRIC), "metric")
    view: str | None = _only(Choice(*VIEWS), "view")

    def run(self, session: "Session") -> Answer:
        """Says nothing. Raises CommandError when no such route is there."""
        match, where = self.wanted(session.config)
        if not delete_runtime(session, match):
            one_of(runtime_routes(session), match, f"runtime route to {where}")
        return NOTHING


# Where an effective route comes from, as RRAS calls it.
ORIGINS = {"connected": "LOCAL", "default": "STATIC", "static": "NONDOD", "rtm": RTM_PROTOCOL}


def _effective_row(one: "RouteEntry", config: "Config") -> tuple["Cell", ...]:
    protocol = ORIGINS[one.origin]
    return (cells.net(Network(one.destination, one.prefix)), cells.enum(protocol),
            cells.number(_level(config, protocol)), cells.number(one.metric), cells.ip(one.gateway),
            cells.enum("both"), cells.name(one.interface))


class ShowRtmRoutes(Command, words="routing ip show rtmroutes",
                    help="Displays the routes of the routing table.",
                    examples=("routing ip show rtmroutes",)):
    """The effective routing table of the machine: what packets go by."""

    def run(self, session: "Session") -> Answer:
        """One line a route; gateway 0.0.0.0 is on the link."""
        routes = session.world.hosts[session.machine].routes()
        order = sorted(range(len(routes)), key=lambda at: (
            routes[at].destination, routes[at].prefix, routes[at].metric))
        config = session.config
        rows = tuple(_effective_row(one, config) for one in routes)
        return Answer((Table(COLUMNS, rows, "", "rtmroutes", "There are no routes.",
                             tuple(order)),))
