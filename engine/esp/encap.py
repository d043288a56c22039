"""Wrapping of octets into ESP (RFC 2406 3.3)."""

from collections.abc import Callable
from struct import Struct

from engine.entropy import Entropy
from engine.esp.constants import CIPHERS
from engine.esp.transforms import make_cipher, make_integrity

Wrap = Callable[[int, bytes, int], bytes]
"""Called with sequence number, inner octets and next header; gives SPI to ICV."""

RANDOM_BLOCKS = 32
_HEADER = Struct("!II")


def trailers(block: int, next_header: int) -> tuple[bytes, ...]:
    """Padding 1, 2, 3 ..., pad length and next header, by length of the inner octets % block."""
    result = []
    for rest in range(block):
        pad = -(rest + 2) % block
        result.append(bytes(range(1, pad + 1)) + bytes((pad, next_header)))
    return tuple(result)


def make_wrap(spi: int, cipher: str, key: bytes, auth: str, auth_key: bytes,
              entropy: Entropy) -> Wrap:
    """The wrapping function of one outbound SA; it keeps one cipher and one keyed hash.

    Random blocks are drawn from `entropy` in bunches of 32. Raises ValueError for keys of wrong
    length.
    """
    _, block, iv = CIPHERS[cipher]
    encrypt = make_cipher(cipher, key, entropy(iv) if iv else b"", encrypt=True)
    integrity = make_integrity(auth, auth_key)
    pack = _HEADER.pack
    tables: dict[int, tuple[bytes, ...]] = {}
    blocks: list[bytes] = []

    def refill() -> None:
        if iv:
            drawn = entropy(iv * RANDOM_BLOCKS)
            blocks.extend([drawn[at:at + iv] for at in range(0, len(drawn), iv)])
        else:
            blocks.extend([b""] * RANDOM_BLOCKS)

    def wrap(sequence: int, inner: bytes, next_header: int) -> bytes:
        try:
            trailer = tables[next_header]
        except KeyError:
            trailer = tables[next_header] = trailers(block, next_header)
        if not blocks:
            refill()
        body = pack(spi, sequence) + encrypt(
            blocks.pop() + inner + trailer[len(inner) % block])
        return body + integrity(body)

    return wrap
