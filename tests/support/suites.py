"""Every ESP suite, and pairs of SAs for them, with octets that are the same in every run."""

from collections.abc import Callable
from hashlib import shake_128

from engine.esp.constants import CIPHERS, INTEGRITY
from engine.esp.sa import (
    SaTerms,
    SecurityAssociation,
    Selector,
    build_inbound,
    build_outbound,
)
from engine.suites import QuickModeMethod

SUITES = [QuickModeMethod(cipher, auth) for cipher in CIPHERS for auth in INTEGRITY]
SPI = 0x1001
OUTER_SOURCE, OUTER_DESTINATION = 0xC0000201, 0xC6336401


def suite_name(method: QuickModeMethod) -> str:
    """For pytest's ids."""
    return f"{method.esp_cipher}-{method.esp_auth}"


def octets(label: str, length: int) -> bytes:
    """`length` octets that depend on the label alone."""
    return shake_128(label.encode()).digest(length)


def counted_entropy(label: str = "entropy") -> Callable[[int], bytes]:
    """An Entropy that gives other octets at each call and the same in every run."""
    calls = 0

    def entropy(length: int) -> bytes:
        nonlocal calls
        calls += 1
        return octets(f"{label} {calls}", length)

    return entropy


def keys(method: QuickModeMethod) -> tuple[bytes, bytes]:
    """Cipher and integrity key of a suite."""
    return (octets("cipher key", CIPHERS[method.esp_cipher].key),
            octets("integrity key", INTEGRITY[method.esp_auth].key))


def pair(method: QuickModeMethod, *, tunnel: bool = True, kilobytes: int = 0,
         window: int = 64) -> tuple[SecurityAssociation, SecurityAssociation]:
    """The two ends of one direction: the SA that wraps and the SA that opens."""
    terms = SaTerms("entry", method, tunnel=tunnel, kilobytes=kilobytes, window=window)
    key, auth_key = keys(method)
    out = build_outbound(SPI, OUTER_SOURCE, OUTER_DESTINATION, Selector(), terms, key, auth_key,
                         counted_entropy())
    opener = build_inbound(SPI, OUTER_SOURCE, OUTER_DESTINATION, Selector(), terms, key,
                           auth_key)
    return out, opener
