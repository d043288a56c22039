"""routing ip: the interfaces that Routing and Remote Access knows.

Every adapter of a machine is known from the start and enabled. A deleted one keeps its address,
but has neither packet filters nor persistent routes until it is added again.
"""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import NOTHING, Answer, Table
from commands.errors import CommandError
from commands.kinds import EnableDisable, Number
from commands.names import InterfaceName
from commands.routing.place import interface_called, routed
from commands.spec import Command, tag
from engine.policy.model import RrasDefault
from engine.policy.router import Router

if TYPE_CHECKING:
    from commands.session import Session

NAME_HELP = "The interface: its name or its address."
STATE_HELP = "enable or disable."
SECONDS = Number(1, 65535, "<seconds>")


class AddInterface(Command, words="routing ip add interface",
                   help="Adds an interface to the router.",
                   remarks=("One that is there already in that state is left as it is: a dump "
                            "runs into a machine that has its interfaces.",),
                   examples=("routing ip add interface name=External state=enable",)):
    """An adapter that was deleted from the router comes back."""

    name: str = tag(InterfaceName(), NAME_HELP)
    state: bool = tag(EnableDisable(), STATE_HELP, default=True)

    def run(self, session: "Session") -> Answer:
        """Raises CommandError when it is there in the other state."""
        router = Router(session.config)
        name = interface_called(session.config, self.name).name
        found = router.interface(name)
        if found is not None and found.enabled != self.state:
            raise CommandError("exists", f"{name} is an interface of the router already",
                               tag="name", fix="routing ip set interface")
        if found is None:
            router.set_interface(name, {} if self.state else {"state": "disable"})
        return NOTHING


class DeleteInterface(Command, words="routing ip delete interface",
                      help="Deletes an interface from the router.",
                      remarks=("Its packet filters and persistent routes go with it.",),
                      examples=("routing ip delete interface External",)):
    """The adapter and its address stay."""

    name: str = tag(InterfaceName(), NAME_HELP)

    def run(self, session: "Session") -> Answer:
        """Deletes filters, routes and settings of the interface. Raises CommandError."""
        config = session.config
        name = routed(config, self.name).name
        with session.store.transaction():
            for one in config.rras_filters(name):
                config.delete_rras_filter(one)
            for direction in ("input", "output"):
                config.set_rras_default(RrasDefault(name, direction))
            config.set_fragcheck(name, False)
            for route in config.routes():
                if route.interface == name:
                    config.delete_route(route.destination, route.prefix, name, route.gateway)
            Router(config).set_interface(name, None)
        return NOTHING


class SetInterface(Command, words="routing ip set interface",
                   help="Modifies an interface of the router.",
                   remarks=("Router discovery (disc, minint, maxint, life, level) and the state "
                            "are kept and dumped; no lab machine listens to them.",),
                   examples=("routing ip set interface name=External disc=disable level=0",)):
    """State and router discovery."""

    name: str = tag(InterfaceName(), NAME_HELP)
    state: bool | None = tag(EnableDisable(), STATE_HELP, default=None)
    disc: bool | None = tag(EnableDisable(), "Whether router discovery is on.", default=None)
    minint: int | None = tag(SECONDS, "Shortest time between announcements.", default=None)
    maxint: int | None = tag(SECONDS, "Longest time between announcements.", default=None)
    life: int | None = tag(SECONDS, "How long an announcement counts.", default=None)
    level: int | None = tag(Number(0, 65535), "Preference in announcements.", default=None)

    def run(self, session: "Session") -> Answer:
        """Remembers what was given. Raises CommandError."""
        router = Router(session.config)
        name = routed(session.config, self.name).name
        found = router.interface(name)
        assert found is not None, "routed() has seen it"
        values = dict(found.values)
        for key in ("state", "disc", "minint", "maxint", "life", "level"):
            typed = getattr(self, key)
            if typed is not None:
                values[key] = (str(typed) if key not in ("state", "disc")
                               else "enable" if typed else "disable")
        low, high = int(values.get("minint", "450")), int(values.get("maxint", "600"))
        if low > high:
            raise CommandError("contradiction", f"minint={low} is more than maxint={high}",
                               tag="minint" if self.minint is not None else "maxint", exit=2)
        if values.get("state") == "enable":
            del values["state"]
        router.set_interface(name, values)
        return NOTHING


class ShowInterface(Command, words="routing ip show interface",
                    help="Displays the interfaces of the router.",
                    examples=("routing ip show interface",)):
    """One interface or all."""

    name: str = tag(InterfaceName(), "The interface; all when left out.", default="")

    def run(self, session: "Session") -> Answer:
        """A table."""
        config = session.config
        router = Router(config)
        chosen = [routed(config, self.name)] if self.name else config.interfaces()
        rows = []
        for one in chosen:
            found = router.interface(one.name)
            if found is not None:
                rows.append((cells.name(one.name), cells.ip(one.address),
                             cells.enum("Enabled" if found.enabled else "Disabled"),
                             cells.enum(found.values.get("disc", "disable"))))
        return Answer((Table((("name", "Interface"), ("address", "IP Address"),
                              ("state", "State"), ("discovery", "Router Discovery")),
                             tuple(rows), name="interfaces", empty="There are no interfaces."),))
