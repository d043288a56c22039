"""Quick mode, both roles, messages 1 to 3, with and without PFS (RFC 2409 5.5)."""

from collections.abc import Callable

from engine.address import Address, Network
from engine.entropy import Entropy
from engine.errors import ParseError
from engine.ike.auth import same, third_hash
from engine.ike.cipher import esp_key_octets, is_weak_key
from engine.ike.constants import (
    NONCE_SIZE,
    ExchangeType,
    Flag,
    IpsecAttribute,
    NotifyType,
    PayloadType,
    ProtocolId,
    Win32,
)
from engine.ike.failure import Failure
from engine.ike.groups import KeyPair
from engine.ike.identity import (
    describe,
    identities_selector,
    parse_identity,
    selector_identities,
)
from engine.ike.interface import IkePolicy, Phase2Policy, SaInstalled, SaKeys, TrafficSelector
from engine.ike.keymat import keymat
from engine.ike.nat import encapsulation, original_addresses, read_originals
from engine.ike.payloads import Notify, Proposal, build_sa, parse_notify, parse_sa
from engine.ike.phase1 import (
    Exchange,
    Opened,
    Phase1,
    check_hash,
    check_nonce,
    exchange_iv,
    hashed,
    seal,
    unseal,
)
from engine.ike.proposal import life_values
from engine.ike.quick_proposal import (
    QuickChoice,
    Spis,
    asks_transport,
    lifetimes,
    offer_phase2,
    peer_spis,
    select_phase2,
    shorter_life,
    taken,
    usable,
)
from engine.ike.rules import bodies, body, check_payloads
from engine.ike.wire import Header, Payload
from engine.suites import QuickModeMethod

_AUTH_KEYS = {"MD5": 16, "SHA1": 20, "SHA256": 32, "SHA384": 48, "SHA512": 64}


class QuickMode(Exchange):
    """One quick mode. `state` is the last message sent or, at the end, "done" or "failed".

    `commit` says that the responder has set the commit bit: the initiator stays in "QM3" until
    it hears CONNECTED. So it does for a moment when it renews a pair.
    """

    __slots__ = ("asked", "commit", "group", "ids", "initiator", "iv", "key_pair", "keys",
                 "kilobytes", "message_id", "method", "ni", "nr", "offered", "original", "replaces",
                 "sa", "seconds", "shared", "spis_in", "spis_out", "state", "wanted")

    def __init__(self, sa: Phase1, message_id: int, initiator: bool, now: float) -> None:
        super().__init__(now)
        self.sa, self.message_id, self.initiator = sa, message_id, initiator
        self.iv = exchange_iv(sa, message_id)
        self.state = "new"
        self.asked: TrafficSelector | None = None
        self.wanted: Phase2Policy | None = None
        self.method: QuickModeMethod | None = None
        self.offered: tuple[Proposal, ...] = ()
        self.ids: tuple[bytes, ...] = ()
        self.ni = self.nr = self.shared = b""
        self.key_pair: KeyPair | None = None
        self.keys: tuple[SaKeys, SaKeys] | None = None
        self.spis_in = self.spis_out = Spis(0)
        self.replaces = self.group = self.seconds = self.kilobytes = 0
        self.commit = False
        self.original: tuple[Address, Address] | None = None

    @property
    def entry(self) -> str:
        """The SPD entry that wants this pair, "" before the peer's wish was understood."""
        return self.wanted.entry if self.wanted else ""


def _seal(quick: QuickMode, payloads: list[Payload], flags: int = 0) -> bytes:
    message, quick.iv = seal(quick.sa, ExchangeType.QUICK, quick.message_id, quick.iv, payloads,
                             flags)
    return message


def open_message(quick: QuickMode, header: Header, data: bytes, label: str) -> Opened:
    """Decrypts a message, checks its payloads and its proof. Raises ParseError."""
    opened = unseal(quick.sa, header, data, quick.iv)
    if not opened.payloads or opened.payloads[0].type != PayloadType.HASH:
        raise ParseError("payload-order", f"first payload of {label}")
    if label == "QM3":
        _check_third(quick, opened)
    else:
        check_hash(quick.sa, quick.message_id, opened, quick.ni if label == "QM2" else b"")
    check_payloads(label, opened.payloads)
    return opened


