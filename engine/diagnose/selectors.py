"""The filters of a driver as sets of packets: which hide others, wholly or in part."""

from typing import NamedTuple

from engine.address import ALL_ONES, Network, format_address
from engine.diagnose.algebra import Box, Overlaps, Span, covered, intersect, numbers
from engine.spd import INBOUND, OUTBOUND, Spd, SpdEntry

PROTOCOLS, PORTS = 256, 65536
SHOWN_MOST = 64


class Hidden(NamedTuple):
    """An entry of which others take something first.

    `by` are the entries that do, as far as they treat the packets differently; `common` what the
    first of them takes. `whole` says that nothing is left.
    """

    entry: SpdEntry
    by: tuple[SpdEntry, ...]
    common: Box
    whole: bool


def box_of(entry: SpdEntry) -> Box:
    """An entry as spans of source, destination, protocol and ports."""
    return (_net(entry.source), _net(entry.destination), _number(entry.protocol, PROTOCOLS),
            _number(entry.source_port, PORTS), _number(entry.destination_port, PORTS))


def _net(network: Network) -> Span:
    return network.address, network.address + (1 << 32 - network.prefix)


def _number(value: int, most: int) -> Span:
    return (value, value + 1) if value else (0, most)


def hidden(spd: Spd) -> list[Hidden]:
    """The entries that others come before, in the order in which the driver looks."""
    return [one for way in (OUTBOUND, INBOUND) for one in _hidden(
        [entry for entry in spd.entries if entry.direction == way])]


def _hidden(entries: list[SpdEntry]) -> list[Hidden]:
    boxes = [box_of(one) for one in entries]
    overlaps = Overlaps(boxes)
    alike: dict[object, int] = {}
    for number, one in enumerate(entries):
        alike[_behaviour(one)] = alike.get(_behaviour(one), 0) | 1 << number
    found = []
    for number, one in enumerate(entries):
        before = overlaps.of(number) & (1 << number) - 1
        if not before:
            continue
        other = before & ~alike[_behaviour(one)]
        if not other and not _within(entries, boxes, number, before):
            continue
        whole = covered(boxes[number], [boxes[at] for at in numbers(before)])
        if whole or other:
            found.append(_made(entries, boxes, number, other or before, whole))
    return found


def _within(entries: list[SpdEntry], boxes: list[Box], number: int, before: int) -> bool:
    """Whether the entries before it could hide it at all: by their sheer number of addresses."""
    own = boxes[number]
    size = (own[0][1] - own[0][0]) * (own[1][1] - own[1][0])
    total = 0
    for at in numbers(before):
        one = boxes[at]
        total += (one[0][1] - one[0][0]) * (one[1][1] - one[1][0])
        if total >= size:
            return True
    return False


def _made(entries: list[SpdEntry], boxes: list[Box], number: int, by: int,
          whole: bool) -> Hidden:
    first = next(iter(numbers(by)))
    common = intersect(boxes[number], boxes[first])
    assert common is not None
    others = []
    for at in numbers(by):
        others.append(entries[at])
        if len(others) == SHOWN_MOST:
            break
    return Hidden(entries[number], tuple(others), common, whole)


def _behaviour(entry: SpdEntry) -> tuple[object, ...]:
    """What happens to a packet that meets an entry, as far as its fate goes."""
    return entry.action, entry.tunnel


def words(box: Box) -> str:
    """A set of packets in words."""
    text = f"{_range(box[0])} -> {_range(box[1])}"
    if box[2] != (0, PROTOCOLS):
        text += f" protocol {box[2][0]}"
    for name, span in (("source port", box[3]), ("port", box[4])):
        if span != (0, PORTS):
            text += f" {name} {span[0]}"
    return text


def _range(span: Span) -> str:
    """Addresses as a network where they are one."""
    low, high = span
    size = high - low
    if size & size - 1 == 0 and low % size == 0:
        return str(Network(low, 32 - (size.bit_length() - 1)))
    return f"{format_address(low)}-{format_address(min(high - 1, ALL_ONES))}"
