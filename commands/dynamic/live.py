"""What the commands that edit the running policy share: the live edits of the current machine."""

from typing import TYPE_CHECKING, NamedTuple

from commands import cells
from commands.errors import CommandError
from engine.policy.live import Live, MainPolicy, QuickPolicy

if TYPE_CHECKING:
    from commands.session import Session

REMARK = ("It acts on the running machine: nothing is stored, and it vanishes when the policy "
          "agent stops.")


def live(session: "Session") -> Live:
    """What was added so far; the lab need not boot for nothing."""
    return session.world.hosts[session.machine].live if session.booted else Live()


def edit(session: "Session", new: Live) -> None:
    """Puts edits in force. Raises CommandError while the policy agent is stopped."""
    if not session.world.hosts[session.machine].agent_running:
        raise CommandError("agent-stopped", "The IPSEC Policy Agent service is not started",
                           fix="net start policyagent")
    session.world.edit(session.machine, new)


class Users(NamedTuple):
    """The rules that name a policy, by what displays call them."""

    names: tuple[str, ...]

    def refuse(self, kind: str, name: str) -> None:
        """Raises CommandError("in-use") when there are any."""
        if self.names:
            raise CommandError("in-use", f"{kind} '{name}' is used by the rule {self.names[0]}",
                               tag="name", known=self.names, fix="ipsec dynamic delete rule",
                               values=(cells.line(self.names[0]),))


def main_of(found: Live, name: str) -> MainPolicy:
    """The main mode policy of that name. Raises CommandError."""
    for one in found.mains:
        if one.name.casefold() == name.casefold():
            return one
    raise CommandError("not-found", f"There is no main mode policy '{name}'", tag="name",
                       known=tuple(one.name for one in found.mains))


def quick_of(found: Live, name: str) -> QuickPolicy:
    """The quick mode policy of that name. Raises CommandError."""
    for one in found.quicks:
        if one.name.casefold() == name.casefold():
            return one
    raise CommandError("not-found", f"There is no quick mode policy '{name}'", tag="name",
                       known=tuple(one.name for one in found.quicks))


def taken(kind: str, name: str, names: tuple[str, ...]) -> None:
    """Raises CommandError when a name is in use."""
    if name.casefold() in (one.casefold() for one in names):
        raise CommandError("name-taken", f"A {kind} mode policy '{name}' exists already",
                           tag="name")
