"""ipconfig: the adapters of the current machine as Windows 2000 lists them.

The article has it run before and after the tunnel is up: the list must be the same, because
IPsec protects traffic through the physical interface and adds none of its own.
"""

from commands import cells
from commands.answer import Answer, Cell, Line, Lines
from commands.kinds import YesNo
from commands.spec import Command, tag
from engine.policy.model import Interface, Machine
from engine.values import TYPE_CHECKING

if TYPE_CHECKING:
    from commands.session import Session

INDENT = "        "
LABEL_WIDTH = 34
NO_CELL = Cell("text", None, "")


def label(title: str) -> str:
    """``IP Address. . . . . . . . . . . . : ``: a dot in every even column up to the colon."""
    filled = title + " " * (len(title) % 2)
    return f"{INDENT}{filled}{'. ' * ((LABEL_WIDTH - len(filled)) // 2)}: "


def _field(title: str, cell: Cell) -> Line:
    return (label(title), cell)


def _basic(interface: Interface) -> list[Line]:
    gateway = cells.ip(interface.gateway) if interface.gateway else NO_CELL
    return [
        _field("IP Address", cells.ip(interface.address)),
        _field("Subnet Mask", cells.mask(interface.prefix)),
        _field("Default Gateway", gateway),
    ]


def _adapter(interface: Interface, full: bool, live: bool) -> list[Line]:
    description = f"Linux device {interface.link}" if live else "Lab Ethernet Adapter"
    lines: list[Line] = [
        ("Ethernet adapter ", cells.name(interface.name), ":"),
        (),
        _field("Connection-specific DNS Suffix ", NO_CELL),
    ]
    if full:
        lines += [
            _field("Description", cells.text(description)),
            _field("Physical Address", cells.mac(interface.mac)),
            _field("DHCP Enabled", cells.yes(False)),
        ]
    lines += _basic(interface)
    if full:
        lines.append(_field("DNS Servers", NO_CELL))
    return [*lines, ()]


def _header(machine: Machine) -> list[Line]:
    return [
        _field("Host Name", cells.name(machine.name)),
        _field("Primary DNS Suffix ", NO_CELL),
        _field("Node Type", cells.enum("Broadcast")),
        _field("IP Routing Enabled", cells.yes(machine.forwarding)),
        _field("WINS Proxy Enabled", cells.yes(False)),
        (),
    ]


def _datum(interface: Interface) -> dict[str, object]:
    return {
        "name": cells.name(interface.name),
        "mac": cells.mac(interface.mac),
        "address": cells.ip(interface.address),
        "mask": cells.mask(interface.prefix),
        "gateway": cells.ip(interface.gateway) if interface.gateway else None,
    }


class IpConfig(Command, words="ipconfig", help="Displays the IP configuration.",
               remarks=("The list is the same before and after a tunnel is up: IPsec adds no "
                        "interface.",),
               examples=("ipconfig", "ipconfig /all")):
    """Windows 2000's list of adapters."""

    all: bool = tag(YesNo(), "Display full configuration information.", default=False,
                    form="slash")

    def run(self, session: "Session") -> Answer:
        """The adapters; with /all the host's block before them."""
        config = session.config
        lines: list[Line] = [(), ("Windows 2000 IP Configuration",), ()]
        if self.all:
            lines += _header(config.machine)
        for interface in config.interfaces():
            lines += _adapter(interface, self.all, session.live)
        data = {"host": config.machine.name, "routing": config.machine.forwarding,
                "adapters": [_datum(one) for one in config.interfaces()]}
        return Answer((Lines(tuple(lines), data, "ipconfig"),))
