"""One ISAKMP SA: cookies, what was negotiated, keys, and the sealing of messages under it."""

from typing import TYPE_CHECKING, NamedTuple

from engine.address import Address
from engine.errors import ParseError
from engine.ike.auth import message_hash, same
from engine.ike.cipher import Cbc, block_octets
from engine.ike.constants import (
    DEFAULT_OFFERED_SECONDS,
    HEADER_SIZE,
    MS_VENDOR,
    NONCE_MAXIMUM,
    NONCE_MINIMUM,
    ZERO_COOKIE,
    ExchangeType,
    Flag,
    NotifyType,
    PayloadType,
    Win32,
)
from engine.ike.credentials import CertificateIdentity
from engine.ike.failure import Failure
from engine.ike.groups import KeyPair
from engine.ike.interface import Phase1Info, Phase1Policy, Phase2Policy
from engine.ike.keymat import Prf, Skeyids, phase2_iv
from engine.ike.payloads import Proposal
from engine.ike.wire import Header, Payload, build_chain, split_chain
from engine.suites import MainModeMethod

if TYPE_CHECKING:
    from engine.ike.quick_mode import QuickMode
    from engine.ike.vendors import NatTraversal


class Wish(NamedTuple):
    """A quick mode somebody here wants; `replaces` is the inbound SPI of an expiring pair."""

    wanted: Phase2Policy
    replaces: int = 0


class Exchange:
    """What main mode and quick mode have in common: messages in flight and stored replies.

    `flight` waits for an answer and was sent `sends` times. `seen` is the digest of the last
    message obeyed, `reply` what it was answered with: a duplicate gets the same octets again,
    before any decryption. `hint` is an unauthenticated reason to give up.
    """

    __slots__ = ("answered", "began", "failed", "flight", "flight_label", "hint", "hint_sends",
                 "last", "reply", "reply_label", "seen", "sends")

    def __init__(self, began: float) -> None:
        self.began = began
        self.flight = self.seen = self.reply = b""
        self.flight_label = self.reply_label = self.last = ""
        self.sends = self.hint_sends = 0
        self.answered = self.failed = False
        self.hint: Failure | None = None


class Phase1(Exchange):
    """An ISAKMP SA, half open until `state` is "up"; before, `state` is the last message sent."""

    __slots__ = ("authentication", "authentications", "behind", "cbc", "certificate", "cookie_i",
                 "cookie_r", "created", "dpd", "dpd_asked", "dpd_seen", "dpd_sequence",
                 "dpd_tries", "heard", "natt", "peer_behind", "own",
                 "requests", "id_i", "initiator", "iv", "ke_i", "ke_r",
                 "key", "key_pair", "keys", "lifetime", "local", "local_port", "message_ids",
                 "method", "ni", "notify_life", "nr", "offered", "peer", "peer_identity",
                 "peer_port", "peer_vendor", "pending", "policy", "prf_a", "prf_d", "quick_modes",
                 "quicks",
                 "sai_b", "state")

    def __init__(self, local: Address, local_port: int, peer: Address, peer_port: int,
                 policy: Phase1Policy, initiator: bool, now: float) -> None:
        super().__init__(now)
        self.local, self.local_port = local, local_port
        self.peer, self.peer_port = peer, peer_port
        self.policy, self.initiator = policy, initiator
        self.created = now
        self.lifetime = policy.lifetime or DEFAULT_OFFERED_SECONDS
        self.state = "MM1"
        self.cookie_i = self.cookie_r = ZERO_COOKIE
        self.method: MainModeMethod | None = None
        self.authentication = "psk"
        self.authentications: tuple[str, ...] = ("psk",)
        self.certificate: CertificateIdentity | None = None
        self.own = ("", "")
        self.requests: tuple[bytes, ...] = ()
        self.offered: tuple[Proposal, ...] = ()
        self.sai_b = self.ke_i = self.ke_r = self.ni = self.nr = self.id_i = b""
        self.notify_life = self.key = self.iv = b""
        self.cbc: Cbc | None = None
        self.key_pair: KeyPair | None = None
        self.keys: Skeyids | None = None
        self.prf_a: Prf | None = None
        self.prf_d: Prf | None = None
        self.peer_identity = self.peer_vendor = ""
        self.message_ids: set[int] = set()
        self.pending: list[Wish] = []
        self.quick_modes = 0
        self.natt: NatTraversal | None = None
        self.behind = self.peer_behind = self.dpd = False
        self.dpd_sequence = self.dpd_tries = 0
        self.dpd_seen = -1
        self.dpd_asked = self.heard = now
        self.quicks: dict[int, QuickMode] = {}

    @property
    def cookies(self) -> bytes:
        """CKY-I | CKY-R; the second half is zero until the responder has spoken."""
        return self.cookie_i + self.cookie_r

    @property
    def natted(self) -> bool:
        """Whether there is a NAT on the way, on whichever side."""
        return self.behind or self.peer_behind

    @property
    def up(self) -> bool:
        return self.state == "up"

    def proven(self) -> CertificateIdentity | None:
        """Who the peer is by its certificate, and who we were to it; None without certificates.

        Before the SA is up it is what the peer only claims.
        """
        subject, thumbprint = self.own
        return self.certificate and self.certificate._replace(
            own_subject=subject, own_thumbprint=thumbprint)

    def usable(self) -> bool:
        """True when another quick mode may begin under it (master PFS and session limits)."""
        limit = 1 if self.policy.mmpfs else self.policy.quick_limit
        return self.up and (not limit or self.quick_modes < limit)

    def info(self) -> Phase1Info:
        """What monitors show of it."""
        return Phase1Info(self.local, self.local_port, self.peer, self.peer_port, self.cookies,
                          self.state, self.initiator, self.method, self.lifetime, self.created,
                          self.quick_modes, self.key, self.peer_vendor, self.authentication,
                          self.proven())


