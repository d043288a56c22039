"""The key schedule of RFC 2409: SKEYID and its family, initial vectors, quick mode keys."""

import hashlib
from typing import NamedTuple

from engine.ike.cipher import key_octets

# SHA224 cannot be negotiated; NIST's answers for this key schedule have it.
_MAKERS = {"MD5": (hashlib.md5, 64), "SHA1": (hashlib.sha1, 64), "SHA224": (hashlib.sha224, 64),
           "SHA256": (hashlib.sha256, 64), "SHA384": (hashlib.sha384, 128),
           "SHA512": (hashlib.sha512, 128)}
_INNER, _OUTER = (bytes(octet ^ pad for octet in range(256)) for pad in (0x36, 0x5C))


def digest(name: str, data: bytes) -> bytes:
    """The negotiated hash (MD5 to SHA512) of some octets."""
    return _MAKERS[name][0](data, usedforsecurity=False).digest()


def prf(name: str, key: bytes, data: bytes) -> bytes:
    """The negotiated hash as HMAC: no other prf can be negotiated (RFC 2409 4).

    Written out (RFC 2104 2) because `hmac.digest` takes half as long again.
    """
    make, key = _MAKERS[name][0], _block(name, key)
    inner = make(key.translate(_INNER) + data, usedforsecurity=False).digest()
    return make(key.translate(_OUTER) + inner, usedforsecurity=False).digest()


def _block(name: str, key: bytes) -> bytes:
    """A key of any length as one block of the hash (RFC 2104 2)."""
    make, block = _MAKERS[name]
    if len(key) > block:
        key = make(key, usedforsecurity=False).digest()
    return key.ljust(block, b"\0")


class Prf:
    """The prf under one key that serves more than once: the key's two blocks are hashed once."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, name: str, key: bytes) -> None:
        make, key = _MAKERS[name][0], _block(name, key)
        self._inner = make(key.translate(_INNER), usedforsecurity=False)
        self._outer = make(key.translate(_OUTER), usedforsecurity=False)

    def __call__(self, data: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(data)
        outer.update(inner.digest())
        return outer.digest()


class Skeyids(NamedTuple):
    """SKEYID, and the keys for deriving, authenticating and encrypting (RFC 2409 5)."""

    base: bytes
    d: bytes
    a: bytes
    e: bytes


def skeyids(name: str, psk: bytes, ni: bytes, nr: bytes, shared: bytes,
            cookies: bytes) -> Skeyids:
    """The family for pre-shared keys: `shared` is g^xy at full size, `cookies` CKY-I | CKY-R."""
    return _family(name, prf(name, psk, ni + nr), shared, cookies)


def signature_skeyids(name: str, ni: bytes, nr: bytes, shared: bytes, cookies: bytes) -> Skeyids:
    """The family for signatures: SKEYID = prf(Ni_b | Nr_b, g^xy) (RFC 2409 5)."""
    return _family(name, prf(name, ni + nr, shared), shared, cookies)


def _family(name: str, base: bytes, shared: bytes, cookies: bytes) -> Skeyids:
    tail = shared + cookies
    d = prf(name, base, tail + b"\0")
    a = prf(name, base, d + tail + b"\1")
    return Skeyids(base, d, a, prf(name, base, a + tail + b"\2"))


def cipher_key(name: str, e: bytes, cipher: str) -> bytes:
    """The phase 1 cipher key: SKEYID_e cut, or stretched by prf(SKEYID_e, 0)... (appendix B)."""
    wanted = key_octets(cipher)
    if wanted <= len(e):
        return e[:wanted]
    block = prf(name, e, b"\0")
    stream = block
    while len(stream) < wanted:
        block = prf(name, e, block)
        stream += block
    return stream[:wanted]


def phase1_iv(name: str, ke_i: bytes, ke_r: bytes, block: int) -> bytes:
    """The first IV of main mode: hash(g^xi | g^xr), cut to the cipher's block (appendix B)."""
    return digest(name, ke_i + ke_r)[:block]


def phase2_iv(name: str, last_block: bytes, message_id: int, block: int) -> bytes:
    """The first IV of an exchange under phase 1, made from its last block and the message id."""
    return digest(name, last_block + message_id.to_bytes(4, "big"))[:block]


def keymat(prf_d: Prf, shared: bytes, protocol: int, spi: int, nonces: bytes,
           wanted: int) -> bytes:
    """`wanted` octets of KEYMAT for one SA and direction (RFC 2409 5.5).

    `prf_d` is under SKEYID_d, `shared` is g(qm)^xy with PFS, else empty; `nonces` is Ni_b | Nr_b
    of quick mode.
    """
    seed = shared + bytes((protocol,)) + spi.to_bytes(4, "big") + nonces
    block = stream = prf_d(seed)
    while len(stream) < wanted:
        block = prf_d(block + seed)
        stream += block
    return stream[:wanted]
