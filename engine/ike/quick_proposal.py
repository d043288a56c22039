"""Offers and choices of quick mode: ESP, AH, and AH around ESP (RFC 2407 4.4, 4.5; RFC 4106 8).

An offer is a list of proposals. Neighbouring methods with the same protocol share a proposal and
are its transforms; AH and ESP together are two proposals of one number, of which both hold.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, product
from typing import NamedTuple

from engine.ike.attributes import long, short
from engine.ike.constants import (
    DEFAULT_OFFERED_SECONDS,
    Encapsulation,
    IpsecAttribute,
    LifeType,
    NotifyType,
    ProtocolId,
    Win32,
)
from engine.ike.failure import Failure
from engine.ike.interface import Phase2Policy
from engine.ike.payloads import Proposal, Transform
from engine.ike.proposal import (
    CIPHER_BITS,
    MEMORABLE,
    REMEMBERED,
    Expected,
    Fields,
    Reading,
    cipher_name,
    modified,
    named,
    no_proposal,
    read,
    same_transform,
)
from engine.suites import (
    DEFAULT_QM_KILOBYTES,
    DEFAULT_QM_SECONDS,
    GROUPS,
    QuickModeMethod,
)

_ESP_CIPHERS = {"DES": 2, "3DES": 3, "None": 11, "AES128": 12, "AES192": 12, "AES256": 12,
                "AESGCM128": 20, "AESGCM192": 20, "AESGCM256": 20}
_GCM_BITS = {"AESGCM128": 128, "AESGCM192": 192, "AESGCM256": 256}
_AUTHS = {"MD5": 1, "SHA1": 2, "SHA256": 5, "SHA384": 6, "SHA512": 7}
_AH_TRANSFORMS = {"MD5": 2, "SHA1": 3, "SHA256": 5, "SHA384": 6, "SHA512": 7}
_ABSENT = "none"

_MODES = {Encapsulation.TUNNEL: "Tunnel", Encapsulation.TRANSPORT: "Transport",
          Encapsulation.UDP_TUNNEL: "UDP tunnel", Encapsulation.UDP_TRANSPORT: "UDP transport",
          Encapsulation.DRAFT_UDP_TUNNEL: "UDP tunnel (draft)",
          Encapsulation.DRAFT_UDP_TRANSPORT: "UDP transport (draft)"}
_GROUPS = frozenset(map(str, GROUPS))
# More ways to combine one number's transforms than any policy has are not looked at.
_MOST_COMBINATIONS = 256
MOST_METHODS = 255


class Spis(NamedTuple):
    """One side's inbound SPIs of a quick mode: the pair's name, and AH's beside ESP (else 0)."""

    spi: int
    ah: int = 0

    def of(self, proposals: tuple[Proposal, ...]) -> dict[int, bytes]:
        """The SPI for each protocol among `proposals`."""
        if len(proposals) == 1:
            return {proposals[0].protocol: self.spi.to_bytes(4, "big")}
        return {ProtocolId.ESP: self.spi.to_bytes(4, "big"),
                ProtocolId.AH: self.ah.to_bytes(4, "big")}


class QuickChoice(NamedTuple):
    """What a responder takes: the method, the answer, and the offer's lifetimes (0: none).

    `offered` are the proposals that were taken, with the initiator's SPIs.
    """

    taken: QuickModeMethod
    answer: tuple[Proposal, ...]
    offered: tuple[Proposal, ...]
    seconds: int
    kilobytes: int
    group: int


# --- methods ------------------------------------------------------------------------------------


@lru_cache(REMEMBERED)
def usable(methods: tuple[QuickModeMethod, ...], natted: bool = False,
           ) -> tuple[QuickModeMethod, ...]:
    """The methods that can be negotiated; AH cannot pass a NAT (RFC 3715 2.1)."""
    return tuple(one for one in methods[:MOST_METHODS]
                 if (one.esp_auth in _AUTHS or one.is_aead or not one.has_esp)
                 and (one.has_esp or one.ah_auth in _AH_TRANSFORMS)
                 and not (natted and one.ah_auth))


def lifetimes(method: QuickModeMethod) -> tuple[int, int]:
    """Seconds and kilobytes that a method negotiates: 0 stands for Windows' defaults."""
    return method.seconds or DEFAULT_QM_SECONDS, method.kilobytes or DEFAULT_QM_KILOBYTES


