"""What the IKEv1 core is told, and what it wants done: the face between `engine.ike` and a host.

The core is sans-IO: datagrams and `now` go in, a list of outputs comes out. It asks an `IkePolicy`
(implemented by `engine.agent`) what the administrator wants, and never sees the store.
Addresses are integers in host order, times seconds as float, lifetimes seconds and kilobytes.
"""

from typing import TYPE_CHECKING, NamedTuple, Protocol

from engine.address import Address, Network
from engine.ike.credentials import CertificateIdentity, Credentials
from engine.suites import MainModeMethod, QuickModeMethod

if TYPE_CHECKING:
    from engine.ike.payloads import Proposal


class Phase1Policy(NamedTuple):
    """How to negotiate main mode with one peer.

    `psk` is the pre-shared key in octets or None when the rule has no usable method (Kerberos);
    `kerberos` says that the only method is one we name as unsupported. `mmpfs` limits the ISAKMP
    SA to one quick mode, `quick_limit` to that many (0: no limit). `lifetime` in seconds.
    `credentials` is what signatures need, None when the rule names no authority; `preference` is
    the order of the rule's methods, "psk" and "rsa". `natt` allows NAT traversal (RFC 3947);
    `dpd` is how many seconds a peer may be silent while we send (RFC 3706; 0: it is not asked).
    `commit` sets the commit bit as responder of quick mode (RFC 2408 3.1);
    `natt_forced` wants ESP in UDP even where no NAT is found. `local_id` is what we call ourselves
    with a pre-shared key, `remote_id` what the peer must; "" is the address.
    """

    methods: tuple[MainModeMethod, ...]
    psk: bytes | None
    lifetime: int = 28800
    quick_limit: int = 0
    mmpfs: bool = False
    kerberos: bool = False
    credentials: Credentials | None = None
    preference: tuple[str, ...] = ("psk", "rsa")
    natt: bool = True
    dpd: int = 30
    commit: bool = False
    natt_forced: bool = False
    local_id: str = ""
    remote_id: str = ""


class TrafficSelector(NamedTuple):
    """What a quick mode SA carries: RFC 2407 4.6.2 identities. Protocol and ports 0 mean any."""

    local: Network
    remote: Network
    protocol: int = 0
    local_port: int = 0
    remote_port: int = 0


class Phase2Policy(NamedTuple):
    """How to negotiate quick mode for one SPD entry.

    `entry` is the SPD entry's id (a GUID), returned in every output that concerns it. `pfs_group`
    0 means no PFS; otherwise the IANA group of the new exchange. `tunnel` False is transport mode.
    """

    entry: str
    selector: TrafficSelector
    methods: tuple[QuickModeMethod, ...]
    pfs_group: int = 0
    tunnel: bool = True


class IkePolicy(Protocol):
    """What the administrator wants, asked by the core at each decision."""

    def phase1(self, local: Address, peer: Address) -> Phase1Policy | None:
        """The main mode policy towards `peer`, None when no rule concerns it (13825)."""

    def phase2(self, local: Address, peer: Address,
               selector: TrafficSelector) -> Phase2Policy | None:
        """The quick mode policy that a peer's identities match exactly, None to refuse (18)."""


# --- outputs ------------------------------------------------------------------------------------


class SendDatagram(NamedTuple):
    """A UDP payload to send from `local`:`local_port` to `peer`:`peer_port`.

    `label` names the message for traces and captures: "MM1" ... "MM6", "QM1" ... "QM3", "INFO".
    """

    local: Address
    local_port: int
    peer: Address
    peer_port: int
    payload: bytes
    label: str


class SaKeys(NamedTuple):
    """One direction of a negotiated pair: SPIs in host order and raw keys (RFC 2409 5.5).

    Keys are empty where the transform has none. `spi` names the pair: it is ESP's, or AH's when
    there is no ESP. With AH, alone or around ESP, `ah_spi` and `ah_key` are AH's own (in AH
    alone `ah_spi` equals `spi`). An AES-GCM `esp_key` is key and 4 octets of salt (RFC 4106 8.1).
    """

    spi: int
    esp_key: bytes = b""
    auth_key: bytes = b""
    ah_spi: int = 0
    ah_key: bytes = b""

    def __repr__(self) -> str:
        # Whatever prints, logs or traces a pair must not show its keys.
        return f"SaKeys(spi=0x{self.spi:08x}, ********)"


