"""The authentication header (RFC 2402): one direction of one SA, over whole IPv4 packets.

What routers change on the way (TOS, flags, fragment offset, TTL, header checksum) counts as zero
in the ICV. Options are not kept by this stack, so a packet that had some fails its check.
"""

from hmac import compare_digest
from struct import Struct

from engine.errors import ParseError
from engine.esp.constants import (
    AH_HEADER,
    INTEGRITY,
    MAX_SEQUENCE,
    MAX_SPI,
    MIN_SPI,
    PROTOCOL_AH,
    ah_overhead,
)
from engine.esp.replay import DEFAULT_WINDOW, ReplayWindow
from engine.esp.transforms import make_integrity
from engine.ip import HEADER as IP_HEADER
from engine.ip import IPv4

_IMMUTABLE = Struct("!HHHHBBHII")
_AH = Struct("!BBHII")


class AuthenticationHeader:
    """`seal` on the way out, `open` on the way in. `sequence` is the last number sent.

    Raises ValueError for a reserved SPI or a key of wrong length.
    """

    __slots__ = ("spi", "auth", "sequence", "window", "size", "_integrity", "_icv", "_words")

    def __init__(self, spi: int, auth: str, key: bytes, window: int = DEFAULT_WINDOW) -> None:
        if not MIN_SPI <= spi <= MAX_SPI:
            raise ValueError("SPIs 0 to 255 are reserved")
        self.spi, self.auth = spi, auth
        self.sequence = 0
        self.window = ReplayWindow(window)
        self.size = ah_overhead(auth)
        self._integrity = make_integrity(auth, key)
        self._icv = INTEGRITY[auth].icv
        # RFC 2402 2.2: the length field counts 4-octet words, less two.
        self._words = self.size // 4 - 2

    def seal(self, packet: IPv4) -> IPv4:
        """The packet with AH between its header and its payload.

        Raises ParseError "sequence-exhausted" instead of letting the number wrap.
        """
        sequence = self.sequence + 1
        if sequence > MAX_SEQUENCE:
            raise ParseError("sequence-exhausted", "sequence number", 8)
        head = _AH.pack(packet.protocol, self._words, 0, self.spi, sequence)
        icv = self._compute(packet, head, packet.payload)
        self.sequence = sequence
        return packet.with_payload(head + icv + packet.payload, PROTOCOL_AH)

    def open(self, packet: IPv4) -> IPv4:
        """The packet without its AH; the window moves when the ICV was good.

        Raises ParseError: "truncated", "bad-length" (not the length of this SA's ICV),
        "bad-spi", "replay", "bad-icv".
        """
        data = packet.payload
        if len(data) < self.size:
            raise ParseError("truncated", "AH", len(data))
        next_header, words, _, spi, sequence = _AH.unpack_from(data)
        if words != self._words:
            raise ParseError("bad-length", "AH length", 1)
        if spi != self.spi:
            raise ParseError("bad-spi", "SPI", 4)
        if not self.window.check(sequence):
            raise ParseError("replay", "sequence number", 8)
        payload = data[self.size:]
        expected = self._compute(packet, data[:AH_HEADER], payload)
        if not compare_digest(expected, data[AH_HEADER:self.size]):
            raise ParseError("bad-icv", "integrity check value", AH_HEADER)
        self.window.advance(sequence)
        self.sequence = self.window.top
        return packet.with_payload(payload, next_header)

    def _compute(self, packet: IPv4, head: bytes, payload: bytes) -> bytes:
        """The ICV (RFC 2402 3.3.3): the fixed part of the header, AH with a zero ICV, payload."""
        total = IP_HEADER + self.size + len(payload)
        return self._integrity(
            _IMMUTABLE.pack(0x4500, total, packet.identification, 0, 0, PROTOCOL_AH, 0,
                            packet.source, packet.destination)
            + head + bytes(self._icv) + payload)
