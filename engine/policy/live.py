"""What `ipsec dynamic` adds to a running machine: main and quick mode policies, and rules.

They are no part of the store and vanish when the policy agent stops. A rule names its policies;
its filter is written as in a filter list.
"""

from typing import NamedTuple

from engine.address import Address, format_address
from engine.policy.model import DEFAULT_MAIN_MODE, DEFAULT_QUICK_MODE, AuthMethod, Filter, Side
from engine.suites import MainModeMethod, QuickModeMethod

# Windows' words for session key PFS, and the IANA group; 0 is none, -1 the main mode's own.
PFS_GROUPS = {"NOPFS": 0, "GRP1": 1, "GRP2": 2, "GRP3": 14, "GRPMM": -1}


class MainPolicy(NamedTuple):
    """How main mode is made; times in minutes, `qmpermm` 0 is no limit."""

    name: str
    qmpermm: int = 0
    mmlifetime: int = 480
    softsaexpirationtime: int = 480
    methods: tuple[MainModeMethod, ...] = DEFAULT_MAIN_MODE


class QuickPolicy(NamedTuple):
    """What quick mode offers; `pfsgroup` is a word of PFS_GROUPS."""

    name: str
    soft: bool = False
    pfsgroup: str = "NOPFS"
    methods: tuple[QuickModeMethod, ...] = DEFAULT_QUICK_MODE


class LiveRule(NamedTuple):
    """A rule: a filter, the policies' names, and what happens in each direction."""

    filter: Filter
    main: str
    quick: str = ""
    inbound: str = "negotiate"
    outbound: str = "negotiate"
    tunnel: Address | None = None
    conntype: str = "all"
    auth: tuple[AuthMethod, ...] = (AuthMethod("kerberos"),)

    @property
    def key(self) -> tuple[object, ...]:
        """What tells a rule from others."""
        return (self.filter[:2], self.filter[3:7], self.conntype, self.tunnel)

    @property
    def name(self) -> str:
        """What displays call it: its addresses, protocol and ports, and the tunnel end."""
        one = self.filter
        words = [shown(one.source), "->", shown(one.destination)]
        if one.protocol:
            words.append(f"{one.protocol}:{one.source_port}:{one.destination_port}")
        if self.tunnel is not None:
            words.append("via " + format_address(self.tunnel))
        return " ".join(words)


class Live(NamedTuple):
    """All that was added, in the order of typing."""

    mains: tuple[MainPolicy, ...] = ()
    quicks: tuple[QuickPolicy, ...] = ()
    rules: tuple[LiveRule, ...] = ()


def shown(side: Side) -> str:
    """A side of a filter in a few words."""
    if side.kind in ("ip", "dns"):
        return format_address(side.address) + (f"/{side.prefix}" if side.prefix < 32 else "")
    return side.name or side.kind
