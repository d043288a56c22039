"""Opening of ESP (RFC 2406 3.4): length, then ICV, then decryption, then padding."""

from collections.abc import Callable
from hmac import compare_digest

from engine.errors import ParseError
from engine.esp.constants import AEAD_ICV, CIPHERS, HEADER, INTEGRITY, NEXT_TUNNEL, TRAILER
from engine.esp.transforms import make_aead, make_cipher, make_integrity, make_keyed
from engine.suites import AEAD_CIPHERS

Verify = Callable[[bytes], bytes]
"""Called with SPI to ICV; gives what `Open` takes. Raises ParseError."""
Open = Callable[[bytes], tuple[bytes, int]]
"""Called with what `Verify` gave; gives inner octets and next header. Raises ParseError."""

Run = Callable[[list[bytes], int], list[bytes]]
"""Called with ESP packets and the number (SPI, then sequence) the first should have: opens those
that follow each other and are good tunnel packets, and stops before the first that is not."""

_PADDING = tuple(bytes(range(1, pad + 1)) for pad in range(256))


def make_unwrap(cipher: str, key: bytes, auth: str, auth_key: bytes) -> tuple[Verify, Open]:
    """Both halves of an inbound SA's work: authentic or not, then what is inside.

    Between them the caller moves its replay window. Raises ValueError for keys of wrong length.
    """
    if cipher in AEAD_CIPHERS:
        return make_aead_verify(cipher, key), _open_aead
    return make_verify(cipher, auth, auth_key), make_open(cipher, key)


def make_run(cipher: str, key: bytes, auth: str, auth_key: bytes) -> Run:
    """The same work as `make_unwrap` does, on packets that came in order, without its calls.

    Whatever it stops at is to be judged by those: it names no reasons.
    """
    if cipher in AEAD_CIPHERS:
        return _make_aead_run(cipher, key)
    return _make_cbc_run(cipher, key, auth, auth_key)


def _make_aead_run(cipher: str, key: bytes) -> Run:
    from cryptography.exceptions import InvalidTag

    aead, salt = make_aead(cipher, key)
    decrypt, padding, read = aead.decrypt, _PADDING, int.from_bytes
    _, block, iv = CIPHERS[cipher]
    start = HEADER + iv
    least = start + block + AEAD_ICV

    def run(datas: list[bytes], number: int) -> list[bytes]:
        inners: list[bytes] = []
        for data in datas:
            head, size = data[:8], len(data)
            if read(head, "big") != number or size < least or size % block:
                break
            try:
                plain = decrypt(salt + data[8:start], data[start:], head)
            except InvalidTag:
                break
            pad = plain[-2]
            stop = -TRAILER - pad
            if plain[-1] != NEXT_TUNNEL or pad and plain[stop:-TRAILER] != padding[pad]:
                break
            inners.append(plain[:stop])
            number += 1
        return inners

    return run


def _make_cbc_run(cipher: str, key: bytes, auth: str, auth_key: bytes) -> Run:
    """One call of the cipher for all packets, after every ICV was good."""
    _, block, iv = CIPHERS[cipher]
    icv = INTEGRITY[auth].icv
    copy = make_keyed(auth, auth_key)
    decrypt = make_cipher(cipher, key, bytes(iv), encrypt=False)
    padding, read, same = _PADDING, int.from_bytes, compare_digest
    least = HEADER + iv + max(block, TRAILER) + icv
    rest = (HEADER + icv) % block

    def run(datas: list[bytes], number: int) -> list[bytes]:
        bodies: list[bytes] = []
        for data in datas:
            if (read(data[:HEADER], "big") != number or len(data) < least
                    or len(data) % block != rest):
                break
            state = copy()
            state.update(data[:-icv])
            if not same(state.finalize()[:icv], data[-icv:]):
                break
            bodies.append(data[HEADER:-icv])
            number += 1
        if not bodies:
            return bodies
        plain, inners, at = decrypt(b"".join(bodies)), list[bytes](), 0
        for body in bodies:
            end = at + len(body)
            pad = plain[end - 2]
            stop = end - TRAILER - pad
            if (plain[end - 1] != NEXT_TUNNEL or stop < at + iv
                    or pad and plain[stop:end - TRAILER] != padding[pad]):
                break
            inners.append(plain[at + iv:stop])
            at = end
        return inners

    return run


def make_verify(cipher: str, auth: str, auth_key: bytes) -> Verify:
    """The check of length and ICV of one inbound SA, in constant time; cuts the ICV off.

    The function raises ParseError: "truncated", "bad-length" (not whole blocks), "bad-icv".
    """
    _, block, iv = CIPHERS[cipher]
    size = INTEGRITY[auth].icv
    integrity = make_integrity(auth, auth_key)
    least = HEADER + iv + max(block, TRAILER) + size

    def verify(data: bytes) -> bytes:
        if len(data) < least:
            raise ParseError("truncated", "ESP payload", len(data))
        body = data[:-size]
        if (len(body) - HEADER) % block:
            raise ParseError("bad-length", "ESP payload", len(data))
        if not compare_digest(integrity(body), data[-size:]):
            raise ParseError("bad-icv", "integrity check value", len(body))
        return body

    return verify


def make_open(cipher: str, key: bytes) -> Open:
    """The decryption of one inbound SA, for octets whose ICV was good.

    The function raises ParseError "bad-padding" when the padding is not 1, 2, 3 ... or is
    longer than the payload.
    """
    _, _, iv = CIPHERS[cipher]
    decrypt = make_cipher(cipher, key, bytes(iv), encrypt=False)

    def open_body(body: bytes) -> tuple[bytes, int]:
        plain = decrypt(body[HEADER:])
        pad = plain[-2]
        stop = len(plain) - TRAILER - pad
        if stop < iv or plain[stop:-TRAILER] != _PADDING[pad]:
            raise ParseError("bad-padding", "padding", max(stop, 0))
        return plain[iv:stop], plain[-1]

    return open_body


def make_aead_verify(cipher: str, key: bytes) -> Verify:
    """Length, then ICV and decryption in one (RFC 4106); gives the plaintext with its trailer.

    The function raises ParseError: "truncated", "bad-length", "bad-icv".
    """
    from cryptography.exceptions import InvalidTag

    aead, salt = make_aead(cipher, key)
    decrypt = aead.decrypt
    _, block, iv = CIPHERS[cipher]
    start = HEADER + iv
    least = start + block + AEAD_ICV

    def verify(data: bytes) -> bytes:
        if len(data) < least:
            raise ParseError("truncated", "ESP payload", len(data))
        if len(data) % block:
            raise ParseError("bad-length", "ESP payload", len(data))
        try:
            return decrypt(salt + data[HEADER:start], data[start:], data[:HEADER])
        except InvalidTag:
            raise ParseError("bad-icv", "integrity check value",
                             len(data) - AEAD_ICV) from None

    return verify


def _open_aead(plain: bytes) -> tuple[bytes, int]:
    pad = plain[-2]
    stop = len(plain) - TRAILER - pad
    if stop < 0 or plain[stop:-TRAILER] != _PADDING[pad]:
        raise ParseError("bad-padding", "padding", max(stop, 0))
    return plain[:stop], plain[-1]