def _check_third(quick: QuickMode, opened: Opened) -> None:
    sa = quick.sa
    assert sa.prf_a
    expected = third_hash(sa.prf_a, quick.message_id, quick.ni, quick.nr)
    if not same(expected, opened.payloads[0].body):
        raise ParseError("invalid-hash", "HASH payload")


def first(quick: QuickMode, wanted: Phase2Policy, spis: Spis, entropy: Entropy) -> bytes:
    """QM1: our offers, nonce, public value with PFS, and always the identities.

    Raises Failure "no-usable-method" when the policy has none that protects integrity.
    """
    natted = quick.sa.natted
    if not usable(wanted.methods, natted):
        raise Failure("no-usable-method", Win32.ATTRIBUTES,
                      detail=("Security methods", "ESP through a NAT" if natted
                              else "one with integrity", "none"))
    quick.wanted, quick.spis_in, quick.group = wanted, spis, wanted.pfs_group
    quick.asked = wanted.selector
    quick.offered = offer_phase2(wanted, spis, encapsulation(quick.sa), natted)
    quick.ni = entropy(NONCE_SIZE)
    rest = [build_sa(quick.offered), Payload(PayloadType.NONCE, quick.ni)]
    if quick.group:
        quick.key_pair = KeyPair(quick.group, entropy)
        rest.append(Payload(PayloadType.KE, quick.key_pair.public))
    quick.ids = tuple(one.build() for one in selector_identities(wanted.selector))
    rest += [Payload(PayloadType.ID, one) for one in quick.ids]
    rest += _originals(quick)
    quick.state = "QM1"
    return _seal(quick, hashed(quick.sa, quick.message_id, rest))


def _originals(quick: QuickMode) -> list[Payload]:
    assert quick.wanted
    if quick.wanted.tunnel or not quick.sa.natted:
        return []
    return original_addresses(quick.sa, quick.initiator)


def _know_originals(quick: QuickMode, payloads: tuple[Payload, ...]) -> None:
    assert quick.wanted
    if quick.sa.natted and not quick.wanted.tunnel:
        quick.original = read_originals(quick.sa, payloads, quick.initiator)


def _peer_selector(quick: QuickMode, ids: list[bytes]) -> TrafficSelector:
    """What the initiator's identities ask for; without any, the phase 1 addresses (5.5).

    In transport mode each side behind a NAT is called by an address that the other one does not
    see: the ends of the ISAKMP SA stand in for it, and NAT-OA tells of it (RFC 3947 5.2).
    """
    sa = quick.sa
    ends = Network(sa.local, 32), Network(sa.peer, 32)
    if not ids:
        return TrafficSelector(*ends)
    remote, local = (parse_identity(one) for one in ids)
    asked = identities_selector(local, remote)
    if sa.natted and asks_transport(quick.offered):
        asked = asked._replace(
            local=ends[0] if sa.behind and asked.local.prefix == 32 else asked.local,
            remote=ends[1] if sa.peer_behind and asked.remote.prefix == 32 else asked.remote)
    return asked


def _wish(quick: QuickMode, ids: list[bytes], policy: IkePolicy) -> Phase2Policy:
    """Our policy for the peer's identities. Raises Failure "invalid-id-information"."""
    try:
        quick.asked = selector = _peer_selector(quick, ids)
    except ParseError as error:
        raw = " and ".join(one[:16].hex() for one in ids)
        raise _no_filter(f"{error.field} {raw}") from None
    wanted = policy.phase2(quick.sa.local, quick.sa.peer, selector)
    if wanted is None:
        raise _no_filter(describe(selector))
    return wanted


def _no_filter(received: str) -> Failure:
    return Failure("invalid-id-information", Win32.POLICY_MATCH,
                   NotifyType.INVALID_ID_INFORMATION,
                   ("Quick mode identities", "those of a filter", received))


