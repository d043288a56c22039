"""RSA signatures as IKE makes them: the bare hash in PKCS #1 type 1 padding (RFC 2409 5.1).

Unlike every other use of RSA, there is no DigestInfo around the hash. The padding is compared
whole, octet for octet, so there is no room in it for a forger (as with exponent 3 and octets
behind the hash), and a signature of a hash inside a DigestInfo is refused.
"""

from hmac import compare_digest
from typing import TYPE_CHECKING

from engine.ike.constants import Win32
from engine.ike.failure import Failure

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

# RFC 8017 9.2: at least eight octets of padding.
SHORTEST_PADDING = 8


def padded(proof: bytes, size: int) -> bytes:
    """`proof` as an encoded block of `size` octets. Raises ValueError when it does not fit."""
    padding = size - len(proof) - 3
    if padding < SHORTEST_PADDING:
        raise ValueError("the modulus is too short for the hash")
    return b"\0\1" + b"\xff" * padding + b"\0" + proof


def sign(key: "RSAPrivateKey", proof: bytes) -> bytes:
    """The signature of HASH_I or HASH_R, as long as the modulus.

    The private operation is the library's, which blinds it.
    """
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo
    return key.sign(proof, PKCS1v15(), NoDigestInfo())


def verify(key: "RSAPublicKey", proof: bytes, signature: bytes) -> None:
    """Checks a signature over `proof`. Raises Failure "signature-length", "signature-invalid"."""
    size = (key.key_size + 7) // 8
    if len(signature) != size:
        raise _refused("signature-length", f"{size} octets", f"{len(signature)} octets")
    numbers = key.public_numbers()
    value = int.from_bytes(signature, "big")
    # A value beyond the modulus is a second spelling of another signature (RFC 8017 5.2.2).
    if value >= numbers.n:
        raise _refused("signature-invalid", "a number below the modulus", "a larger one")
    block = pow(value, numbers.e, numbers.n).to_bytes(size, "big")
    if not compare_digest(block, padded(proof, size)):
        raise _refused("signature-invalid", "the peer's hash", "another block")


def _refused(drop: str, expected: str, received: str) -> Failure:
    return Failure(drop, Win32.SIGNATURE, detail=("Signature", expected, received))
