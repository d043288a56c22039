"""CBC ciphers of phase 1: DES, 3DES, AES (RFC 2409 appendix B, RFC 3602), and weak DES keys."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from engine.errors import ParseError


class _Cipher(NamedTuple):
    family: str
    key: int
    block: int


_CIPHERS = {
    "DES": _Cipher("des", 8, 8),
    "3DES": _Cipher("3des", 24, 8),
    "AES128": _Cipher("aes", 16, 16),
    "AES192": _Cipher("aes", 24, 16),
    "AES256": _Cipher("aes", 32, 16),
}

_GCM_KEYS = {"AESGCM128": 16, "AESGCM192": 24, "AESGCM256": 32}
_GCM_SALT = 4

# RFC 2409 appendix A and Menezes et al. table 7.17: weak and semi-weak keys, parity ignored.
_WEAK_DES = frozenset(
    bytes(octet & 0xFE for octet in bytes.fromhex(text)) for text in (
        "0101010101010101", "1f1f1f1f0e0e0e0e", "e0e0e0e0f1f1f1f1", "fefefefefefefefe",
        "01fe01fe01fe01fe", "fe01fe01fe01fe01", "1fe01fe00ef10ef1", "e01fe01ff10ef10e",
        "01e001e001f101f1", "e001e001f101f101", "1ffe1ffe0efe0efe", "fe1ffe1ffe0efe0e",
        "011f011f010e010e", "1f011f010e010e01", "e0fee0fef1fef1fe", "fee0fee0fef1fef1"))


def key_octets(cipher: str) -> int:
    """The key length of a cipher by policy name."""
    return _CIPHERS[cipher].key


def esp_key_octets(cipher: str) -> int:
    """The key material ESP takes for a cipher: AES-GCM's has 4 octets of salt (RFC 4106 8.1)."""
    return _GCM_KEYS[cipher] + _GCM_SALT if cipher in _GCM_KEYS else key_octets(cipher)


def block_octets(cipher: str) -> int:
    """The block, and so the IV, of a cipher by policy name."""
    return _CIPHERS[cipher].block


def is_weak_key(cipher: str, key: bytes) -> bool:
    """True for a DES key of the weak lists, and for 3DES keys that fall back to DES (2451 2)."""
    if cipher not in ("DES", "3DES"):
        return False
    parts = [bytes(octet & 0xFE for octet in key[at:at + 8]) for at in range(0, len(key), 8)]
    if cipher == "DES":
        return parts[0] in _WEAK_DES
    return parts[0] == parts[1] or parts[1] == parts[2] or any(
        part in _WEAK_DES for part in parts)


class Cbc:
    """One key's CBC, with a context each way for its whole life: making one costs ten blocks.

    An encryption under another IV goes on in the same chain: the first block is masked so that
    what the chain adds to it, the last block it gave, becomes that IV. A decryption is fed the IV
    as a block before, whose output is dropped.
    """

    __slots__ = ("_block", "_decrypt", "_encrypt", "_last")

    def __init__(self, cipher: str, key: bytes) -> None:
        self._block = block_octets(cipher)
        self._last = 0
        zero = bytes(self._block)
        self._encrypt, self._decrypt = (
            _des(key, zero) if cipher == "DES" else _contexts(cipher, key, zero))

    def encrypt(self, iv: bytes, plain: bytes) -> bytes:
        """CBC of `plain` padded with zero octets to whole blocks (RFC 2409 appendix B)."""
        block = self._block
        first = int.from_bytes(plain[:block].ljust(block, b"\0"), "big")
        mask = int.from_bytes(iv, "big") ^ self._last
        data = self._encrypt((first ^ mask).to_bytes(block, "big") + plain[block:]
                             + bytes(-len(plain) % block if len(plain) > block else 0))
        self._last = int.from_bytes(data[-block:], "big")
        return data

    def decrypt(self, iv: bytes, data: bytes) -> bytes:
        """The reverse, padding still in place. Raises ParseError "invalid-length" on a cut block.
        """
        if not data or len(data) % self._block:
            raise ParseError("invalid-length", "encrypted body", len(data))
        return self._decrypt(iv + data)[self._block:]


@cache
def _library() -> tuple[Any, dict[str, Any], Any]:
    """The library's cipher, its algorithms by policy name, and CBC: 15 ms to import, so only when
    a negotiation is running."""
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CBC
    return Cipher, {"3DES": TripleDES, "AES128": AES, "AES192": AES, "AES256": AES}, CBC


_Step = Callable[[bytes], bytes]


def _contexts(cipher: str, key: bytes, iv: bytes) -> tuple[_Step, _Step]:
    make, algorithms, chaining = _library()
    mode = make(algorithms[cipher](key), chaining(iv))
    return mode.encryptor().update, mode.decryptor().update


def _des(key: bytes, iv: bytes) -> tuple[_Step, _Step]:
    """Single DES, which `cryptography` does not have."""
    from Cryptodome.Cipher import DES
    return DES.new(key, DES.MODE_CBC, iv).encrypt, DES.new(key, DES.MODE_CBC, iv).decrypt
