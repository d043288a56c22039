"""What may stand in which message: payload types with least and greatest number (RFC 2409 5)."""

from functools import lru_cache

from engine.errors import ParseError
from engine.ike.constants import ExchangeType, PayloadType
from engine.ike.wire import Header, Payload

P = PayloadType
_MANY = 20
_HINTS = {P.VENDOR_ID: (0, _MANY), P.NOTIFY: (0, _MANY)}
_REQUESTS = {P.CERT_REQUEST: (0, _MANY)}
_NAT_D = {P.NAT_D: (0, 11), P.NAT_D_DRAFT: (0, 11)}
_NAT_OA = {P.NAT_OA: (0, 2), P.NAT_OA_DRAFT: (0, 2)}
_PROOF = {P.ID: (1, 1), P.HASH: (1, 1), P.NOTIFY: (0, _MANY), P.VENDOR_ID: (0, _MANY)}
_SIGNED = {P.ID: (1, 1), P.SIGNATURE: (1, 1), P.CERT: (0, 8), **_REQUESTS, **_HINTS}

PAYLOADS: dict[str, dict[PayloadType, tuple[int, int]]] = {
    "MM1": {P.SA: (1, 1), **_HINTS},
    "MM2": {P.SA: (1, 1), **_HINTS},
    "MM3": {P.KE: (1, 1), P.NONCE: (1, 1), **_REQUESTS, **_HINTS, **_NAT_D},
    "MM4": {P.KE: (1, 1), P.NONCE: (1, 1), **_REQUESTS, **_HINTS, **_NAT_D},
    "MM5": _PROOF,
    "MM6": _PROOF,
    "MM5 signed": _SIGNED,
    "MM6 signed": _SIGNED,
    "QM1": {P.HASH: (1, 1), P.SA: (1, 1), P.NONCE: (1, 1), P.KE: (0, 1), P.ID: (0, 2),
            **_HINTS, **_NAT_OA},
    "QM2": {P.HASH: (1, 1), P.SA: (1, 1), P.NONCE: (1, 1), P.KE: (0, 1), P.ID: (0, 2),
            **_HINTS, **_NAT_OA},
    "QM3": {P.HASH: (1, 1), P.NOTIFY: (0, _MANY)},
    "QM4": {P.HASH: (1, 1), P.NOTIFY: (1, _MANY)},
    "INFO": {P.HASH: (1, 1), P.NOTIFY: (0, _MANY), P.DELETE: (0, _MANY), P.VENDOR_ID: (0, _MANY)},
    "HINT": {P.NOTIFY: (0, _MANY), P.DELETE: (0, _MANY), P.VENDOR_ID: (0, _MANY)},
}
_NOT_HERE = (0, 0)
_LIMITS = {label: {int(kind): limits for kind, limits in table.items()}
           for label, table in PAYLOADS.items()}
_REQUIRED = {label: [kind for kind, (least, _) in table.items() if least]
             for label, table in PAYLOADS.items()}
# RFC 2409 5: SA first in phase 1; 5.5: HASH first, SA at once behind it in quick mode.
_OPENING = {"MM1": (P.SA,), "MM2": (P.SA,), "QM1": (P.HASH, P.SA), "QM2": (P.HASH, P.SA),
            "QM3": (P.HASH,), "QM4": (P.HASH,), "INFO": (P.HASH,)}
# Payloads that no longer exist or belong to exchanges we refuse are "known" for the header check.
_KNOWN_TYPES = frozenset(PayloadType) - {P.NONE}
_EXCHANGES = {ExchangeType.MAIN, ExchangeType.INFORMATIONAL, ExchangeType.QUICK}


def check_header(header: Header) -> None:
    """The checks of RFC 2408 5.2 behind length and cookies, in its order.

    Raises ParseError "invalid-payload-type", "invalid-version", "refused-exchange",
    "invalid-message-id". Reserved flag bits are not obeyed, not echoed, and no error.
    """
    if header.next_payload not in _KNOWN_TYPES and not header.encrypted:
        raise ParseError("invalid-payload-type", "next payload", 16)
    if header.version >> 4 != 1:
        raise ParseError("invalid-version", "major version", 17)
    if header.exchange not in _EXCHANGES:
        raise ParseError("refused-exchange", "exchange type", 18)
    if header.exchange == ExchangeType.MAIN and header.message_id:
        raise ParseError("invalid-message-id", "message id", 20)
    if header.exchange == ExchangeType.QUICK and not header.message_id:
        raise ParseError("invalid-message-id", "message id", 20)


def check_payloads(label: str, payloads: tuple[Payload, ...]) -> None:
    """Numbers and order of payloads of the message `label`.

    Raises ParseError "unexpected-payload", "missing-payload" or "payload-order".
    """
    _check_types(label, tuple([kind for kind, _ in payloads]))


@lru_cache(256)
def _check_types(label: str, kinds: tuple[int, ...]) -> None:
    """The check itself: a sequence of types that was right once is right always."""
    table = _LIMITS[label]
    counts: dict[int, int] = {}
    for kind in kinds:
        counts[kind] = counts.get(kind, 0) + 1
        if counts[kind] > table.get(kind, _NOT_HERE)[1]:
            often = f"{P(kind).name} too often" if kind in table else f"payload type {kind}"
            raise ParseError("unexpected-payload", f"{often} in {label}")
    for wanted in _REQUIRED[label]:
        if counts.get(wanted, 0) < table[wanted][0]:
            raise ParseError("missing-payload", f"{wanted.name} in {label}")
    opening = _OPENING.get(label, ())
    if kinds[:len(opening)] != opening:
        raise ParseError("payload-order", f"first payloads of {label}")
    if label in ("QM1", "QM2") and counts.get(P.ID) == 1:
        raise ParseError("missing-payload", f"second ID in {label}")


def bodies(payloads: tuple[Payload, ...], kind: PayloadType) -> list[bytes]:
    """The bodies of all payloads of one type, in order."""
    return [body for type_, body in payloads if type_ == kind]


def body(payloads: tuple[Payload, ...], kind: PayloadType) -> bytes:
    """The body of the one payload of a type that the table requires."""
    for type_, found in payloads:
        if type_ == kind:
            return found
    raise AssertionError(f"{kind.name} was not checked")
