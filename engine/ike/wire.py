"""The ISAKMP header and the chain of generic payloads, RFC 2408 3.1 and 3.2.

Lengths are exact: a header that disagrees with its datagram, a payload that leaves its message
and a chain that does not end where its octets end are all refused.
"""

from struct import Struct
from typing import NamedTuple

from engine.errors import ParseError
from engine.ike.constants import HEADER_SIZE, MAX_MESSAGE, MAX_PAYLOADS, Flag

_GENERIC = Struct("!BBH")
_HEADER = Struct("!8s8sBBBBII")


class Header(NamedTuple):
    """The 28 octets of RFC 2408 3.1; numbers in host order, `length` of the whole message."""

    cookie_i: bytes
    cookie_r: bytes
    next_payload: int
    exchange: int
    flags: int
    message_id: int
    length: int = 0
    version: int = 0x10

    @property
    def cookies(self) -> bytes:
        """Both cookies, the name of an ISAKMP SA."""
        return self.cookie_i + self.cookie_r

    @property
    def encrypted(self) -> bool:
        return bool(self.flags & Flag.ENCRYPTED)

    def build(self) -> bytes:
        """The header's octets; `length` must be set."""
        assert self.length >= HEADER_SIZE
        return _HEADER.pack(self.cookie_i, self.cookie_r, self.next_payload, self.version,
                            self.exchange, self.flags, self.message_id, self.length)


class Payload(NamedTuple):
    """One payload: its type and its body without the generic header."""

    type: int
    body: bytes


# What a NamedTuple's own constructor calls: saves a call for every payload received.
_payload = tuple.__new__

def parse_header(data: bytes) -> Header:
    """Reads the header and compares its length with the datagram's (the first check of 5.2).

    Raises ParseError "invalid-length".
    """
    if len(data) < HEADER_SIZE or len(data) > MAX_MESSAGE:
        raise ParseError("invalid-length", "datagram", len(data))
    (cookie_i, cookie_r, following, version, exchange, flags, message_id,
     length) = _HEADER.unpack_from(data)
    if length != len(data):
        raise ParseError("invalid-length", "header length", 24)
    return Header(cookie_i, cookie_r, following, exchange, flags, message_id, length, version)


def parse_chain(first: int, data: bytes, padding: int = 0) -> tuple[Payload, ...]:
    """Splits the octets after a header into payloads; `first` is the header's next payload.

    Up to `padding` octets may follow the last payload (a decrypted message). Raises ParseError
    "invalid-payload" for a length that does not fit, a chain that is too long, or slack.
    """
    payloads, used = split_chain(first, data)
    if len(data) - used > padding:
        raise ParseError("invalid-payload", "octets after the last payload", used)
    return payloads


def split_chain(first: int, data: bytes) -> tuple[tuple[Payload, ...], int]:
    """The same for a chain with anything behind it: its payloads and how many octets they take."""
    payloads: list[Payload] = []
    at, kind, end, unpack = 0, first, len(data), _GENERIC.unpack_from
    while kind:
        if len(payloads) == MAX_PAYLOADS:
            raise ParseError("invalid-payload", "too many payloads", at)
        body = at + 4
        if body > end:
            raise ParseError("invalid-payload", "generic header", at)
        after, _, size = unpack(data, at)
        at += size
        if size < 4 or at > end:
            raise ParseError("invalid-payload", "payload length", body - 2)
        payloads.append(_payload(Payload, (kind, data[body:at])))
        kind = after
    return tuple(payloads), at


def build_chain(payloads: tuple[Payload, ...] | list[Payload]) -> bytes:
    """The payloads with their generic headers; reserved octets are zero."""
    parts: list[bytes] = []
    pack, last = _GENERIC.pack, len(payloads)
    for at, (_, body) in enumerate(payloads, 1):
        parts.append(pack(payloads[at][0] if at < last else 0, 0, len(body) + 4) + body)
    return b"".join(parts)


def build_message(header: Header, payloads: tuple[Payload, ...] | list[Payload]) -> bytes:
    """A message in the clear: next payload and length of `header` are filled in."""
    body = build_chain(payloads)
    cookie_i, cookie_r, _, exchange, flags, message_id, _, version = header
    return _HEADER.pack(cookie_i, cookie_r, payloads[0].type, version, exchange, flags, message_id,
                        HEADER_SIZE + len(body)) + body
