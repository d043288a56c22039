"""Scapy as a second opinion about ESP and AH octets. Slow to import: only who needs it does."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from engine.address import format_address
from engine.suites import QuickModeMethod

CIPHERS = {"": "NULL", "None": "NULL", "DES": "DES", "3DES": "3DES", "AES128": "AES-CBC",
           "AES192": "AES-CBC", "AES256": "AES-CBC", "AESGCM128": "AES-GCM",
           "AESGCM192": "AES-GCM", "AESGCM256": "AES-GCM"}
HASHES = {"": "NULL", "MD5": "HMAC-MD5-96", "SHA1": "HMAC-SHA1-96", "SHA256": "SHA2-256-128",
          "SHA384": "SHA2-384-192", "SHA512": "SHA2-512-256"}
REFUSED = "refused"


@contextmanager
def hidden_esp(hide: bool) -> Iterator[None]:
    """Scapy signs an ESP layer that it sees inside AH in place of the AH: it must not see it."""
    from scapy.layers.inet import IP
    from scapy.layers.ipsec import AH, ESP
    from scapy.packet import bind_layers, split_layers

    if not hide:
        yield
        return
    split_layers(IP, ESP, proto=50)
    split_layers(AH, ESP, nh=50)
    try:
        yield
    finally:
        bind_layers(IP, ESP, proto=50)
        bind_layers(AH, ESP, nh=50)


class Oracle(NamedTuple):
    """One SA in scapy: its layers, the innermost first, between the outer addresses given."""

    layers: tuple[Any, ...]
    ip: Any

    def wrap(self, packet: bytes, sequence: int) -> bytes:
        """A whole IPv4 packet into a whole protected packet."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for layer in self.layers:
                with hidden_esp(len(self.layers) > 1 and layer is self.layers[-1]):
                    packet = bytes(layer.encrypt(self.ip(packet), seq_num=sequence))
            return packet

    def open(self, packet: bytes) -> bytes | str:
        """A whole protected packet into the inner packet, or REFUSED."""
        from scapy.layers.ipsec import IPSecIntegrityError

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                for layer in reversed(self.layers):
                    with hidden_esp(len(self.layers) > 1 and layer is self.layers[-1]):
                        packet = bytes(layer.decrypt(self.ip(packet)))
                return packet
            except IPSecIntegrityError:
                return REFUSED


def oracle(spi: int, method: QuickModeMethod, key: bytes, auth_key: bytes, *, source: int,
           destination: int, tunnel: bool, ah_spi: int = 0, ah_key: bytes = b"") -> Oracle:
    """Scapy's SAs for a suite of ours; of AH and ESP only the inner one makes the tunnel."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from scapy.layers.inet import IP
        from scapy.layers.ipsec import AH, ESP, SecurityAssociation

        outer = IP(src=format_address(source), dst=format_address(destination))
        layers = []
        if method.has_esp:
            layers.append(SecurityAssociation(
                ESP, spi=spi, crypt_algo=CIPHERS[method.esp_cipher], crypt_key=key,
                auth_algo=HASHES[method.esp_auth], auth_key=auth_key,
                tunnel_header=outer if tunnel else None))
        if method.ah_auth:
            layers.append(SecurityAssociation(
                AH, spi=ah_spi, auth_algo=HASHES[method.ah_auth], auth_key=ah_key,
                tunnel_header=outer if tunnel and not layers else None))
    return Oracle(tuple(layers), IP)
