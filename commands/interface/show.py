"""interface ip show: the addresses of the current machine's interfaces, netsh's layout."""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Cell, Line, Lines
from commands.names import InterfaceName
from commands.routing.place import interface_called
from commands.spec import Command, tag
from engine.policy.model import Interface

if TYPE_CHECKING:
    from commands.session import Session

VALUE_COLUMN = 42


def _field(label: str, cell: Cell) -> Line:
    return (f"    {label}".ljust(VALUE_COLUMN), cell)


def _address(one: Interface) -> list[Line]:
    lines: list[Line] = [
        (),
        ('Configuration for interface "', cells.name(one.name), '"'),
        _field("DHCP enabled:", cells.yes(False)),
        _field("IP Address:", cells.ip(one.address)),
        _field("SubnetMask:", cells.mask(one.prefix)),
    ]
    if one.gateway:
        lines += [_field("Default Gateway:", cells.ip(one.gateway)),
                  _field("GatewayMetric:", cells.number(1))]
    return [*lines, _field("InterfaceMetric:", cells.number(0))]


def _config(one: Interface) -> list[Line]:
    return [
        *_address(one),
        _field("Statically Configured DNS Servers:", cells.text("None")),
        _field("Statically Configured WINS Servers:", cells.text("None")),
        _field("Register with which suffix:", cells.text("Primary only")),
    ]


def _datum(one: Interface) -> dict[str, object]:
    return {"name": cells.name(one.name), "dhcp": False, "address": cells.ip(one.address),
            "mask": cells.mask(one.prefix),
            "gateway": cells.ip(one.gateway) if one.gateway else None}


class ShowAddress(Command, words="interface ip show address",
                  help="Displays the IP addresses of the interfaces.",
                  examples=("interface ip show address", "interface ip show address External")):
    """Addresses of one interface or of all."""

    name: str = tag(InterfaceName(), "The interface; all when left out.", default="")

    def run(self, session: "Session") -> Answer:
        """One block an interface. Raises NotFound."""
        return Answer((_shown(session, self.name, full=False),))


class ShowConfig(Command, words="interface ip show config",
                 help="Displays addresses and further configuration of the interfaces.",
                 examples=("interface ip show config",)):
    """Addresses and name servers of one interface or of all."""

    name: str = tag(InterfaceName(), "The interface; all when left out.", default="")

    def run(self, session: "Session") -> Answer:
        """One block an interface. Raises NotFound."""
        return Answer((_shown(session, self.name, full=True),))


def _shown(session: "Session", name: str, full: bool) -> Lines:
    config = session.config
    chosen = (interface_called(config, name),) if name else config.interfaces()
    lines = [line for one in chosen for line in (_config(one) if full else _address(one))]
    return Lines((*lines, ()), [_datum(one) for one in chosen], "interfaces")
