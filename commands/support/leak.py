"""Whether a key stands somewhere in octets, in any spelling in which it may have got there."""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from engine.policy.model import Secret

# A shorter key cannot be told from chance in a file of octets.
SHORTEST = 5


def spellings(key: str) -> Iterator[bytes]:
    """The key as octets: plain, UTF-16, hexadecimal, Base64, percent-encoded, escaped."""
    for octets in (key.encode("utf-8", "surrogatepass"), key.encode("utf-16-le", "surrogatepass"),
                   key.encode("utf-16-be", "surrogatepass"),
                   key.encode("latin-1", "replace")):
        yield octets
        digits = octets.hex()
        pairs = [digits[at:at + 2] for at in range(0, len(digits), 2)]
        for sign in ("", " ", ":", "-"):
            yield sign.join(pairs).encode()
            yield sign.join(pairs).upper().encode()
        yield octets[::-1]
        yield from _base64(octets)
    yield quote(key, safe="", errors="replace").encode()
    yield key.encode("unicode_escape")


def _base64(octets: bytes) -> Iterator[bytes]:
    """What any Base64 holds in which the octets begin at this place of a triple."""
    for at in range(3):
        whole = b64encode(bytes(at) + octets)
        first, spare = (0, 2, 3)[at], (at + len(octets)) % 3
        found = whole[first:len(whole) - (0, 3, 2)[spare]]
        if len(found) >= SHORTEST:
            yield found
            yield found.translate(bytes.maketrans(b"+/", b"-_"))


def patterns(keys: Iterable[str]) -> tuple[bytes, ...]:
    """All spellings of all keys that can be told from chance."""
    plain = {one.reveal() if isinstance(one, Secret) else one for one in keys}
    return tuple({spelled for key in plain if len(key) >= SHORTEST
                  for spelled in spellings(key) if len(spelled) >= SHORTEST})


def holds(octets: bytes, wanted: Iterable[bytes]) -> bool:
    """Whether any of the patterns is in the octets."""
    return any(one in octets for one in wanted)
