"""RSA signature authentication in main mode: certificates, requests, proofs (RFC 2409 5.1).

The responder asks for certificates in message 4, the initiator in message 5, as Windows does; a
certificate is always sent. Who may speak is decided by the authorities that the rule names: any
machine with a certificate under one of them, as in Windows.
"""

import warnings
from collections.abc import Iterable
from typing import NamedTuple

from engine.errors import ParseError
from engine.ike.chain import Path, readable, validate
from engine.ike.constants import IdType, NotifyType, PayloadType, Win32
from engine.ike.credentials import CertificateIdentity, Credentials, OwnCertificate, PrivateKey
from engine.ike.failure import Failure
from engine.ike.identity import Identity, identity_text, phase1_address
from engine.ike.signature import sign, verify
from engine.ike.wire import Payload
from engine.ike.x509 import Certificate, public_key, read_certificate, refused

# RFC 2408 3.9: certificate encodings.
PKCS7, X509_SIGNATURE = 1, 4
EMPTY_NAME = b"\x30\x00"


class Speaker(NamedTuple):
    """A certificate of ours that works now, and its key."""

    path: Path
    key: PrivateKey

    @property
    def identity(self) -> Identity:
        """What we call ourselves: the subject's name, else the first alternative one."""
        leaf = self.path.leaf
        if leaf.subject != EMPTY_NAME:
            return Identity(IdType.DER_ASN1_DN, 0, 0, leaf.subject)
        if leaf.hosts:
            return Identity(IdType.FQDN, 0, 0, min(leaf.hosts).encode())
        return Identity(IdType.IPV4_ADDR, 0, 0, min(leaf.addresses))


# --- our own side -------------------------------------------------------------------------------


def speaker(credentials: Credentials, requests: Iterable[bytes], wall: float) -> Speaker:
    """The certificate to prove ourselves with: one under an authority the peer asked for, else
    any that works. `requests` are DER names, `wall` is Unix seconds.

    Raises Failure "no-certificate" (13806) with the first reason found.
    """
    working: list[Speaker] = []
    reasons: list[str] = []
    for own in credentials.own:
        try:
            working.append(_speaker(own, credentials, wall))
        except Failure as failure:
            reasons.append(f"{failure.drop}: {failure.detail[2]}")
    if not working:
        raise Failure("no-certificate", Win32.NO_CERTIFICATE, detail=(
            "Machine certificate", "one under " + (", ".join(credentials.wanted) or "any CA"),
            reasons[0] if reasons else "none"))
    asked = set(requests)
    return next((one for one in working
                 if asked & {each.subject for each in one.path.certificates[1:]}), working[0])


def _speaker(own: OwnCertificate, credentials: Credentials, wall: float) -> Speaker:
    leaf = read_certificate(own.chain[0])
    if leaf.subject == EMPTY_NAME and not leaf.hosts and not leaf.addresses:
        raise refused("certificate-no-name", "a subject", "none")
    try:
        fits = own.key.load().public_key().public_numbers() == public_key(leaf).public_numbers()
    except ValueError:
        fits = False
    if not fits:
        raise refused("certificate-wrong-key", "the certificate's private key", "another key")
    # strongcrlcheck is about peers: Windows does not ask about its own certificate.
    trust = credentials.trust._replace(crl_check=0)
    return Speaker(validate(leaf, own.chain[1:9], trust, wall), own.key)


def requests(credentials: Credentials) -> list[Payload]:
    """Certificate requests: the names of the authorities, or an empty one when all are excluded."""
    names = [one.subject for one in readable(credentials.named)] or [b""]
    return [Payload(PayloadType.CERT_REQUEST, bytes((X509_SIGNATURE,)) + name)
            for name in dict.fromkeys(names)][:20]


def requested(bodies: Iterable[bytes]) -> tuple[bytes, ...]:
    """The DER names of authorities in a peer's certificate requests."""
    return tuple(body[1:] for body in bodies if body[:1] == bytes((X509_SIGNATURE,)) and body[1:])


