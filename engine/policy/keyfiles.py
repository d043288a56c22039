"""Files with certificates, keys and revocation lists: PEM, DER and PKCS #12, read from disk.

The store only refers to such files by path, so they are read again whenever a machine takes over
its configuration; a file that has not changed is not parsed again. Nothing is judged here but
whether the file holds what it is said to hold: who is believed is IKE's business.
"""

import os
import stat
import warnings
from functools import lru_cache

from engine.errors import Refused
from engine.policy.model import Certificate, Secret
from engine.values import TYPE_CHECKING, Any, NamedTuple, NoReturn

if TYPE_CHECKING:
    from cryptography import x509

LARGEST_FILE = 1_000_000
OTHERS_MAY = stat.S_IRWXG | stat.S_IRWXO
_PEM = b"-----BEGIN "


class KeyOctets(bytes):
    """A private key in PKCS #8. Its repr and format are masked."""

    def __repr__(self) -> str:
        return "KeyOctets('********')"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)


class Material(NamedTuple):
    """What a file holds, in DER: certificates (the machine's own first), CRLs, a private key."""

    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    key: KeyOctets = KeyOctets()


class Loaded(NamedTuple):
    """An entry of the store with what its files hold now; `problem` says why they do not."""

    entry: Certificate
    material: Material
    problem: str = ""


def refuse(rule: str, text: str, name: str = "") -> NoReturn:
    """Raises Refused for a file that is not what it is said to be."""
    raise Refused(rule, text, kind="Certificate", name=name)


def load(entry: Certificate) -> Material:
    """Reads the files of an entry.

    Raises Refused: "certificate-file" (unreadable), "certificate-format", "certificate-password",
    "certificate-key" (missing, not RSA, or another certificate's).
    """
    stamps = _stamp(entry.file), _stamp(entry.key) if entry.key else ()
    return _load(entry._replace(name="", guid=""), stamps)


def load_all(entries: tuple[Certificate, ...]) -> tuple[Loaded, ...]:
    """The same for many entries: what cannot be read has a problem and no material."""
    found = []
    for one in entries:
        try:
            found.append(Loaded(one, load(one)))
        except Refused as error:
            found.append(Loaded(one, Material(), str(error)))
    return tuple(found)


def is_open_to_others(entry: Certificate) -> str:
    """The file with the private key when its mode lets others read it, else ""."""
    path = entry.key or entry.file
    if entry.type != "machine":
        return ""
    try:
        return path if os.stat(path).st_mode & OTHERS_MAY else ""
    except OSError:
        return ""


def _stamp(path: str) -> tuple[int, ...]:
    try:
        found = os.stat(path)
    except OSError as error:
        refuse("certificate-file", f"the file '{path}' cannot be read: {error.strerror}")
    if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST_FILE:
        refuse("certificate-file", f"'{path}' is not a file of at most {LARGEST_FILE} octets")
    return found.st_mtime_ns, found.st_size, found.st_ino


def _octets(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(LARGEST_FILE)
    except OSError as error:
        refuse("certificate-file", f"the file '{path}' cannot be read: {error.strerror}")


@lru_cache(maxsize=256)
def _load(entry: Certificate, stamps: tuple[tuple[int, ...], ...]) -> Material:
    del stamps  # part of the cache's key: a changed file is read again
    readers = {"crl": _read_crl, "ca": _read_authorities, "machine": _read_machine}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return readers[entry.type](entry)


def _der() -> Any:
    from cryptography.hazmat.primitives.serialization import Encoding
    return Encoding.DER


def _certificates(data: bytes, path: str) -> tuple["x509.Certificate", ...]:
    from cryptography import x509
    try:
        if _PEM in data:
            return tuple(x509.load_pem_x509_certificates(data))
        return (x509.load_der_x509_certificate(data),)
    # A parser of somebody else's: whatever it throws means the same here.
    except Exception:
        refuse("certificate-format", f"'{path}' holds no X.509 certificate")


def _read_authorities(entry: Certificate) -> Material:
    found = _certificates(_octets(entry.file), entry.file)
    return Material(tuple(one.public_bytes(_der()) for one in found))


def _read_crl(entry: Certificate) -> Material:
    from cryptography import x509
    data = _octets(entry.file)
    try:
        crl = x509.load_pem_x509_crl(data) if _PEM in data else x509.load_der_x509_crl(data)
    # A parser of somebody else's: whatever it throws means the same here.
    except Exception:
        refuse("certificate-format", f"'{entry.file}' holds no certificate revocation list")
    return Material(crls=(crl.public_bytes(_der()),))


def _read_machine(entry: Certificate) -> Material:
    data = _octets(entry.file)
    if _PEM in data:
        return _read_pem(entry, data)
    if entry.key:
        return _with_key(_certificates(data, entry.file), _read_key(entry, _octets(entry.key)),
                         entry)
    return _read_pkcs12(entry, data)


def _read_pem(entry: Certificate, data: bytes) -> Material:
    octets = _octets(entry.key) if entry.key else data
    if b"PRIVATE KEY-----" not in octets and _PEM in octets:
        refuse("certificate-key", f"'{entry.key or entry.file}' holds no private key; "
                                  "a certificate of the machine needs key=<file>")
    return _with_key(_certificates(data, entry.file), _read_key(entry, octets), entry)


def _password(entry: Certificate) -> bytes | None:
    return Secret(entry.password).reveal().encode() or None


def _read_key(entry: Certificate, octets: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization import (
        load_der_private_key,
        load_pem_private_key,
    )
    loader = load_pem_private_key if _PEM in octets else load_der_private_key
    try:
        return loader(octets, _password(entry))
    except TypeError:
        needs = "needs a password" if not entry.password else "is not encrypted: no password"
        refuse("certificate-password", f"the key in '{entry.key or entry.file}' {needs}")
    # A parser of somebody else's: whatever it throws means the same here.
    except Exception:
        refuse("certificate-password", f"the key in '{entry.key or entry.file}' cannot be read: "
                                       "wrong password, or no private key")


def _read_pkcs12(entry: Certificate, data: bytes) -> Material:
    from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates
    try:
        key, own, more = load_key_and_certificates(data, _password(entry))
    # A parser of somebody else's: whatever it throws means the same here.
    except Exception:
        refuse("certificate-password",
               f"'{entry.file}' cannot be read: wrong password, or no PKCS #12 file")
    if own is None or key is None:
        refuse("certificate-key", f"'{entry.file}' holds no certificate with its private key")
    return _with_key((own, *more), key, entry)


def _with_key(chain: tuple["x509.Certificate", ...], key: Any, entry: Certificate) -> Material:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat
    if not isinstance(key, RSAPrivateKey):
        refuse("certificate-key", f"the key in '{entry.key or entry.file}' is not an RSA key")
    try:
        fits = chain[0].public_key() == key.public_key()
    except ValueError:
        fits = False
    if not fits:
        refuse("certificate-key", f"the key in '{entry.key or entry.file}' belongs to another "
                                  "certificate")
    octets = key.private_bytes(_der(), PrivateFormat.PKCS8, NoEncryption())
    return Material(tuple(one.public_bytes(_der()) for one in chain), (), KeyOctets(octets))
