"""Which filters, rules and SAs a show command of `ipsec dynamic` is asked for, and their names."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from commands import cells
from commands.answer import Line
from commands.kinds import Address as AddressKind
from commands.kinds import Choice, Mask, Port, Protocol, YesNo
from commands.spec import Command, tag
from engine.address import Address, Network
from engine.policy.model import ACTIONS

if TYPE_CHECKING:
    from commands.session import Session

ACTION = Choice(*ACTIONS)


def resolve_tag() -> bool:
    """resolvedns."""
    one: bool = tag(YesNo(), "Whether the names of known machines are shown, too.", default=False)
    return one


class _Ends(Command):
    """Which addresses filters, rules or SAs are to hold."""

    srcaddr: int = tag(AddressKind(), "Only those that hold this source address.", default=0)
    dstaddr: int = tag(AddressKind(), "Only those that hold this destination address.", default=0)
    srcmask: int | None = tag(Mask(), "Mask of the source address: only that network.",
                              default=None)
    dstmask: int | None = tag(Mask(), "Mask of the destination address: only that network.",
                              default=None)


class MainSelection(_Ends):
    """What a display of main mode filters is asked for, beside name and type."""

    resolvedns: bool = resolve_tag()


class QuickSelection(_Ends):
    """What a display of quick mode filters or of rules is asked for, beside name and type."""

    protocol: int | None = tag(Protocol(), "Only those of this protocol.", default=None)
    srcport: int | None = tag(Port(), "Only those of this source port.", default=None)
    dstport: int | None = tag(Port(), "Only those of this destination port.", default=None)
    actioninbound: str | None = tag(ACTION, "Only those that do this with inbound packets.",
                                    default=None)
    actionoutbound: str | None = tag(ACTION, "Only those that do this with outbound packets.",
                                     default=None)
    resolvedns: bool = resolve_tag()


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
    def typed(cls, command: Command) -> "Wanted":
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
