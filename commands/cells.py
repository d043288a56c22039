"""Typed cells from engine values: the one place that knows how each type is written.

Each function takes the engine's value (an address as integer, a key as Secret, octets as bytes)
and gives the Cell whose text is Windows' spelling and whose value is what JSON gets.
"""

from collections.abc import Iterable

from commands.answer import Cell, Line, Lines, Part
from commands.places import AUTHORITY, TEMPORARY
from engine.address import Address, Network, format_address, prefix_mask
from engine.policy.model import Secret
from engine.wording import Words


def text(value: str) -> Cell:
    """Words that mean themselves (descriptions, reasons)."""
    return Cell("text", value, value)


def name(value: str) -> Cell:
    """An object of the store, an interface or a machine."""
    return Cell("name", value, value)


def enum(value: str) -> Cell:
    """One word of a fixed set."""
    return Cell("enum", value, value)


def ip(address: Address) -> Cell:
    """An IPv4 address in dotted form."""
    shown = format_address(address)
    return Cell("ip", shown, shown)


def mask(prefix: int) -> Cell:
    """The dotted mask of a prefix length."""
    shown = format_address(prefix_mask(prefix))
    return Cell("mask", shown, shown)


def net(network: Network) -> Cell:
    """A network as ``a.b.c.d/prefix``."""
    return Cell("net", str(network), str(network))


def number(value: int, kind: str = "int") -> Cell:
    """A whole number; `kind` may be "count", "bytes", "port" or "protocol"."""
    return Cell(kind, value, str(value))


def count(value: int) -> Cell:
    """How many there are or how often it happened."""
    return Cell("count", value, str(value))


def octets(value: int) -> Cell:
    """A size or a sum of traffic, in octets."""
    return Cell("bytes", value, str(value))


def port(value: int) -> Cell:
    """A UDP or TCP port (0: any)."""
    return Cell("port", value, str(value))


def yes(value: bool, words: tuple[str, str] = ("No", "Yes")) -> Cell:
    """A truth value in the words of that layout."""
    return Cell("yesno", value, words[bool(value)])


def guid(value: str) -> Cell:
    """A GUID in braces, in capitals, as Windows shows it."""
    shown = value if value.startswith("{") else "{" + value + "}"
    return Cell("guid", shown.upper(), shown.upper())


def mac(value: str) -> Cell:
    """A hardware address as ``00-0C-29-AA-BB-CC``."""
    shown = value.replace(":", "-").upper()
    return Cell("mac", shown, shown)


def spi(value: int) -> Cell:
    """A security parameters index: decimal and hexadecimal, as event 541 writes it."""
    return Cell("spi", f"0x{value:08x}", f"{value} (0x{value:x})")


def cookies(value: bytes) -> Cell:
    """The cookie pair of an ISAKMP SA: initiator's and responder's eight octets."""
    shown = f"{value[:8].hex()}:{value[8:16].hex()}"
    return Cell("cookie", shown, shown)


def duration(seconds: float, shown: str) -> Cell:
    """A length of time that was measured; `shown` is how that layout writes it."""
    return Cell("dur", seconds, shown)


def period(seconds: float, shown: str) -> Cell:
    """A length of time that somebody configured."""
    return Cell("period", seconds, shown)


def fill(sign: str, width: int) -> Cell:
    """A rule or a wire: one sign, as often as what it stands beside is wide."""
    return Cell("fill", None, sign * width)


def method(shown: str) -> Cell:
    """A security method or a suite of algorithms."""
    return Cell("method", shown, shown)


def hang(columns: int) -> Cell:
    """The first part of a line that may be long: how far in it goes on below."""
    return Cell("hang", columns, "")


def line(value: str) -> Cell:
    """Words of which nobody has taken the values apart."""
    return Cell("line", value, value)


def file(path: str) -> Cell:
    """A file; one of the lab's own authority has another name next time."""
    folder = path.rpartition("/")[0].rpartition("/")[2]
    made = folder == AUTHORITY or folder.startswith(TEMPORARY)
    return Cell("place" if made else "path", path, path)


def typed(value: str) -> Cell:
    """A line as somebody typed it."""
    return Cell("typed", value, value)


def user(value: str) -> Cell:
    """Who did something; what nobody did is blank."""
    return Cell("user", value, value) if value else text("")


def sentence(value: str) -> Line:
    """Words of the engine, with the values that it has marked in them."""
    if not isinstance(value, Words):
        return (line(value),)
    return tuple(line(one) if isinstance(one, str) else Cell(one.type, one.text, one.text)
                 for one in value.parts)


# The first part of a line that is one of several in the order of their own values.
SORTED = Cell("sorted", None, "")


def secret(key: Secret) -> Cell:
    """A pre-shared key: the renderer shows stars unless the operator said reveal=yes."""
    return Cell("secret", key, Secret.MASK)


def padded(cell: Cell, width: int, right: bool = False) -> Line:
    """The cell with blanks around it so that columns line up; the cell itself stays clean."""
    blanks = " " * max(0, width - len(cell.text))
    return (blanks, cell) if right else (cell, blanks)


def columns(cells: Iterable[tuple[Cell, int]], gap: str = "", right: bool = False) -> Line:
    """One row: each cell in its width, `gap` between them."""
    parts: list[Part] = []
    for index, (cell, width) in enumerate(cells):
        if index and gap:
            parts.append(gap)
        parts += padded(cell, width, right)
    return tuple(part for part in parts if part != "")


def say(*lines: str | Line, data: object = None, name: str = "") -> Lines:
    """Lines from plain sentences and typed lines alike; "" is an empty line."""
    return Lines(tuple((line,) if isinstance(line, str) else line for line in lines), data, name)
