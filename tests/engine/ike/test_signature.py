"""RSA signatures over the bare hash: what is made, what was captured, what forgers try."""

import hashlib

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from engine.ike.cipher import Cbc, block_octets
from engine.ike.constants import HEADER_SIZE, PayloadType
from engine.ike.failure import Failure
from engine.ike.keymat import phase1_iv
from engine.ike.rules import body
from engine.ike.signature import padded, sign, verify
from engine.ike.wire import Payload, parse_chain, parse_header
from tests.support.ike_vectors import isakmp_payloads
from tests.support.pki import rsa_key

KEY = rsa_key("signer")
PUBLIC = KEY.public_key()
SIZE = 256
PROOF = hashlib.sha1(b"HASH_I").digest()
CAPTURE_KEY = bytes.fromhex("735be0cb62f82675c4f7bf8fbab9b56834ba76d6ab4fa240")


def raw(block: bytes) -> bytes:
    """A true signature of any block, as only the owner of the key can make it."""
    numbers = KEY.private_numbers()
    value = pow(int.from_bytes(block, "big"), numbers.d, numbers.public_numbers.n)
    return value.to_bytes(SIZE, "big")


@pytest.mark.parametrize("size", [16, 20, 32, 48, 64])
def test_what_is_signed_is_verified_by_us_and_by_the_library(size: int) -> None:
    proof = bytes(range(size))
    signature = sign(KEY, proof)
    assert len(signature) == SIZE
    verify(PUBLIC, proof, signature)
    assert PUBLIC.recover_data_from_signature(signature, PKCS1v15(), None) == proof


def test_the_padding_is_that_of_the_standard() -> None:
    assert padded(b"hash", 16) == bytes.fromhex("0001ffffffffffffffffff00") + b"hash"
    with pytest.raises(ValueError):
        padded(bytes(6), 16)


FORGERIES = [
    ("another hash", padded(hashlib.sha1(b"HASH_R").digest(), SIZE)),
    ("a shorter hash", padded(PROOF[:-1], SIZE)),
    ("a longer hash", padded(PROOF + b"\0", SIZE)),
    ("octets behind the hash", padded(PROOF, SIZE - 8) + bytes(8)),
    ("short padding and octets behind", b"\0\1" + b"\xff" * 8 + b"\0" + PROOF
     + bytes(SIZE - 11 - 20)),
    ("the hash in a DigestInfo", padded(
        bytes.fromhex("3021300906052b0e03021a05000414") + PROOF, SIZE)),
    ("type 2 padding", b"\0\2" + padded(PROOF, SIZE)[2:]),
    ("type 0 padding", bytes(SIZE - 20) + PROOF),
    ("a hole in the padding", padded(PROOF, SIZE).replace(b"\xff\xff\0", b"\xff\xfe\0")),
    ("no separator", padded(PROOF, SIZE).replace(b"\xff\0", b"\xff\xff")),
    ("no hash at all", padded(b"", SIZE)),
]


@pytest.mark.parametrize("block", [one for _, one in FORGERIES],
                         ids=[name for name, _ in FORGERIES])
def test_a_signed_block_that_is_not_exactly_the_padded_hash_is_refused(block: bytes) -> None:
    with pytest.raises(Failure) as caught:
        verify(PUBLIC, PROOF, raw(block))
    assert (caught.value.drop, caught.value.code) == ("signature-invalid", 13826)


def test_a_cube_root_is_no_signature() -> None:
    """Exponent 3 without a key: the octets behind the hash absorb what is no cube."""
    public = rsa_key("exponent three", 2048, 3).public_key()
    prefix = b"\0\1" + b"\xff" * 8 + b"\0" + PROOF
    target = int.from_bytes(prefix + b"\xff" * (SIZE - len(prefix)), "big")
    low, high = 0, 1 << 700
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle ** 3 <= target else (low, middle - 1)
    forged = low.to_bytes(SIZE, "big")
    assert (low ** 3).to_bytes(SIZE, "big").startswith(prefix)
    with pytest.raises(Failure) as caught:
        verify(public, PROOF, forged)
    assert caught.value.drop == "signature-invalid"


def test_length_and_range_are_exact() -> None:
    good = sign(KEY, PROOF)
    for wrong in (b"", good[:-1], b"\0" + good, good + b"\0"):
        with pytest.raises(Failure) as caught:
            verify(PUBLIC, PROOF, wrong)
        assert caught.value.drop == "signature-length"
    # The same number once more, a modulus higher, where it still fits into as many octets.
    modulus = PUBLIC.public_numbers().n
    proofs = (hashlib.sha1(bytes((number,))).digest() for number in range(256))
    for proof in proofs:
        higher = int.from_bytes(sign(KEY, proof), "big") + modulus
        if higher.bit_length() <= SIZE * 8:
            with pytest.raises(Failure) as caught:
                verify(PUBLIC, proof, higher.to_bytes(SIZE, "big"))
            assert caught.value.drop == "signature-invalid"
            return
    raise AssertionError("no signature was small enough")


def test_a_signature_with_digest_info_made_by_the_library_is_refused() -> None:
    usual = KEY.sign(b"HASH_I", PKCS1v15(), hashes.SHA1())
    with pytest.raises(Failure):
        verify(PUBLIC, PROOF, usual)
    with pytest.raises(InvalidSignature):
        PUBLIC.verify(sign(KEY, PROOF), b"HASH_I", PKCS1v15(), hashes.SHA1())


def captured() -> list[tuple[Payload, ...]]:
    """Messages 5 and 6 of a main mode between two makes, with certificates."""
    data = isakmp_payloads("ikev1-certs.pcap")
    ke = []
    for one in data[2:4]:
        ke.append(body(parse_chain(parse_header(one).next_payload, one[HEADER_SIZE:]),
                       PayloadType.KE))
    iv = phase1_iv("MD5", ke[0], ke[1], block_octets("3DES"))
    chains = []
    for one in data[4:6]:
        plain = Cbc("3DES", CAPTURE_KEY).decrypt(iv, one[HEADER_SIZE:])
        chains.append(parse_chain(parse_header(one).next_payload, plain, block_octets("3DES")))
        iv = one[-8:]
    return chains


def test_other_makes_sign_the_bare_hash_too() -> None:
    chains = [chain for chain in captured()
              if {PayloadType.CERT, PayloadType.SIGNATURE} <= {one.type for one in chain}]
    assert chains
    for chain in chains:
        key = x509.load_der_x509_certificate(body(chain, PayloadType.CERT)[1:]).public_key()
        assert isinstance(key, RSAPublicKey)
        signature = body(chain, PayloadType.SIGNATURE)
        numbers = key.public_numbers()
        block = pow(int.from_bytes(signature, "big"), numbers.e, numbers.n)
        proof = block.to_bytes(len(signature), "big")[-16:]
        verify(key, proof, signature)