def has_bundle(methods: tuple[QuickModeMethod, ...]) -> bool:
    """Whether AH and ESP together are among them, for which a side needs two SPIs."""
    return any(one.ah_auth and one.has_esp for one in methods)


def _groups(methods: tuple[QuickModeMethod, ...]) -> list[list[QuickModeMethod]]:
    """Methods by proposal number: neighbours of one protocol together, AH with ESP alone."""
    groups: list[list[QuickModeMethod]] = []
    for one in methods:
        last = groups[-1][-1] if groups else None
        if last and not (last.ah_auth and last.has_esp) and (
                (bool(last.ah_auth), last.has_esp) == (bool(one.ah_auth), one.has_esp)):
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


# --- offering -----------------------------------------------------------------------------------


def offer_phase2(wanted: Phase2Policy, spis: Spis,
                 modes: tuple[int, int] = (Encapsulation.TUNNEL, Encapsulation.TRANSPORT),
                 natted: bool = False) -> tuple[Proposal, ...]:
    """Every usable method of a policy, in its order; `modes` are the encapsulation modes for
    tunnel and transport (others behind a NAT, RFC 3947 5.1)."""
    mode = modes[0] if wanted.tunnel else modes[1]
    proposals: list[Proposal] = []
    for parts in _parts(usable(wanted.methods, natted), wanted.pfs_group, mode):
        numbers = spis.of(parts)
        proposals += [Proposal(number, protocol, numbers[protocol], transforms)
                      for number, protocol, _, transforms in parts]
    return tuple(proposals)


@lru_cache(REMEMBERED)
def _parts(methods: tuple[QuickModeMethod, ...], group: int,
           mode: int) -> tuple[tuple[Proposal, ...], ...]:
    """The proposals of each number, still without SPIs."""
    return tuple(tuple(Proposal(number, protocol, b"", tuple(
        _transform(index, protocol, method, group, mode)
        for index, method in enumerate(alike, 1)))
        for protocol in _protocols(alike[0]))
        for number, alike in enumerate(_groups(methods), 1))


def _protocols(method: QuickModeMethod) -> list[int]:
    return ([int(ProtocolId.AH)] if method.ah_auth else []) + (
        [int(ProtocolId.ESP)] if method.has_esp else [])


def _transform(number: int, protocol: int, method: QuickModeMethod, group: int,
               mode: int) -> Transform:
    kind = IpsecAttribute
    seconds, kilobytes = lifetimes(method)
    if protocol == ProtocolId.AH:
        name, auth, bits = _AH_TRANSFORMS[method.ah_auth], method.ah_auth, 0
    else:
        name, auth = _ESP_CIPHERS[method.esp_cipher or "None"], method.esp_auth
        bits = (CIPHER_BITS | _GCM_BITS).get(method.esp_cipher, 0)
    return Transform(number, name, (
        short(kind.ENCAPSULATION, mode)
        + (short(kind.GROUP, group) if group else b"")
        + (short(kind.KEY_LENGTH, bits) if bits else b"")
        + (short(kind.AUTHENTICATION, _AUTHS[auth]) if auth else b"")
        + short(kind.LIFE_TYPE, LifeType.SECONDS) + long(kind.LIFE_DURATION, seconds)
        + short(kind.LIFE_TYPE, LifeType.KILOBYTES) + long(kind.LIFE_DURATION, kilobytes)))


# --- reading ------------------------------------------------------------------------------------


def _esp_name(number: int, bits: int) -> str:
    if number == _ESP_CIPHERS["AESGCM128"]:
        return next((one for one, size in _GCM_BITS.items() if size == bits),
                    f"AES-GCM with {bits} bits" if bits else "AES-GCM without key length")
    return cipher_name(_ESP_CIPHERS, number, bits)


def _auth_name(plain: dict[int, int]) -> str:
    number = plain.get(IpsecAttribute.AUTHENTICATION, 0)
    return named(_AUTHS, number) if number else _ABSENT


def _ah_name(number: int, plain: dict[int, int]) -> str:
    """The hash of an AH transform, which its authentication attribute must repeat (4.4.3)."""
    name, auth = named(_AH_TRANSFORMS, number), _auth_name(plain)
    return name if name == auth else f"{name} with {auth}"


