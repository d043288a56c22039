"""net start and net stop: the IPSEC Policy Agent of the current machine.

Stopping it deletes all security associations and leaves traffic without any filter; KB 313236
restarts it to clear them.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from commands.answer import Answer, Lines
from commands.errors import CommandError
from commands.spec import Command, Kind, tag

if TYPE_CHECKING:
    from commands.session import Session

DISPLAY_NAME = "IPSEC Policy Agent"
NAMES = ("policyagent", "ipsec policy agent", "ipsec services")


class Service(Kind[str]):
    """The name of a service that exists here; the value is its display name."""

    usage = "policyagent"
    cell = "enum"

    def words(self) -> tuple[str, ...]:
        """The service's key name; it may be abbreviated."""
        return ("policyagent",)

    def parse(self, text: str, session: "Session") -> str:
        """Raises ValueError for other services."""
        if text.lower() in NAMES:
            return DISPLAY_NAME
        raise ValueError("must be the name of a service: policyagent")

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        """The one service."""
        return (("policyagent", DISPLAY_NAME),)


def _said(service: str, first: str, last: str, state: str, session: "Session") -> Answer:
    lines = ((f"The {service} service is {first}.",),
             (f"The {service} service was {last} successfully.",))
    return Answer((Lines(lines, {"service": "policyagent", "machine": session.machine,
                                 "state": state}, "service"),))


class NetStart(Command, words="net start", help="Starts a service.",
               examples=("net stop policyagent", "net start policyagent")):
    """Starts the policy agent: the assigned policy takes effect again."""

    service: str = tag(Service(), "The service to start.")

    def run(self, session: "Session") -> Answer:
        """Raises CommandError NET[2182] when it runs already."""
        if session.lab.hosts[session.machine].agent_running:
            raise CommandError("NET[2182]", "The requested service has already been started",
                               tag="service", fix="net stop policyagent")
        session.lab.start_agent(session.machine)
        return _said(self.service, "starting", "started", "running", session)


class NetStop(Command, words="net stop", help="Stops a service.",
              remarks=("Without the policy agent there are no filters: what a policy protected "
                       "goes out in the clear.",),
              examples=("net stop policyagent",)):
    """Stops the policy agent: all security associations are deleted."""

    service: str = tag(Service(), "The service to stop.")

    def run(self, session: "Session") -> Answer:
        """Raises CommandError NET[3521] when it is not running."""
        if not session.lab.hosts[session.machine].agent_running:
            raise CommandError("NET[3521]", f"The {self.service} service is not started",
                               tag="service", fix="net start policyagent")
        session.lab.stop_agent(session.machine)
        return _said(self.service, "stopping", "stopped", "stopped", session)
