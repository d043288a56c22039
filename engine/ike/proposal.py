"""Offers and choices of main mode, and what both phases share: reading, comparing, explaining.

A transform is read into named fields ("Encryption Algorithm": "3DES"), so that the same words
decide a match and tell the operator which one differed. Attributes: RFC 2409 appendix A.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

from engine.errors import ParseError
from engine.ike.attributes import Attribute, long, parse_attributes, short, single_values
from engine.ike.constants import (
    AUTH_PRE_SHARED_KEY,
    AUTH_RSA_SIGNATURE,
    DEFAULT_OFFERED_SECONDS,
    KEY_IKE,
    LifeType,
    NotifyType,
    OakleyAttribute,
    ProtocolId,
    Win32,
)
from engine.ike.failure import Failure
from engine.ike.interface import Phase1Policy
from engine.ike.payloads import Proposal, Transform
from engine.suites import MainModeMethod

Fields = dict[str, str]
Expected = tuple[Fields, ...]

CIPHER_BITS = {"AES128": 128, "AES192": 192, "AES256": 256}
_IKE_CIPHERS = {"DES": 1, "3DES": 5, "AES128": 7, "AES192": 7, "AES256": 7}
_IKE_HASHES = {"MD5": 1, "SHA1": 2, "SHA256": 4, "SHA384": 5, "SHA512": 6}
_IKE_AUTHENTICATIONS = {1: "Preshared key", 2: "DSS signature", 3: "RSA signature",
                        4: "RSA encryption", 5: "Revised RSA encryption", 65001: "Kerberos"}
_AUTHENTICATIONS = {"psk": AUTH_PRE_SHARED_KEY, "rsa": AUTH_RSA_SIGNATURE}


# Peers offer the same again and again. So many readings are remembered, each of so many octets at
# most, so that a stranger's offers cost no memory.
REMEMBERED, MEMORABLE = 256, 64


class Reading(NamedTuple):
    """A transform in words; lifetimes are 0 when the offer names none. Nobody changes it."""

    fields: Fields
    seconds: int
    kilobytes: int


class Choice(NamedTuple):
    """What a responder takes: the answer for the wire and the offer's lifetime in seconds."""

    taken: int
    answer: Proposal
    seconds: int


# --- reading ------------------------------------------------------------------------------------


def named(table: dict[str, int], number: int) -> str:
    """A number in policy words."""
    return next((name for name, code in table.items() if code == number), f"unknown ({number})")


def cipher_name(table: dict[str, int], number: int, bits: int) -> str:
    """The cipher in policy words; AES needs its key length, the others must not have one."""
    name = named(table, number)
    if name == "AES128":
        sized = next((one for one, size in CIPHER_BITS.items() if size == bits), "")
        return sized or (f"AES with {bits} bits" if bits else "AES without key length")
    return f"{name} with key length" if bits else name


def read(data: bytes, life_type: int, life_duration: int, known: Iterable[int],
          fields: Callable[[dict[int, int]], Fields]) -> Reading | None:
    """A transform's attributes in words; None when they contradict themselves."""
    try:
        attributes = parse_attributes(data)
    except ParseError:
        return None
    values = single_values(attributes, life_type, life_duration)
    if values is None:
        return None
    plain, lives = values
    words = fields(plain)
    strange = sorted(set(plain) - set(known)) + sorted(set(lives) - set(LifeType))
    words["Other attributes"] = ", ".join(str(one) for one in strange) or "none"
    return Reading(words, lives.get(LifeType.SECONDS, 0), lives.get(LifeType.KILOBYTES, 0))


def _phase1_fields(plain: dict[int, int]) -> Fields:
    return {
        "Encryption Algorithm": cipher_name(_IKE_CIPHERS, plain.get(OakleyAttribute.ENCRYPTION, 0),
                                             plain.get(OakleyAttribute.KEY_LENGTH, 0)),
        "Hash Algorithm": named(_IKE_HASHES, plain.get(OakleyAttribute.HASH, 0)),
        "Diffie-Hellman Group": str(plain.get(OakleyAttribute.GROUP, 0)),
        "Authentication Method": _IKE_AUTHENTICATIONS.get(
            plain.get(OakleyAttribute.AUTHENTICATION, 0), "unknown"),
    }