def read_phase2(protocol: int, transform: Transform) -> Reading | None:
    """A transform of ESP or AH in words, None when its attributes contradict themselves."""
    _, number, attributes = transform
    read_it = _recall_phase2 if len(attributes) <= MEMORABLE else _read_phase2
    return read_it(protocol, number, attributes)


def _read_phase2(protocol: int, number: int, attributes: bytes) -> Reading | None:
    def fields(plain: dict[int, int]) -> Fields:
        words = {"ESP Algorithm": _ABSENT, "Integrity Algorithm": _ABSENT, "AH Algorithm": _ABSENT}
        bits = plain.get(IpsecAttribute.KEY_LENGTH, 0)
        if protocol == ProtocolId.AH:
            words["AH Algorithm"] = _ah_name(number, plain)
            if bits:
                words["AH Algorithm"] += " with key length"
        else:
            words["ESP Algorithm"] = _esp_name(number, bits)
            words["Integrity Algorithm"] = _auth_name(plain)
        mode = plain.get(IpsecAttribute.ENCAPSULATION, 0)
        words["Encapsulation Mode"] = next((name for code, name in _MODES.items()
                                            if code == mode), f"unknown ({mode})")
        words["PFS Group"] = str(plain.get(IpsecAttribute.GROUP, 0))
        return words
    return read(attributes, IpsecAttribute.LIFE_TYPE, IpsecAttribute.LIFE_DURATION,
                IpsecAttribute, fields)


_recall_phase2 = lru_cache(REMEMBERED)(_read_phase2)


def _join(readings: tuple[Reading, ...]) -> Reading:
    """AH and ESP of one number as one reading: the shorter life, modes and groups alike."""
    first = readings[0]
    for other in readings[1:]:
        fields = dict(first.fields)
        for name, word in other.fields.items():
            if fields[name] == _ABSENT:
                fields[name] = word
            elif word not in (_ABSENT, fields[name]):
                fields[name] = f"{fields[name]} and {word}"
        first = Reading(fields, _shorter(first.seconds, other.seconds),
                        _shorter(first.kilobytes, other.kilobytes))
    return first


def _shorter(one: int, other: int) -> int:
    return min(one, other) if one and other else one or other


# --- choosing -----------------------------------------------------------------------------------


@lru_cache(REMEMBERED)
def _expected(methods: tuple[QuickModeMethod, ...], group: int, mode: int) -> Expected:
    words = named({name: code for code, name in _MODES.items()}, mode)
    return tuple({"ESP Algorithm": one.esp_cipher or "None" if one.has_esp else _ABSENT,
                  "Integrity Algorithm": one.esp_auth or _ABSENT,
                  "AH Algorithm": one.ah_auth or _ABSENT,
                  "Encapsulation Mode": words, "PFS Group": str(group),
                  "Other attributes": "none"} for one in methods)


def _numbered(offered: tuple[Proposal, ...]) -> list[tuple[Proposal, ...]]:
    """Proposals that stand together under one number, where we know all that they ask for."""
    together: dict[int, list[Proposal]] = {}
    for one in offered:
        together.setdefault(one.number, []).append(one)
    known = (ProtocolId.AH, ProtocolId.ESP)
    return [tuple(group) for group in together.values()
            if len({one.protocol for one in group}) == len(group)
            and all(one.protocol in known and len(one.spi) == 4 for one in group)]


def _ways(group: tuple[Proposal, ...]) -> Iterator[tuple[tuple[Transform, ...], Reading]]:
    """Every way to take one transform of each proposal, in the initiator's order."""
    lists = [[(transform, reading) for transform in one.transforms
              if (reading := read_phase2(one.protocol, transform)) is not None] for one in group]
    for way in islice(product(*lists), _MOST_COMBINATIONS):
        yield tuple(one for one, _ in way), _join(tuple(reading for _, reading in way))


def readings_phase2(offered: tuple[Proposal, ...]) -> list[Reading]:
    """Every combination of an offer's transforms in words."""
    return [reading for group in _numbered(offered) for _, reading in _ways(group)]


