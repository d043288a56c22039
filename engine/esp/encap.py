"""Wrapping of octets into ESP (RFC 2406 3.3)."""

from collections.abc import Callable
from struct import Struct

from engine.entropy import Entropy
from engine.esp.constants import CIPHERS, INTEGRITY, NEXT_TUNNEL
from engine.esp.transforms import make_aead, make_cipher, make_keyed
from engine.suites import AEAD_CIPHERS

Wrap = Callable[[int, bytes, int], bytes]
"""Called with sequence number, inner octets and next header; gives SPI to ICV."""
WrapRun = Callable[[int, list[bytes]], list[bytes]]
"""`Wrap` for IPv4 packets of a tunnel, the first of which gets that sequence number."""

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
              entropy: Entropy) -> tuple[Wrap, WrapRun]:
    """What wraps for one outbound SA; both share one cipher and one keyed hash.

    Raises ValueError for keys of wrong length.
    """
    if cipher in AEAD_CIPHERS:
        wrap = _make_aead_wrap(spi, cipher, key)
        return wrap, _one_by_one(wrap)
    if cipher == "None":
        wrap = _make_null_wrap(spi, key, auth, auth_key)
        return wrap, _one_by_one(wrap)
    return _make_cbc_wrap(spi, cipher, key, auth, auth_key, entropy)


def _one_by_one(wrap: Wrap) -> WrapRun:
    return lambda sequence, inners: [wrap(number, inner, NEXT_TUNNEL)
                                     for number, inner in enumerate(inners, sequence)]


def _make_cbc_wrap(spi: int, cipher: str, key: bytes, auth: str, auth_key: bytes,
                   entropy: Entropy) -> tuple[Wrap, WrapRun]:
    """Random blocks are drawn from `entropy` in bunches of 32.

    A run is one call of the cipher, as what it chains on is random before each packet.
    """
    _, block, iv = CIPHERS[cipher]
    encrypt = make_cipher(cipher, key, entropy(iv), encrypt=True)
    copy, icv = make_keyed(auth, auth_key), INTEGRITY[auth].icv
    pack, trailers, blocks = _HEADER.pack, Trailers(block), list[bytes]()

    def draw() -> None:
        drawn = entropy(iv * RANDOM_BLOCKS)
        blocks.extend([drawn[at:at + iv] for at in range(0, len(drawn), iv)])

    def wrap(sequence: int, inner: bytes, next_header: int) -> bytes:
        if not blocks:
            draw()
        body = pack(spi, sequence) + encrypt(
            blocks.pop() + inner + trailers[next_header][len(inner) % block])
        state = copy()
        state.update(body)
        return body + state.finalize()[:icv]

    def run(sequence: int, inners: list[bytes]) -> list[bytes]:
        if len(inners) == 1:
            return [wrap(sequence, inners[0], NEXT_TUNNEL)]
        while len(blocks) < len(inners):
            draw()
        rows, parts, ends, end = trailers[NEXT_TUNNEL], list[bytes](), list[int](), 0
        for inner in inners:
            trailer = rows[len(inner) % block]
            parts += blocks.pop(), inner, trailer
            end += iv + len(inner) + len(trailer)
            ends.append(end)
        sealed, datas, at = encrypt(b"".join(parts)), list[bytes](), 0
        for end in ends:
            body = pack(spi, sequence) + sealed[at:end]
            state = copy()
            state.update(body)
            datas.append(body + state.finalize()[:icv])
            at = end
            sequence += 1
        return datas

    return wrap, run


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
