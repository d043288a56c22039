"""Which filters, rules and SAs a show command of `ipsec dynamic` is asked for, and their names."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from commands import cells
from commands.answer import Line
from commands.kinds import Choice, Mask, Port, Protocol, YesNo
from commands.spec import tag
from engine.address import Address, Network
from engine.policy.model import ACTIONS

if TYPE_CHECKING:
    from commands.session import Session
    from commands.spec import Command

ACTION = Choice(*ACTIONS)


def mask_tag(what: str) -> int | None:
    """srcmask and dstmask: with them the address is a whole network's."""
    one: int | None = tag(Mask(), f"Mask of the {what} address: only that network.", default=None)
    return one


def protocol_tag() -> int | None:
    """protocol."""
    one: int | None = tag(Protocol(), "Only filters of this protocol.", default=None)
    return one


def port_tag(what: str) -> int | None:
    """srcport and dstport."""
    one: int | None = tag(Port(), f"Only filters of this {what} port.", default=None)
    return one


def action_tag(what: str) -> str | None:
    """actioninbound and actionoutbound."""
    one: str | None = tag(ACTION, f"Only filters that do this with {what} packets.", default=None)
    return one


def resolve_tag() -> bool:
    """resolvedns."""
    one: bool = tag(YesNo(), "Whether the names of known machines are shown, too.", default=False)
    return one


class Wanted(NamedTuple):
    """What was typed; 0 and None fit everything."""

    srcaddr: Address = 0
    dstaddr: Address = 0
    srcmask: int | None = None
    dstmask: int | None = None
    protocol: int | None = None
    srcport: int | None = None
    dstport: int | None = None

    @classmethod
    def typed(cls, command: "Command") -> "Wanted":
        """What was typed of it in a command."""
        return cls(**{name: getattr(command, name) for name in cls._fields
                      if hasattr(command, name)})

    def ends(self, source: Network, destination: Network) -> bool:
        """Whether two nets are those that were asked for."""
        return (_fits(self.srcaddr, self.srcmask, source)
                and _fits(self.dstaddr, self.dstmask, destination))

    def ports(self, protocol: int, source: int, destination: int) -> bool:
        """Whether protocol and ports are those that were asked for."""
        return (self.protocol in (None, protocol) and self.srcport in (None, source)
                and self.dstport in (None, destination))


def _fits(address: Address, mask: int | None, network: Network) -> bool:
    """An address lies in the net; with a mask it is that very net's."""
    return (not address or address in network) and mask in (None, network.prefix)


def names_of(session: "Session", wanted: bool) -> Mapping[Address, str]:
    """The names of the machines by their addresses; nothing unless resolvedns=yes."""
    if not wanted:
        return {}
    return {one.address: machine.name for machine in session.store.machines()
            for one in session.store.on(machine.name).interfaces()}


def resolved(address: Address, names: Mapping[Address, str]) -> Line:
    """`` (gwA)`` behind an address that has a name."""
    return (" (", cells.name(names[address]), ")") if address in names else ()
