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
from engine.suites import AEAD_CIPHERS, AH_HASHES, QuickModeMethod

SUITES = [QuickModeMethod(cipher, auth) for cipher in CIPHERS if cipher not in AEAD_CIPHERS
          for auth in INTEGRITY] + [QuickModeMethod(cipher) for cipher in AEAD_CIPHERS]
AH_SUITES = [QuickModeMethod(ah_auth=auth) for auth in AH_HASHES]
BUNDLES = [one._replace(ah_auth=auth) for auth in AH_HASHES
           for one in (SUITES[0], QuickModeMethod("AES128", "SHA256"), SUITES[-1])]
SPI, AH_SPI = 0x1001, 0x2002
OUTER_SOURCE, OUTER_DESTINATION = 0xC0000201, 0xC6336401


def suite_name(method: QuickModeMethod) -> str:
    """For pytest's ids."""
    parts = (f"AH-{method.ah_auth}" if method.ah_auth else "", method.esp_cipher, method.esp_auth)
    return "-".join(part for part in parts if part)


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
    cipher, auth = CIPHERS.get(method.esp_cipher), INTEGRITY.get(method.esp_auth)
    return (octets("cipher key", cipher.key if cipher else 0),
            octets("integrity key", auth.key if auth else 0))


def ah_key(method: QuickModeMethod) -> bytes:
    """AH's key, b"" for a suite without AH."""
    return octets("ah key", INTEGRITY[method.ah_auth].key) if method.ah_auth else b""


def pair(method: QuickModeMethod, *, tunnel: bool = True, kilobytes: int = 0,
         window: int = 64) -> tuple[SecurityAssociation, SecurityAssociation]:
    """The two ends of one direction: the SA that wraps and the SA that opens."""
    terms = SaTerms("entry", method, tunnel=tunnel, kilobytes=kilobytes, window=window)
    key, auth_key = keys(method)
    out = build_outbound(SPI, OUTER_SOURCE, OUTER_DESTINATION, Selector(), terms, key, auth_key,
                         counted_entropy(), ah_spi=AH_SPI, ah_key=ah_key(method))
    opener = build_inbound(SPI, OUTER_SOURCE, OUTER_DESTINATION, Selector(), terms, key,
                           auth_key, ah_spi=AH_SPI, ah_key=ah_key(method))
    return out, opener
