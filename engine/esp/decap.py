"""Opening of ESP (RFC 2406 3.4): length, then ICV, then decryption, then padding."""

from collections.abc import Callable
from hmac import compare_digest

from engine.errors import ParseError
from engine.esp.constants import CIPHERS, HEADER, INTEGRITY, TRAILER
from engine.esp.transforms import make_cipher, make_integrity

Verify = Callable[[bytes], bytes]
"""Called with SPI to ICV; gives the same without the ICV. Raises ParseError."""
Open = Callable[[bytes], tuple[bytes, int]]
"""Called with what `Verify` gave; gives inner octets and next header. Raises ParseError."""

_PADDING = tuple(bytes(range(1, pad + 1)) for pad in range(256))


def make_verify(cipher: str, auth: str, auth_key: bytes) -> Verify:
    """The check of length and ICV of one inbound SA, in constant time.

    The function raises ParseError: "truncated", "bad-length" (not whole blocks), "bad-icv".
    """
    _, block, iv = CIPHERS[cipher]
    size = INTEGRITY[auth].icv
    integrity = make_integrity(auth, auth_key)
    least = HEADER + iv + max(block, TRAILER) + size

    def verify(data: bytes) -> bytes:
        if len(data) < least:
            raise ParseError("truncated", "ESP payload", len(data))
        body = data[:-size]
        if (len(body) - HEADER) % block:
            raise ParseError("bad-length", "ESP payload", len(data))
        if not compare_digest(integrity(body), data[-size:]):
            raise ParseError("bad-icv", "integrity check value", len(body))
        return body

    return verify


def make_open(cipher: str, key: bytes) -> Open:
    """The decryption of one inbound SA, for octets whose ICV was good.

    The function raises ParseError "bad-padding" when the padding is not 1, 2, 3 ... or is
    longer than the payload.
    """
    _, _, iv = CIPHERS[cipher]
    decrypt = make_cipher(cipher, key, bytes(iv), encrypt=False)

    def open_body(body: bytes) -> tuple[bytes, int]:
        plain = decrypt(body[HEADER:])
        pad = plain[-2]
        stop = len(plain) - TRAILER - pad
        if stop < iv or plain[stop:-TRAILER] != _PADDING[pad]:
            raise ParseError("bad-padding", "padding", max(stop, 0))
        return plain[iv:stop], plain[-1]

    return open_body