class SaInstalled(NamedTuple):
    """Quick mode gave a pair of SAs: install inbound at once, outbound when `outbound_ready`.

    The responder installs inbound before QM2 and outbound on QM3; the initiator installs both
    before QM3 (so it gets one output with outbound_ready True; the responder two with the same
    inbound SPI, and so the initiator whose peer has set the commit bit). `lifetime_seconds` and
    `lifetime_kilobytes` are the negotiated ones. `udp` are our and the peer's port of UDP
    encapsulation (RFC 3948), () without a NAT. `original` are source and destination of the peer's
    transport mode packets as the peer knows them, where a NAT makes that matter (RFC 3947 5.2; 0:
    it did not say).
    """

    entry: str
    local: Address
    peer: Address
    selector: TrafficSelector
    method: QuickModeMethod
    tunnel: bool
    inbound: SaKeys
    outbound: SaKeys
    lifetime_seconds: int
    lifetime_kilobytes: int
    pfs_group: int
    initiator: bool
    outbound_ready: bool
    cookies: bytes
    udp: tuple[int, ...] = ()
    certificate: CertificateIdentity | None = None
    original: tuple[Address, Address] | None = None


class SaDeleted(NamedTuple):
    """The pair with this inbound SPI is gone: "peer-delete", "expired", "policy", "replaced",
    "peer-dead"."""

    entry: str
    peer: Address
    inbound_spi: int
    outbound_spi: int
    reason: str


class MainModeUp(NamedTuple):
    """Phase 1 finished: 16 octets of cookies, what was chosen, and the peer's identity text.

    `certificate` is who the peer is by its certificate, None with a pre-shared key.
    """

    local: Address
    peer: Address
    cookies: bytes
    method: MainModeMethod
    lifetime: int
    initiator: bool
    peer_identity: str
    seconds: float
    certificate: CertificateIdentity | None = None


class MainModeDown(NamedTuple):
    """Phase 1 SA ended: "expired", "peer-delete", "policy", "shutdown", "peer-dead"."""

    local: Address
    peer: Address
    cookies: bytes
    reason: str


class PeerMoved(NamedTuple):
    """An authentic message of a peer behind a NAT came from another port: answer there.

    `inbound` are the SPIs of the pairs that now send to `peer_port` (RFC 3947 7).
    """

    local: Address
    peer: Address
    peer_port: int
    inbound: tuple[int, ...]


class NegotiationFailed(NamedTuple):
    """A negotiation ended without an SA.

    `mode` "main" or "quick"; `code` the Win32 reason (13801 credentials, 13805 timed out, 13813
    no response, 13825 no policy, 13868 policy match ...); `point` "Me" or "Peer"; `entry` the SPD
    entry that wanted it ("" when the peer began); `detail` the first differing attribute as
    (name, expected, received) or (); `last` the last message seen or sent ("MM1", ...);
    `initiator` our role; `answered` whether the peer ever sent a valid message of the exchange.
    `certificate` is what the peer showed, believed or not, None when it showed none. `offered` is
    the SA payload of whoever began, `selector` (ours first) the traffic that quick mode was for.
    """

    mode: str
    local: Address
    peer: Address
    entry: str
    code: int
    point: str
    detail: tuple[str, ...]
    last: str
    initiator: bool
    answered: bool
    certificate: CertificateIdentity | None = None
    offered: "tuple[Proposal, ...]" = ()
    selector: TrafficSelector | None = None

    @property
    def notify(self) -> int:
        """The number of the notify by which the peer refused, 0 when it did not."""
        if self.detail[:1] != ("Notify",):
            return 0
        return int(self.detail[2].rpartition("(")[2].rstrip(")"))


class NotifyReceived(NamedTuple):
    """A notify from the peer; `authenticated` False means it is only a hint (nothing obeyed it)."""

    peer: Address
    number: int
    authenticated: bool


class Dropped(NamedTuple):
    """A datagram that was refused; `reason` is the counter's name."""

    peer: Address
    reason: str


IkeOutput = (SendDatagram | SaInstalled | SaDeleted | MainModeUp | MainModeDown
             | NegotiationFailed | NotifyReceived | Dropped | PeerMoved)


class Phase1Info(NamedTuple):
    """One ISAKMP SA for `show mmsas`; `state` "MM1" ... "MM6" while half open, "up" after.

    `authentication` is "psk" or "rsa", `certificate` who the peer is in the latter case.
    """

    local: Address
    local_port: int
    peer: Address
    peer_port: int
    cookies: bytes
    state: str
    initiator: bool
    method: MainModeMethod | None
    lifetime: int
    created: float
    quick_modes: int
    encryption_key: bytes
    peer_vendor: str
    authentication: str = "psk"
    certificate: CertificateIdentity | None = None
