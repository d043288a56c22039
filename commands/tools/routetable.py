"""The layout of Windows 2000's ``route print``."""

from typing import TYPE_CHECKING, NamedTuple

from commands import cells
from commands.answer import Cell, Line, Lines
from engine.address import Address, format_address
from engine.policy.model import Interface, Route

if TYPE_CHECKING:
    from engine.host import Host

RULE = "=" * 75
LOOPBACK = 0x7F000001
ACTIVE = (17, 17, 17, 16, 8)
STORED = (17, 17, 17, 8)
FIRST_INDEX = 0x1000003


class Shown(NamedTuple):
    """A line of the active table; `interface` is an address, as Windows prints it."""

    destination: Address
    prefix: int
    gateway: Address
    interface: Address
    metric: int


def interface_index(position: int) -> int:
    """The number by which ``IF`` names an interface: Windows 2000's for the first adapter."""
    return FIRST_INDEX + position


def _own_lines(interfaces: tuple[Interface, ...]) -> list[Shown]:
    """What the stack adds by itself: the own addresses, loopback, multicast and broadcast."""
    found = [Shown(one.address, 32, LOOPBACK, LOOPBACK, 1) for one in interfaces]
    found.append(Shown(0x7F000000, 8, LOOPBACK, LOOPBACK, 1))
    found += [Shown(0xE0000000, 3, one.address, one.address, 1) for one in interfaces]
    found += [Shown(0xFFFFFFFF, 32, one.address, one.address, 1) for one in interfaces[-1:]]
    return found


def active_lines(host: "Host", interfaces: tuple[Interface, ...]) -> list[Shown]:
    """The active routes of a host; Windows shows them sorted."""
    addresses = {one.name: one.address for one in interfaces}
    found = _own_lines(interfaces)
    for one in host.routes():
        own = addresses[one.interface]
        found.append(Shown(one.destination, one.prefix, one.gateway or own, own, one.metric))
    return found


def fits(pattern: str, destination: Address) -> bool:
    """Whether an address meets a pattern with ``*`` and ``?``; "" is every address."""
    if not pattern:
        return True
    # Imported here because it brings re along, which a one-shot route add does not need.
    from fnmatch import fnmatchcase
    return fnmatchcase(format_address(destination), pattern)


def _row(shown: tuple[Cell, ...], widths: tuple[int, ...]) -> Line:
    return cells.columns(zip(shown, widths, strict=True), right=True)


def _active_cells(one: Shown) -> tuple[Cell, ...]:
    return (cells.ip(one.destination), cells.mask(one.prefix), cells.ip(one.gateway),
            cells.ip(one.interface), cells.number(one.metric))


def _stored_cells(one: Route) -> tuple[Cell, ...]:
    return (cells.ip(one.destination), cells.mask(one.prefix), cells.ip(one.gateway),
            cells.number(one.metric))


def _interface_lines(interfaces: tuple[Interface, ...]) -> list[Line]:
    lines: list[Line] = [(RULE,), ("Interface List",),
                         ("0x1 ........................... MS TCP Loopback interface",)]
    for position, one in enumerate(interfaces):
        mac = cells.mac(one.mac)
        spaced = Cell("mac", mac.value, mac.text.lower().replace("-", " "))
        lines.append((f"{interface_index(position):#x} ...", spaced, " ...... ",
                      cells.name(one.name)))
    return [*lines, (RULE,)]


ACTIVE_KEYS = ("destination", "mask", "gateway", "interface", "metric")
STORED_KEYS = ("destination", "mask", "gateway", "metric")


def table(interfaces: tuple[Interface, ...], active: list[Shown],
          stored: list[Route]) -> Lines:
    """The three sections of route print; `active` and `stored` are already filtered."""
    lines = _interface_lines(interfaces)
    lines += [(RULE,), ("Active Routes:",),
              ("Network Destination        Netmask          Gateway       Interface  Metric",)]
    lines += [(cells.SORTED, *_row(_active_cells(one), ACTIVE)) for one in sorted(active)]
    defaults = [one for one in active if not one.prefix]
    if defaults:
        best = min(defaults, key=lambda one: one.metric)
        lines.append((f"{'Default Gateway:':<17}", *cells.padded(cells.ip(best.gateway), 17, True)))
    lines += [(RULE,), ("Persistent Routes:",)]
    if stored:
        lines.append(("  Network Address          Netmask  Gateway Address  Metric",))
        lines += [_row(_stored_cells(one), STORED) for one in stored]
    else:
        lines.append(("  None",))
    data = {"active": [dict(zip(ACTIVE_KEYS, _active_cells(one), strict=True)) for one in active],
            "persistent": [dict(zip(STORED_KEYS, _stored_cells(one), strict=True))
                           for one in stored]}
    return Lines(tuple(lines), data, "routes")
