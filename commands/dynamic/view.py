"""What the running IPsec state shows about one pair of SAs, in words: shared by the displays."""

from typing import TYPE_CHECKING

from engine.spd import SpdEntry
from engine.suites import QuickModeMethod

if TYPE_CHECKING:
    from engine.host import Host

KEY_OCTETS = {"DES": 8, "3DES": 24, "AES128": 16, "AES192": 24, "AES256": 32,
              "AESGCM128": 16, "AESGCM192": 24, "AESGCM256": 32}
PROTOCOL_WORDS = {0: "ANY", 1: "ICMP", 6: "TCP", 17: "UDP", 255: "RAW"}
AUTH_WORDS = {"psk": "Preshared Key", "kerberos": "Kerberos", "rootca": "Root CA"}


def entry_of(host: "Host", key: str) -> SpdEntry | None:
    """The SPD entry that a pair or soft association is filed under.

    In transport mode the key is the entry's id, a slash and the peer.
    """
    return host.spd.by_id(key.partition("/")[0])


def protocol_word(number: int) -> str:
    """The name of a protocol, or its number."""
    return PROTOCOL_WORDS.get(number, str(number))


def confidentiality(method: QuickModeMethod) -> str:
    """``3DES (24/0)``: cipher, octets of its key, rounds."""
    if not method.esp_cipher:
        return "None"
    return f"{method.esp_cipher} ({KEY_OCTETS[method.esp_cipher]}/0)"


def monitor_text(method: QuickModeMethod) -> str:
    """``ESP DES/CBC HMAC MD5`` as ipsecmon's Security column has it."""
    parts = []
    if method.ah_auth:
        parts.append(f"AH HMAC {method.ah_auth}")
    if method.is_aead:
        parts.append(f"ESP {method.esp_cipher}")
    elif method.esp_auth:
        cipher = f"{method.esp_cipher}/CBC" if method.esp_cipher else "NULL"
        parts.append(f"ESP {cipher} HMAC {method.esp_auth}")
    return ", ".join(parts)
