"""Main mode with a pre-shared key or signatures, both roles, messages 1 to 6 (RFC 2409 5.1, 5.4).

Each step reads one message and gives the next one. It changes the SA only when everything in the
message was right, so a refused message leaves the exchange where it was.
"""

from functools import lru_cache

from engine.address import Address, format_address
from engine.entropy import Entropy
from engine.errors import ParseError
from engine.ike import certified, nat, vendors
from engine.ike.auth import phase1_hash, same
from engine.ike.cipher import Cbc, block_octets, is_weak_key
from engine.ike.constants import (
    NONCE_SIZE,
    ExchangeType,
    NotifyType,
    OakleyAttribute,
    PayloadType,
    ProtocolId,
    Win32,
)
from engine.ike.failure import Failure
from engine.ike.groups import KeyPair
from engine.ike.identity import (
    Identity,
    address_identity,
    identity_text,
    named_identity,
    parse_identity,
    phase1_address,
)
from engine.ike.keymat import Prf, cipher_key, phase1_iv, signature_skeyids, skeyids
from engine.ike.payloads import Notify, build_sa, parse_notify, parse_sa
from engine.ike.phase1 import Opened, Phase1, check_nonce, seal, unseal, vendor_text
from engine.ike.proposal import (
    REMEMBERED,
    Choice,
    chosen,
    life_values,
    offer_phase1,
    phase1_shorter_life,
    select_phase1,
)
from engine.ike.rules import bodies, body, check_payloads
from engine.ike.wire import Header, Payload, build_message
from engine.suites import MainModeMethod

NEXT = {"MM1": "MM2", "MM2": "MM3", "MM3": "MM4", "MM4": "MM5", "MM5": "MM6"}


def _clear(sa: Phase1, payloads: list[Payload]) -> bytes:
    header = Header(sa.cookie_i, sa.cookie_r, 0, ExchangeType.MAIN, 0, 0)
    return build_message(header, payloads)


def first(sa: Phase1, vendor_version: int) -> bytes:
    """MM1: what we offer. The SA payload's body is kept octet for octet for the hashes."""
    sa.offered = offer_phase1(sa.policy.methods, sa.lifetime, sa.authentications)
    offer = _offer(sa.policy.methods, sa.lifetime, sa.authentications)
    sa.sai_b, sa.state = offer.body, "MM1"
    return _clear(sa, [offer, *vendors.offered(sa.policy.natt, sa.policy.dpd > 0,
                                               vendor_version)])


@lru_cache(REMEMBERED)
def _offer(methods: tuple[MainModeMethod, ...], seconds: int,
           authentications: tuple[str, ...]) -> Payload:
    return build_sa(offer_phase1(methods, seconds, authentications))


def second(sa: Phase1, payloads: tuple[Payload, ...], vendor_version: int) -> bytes:
    """MM2 for a first message: one offer, unmodified.

    Raises ParseError for a malformed one, Failure "no-proposal-chosen".
    """
    check_payloads("MM1", payloads)
    sai_b = body(payloads, PayloadType.SA)
    sa.offered = parse_sa(sai_b)
    choice = select_phase1(sa.offered, sa.policy, sa.authentications)
    sa.sai_b = sai_b
    _agree(sa, choice.taken)
    _agree_life(sa, choice)
    _know(sa, payloads)
    sa.state = "MM2"
    return _clear(sa, [build_sa((choice.answer,)),
                       *vendors.answered(sa.natt, sa.policy.dpd > 0, vendor_version)])


def _know(sa: Phase1, payloads: tuple[Payload, ...]) -> None:
    """What the peer's vendor IDs say it is, and can."""
    theirs = bodies(payloads, PayloadType.VENDOR_ID)
    sa.peer_vendor = vendor_text(theirs)
    sa.natt = vendors.common_edition(sa.policy, theirs)
    sa.dpd = bool(sa.policy.dpd) and vendors.DPD in theirs


def _agree(sa: Phase1, taken: int) -> None:
    """Method and authentication by their number in our offer."""
    way, method = divmod(taken, len(sa.policy.methods))
    sa.method, sa.authentication = sa.policy.methods[method], sa.authentications[way]


def _agree_life(sa: Phase1, choice: Choice) -> None:
    """The shorter life holds; when it is ours, message 6 says so (RFC 2407 4.6.3.1)."""
    sa.notify_life = phase1_shorter_life(choice, sa.lifetime)
    sa.lifetime = min(choice.seconds, sa.lifetime)


