"""Reading of certificates and CRLs: `cryptography` parses, everything it throws gets a name.

A `Certificate` is one parsed certificate with the few facts that authentication needs; all of
them are read at once, so that no parser error can surface later.
"""

import warnings
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha1
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from engine.ike.constants import NotifyType, Win32
from engine.ike.failure import Failure

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

T = TypeVar("T")

WEAKEST_BITS, WEAK_BITS, MOST_BITS = 1024, 2048, 8192
# OpenSSL's own bound for large moduli; a longer exponent only costs the verifier time.
MOST_EXPONENT_BITS = 64
MOST_OCTETS = 32_768
WEAK_HASHES = ("md5", "sha1")

# The extensions whose meaning `engine.ike.chain` obeys; any other critical one is refused
# (RFC 5280 4.2). Name constraints are not obeyed, so they are refused even where not critical.
BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_KEY_USAGE = "2.5.29.19", "2.5.29.15", "2.5.29.37"
ALTERNATIVE_NAME, NAME_CONSTRAINTS = "2.5.29.17", "2.5.29.30"
UNDERSTOOD = frozenset({BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_KEY_USAGE, ALTERNATIVE_NAME})


class Certificate(NamedTuple):
    """One certificate. Times are Unix seconds, names DER octets, `bits` the RSA modulus.

    `parts` are the subject's types and values in order. `usage` and `purposes` are None when the
    certificate has no such extension; `path_length` is None when unlimited. `hosts`, `mails`
    (lower case) and `addresses` (4 octets each) are its alternative names, `strange` the critical
    extensions that nobody here understands.
    """

    der: bytes
    subject: bytes
    issuer: bytes
    subject_text: str
    issuer_text: str
    parts: tuple[tuple[str, str], ...]
    serial: int
    begins: float
    ends: float
    bits: int
    is_ca: bool
    path_length: int | None
    usage: frozenset[str] | None
    purposes: frozenset[str] | None
    hosts: frozenset[str]
    mails: frozenset[str]
    addresses: frozenset[bytes]
    strange: tuple[str, ...]
    hash: str

    @property
    def thumbprint(self) -> str:
        """SHA-1 of the certificate, as Windows shows it."""
        return sha1(self.der, usedforsecurity=False).hexdigest()

    @property
    def weaknesses(self) -> tuple[str, ...]:
        """What still works and should be replaced: a short key, a broken signature hash."""
        short = (f"RSA {self.bits}",) if self.bits < WEAK_BITS else ()
        return short + ((self.hash.upper(),) if self.hash in WEAK_HASHES else ())


class RevocationList(NamedTuple):
    """One CRL: its issuer, when it was made and when the next is due, whether we understand it."""

    der: bytes
    issuer: bytes
    issuer_text: str
    made: float
    due: float | None
    understood: bool


def refused(drop: str, expected: str, received: str, code: int = Win32.PEER_CERTIFICATE) -> Failure:
    """A certificate that must not be relied on; `drop` is its stable name."""
    return Failure(drop, code, NotifyType.INVALID_CERTIFICATE, ("Certificate", expected, received))


