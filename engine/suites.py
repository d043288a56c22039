"""The algorithms a policy can name, and how netsh writes them.

Names are the ones an operator types: ciphers DES, 3DES, AES128, AES192, AES256 (and None),
hashes MD5, SHA1, SHA256, Diffie-Hellman groups by IANA number (netsh's "3" is group 14).
"""

from typing import NamedTuple

CIPHERS = ("DES", "3DES", "AES128", "AES192", "AES256")
HASHES = ("MD5", "SHA1", "SHA256")
GROUPS = (1, 2, 5, 14)
WEAK_CIPHERS = frozenset({"DES"})
WEAK_HASHES = frozenset({"MD5"})
WEAK_GROUPS = frozenset({1, 2})
GROUP_BITS = {1: 768, 2: 1024, 5: 1536, 14: 2048}

DEFAULT_QM_SECONDS = 3600
DEFAULT_QM_KILOBYTES = 100_000


class MainModeMethod(NamedTuple):
    """One phase 1 offer, netsh's ``ConfAlg-HashAlg-GroupNum``; `group` is the IANA number."""

    cipher: str
    hash: str
    group: int


class QuickModeMethod(NamedTuple):
    """One phase 2 offer, netsh's ``AH[..]+ESP[..]:k/s``; "" means that part is absent.

    ESP without integrity is never stored. `kilobytes` and `seconds` 0 mean "defaults", which is
    what netdiag then prints; the negotiation uses 100,000 kilobytes and 3,600 seconds.
    """

    esp_cipher: str = ""
    esp_auth: str = ""
    ah_auth: str = ""
    kilobytes: int = 0
    seconds: int = 0


def netsh_group(group: int) -> str:
    """The group as netsh writes it: 1, 2, 3 (for IANA 14), others by IANA number."""
    return "3" if group == 14 else str(group)


def format_main_mode(method: MainModeMethod) -> str:
    """``3DES-SHA1-2``; group 14 is written 3, as netsh does."""
    return f"{method.cipher}-{method.hash}-{netsh_group(method.group)}"


def format_quick_mode(method: QuickModeMethod) -> str:
    """``ESP[3DES,SHA1]:100000k/3600s``; the lifetime is left out when both are defaults."""
    parts = []
    if method.ah_auth:
        parts.append(f"AH[{method.ah_auth}]")
    if method.esp_auth:
        parts.append(f"ESP[{method.esp_cipher or 'None'},{method.esp_auth}]")
    life = [f"{method.kilobytes}k"] if method.kilobytes else []
    life += [f"{method.seconds}s"] if method.seconds else []
    return "+".join(parts) + (":" + "/".join(life) if life else "")