def third(sa: Phase1, header: Header, payloads: tuple[Payload, ...], entropy: Entropy) -> bytes:
    """MM3 for the responder's choice: our public value and nonce."""
    check_payloads("MM2", payloads)
    if header.cookie_r == sa.cookie_i:
        raise Failure("reflection", Win32.BAD_PAYLOAD)
    _agree(sa, chosen(sa.offered, parse_sa(body(payloads, PayloadType.SA))))
    assert sa.method
    sa.cookie_r = header.cookie_r
    _know(sa, payloads)
    sa.key_pair = KeyPair(sa.method.group, entropy)
    sa.ke_i, sa.ni, sa.state = sa.key_pair.public, entropy(NONCE_SIZE), "MM3"
    return _clear(sa, [Payload(PayloadType.KE, sa.ke_i), Payload(PayloadType.NONCE, sa.ni),
                       *nat.discovery(sa)])


def _derive(sa: Phase1, shared: bytes) -> None:
    assert sa.method
    if sa.authentication == "rsa":
        keys = signature_skeyids(sa.method.hash, sa.ni, sa.nr, shared, sa.cookies)
    else:
        assert sa.policy.psk
        keys = skeyids(sa.method.hash, sa.policy.psk, sa.ni, sa.nr, shared, sa.cookies)
    key = cipher_key(sa.method.hash, keys.e, sa.method.cipher)
    if is_weak_key(sa.method.cipher, key):
        raise Failure("weak-key", Win32.DIFFIE_HELLMAN)
    sa.keys, sa.key, sa.cbc = keys, key, Cbc(sa.method.cipher, key)
    sa.prf_a, sa.prf_d = Prf(sa.method.hash, keys.a), Prf(sa.method.hash, keys.d)
    sa.iv = phase1_iv(sa.method.hash, sa.ke_i, sa.ke_r, block_octets(sa.method.cipher))
    sa.key_pair = None


def fourth(sa: Phase1, payloads: tuple[Payload, ...], entropy: Entropy) -> bytes:
    """MM4: the responder's public value and nonce; both sides can now derive the keys."""
    check_payloads("MM3", payloads)
    assert sa.method
    ke, nonce = body(payloads, PayloadType.KE), body(payloads, PayloadType.NONCE)
    check_nonce(nonce, b"")
    nat.discover(sa, payloads)
    pair = KeyPair(sa.method.group, entropy)
    shared = pair.shared(ke)
    sa.ke_i, sa.ni = ke, nonce
    sa.ke_r, sa.nr = pair.public, entropy(NONCE_SIZE)
    _derive(sa, shared)
    sa.requests = certified.requested(bodies(payloads, PayloadType.CERT_REQUEST))
    sa.state = "MM4"
    return _clear(sa, [Payload(PayloadType.KE, sa.ke_r), Payload(PayloadType.NONCE, sa.nr),
                       *_asked(sa), *nat.discovery(sa)])


def _asked(sa: Phase1) -> list[Payload]:
    """What we ask the peer's certificate to be issued by."""
    if sa.authentication != "rsa":
        return []
    assert sa.policy.credentials
    return certified.requests(sa.policy.credentials)


def fifth(sa: Phase1, payloads: tuple[Payload, ...], contact: bool, wall: float = 0.0) -> bytes:
    """MM5: who we are and the proof, encrypted; `contact` adds INITIAL-CONTACT.

    `wall` is Unix seconds, here and below: certificates have dates.
    """
    check_payloads("MM4", payloads)
    assert sa.key_pair
    ke, nonce = body(payloads, PayloadType.KE), body(payloads, PayloadType.NONCE)
    check_nonce(nonce, sa.ni)
    nat.discover(sa, payloads)
    shared = sa.key_pair.shared(ke)
    sa.ke_r, sa.nr = ke, nonce
    _derive(sa, shared)
    sa.requests = certified.requested(bodies(payloads, PayloadType.CERT_REQUEST))
    sa.state = "MM5"
    return _prove(sa, contact, wall)


def _hash(sa: Phase1, own: bool, identity: bytes) -> bytes:
    """HASH_I when the prover is the initiator, HASH_R otherwise."""
    assert sa.method and sa.keys
    keys = (sa.ke_i, sa.ke_r, sa.cookie_i, sa.cookie_r)
    if sa.initiator != own:
        keys = (sa.ke_r, sa.ke_i, sa.cookie_r, sa.cookie_i)
    return phase1_hash(sa.method.hash, sa.keys.base, *keys, sa.sai_b, identity)


def _prove(sa: Phase1, contact: bool, wall: float) -> bytes:
    if sa.authentication == "rsa":
        payloads = _signature(sa, wall)
    else:
        identity = (named_identity(sa.policy.local_id) if sa.policy.local_id
                    else address_identity(sa.local)).build()
        payloads = [Payload(PayloadType.ID, identity),
                    Payload(PayloadType.HASH, _hash(sa, True, identity))]
    if sa.notify_life:
        payloads.append(Notify(ProtocolId.ISAKMP, NotifyType.RESPONDER_LIFETIME, sa.cookies,
                               sa.notify_life).build())
    if contact:
        payloads.append(Notify(ProtocolId.ISAKMP, NotifyType.INITIAL_CONTACT,
                               sa.cookies).build())
    message, sa.iv = seal(sa, ExchangeType.MAIN, 0, sa.iv, payloads)
    return message


