"""Groups against the RFC's octets, and the checks of a received public value."""

import pytest

from engine.ike.constants import NotifyType
from engine.ike.failure import Failure
from engine.ike.groups import KeyPair, prime, size
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
