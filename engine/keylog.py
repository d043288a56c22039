"""Keys of associations as Wireshark reads them: `esp_sa` and `ikev1_decryption_table`.

Only what lives now, or lived while somebody watched, can be written; nothing is kept otherwise.
Whoever writes it has said reveal=yes.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

from engine.address import Address, format_address
from engine.ike.interface import Phase1Info, SaInstalled, SaKeys
from engine.suites import AEAD_CIPHERS, QuickModeMethod

KEPT = 1024
COOKIE = 8
# Wireshark's own names of transforms, without which it decrypts nothing.
CIPHERS = {"DES": "DES-CBC [RFC2405]", "3DES": "TripleDES-CBC [RFC2451]",
           "AES128": "AES-CBC [RFC3602]", "AES192": "AES-CBC [RFC3602]",
           "AES256": "AES-CBC [RFC3602]", "None": "NULL", "": "NULL",
           "AESGCM128": "AES-GCM with 16 octet ICV [RFC4106]",
           "AESGCM192": "AES-GCM with 16 octet ICV [RFC4106]",
           "AESGCM256": "AES-GCM with 16 octet ICV [RFC4106]"}
INTEGRITY = {"MD5": "HMAC-MD5-96 [RFC2403]", "SHA1": "HMAC-SHA-1-96 [RFC2404]",
             "SHA256": "HMAC-SHA-256-128 [RFC4868]", "SHA384": "HMAC-SHA-384-192 [RFC4868]",
             "SHA512": "HMAC-SHA-512-256 [RFC4868]", "": "NULL"}
PREFERENCES = "esp.enable_encryption_decode: TRUE\nesp.enable_authentication_check: TRUE\n"


class EspKeys(NamedTuple):
    """One direction of one pair."""

    source: Address
    destination: Address
    method: QuickModeMethod
    keys: SaKeys

    def line(self) -> str:
        """Its line in `esp_sa`."""
        method = self.method
        aead = method.esp_cipher in AEAD_CIPHERS
        auth = "NULL" if aead else INTEGRITY[method.esp_auth]
        fields = ("IPv4", format_address(self.source), format_address(self.destination),
                  f"0x{self.keys.spi:08x}", CIPHERS[method.esp_cipher], _hex(self.keys.esp_key),
                  auth, "" if aead else _hex(self.keys.auth_key), "32-bit")
        return ",".join(f'"{one}"' for one in fields) + "\n"


def _hex(octets: bytes) -> str:
    return f"0x{octets.hex()}" if octets else ""


class KeyLog:
    """Keys noted while `watching`; at most KEPT of each kind, the oldest go first."""

    def __init__(self) -> None:
        self.watching = False
        self._esp: OrderedDict[tuple[Address, int], EspKeys] = OrderedDict()
        self._ike: OrderedDict[bytes, bytes] = OrderedDict()

    def watch(self, pairs: Iterable[SaInstalled], sas: Iterable[Phase1Info]) -> None:
        """Somebody watches from here on; `pairs` and `sas` are what lives already."""
        self.watching = True
        for one in pairs:
            self.note_pair(one)
        self.note_main_modes(sas)

    def note_pair(self, one: SaInstalled) -> None:
        """A pair was installed."""
        if not self.watching or not one.method.has_esp:
            return
        for source, destination, keys in ((one.peer, one.local, one.inbound),
                                          (one.local, one.peer, one.outbound)):
            self._esp[destination, keys.spi] = EspKeys(source, destination, one.method, keys)
        while len(self._esp) > KEPT:
            self._esp.popitem(last=False)

    def note_main_modes(self, sas: Iterable[Phase1Info]) -> None:
        """ISAKMP SAs are up, or about to be."""
        if not self.watching:
            return
        for one in sas:
            if one.encryption_key:
                self._ike[one.cookies[:COOKIE]] = one.encryption_key
        while len(self._ike) > KEPT:
            self._ike.popitem(last=False)

    def forget(self) -> None:
        """Nobody watches any longer: the keys go."""
        self.watching = False
        self._esp.clear()
        self._ike.clear()

    def files(self) -> dict[str, str]:
        """Wireshark's files by name: what belongs into its configuration folder."""
        table = "".join(f"{cookie.hex()},{key.hex()}\n" for cookie, key in self._ike.items())
        return {"esp_sa": "".join(one.line() for one in self._esp.values()),
                "ikev1_decryption_table": table, "preferences": PREFERENCES}
