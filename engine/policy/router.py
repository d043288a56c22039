"""What `routing ip` keeps of a router beside filters and routes, among the machine's settings.

Only what differs from the state a router starts with is kept, so a machine where nobody changed
anything, and one where it was changed back, are equal.
"""

from engine.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from engine.policy.store import Config

LOG_KEY, PREFERENCE_KEY, INTERFACE_KEY = "rras.loglevel", "rras.preference.", "rras.interface."
KEYS = "rras."
ABSENT = "absent"
# RRAS' preference levels: how much a source of routes is believed, the lowest wins.
LEVELS = {"LOCAL": 1, "STATIC": 3, "NONDOD": 5, "AUTOSTATIC": 7, "NETMGMT": 10, "OSPF": 110,
          "RIP": 120}


class RouterInterface(NamedTuple):
    """What differs from the defaults of an interface that the router knows."""

    values: dict[str, str]

    @property
    def enabled(self) -> bool:
        """Whether it is switched on."""
        return self.values.get("state") != "disable"


class Router:
    """The settings of `routing ip`, kept among the machine's settings by the keys of KEYS."""

    def __init__(self, config: "Config") -> None:
        self._config = config

    @property
    def loglevel(self) -> str:
        """error, warn, info or none."""
        return self._config.get_setting(LOG_KEY, "error")

    def set_loglevel(self, level: str) -> None:
        """Remembers it."""
        self._config.set_setting(LOG_KEY, "" if level == "error" else level)

    def own_preference(self, protocol: str) -> int | None:
        """The level that was set for a protocol, None while it has its first one."""
        text = self._config.get_setting(PREFERENCE_KEY + protocol)
        return int(text) if text else None

    def preferences(self) -> list[tuple[str, int]]:
        """The level of every protocol."""
        return [(name, self.own_preference(name) or level)
                for name, level in LEVELS.items()]

    def set_preference(self, protocol: str, level: int | None) -> None:
        """Sets a level; None is the first one."""
        text = "" if level in (None, LEVELS[protocol]) else str(level)
        self._config.set_setting(PREFERENCE_KEY + protocol, text)

    def interface(self, name: str) -> RouterInterface | None:
        """An interface of the router, None for an adapter that was deleted from it."""
        text = self._config.get_setting(INTERFACE_KEY + name.casefold())
        if text == ABSENT:
            return None
        return RouterInterface(dict(part.split("=", 1) for part in text.split()))

    def set_interface(self, name: str, values: dict[str, str] | None) -> None:
        """Remembers what differs from the defaults; None takes the interface out."""
        text = ABSENT if values is None else " ".join(
            f"{key}={value}" for key, value in sorted(values.items()))
        self._config.set_setting(INTERFACE_KEY + name.casefold(), text)
