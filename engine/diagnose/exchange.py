"""Negotiations as an outsider sees them: the ISAKMP messages of a capture, exchange by exchange.

Whatever is not encrypted is read: offers and answers (SA payloads), notifies. What is encrypted
shows its place in the exchange, its size and whether it was repeated, which tells a lot.
"""

from collections.abc import Iterable
from typing import NamedTuple

from engine.address import Address
from engine.errors import ParseError
from engine.ike.constants import HEADER_SIZE, PayloadType
from engine.ike.payloads import Proposal, parse_sa
from engine.ike.wire import Header, parse_header, split_chain
from engine.ip import IPv4, ports
from engine.messages import MessageNames, isakmp_of

MAIN_MESSAGES = ("MM1", "MM2", "MM3", "MM4", "MM5", "MM6")
NOTIFY_HEAD = 8


class Message(NamedTuple):
    """One datagram of IKE: "MM1" ... "QM3", "INFO"; `again` says it was seen before.

    `notify` is the number of a notify that can be read, `offers` the proposals of an SA payload
    that can be, `port` the destination port.
    """

    time: float
    outgoing: bool
    name: str
    again: bool
    encrypted: bool
    source: Address
    destination: Address
    port: int
    octets: int
    notify: int = 0
    offers: tuple[Proposal, ...] = ()


class Exchange(NamedTuple):
    """All messages under one initiator's cookie; `ours` says that its first message left here."""

    cookie: bytes
    ours: bool
    peer: Address
    messages: tuple[Message, ...]

    def named(self, name: str, outgoing: bool | None = None) -> tuple[Message, ...]:
        """The messages of that name, repeated ones included."""
        return tuple(one for one in self.messages if one.name == name
                     and outgoing in (None, one.outgoing))

    @property
    def notifies(self) -> tuple[int, ...]:
        """The notifies that came in and can be read: unauthenticated, so hints."""
        return tuple(one.notify for one in self.messages if one.notify and not one.outgoing)

    @property
    def last(self) -> str:
        """The furthest message of main mode that was seen."""
        seen = {one.name for one in self.messages}
        return next((name for name in reversed(MAIN_MESSAGES) if name in seen), "")

    @property
    def answered(self) -> bool:
        """Whether anything came in."""
        return any(not one.outgoing for one in self.messages)

    @property
    def repeated(self) -> int:
        """How many of the messages that left here were repetitions."""
        return sum(one.again and one.outgoing for one in self.messages)

    @property
    def floated(self) -> bool:
        """Whether it went on to UDP 4500: a NAT was found."""
        return any(one.port != 500 for one in self.messages if one.name in ("MM5", "MM6"))


def exchanges(frames: Iterable[tuple[float, IPv4 | None, bool]]) -> list[Exchange]:
    """The exchanges among captured packets: (time, packet, whether it left here), in order."""
    names = MessageNames()
    found: dict[bytes, list[Message]] = {}
    for time, packet, outgoing in frames:
        octets = isakmp_of(packet) if packet is not None else b""
        if not octets or packet is None:
            continue
        try:
            header = parse_header(octets)
        except ParseError:
            continue
        named = names.name(octets)
        notify, offers = (0, ()) if header.encrypted else _read(header, octets)
        found.setdefault(header.cookie_i, []).append(Message(
            time, outgoing, named.name, named.again, named.encrypted, packet.source,
            packet.destination, ports(packet)[1], len(octets), notify, offers))
    return [_exchange(cookie, messages) for cookie, messages in found.items()]


def _exchange(cookie: bytes, messages: list[Message]) -> Exchange:
    first = messages[0]
    return Exchange(cookie, first.outgoing, first.destination if first.outgoing else first.source,
                    tuple(messages))


def _read(header: Header, octets: bytes) -> tuple[int, tuple[Proposal, ...]]:
    """The notify and the offers of a message in the clear; of a broken one nothing."""
    notify, offers = 0, tuple[Proposal, ...]()
    try:
        payloads, _ = split_chain(header.next_payload, octets[HEADER_SIZE:])
        for one in payloads:
            if one.type == PayloadType.NOTIFY and len(one.body) >= NOTIFY_HEAD:
                notify = int.from_bytes(one.body[6:8], "big")
            elif one.type == PayloadType.SA:
                offers = parse_sa(one.body)
    except ParseError:
        pass
    return notify, offers
