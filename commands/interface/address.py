"""interface ip set, add, delete address; show interface and offload.

An adapter of the lab has exactly one address, because the lab's links are laid out by it: adding
a second one or deleting the only one is refused, a gateway comes and goes.
"""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import NOTHING, Answer, Table
from commands.errors import CommandError
from commands.kinds import Address, Choice, Mask, Number
from commands.names import InterfaceName
from commands.routing.place import interface_called
from commands.spec import Command, tag
from engine.address import format_address, prefix_mask
from engine.policy.model import Interface

if TYPE_CHECKING:
    from commands.session import Session

NAME_HELP = "The interface: its name or its address."
GATEWAY = Address("<ip> | none", words={"none": 0})
METRIC = Number(1, 9999)
LOOPBACK, MULTICAST = 127, 224


class SetAddress(Command, words="interface ip set address",
                 help="Sets address and default gateway of an interface.",
                 remarks=("Without addr only the gateway changes; without gateway it stays.",
                          "There is no DHCP server in the lab: source=dhcp is refused.",
                          "Routes know one metric of a default gateway: gwmetric=1."),
                 examples=("interface ip set address External static 192.0.2.1 255.255.255.0",
                           "interface ip set address name=External gateway=192.0.2.254 "
                           "gwmetric=1")):
    """One adapter's address, mask and default gateway."""

    name: str = tag(InterfaceName(), NAME_HELP)
    source: str = tag(Choice("static", "dhcp"), "Where the address comes from.",
                      default="static")
    addr: int | None = tag(Address(), "The address.", default=None)
    mask: int | None = tag(Mask(), "Its mask.", default=None)
    gateway: int | None = tag(GATEWAY, "The default gateway, or none.", default=None)
    gwmetric: int = tag(METRIC, "Metric of the gateway.", default=1)

    def run(self, session: "Session") -> Answer:
        """Raises CommandError for an address that no adapter can have."""
        if self.source == "dhcp":
            raise CommandError("not-supported", "there is no DHCP server in the lab",
                               tag="source", known=("static",))
        _check_metric(self.gwmetric)
        config = session.config
        old = interface_called(config, self.name)
        new = old
        if self.addr is not None:
            if self.mask is None:
                raise CommandError("missing-tag", "The argument is missing: mask", tag="mask",
                                   exit=2, fix="mask=255.255.255.0")
            new = new._replace(address=self.addr, prefix=self.mask)
            check_address(new, [one for one in config.interfaces() if one.name != old.name])
        elif self.mask is not None:
            raise CommandError("missing-tag", "The argument is missing: addr", tag="addr", exit=2,
                               fix=session.named("addr=${W2KextIP}"))
        if self.gateway is not None:
            new = new._replace(gateway=self.gateway or None)
        if new != old:
            _change(session, new)
        return NOTHING


class AddAddress(Command, words="interface ip add address",
                 help="Adds a default gateway to an interface.",
                 remarks=("An adapter of the lab has one address: addr must be it. set address "
                          "changes it.",),
                 examples=("interface ip add address External gateway=192.0.2.254",)):
    """A gateway where there is none."""

    name: str = tag(InterfaceName(), NAME_HELP)
    addr: int | None = tag(Address(), "The address.", default=None)
    mask: int | None = tag(Mask(), "Its mask.", default=None)
    gateway: int | None = tag(Address(), "The default gateway.", default=None)
    gwmetric: int = tag(METRIC, "Metric of the gateway.", default=1)

    def run(self, session: "Session") -> Answer:
        """Raises CommandError for a second address and for a second gateway."""
        config = session.config
        found = interface_called(config, self.name)
        _check_metric(self.gwmetric)
        if self.addr not in (None, found.address) or self.mask not in (None, found.prefix):
            raise CommandError("not-supported", f"{found.name} has the address "
                               f"{format_address(found.address)} already and can have no second",
                               tag="addr", fix="interface ip set address")
        if self.gateway is None:
            raise CommandError("missing-tag", "The argument is missing: gateway", tag="gateway",
                               exit=2, fix=session.named("gateway=${TransitA.hop}"))
        if found.gateway not in (None, self.gateway):
            raise CommandError("exists", f"{found.name} has a default gateway already",
                               tag="gateway", fix="interface ip set address "
                               f"gateway={format_address(self.gateway)}")
        _change(session, found._replace(gateway=self.gateway))
        return NOTHING


