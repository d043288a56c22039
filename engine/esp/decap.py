"""Opening of ESP (RFC 2406 3.4): length, then ICV, then decryption, then padding."""

from collections.abc import Callable
from hmac import compare_digest

from engine.errors import ParseError
from engine.esp.constants import AEAD_ICV, CIPHERS, HEADER, INTEGRITY, TRAILER
from engine.esp.transforms import make_aead, make_cipher, make_integrity
from engine.suites import AEAD_CIPHERS

Verify = Callable[[bytes], bytes]
"""Called with SPI to ICV; gives what `Open` takes. Raises ParseError."""
Open = Callable[[bytes], tuple[bytes, int]]
"""Called with what `Verify` gave; gives inner octets and next header. Raises ParseError."""

PADDING = tuple(bytes(range(1, pad + 1)) for pad in range(256))
"""By its length, what padding must be."""


def make_unwrap(cipher: str, key: bytes, auth: str, auth_key: bytes) -> tuple[Verify, Open]:
    """Both halves of an inbound SA's work: authentic or not, then what is inside.

    Between them the caller moves its replay window. Raises ValueError for keys of wrong length.
    """
    if cipher in AEAD_CIPHERS:
        return make_aead_verify(cipher, key), _open_aead
    return make_verify(cipher, auth, auth_key), make_open(cipher, key)


def make_verify(cipher: str, auth: str, auth_key: bytes) -> Verify:
    """The check of length and ICV of one inbound SA, in constant time; cuts the ICV off.

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
        if stop < iv or plain[stop:-TRAILER] != PADDING[pad]:
            raise ParseError("bad-padding", "padding", max(stop, 0))
        return plain[iv:stop], plain[-1]

    return open_body


def make_aead_verify(cipher: str, key: bytes) -> Verify:
    """Length, then ICV and decryption in one (RFC 4106); gives the plaintext with its trailer.

    The function raises ParseError: "truncated", "bad-length", "bad-icv".
    """
    from cryptography.exceptions import InvalidTag

    aead, salt = make_aead(cipher, key)
    decrypt = aead.decrypt
    _, block, iv = CIPHERS[cipher]
    start = HEADER + iv
    least = start + block + AEAD_ICV

    def verify(data: bytes) -> bytes:
        if len(data) < least:
            raise ParseError("truncated", "ESP payload", len(data))
        if len(data) % block:
            raise ParseError("bad-length", "ESP payload", len(data))
        try:
            return decrypt(salt + data[HEADER:start], data[start:], data[:HEADER])
        except InvalidTag:
            raise ParseError("bad-icv", "integrity check value",
                             len(data) - AEAD_ICV) from None

    return verify


def _open_aead(plain: bytes) -> tuple[bytes, int]:
    pad = plain[-2]
    stop = len(plain) - TRAILER - pad
    if stop < 0 or plain[stop:-TRAILER] != PADDING[pad]:
        raise ParseError("bad-padding", "padding", max(stop, 0))
    return plain[:stop], plain[-1]
