"""net start and net stop: the services of the current machine that its tunnel depends on.

Stopping the IPSEC Policy Agent deletes all security associations and leaves traffic without any
filter; KB 313236 restarts it to clear them. Without Routing and Remote Access nothing is forwarded.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Line, Lines
from commands.errors import CommandError
from commands.spec import Command, Kind, tag

if TYPE_CHECKING:
    from commands.session import Session

AGENT, ROUTER = "policyagent", "remoteaccess"
DISPLAY = {AGENT: "IPSEC Policy Agent", ROUTER: "Routing and Remote Access"}
NAMES = {AGENT: (AGENT, "ipsec policy agent", "ipsec services"),
         ROUTER: (ROUTER, "routing and remote access")}


class Service(Kind[str]):
    """The name of a service that exists here; the value is its key name."""

    usage = "policyagent | remoteaccess"
    cell = "enum"

    def words(self) -> tuple[str, ...]:
        """The services' key names; they may be abbreviated."""
        return tuple(NAMES)

    def parse(self, text: str, session: "Session") -> str:
        """Raises ValueError for other services."""
        for key, names in NAMES.items():
            if text.lower() in names:
                return key
        raise ValueError("must be the name of a service: " + " or ".join(NAMES))

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        """The key names."""
        return DISPLAY.items()


def _said(service: str, first: str, last: str, state: str, session: "Session") -> Answer:
    shown = DISPLAY[service]
    lines = ((f"The {shown} service is {first}.",),
             (f"The {shown} service was {last} successfully.",))
    return Answer((Lines(lines, {"service": service, "machine": session.machine,
                                 "state": state}, "service"),))


def _runs(service: str, session: "Session") -> bool:
    if service == ROUTER:
        return session.config.machine.forwarding
    return session.world.hosts[session.machine].agent_running


def _running(session: "Session") -> Answer:
    names = [one for one in NAMES if _runs(one, session)]
    lines: list[Line] = [("These Windows services are started:",), ()]
    lines += [("   ", cells.enum(DISPLAY[one])) for one in names]
    return Answer((Lines(tuple(lines), {"machine": session.machine, "running": names},
                         "services"),))


def _route(session: "Session", on: bool) -> None:
    session.store.set_machine(session.config.machine._replace(forwarding=on))


class NetStart(Command, words="net start", help="Starts a service.",
               remarks=("remoteaccess is Routing and Remote Access: with it the machine forwards "
                        "packets. Its state is stored; the policy agent starts with the lab.",),
               examples=("net start", "net stop policyagent", "net start policyagent")):
    """The policy agent: the assigned policy takes effect again; the router: it forwards."""

    service: str = tag(Service(), "The service to start; without it, those that run are listed.",
                       default="")

    def run(self, session: "Session") -> Answer:
        """Raises CommandError NET[2182] when it runs already."""
        if not self.service:
            return _running(session)
        if _runs(self.service, session):
            raise CommandError("NET[2182]", "The requested service has already been started",
                               tag="service", fix=f"net stop {self.service}")
        if self.service == ROUTER:
            _route(session, True)
        else:
            session.world.start_agent(session.machine)
        return _said(self.service, "starting", "started", "running", session)


class NetStop(Command, words="net stop", help="Stops a service.",
              remarks=("Without the policy agent there are no filters: what a policy protected "
                       "goes out in the clear.",
                       "Without remoteaccess packets for other machines are dropped."),
              examples=("net stop policyagent",)):
    """The policy agent: all security associations are deleted; the router: it stops forwarding."""

    service: str = tag(Service(), "The service to stop.")

    def run(self, session: "Session") -> Answer:
        """Raises CommandError NET[3521] when it is not running."""
        if not _runs(self.service, session):
            raise CommandError("NET[3521]", f"The {DISPLAY[self.service]} service is not started",
                               tag="service", fix=f"net start {self.service}")
        if self.service == ROUTER:
            _route(session, False)
        else:
            session.world.stop_agent(session.machine)
        return _said(self.service, "stopping", "stopped", "stopped", session)
