"""Scapy as a second opinion about ESP octets. Slow to import: only the tests that need it do."""

import warnings
from typing import Any, NamedTuple

from engine.address import format_address
from engine.suites import QuickModeMethod

CIPHERS = {"None": "NULL", "DES": "DES", "3DES": "3DES", "AES128": "AES-CBC",
           "AES192": "AES-CBC", "AES256": "AES-CBC"}
HASHES = {"MD5": "HMAC-MD5-96", "SHA1": "HMAC-SHA1-96", "SHA256": "SHA2-256-128"}
REFUSED = "refused"


class Oracle(NamedTuple):
    """One SA in scapy, between the outer addresses given."""

    sa: Any
    ip: Any

    def wrap(self, packet: bytes, sequence: int) -> bytes:
        """A whole IPv4 packet into a whole ESP packet."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return bytes(self.sa.encrypt(self.ip(packet), seq_num=sequence))

    def open(self, packet: bytes) -> bytes | str:
        """A whole ESP packet into the inner packet, or REFUSED."""
        from scapy.layers.ipsec import IPSecIntegrityError

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return bytes(self.sa.decrypt(self.ip(packet)))
            except IPSecIntegrityError:
                return REFUSED


def oracle(spi: int, method: QuickModeMethod, key: bytes, auth_key: bytes, *, source: int,
           destination: int, tunnel: bool) -> Oracle:
    """Scapy's SA for a suite of ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from scapy.layers.inet import IP
        from scapy.layers.ipsec import ESP, SecurityAssociation

        outer = IP(src=format_address(source), dst=format_address(destination))
        sa = SecurityAssociation(
            ESP, spi=spi, crypt_algo=CIPHERS[method.esp_cipher or "None"], crypt_key=key,
            auth_algo=HASHES[method.esp_auth], auth_key=auth_key,
            tunnel_header=outer if tunnel else None)
    return Oracle(sa, IP)
