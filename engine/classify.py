"""First match among many masked rows: what is behind the SPD, and knows nothing of IPsec.

Few mask shapes (the usual case) are a tuple space: one hash look-up a shape. Many shapes are bit
vectors: an address is found among the sorted edges of all networks, whose interval knows every
row that contains it as one integer, and the rows that meet a packet are the AND of five integers.
The highest bit is the most preferred row.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from engine.address import ALL_ONES, Address, Network, prefix_mask


class Masked(Protocol):
    """What a row must show. Protocol and ports 0 mean any."""

    @property
    def source(self) -> Network: ...
    @property
    def destination(self) -> Network: ...
    @property
    def protocol(self) -> int: ...
    @property
    def source_port(self) -> int: ...
    @property
    def destination_port(self) -> int: ...


Row = TypeVar("Row", bound=Masked)
Find = Callable[[Address, Address, int, int, int], Row | None]
"""Called with a packet's source, destination, protocol and ports; gives the first row it meets."""

FEW_SHAPES = 8
INTERVALS_KEPT = 4096
_SOURCE, _DESTINATION, _PROTOCOL, _SPORT = 72, 40, 32, 16


def classifier(rows: Sequence[Row]) -> Find[Row]:
    """The look-up among `rows`, most preferred first, rows of one shape standing together.

    A shape is both prefix lengths and whether protocol and ports are given.
    """
    tables: dict[int, dict[int, Row]] = {}
    for row in rows:
        tables.setdefault(_mask(row), {}).setdefault(_value(row), row)
    return _tuple_space(tables) if len(tables) <= FEW_SHAPES else BitVectors(rows).find


def _mask(row: Masked) -> int:
    return (prefix_mask(row.source.prefix) << _SOURCE
            | prefix_mask(row.destination.prefix) << _DESTINATION
            | (0xFF if row.protocol else 0) << _PROTOCOL
            | (0xFFFF if row.source_port else 0) << _SPORT
            | (0xFFFF if row.destination_port else 0))


def _value(row: Masked) -> int:
    return (row.source.address << _SOURCE | row.destination.address << _DESTINATION
            | row.protocol << _PROTOCOL | row.source_port << _SPORT | row.destination_port)


def _tuple_space(tables: dict[int, dict[int, Row]]) -> Find[Row]:
    shapes = [(mask, table.get) for mask, table in tables.items()]

    def find(source: Address, destination: Address, protocol: int, source_port: int,
             destination_port: int) -> Row | None:
        packet = (source << 72 | destination << 40 | protocol << 32 | source_port << 16
                  | destination_port)
        for mask, get in shapes:
            found = get(packet & mask)
            if found is not None:
                return found
        return None

    return find


class BitVectors(Generic[Row]):
    """Rows as bits: the first row is the highest bit of `len(rows)`."""

    __slots__ = ("_rows", "_sources", "_destinations", "_protocols", "_sports", "_dports")

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = tuple(reversed(rows))
        self._sources = _Side([row.source for row in self._rows])
        self._destinations = _Side([row.destination for row in self._rows])
        self._protocols = _Field([row.protocol for row in self._rows])
        self._sports = _Field([row.source_port for row in self._rows])
        self._dports = _Field([row.destination_port for row in self._rows])

    def find(self, source: Address, destination: Address, protocol: int, source_port: int,
             destination_port: int) -> Row | None:
        """See `Find`."""
        side = self._sources
        at = bisect_right(side.edges, source)
        bits = side.known.get(at)
        if bits is None:
            bits = side.learn(at)
        side = self._destinations
        at = bisect_right(side.edges, destination)
        more = side.known.get(at)
        bits &= side.learn(at) if more is None else more
        if not bits:
            return None
        bits &= self._protocols.get(protocol)
        if bits and self._sports.used:
            bits &= self._sports.get(source_port)
        if bits and self._dports.used:
            bits &= self._dports.get(destination_port)
        return self._rows[bits.bit_length() - 1] if bits else None


class _Side:
    """One address of all rows; what an interval contains is worked out when it is first met.

    `edges` are the addresses at which a network begins or has ended, `known` the rows by number
    of the interval.
    """

    __slots__ = ("edges", "known", "_bits", "_masks")

    def __init__(self, networks: Sequence[Network]) -> None:
        edges = set()
        bits: dict[Network, int] = {}
        places: dict[Network, list[int]] = {}
        for place, one in enumerate(networks):
            places.setdefault(one, []).append(place)
        for one, numbers in places.items():
            edges.add(one.address)
            edges.add(one.address + (1 << 32 - one.prefix))
            octets = bytearray(numbers[-1] // 8 + 1)
            for number in numbers:
                octets[number >> 3] |= 1 << (number & 7)
            bits[one] = int.from_bytes(octets, "little")
        self.edges = sorted(edges)
        self.known: dict[int, int] = {}
        self._bits = bits
        self._masks = sorted({one.prefix for one in bits})

    def learn(self, at: int) -> int:
        """The rows that hold every address of an interval."""
        if len(self.known) >= INTERVALS_KEPT:
            self.known.clear()
        address = self.edges[at - 1] if at else -1
        bits = 0
        if 0 <= address <= ALL_ONES:
            for prefix in self._masks:
                bits |= self._bits.get(Network(address & prefix_mask(prefix), prefix), 0)
        self.known[at] = bits
        return bits


class _Field:
    """A number of all rows, 0 meaning any."""

    __slots__ = ("used", "_any", "_bits")

    def __init__(self, values: Sequence[int]) -> None:
        sets: dict[int, bytearray] = {}
        for place, value in enumerate(values):
            octets = sets.setdefault(value, bytearray(len(values) // 8 + 1))
            octets[place >> 3] |= 1 << (place & 7)
        whole = {value: int.from_bytes(octets, "little") for value, octets in sets.items()}
        self._any = whole.pop(0, 0)
        self._bits = {value: bits | self._any for value, bits in whole.items()}
        self.used = bool(whole)

    def get(self, value: int) -> int:
        """The rows that a packet with this value meets."""
        return self._bits.get(value, self._any)
