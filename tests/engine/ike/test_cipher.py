"""Phase 1 ciphers: round trip, padding, weak keys."""

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from engine.errors import ParseError
from engine.ike.cipher import Cbc, block_octets, is_weak_key, key_octets
from engine.suites import CIPHERS
from tests.support.ike_pair import entropy

STRONG = bytes.fromhex("0123456789abcdef")


@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("length", [1, 8, 15, 16, 17])
def test_what_was_encrypted_comes_back_with_zero_padding(cipher: str, length: int) -> None:
    octets = entropy("key")
    key, iv = octets(key_octets(cipher)), octets(block_octets(cipher))
    plain = bytes(range(1, length + 1))
    sealed = Cbc(cipher, key).encrypt(iv, plain)
    assert len(sealed) % block_octets(cipher) == 0
    assert Cbc(cipher, key).decrypt(iv, sealed) == plain + bytes(len(sealed) - length)


@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("length", [0, 7, 9, 17])
def test_a_cut_block_is_refused(cipher: str, length: int) -> None:
    with pytest.raises(ParseError, match="invalid-length"):
        Cbc(cipher, bytes(key_octets(cipher))).decrypt(bytes(block_octets(cipher)), bytes(length))


def test_des_answer_of_the_standard() -> None:
    sealed = Cbc("DES", STRONG).encrypt(bytes(8), b"Now is t")
    assert sealed.hex() == "3fa40e8a984d4815"


@pytest.mark.parametrize(("cipher", "key", "weak"), [
    ("DES", bytes.fromhex("0101010101010101"), True),
    ("DES", bytes.fromhex("0001010001000100"), True),
    ("DES", bytes.fromhex("e0fee0fef1fef1fe"), True),
    ("DES", STRONG, False),
    ("3DES", STRONG * 2 + b"12345678", True),
    ("3DES", b"12345678" + STRONG * 2, True),
    ("3DES", STRONG + bytes([1] * 8) + b"12345678", True),
    ("3DES", STRONG + b"12345678" + b"abcdefgh", False),
    ("AES128", bytes(16), False),
])
def test_weak_keys_are_known(cipher: str, key: bytes, weak: bool) -> None:
    assert is_weak_key(cipher, key) is weak


@pytest.mark.parametrize("cipher", ["DES", "3DES", "AES128", "AES192", "AES256"])
def test_one_context_serves_any_order_of_messages_and_ivs(cipher: str) -> None:
    key, block = entropy("key")(key_octets(cipher)), block_octets(cipher)
    kept = Cbc(cipher, key)
    for at, length in enumerate((1, 200, block, block + 1, 3 * block, 16)):
        iv, plain = entropy(f"iv {at}")(block), entropy(f"plain {at}")(length)
        sealed = kept.encrypt(iv, plain)
        assert sealed == Cbc(cipher, key).encrypt(iv, plain)
        assert kept.decrypt(iv, sealed).startswith(plain)
        with pytest.raises(ParseError):
            kept.decrypt(iv, sealed[1:])


def test_cbc_is_that_of_the_library() -> None:
    key, iv, plain = entropy("key")(16), entropy("iv")(16), entropy("plain")(48)
    kept = Cbc("AES128", key)
    for _ in range(2):
        context = Cipher(AES(key), CBC(iv)).encryptor()
        assert kept.encrypt(iv, plain) == context.update(plain) + context.finalize()
