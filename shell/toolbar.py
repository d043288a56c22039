"""The bar below the prompt: machine, context, assigned policy, SAs up.

It only looks at what is there already: it boots no lab, and opens the store at most once, a
moment after the first prompt stands.
"""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from commands.session import Session

# Seconds after the first prompt at which the store is opened for the bar.
LOOK_AFTER = 0.3
NAME_WIDTH = 30


class Toolbar:
    """Gives the text of the bar at each redraw; the policy is read again only after a change."""

    def __init__(self, session: "Session") -> None:
        self.session = session
        self.key: tuple[object, ...] = ()
        self.policy = ""

    def __call__(self) -> str:
        """`` gwA | ipsec static | policy: none assigned | SAs up: 0 ``."""
        session = self.session
        parts = [session.machine, " ".join(session.context) or "root"]
        policy = self.assigned()
        if session.offline:
            count = session.uncommitted
            parts.append(f"offline, {count} not committed" if count else "offline")
        if session.deadline is not None:
            parts.append("type confirm by " + _clock(session.deadline))
        if policy:
            parts.append(f"policy: {policy}")
        if session.remote is not None or session.booted:
            parts.append(f"SAs up: {self.associations()}")
        return " " + " | ".join(parts)

    def assigned(self) -> str:
        """The name of the policy in force, as far as the open store says; "" when not known."""
        from engine.errors import EngineError
        session = self.session
        if not session.opened:
            return ""
        try:
            key = (session.machine, session.base.generation())
            if key != self.key:
                active = session.base.on(session.machine).active_policy()
                name = active[1].name if active else "none assigned"
                self.policy = name if len(name) <= NAME_WIDTH else name[:NAME_WIDTH - 3] + "..."
                self.key = key
        except EngineError:
            self.policy = "(store not readable)"
        return self.policy

    def associations(self) -> int:
        """Quick mode SA pairs of the current machine that may carry traffic."""
        if self.session.remote is not None:
            return self.session.remote.associations
        host = self.session.world.hosts.get(self.session.machine)
        return sum(pair.outbound is not None for pair in host.sad.pairs()) if host else 0

    def look(self) -> bool:
        """Opens an existing store, so that the bar can name its policy; whether it did."""
        from engine.errors import EngineError
        session = self.session
        if session.opened or not os.path.isfile(session.store_path):
            return False
        try:
            return bool(session.base)
        except EngineError:
            return False  # the first command that needs the store says what is wrong


def _clock(seconds: float) -> str:
    """The hour of a deadline, as `commit confirm=` has said it."""
    from commands.clock import windows_time
    return windows_time(seconds).split(" ", 1)[1]
