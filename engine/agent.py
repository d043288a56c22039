"""The policy agent: the policy in force, compiled to an SPD and to answers for IKE.

A rule with a tunnel end that is another machine's address gives outbound entries, one with an
own address inbound entries: that is why the article needs two rules. A rule without a tunnel end
gives transport mode entries both ways. Windows' words "me" and "any" are expanded against the
interfaces; a mirrored filter gives its reverse as well, with the same tunnel end, which is what
makes mirrored filters wrong in tunnel rules.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from engine.address import ANY_NETWORK, Address, Network, prefix_mask
from engine.ike.credentials import CRL_REVOKED, CRL_STRICT, Credentials
from engine.ike.interface import Phase1Policy, Phase2Policy, TrafficSelector
from engine.policy.machine import Settings
from engine.policy.model import (
    AuthMethod,
    Filter,
    FilterAction,
    FilterList,
    Interface,
    Policy,
    Rule,
    Secret,
    Side,
)
from engine.policy.store import Config
from engine.spd import INBOUND, LEVELS, OUTBOUND, Authentication, Spd, SpdEntry

if TYPE_CHECKING:
    from engine.policy.keyfiles import Loaded

# Windows 2000's driver lets all of these past; see engine.spd.LEVELS.
DEFAULT_EXEMPT_LEVEL = 0
HOST_PREFIX = 32
# Seconds that a peer may be silent while we send to it, before it is asked (RFC 3706).
DPD_SECONDS, DPD_MOST = 30, 3600
# What Windows calls the filter list and the rule of the default response.
DYNAMIC, DEFAULT_RESPONSE = "<Dynamic>", "Default Response"
# Entries, two for each peer that was answered.
DYNAMIC_MOST = 8192


class BoundRule(NamedTuple):
    """A rule with the filter list and the filter action that it names.

    A rule of `ipsec dynamic` has a main mode `policy` of its own, may hold in one `direction`
    only, and may name the group of its PFS.
    """

    rule: Rule
    filters: FilterList
    action: FilterAction
    policy: Policy | None = None
    direction: str = ""
    pfs_group: int = 0


class PolicySnapshot(NamedTuple):
    """All that the agent needs of the store, read once: an equal one needs no new SPD.

    `location` and `policy` are "" and None when no policy is in force.
    """

    location: str = ""
    policy: Policy | None = None
    rules: tuple[BoundRule, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    exempt_level: int = DEFAULT_EXEMPT_LEVEL
    certificates: "tuple[Loaded, ...]" = ()
    crl_check: int = CRL_REVOKED
    natt: bool = True
    dpd: int = DPD_SECONDS
    commit: bool = False
    natt_forced: bool = False
    local_id: str = ""
    remote_id: str = ""


def number_setting(config: Config | Settings, key: str, default: int, most: int) -> int:
    """A machine's setting as a number from 0 to `most`; `default` when it is anything else."""
    text = config.get_setting(key, str(default))
    return int(text) if text.isascii() and text.isdigit() and int(text) <= most else default


def read_policy(config: Config) -> PolicySnapshot:
    """Reads the policy in force on a machine, and what it is expanded against."""
    interfaces, said = config.interfaces(), Settings(config.settings())
    level = number_setting(said, "ipsecexempt", DEFAULT_EXEMPT_LEVEL, max(LEVELS))
    active = config.active_policy()
    if active is None:
        return PolicySnapshot(interfaces=interfaces, exempt_level=level)
    location, policy = active
    bound = tuple(
        BoundRule(rule, config.filterlist(rule.filterlist, location),
                  config.filteraction(rule.filteraction, location))
        for rule in config.rules(policy.name, location))
    check = number_setting(said, "strongcrlcheck", CRL_REVOKED, CRL_STRICT)
    return PolicySnapshot(location, policy, bound, interfaces, level,
                          config.loaded_certificates(), check,
                          said.get_setting("natt").casefold() != "no",
                          number_setting(said, "dpd", DPD_SECONDS, DPD_MOST),
                          said.get_setting("commit").casefold() == "yes",
                          said.get_setting("natt").casefold() == "force",
                          said.get_setting("localid"), said.get_setting("remoteid"))


def key_of(entry: SpdEntry, peer: Address) -> str:
    """What a pair of SAs is filed under: the entry, and in transport mode also the peer.

    One transport entry (me to any) serves many peers; a tunnel entry has one peer.
    """
    return entry.id if entry.tunnel is not None else f"{entry.id}/{peer}"


