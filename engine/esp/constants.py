"""Numbers of ESP (RFC 2406) and AH (RFC 2402) and of their transforms.

RFC 2403, 2404 and 4868 (integrity), 2405, 2410, 2451, 3602 and 4106 (ciphers).
"""

from typing import NamedTuple

from engine.suites import AEAD_CIPHERS, QuickModeMethod

PROTOCOL_ESP = 50
PROTOCOL_AH = 51
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
AH_HEADER = 12
"""Next header, length, reserved, SPI and sequence number, before the ICV."""
TRAILER = 2
"""Pad length and next header."""


class CipherSpec(NamedTuple):
    """Octets of key, of the unit that padding fills, and of the IV.

    A NULL cipher (RFC 2410) has no IV and aligns to 4, as AES-GCM does, whose `key` includes the
    4 octets of salt behind the key (RFC 4106 8.1).
    """

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
    "AESGCM128": CipherSpec(20, 4, 8),
    "AESGCM192": CipherSpec(28, 4, 8),
    "AESGCM256": CipherSpec(36, 4, 8),
}
SALT = 4
AEAD_ICV = 16

INTEGRITY = {
    "MD5": IntegritySpec(16, 12, "MD5"),
    "SHA1": IntegritySpec(20, 12, "SHA1"),
    "SHA256": IntegritySpec(32, 16, "SHA256"),
    "SHA384": IntegritySpec(48, 24, "SHA384"),
    "SHA512": IntegritySpec(64, 32, "SHA512"),
}


def esp_overhead(method: QuickModeMethod) -> tuple[int, int]:
    """Octets that ESP adds beside padding and trailer, and the unit that these fill up."""
    _, block, iv = CIPHERS[method.esp_cipher or "None"]
    icv = AEAD_ICV if method.esp_cipher in AEAD_CIPHERS else INTEGRITY[method.esp_auth].icv
    return HEADER + iv + icv, block


def ah_overhead(auth: str) -> int:
    """Octets of an authentication header, a multiple of 4 (RFC 2402 2.2)."""
    return AH_HEADER + INTEGRITY[auth].icv
