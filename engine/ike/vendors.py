"""Vendor IDs: what each side can do beyond RFC 2409, said in the first two messages."""

from functools import cache
from hashlib import md5
from typing import NamedTuple

from engine.ike.constants import MS_VENDOR, Encapsulation, PayloadType
from engine.ike.interface import Phase1Policy
from engine.ike.wire import Payload

DPD = bytes.fromhex("afcad71368a1f1c96b8696fc77570100")
"""Dead peer detection, RFC 3706 5.1: the last two octets are its version, 1.0."""


class NatTraversal(NamedTuple):
    """One edition of NAT traversal: its vendor ID, payload numbers and encapsulation modes.

    `modes` are those for tunnel and transport.
    """

    name: str
    vendor: bytes
    nat_d: int
    nat_oa: int
    modes: tuple[int, int]


_DRAFT_MODES = (int(Encapsulation.DRAFT_UDP_TUNNEL), int(Encapsulation.DRAFT_UDP_TRANSPORT))


def _edition(name: str, text: bytes, draft: bool) -> NatTraversal:
    vendor = md5(text, usedforsecurity=False).digest()
    if draft:
        return NatTraversal(name, vendor, PayloadType.NAT_D_DRAFT, PayloadType.NAT_OA_DRAFT,
                            _DRAFT_MODES)
    return NatTraversal(name, vendor, PayloadType.NAT_D, PayloadType.NAT_OA,
                        (Encapsulation.UDP_TUNNEL, Encapsulation.UDP_TRANSPORT))


# Newest first: the first one that both sides have is used (RFC 3947 3.1).
EDITIONS = (
    _edition("RFC 3947", b"RFC 3947", False),
    _edition("draft 03", b"draft-ietf-ipsec-nat-t-ike-03", True),
    _edition("draft 02", b"draft-ietf-ipsec-nat-t-ike-02\n", True),
    _edition("draft 02 without newline", b"draft-ietf-ipsec-nat-t-ike-02", True),
)


@cache
def offered(natt: bool, dpd: bool, version: int) -> tuple[Payload, ...]:
    """What an initiator says of itself; `version` is Windows' number behind its own ID."""
    return _said(version, EDITIONS if natt else (), dpd)


@cache
def answered(edition: NatTraversal | None, dpd: bool, version: int) -> tuple[Payload, ...]:
    """What a responder says: of NAT traversal only the edition it has chosen."""
    return _said(version, (edition,) if edition else (), dpd)


def _said(version: int, editions: tuple[NatTraversal, ...], dpd: bool) -> tuple[Payload, ...]:
    bodies = [MS_VENDOR + version.to_bytes(4, "big"), *(one.vendor for one in editions)]
    bodies += [DPD] if dpd else []
    return tuple(Payload(PayloadType.VENDOR_ID, one) for one in bodies)


def common_edition(policy: Phase1Policy, theirs: list[bytes]) -> NatTraversal | None:
    """The newest edition of NAT traversal that both sides have."""
    return next((one for one in EDITIONS if policy.natt and one.vendor in theirs), None)
