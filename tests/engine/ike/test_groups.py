"""Groups against the RFC's octets, and the checks of a received public value."""

import pytest

from engine.ike.constants import NotifyType
from engine.ike.failure import Failure
from engine.ike.groups import KeyPair, prime, size
from engine.ike.power import Modulus, OpenSslModulus, load, openssl
from engine.suites import GROUPS
from tests.support.ike_pair import entropy
from tests.support.ike_vectors import read_text

PRIMES = {int(line.split()[0]): int(line.split()[2], 16)
          for line in read_text("modp-groups.txt").splitlines() if line[0] != "#"}


@pytest.mark.parametrize("group", GROUPS)
def test_computed_primes_are_those_of_the_rfcs(group: int) -> None:
    assert prime(group) == PRIMES[group]
    assert size(group) * 8 == PRIMES[group].bit_length()


@pytest.mark.parametrize("group", GROUPS)
def test_both_sides_get_the_same_secret_of_full_size(group: int) -> None:
    a, b = KeyPair(group, entropy("a")), KeyPair(group, entropy("b"))
    assert a.shared(b.public) == b.shared(a.public)
    assert len(a.shared(b.public)) == len(a.public) == size(group)


def test_a_secret_that_begins_with_zero_octets_keeps_its_length() -> None:
    pairs = (KeyPair(1, entropy(f"{seed}")) for seed in range(2000))
    peer = KeyPair(1, entropy("peer")).public
    short = next(secret for secret in (pair.shared(peer) for pair in pairs) if secret[0] == 0)
    assert len(short) == 96


@pytest.mark.parametrize("value", [0, 1, -1, 0 - 2], ids=["0", "1", "p-1", "p"])
def test_degenerate_public_values_are_refused(value: int) -> None:
    number = {0: 0, 1: 1, -1: prime(2) - 1, -2: prime(2)}[value]
    with pytest.raises(Failure) as caught:
        KeyPair(2, entropy("a")).shared(number.to_bytes(128, "big"))
    assert caught.value.notify == NotifyType.INVALID_KEY_INFORMATION


@pytest.mark.parametrize("change", [1, -1])
def test_a_public_value_of_another_length_is_refused(change: int) -> None:
    with pytest.raises(Failure, match="invalid-key"):
        KeyPair(2, entropy("a")).shared(bytes([7]) * (128 + change))


def test_our_own_value_is_refused() -> None:
    pair = KeyPair(2, entropy("a"))
    with pytest.raises(Failure) as caught:
        pair.shared(pair.public)
    assert "reflection" in caught.value.detail[2]


@pytest.mark.parametrize("group", [2, 5, 14])
def test_powers_of_the_generator_stay_right_when_a_table_makes_them(group: int) -> None:
    octets = entropy("often")
    peer = KeyPair(group, octets)
    for _ in range(70):
        pair = KeyPair(group, octets)
        assert pair.shared(peer.public) == peer.shared(pair.public)


@pytest.mark.parametrize("group", GROUPS)
def test_every_way_of_taking_powers_gives_the_same(group: int) -> None:
    base, exponent = b"\0" * (size(group) - 9) + bytes(range(1, 10)), entropy("exponent")(48)
    expected = pow(int.from_bytes(base, "big"), int.from_bytes(exponent, "big"), prime(group))
    library = openssl()
    ways = [Modulus(prime(group))] + ([OpenSslModulus(library, prime(group))] if library else [])
    for way in ways:
        assert way.power(base, exponent) == expected.to_bytes(size(group), "big")
        assert way.generate(exponent) == way.power(b"\2", exponent)


@pytest.mark.parametrize("exponent", [bytes(32), b"\xff" * 32, b"\0" * 31 + b"\1", b"\x80" * 41])
def test_a_table_serves_exponents_of_any_size(exponent: bytes) -> None:
    library = openssl()
    way = OpenSslModulus(library, prime(5)) if library else Modulus(prime(5))
    for _ in range(66):
        way.generate(bytes(32))
    expected = pow(2, int.from_bytes(exponent, "big"), prime(5))
    assert way.generate(exponent) == expected.to_bytes(size(5), "big")


def test_a_library_that_is_no_libcrypto_is_passed_over() -> None:
    assert load("libc.so.6") is None
    assert load("no-such-library.so") is None
