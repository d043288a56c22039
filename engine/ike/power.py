"""Modular powers for Diffie-Hellman, in time and memory access independent of the exponent.

Python's own OpenSSL is asked for its constant-time power: the library that `hashlib` has loaded,
reached through ctypes, costs no import and takes half of gmpy2's time. Where Python was built
without a shared libcrypto, gmpy2's constant-time power does the work.

Powers of the generator come from a table once a large group has been used often enough to pay for
it: the exponent is read as digits of six bits, each picks one precomputed factor, and one
constant-time multiplication a digit replaces six squarings. The 64 factors of a digit are
interleaved octet by octet in lines of 64 octets, so every choice touches the same cache lines.
"""

import ctypes
from functools import cache
from typing import NamedTuple

_SONAMES = ("libcrypto.so.3", "libcrypto.so.1.1")
_DIGIT_BITS = 6
_FACTORS = 1 << _DIGIT_BITS
# Below 1536 bits the calls cost more than the squarings; making a table costs as much as so many
# powers save by it.
_PAYS_FROM_OCTETS = 192
_PAYS_AFTER = 64
_MERSENNE = (1 << 127) - 1
_POINTER = ctypes.c_void_p
_FUNCTIONS: dict[str, tuple[object, tuple[object, ...]]] = {
    "BN_new": (_POINTER, ()),
    "BN_CTX_new": (_POINTER, ()),
    "BN_MONT_CTX_new": (_POINTER, ()),
    "BN_MONT_CTX_set": (ctypes.c_int, (_POINTER,) * 3),
    "BN_bin2bn": (_POINTER, (ctypes.c_char_p, ctypes.c_int, _POINTER)),
    "BN_bn2binpad": (ctypes.c_int, (_POINTER, ctypes.c_char_p, ctypes.c_int)),
    "BN_clear": (None, (_POINTER,)),
    "BN_to_montgomery": (ctypes.c_int, (_POINTER,) * 4),
    "BN_from_montgomery": (ctypes.c_int, (_POINTER,) * 4),
    "BN_mod_mul_montgomery": (ctypes.c_int, (_POINTER,) * 5),
    "BN_mod_exp_mont_consttime": (ctypes.c_int, (_POINTER,) * 6),
}


class Modulus:
    """Powers modulo an odd prime; all numbers are octets in network order, of the prime's size.

    This one asks gmpy2.
    """

    def __init__(self, prime: int) -> None:
        self.prime = prime
        self.size = (prime.bit_length() + 7) // 8

    def power(self, base: bytes, exponent: bytes) -> bytes:
        """`base` to the power of `exponent`; the base is less than the prime."""
        from gmpy2 import powmod_sec  # 42 ms to import: only when a negotiation begins
        return int(powmod_sec(int.from_bytes(base, "big"), int.from_bytes(exponent, "big"),
                              self.prime)).to_bytes(self.size, "big")

    def generate(self, exponent: bytes) -> bytes:
        """2 to the power of `exponent`."""
        return self.power(b"\2", exponent)


class _Table(NamedTuple):
    """Factors of the generator's powers: a line of 64 for each octet, for each digit.

    `lines` starts at the octet `start` of its memory, where a cache line begins.
    """

    lines: "ctypes.Array[ctypes.c_char]"
    start: int
    digits: int


