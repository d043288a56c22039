"""Ciphers and integrity of ESP as functions over octets, made once for the life of an SA.

The libraries are imported inside the factories: a policy can be shown without loading them.
"""

from collections.abc import Callable

from engine.esp.constants import CIPHERS, INTEGRITY

Transform = Callable[[bytes], bytes]


def make_cipher(name: str, key: bytes, block: bytes, *, encrypt: bool) -> Transform:
    """A CBC stream that lives as long as the SA, or the identity for "None".

    It chains from call to call, so a caller sends one block more than it means: a random one in
    front of the plaintext, whose ciphertext then is the packet's IV; and the received IV in
    front of the ciphertext, whose decryption is thrown away. That saves an OpenSSL context for
    every packet. `block` starts the chain. Raises ValueError for a key of wrong length.
    """
    if len(key) != CIPHERS[name].key:
        raise ValueError(f"{name} needs a key of {CIPHERS[name].key} octets")
    if name == "None":
        return bytes
    if name == "DES":
        return _des(key, block, encrypt)
    return _openssl(name, key, block, encrypt)


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


def make_integrity(name: str, key: bytes) -> Transform:
    """The truncated HMAC of a name: MD5 and SHA1 to 96 bits, SHA256 to 128 (RFC 4868).

    The keyed state is made once and copied for each packet. Raises ValueError for a key of
    wrong length.
    """
    from cryptography.hazmat.primitives import hashes, hmac

    spec = INTEGRITY[name]
    if len(key) != spec.key:
        raise ValueError(f"HMAC-{name} needs a key of {spec.key} octets")
    algorithms: dict[str, Callable[[], hashes.HashAlgorithm]] = {
        "MD5": hashes.MD5, "SHA1": hashes.SHA1, "SHA256": hashes.SHA256,
    }
    copy = hmac.HMAC(key, algorithms[spec.digest]()).copy
    icv = spec.icv

    def integrity(data: bytes) -> bytes:
        state = copy()
        state.update(data)
        return state.finalize()[:icv]

    return integrity