class Opened(NamedTuple):
    """A decrypted message: its payloads, the octets of the chain, the IV for the next one."""

    payloads: tuple[Payload, ...]
    plain: bytes
    iv: bytes

    @property
    def behind_hash(self) -> bytes:
        """What HASH(1) and HASH(2) cover: everything after the first payload."""
        return self.plain[4 + len(self.payloads[0].body):]


_WINDOWS = {2: "Windows 2000", 3: "Windows XP", 4: "Windows Server 2003", 5: "Windows Vista"}


def vendor_text(vendor_ids: list[bytes]) -> str:
    """The peer's make: Windows by its version number, others by their first vendor ID."""
    for vendor in vendor_ids:
        if vendor.startswith(MS_VENDOR) and len(vendor) == 20:
            version = int.from_bytes(vendor[16:], "big")
            return _WINDOWS.get(version, f"Windows ({version})")
    return vendor_ids[0][:16].hex() if vendor_ids else ""


def seal(sa: Phase1, exchange: int, message_id: int, iv: bytes,
         payloads: list[Payload], flags: int = 0) -> tuple[bytes, bytes]:
    """An encrypted message, and the IV of the one that follows it in its exchange."""
    assert sa.cbc
    body = sa.cbc.encrypt(iv, build_chain(payloads))
    header = Header(sa.cookie_i, sa.cookie_r, payloads[0].type, exchange, Flag.ENCRYPTED | flags,
                    message_id, HEADER_SIZE + len(body))
    return header.build() + body, body[-len(iv):]


def unseal(sa: Phase1, header: Header, data: bytes, iv: bytes) -> Opened:
    """Decrypts `data` (the whole datagram) and splits it into payloads.

    Raises ParseError as `parse_chain` does; up to one block of padding is accepted.
    """
    assert sa.cbc
    body = data[HEADER_SIZE:]
    plain = sa.cbc.decrypt(iv, body)
    payloads, used = split_chain(header.next_payload, plain)
    if len(plain) - used > len(iv):
        raise ParseError("invalid-payload", "octets after the last payload", used)
    return Opened(payloads, plain[:used], body[-len(iv):])


def exchange_iv(sa: Phase1, message_id: int) -> bytes:
    """The first IV of a quick mode or informational exchange."""
    assert sa.method
    return phase2_iv(sa.method.hash, sa.iv, message_id, block_octets(sa.method.cipher))


def hashed(sa: Phase1, message_id: int, rest: list[Payload],
           nonce_i: bytes = b"") -> list[Payload]:
    """`rest` behind the HASH payload that authenticates it: HASH(1), or HASH(2) with Ni."""
    assert sa.prf_a
    proof = message_hash(sa.prf_a, message_id, build_chain(rest), nonce_i)
    return [Payload(PayloadType.HASH, proof), *rest]


def check_hash(sa: Phase1, message_id: int, opened: Opened, nonce_i: bytes = b"") -> None:
    """Verifies the first payload as HASH(1) or HASH(2). Raises ParseError "invalid-hash"."""
    assert sa.prf_a
    expected = message_hash(sa.prf_a, message_id, opened.behind_hash, nonce_i)
    if not same(expected, opened.payloads[0].body):
        raise ParseError("invalid-hash", "HASH payload")


def seal_info(sa: Phase1, message_id: int, payload: Payload) -> bytes:
    """A protected informational message: HASH(1) and one payload (RFC 2409 5.7)."""
    return seal(sa, ExchangeType.INFORMATIONAL, message_id, exchange_iv(sa, message_id),
                hashed(sa, message_id, [payload]))[0]


def check_nonce(nonce: bytes, ours: bytes) -> None:
    """RFC 2409 5: 8 to 256 octets; one that equals ours was reflected. Raises Failure."""
    if not NONCE_MINIMUM <= len(nonce) <= NONCE_MAXIMUM:
        raise Failure("invalid-nonce", Win32.NONCE, NotifyType.PAYLOAD_MALFORMED,
                      ("Nonce length", "8 to 256", str(len(nonce))))
    if nonce == ours:
        raise Failure("reflection", Win32.NONCE)
