"""Numbers of ESP: RFC 2406, with the transforms of RFC 2403, 2404, 2405, 2451, 3602, 4868."""

from typing import NamedTuple

PROTOCOL_ESP = 50
NEXT_TUNNEL = 4
"""Next header of tunnel mode: IPv4 in ESP."""
NEXT_DUMMY = 59
"""Next header of a dummy packet, dropped without a word (RFC 4303 2.6)."""

MIN_SPI = 256
"""SPIs 1 to 255 are reserved, 0 never travels (RFC 2406 2.1)."""
MAX_SPI = 0xFFFFFFFF
MAX_SEQUENCE = 0xFFFFFFFF
HEADER = 8
"""SPI and sequence number, four octets each."""
TRAILER = 2
"""Pad length and next header."""


class CipherSpec(NamedTuple):
    """Octets of key and block; a NULL cipher (RFC 2410) has no IV and aligns to 4."""

    key: int
    block: int
    iv: int


class IntegritySpec(NamedTuple):
    """Octets of key and of the truncated ICV; `digest` is the hash's name."""

    key: int
    icv: int
    digest: str


CIPHERS = {
    "None": CipherSpec(0, 4, 0),
    "DES": CipherSpec(8, 8, 8),
    "3DES": CipherSpec(24, 8, 8),
    "AES128": CipherSpec(16, 16, 16),
    "AES192": CipherSpec(24, 16, 16),
    "AES256": CipherSpec(32, 16, 16),
}

INTEGRITY = {
    "MD5": IntegritySpec(16, 12, "MD5"),
    "SHA1": IntegritySpec(20, 12, "SHA1"),
    "SHA256": IntegritySpec(32, 16, "SHA256"),
}
