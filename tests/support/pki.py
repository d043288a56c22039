"""A small certificate authority for tests: certificates of any shape, made in memory.

RSA keys are made once a run and shared; nothing here is shipped.
"""

import datetime
from functools import cache
from ipaddress import IPv4Address
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID, ObjectIdentifier

from engine.ike.credentials import Credentials, OwnCertificate, PrivateKey, Trust

# 2004-03-17T09:00:00Z, the lab's first moment.
WALL = 1_079_514_000.0
DAY = 86_400.0
KEY_CERT_SIGN, CRL_SIGN, SIGNATURE = "key_cert_sign", "crl_sign", "digital_signature"
_USAGES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
           "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")


@cache
def rsa_key(label: str, bits: int = 2048, exponent: int = 65537) -> rsa.RSAPrivateKey:
    """The key of that label, made at its first use."""
    assert label
    return rsa.generate_private_key(exponent, bits)


def name(text: str) -> x509.Name:
    """``C=US, O=Example, CN=x`` as a name; "" is the empty one."""
    kinds = {"C": NameOID.COUNTRY_NAME, "O": NameOID.ORGANIZATION_NAME,
             "OU": NameOID.ORGANIZATIONAL_UNIT_NAME, "CN": NameOID.COMMON_NAME}
    parts = [part.split("=", 1) for part in text.split(", ") if part]
    return x509.Name([x509.NameAttribute(kinds[kind], value) for kind, value in parts])


def moment(wall: float) -> datetime.datetime:
    """Unix seconds as an aware time."""
    return datetime.datetime.fromtimestamp(wall, datetime.UTC)


class Party(NamedTuple):
    """A certificate with its key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_der(self) -> bytes:
        return self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class Shape(NamedTuple):
    """What a certificate looks like; usages and purposes None leave the extension out."""

    ca: bool | None = None
    path_length: int | None = None
    usages: tuple[str, ...] | None = None
    purposes: tuple[str, ...] | None = None
    hosts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    begins: float = WALL - DAY
    ends: float = WALL + 365 * DAY
    digest: str = "sha256"
    key: rsa.RSAPrivateKey | None = None
    serial: int = 0
    extra: tuple[tuple[x509.ExtensionType, bool], ...] = ()


CA = Shape(ca=True, usages=(KEY_CERT_SIGN, CRL_SIGN))
END = Shape()
# The OID of md5, sha1 and sha256WithRSAEncryption differ in their last octet.
_RSA_WITH = bytes.fromhex("06092a864886f70d0101")
_BROKEN: dict[str, tuple[bytes, hashes.HashAlgorithm]] = {
    "sha1": (b"\5", hashes.SHA1()), "md5": (b"\4", hashes.MD5())}


def issue(subject: str, issuer: Party | None = None, shape: Shape = END) -> Party:
    """A certificate; without an issuer it signs itself."""
    key = shape.key or rsa_key(subject)
    builder = (
        x509.CertificateBuilder().subject_name(name(subject))
        .issuer_name(issuer.certificate.subject if issuer else name(subject))
        .public_key(key.public_key()).serial_number(shape.serial or x509.random_serial_number())
        .not_valid_before(moment(shape.begins)).not_valid_after(moment(shape.ends)))
    for extension, critical in (*_extensions(shape), *shape.extra):
        builder = builder.add_extension(extension, critical)
    signer = issuer.key if issuer else key
    made = builder.sign(signer, hashes.SHA256())
    return Party(made if shape.digest == "sha256" else resigned(made, signer, shape.digest), key)


def resigned(made: x509.Certificate, signer: rsa.RSAPrivateKey, digest: str) -> x509.Certificate:
    """The certificate with a signature over a broken hash, which the builder refuses to make."""
    last, algorithm = _BROKEN[digest]
    new = _RSA_WITH + last
    body = made.tbs_certificate_bytes.replace(_RSA_WITH + b"\x0b", new)
    signature = signer.sign(body, PKCS1v15(), algorithm)
    whole = made.public_bytes(Encoding.DER)
    start = whole.index(made.tbs_certificate_bytes)
    tail = whole[start + len(body):-len(signature)].replace(_RSA_WITH + b"\x0b", new)
    return x509.load_der_x509_certificate(whole[:start] + body + tail + signature)


def _extensions(shape: Shape) -> list[tuple[x509.ExtensionType, bool]]:
    found: list[tuple[x509.ExtensionType, bool]] = []
    if shape.ca is not None:
        found.append((x509.BasicConstraints(shape.ca, shape.path_length), True))
    if shape.usages is not None:
        found.append((x509.KeyUsage(**{one: one in shape.usages for one in _USAGES}), True))
    if shape.purposes is not None:
        found.append((x509.ExtendedKeyUsage(
            [ObjectIdentifier(one) for one in shape.purposes]), False))
    names: list[x509.GeneralName] = [x509.DNSName(one) for one in shape.hosts]
    names += [x509.IPAddress(IPv4Address(one)) for one in shape.addresses]
    if names:
        found.append((x509.SubjectAlternativeName(names), False))
    return found


def crl(issuer: Party, *revoked: Party, made: float = WALL - DAY,
        due: float = WALL + DAY) -> bytes:
    """A CRL of an authority in DER."""
    builder = (x509.CertificateRevocationListBuilder()
               .issuer_name(issuer.certificate.subject)
               .last_update(moment(made)).next_update(moment(due)))
    for one in revoked:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(one.certificate.serial_number)
            .revocation_date(moment(made)).build())
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def credentials(own: Party | None, *anchors: Party, chain: tuple[Party, ...] = (),
                crls: tuple[bytes, ...] = (), crl_check: int = 1) -> Credentials:
    """What a machine with that certificate, which believes these authorities, has."""
    ders = tuple(one.der for one in anchors)
    mine = () if own is None else (
        OwnCertificate((own.der, *(one.der for one in chain)), PrivateKey(own.key_der)),)
    return Credentials(Trust(ders, (), crls, crl_check), mine, ders,
                       tuple(one.certificate.subject.rfc4514_string() for one in anchors))


@cache
def root(subject: str = "C=US, O=Example, CN=Example Root") -> Party:
    """A root authority."""
    return issue(subject, None, CA)


@cache
def machine(subject: str) -> Party:
    """A plain certificate under the example root."""
    return issue(subject, root())