def read_first(quick: QuickMode, opened: Opened, policy: IkePolicy,
               new_spis: Callable[[bool], Spis], entropy: Entropy) -> bytes:
    """QM2 for an authentic first message: one proposal, our nonce, the identities returned.

    `new_spis` gives our inbound SPIs. Raises ParseError or Failure ("invalid-id-information",
    "no-proposal-chosen", "invalid-key", "invalid-nonce").
    """
    payloads = opened.payloads
    offered = parse_sa(body(payloads, PayloadType.SA))
    quick.offered = offered
    ids = bodies(payloads, PayloadType.ID)
    wanted = _wish(quick, ids, policy)
    quick.wanted = wanted
    spis = new_spis(len({one.protocol for one in offered}) > 1)
    quick.spis_in = spis
    choice = select_phase2(offered, wanted, spis, encapsulation(quick.sa),
                           quick.sa.natted)
    quick.ni = body(payloads, PayloadType.NONCE)
    check_nonce(quick.ni, b"")
    quick.group = choice.group
    public = _answer_ke(quick, bodies(payloads, PayloadType.KE), entropy)
    _know_originals(quick, payloads)
    _take(quick, choice, spis)
    quick.nr = entropy(NONCE_SIZE)
    rest = [build_sa(choice.answer), Payload(PayloadType.NONCE, quick.nr), *public]
    rest += [Payload(PayloadType.ID, one) for one in ids]
    rest += _originals(quick)
    assert quick.method
    shorter = shorter_life(choice, *lifetimes(quick.method))
    if shorter:
        answer = choice.answer[-1]
        rest.append(Notify(answer.protocol, NotifyType.RESPONDER_LIFETIME, answer.spi,
                           shorter).build())
    quick.iv, quick.state = opened.iv, "QM2"
    quick.commit = quick.sa.policy.commit
    return _seal(quick, hashed(quick.sa, quick.message_id, rest, quick.ni),
                 Flag.COMMIT if quick.commit else 0)


def _answer_ke(quick: QuickMode, received: list[bytes], entropy: Entropy) -> list[Payload]:
    """Our KE payload and the shared secret when PFS was chosen; a KE without it is refused."""
    if bool(received) != bool(quick.group):
        raise Failure("invalid-key", Win32.KEY_EXCHANGE, NotifyType.INVALID_KEY_INFORMATION,
                      ("Key exchange payload", "with PFS only",
                       "present" if received else "missing"))
    if not quick.group:
        return []
    pair = KeyPair(quick.group, entropy)
    quick.shared = pair.shared(received[0])
    return [Payload(PayloadType.KE, pair.public)]


def _take(quick: QuickMode, choice: QuickChoice, spis: Spis) -> None:
    """The responder's view of the pair; an absent unit of life means ours."""
    quick.method = choice.taken
    seconds, kilobytes = lifetimes(quick.method)
    quick.seconds = min(seconds, choice.seconds or seconds)
    quick.kilobytes = min(kilobytes, choice.kilobytes or kilobytes)
    quick.spis_in = spis if len(choice.offered) > 1 else Spis(spis.spi)
    quick.spis_out = peer_spis(choice.offered)


def third(quick: QuickMode, opened: Opened) -> bytes:
    """QM3 for an authentic answer. Raises Failure when it is not what we offered."""
    payloads = opened.payloads
    assert quick.wanted
    answer = parse_sa(body(payloads, PayloadType.SA))
    method = taken(quick.offered, answer, usable(quick.wanted.methods, quick.sa.natted))
    if tuple(bodies(payloads, PayloadType.ID)) != quick.ids:
        raise Failure("invalid-id-information", Win32.POLICY_MATCH,
                      NotifyType.INVALID_ID_INFORMATION,
                      ("Quick mode identities", "ours returned", "others"))
    nonce = body(payloads, PayloadType.NONCE)
    check_nonce(nonce, quick.ni)
    _know_originals(quick, payloads)
    received = bodies(payloads, PayloadType.KE)
    if bool(received) != bool(quick.group):
        raise Failure("invalid-key", Win32.KEY_EXCHANGE, NotifyType.INVALID_KEY_INFORMATION)
    if quick.key_pair:
        quick.shared = quick.key_pair.shared(received[0])
        quick.key_pair = None
    quick.nr = nonce
    quick.spis_out, quick.method = peer_spis(answer), method
    if len(answer) == 1:
        quick.spis_in = Spis(quick.spis_in.spi)
    quick.seconds, quick.kilobytes = _agreed_life(quick, payloads)
    quick.iv, quick.state = opened.iv, "done"
    sa = quick.sa
    assert sa.prf_a
    proof = third_hash(sa.prf_a, quick.message_id, quick.ni, quick.nr)
    return _seal(quick, [Payload(PayloadType.HASH, proof)])


