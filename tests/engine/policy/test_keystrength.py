"""Which pre-shared keys are certainly weak."""

import pytest

from engine.policy.keystrength import is_weak
from engine.policy.model import Secret


@pytest.mark.parametrize("key", [
    "", "a", "kb252735", "password", "Password123!", "secret-tunnel-router-2004", "a" * 64,
    "1234567890123456789012345678901234567890", "abcdefghijklmnopqrstuvwxyz",
    "Cisco-VPN-PSK-Gateway", "tT5#pQ9!zW"])
def test_short_words_and_runs_are_weak(key: str) -> None:
    assert is_weak(Secret(key))


@pytest.mark.parametrize("key", [
    "x7RkQ2mZp9LwT4vBn8Yd", "f3a91c07d25be84690d1a7c35e", "Gr!9-fZ_q2@Lm7#xT+0w",
    "correct horse battery staple and a dozen more", "\u00e4" + "x7RkQ2mZp9LwT4vBn8Yd"])
def test_twenty_random_characters_are_not(key: str) -> None:
    assert not is_weak(Secret(key))
