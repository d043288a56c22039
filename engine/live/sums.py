"""The Internet checksum of whole packets (RFC 1071), quick enough to verify each in a run.

Octets become a number that is their one's complement sum modulo 65,535. Python's own way from
octets to a number, and its division, cost more than to decrypt them; so they are laid into the
limbs of one of GMP's numbers, which stays where it is, and GMP divides.
"""

import ctypes
import sys

from gmpy2 import mp_limbsize, mpz, xmpz

MANY = 4096
"""Lengths that are remembered; each costs its length in memory."""
_LIMB = mp_limbsize() // 8
WORDS = mpz(0xFFFF)
SWAP = 256 if sys.byteorder == "little" else 1
"""Multiplied with it, modulo 65,535, a sum of words of network order is one of this machine's."""


class Fields(dict[int, tuple[memoryview, xmpz]]):
    """By length: where the octets are laid, and the number that they are then, plus a limb of 1.

    That limb on top keeps the number's size fixed, whatever is laid below; as 2^16 is 1 modulo
    65,535 it adds 1 to the sum.
    """

    def __missing__(self, length: int) -> tuple[memoryview, xmpz]:
        if len(self) >= MANY:
            self.clear()
        limbs = -(-length // _LIMB)
        number = xmpz(0)
        address = number.limbs_write(limbs + 1)
        ctypes.memset(address, 0, limbs * _LIMB)
        ctypes.memmove(address + limbs * _LIMB, (1).to_bytes(_LIMB, sys.byteorder), _LIMB)
        number.limbs_finish(limbs + 1)
        view = memoryview((ctypes.c_char * length).from_address(address)).cast("B")
        self[length] = view, number
        return view, number


FIELDS = Fields()


def wrong(data: bytes, expected: int) -> bool:
    """Whether the sum of the octets and of `expected` (words of network order) is not 0.

    Modulo 65,535, in which 0 and the checksum's other zero are the same.
    """
    view, number = FIELDS[len(data)]
    view[:] = data
    return bool((number + (expected * SWAP - 1)) % WORDS)