class OpenSslModulus(Modulus):
    """Powers by OpenSSL's `BN_mod_exp_mont_consttime` and `BN_mod_mul_montgomery`.

    Its numbers are one set of scratch variables: calls must not overlap, and hold Python's lock.
    """

    def __init__(self, library: ctypes.PyDLL, prime: int) -> None:
        super().__init__(prime)
        self._library = library
        self._context = _context(library)
        self._modulus = library.BN_bin2bn(prime.to_bytes(self.size, "big"), self.size, None)
        self._montgomery = library.BN_MONT_CTX_new()
        library.BN_MONT_CTX_set(self._montgomery, self._modulus, self._context)
        self._base, self._exponent, self._result = (library.BN_new() for _ in range(3))
        self._out = ctypes.create_string_buffer(self.size)
        self._table: _Table | None = None
        self._generated = 0

    def power(self, base: bytes, exponent: bytes) -> bytes:
        library = self._library
        library.BN_bin2bn(base, len(base), self._base)
        library.BN_bin2bn(exponent, len(exponent), self._exponent)
        done = library.BN_mod_exp_mont_consttime(
            self._result, self._base, self._exponent, self._modulus, self._context,
            self._montgomery)
        assert done == 1
        return self._taken()

    def generate(self, exponent: bytes) -> bytes:
        self._generated += 1
        if self.size < _PAYS_FROM_OCTETS or self._generated <= _PAYS_AFTER:
            return self.power(b"\2", exponent)
        digits = -(-len(exponent) * 8 // _DIGIT_BITS)
        if self._table is None or self._table.digits < digits:
            self._table = self._tabulate(digits)
        return self._from_table(self._table, int.from_bytes(exponent, "big"))

    def _from_table(self, table: _Table, exponent: int) -> bytes:
        library, result, factor = self._library, self._result, self._base
        read, multiply = library.BN_bin2bn, library.BN_mod_mul_montgomery
        lines, size, step = table.lines, self.size, self.size * _FACTORS
        modulus, context = self._montgomery, self._context
        start = table.start
        at = start + (exponent & _FACTORS - 1)
        read(lines[at:start + step:_FACTORS], size, result)
        for _ in range(table.digits - 1):
            start += step
            exponent >>= _DIGIT_BITS
            at = start + (exponent & _FACTORS - 1)
            read(lines[at:start + step:_FACTORS], size, factor)
            multiply(result, result, factor, modulus, context)
        library.BN_from_montgomery(result, result, modulus, context)
        return self._taken()

    def _tabulate(self, digits: int) -> _Table:
        """The factors 2^(j * 64^i), i below `digits`, j below 64, in Montgomery's form."""
        library, out, size = self._library, self._out, self.size
        base, factor = self._base, self._result
        step = size * _FACTORS
        memory = bytearray(digits * step + _FACTORS)
        lines = (ctypes.c_char * len(memory)).from_buffer(memory)
        start = -ctypes.addressof(lines) % _FACTORS
        self._enter(b"\2", base)
        for at in range(start, start + digits * step, step):
            self._enter(b"\1", factor)
            for j in range(_FACTORS):
                library.BN_bn2binpad(factor, out, size)
                memory[at + j:at + step:_FACTORS] = out.raw
                library.BN_mod_mul_montgomery(factor, factor, base, self._montgomery,
                                              self._context)
            base, factor = factor, base
        return _Table(lines, start, digits)

    def _enter(self, octets: bytes, number: int) -> None:
        """Puts a small number into Montgomery's form."""
        self._library.BN_bin2bn(octets, len(octets), number)
        self._library.BN_to_montgomery(number, number, self._montgomery, self._context)

    def _taken(self) -> bytes:
        """The result's octets; what could tell of the exponent is wiped."""
        library = self._library
        library.BN_bn2binpad(self._result, self._out, self.size)
        for number in (self._base, self._exponent, self._result):
            library.BN_clear(number)
        return self._out.raw


@cache
def _context(library: ctypes.PyDLL) -> int:
    return int(library.BN_CTX_new())


def load(path: str) -> ctypes.PyDLL | None:
    """A library with all the functions we call, declared; None when it is not that."""
    try:
        library = ctypes.PyDLL(path)
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError):
        return None
    return library


@cache
def openssl() -> ctypes.PyDLL | None:
    """The libcrypto that this Python uses, or the system's; None without a usable one.

    A library whose power of a known number is wrong is not used.
    """
    import _hashlib
    for path in (getattr(_hashlib, "__file__", ""), *_SONAMES):
        library = load(path) if path else None
        if library and _right(OpenSslModulus(library, _MERSENNE)):
            return library
    return None


def _right(way: Modulus) -> bool:
    """Whether a power modulo 2^127 - 1, a prime, comes out right."""
    base, exponent = bytes(range(16)), bytes(range(200, 232))
    expected = pow(int.from_bytes(base, "big"), int.from_bytes(exponent, "big"), _MERSENNE)
    return way.power(base, exponent) == expected.to_bytes(16, "big")


def modulus(prime: int) -> Modulus:
    """The fastest constant-time powers there are for a prime."""
    library = openssl()
    return OpenSslModulus(library, prime) if library else Modulus(prime)
