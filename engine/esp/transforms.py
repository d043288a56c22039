"""Ciphers and integrity of ESP and AH as functions over octets, made once for an SA's life.

The libraries are imported inside the factories: a policy can be shown without loading them.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.esp.constants import CIPHERS, INTEGRITY, SALT

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hmac import HMAC

Transform = Callable[[bytes], bytes]


def make_cipher(name: str, key: bytes, block: bytes, *, encrypt: bool) -> Transform:
    """A CBC stream that lives as long as the SA, or the identity for "None".

    It chains from call to call, so a caller sends one block more than it means: a random one in
    front of the plaintext, whose ciphertext then is the packet's IV; and the received IV in
    front of the ciphertext, whose decryption is thrown away. That saves an OpenSSL context for
    every packet. `block` starts the chain. Raises ValueError for a key of wrong length.
    """
    _check_key(name, key)
    if name == "None":
        return bytes
    if name == "DES":
        return _des(key, block, encrypt)
    return _openssl(name, key, block, encrypt)


def make_aead(name: str, key: bytes) -> tuple["AESGCM", bytes]:
    """AES-GCM under the key, and the salt that stands behind it in KEYMAT (RFC 4106 8.1).

    Raises ValueError for keying material of wrong length.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    _check_key(name, key)
    return AESGCM(key[:-SALT]), key[-SALT:]


def _check_key(name: str, key: bytes) -> None:
    if len(key) != CIPHERS[name].key:
        raise ValueError(f"{name} needs a key of {CIPHERS[name].key} octets")


def _des(key: bytes, block: bytes, encrypt: bool) -> Transform:
    # cryptography has DES only as 3DES with equal keys, which costs three times the work.
    from Cryptodome.Cipher import DES

    context = DES.new(key, DES.MODE_CBC, iv=block)
    transform: Transform = context.encrypt if encrypt else context.decrypt
    return transform


def _openssl(name: str, key: bytes, block: bytes, encrypt: bool) -> Transform:
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    cipher = Cipher(TripleDES(key) if name == "3DES" else AES(key), CBC(block))
    return (cipher.encryptor() if encrypt else cipher.decryptor()).update


def make_keyed(name: str, key: bytes) -> "Callable[[], HMAC]":
    """Gives a keyed HMAC state at each call: made once, copied for each packet.

    The caller truncates what comes out to `INTEGRITY[name].icv` octets. Raises ValueError for a
    key of wrong length.
    """
    from cryptography.hazmat.primitives import hashes, hmac

    spec = INTEGRITY[name]
    if len(key) != spec.key:
        raise ValueError(f"HMAC-{name} needs a key of {spec.key} octets")
    algorithms: dict[str, Callable[[], hashes.HashAlgorithm]] = {
        "MD5": hashes.MD5, "SHA1": hashes.SHA1, "SHA256": hashes.SHA256,
        "SHA384": hashes.SHA384, "SHA512": hashes.SHA512,
    }
    return hmac.HMAC(key, algorithms[spec.digest]()).copy


def make_integrity(name: str, key: bytes) -> Transform:
    """The truncated HMAC of a name: MD5 and SHA1 to 96 bits, SHA2 to its half (RFC 4868).

    Raises ValueError for a key of wrong length.
    """
    copy, icv = make_keyed(name, key), INTEGRITY[name].icv

    def integrity(data: bytes) -> bytes:
        state = copy()
        state.update(data)
        return state.finalize()[:icv]

    return integrity