class PolicyAgent:
    """The policy in force as an `engine.ike.interface.IkePolicy`.

    Immutable once made, but for the dynamic filters of the default response rule in its SPD.
    """

    __slots__ = ("snapshot", "spd", "own", "_peers", "_mirrors", "_bound")

    def __init__(self, snapshot: PolicySnapshot, spd: Spd | None = None) -> None:
        """`spd` stands in for the compiled one while the policy is not loaded yet."""
        self.snapshot = snapshot
        self.own = frozenset(one.address for one in snapshot.interfaces)
        self.spd = Spd(_compile(snapshot, self.own)) if spd is None else spd
        self._peers = Peers(self.spd.entries)
        self._bound = {one.rule.name: one for one in snapshot.rules if one.policy is not None}
        self._mirrors: dict[tuple[object, ...], SpdEntry] = {}
        for one in self.spd.entries:
            if one.direction == INBOUND and one.action == "negotiate":
                self._mirrors.setdefault((one.tunnel, *_shape(one)), one)

    def by_key(self) -> dict[str, SpdEntry]:
        """The entries by id; key_of in transport mode begins with the id and a slash."""
        return {entry.id: entry for entry in self.spd.entries}

    # --- what IKE asks -------------------------------------------------------------------------

    def phase1(self, local: Address, peer: Address) -> Phase1Policy | None:
        """The main mode policy of the most specific rule that concerns `peer`.

        A pre-shared key is chosen by the peer's address (RFC 2409 5.4), so a machine that is no
        rule's tunnel end gets none, unless the default response rule answers everybody.
        """
        policy = self.snapshot.policy
        entry = self._peers.first(local, peer)
        if entry is not None:
            return _phase1(self.main_policy(entry), entry.auth, self.snapshot)
        if policy is None or not policy.default_rule.active:
            return None
        return _phase1(policy, policy.default_rule.auth, self.snapshot)

    def phase2(self, local: Address, peer: Address,
               selector: TrafficSelector) -> Phase2Policy | None:
        """The quick mode policy a peer's identities match exactly, tunnel before transport.

        Both directions must exist: the entry towards the peer and its mirror image that ends at
        `local`; Windows refuses a peer whose filters are not the mirror of its own. What no rule
        covers is the default response rule's.
        """
        entry = self._peers.tunnel(peer, selector)
        if entry is not None and self.mirror_of(entry, local) is not None:
            return self.wanted(entry, local, peer)
        if selector[:2] == (Network(local, HOST_PREFIX), Network(peer, HOST_PREFIX)):
            for _, one in self._peers.transport(local, peer):
                if (one.protocol, one.source_port, one.destination_port) == selector[2:]:
                    return self.wanted(one, local, peer)
        dynamic = self.default_response(local, peer, selector)
        if dynamic is None or len(self.spd.dynamic) >= DYNAMIC_MOST:
            return None
        return self.wanted(dynamic[0], local, peer)

    # --- what the host asks --------------------------------------------------------------------

    def _origin(self, entry: SpdEntry) -> BoundRule | None:
        """The rule of `ipsec dynamic` that an entry comes from."""
        found = self._bound.get(entry.rule)
        own = None if found is None else found.policy
        return found if own is not None and own.name == entry.policy else None

    def main_policy(self, entry: SpdEntry) -> Policy:
        """The policy whose main mode settings an entry is negotiated with."""
        bound = self._origin(entry)
        policy = self.snapshot.policy if bound is None else bound.policy
        assert policy is not None, "an SPD entry without a policy"
        return policy

    def wanted(self, entry: SpdEntry, local: Address, peer: Address) -> Phase2Policy:
        """The quick mode to offer for an outbound entry."""
        bound, policy = self._origin(entry), self.main_policy(entry)
        group = policy.methods[0].group if entry.pfs and policy.methods else 0
        if bound is not None and bound.pfs_group:
            group = bound.pfs_group
        selector = _selector(entry)
        if entry.tunnel is None:
            selector = selector._replace(local=Network(local, HOST_PREFIX),
                                         remote=Network(peer, HOST_PREFIX))
        return Phase2Policy(key_of(entry, peer), selector, entry.methods, group,
                            entry.tunnel is not None)

    def mirror_of(self, entry: SpdEntry, local: Address) -> SpdEntry | None:
        """The inbound entry for the answers to an outbound one, ending at `local`."""
        tunnel = None if entry.tunnel is None else local
        return self._mirrors.get((tunnel, entry.destination, entry.source, entry.protocol,
                                  entry.destination_port, entry.source_port))

    def default_response(self, local: Address, peer: Address,
                         selector: TrafficSelector) -> tuple[SpdEntry, SpdEntry] | None:
        """The dynamic filters, outbound and inbound, that the default response rule makes.

        It answers a peer that asks for transport mode between the two hosts, and never asks
        itself. None when the rule is off or the identities are others.
        """
        policy = self.snapshot.policy
        ends = Network(local, HOST_PREFIX), Network(peer, HOST_PREFIX)
        if policy is None or not policy.default_rule.active or selector[:2] != ends:
            return None
        rule = policy.default_rule
        outbound = SpdEntry(
            _entry_guid(("default response", policy.guid, OUTBOUND, *selector)), DYNAMIC, *ends,
            *selector[2:], OUTBOUND, methods=rule.methods, pfs=rule.qmpfs, auth=rule.auth,
            rule=DEFAULT_RESPONSE, policy=policy.name, filterlist=DYNAMIC)
        inbound = outbound._replace(
            id=_entry_guid(("default response", policy.guid, INBOUND, *selector)),
            source=ends[1], destination=ends[0], source_port=selector.remote_port,
            destination_port=selector.local_port, direction=INBOUND, mirrored=True)
        return outbound, inbound


