"""The lab's own certificate authority: a root, and certificates for its machines, as PEM files.

It stands for the authority that a real gateway would be enrolled at. The keys are real RSA keys, so
that IKE's signatures are real ones; they are made at first use, and are good for this lab only.
"""

import os
from datetime import UTC, datetime
from ipaddress import IPv4Address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from engine.address import Address

ROOT = "Lab Root"
KEY_BITS, EXPONENT = 2048, 65537
DAY = 86_400.0
YEARS_TEN = 3650 * DAY
_USAGES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
           "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")


class Authority:
    """An authority whose files are in `folder`: root.pem and its key, one pair a machine."""

    def __init__(self, folder: str, wall: float) -> None:
        """Reads the root, or makes one that is valid from a year before `wall`, Unix seconds."""
        self.folder = folder
        self.root = os.path.join(folder, "root.pem")
        key_file = os.path.join(folder, "root.key")
        if os.path.exists(self.root) and os.path.exists(key_file):
            with open(key_file, "rb") as file:
                key = load_pem_private_key(file.read(), None)
            assert isinstance(key, rsa.RSAPrivateKey)
            self._key = key
            with open(self.root, "rb") as file:
                self._certificate = x509.load_pem_x509_certificate(file.read())
            return
        os.makedirs(folder, mode=0o700, exist_ok=True)
        self._key = rsa.generate_private_key(EXPONENT, KEY_BITS)
        builder = _builder(ROOT, ROOT, self._key, wall - 365 * DAY, wall + YEARS_TEN)
        builder = builder.add_extension(x509.BasicConstraints(True, None), True)
        builder = builder.add_extension(_usage("key_cert_sign", "crl_sign"), True)
        self._certificate = builder.sign(self._key, hashes.SHA256())
        _write(key_file, _private(self._key))
        _write(self.root, self._certificate.public_bytes(Encoding.PEM))

    def issue(self, machine: str, address: Address, begins: float,
              ends: float) -> tuple[str, str]:
        """A certificate for a machine, valid between two Unix times: its file and its key's."""
        key = rsa.generate_private_key(EXPONENT, KEY_BITS)
        builder = _builder(machine, ROOT, key, begins, ends)
        builder = builder.add_extension(x509.SubjectAlternativeName(
            [x509.IPAddress(IPv4Address(address))]), False)
        made = builder.add_extension(_usage("digital_signature"), True).sign(
            self._key, hashes.SHA256())
        number = made.serial_number & 0xFFFFFFFF
        paths = [os.path.join(self.folder, f"{machine}-{number:08x}.{end}")
                 for end in ("pem", "key")]
        _write(paths[1], _private(key))
        _write(paths[0], made.public_bytes(Encoding.PEM))
        return paths[0], paths[1]


def _builder(subject: str, issuer: str, key: rsa.RSAPrivateKey, begins: float,
             ends: float) -> x509.CertificateBuilder:
    return (x509.CertificateBuilder().subject_name(_name(subject)).issuer_name(_name(issuer))
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(_moment(begins)).not_valid_after(_moment(ends)))


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _moment(wall: float) -> datetime:
    return datetime.fromtimestamp(int(wall), UTC)


def _usage(*allowed: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{one: one in allowed for one in _USAGES})


def _private(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: str, octets: bytes) -> None:
    """A file for its owner only, made anew."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(octets)
