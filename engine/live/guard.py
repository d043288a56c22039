"""What the kernel refuses before the agent has to look: floods of ESP and IKE on the outside.

ESP under an SPI that nobody has, and IKE faster than any peer speaks, are dropped by the filter
table at the kernel's own speed. A trickle of both still comes through, so that they are counted
by their names and logged, and so that a pair that is only just being made misses nothing.
"""

from engine.host import Host
from engine.ip import ESP, UDP
from engine.live import nft
from engine.live.nft import DROP, RETURN, Chain, Members, Rule
from engine.spd import OUTBOUND

SPIS, PEERS = "spis", "peers"
BEFORE_FILTERS = -50
UNKNOWN_SPIS = 100
"""Packets a second under unknown SPIs that the agent sees."""
STRANGERS, A_PEER = 100, 50
"""Datagrams of IKE a second from all strangers together, and for each peer of the policy."""
PEERS_LEAST = 400
_FIRST = nft.octets(6, b"\0\0", mask=b"\x1f\xff", base=1)
_NATT = nft.octets(2, (4500).to_bytes(2, "big"))
_NOT_IKE = nft.octets(8, bytes(4), equal=False)


def peers_of(host: Host) -> Members:
    """Who may speak IKE often: the far ends of the policy."""
    found = {one.destination.address if one.tunnel is None else one.tunnel
             for one in host.spd.entries
             if one.direction == OUTBOUND and one.action == "negotiate"
             and (one.tunnel is not None or one.destination.prefix == 32)}
    return Members(PEERS, frozenset(found))


def spis_of(host: Host) -> Members:
    """The inbound SPIs that live now."""
    return Members(SPIS, frozenset(pair.spi for pair in host.sad.pairs()))


def chain(peers: int) -> Chain:
    """The chain, for a policy with so many peers."""
    passing, refusing = nft.verdict(RETURN), nft.verdict(DROP)
    esp, in_udp = [nft.protocol(ESP)], [nft.protocol(UDP), _FIRST, _NATT, _NOT_IKE]
    rules: list[Rule] = []
    for kind, at in ((esp, 0), (in_udp, 8)):
        rules += [nft.rule(*kind, nft.spi(at), nft.member(SPIS), passing),
                  nft.rule(*kind, nft.limit(UNKNOWN_SPIS, UNKNOWN_SPIS), passing),
                  nft.rule(*kind, nft.counter(), refusing, note="bad-spi")]
    often = max(PEERS_LEAST, A_PEER * peers)
    for port in (500, 4500):
        ike = [nft.protocol(UDP), _FIRST, nft.octets(2, port.to_bytes(2, "big"))]
        rules += [nft.rule(*ike, nft.source_address(), nft.member(PEERS),
                           nft.limit(often, often), passing),
                  nft.rule(*ike, nft.limit(STRANGERS, STRANGERS), passing),
                  nft.rule(*ike, nft.counter(), refusing, note="flood")]
    return Chain("guard", tuple(rules), "input", BEFORE_FILTERS)