def fourth(quick: QuickMode) -> bytes:
    """QM4, which ends the initiator's wait when we have set the commit bit: CONNECTED.

    RFC 2408 3.1 calls it an informational exchange with quick mode's message id; as in Windows
    it is one more message of the quick mode, in its chain of IVs.
    """
    connected = Notify(ProtocolId.ESP, NotifyType.CONNECTED, quick.spis_in.spi.to_bytes(4, "big"))
    return _seal(quick, hashed(quick.sa, quick.message_id, [connected.build()]), Flag.COMMIT)


def is_connected(opened: Opened) -> bool:
    """Whether an authentic message says that the peer is ready."""
    return any(parse_notify(one).type == NotifyType.CONNECTED
               for one in bodies(opened.payloads, PayloadType.NOTIFY))


def _agreed_life(quick: QuickMode, payloads: tuple[Payload, ...]) -> tuple[int, int]:
    """Our lifetimes, cut by the responder's RESPONDER-LIFETIME (RFC 2407 4.6.3.1)."""
    assert quick.method
    seconds, kilobytes = lifetimes(quick.method)
    for data in bodies(payloads, PayloadType.NOTIFY):
        notify = parse_notify(data)
        if notify.type == NotifyType.RESPONDER_LIFETIME:
            theirs = life_values(notify.data, IpsecAttribute.LIFE_TYPE,
                                 IpsecAttribute.LIFE_DURATION)
            seconds = min(seconds, theirs[0] or seconds)
            kilobytes = min(kilobytes, theirs[1] or kilobytes)
    return seconds, kilobytes


def _stream(quick: QuickMode, protocol: int, spi: int, wanted: int) -> bytes:
    sa = quick.sa
    assert sa.prf_d
    return keymat(sa.prf_d, quick.shared, protocol, spi, quick.ni + quick.nr, wanted)


def _keys(quick: QuickMode, spis: Spis) -> SaKeys:
    """One direction's keys, each protocol's from its own KEYMAT (RFC 2409 5.5).

    ESP's cipher key comes first, its integrity key behind it.
    """
    method = quick.method
    assert method
    esp_key = auth_key = ah_key = b""
    if method.has_esp:
        cipher = method.esp_cipher if method.esp_cipher not in ("", "None") else ""
        first_part = esp_key_octets(cipher) if cipher else 0
        stream = _stream(quick, ProtocolId.ESP, spis.spi,
                         first_part + _AUTH_KEYS.get(method.esp_auth, 0))
        esp_key, auth_key = stream[:first_part], stream[first_part:]
        if cipher and is_weak_key(cipher, esp_key):
            raise Failure("weak-key", Win32.DIFFIE_HELLMAN, NotifyType.NO_PROPOSAL_CHOSEN)
    ah_spi = 0
    if method.ah_auth:
        ah_spi = spis.ah or spis.spi
        ah_key = _stream(quick, ProtocolId.AH, ah_spi, _AUTH_KEYS[method.ah_auth])
    return SaKeys(spis.spi, esp_key, auth_key, ah_spi, ah_key)


def installed(quick: QuickMode, outbound_ready: bool) -> SaInstalled:
    """The pair as an output. Raises Failure "weak-key"."""
    assert quick.wanted and quick.method
    wanted = quick.wanted
    if quick.keys is None:
        quick.keys = _keys(quick, quick.spis_in), _keys(quick, quick.spis_out)
    inbound, outbound = quick.keys
    if outbound_ready:
        quick.keys = None
    return SaInstalled(wanted.entry, quick.sa.local, quick.sa.peer, wanted.selector, quick.method,
                       wanted.tunnel, inbound, outbound, quick.seconds, quick.kilobytes,
                       quick.group, quick.initiator, outbound_ready, quick.sa.cookies,
                       (quick.sa.local_port, quick.sa.peer_port) if quick.sa.natted else (),
                       quick.sa.proven(), quick.original)


def offered_spi(quick: QuickMode) -> bytes:
    """The initiator's SPI, to name its offer in a notify that refuses it."""
    return quick.offered[0].spi if quick.offered else b""
