"""The algorithms a policy can name, and how netsh writes them.

Names are the ones an operator types: ciphers DES, 3DES, AES128, AES192, AES256 (and None),
AESGCM128 to AESGCM256 for ESP alone, hashes MD5 to SHA512, Diffie-Hellman groups by IANA number
(netsh's "3" is group 14). What is weak, and why, is said here and nowhere else.
"""

from engine.values import NamedTuple

CIPHERS = ("DES", "3DES", "AES128", "AES192", "AES256")
AEAD_CIPHERS = ("AESGCM128", "AESGCM192", "AESGCM256")
"""AES-GCM with a 16-octet ICV (RFC 4106): ESP only, and never with an integrity algorithm."""
HASHES = ("MD5", "SHA1", "SHA256", "SHA384", "SHA512")
AH_HASHES = ("MD5", "SHA1", "SHA256")
GROUPS = (1, 2, 5, 14, 15, 16, 17, 18)
WEAK_CIPHERS = {"DES": "DES has a 56-bit key"}
WEAK_HASHES = {"MD5": "MD5 is broken"}
WEAK_GROUPS = {1: "group 1 has 768 bits", 2: "group 2 has 1024 bits"}
GROUP_BITS = {1: 768, 2: 1024, 5: 1536, 14: 2048, 15: 3072, 16: 4096, 17: 6144, 18: 8192}

DEFAULT_QM_SECONDS = 3600
DEFAULT_QM_KILOBYTES = 100_000


class MainModeMethod(NamedTuple):
    """One phase 1 offer, netsh's ``ConfAlg-HashAlg-GroupNum``; `group` is the IANA number."""

    cipher: str
    hash: str
    group: int


class QuickModeMethod(NamedTuple):
    """One phase 2 offer, netsh's ``AH[..]+ESP[..]:k/s``; "" means that part is absent.

    ESP without integrity is never stored: `esp_auth` is "" only without ESP, or when the cipher
    is one of AEAD_CIPHERS. `kilobytes` and `seconds` 0 mean "defaults", which is what netdiag
    then prints; the negotiation uses 100,000 kilobytes and 3,600 seconds.
    """

    esp_cipher: str = ""
    esp_auth: str = ""
    ah_auth: str = ""
    kilobytes: int = 0
    seconds: int = 0

    @property
    def has_esp(self) -> bool:
        """Whether ESP is part of the offer; its cipher may be None."""
        return bool(self.esp_cipher or self.esp_auth)

    @property
    def is_aead(self) -> bool:
        """Whether the cipher protects integrity too."""
        return self.esp_cipher in AEAD_CIPHERS


def weak_main_mode(method: MainModeMethod) -> tuple[str, ...]:
    """Why a phase 1 offer no longer protects; () when nothing is known against it."""
    reasons = (WEAK_CIPHERS.get(method.cipher), WEAK_HASHES.get(method.hash),
               WEAK_GROUPS.get(method.group))
    return tuple(reason for reason in reasons if reason)


def weak_quick_mode(method: QuickModeMethod) -> tuple[str, ...]:
    """Why a phase 2 offer no longer protects; () when nothing is known against it."""
    reasons = (WEAK_CIPHERS.get(method.esp_cipher),
               WEAK_HASHES.get(method.esp_auth) or WEAK_HASHES.get(method.ah_auth))
    return tuple(reason for reason in reasons if reason)


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
    if method.is_aead:
        parts.append(f"ESP[{method.esp_cipher}]")
    elif method.esp_auth:
        parts.append(f"ESP[{method.esp_cipher or 'None'},{method.esp_auth}]")
    life = [f"{method.kilobytes}k"] if method.kilobytes else []
    life += [f"{method.seconds}s"] if method.seconds else []
    return "+".join(parts) + (":" + "/".join(life) if life else "")
