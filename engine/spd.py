"""The security policy database (RFC 2401 4.4.1) of one host, in Windows' order.

Windows 2000 and Server 2003 do not keep the order in which filters were written: the driver
sorts them, most specific first, and the first match decides. The order here, highest first:

1. longer source and destination prefixes together (their sum; a host to a host before a host
   to a subnet before any to any), then the longer destination prefix;
2. a protocol before any protocol;
3. destination port before any, source port before any;
4. an entry with a tunnel end before one without;
5. block before negotiate before permit before bypass, so that a doubt is decided for safety;
6. the order in which the entries were given.

Points 1 to 3 are `weight`; an entry shows it in `ipsec dynamic show qmfilter`.
"""

from collections.abc import Container, Iterable
from typing import NamedTuple, Protocol

from engine.address import ANY_NETWORK, Address, Network
from engine.classify import Find, classifier
from engine.ip import BROADCAST, RSVP, TCP, UDP
from engine.suites import QuickModeMethod

OUTBOUND = "outbound"
INBOUND = "inbound"
FLOW_CACHE = 65536
IKE_PORT, NAT_T_PORT = 500, 4500
KERBEROS_PORT = 88

_SAFETY = {"block": 0, "negotiate": 1, "permit": 2, "bypass": 3}


class Authentication(Protocol):
    """An authentication method of a rule, as the policy model writes it."""

    @property
    def kind(self) -> str:
        """"psk", "kerberos" or "rootca"."""

    @property
    def value(self) -> str:
        """The key (a Secret), the CA's name, or nothing."""

    @property
    def excludecaname(self) -> bool:
        """Whether certificate requests leave the CA's name out."""


class SpdEntry(NamedTuple):
    """One filter in force, in one direction; a mirrored filter gives two.

    `source` and `destination` are the packet's own, protocol and ports 0 mean any. `direction`
    is "outbound" or "inbound", `action` "permit", "block", "negotiate" or "bypass". `tunnel` is
    the rule's tunnel end (None in transport mode): outbound it is the peer, inbound it is one
    of our own addresses. `id` is a GUID, by which SAs refer to the entry; `name` the filter's
    description or its list's name. The rest says where it came from.
    """

    id: str
    name: str
    source: Network = ANY_NETWORK
    destination: Network = ANY_NETWORK
    protocol: int = 0
    source_port: int = 0
    destination_port: int = 0
    direction: str = OUTBOUND
    action: str = "negotiate"
    tunnel: Address | None = None
    methods: tuple[QuickModeMethod, ...] = ()
    pfs: bool = False
    soft: bool = False
    inpass: bool = False
    auth: tuple[Authentication, ...] = ()
    rule: str = ""
    policy: str = ""
    filterlist: str = ""
    filter: str = ""
    mirrored: bool = False

    @property
    def weight(self) -> int:
        """Larger is looked at first; see the module for what counts."""
        source, destination = self.source.prefix, self.destination.prefix
        return ((source + destination) << 16 | destination << 8 | (self.protocol != 0) << 2
                | (self.destination_port != 0) << 1 | (self.source_port != 0))

    def matches(self, source: Address, destination: Address, protocol: int, source_port: int,
                destination_port: int) -> bool:
        """Whether a packet with these fields is meant."""
        left, left_bits = self.source
        right, right_bits = self.destination
        return ((source ^ left) >> 32 - left_bits == 0
                and (destination ^ right) >> 32 - right_bits == 0
                and self.protocol in (0, protocol)
                and self.source_port in (0, source_port)
                and self.destination_port in (0, destination_port))


def order(entry: SpdEntry) -> tuple[int, bool, int]:
    """The sort key of the module's order; equal keys keep the order given."""
    return -entry.weight, entry.tunnel is None, _SAFETY[entry.action]


Flow = tuple[Address, Address, int, int, int]


class Flows(dict[Flow, SpdEntry | None]):
    """The entries that decide about flows of one direction; an unknown flow is looked up.

    A flow is source, destination, protocol and ports; ``flows[flow]`` is the quick way in. At
    most FLOW_CACHE are kept.
    """

    def __init__(self, find: Find[SpdEntry]) -> None:
        super().__init__()
        self.find = find
        self.dynamic: dict[tuple[Address, Address], list[SpdEntry]] = {}

    def __missing__(self, flow: Flow) -> SpdEntry | None:
        if len(self) >= FLOW_CACHE:
            self.clear()
        found = self.find(*flow)
        for one in self.dynamic.get(flow[:2], ()):
            if one.matches(*flow) and (found is None or order(one) <= order(found)):
                found = one
        self[flow] = found
        return found


