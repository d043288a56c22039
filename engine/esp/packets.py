"""Whole packets through an SA: ESP, AH, or AH around ESP, in tunnel and transport mode.

An AH+ESP pair is one protection with one outer header: IP, AH, ESP, then the inner packet or the
payload (RFC 2401 4.3, transport adjacency). It never accepts ESP without its AH.
"""

from engine.address import Address
from engine.errors import ParseError
from engine.esp.constants import NEXT_TUNNEL, PROTOCOL_AH, PROTOCOL_ESP, TRAILER
from engine.esp.constants import ah_overhead as ah_octets
from engine.esp.constants import esp_overhead as esp_octets
from engine.esp.sa import SecurityAssociation
from engine.esp.udp import wrap
from engine.ip import DEFAULT_TTL, IPv4, new_tuple, parse_ipv4, with_checksum_for
from engine.ip import HEADER as IP_HEADER
from engine.suites import QuickModeMethod

_ECN = 3
_NOT_ECT, _ECT1, _CE = 0, 1, 3


def protect(sa: SecurityAssociation, packet: IPv4, source: Address, now: float, *,
            df: bool = False, identification: int = 0) -> IPv4:
    """The packet that carries `packet` under `sa` (RFC 2401 5.1.2.1).

    Tunnel mode: `source` is the address of the outgoing interface; TOS and ECN are copied
    (RFC 6040 normal mode), the TTL is a fresh one, `df` follows the host's policy. Transport
    mode keeps the packet's own header. Raises ParseError "sequence-exhausted",
    "lifetime-exhausted".
    """
    tunnel = sa.terms.tunnel
    octets, protocol = ((packet.build(), NEXT_TUNNEL) if tunnel
                        else (packet.payload, packet.protocol))
    if sa.terms.method.has_esp:
        octets, protocol = sa.encap(octets, protocol, now), PROTOCOL_ESP
    else:
        sa.pass_plain(len(octets), now)
    outer = (new_tuple(IPv4, (source, sa.destination, protocol, octets, DEFAULT_TTL, packet.tos,
                              identification, df, False, 0, packet.trace)) if tunnel
             else packet.with_payload(octets, protocol))
    if sa.ah is not None:
        outer = sa.ah.seal(outer)
        sa.sequence = sa.ah.sequence
    return wrap(outer, sa.udp) if sa.udp else outer


def unprotect(sa: SecurityAssociation, outer: IPv4, now: float) -> IPv4:
    """The packet inside `outer`, which came in under `sa`.

    What came in transport mode through a NAT gets the checksum of the addresses it has here
    (RFC 3948 3.1.2).

    Raises ParseError: what `SecurityAssociation.decap` and `AuthenticationHeader.open` raise,
    "missing-ah" (ESP alone under a pair with AH), those of `parse_ipv4` about the inner packet,
    and "ecn" (RFC 6040 4.2: congestion marked on a packet that cannot tell it on).
    """
    tunnel, packet = sa.terms.tunnel, outer
    if sa.ah is not None:
        if outer.protocol != PROTOCOL_AH:
            raise ParseError("missing-ah", "protocol", 9)
        packet = sa.ah.open(outer)
    if sa.terms.method.has_esp:
        if packet.protocol != PROTOCOL_ESP:
            raise ParseError("bad-next-header", "next header of AH")
        octets, protocol = sa.decap(packet.payload, now)
    else:
        octets, protocol = packet.payload, packet.protocol
        if tunnel and protocol != NEXT_TUNNEL:
            raise ParseError("bad-next-header", "next header of AH")
        sa.pass_plain(len(octets), now)
        assert sa.ah is not None, "an SA without ESP has AH"
        sa.sequence = sa.ah.sequence
    if not tunnel:
        inner = outer.with_payload(octets, protocol)
        return with_checksum_for(inner, *sa.original) if sa.original else inner
    inner = parse_ipv4(octets, outer.trace)
    if not (inner.tos ^ outer.tos) & _ECN:
        return inner
    return _with_ecn(inner, outer.tos & _ECN)


def _with_ecn(inner: IPv4, outer: int) -> IPv4:
    """RFC 6040 figure 4: what the outer header's ECN field does to the inner one's."""
    ecn = inner.tos & _ECN
    if ecn == _NOT_ECT:
        if outer == _CE:
            raise ParseError("ecn", "congestion experienced", 1)
        return inner
    if ecn == _CE or outer not in (_ECT1, _CE):
        return inner
    return inner._replace(tos=inner.tos & ~_ECN | outer)


def room_for(method: QuickModeMethod, mtu: int, *, tunnel: bool = True) -> int:
    """Octets a packet may have so that what protects it fits `mtu` (RFC 2401 6.1)."""
    # Transport mode adds no second IP header, so the packet's own one counts on both sides.
    room = mtu - IP_HEADER - (ah_octets(method.ah_auth) if method.ah_auth else 0)
    if method.has_esp:
        overhead, block = esp_octets(method)
        room = (room - overhead) // block * block - TRAILER
    return room if tunnel else room + IP_HEADER
