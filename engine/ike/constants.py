"""Numbers of RFC 2407, 2408 and 2409, and our own limits, apart."""

from enum import IntEnum
from hashlib import md5


class PayloadType(IntEnum):
    """ISAKMP next payload values, RFC 2408 3.1; NAT_D and NAT_OA from RFC 3947 and drafts."""

    NONE = 0
    SA = 1
    PROPOSAL = 2
    TRANSFORM = 3
    KE = 4
    ID = 5
    CERT = 6
    CERT_REQUEST = 7
    HASH = 8
    SIGNATURE = 9
    NONCE = 10
    NOTIFY = 11
    DELETE = 12
    VENDOR_ID = 13
    NAT_D = 20
    NAT_OA = 21
    NAT_D_DRAFT = 130
    NAT_OA_DRAFT = 131


class ExchangeType(IntEnum):
    """Exchange types, RFC 2408 3.1 and RFC 2409 appendix A."""

    MAIN = 2
    AGGRESSIVE = 4
    INFORMATIONAL = 5
    QUICK = 32
    NEW_GROUP = 33


class Flag(IntEnum):
    """ISAKMP header flags, RFC 2408 3.1."""

    ENCRYPTED = 1
    COMMIT = 2
    AUTH_ONLY = 4


class ProtocolId(IntEnum):
    """Security protocols, RFC 2407 4.4.1."""

    ISAKMP = 1
    AH = 2
    ESP = 3


class OakleyAttribute(IntEnum):
    """Phase 1 attribute classes, RFC 2409 appendix A."""

    ENCRYPTION = 1
    HASH = 2
    AUTHENTICATION = 3
    GROUP = 4
    LIFE_TYPE = 11
    LIFE_DURATION = 12
    KEY_LENGTH = 14


class IpsecAttribute(IntEnum):
    """Phase 2 attribute classes, RFC 2407 4.5."""

    LIFE_TYPE = 1
    LIFE_DURATION = 2
    GROUP = 3
    ENCAPSULATION = 4
    AUTHENTICATION = 5
    KEY_LENGTH = 6


class LifeType(IntEnum):
    """Units of a life duration; the numbers are the same in both phases."""

    SECONDS = 1
    KILOBYTES = 2


class Encapsulation(IntEnum):
    """Encapsulation modes, RFC 2407 4.5, RFC 3947 5.1, and those of its drafts."""

    TUNNEL = 1
    TRANSPORT = 2
    UDP_TUNNEL = 3
    UDP_TRANSPORT = 4
    DRAFT_UDP_TUNNEL = 61443
    DRAFT_UDP_TRANSPORT = 61444


class IdType(IntEnum):
    """Identification types, RFC 2407 4.6.2.1, those that IPv4 and certificates need."""

    IPV4_ADDR = 1
    FQDN = 2
    USER_FQDN = 3
    IPV4_ADDR_SUBNET = 4
    IPV4_ADDR_RANGE = 7
    DER_ASN1_DN = 9


class NotifyType(IntEnum):
    """Notify messages, RFC 2408 3.14.1, RFC 2407 4.6.3 and RFC 3706 5.3."""

    INVALID_PAYLOAD_TYPE = 1
    INVALID_COOKIE = 4
    INVALID_MAJOR_VERSION = 5
    INVALID_EXCHANGE_TYPE = 7
    INVALID_MESSAGE_ID = 9
    NO_PROPOSAL_CHOSEN = 14
    PAYLOAD_MALFORMED = 16
    INVALID_KEY_INFORMATION = 17
    INVALID_ID_INFORMATION = 18
    INVALID_CERTIFICATE = 20
    AUTHENTICATION_FAILED = 24
    CONNECTED = 16384
    RESPONDER_LIFETIME = 24576
    REPLAY_STATUS = 24577
    INITIAL_CONTACT = 24578
    R_U_THERE = 36136
    R_U_THERE_ACK = 36137


class Win32(IntEnum):
    """Windows' reasons of a failed negotiation, as event 547 prints them."""

    CREDENTIALS = 13801
    ATTRIBUTES = 13802
    TIMED_OUT = 13805
    NO_CERTIFICATE = 13806
    DELETED_BY_PEER = 13807
    NO_RESPONSE = 13813
    KEY_USAGE = 13818
    CERTIFICATE_TYPE = 13819
    NO_POLICY = 13825
    SIGNATURE = 13826
    KERBEROS = 13827
    NO_PUBLIC_KEY = 13828
    KEY_EXCHANGE = 13833
    NONCE = 13838
    BAD_PAYLOAD = 13843
    PEER_CERTIFICATE = 13847
    PEER_REVOCATION = 13848
    NEW_POLICY = 13849
    DIFFIE_HELLMAN = 13864
    DECRYPTION = 13867
    POLICY_MATCH = 13868
    UNSUPPORTED_ID = 13869
    HASH_FAILED = 13870


HEADER_SIZE = 28
DOI_IPSEC = 1
SITUATION_IDENTITY_ONLY = 1
KEY_IKE = 1
AUTH_PRE_SHARED_KEY = 1
AUTH_RSA_SIGNATURE = 3
IKE_PORT = 500
NAT_T_PORT = 4500
UDP = 17
ZERO_COOKIE = bytes(8)
MS_VENDOR = md5(b"MS NT5 ISAKMPOAKLEY", usedforsecurity=False).digest()

# RFC 2407 4.5.2: a life that an offer leaves out is eight hours.
DEFAULT_OFFERED_SECONDS = 28_800

# --- our limits ---------------------------------------------------------------------------------

MAX_PAYLOADS = 64
MAX_ATTRIBUTES = 32
# Of one SA payload. A stranger's first message may hold 15,000, each of which takes its time.
MAX_TRANSFORMS = 512
MAX_MESSAGE = 65_507
NONCE_MINIMUM, NONCE_MAXIMUM = 8, 256
NONCE_SIZE = 20
EXPONENT_OCTETS = 32
MAX_MESSAGE_IDS = 16_384
MAX_QUICK_MODES = 256
LOWEST_SPI = 256

# Windows 2000: gaps of 1, 2, 4, 8, 16 and 32 seconds; the end of the last one is the give-up.
RETRANSMIT_GAPS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
# How long a finished quick mode still answers duplicates: as long as a peer retransmits.
LINGER = sum(RETRANSMIT_GAPS)
# A replaced pair stays this long, for packets on their way; a responder waits as long for its
# peer to renew a pair before it does so itself.
OVERLAP = 10.0
MAX_SPIS_PER_DELETE = 64
# How long the responder leaves it to the initiator to renew a pair whose octets run out.
COUNTED_WAIT = 0.25
# Commit bit: seconds that an initiator waits for CONNECTED before it repeats message 3, and as many
# again before it goes on without.
COMMIT_WAIT = 1.0
# How long a renewed pair waits for its first packet out: a peer may install it only on message 3,
# and until then the old pair carries the traffic.
RENEWAL_WAIT = 0.5
# Dead peer detection: seconds between questions to a silent peer, and how many it is asked.
DPD_RETRY = 5.0
DPD_TRIES = 5
# RFC 3948 4: seconds between keepalives of the side behind a NAT.
KEEPALIVE = 20.0