class DeleteAddress(Command, words="interface ip delete address",
                    help="Deletes the default gateway of an interface.",
                    remarks=("The only address of an adapter is not deleted.",),
                    examples=("interface ip delete address External gateway=all",)):
    """The gateway goes, the address stays."""

    name: str = tag(InterfaceName(), NAME_HELP)
    addr: int | None = tag(Address(), "The address.", default=None)
    gateway: int | None = tag(Address("<ip> | all", words={"all": 0}),
                              "The default gateway, or all.", default=None)

    def run(self, session: "Session") -> Answer:
        """Raises CommandError when there is no such gateway, or an address is meant."""
        config = session.config
        found = interface_called(config, self.name)
        if self.addr is not None:
            raise CommandError("not-supported", f"{found.name} has one address and keeps it",
                               tag="addr", fix="interface ip set address")
        if self.gateway is None:
            raise CommandError("missing-tag", "The argument is missing: gateway", tag="gateway",
                               exit=2, fix="gateway=all")
        if found.gateway is None or self.gateway not in (0, found.gateway):
            raise CommandError("not-found", f"{found.name} has no such default gateway",
                               tag="gateway")
        _change(session, found._replace(gateway=None))
        return NOTHING


class ShowInterface(Command, words="interface ip show interface",
                    help="Displays the adapters.",
                    examples=("interface ip show interface",)):
    """Link and size of the packets of one adapter or of all."""

    name: str = tag(InterfaceName(), "The interface; all when left out.", default="")

    def run(self, session: "Session") -> Answer:
        """A table. Raises NotFound."""
        config = session.config
        chosen = (interface_called(config, self.name),) if self.name else config.interfaces()
        rows = tuple((cells.number(place), cells.name(one.name), cells.mac(one.mac),
                      cells.octets(one.mtu), cells.enum("Connected" if one.link else "Cut off"),
                      cells.name(one.link)) for place, one in enumerate(chosen, 1))
        return Answer((Table((("index", "Idx"), ("name", "Name"), ("mac", "Physical Address"),
                              ("mtu", "MTU"), ("state", "State"), ("link", "Link")), rows,
                             name="adapters"),))


class ShowOffload(Command, words="interface ip show offload",
                  help="Displays the offload information of the adapters.",
                  examples=("interface ip show offload",)):
    """What the adapters would do instead of the software: nothing."""

    name: str = tag(InterfaceName(), "The interface; all when left out.", default="")

    def run(self, session: "Session") -> Answer:
        """A table. Raises NotFound."""
        config = session.config
        chosen = (interface_called(config, self.name),) if self.name else config.interfaces()
        rows = tuple((cells.name(one.name), cells.enum("None")) for one in chosen)
        return Answer((Table((("name", "Name"), ("offload", "Offload")), rows, name="offload"),))


def _change(session: "Session", new: Interface) -> None:
    """Stores an adapter; a live one is changed where it is, and the store follows."""
    if session.live:
        raise CommandError("live", "the addresses and gateways of a live machine are the kernel's",
                           exit=3, fix=f"ip address add {format_address(new.address)}/{new.prefix} "
                           f"dev {new.link}")
    session.config.set_interface(new)


def _check_metric(metric: int) -> None:
    if metric != 1:
        raise CommandError("not-supported", "a default gateway has metric 1", tag="gwmetric",
                           fix="gwmetric=1")


def check_address(new: Interface, others: list[Interface]) -> None:
    """Whether an adapter may have its address. Raises CommandError."""
    shown = format_address(new.address)
    first, hosts = new.address >> 24, new.address & ~prefix_mask(new.prefix) & 0xFFFFFFFF
    if first in (0, LOOPBACK) or first >= MULTICAST:
        raise CommandError("bad-value", f"{shown} is no address of an adapter", tag="addr")
    if new.prefix < 31 and hosts in (0, ~prefix_mask(new.prefix) & 0xFFFFFFFF):
        raise CommandError("bad-value", f"{shown} is the address of a net, not of an adapter",
                           tag="addr")
    if any(one.address == new.address for one in others):
        raise CommandError("exists", f"{shown} is the address of another adapter", tag="addr")