def expected_phase2(wanted: Phase2Policy, modes: tuple[int, int] = (
        Encapsulation.TUNNEL, Encapsulation.TRANSPORT), natted: bool = False) -> Expected:
    """What a policy takes, in words, in its order of preference."""
    return _expected(usable(wanted.methods, natted), wanted.pfs_group,
                     modes[0] if wanted.tunnel else modes[1])


def select_phase2(offered: tuple[Proposal, ...], wanted: Phase2Policy, spis: Spis,
                  modes: tuple[int, int] = (Encapsulation.TUNNEL, Encapsulation.TRANSPORT),
                  natted: bool = False) -> QuickChoice:
    """The initiator's first offer that the policy has; `spis` are our inbound ones.

    A responder that asks for no PFS takes a peer's wish for it. Numbers with a protocol that we
    do not have (compression) are passed over. Raises Failure "no-proposal-chosen".
    """
    methods = usable(wanted.methods, natted)
    expected = expected_phase2(wanted, modes, natted)
    seen: list[Fields] = []
    for group in _numbered(offered):
        for transforms, reading in _ways(group):
            asked = reading.fields["PFS Group"]
            fields = reading.fields
            if not wanted.pfs_group and asked in _GROUPS:
                fields = {**fields, "PFS Group": "0"}
            if fields in expected:
                numbers = spis.of(group)
                answer = tuple(
                    Proposal(one.number, one.protocol, numbers[one.protocol], (transform,))
                    for one, transform in zip(group, transforms, strict=True))
                return QuickChoice(methods[expected.index(fields)], answer, group,
                                   reading.seconds, reading.kilobytes, int(asked))
            seen.append(reading.fields)
    raise no_proposal(expected, seen)


def asks_transport(offered: tuple[Proposal, ...]) -> bool:
    """Whether an offer is for transport mode through a NAT: its first readable transform is."""
    readings = (read_phase2(one.protocol, transform)
                for one in offered for transform in one.transforms)
    first = next((one for one in readings if one is not None), None)
    return first is not None and first.fields["Encapsulation Mode"].startswith("UDP transport")


def taken(offered: tuple[Proposal, ...], answer: tuple[Proposal, ...],
          methods: tuple[QuickModeMethod, ...]) -> QuickModeMethod:
    """Which of the offered `methods` a responder took.

    Its answer must be one of our numbers with all its protocols, a transform of ours for each
    (RFC 2408 4.2), and an SPI it may have. Raises Failure "modified-proposal", "invalid-spi".
    """
    number = answer[0].number if answer else 0
    ours = [one for one in offered if one.number == number]
    theirs = {one.protocol: one for one in answer if one.number == number}
    if not ours or len(answer) != len(ours) or set(theirs) != {one.protocol for one in ours}:
        raise modified()
    index = -1
    for mine in ours:
        transforms = theirs[mine.protocol].transforms
        index = next((at for at, one in enumerate(mine.transforms) if len(transforms) == 1
                      and same_transform(transforms[0], one, IpsecAttribute.LIFE_DURATION)), -1)
        if index < 0:
            raise modified()
    if any(len(one.spi) != 4 for one in answer):
        raise Failure("invalid-spi", Win32.ATTRIBUTES, NotifyType.NO_PROPOSAL_CHOSEN)
    return _groups(methods)[number - 1][index]


def peer_spis(proposals: tuple[Proposal, ...]) -> Spis:
    """The other side's SPIs in what was agreed on."""
    numbers = {one.protocol: int.from_bytes(one.spi, "big") for one in proposals}
    if len(numbers) == 1:
        return Spis(next(iter(numbers.values())))
    return Spis(numbers[ProtocolId.ESP], numbers[ProtocolId.AH])


def shorter_life(choice: QuickChoice, seconds: int, kilobytes: int) -> bytes:
    """Attributes of a RESPONDER-LIFETIME: the units in which our life is the shorter one."""
    parts = []
    if seconds < (choice.seconds or DEFAULT_OFFERED_SECONDS):
        parts.append(short(IpsecAttribute.LIFE_TYPE, LifeType.SECONDS)
                     + long(IpsecAttribute.LIFE_DURATION, seconds))
    if kilobytes and (not choice.kilobytes or kilobytes < choice.kilobytes):
        parts.append(short(IpsecAttribute.LIFE_TYPE, LifeType.KILOBYTES)
                     + long(IpsecAttribute.LIFE_DURATION, kilobytes))
    return b"".join(parts)