def _guarded(read: Callable[[], T]) -> T:
    """Runs the parser. Whatever it throws or warns of is one thing: a malformed certificate."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return read()
    except Failure:
        raise
    # A parser of somebody else's: every kind of exception of it means the same here.
    except Exception as error:
        raise refused("certificate-malformed", "a DER certificate",
                      type(error).__name__) from None


@lru_cache(maxsize=256)
def read_certificate(der: bytes) -> Certificate:
    """Reads and checks one certificate by itself.

    Raises Failure "certificate-malformed", "certificate-too-large", "certificate-key-type",
    "certificate-weak-key", "certificate-bad-key".
    """
    if len(der) > MOST_OCTETS:
        raise refused("certificate-too-large", f"{MOST_OCTETS} octets", f"{len(der)} octets")
    return _guarded(lambda: _read(der))


def _read(der: bytes) -> Certificate:
    from cryptography import x509
    parsed = x509.load_der_x509_certificate(der)
    if parsed.public_bytes(_der()) != der:
        raise refused("certificate-malformed", "DER", "another encoding")
    found: dict[str, Any] = {one.oid.dotted_string: one.value for one in parsed.extensions}
    strange = tuple(one.oid.dotted_string for one in parsed.extensions
                    if one.critical and one.oid.dotted_string not in UNDERSTOOD
                    or one.oid.dotted_string == NAME_CONSTRAINTS)
    basic = found.get(BASIC_CONSTRAINTS)
    digest = parsed.signature_hash_algorithm
    hosts, mails, addresses = _alternative_names(found.get(ALTERNATIVE_NAME))
    return Certificate(
        der, parsed.subject.public_bytes(), parsed.issuer.public_bytes(),
        name_text(parsed.subject), name_text(parsed.issuer), tuple(name_parts(parsed.subject)),
        parsed.serial_number,
        parsed.not_valid_before_utc.timestamp(), parsed.not_valid_after_utc.timestamp(),
        _check_key(_rsa(parsed)), bool(basic and basic.ca), basic.path_length if basic else None,
        _usages(found.get(KEY_USAGE)), _purposes(found.get(EXTENDED_KEY_USAGE)),
        hosts, mails, addresses, strange, digest.name if digest else "")


def _der() -> Any:
    from cryptography.hazmat.primitives.serialization import Encoding
    return Encoding.DER


def _rsa(parsed: "x509.Certificate") -> "RSAPublicKey":
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    try:
        key = parsed.public_key()
    except ValueError:
        raise refused("certificate-bad-key", "a usable RSA key", "none") from None
    if not isinstance(key, RSAPublicKey):
        raise refused("certificate-key-type", "RSA", type(key).__name__.removesuffix("PublicKey"),
                      Win32.NO_PUBLIC_KEY)
    return key


def _check_key(key: "RSAPublicKey") -> int:
    numbers = key.public_numbers()
    bits = numbers.n.bit_length()
    if bits < WEAKEST_BITS:
        raise refused("certificate-weak-key", f"RSA of {WEAKEST_BITS} bits or more",
                      f"{bits} bits")
    if bits > MOST_BITS:
        raise refused("certificate-bad-key", f"RSA of at most {MOST_BITS} bits", f"{bits} bits")
    if not numbers.n % 2 or not numbers.e % 2 or not 3 <= numbers.e < 1 << MOST_EXPONENT_BITS:
        raise refused("certificate-bad-key", "an odd exponent of 3 to 64 bits and an odd modulus",
                      "another key")
    return bits


_USAGES = ("digital_signature", "content_commitment", "key_cert_sign", "crl_sign")


def _usages(value: Any) -> frozenset[str] | None:
    return None if value is None else frozenset(one for one in _USAGES if getattr(value, one))


def _purposes(value: Any) -> frozenset[str] | None:
    return None if value is None else frozenset(one.dotted_string for one in value)


def _alternative_names(value: Any) -> tuple[frozenset[str], frozenset[str], frozenset[bytes]]:
    from cryptography import x509
    if value is None:
        return frozenset(), frozenset(), frozenset()
    return (frozenset(one.lower() for one in value.get_values_for_type(x509.DNSName)),
            frozenset(one.lower() for one in value.get_values_for_type(x509.RFC822Name)),
            frozenset(one.packed for one in value.get_values_for_type(x509.IPAddress)
                      if hasattr(one, "packed")))


def name_text(name: "x509.Name") -> str:
    """A distinguished name as Windows writes it: ``C=US, O=Example, CN=Gateway``."""
    return ", ".join(f"{short}={value}" for short, value in name_parts(name))


def name_parts(name: "x509.Name") -> list[tuple[str, str]]:
    """Its parts in order, each type by its short name (or dotted number)."""
    return [(SHORT_NAMES.get(one.oid.dotted_string, one.oid.dotted_string), _clean(one.value))
            for one in name]


SHORT_NAMES = {"2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "S", "2.5.4.10": "O",
               "2.5.4.11": "OU", "2.5.4.5": "SERIALNUMBER", "0.9.2342.19200300.100.1.25": "DC",
               "1.2.840.113549.1.9.1": "E"}


def _clean(value: str | bytes) -> str:
    """A value that can be printed: a peer must not write control characters into our log."""
    text = value.hex() if isinstance(value, bytes) else value
    return "".join(one if one.isprintable() else "?" for one in text)[:256]


def public_key(certificate: Certificate) -> "RSAPublicKey":
    """The certificate's key, checked when it was read."""
    from cryptography import x509
    return _guarded(lambda: _rsa(x509.load_der_x509_certificate(certificate.der)))


def is_signed_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Whether the issuer's key made the certificate's signature (RSA, any hash OpenSSL has)."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    def check() -> bool:
        parsed = x509.load_der_x509_certificate(certificate.der)
        # The library knows no parameters of MD5 signatures, which are PKCS #1 v1.5 like the rest.
        padding = parsed.signature_algorithm_parameters or PKCS1v15()
        try:
            public_key(issuer).verify(
                parsed.signature, parsed.tbs_certificate_bytes,
                padding, parsed.signature_hash_algorithm)  # type: ignore[arg-type]
        except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError):
            return False
        return True
    return _guarded(check)


# --- revocation lists ---------------------------------------------------------------------------


@lru_cache(maxsize=64)
def read_crl(der: bytes) -> RevocationList:
    """Reads one CRL. Raises Failure "certificate-malformed"."""
    from cryptography import x509

    def read() -> RevocationList:
        parsed = x509.load_der_x509_crl(der)
        # An unknown critical extension: a delta or indirect list, which lists something else.
        understood = not any(one.critical for one in parsed.extensions)
        due = parsed.next_update_utc
        return RevocationList(der, parsed.issuer.public_bytes(), name_text(parsed.issuer),
                              parsed.last_update_utc.timestamp(),
                              due.timestamp() if due else None, understood)
    return _guarded(read)


def crl_signed_by(crl: RevocationList, issuer: Certificate) -> bool:
    """Whether the issuer's key made the CRL's signature."""
    from cryptography import x509
    return _guarded(lambda: bool(
        x509.load_der_x509_crl(crl.der).is_signature_valid(public_key(issuer))))


def is_listed(crl: RevocationList, certificate: Certificate) -> bool:
    """Whether the CRL names the certificate's serial number."""
    from cryptography import x509
    return _guarded(lambda: x509.load_der_x509_crl(
        crl.der).get_revoked_certificate_by_serial_number(certificate.serial) is not None)