def read_phase1(transform: Transform) -> Reading | None:
    """A phase 1 transform in words, None when it is no valid KEY_IKE transform."""
    if transform.id != KEY_IKE:
        return None
    attributes = transform.attributes
    return (_recall_phase1 if len(attributes) <= MEMORABLE else _read_phase1)(attributes)


def _read_phase1(attributes: bytes) -> Reading | None:
    return read(attributes, OakleyAttribute.LIFE_TYPE, OakleyAttribute.LIFE_DURATION,
                OakleyAttribute, _phase1_fields)


_recall_phase1 = lru_cache(REMEMBERED)(_read_phase1)


def readings_phase1(offered: tuple[Proposal, ...]) -> list[Reading]:
    """Every transform of an offer that can be read."""
    found = (read_phase1(one) for proposal in offered for one in proposal.transforms)
    return [one for one in found if one is not None]


# --- offering -----------------------------------------------------------------------------------


@lru_cache(REMEMBERED)
def offer_phase1(methods: tuple[MainModeMethod, ...], seconds: int,
                 authentications: tuple[str, ...] = ("psk",)) -> tuple[Proposal, ...]:
    """One proposal with a transform per authentication and method, in preference order.

    `seconds` is the lifetime. The order of `authentications` weighs more than that of methods.
    """
    pairs = [(method, _AUTHENTICATIONS[one]) for one in authentications for method in methods]
    return (Proposal(1, ProtocolId.ISAKMP, b"", tuple(
        Transform(number, KEY_IKE, _phase1_attributes(method, code, seconds))
        for number, (method, code) in enumerate(pairs[:255], 1))),)


def _phase1_attributes(method: MainModeMethod, authentication: int, seconds: int) -> bytes:
    kind = OakleyAttribute
    bits = CIPHER_BITS.get(method.cipher, 0)
    return (short(kind.ENCRYPTION, _IKE_CIPHERS[method.cipher])
            + (short(kind.KEY_LENGTH, bits) if bits else b"")
            + short(kind.HASH, _IKE_HASHES[method.hash])
            + short(kind.GROUP, method.group)
            + short(kind.AUTHENTICATION, authentication)
            + short(kind.LIFE_TYPE, LifeType.SECONDS)
            + long(kind.LIFE_DURATION, seconds))


# --- choosing -----------------------------------------------------------------------------------


def expected_phase1(policy: Phase1Policy, authentications: tuple[str, ...]) -> Expected:
    """What a policy takes, in words, in its order of preference."""
    names = tuple([_IKE_AUTHENTICATIONS[_AUTHENTICATIONS[one]] for one in authentications])
    if not policy.psk and not policy.credentials:
        names = ("Kerberos" if policy.kerberos else "Certificate",)
    return _wanted_phase1(policy.methods, names)


@lru_cache(REMEMBERED)
def _wanted_phase1(methods: tuple[MainModeMethod, ...], names: tuple[str, ...]) -> Expected:
    return tuple({"Encryption Algorithm": one.cipher, "Hash Algorithm": one.hash,
                  "Diffie-Hellman Group": str(one.group), "Authentication Method": name,
                  "Other attributes": "none"} for name in names for one in methods)


def why_rejected(expected: Expected, readings: list[Fields]) -> tuple[str, str, str]:
    """The first differing attribute of the closest pair: (name, expected, received)."""
    best: tuple[int, tuple[str, str, str]] = (-1, ("Proposal", "one we know", "none we can read"))
    for mine in expected:
        for theirs in readings:
            differing = [name for name in mine if mine[name] != theirs.get(name)]
            same = len(mine) - len(differing)
            if differing and same > best[0]:
                name = differing[0]
                best = same, (name, mine[name], theirs.get(name, "none"))
    return best[1]