class Peers:
    """The outbound negotiating entries by the peer they can be about, in the order of the SPD."""

    __slots__ = ("_tunnels", "_first", "_hosts", "_nets")

    def __init__(self, entries: Iterable[SpdEntry]) -> None:
        self._tunnels: dict[tuple[Address, TrafficSelector], SpdEntry] = {}
        self._first: dict[Address, tuple[int, SpdEntry]] = {}
        self._hosts: dict[Address, list[tuple[int, SpdEntry]]] = {}
        self._nets: list[tuple[int, SpdEntry]] = []
        for place, one in enumerate(entries):
            if one.direction != OUTBOUND or one.action != "negotiate":
                continue
            if one.tunnel is not None:
                self._tunnels.setdefault((one.tunnel, _selector(one)), one)
                self._first.setdefault(one.tunnel, (place, one))
            elif one.destination.prefix == HOST_PREFIX:
                self._hosts.setdefault(one.destination.address, []).append((place, one))
            else:
                self._nets.append((place, one))

    def tunnel(self, peer: Address, selector: TrafficSelector) -> SpdEntry | None:
        """The tunnel entry to a peer with exactly these identities."""
        return self._tunnels.get((peer, selector))

    def transport(self, local: Address, peer: Address) -> list[tuple[int, SpdEntry]]:
        """The transport entries that both addresses are in, with their places."""
        found = self._hosts.get(peer, []) + self._nets
        return sorted((place, one) for place, one in found
                      if local in one.source and peer in one.destination)

    def first(self, local: Address, peer: Address) -> SpdEntry | None:
        """The first entry of any kind that concerns the peer."""
        found = self.transport(local, peer)[:1]
        if peer in self._first:
            found.append(self._first[peer])
        return min(found)[1] if found else None


def _shape(entry: SpdEntry) -> tuple[object, ...]:
    return (entry.source, entry.destination, entry.protocol, entry.source_port,
            entry.destination_port)


def _phase1(policy: Policy, auth: Sequence[Authentication],
            snapshot: PolicySnapshot) -> Phase1Policy:
    kinds = [method.kind for method in auth]
    psk = next((method.value for method in auth if method.kind == "psk"), None)
    return Phase1Policy(policy.methods, None if psk is None else _octets(psk),
                        policy.mmlifetime * 60, 1 if policy.mmpfs else policy.qmpermm,
                        policy.mmpfs, psk is None and "kerberos" in kinds,
                        _credentials(auth, snapshot), _preference(kinds), snapshot.natt,
                        snapshot.dpd, snapshot.commit, snapshot.natt_forced,
                        snapshot.local_id, snapshot.remote_id)


def _credentials(auth: "Sequence[Authentication]",
                 snapshot: PolicySnapshot) -> Credentials | None:
    """What proves us where a rule names authorities; None where it names none."""
    from engine.ike.trusted import Authority, Stock, make_credentials
    wanted = tuple(Authority(one.value, one.excludecaname) for one in auth
                   if one.kind == "rootca")
    if not wanted:
        return None
    found = [one.material for one in snapshot.certificates]
    own = tuple((one.certificates, bytes(one.key)) for one in found if one.key)
    authorities = tuple(der for one in found if not one.key for der in one.certificates)
    crls = tuple(der for one in found for der in one.crls)
    return make_credentials(wanted, Stock(own, authorities, crls, snapshot.crl_check))