class Spd:
    """The entries of a host, sorted once; replaced as a whole when the policy changes.

    The dynamic filters of the default response rule come and go meanwhile.

    The first entry of the order that matches decides. A weight names its shape (both prefix
    lengths, protocol and ports given or not) without ambiguity, so all entries of one shape
    stand together, as `engine.classify` wants them. Known flows are answered from a bounded
    cache.
    """

    def __init__(self, entries: Iterable[SpdEntry] = ()) -> None:
        self._static: tuple[SpdEntry, ...] = tuple(sorted(entries, key=order))
        self._dynamic: dict[str, SpdEntry] = {}
        self._all: tuple[SpdEntry, ...] | None = self._static
        self.flows = {
            way: Flows(classifier([one for one in self._static if one.direction == way]))
            for way in (OUTBOUND, INBOUND)}
        self._ids = {one.id: one for one in reversed(self._static)}

    def __len__(self) -> int:
        return len(self._static) + len(self._dynamic)

    @property
    def entries(self) -> tuple[SpdEntry, ...]:
        """All entries in the order in which they are looked at, dynamic ones included."""
        if self._all is None:
            self._all = tuple(sorted((*self._static, *self._dynamic.values()), key=order))
        return self._all

    def add_dynamic(self, *entries: SpdEntry) -> None:
        """Adds entries between two hosts that live as long as an association does."""
        for one in entries:
            assert one.source.prefix == one.destination.prefix == 32, "a dynamic filter of nets"
            self._dynamic[one.id] = one
            table = self.flows[one.direction].dynamic
            table.setdefault((one.source.address, one.destination.address), []).append(one)
        self._changed()

    def remove_dynamic(self, *ids: str) -> None:
        """Takes dynamic entries out; an id that is not there is no error."""
        for one in [self._dynamic.pop(each) for each in ids if each in self._dynamic]:
            table, hosts = self.flows[one.direction].dynamic, (one.source.address,
                                                               one.destination.address)
            table[hosts].remove(one)
            if not table[hosts]:
                del table[hosts]
        self._changed()

    def is_dynamic(self, entry_id: str) -> bool:
        """Whether an entry is a dynamic one."""
        return entry_id in self._dynamic

    @property
    def dynamic(self) -> tuple[SpdEntry, ...]:
        """The dynamic entries, oldest first."""
        return tuple(self._dynamic.values())

    def _changed(self) -> None:
        self._all = None
        for flows in self.flows.values():
            flows.clear()

    def lookup(self, direction: str, source: Address, destination: Address, protocol: int,
               source_port: int = 0, destination_port: int = 0) -> SpdEntry | None:
        """The entry that decides about a packet, None when no filter meets it.

        `direction` is "outbound" or "inbound"; the fields are the packet's own.
        """
        return self.flows[direction][source, destination, protocol, source_port,
                                     destination_port]

    @property
    def cached_flows(self) -> int:
        """Flows remembered, at most FLOW_CACHE in each direction."""
        return sum(len(flows) for flows in self.flows.values())

    def by_id(self, entry_id: str) -> SpdEntry | None:
        """The first entry with this id."""
        return self._ids.get(entry_id) or self._dynamic.get(entry_id)


LEVELS = {
    0: frozenset({"multicast", "broadcast", "rsvp", "kerberos", "ike"}),
    1: frozenset({"multicast", "broadcast", "ike"}),
    2: frozenset({"rsvp", "kerberos", "ike"}),
    3: frozenset({"ike"}),
}
"""What `ipsecexempt` 0 to 3 lets past every filter (Windows 2000 acts as 0, 2003 as 3)."""


def exempt(level: int, source: Address, destination: Address, protocol: int,
           source_port: int = 0, destination_port: int = 0,
           broadcasts: Container[Address] = ()) -> str:
    """The default exemption a packet falls under: "ike", "multicast", ... or "" for none.

    `broadcasts` are the directed broadcast addresses of the host's subnets. The Kerberos
    exemption looks at either port, which is the hole KB 811832 tells of: a packet from source
    port 88 passes every filter.
    """
    allowed = LEVELS[level]
    if protocol == UDP and (
            IKE_PORT in (source_port, destination_port)
            or NAT_T_PORT in (source_port, destination_port)):
        return "ike"
    if destination >> 28 == 0xE and "multicast" in allowed:
        return "multicast"
    if (destination == BROADCAST or destination in broadcasts) and "broadcast" in allowed:
        return "broadcast"
    if protocol == RSVP and "rsvp" in allowed:
        return "rsvp"
    if (protocol in (UDP, TCP) and KERBEROS_PORT in (source_port, destination_port)
            and "kerberos" in allowed):
        return "kerberos"
    return ""
