"""Bodies of the payloads we speak: SA, notify, delete (RFC 2408 3.4, 3.5, 3.6, 3.14, 3.15)."""

from typing import NamedTuple

from engine.errors import ParseError
from engine.ike.constants import (
    DOI_IPSEC,
    MAX_TRANSFORMS,
    SITUATION_IDENTITY_ONLY,
    PayloadType,
    ProtocolId,
)
from engine.ike.wire import Payload, build_chain, parse_chain


class Transform(NamedTuple):
    """One transform as it stands on the wire: number, id and its attributes unread."""

    number: int
    id: int
    attributes: bytes

    def build(self) -> bytes:
        return bytes((self.number, self.id, 0, 0)) + self.attributes


class Proposal(NamedTuple):
    """One proposal payload; proposals of one number belong together (AND)."""

    number: int
    protocol: int
    spi: bytes
    transforms: tuple[Transform, ...]

    def build(self) -> bytes:
        chain = build_chain([Payload(PayloadType.TRANSFORM, one.build())
                             for one in self.transforms])
        return bytes((self.number, self.protocol, len(self.spi),
                      len(self.transforms))) + self.spi + chain


class Notify(NamedTuple):
    """A notify payload: RFC 2408 3.14."""

    protocol: int
    type: int
    spi: bytes = b""
    data: bytes = b""

    def build(self) -> Payload:
        body = (DOI_IPSEC.to_bytes(4, "big") + bytes((self.protocol, len(self.spi)))
                + self.type.to_bytes(2, "big") + self.spi + self.data)
        return Payload(PayloadType.NOTIFY, body)


class Delete(NamedTuple):
    """A delete payload: SPIs of one protocol, all of one size (RFC 2408 3.15)."""

    protocol: int
    spis: tuple[bytes, ...]

    def build(self) -> Payload:
        body = (DOI_IPSEC.to_bytes(4, "big") + bytes((self.protocol, len(self.spis[0])))
                + len(self.spis).to_bytes(2, "big") + b"".join(self.spis))
        return Payload(PayloadType.DELETE, body)


def build_sa(proposals: tuple[Proposal, ...]) -> Payload:
    """The SA payload of these proposals: IPsec DOI, situation "identity only"."""
    chain = build_chain([Payload(PayloadType.PROPOSAL, one.build()) for one in proposals])
    head = DOI_IPSEC.to_bytes(4, "big") + SITUATION_IDENTITY_ONLY.to_bytes(4, "big")
    return Payload(PayloadType.SA, head + chain)


def parse_sa(body: bytes) -> tuple[Proposal, ...]:
    """Reads an SA body. Raises ParseError "invalid-doi", "invalid-situation", "invalid-sa"."""
    if len(body) < 12:
        raise ParseError("invalid-sa", "SA payload", len(body))
    if int.from_bytes(body[:4], "big") != DOI_IPSEC:
        raise ParseError("invalid-doi", "SA DOI", 0)
    if int.from_bytes(body[4:8], "big") != SITUATION_IDENTITY_ONLY:
        raise ParseError("invalid-situation", "SA situation", 4)
    proposals = parse_chain(PayloadType.PROPOSAL, body[8:])
    if sum(one.body[3] for one in proposals if len(one.body) > 3) > MAX_TRANSFORMS:
        raise ParseError("invalid-sa", "too many transforms", 8)
    return tuple(_parse_proposal(one) for one in proposals)


def _parse_proposal(payload: Payload) -> Proposal:
    body = payload.body
    if payload.type != PayloadType.PROPOSAL or len(body) < 4:
        raise ParseError("invalid-sa", "proposal payload", 0)
    number, protocol, spi_size, count = body[:4]
    spi = body[4:4 + spi_size]
    if len(spi) != spi_size or not count:
        raise ParseError("invalid-sa", "proposal SPI", 4)
    chain = _transform_chain(body[4 + spi_size:], count)
    return Proposal(number, protocol, spi, tuple(_parse_transform(one) for one in chain))


def _transform_chain(data: bytes, count: int) -> list[Payload]:
    """The transforms of one proposal, up to 255: walked here, since a chain is bounded lower."""
    found: list[Payload] = []
    at, kind = 0, int(PayloadType.TRANSFORM)
    while kind != PayloadType.NONE:
        size = int.from_bytes(data[at + 2:at + 4], "big")
        if size < 8 or at + size > len(data) or len(found) == count:
            raise ParseError("invalid-sa", "transform length", at)
        found.append(Payload(kind, data[at + 4:at + size]))
        kind, at = data[at], at + size
    if at != len(data) or len(found) != count:
        raise ParseError("invalid-sa", "number of transforms", at)
    return found


def _parse_transform(payload: Payload) -> Transform:
    if payload.type != PayloadType.TRANSFORM:
        raise ParseError("invalid-sa", "transform payload", 0)
    return Transform(payload.body[0], payload.body[1], payload.body[4:])


def parse_notify(body: bytes) -> Notify:
    """Reads a notify body. Raises ParseError "invalid-notify" (DOI, SPI size, cut)."""
    if len(body) < 8 or int.from_bytes(body[:4], "big") not in (0, DOI_IPSEC):
        raise ParseError("invalid-notify", "notify DOI", 0)
    protocol, size = body[4], body[5]
    if size not in (0, 4, 8, 16) or len(body) < 8 + size:
        raise ParseError("invalid-notify", "notify SPI size", 5)
    return Notify(protocol, int.from_bytes(body[6:8], "big"), body[8:8 + size], body[8 + size:])


def parse_delete(body: bytes) -> Delete:
    """Reads a delete body: count times size is its length. Raises ParseError "invalid-delete"."""
    if len(body) < 8 or int.from_bytes(body[:4], "big") != DOI_IPSEC:
        raise ParseError("invalid-delete", "delete DOI", 0)
    protocol, size, count = body[4], body[5], int.from_bytes(body[6:8], "big")
    expected = 16 if protocol == ProtocolId.ISAKMP else 4
    if size != expected or not count or len(body) != 8 + size * count:
        raise ParseError("invalid-delete", "delete SPIs", 5)
    return Delete(protocol, tuple(body[at:at + size] for at in range(8, len(body), size)))
