"""What a machine proves itself with, and whom it believes: octets only, so that it compares.

The agent makes these values from the store; `engine.ike.chain` and `engine.ike.certified` read
them when a negotiation runs.
"""

from functools import lru_cache
from hmac import compare_digest
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

# netsh's strongcrlcheck: ask no CRL, refuse what one lists, refuse also what none vouches for.
CRL_OFF, CRL_REVOKED, CRL_STRICT = 0, 1, 2


@lru_cache(maxsize=64)
def _load(der: bytes) -> "RSAPrivateKey":
    # Checking the primes takes a tenth of a second, so each key is checked once.
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_der_private_key
    key = load_der_private_key(der, None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("not an RSA key")
    return key


class PrivateKey:
    """An RSA private key (PKCS #8, DER). Its repr and format say nothing about it."""

    __slots__ = ("_der",)

    def __init__(self, der: bytes) -> None:
        self._der = der

    def load(self) -> "RSAPrivateKey":
        """The key for signing. Raises ValueError when it is no usable RSA key."""
        return _load(self._der)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PrivateKey) and compare_digest(self._der, other._der)

    def __hash__(self) -> int:
        return hash(self._der)

    def __repr__(self) -> str:
        return "PrivateKey('********')"


class Trust(NamedTuple):
    """What certificates are judged by, all in DER.

    `anchors` are the authorities that a rule names in its order of preference, `others` further
    authorities that may stand between, `crls` the revocation lists on hand, `crl_check` how
    strictly those are asked.
    """

    anchors: tuple[bytes, ...]
    others: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    crl_check: int = CRL_REVOKED


class OwnCertificate(NamedTuple):
    """A certificate of this machine: DER of itself and of what came with it, and its key."""

    chain: tuple[bytes, ...]
    key: PrivateKey


class Credentials(NamedTuple):
    """All that RSA signature authentication needs (RFC 2409 5.1).

    `own` are the machine's certificates in order of preference, `named` the anchors whose names
    may stand in certificate requests (a rule's excludecaname keeps one out). `wanted` says in
    words which authorities the rule names, for reasons of failures.
    """

    trust: Trust
    own: tuple[OwnCertificate, ...] = ()
    named: tuple[bytes, ...] = ()
    wanted: tuple[str, ...] = ()


class CertificateIdentity(NamedTuple):
    """Who proved itself to whom, as event 541 prints it: names as text, SHA-1 thumbprints.

    `weak` names short keys and broken hashes in the peer's chain, which worked all the same.
    """

    subject: str
    thumbprint: str
    issuer: str
    root: str
    own_subject: str = ""
    own_thumbprint: str = ""
    weak: tuple[str, ...] = ()
