"""Wrapping of octets into ESP (RFC 2406 3.3)."""

from collections.abc import Callable
from struct import Struct

from engine.entropy import Entropy
from engine.esp.constants import CIPHERS, INTEGRITY
from engine.esp.transforms import make_aead, make_cipher, make_keyed
from engine.suites import AEAD_CIPHERS

Wrap = Callable[[int, bytes, int], bytes]
"""Called with sequence number, inner octets and next header; gives SPI to ICV."""

RANDOM_BLOCKS = 32
_HEADER = Struct("!II")
_GCM_HEADER = Struct("!IIQ")


class Trailers(dict[int, tuple[bytes, ...]]):
    """By next header: padding 1, 2, 3 ..., pad length and next header, by inner length % block."""

    def __init__(self, block: int) -> None:
        super().__init__()
        self.block = block

    def __missing__(self, next_header: int) -> tuple[bytes, ...]:
        row = []
        for rest in range(self.block):
            pad = -(rest + 2) % self.block
            row.append(bytes(range(1, pad + 1)) + bytes((pad, next_header)))
        self[next_header] = tuple(row)
        return self[next_header]


def make_wrap(spi: int, cipher: str, key: bytes, auth: str, auth_key: bytes,
              entropy: Entropy) -> Wrap:
    """The wrapping function of one outbound SA; it keeps one cipher and one keyed hash.

    Raises ValueError for keys of wrong length.
    """
    if cipher in AEAD_CIPHERS:
        return _make_aead_wrap(spi, cipher, key)
    if cipher == "None":
        return _make_null_wrap(spi, key, auth, auth_key)
    return _make_cbc_wrap(spi, cipher, key, auth, auth_key, entropy)


def _make_cbc_wrap(spi: int, cipher: str, key: bytes, auth: str, auth_key: bytes,
                   entropy: Entropy) -> Wrap:
    """Random blocks are drawn from `entropy` in bunches of 32."""
    _, block, iv = CIPHERS[cipher]
    encrypt = make_cipher(cipher, key, entropy(iv), encrypt=True)
    copy, icv = make_keyed(auth, auth_key), INTEGRITY[auth].icv
    pack, trailers, blocks = _HEADER.pack, Trailers(block), list[bytes]()

    def wrap(sequence: int, inner: bytes, next_header: int) -> bytes:
        if not blocks:
            drawn = entropy(iv * RANDOM_BLOCKS)
            blocks.extend([drawn[at:at + iv] for at in range(0, len(drawn), iv)])
        body = pack(spi, sequence) + encrypt(
            blocks.pop() + inner + trailers[next_header][len(inner) % block])
        state = copy()
        state.update(body)
        return body + state.finalize()[:icv]

    return wrap


def _make_null_wrap(spi: int, key: bytes, auth: str, auth_key: bytes) -> Wrap:
    make_cipher("None", key, b"", encrypt=True)
    block = CIPHERS["None"].block
    copy, icv = make_keyed(auth, auth_key), INTEGRITY[auth].icv
    pack, trailers = _HEADER.pack, Trailers(block)

    def wrap(sequence: int, inner: bytes, next_header: int) -> bytes:
        body = pack(spi, sequence) + inner + trailers[next_header][len(inner) % block]
        state = copy()
        state.update(body)
        return body + state.finalize()[:icv]

    return wrap


def _make_aead_wrap(spi: int, cipher: str, key: bytes) -> Wrap:
    """The IV is the sequence number: unique under the key as long as that never repeats."""
    aead, salt = make_aead(cipher, key)
    block = CIPHERS[cipher].block
    pack, trailers, encrypt = _GCM_HEADER.pack, Trailers(block), aead.encrypt

    def wrap(sequence: int, inner: bytes, next_header: int) -> bytes:
        head = pack(spi, sequence, sequence)
        return head + encrypt(salt + head[8:], inner + trailers[next_header][len(inner) % block],
                              head[:8])

    return wrap