def proof(own: Speaker, hash_octets: bytes) -> list[Payload]:
    """CERT payloads (the chain without its root) and SIG over HASH_I or HASH_R."""
    chain = own.path.certificates[:-1] or own.path.certificates
    return [*(Payload(PayloadType.CERT, bytes((X509_SIGNATURE,)) + one.der) for one in chain),
            Payload(PayloadType.SIGNATURE, sign(own.key.load(), hash_octets))]


# --- the peer's side ----------------------------------------------------------------------------


def offered(bodies: Iterable[bytes]) -> tuple[bytes, ...]:
    """The certificates in CERT payloads, in order.

    Raises Failure "certificate-missing" (13847) when there is none in an encoding we know.
    """
    found: list[bytes] = []
    for body in bodies:
        if body[:1] == bytes((X509_SIGNATURE,)):
            found.append(body[1:])
        elif body[:1] == bytes((PKCS7,)):
            found += _wrapped(body[1:])
    if not found:
        raise refused("certificate-missing", "an X.509 certificate", "none")
    return tuple(found)


def _wrapped(der: bytes) -> list[bytes]:
    """Certificates in a PKCS #7 wrapping, which Windows uses for chains; DER only.

    The parser would read BER too, and warn on our terminal of what a stranger sent.
    """
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return [one.public_bytes(Encoding.DER) for one in load_der_pkcs7_certificates(der)]
    # A parser of somebody else's: whatever it throws means the same here.
    except Exception:
        raise refused("certificate-malformed", "PKCS #7", "something else") from None


def speaking(certificates: tuple[bytes, ...], identity: Identity) -> Certificate:
    """The peer's own certificate: the one that bears its identity (RFC 4945 3.1).

    Raises Failure "identity-mismatch", "unsupported-id", or why the first cannot be read.
    """
    try:
        phase1_address(identity)
    except ParseError as error:
        raise Failure("unsupported-id", Win32.UNSUPPORTED_ID, NotifyType.INVALID_ID_INFORMATION,
                      ("Identity", "port 500 or none", error.field)) from None
    for der in certificates:
        one = read_certificate(der)
        if bears(one, identity):
            return one
    first = read_certificate(certificates[0])
    raise Failure("identity-mismatch", Win32.UNSUPPORTED_ID, NotifyType.INVALID_ID_INFORMATION,
                  ("Identity", first.subject_text or "a name of the certificate",
                   identity_text(identity)))


def bears(certificate: Certificate, identity: Identity) -> bool:
    """Whether a certificate has that name: subject, DNS, mail or IPv4 alternative name."""
    kind, data = identity.type, identity.data
    if kind == IdType.DER_ASN1_DN:
        return data == certificate.subject != EMPTY_NAME
    if kind == IdType.IPV4_ADDR:
        return data in certificate.addresses
    if kind in (IdType.FQDN, IdType.USER_FQDN):
        names = certificate.hosts if kind == IdType.FQDN else certificate.mails
        return data.decode("latin-1").lower() in names
    return False


class Claim(NamedTuple):
    """What a peer presents in message 5 or 6: CERT bodies, identity, SIG body and its HASH."""

    certificates: tuple[bytes, ...]
    identity: Identity
    signature: bytes
    hash: bytes


def claimed(claim: Claim) -> CertificateIdentity:
    """Who the peer says it is, for the log, whatever becomes of it. Raises Failure."""
    leaf = speaking(claim.certificates, claim.identity)
    return CertificateIdentity(leaf.subject_text or identity_text(claim.identity),
                               leaf.thumbprint, leaf.issuer_text, "")


def believe(claim: Claim, credentials: Credentials, wall: float) -> CertificateIdentity:
    """Proves the peer: identity, chain, then signature. Raises Failure by the name of the fault.
    """
    leaf = speaking(claim.certificates, claim.identity)
    others = tuple(der for der in claim.certificates if der != leaf.der)
    path = validate(leaf, others, credentials.trust, wall)
    verify(public_key(leaf), claim.hash, claim.signature)
    issuer = path.certificates[1] if len(path.certificates) > 1 else leaf
    return CertificateIdentity(leaf.subject_text or identity_text(claim.identity),
                               leaf.thumbprint, issuer.subject_text, path.root.subject_text,
                               weak=path.weaknesses)
