"""Diffie-Hellman groups 1, 2, 5 and 14 to 18: RFC 2409 6.1, 6.2 and RFC 3526.

The primes are not typed in but computed from their definition,
2^n - 2^(n-64) - 1 + 2^64 * (floor(2^(n-130) * pi) + k); tests compare them with the RFC's octets.
"""

from functools import cache

from engine.entropy import Entropy
from engine.ike.constants import EXPONENT_OCTETS
from engine.ike.failure import invalid_key
from engine.ike.power import Modulus, modulus
from engine.suites import GROUP_BITS

_K = {1: 149686, 2: 129093, 5: 741804, 14: 124476, 15: 1690314, 16: 240904, 17: 929484,
      18: 4743158}
_EXPONENT_OCTETS = {15: 40, 16: 40, 17: 48, 18: 48}


def _arctan_inverse(x: int, unity: int) -> int:
    """arctan(1/x) times `unity`, by Gregory's series in integers."""
    power = total = unity // x
    divisor = 1
    while power:
        power //= -x * x
        divisor += 2
        total += power // divisor
    return total


def _pi(bits: int) -> int:
    """floor(pi * 2**bits), by Machin's formula with 64 guard bits."""
    unity = 1 << bits + 64
    return 4 * (4 * _arctan_inverse(5, unity) - _arctan_inverse(239, unity)) >> 64


@cache
def prime(group: int) -> int:
    """The modulus of a group by IANA number. KeyError for a group that is not built."""
    n = GROUP_BITS[group]
    return (1 << n) - (1 << n - 64) - 1 + ((_pi(n - 130) + _K[group]) << 64)


def size(group: int) -> int:
    """Octets of a public value and of the shared secret."""
    return GROUP_BITS[group] // 8


@cache
def _modulus(group: int) -> Modulus:
    return modulus(prime(group))


class KeyPair:
    """One side's exponent and public value.

    An exponent has at least twice the bits of its group's strength (RFC 3526 8): 256 to group 14.
    """

    __slots__ = ("_exponent", "group", "public")

    def __init__(self, group: int, entropy: Entropy) -> None:
        octets = entropy(_EXPONENT_OCTETS.get(group, EXPONENT_OCTETS))
        self.group = group
        self._exponent = bytes((octets[0] | 0x80,)) + octets[1:]
        self.public = _modulus(group).generate(self._exponent)

    def shared(self, peer: bytes) -> bytes:
        """g^xy left-padded to the group's size (RFC 2409 5).

        `peer` is the other public value as received. Raises Failure "invalid-key" when its
        length is not the group's, when it is not in 2..p-2, or when it is our own (reflection).
        """
        value = int.from_bytes(peer, "big")
        if len(peer) != size(self.group):
            raise invalid_key("length", str(size(self.group)), str(len(peer)))
        if not 2 <= value <= prime(self.group) - 2:
            raise invalid_key("public value", "2 to p-2", "out of range")
        if peer == self.public:
            raise invalid_key("public value", "the peer's own", "a reflection of ours")
        return _modulus(self.group).power(peer, self._exponent)