def _signature(sa: Phase1, wall: float) -> list[Payload]:
    """Identity, certificates, signature; the initiator asks for the peer's certificate too."""
    assert sa.policy.credentials
    own = certified.speaker(sa.policy.credentials, sa.requests, wall)
    identity = own.identity.build()
    payloads = [Payload(PayloadType.ID, identity),
                *certified.proof(own, _hash(sa, True, identity))]
    if sa.initiator:
        payloads[-1:-1] = _asked(sa)
    sa.own = own.path.leaf.subject_text, own.path.leaf.thumbprint
    return payloads


def _authenticate(sa: Phase1, header: Header, data: bytes, label: str,
                  wall: float) -> tuple[Opened, str]:
    """Opens MM5 or MM6 and checks the proof, then the identity; gives it with the peer's name.

    Raises Failure "authentication-failed" (another key makes garbage, or a wrong hash), or
    "unsupported-id" when the proven identity is not the address we talk to (5.4: the key was
    chosen by that address), or what is wrong with certificate or signature.
    """
    signed = sa.authentication == "rsa"
    try:
        opened = unseal(sa, header, data, sa.iv)
        check_payloads(f"{label} signed" if signed else label, opened.payloads)
        identity_body = body(opened.payloads, PayloadType.ID)
        identity = parse_identity(identity_body)
    except ParseError as error:
        raise Failure("authentication-failed", Win32.CREDENTIALS,
                      detail=("Message" if signed else "Preshared key", "a readable message",
                              error.field)) from None
    if signed:
        return opened, _believe(sa, opened, identity_body, wall)
    if not same(_hash(sa, False, identity_body), body(opened.payloads, PayloadType.HASH)):
        raise Failure("authentication-failed", Win32.HASH_FAILED,
                      detail=("Hash", "the peer's proof", "another"))
    _check_name(sa, identity)
    return opened, identity_text(identity)


def _check_name(sa: Phase1, identity: Identity) -> None:
    """The proven name must be the peer's address (5.4: the key was chosen by that), or what the
    policy expects instead. Raises Failure "unsupported-id", which the peer may be told.
    """
    wanted = sa.policy.remote_id
    if wanted:
        expected = named_identity(wanted)
        if (identity.type, identity.data) == (expected.type, expected.data):
            return
    elif _address(identity) == sa.peer or (sa.peer_behind and _address(identity)):
        return
    raise Failure("unsupported-id", Win32.UNSUPPORTED_ID, NotifyType.AUTHENTICATION_FAILED,
                  ("Identity", wanted or format_address(sa.peer), identity_text(identity)))


def _believe(sa: Phase1, opened: Opened, identity_body: bytes, wall: float) -> str:
    """Proves a peer by its certificate; gives its name."""
    assert sa.policy.credentials
    claim = certified.Claim(
        certified.offered(bodies(opened.payloads, PayloadType.CERT)),
        parse_identity(identity_body), body(opened.payloads, PayloadType.SIGNATURE),
        _hash(sa, False, identity_body))
    sa.certificate = certified.claimed(claim)
    sa.certificate = certified.believe(claim, sa.policy.credentials, wall)
    sa.requests += certified.requested(bodies(opened.payloads, PayloadType.CERT_REQUEST))
    return sa.certificate.subject


def _address(identity: Identity) -> Address | None:
    try:
        return phase1_address(identity)
    except ParseError:
        return None


def _notifies(opened: Opened) -> list[Notify]:
    return [parse_notify(one) for one in bodies(opened.payloads, PayloadType.NOTIFY)]


def sixth(sa: Phase1, header: Header, data: bytes, contact: bool,
          wall: float = 0.0) -> tuple[bytes, list[Notify]]:
    """MM6 for a proven initiator, and the notifies that came with message 5."""
    opened, name = _authenticate(sa, header, data, "MM5", wall)
    notifies = _notifies(opened)
    before, sa.iv = sa.iv, opened.iv
    try:
        message = _prove(sa, contact, wall)
    except Failure:
        sa.iv = before
        raise
    sa.peer_identity, sa.state = name, "up"
    return message, notifies


def finish(sa: Phase1, header: Header, data: bytes, wall: float = 0.0) -> list[Notify]:
    """The initiator reads MM6; gives the notifies that came with it."""
    opened, name = _authenticate(sa, header, data, "MM6", wall)
    notifies = _notifies(opened)
    for one in notifies:
        if one.type == NotifyType.RESPONDER_LIFETIME:
            seconds, _ = life_values(one.data, OakleyAttribute.LIFE_TYPE,
                                     OakleyAttribute.LIFE_DURATION)
            sa.lifetime = min(sa.lifetime, seconds or sa.lifetime)
    sa.iv, sa.peer_identity, sa.state = opened.iv, name, "up"
    return notifies