def no_proposal(expected: Expected, readings: list[Fields]) -> Failure:
    """Nothing offered is in our policy, with the first difference of the closest pair."""
    return Failure("no-proposal-chosen", Win32.POLICY_MATCH, NotifyType.NO_PROPOSAL_CHOSEN,
                   why_rejected(expected, readings))


def select_phase1(offered: tuple[Proposal, ...], policy: Phase1Policy,
                  authentications: tuple[str, ...] = ("psk",)) -> Choice:
    """The first offered transform that the policy has; the choice counts as an offer would.

    Raises Failure "no-proposal-chosen".
    """
    expected = expected_phase1(policy, authentications)
    seen: list[Fields] = []
    for proposal in offered:
        if proposal.protocol != ProtocolId.ISAKMP:
            continue
        for transform in proposal.transforms:
            reading = read_phase1(transform)
            if reading is None:
                continue
            if (policy.psk or policy.credentials) and reading.fields in expected:
                answer = Proposal(proposal.number, proposal.protocol, b"", (transform,))
                return Choice(expected.index(reading.fields), answer,
                              reading.seconds or DEFAULT_OFFERED_SECONDS)
            seen.append(reading.fields)
    raise no_proposal(expected, seen)


def chosen(offered: tuple[Proposal, ...], answer: tuple[Proposal, ...]) -> int:
    """Which transform of our one main mode proposal a responder took, as its index.

    The answer must be one proposal with one transform, its attributes ours in any encoding and
    order (RFC 2408 4.2). Raises Failure "modified-proposal".
    """
    ours = offered[0]
    if len(answer) == 1 and len(answer[0].transforms) == 1 and (
            (answer[0].number, answer[0].protocol) == (ours.number, ours.protocol)):
        theirs = answer[0].transforms[0]
        for index, transform in enumerate(ours.transforms):
            if same_transform(theirs, transform, OakleyAttribute.LIFE_DURATION):
                return index
    raise modified()


def modified() -> Failure:
    """An answer that is not one of our offers, octet for octet in meaning."""
    return Failure("modified-proposal", Win32.ATTRIBUTES, NotifyType.NO_PROPOSAL_CHOSEN,
                   ("Proposal", "one of ours, unmodified", "something else"))


def same_transform(theirs: Transform, ours: Transform, duration: int) -> bool:
    """Equal but for encoding and order; `duration` is the phase's life duration class."""
    if theirs[:2] != ours[:2]:
        return False
    if theirs.attributes == ours.attributes:
        return True
    return _normal(parse_attributes(theirs.attributes), duration) == _normal(
        parse_attributes(ours.attributes), duration)


def _normal(attributes: tuple[Attribute, ...], duration: int) -> list[tuple[int, ...]]:
    """Attributes sorted, each duration joined to the unit before it."""
    joined: list[tuple[int, ...]] = []
    for one in attributes:
        if joined and one.type == duration:
            joined[-1] += tuple(one)
        else:
            joined.append(tuple(one))
    return sorted(joined)


def phase1_shorter_life(choice: Choice, seconds: int) -> bytes:
    """The same for an ISAKMP SA, in phase 1's attribute classes."""
    if seconds >= choice.seconds:
        return b""
    return (short(OakleyAttribute.LIFE_TYPE, LifeType.SECONDS)
            + long(OakleyAttribute.LIFE_DURATION, seconds))


def life_values(data: bytes, life_type: int, life_duration: int) -> tuple[int, int]:
    """Seconds and kilobytes in a RESPONDER-LIFETIME's data; 0 for an absent unit.

    Raises ParseError "invalid-attribute".
    """
    values = single_values(parse_attributes(data), life_type, life_duration)
    lives = values[1] if values else {}
    return lives.get(LifeType.SECONDS, 0), lives.get(LifeType.KILOBYTES, 0)
