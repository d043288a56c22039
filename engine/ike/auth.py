"""Proofs of knowing the key: HASH_I and HASH_R of phase 1, HASH(1..3) under it (RFC 2409 5)."""

from hmac import compare_digest

from engine.ike.keymat import Prf, prf


def phase1_hash(name: str, skeyid: bytes, own_ke: bytes, other_ke: bytes, own_cookie: bytes,
                other_cookie: bytes, sai_b: bytes, own_id: bytes) -> bytes:
    """HASH_I or HASH_R, seen from the side that proves itself.

    `sai_b` is the whole body of the initiator's SA payload as it stood on the wire, `own_id` the
    body of the prover's ID payload (RFC 2409 5).
    """
    return prf(name, skeyid, own_ke + other_ke + own_cookie + other_cookie + sai_b + own_id)


def message_hash(prf_a: Prf, message_id: int, rest: bytes,
                 nonce_i: bytes = b"") -> bytes:
    """HASH(1) of quick mode and informational; HASH(2) when `nonce_i` is given.

    `prf_a` is under SKEYID_a; `rest` is everything that follows the HASH payload, generic headers
    included.
    """
    return prf_a(message_id.to_bytes(4, "big") + nonce_i + rest)


def third_hash(prf_a: Prf, message_id: int, ni: bytes, nr: bytes) -> bytes:
    """HASH(3): the initiator was alive when the responder chose its nonce (RFC 2409 5.5)."""
    return prf_a(b"\0" + message_id.to_bytes(4, "big") + ni + nr)


def same(expected: bytes, received: bytes) -> bool:
    """Compares two proofs in constant time."""
    return compare_digest(expected, received)
