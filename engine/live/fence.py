"""What the kernel filters for us: RRAS filters of its packets, clear text that wants protection.

RRAS filters stand above IPsec. What goes through a tunnel meets them in the engine, before it is
protected and after it was opened; everything else never comes there, so the same filters are set
on the adapters' devices, where ESP and AH pass unseen and IKE, an ordinary packet, does not. In
front of them stands the inbound policy: a clear packet that a filter wants protected is dropped
as it arrives (RFC 2401 5.2.1), also while no agent runs.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from engine.ip import AH, ESP, ICMP, RSVP, TCP, UDP
from engine.live import nft
from engine.live.nft import DROP, JUMP, RETURN, Chain, Rule
from engine.live.sockets import MARK
from engine.pipeline.rras import ANY_ICMP, ESTABLISHED, RrasTable
from engine.policy.model import RrasFilter
from engine.spd import INBOUND, KERBEROS_PORT, LEVELS, SpdEntry

BEFORE_ROUTING = -200
"""Behind the reassembly of connection tracking, before everything else."""
IKE_PORTS = (500, 4500)
_FIRST = nft.octets(6, b"\0\0", mask=b"\x1f\xff", base=1)


class Posts(NamedTuple):
    """What the fence is made of: devices by adapter, inbound entries, exemptions, RRAS filters.

    `soft` are the entries whose peers do not speak IKE and whose clear text was agreed on.
    `offloaded` says that the kernel opens ESP itself, by its own policies.
    """

    devices: Mapping[str, str]
    entries: tuple[SpdEntry, ...]
    level: int
    rras: RrasTable
    soft: Collection[str] = ()
    offloaded: bool = False


def chains(posts: Posts, tun: str) -> tuple[Chain, ...]:
    """The chains of the table; none when nothing is to be filtered."""
    found: list[Chain] = []
    inbound = [one for one in posts.entries if one.direction == INBOUND]
    if inbound:
        found.append(Chain("policy", _policy(inbound, posts, tun), "prerouting", BEFORE_ROUTING))
    entrances: list[Rule] = []
    exits: list[Rule] = []
    for number, (name, device) in enumerate(posts.devices.items()):
        for direction, jumps in (("input", entrances), ("output", exits)):
            rules = _filters(posts.rras, name, direction)
            if not rules:
                continue
            chain = f"{direction}{number}"
            found.append(Chain(chain, tuple(rules)))
            jumps.append(nft.rule(nft.device(device, incoming=direction == "input"),
                                  nft.verdict(JUMP, chain)))
    if entrances or exits:
        broken = [nft.rule(nft.device(device, incoming=True), nft.fragment(), nft.counter(),
                           nft.verdict(DROP), note="rras-fragment")
                  for name, device in posts.devices.items() if posts.rras.drops_fragments(name)]
        found += [Chain("input", tuple(entrances), "input"),
                  Chain("forward", (*broken, *entrances, *exits), "forward"),
                  Chain("output", tuple(exits), "output")]
    return tuple(found)


# --- the inbound policy ---------------------------------------------------------------------------


def _policy(entries: Iterable[SpdEntry], posts: Posts, tun: str) -> tuple[Rule, ...]:
    passing = nft.verdict(RETURN)
    rules = [nft.rule(nft.device(one, incoming=True), passing) for one in (tun, "lo")]
    rules += [nft.rule(nft.protocol(one), passing) for one in (ESP, AH)]
    if posts.offloaded:
        rules.append(nft.rule(nft.decrypted(), passing))
    rules += _exemptions(posts.level)
    for one in entries:
        rules.append(nft.rule(*_entry(one), nft.counter(), _decision(one, posts),
                              note=note_of(one, posts)))
    return tuple(rules)


def _exemptions(level: int) -> list[Rule]:
    """The default exemptions of Windows' driver; see `engine.spd.exempt`."""
    passing, allowed = nft.verdict(RETURN), LEVELS[level]
    rules = [nft.rule(nft.protocol(UDP), _FIRST, nft.octets(at, port.to_bytes(2, "big")), passing)
             for port in IKE_PORTS for at in (0, 2)]
    if "multicast" in allowed:
        rules.append(nft.rule(nft.destination(0xE0000000, 4), passing))
    if "broadcast" in allowed:
        rules.append(nft.rule(nft.destination(0xFFFFFFFF, 32), passing))
    if "rsvp" in allowed:
        rules.append(nft.rule(nft.protocol(RSVP), passing))
    if "kerberos" in allowed:
        rules += [nft.rule(nft.protocol(number), _FIRST,
                           nft.octets(at, KERBEROS_PORT.to_bytes(2, "big")), passing)
                  for number in (UDP, TCP) for at in (0, 2)]
    return rules


