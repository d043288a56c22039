"""Fuzz targets of certificates: DER of certificates, CRLs and PKCS #7, and signatures."""

from functools import cache

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import serialize_certificates

from engine.ike import certified
from engine.ike.chain import validate
from engine.ike.credentials import Trust
from engine.ike.failure import Failure
from engine.ike.signature import verify
from engine.ike.x509 import (
    crl_signed_by,
    is_listed,
    public_key,
    read_certificate,
    read_crl,
)
from tests.fuzz.targets import Target
from tests.support.pki import WALL, Shape, crl, issue, machine, root

GATEWAY = "C=US, O=Example, CN=gwA"
X509_SIGNATURE, PKCS7 = 4, 1


@cache
def _ders() -> tuple[bytes, bytes, bytes]:
    """Authority, gateway and a certificate with every extension, in DER."""
    full = issue("C=US, O=Example, CN=full", root(), Shape(
        usages=("digital_signature",), purposes=("1.3.6.1.5.5.8.2.2",),
        hosts=("gw.example",), addresses=("192.0.2.1",)))
    return root().der, machine(GATEWAY).der, full.der


class CertificateTarget(Target):
    """One DER input read as certificate, CRL and PKCS #7, and validated when it can be read."""

    name = "x509"

    def __init__(self) -> None:
        self.trust = Trust((root().der,), (), (crl(root()),), 1)

    def seeds(self) -> list[bytes]:
        chain = serialize_certificates([root().certificate, machine(GATEWAY).certificate],
                                       Encoding.DER)
        return [*_ders(), crl(root(), machine(GATEWAY)), chain]

    def execute(self, data: bytes) -> str:
        try:
            leaf = read_certificate(data)
        except Failure as failure:
            return f"{failure.drop} {self._list(data)} {self._wrapped(data)}"
        key = public_key(leaf)
        assert 512 <= key.key_size <= 16_384
        assert all(one.isprintable() for one in leaf.subject_text + leaf.issuer_text)
        try:
            validate(leaf, (), self.trust, WALL)
        except Failure as failure:
            return f"certificate {failure.drop}"
        return "certificate"

    @staticmethod
    def _list(data: bytes) -> str:
        try:
            listed = read_crl(data)
        except Failure:
            return ""
        authority = read_certificate(root().der)
        return f"crl {crl_signed_by(listed, authority)} {is_listed(listed, authority)}"

    @staticmethod
    def _wrapped(data: bytes) -> str:
        try:
            return f"pkcs7 of {len(certified.offered([bytes((PKCS7,)) + data]))}"
        except Failure:
            return ""


class SignatureTarget(Target):
    """Signatures over a fixed hash: only the true one may pass."""

    name = "signature"

    def __init__(self) -> None:
        from engine.ike.signature import sign
        self.key = public_key(read_certificate(machine(GATEWAY).der))
        self.proof = bytes(range(20))
        self.true = sign(machine(GATEWAY).key, self.proof)

    def seeds(self) -> list[bytes]:
        return [self.true, bytes(256), b"\xff" * 256]

    def execute(self, data: bytes) -> str:
        try:
            verify(self.key, self.proof, data)
        except Failure as failure:
            return failure.drop
        assert data == self.true, "a forged signature passed"
        return "signed"


TARGETS: tuple[type[Target], ...] = (CertificateTarget, SignatureTarget)
