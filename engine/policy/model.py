"""What an administrator writes, in Windows' nouns, as frozen values.

Policy -> rules; a rule binds one filter list, one filter action, authentication methods, a
tunnel end and a connection type. Filter lists and filter actions are shared by name within one
location of one machine's store. NamedTuples, not dataclasses: a one-shot `show` must start in
milliseconds (dataclasses cost 16 ms to import and 1 ms a class).
"""

from engine.address import Address
from engine.suites import MainModeMethod, QuickModeMethod
from engine.values import NamedTuple

LOCATIONS = ("local", "persistent", "domain")
ACTIONS = ("permit", "block", "negotiate")
CONNECTION_TYPES = ("all", "lan", "dialup")
SERVER_WORDS = ("WINS", "DNS", "DHCP", "GATEWAY")
PROTOCOLS = {0: "ANY", 1: "ICMP", 6: "TCP", 17: "UDP", 255: "RAW"}
# The setting that names the group policy object behind the domain's assigned policy.
GPO = "gponame"

DEFAULT_MAIN_MODE = (
    MainModeMethod("3DES", "SHA1", 2),
    MainModeMethod("3DES", "MD5", 2),
    MainModeMethod("DES", "SHA1", 1),
    MainModeMethod("DES", "MD5", 1),
)
DEFAULT_QUICK_MODE = (
    QuickModeMethod("3DES", "SHA1"),
    QuickModeMethod("3DES", "MD5"),
)


class Secret(str):
    """A pre-shared key. Its repr and format are masked; only `reveal` gives the text.

    Subclassing str lets it travel through the store and the key schedule unchanged, while an
    accidental print, log line, f-string or traceback shows stars.
    """

    __slots__ = ()
    MASK = "********"

    def __new__(cls, text: str = "") -> "Secret":
        # str() of a Secret is its mask, so a Secret of a Secret must be the Secret itself.
        return text if isinstance(text, Secret) else super().__new__(cls, text)

    def __repr__(self) -> str:
        return "Secret('********')"

    def __str__(self) -> str:
        return self.MASK

    def __format__(self, spec: str) -> str:
        return format(self.MASK, spec)

    def reveal(self) -> str:
        """The key itself, as a plain str."""
        return "".join(self)


class Side(NamedTuple):
    """One side of a filter: an address with mask, or one of netsh's words.

    `kind` is "ip" (address and prefix count), "me", "any", "dns" (resolved when created, `name`
    keeps what was typed) or "server" (`name` is WINS, DNS, DHCP or GATEWAY).
    """

    kind: str
    address: Address = 0
    prefix: int = 0
    name: str = ""


ME = Side("me", 0, 32)
ANY = Side("any", 0, 0)


class Filter(NamedTuple):
    """A packet filter of a filter list. Protocol and ports 0 mean any."""

    source: Side
    destination: Side
    description: str = ""
    protocol: int = 0
    source_port: int = 0
    destination_port: int = 0
    mirrored: bool = True
    guid: str = ""


class FilterList(NamedTuple):
    """A named, ordered list of filters."""

    name: str
    description: str = ""
    filters: tuple[Filter, ...] = ()
    guid: str = ""
    modified: float = 0.0


class FilterAction(NamedTuple):
    """What to do with matching packets: permit, block or negotiate with these offers.

    `inpass` accepts unsecured inbound traffic but answers with IPsec; `soft` falls back to clear
    text with a peer that does not speak IKE; `qmpfs` is session key PFS. The article forbids
    inpass and soft for tunnel rules.
    """

    name: str
    description: str = ""
    action: str = "negotiate"
    qmpfs: bool = False
    inpass: bool = False
    soft: bool = False
    methods: tuple[QuickModeMethod, ...] = DEFAULT_QUICK_MODE
    guid: str = ""
    modified: float = 0.0


