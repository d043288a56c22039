"""Opening of ESP packets that came in order, many at once (RFC 2406 3.4).

Packets of one size, as bulk traffic is made of, are looked at together: one comparison for all
their numbers, one for all their ICVs, one for each octet of padding. Where anything is unlike they
are looked at one by one, up to the first that is not good.
"""

from collections.abc import Callable
from hmac import compare_digest
from struct import pack

from engine.esp.constants import AEAD_ICV, CIPHERS, HEADER, INTEGRITY, NEXT_TUNNEL, TRAILER
from engine.esp.decap import PADDING
from engine.esp.transforms import make_aead, make_cipher, make_keyed
from engine.suites import AEAD_CIPHERS

Run = Callable[[list[bytes], int], list[bytes]]
"""Called with ESP packets and the number (SPI, then sequence) the first should have: opens those
that follow each other and are good tunnel packets, and stops before the first that is not."""

_OCTETS = tuple(bytes((value,)) for value in range(256))
_TUNNEL = _OCTETS[NEXT_TUNNEL]


def make_run(cipher: str, key: bytes, auth: str, auth_key: bytes) -> Run:
    """The same work as `make_unwrap` does, on packets that came in order, without its calls.

    Whatever it stops at is to be judged by those: it names no reasons. Raises ValueError for keys
    of wrong length.
    """
    if cipher in AEAD_CIPHERS:
        together, singly = _make_aead_runs(cipher, key)
    else:
        together, singly = _make_cbc_runs(cipher, key, auth, auth_key)

    def run(datas: list[bytes], number: int) -> list[bytes]:
        inners = together(datas, number) if _follow(datas, number) else []
        return inners or singly(datas, number)

    return run


def _follow(datas: list[bytes], number: int) -> bool:
    """Whether several packets are of one size and numbered one after the other."""
    count = len(datas)
    return (count > 1 and list(map(len, datas)).count(len(datas[0])) == count
            and b"".join([data[:HEADER] for data in datas]) == pack(
                f"!{count}Q", *range(number, number + count)))


def _stop(plain: bytes, size: int) -> int:
    """Where the padding of each of several plaintexts begins, which stand in `plain` one after the
    other, each of `size` octets; -1 when they do not all end alike, as tunnel packets do.
    """
    count, pad = len(plain) // size, plain[size - TRAILER]
    stop = size - TRAILER - pad
    if (stop < 0 or plain[size - 1::size] != _TUNNEL * count
            or plain[size - TRAILER::size] != _OCTETS[pad] * count):
        return -1
    for value in range(pad):
        if plain[stop + value::size] != _OCTETS[value + 1] * count:
            return -1
    return stop


def _make_aead_runs(cipher: str, key: bytes) -> tuple[Run, Run]:
    from cryptography.exceptions import InvalidTag

    aead, salt = make_aead(cipher, key)
    decrypt, padding, read = aead.decrypt, PADDING, int.from_bytes
    _, block, iv = CIPHERS[cipher]
    start = HEADER + iv
    least = start + block + AEAD_ICV

    def together(datas: list[bytes], _: int) -> list[bytes]:
        size = len(datas[0])
        if size < least or size % block:
            return []
        try:
            plains = [decrypt(salt + data[HEADER:start], data[start:], data[:HEADER])
                      for data in datas]
        except InvalidTag:
            return []
        stop = _stop(b"".join(plains), size - start - AEAD_ICV)
        return [plain[:stop] for plain in plains] if stop >= 0 else []

    def singly(datas: list[bytes], number: int) -> list[bytes]:
        inners: list[bytes] = []
        for data in datas:
            head, size = data[:HEADER], len(data)
            if read(head, "big") != number or size < least or size % block:
                break
            try:
                plain = decrypt(salt + data[HEADER:start], data[start:], head)
            except InvalidTag:
                break
            pad = plain[-2]
            stop = -TRAILER - pad
            if plain[-1] != NEXT_TUNNEL or pad and plain[stop:-TRAILER] != padding[pad]:
                break
            inners.append(plain[:stop])
            number += 1
        return inners

    return together, singly


def _make_cbc_runs(cipher: str, key: bytes, auth: str, auth_key: bytes) -> tuple[Run, Run]:
    """One call of the cipher for all packets, after every ICV was good."""
    _, block, iv = CIPHERS[cipher]
    icv = INTEGRITY[auth].icv
    copy = make_keyed(auth, auth_key)
    decrypt = make_cipher(cipher, key, bytes(iv), encrypt=False)
    padding, read, same = PADDING, int.from_bytes, compare_digest
    least = HEADER + iv + max(block, TRAILER) + icv
    rest = (HEADER + icv) % block

    def mac(data: bytes) -> bytes:
        state = copy()
        state.update(data[:-icv])
        return state.finalize()[:icv]

    def together(datas: list[bytes], _: int) -> list[bytes]:
        size = len(datas[0])
        if (size < least or size % block != rest
                or not same(b"".join(map(mac, datas)),
                            b"".join([data[-icv:] for data in datas]))):
            return []
        plain = decrypt(b"".join([data[HEADER:-icv] for data in datas]))
        size -= HEADER + icv
        stop = _stop(plain, size)
        return [plain[at + iv:at + stop] for at in range(0, len(plain), size)] \
            if stop >= iv else []

    def singly(datas: list[bytes], number: int) -> list[bytes]:
        bodies: list[bytes] = []
        for data in datas:
            if (read(data[:HEADER], "big") != number or len(data) < least
                    or len(data) % block != rest or not same(mac(data), data[-icv:])):
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

    return together, singly
