"""The kind of values that are codes of causes."""

from typing import TYPE_CHECKING

from commands.names import ObjectName
from engine.diagnose.causes.known import CAUSES

if TYPE_CHECKING:
    from commands.session import Session
    from engine.policy.store import Config

LAST = "last"


class CauseName(ObjectName):
    """The code of a cause; with `last` also that word."""

    noun = "code"

    def __init__(self, last: bool = False) -> None:
        super().__init__(usage="<code> | last" if last else "<code>")
        self._last = last

    def known(self, config: "Config", session: "Session") -> list[tuple[str, str]]:
        found = [(one.code, one.title) for one in CAUSES.values()]
        return [(LAST, "what the last diagnosis found"), *found] if self._last else found