class AuthMethod(NamedTuple):
    """One authentication method of a rule, in preference order.

    `kind` is "psk" (`value` is a Secret), "kerberos" (`value` empty) or "rootca" (`value` is the
    CA's name; `certmap` and `excludecaname` are netsh's options).
    """

    kind: str
    value: str = ""
    certmap: bool = False
    excludecaname: bool = False

    @property
    def rootca(self) -> str:
        """netsh's value of rootca: the CA's name, then what differs from the defaults."""
        words = [self.value, *(["certmap:yes"] if self.certmap else []),
                 *(["excludecaname:yes"] if self.excludecaname else [])]
        return " ".join(words)


class Rule(NamedTuple):
    """A rule of a policy; `tunnel` is the tunnel end point, or None for transport mode."""

    name: str
    policy: str
    filterlist: str
    filteraction: str
    tunnel: Address | None = None
    conntype: str = "all"
    active: bool = True
    description: str = ""
    auth: tuple[AuthMethod, ...] = (AuthMethod("kerberos"),)
    guid: str = ""
    modified: float = 0.0


class DefaultRule(NamedTuple):
    """The default response rule every policy owns; it can only be switched off."""

    active: bool = True
    qmpfs: bool = False
    methods: tuple[QuickModeMethod, ...] = DEFAULT_QUICK_MODE
    auth: tuple[AuthMethod, ...] = (AuthMethod("kerberos"),)


class Policy(NamedTuple):
    """An IPsec policy; times in minutes, `qmpermm` 0 is no limit, one may be assigned."""

    name: str
    description: str = ""
    mmpfs: bool = False
    qmpermm: int = 0
    mmlifetime: int = 480
    pollinginterval: int = 180
    methods: tuple[MainModeMethod, ...] = DEFAULT_MAIN_MODE
    default_rule: DefaultRule = DefaultRule()
    assigned: bool = False
    guid: str = ""
    modified: float = 0.0


class Interface(NamedTuple):
    """A network adapter of a machine. `gateway` None when it has no default gateway."""

    name: str
    address: Address
    prefix: int
    gateway: Address | None = None
    mac: str = ""
    mtu: int = 1500
    link: str = ""


class RrasFilter(NamedTuple):
    """An RRAS packet filter of an interface and direction ("input" or "output").

    Address and prefix 0 mean any. `protocol` is 0 for any, 6 with `established` for TCP-EST;
    for ICMP `source_port` is the type and `destination_port` the code, 255 any.
    """

    interface: str
    direction: str
    source: Address = 0
    source_prefix: int = 0
    destination: Address = 0
    destination_prefix: int = 0
    protocol: int = 0
    source_port: int = 0
    destination_port: int = 0
    established: bool = False


class RrasDefault(NamedTuple):
    """What an interface does with packets that match no filter: "drop" or "forward"."""

    interface: str
    direction: str
    action: str = "forward"


class Route(NamedTuple):
    """A static route bound to an interface; `gateway` 0 means on-link."""

    destination: Address
    prefix: int
    interface: str
    gateway: Address
    metric: int = 1
    protocol: str = "NONDOD"
    view: str = "both"


class AuditSetting(NamedTuple):
    """Auditing of one category ("logon", "object", ...)."""

    category: str
    success: bool = False
    failure: bool = False


AUDIT_CATEGORIES = ("system", "logon", "object", "privilege", "process", "policy", "sam",
                    "directory", "account")


CERTIFICATE_TYPES = ("machine", "ca", "crl")


class Certificate(NamedTuple):
    """A certificate of a machine, by the absolute paths of its files.

    `type` is "machine" (the machine's own, with its private key in `key` or in `file` itself),
    "ca" (an authority that a rule's rootca may name) or "crl" (a revocation list). `password`
    opens the key or the PKCS #12 file.
    """

    name: str
    type: str
    file: str
    key: str = ""
    password: str = Secret()
    guid: str = ""


class Machine(NamedTuple):
    """A machine of the store. `role` is "gateway", "router", "host", "nat" or "proxy"."""

    name: str
    role: str
    forwarding: bool = False
    icmp_echo: bool = True