def _preference(kinds: list[str]) -> tuple[str, ...]:
    """The order of a rule's methods; of several authorities the first one counts."""
    known = {"psk": "psk", "rootca": "rsa"}
    return tuple(dict.fromkeys(known[kind] for kind in kinds if kind in known))


def _octets(psk: str) -> bytes:
    # The one place where a stored key is handed to IKE.
    return (psk.reveal() if isinstance(psk, Secret) else psk).encode()


def _selector(entry: SpdEntry) -> TrafficSelector:
    return TrafficSelector(entry.source, entry.destination, entry.protocol, entry.source_port,
                           entry.destination_port)


# --- compilation --------------------------------------------------------------------------------


def _compile(snapshot: PolicySnapshot, own: frozenset[Address]) -> Iterator[SpdEntry]:
    for bound in snapshot.rules:
        # Every adapter of the lab is a LAN adapter.
        if not bound.rule.active or bound.rule.conntype == "dialup":
            continue
        for one in bound.filters.filters:
            yield from _entries(bound, one, snapshot, own)


def _entries(bound: BoundRule, one: Filter, snapshot: PolicySnapshot,
             own: frozenset[Address]) -> Iterator[SpdEntry]:
    seen: set[tuple[object, ...]] = set()
    ways = [(one.source, one.destination, one.source_port, one.destination_port, False)]
    if one.mirrored:
        ways.append((one.destination, one.source, one.destination_port, one.source_port, True))
    for source_side, destination_side, source_port, destination_port, reverse in ways:
        for source in networks_of(source_side, snapshot.interfaces):
            for destination in networks_of(destination_side, snapshot.interfaces):
                for direction in _directions(bound.rule.tunnel, source, destination, own):
                    if bound.direction not in ("", direction):
                        continue
                    shape = (source, destination, source_port, destination_port, direction)
                    if shape not in seen:
                        seen.add(shape)
                        yield _entry(bound, one, snapshot, shape, reverse)


def _entry(bound: BoundRule, one: Filter, snapshot: PolicySnapshot,
           shape: tuple[Network, Network, int, int, str], reverse: bool) -> SpdEntry:
    source, destination, source_port, destination_port, direction = shape
    rule, filters, action = bound[:3]
    policy = bound.policy or snapshot.policy
    assert policy is not None
    identity = (rule.guid, one.guid, *shape, one.protocol, rule.tunnel)
    auth: tuple[AuthMethod, ...] = rule.auth
    return SpdEntry(
        _entry_guid(identity), one.description or filters.name, source, destination,
        one.protocol, source_port, destination_port, direction, action.action, rule.tunnel,
        action.methods, action.qmpfs, action.soft, action.inpass, auth, rule.name, policy.name,
        filters.name, one.guid, reverse)


def _entry_guid(identity: Iterable[object]) -> str:
    """A GUID that is the same as long as the rule, the filter and the selector are."""
    from hashlib import sha1
    digits = sha1(repr(tuple(identity)).encode(), usedforsecurity=False).hexdigest().upper()
    return (f"{{{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-"
            f"{digits[20:32]}}}")


def networks_of(side: Side, interfaces: tuple[Interface, ...]) -> tuple[Network, ...]:
    """The networks that one side of a filter means on a machine with these adapters."""
    if side.kind == "any":
        return (ANY_NETWORK,)
    if side.kind == "me":
        return tuple(Network(one.address, HOST_PREFIX) for one in interfaces)
    if side.kind == "server":
        # The lab's machines have no WINS, DNS or DHCP servers; only the gateway word has a meaning.
        if side.name.upper() != "GATEWAY":
            return ()
        return tuple(Network(one.gateway, HOST_PREFIX) for one in interfaces
                     if one.gateway is not None)
    return (Network(side.address & prefix_mask(side.prefix), side.prefix),)


def _directions(tunnel: Address | None, source: Network, destination: Network,
                own: frozenset[Address]) -> tuple[str, ...]:
    if tunnel is not None:
        return (INBOUND,) if tunnel in own else (OUTBOUND,)
    outbound = not _is_own(destination, own)
    inbound = not _is_own(source, own)
    return ((OUTBOUND,) if outbound else ()) + ((INBOUND,) if inbound else ())


def _is_own(network: Network, own: frozenset[Address]) -> bool:
    return network.prefix == HOST_PREFIX and network.address in own