def _entry(one: SpdEntry) -> list[list[nft.Expression]]:
    parts = [nft.source(*one.source), nft.destination(*one.destination)]
    if one.protocol:
        parts.append(nft.protocol(one.protocol))
    if one.protocol in (TCP, UDP):
        parts += _ports(one.source_port, one.destination_port)
    return parts


def _ports(source: int, destination: int) -> list[list[nft.Expression]]:
    parts = [_FIRST] if source or destination else []
    parts += [nft.octets(at, port.to_bytes(2, "big"))
              for at, port in ((0, source), (2, destination)) if port]
    return parts


def _decision(one: SpdEntry, posts: Posts) -> list[nft.Expression]:
    refused = note_of(one, posts) in ("blocked", "cleartext-refused")
    return nft.verdict(DROP if refused else RETURN)


def note_of(one: SpdEntry, posts: Posts) -> str:
    """The counter that a clear packet of an inbound entry is counted under."""
    if one.action == "block":
        return "blocked"
    if one.action == "negotiate":
        return "clear-accepted" if one.inpass or one.id in posts.soft else "cleartext-refused"
    return ""


# --- RRAS -----------------------------------------------------------------------------------------


def _filters(table: RrasTable, interface: str, direction: str) -> list[Rule]:
    listed = [(number, one) for number, one in enumerate(table.filters)
              if (one.interface.casefold(), one.direction) == (interface.casefold(), direction)]
    dropping = table.drops_unmatched(interface, direction)
    if not listed and not dropping:
        return []
    passing, refusing = nft.verdict(RETURN), nft.verdict(DROP)
    rules = _below(direction)
    for number, one in listed:
        rules.append(nft.rule(*_filter(one), nft.counter(), passing if dropping else refusing,
                              note=f"filter {number}"))
    if dropping:
        rules.append(nft.rule(nft.counter(), refusing, note=f"rras-{direction}"))
    return rules


def _below(direction: str) -> list[Rule]:
    """What lies below the filters: ESP and AH, also in UDP; and what the engine has judged."""
    passing = nft.verdict(RETURN)
    rules = [nft.rule(nft.protocol(one), passing) for one in (ESP, AH)]
    # By its port at our end, so that what a NAT made of the peer's does not matter.
    in_udp = nft.rule(nft.protocol(UDP), _FIRST,
                      nft.octets(2 if direction == "input" else 0, (4500).to_bytes(2, "big")),
                      nft.octets(8, bytes(4), equal=False), passing)
    if direction == "output":
        return [nft.rule(nft.marked(MARK), passing), *rules, in_udp]
    return [*rules, in_udp]


def _filter(one: RrasFilter) -> list[list[nft.Expression]]:
    parts = [nft.source(one.source, one.source_prefix),
             nft.destination(one.destination, one.destination_prefix)]
    if not one.protocol:
        return parts
    parts.append(nft.protocol(one.protocol))
    if one.protocol == ICMP:
        wanted = [(at, value) for at, value in ((0, one.source_port), (1, one.destination_port))
                  if value != ANY_ICMP]
        parts += [_FIRST] if wanted else []
        parts += [nft.octets(at, bytes((value,))) for at, value in wanted]
    elif one.protocol in (TCP, UDP):
        parts += _ports(one.source_port, one.destination_port)
    if one.established and one.protocol == TCP:
        parts += [_FIRST, nft.octets(13, b"\0", mask=bytes((ESTABLISHED,)), equal=False)]
    return parts

