"""NAT traversal in main mode: finding the NAT, floating to port 4500 (RFC 3947 3.2, 4)."""

from engine.address import Address
from engine.errors import ParseError
from engine.ike.auth import same
from engine.ike.constants import IKE_PORT, NAT_T_PORT, Encapsulation, IdType
from engine.ike.keymat import digest
from engine.ike.phase1 import Phase1
from engine.ike.wire import Payload

_OA_HEAD = bytes((IdType.IPV4_ADDR, 0, 0, 0))
PLAIN_MODES = (int(Encapsulation.TUNNEL), int(Encapsulation.TRANSPORT))
_MOST_SOURCES = 10


def _hash(sa: Phase1, address: Address, port: int) -> bytes:
    assert sa.method
    return digest(sa.method.hash,
                  sa.cookies + address.to_bytes(4, "big") + port.to_bytes(2, "big"))


def discovery(sa: Phase1) -> list[Payload]:
    """The NAT-D payloads of messages 3 and 4: the remote end first, then our own.

    Where a policy wants ESP in UDP come what may, our own says a port that we do not have.
    """
    if sa.natt is None:
        return []
    port = 0 if sa.policy.natt_forced else sa.local_port
    return [Payload(sa.natt.nat_d, _hash(sa, sa.peer, sa.peer_port)),
            Payload(sa.natt.nat_d, _hash(sa, sa.local, port))]


def discover(sa: Phase1, payloads: tuple[Payload, ...]) -> None:
    """Reads the peer's NAT-D payloads: `behind` is us, `peer_behind` the peer.

    Raises ParseError "missing-payload" when NAT traversal was agreed on and they are not there,
    "unexpected-payload" for more than any host has addresses.
    """
    if sa.natt is None:
        return
    found = [one.body for one in payloads if one.type == sa.natt.nat_d]
    if len(found) < 2:
        raise ParseError("missing-payload", "NAT-D payloads")
    if len(found) > _MOST_SOURCES:
        raise ParseError("unexpected-payload", "NAT-D payloads")
    sa.behind = sa.policy.natt_forced or not same(_hash(sa, sa.local, sa.local_port), found[0])
    theirs = _hash(sa, sa.peer, sa.peer_port)
    sa.peer_behind = not any(same(theirs, one) for one in found[1:])


def float_ports(sa: Phase1) -> None:
    """The initiator moves to port 4500 before message 5 when there is a NAT."""
    if sa.natted and sa.peer_port == IKE_PORT:
        sa.local_port = sa.peer_port = NAT_T_PORT


def check_port(sa: Phase1, local_port: int, label: str) -> None:
    """Through a NAT everything from message 5 on belongs to port 4500, before it to 500.

    Raises ParseError "wrong-port".
    """
    floated = sa.natted and label not in ("MM1", "MM2", "MM3", "MM4")
    if (local_port == NAT_T_PORT) != floated and not (sa.natted and label == "INFO"):
        raise ParseError("wrong-port", f"{label} on port {local_port}")


def original_addresses(sa: Phase1, initiator: bool) -> list[Payload]:
    """NAT-OA of transport mode: the ends of a quick mode as we know them (RFC 3947 5.2).

    Its initiator comes first: we, or the peer.
    """
    assert sa.natt
    ends = (sa.local, sa.peer) if initiator else (sa.peer, sa.local)
    return [Payload(sa.natt.nat_oa, _OA_HEAD + one.to_bytes(4, "big")) for one in ends]


def read_originals(sa: Phase1, payloads: tuple[Payload, ...],
                   initiator: bool) -> tuple[Address, Address] | None:
    """Source and destination of the peer's packets as the peer knows them; `initiator` are we.

    None when they are those that we see, zeros when the peer said nothing. Raises ParseError
    "invalid-nat-oa".
    """
    assert sa.natt
    found = [one.body for one in payloads if one.type == sa.natt.nat_oa]
    if not found:
        return 0, 0
    if len(found) != 2 or any(one[:1] != _OA_HEAD[:1] or len(one) != 8 for one in found):
        raise ParseError("invalid-nat-oa", "NAT-OA payloads")
    first, second = (int.from_bytes(one[4:], "big") for one in found)
    known = (second, first) if initiator else (first, second)
    return None if known == (sa.peer, sa.local) else known


def encapsulation(sa: Phase1) -> tuple[int, int]:
    """The encapsulation modes of quick mode, for tunnel and transport (RFC 3947 5.1)."""
    return sa.natt.modes if sa.natt and sa.natted else PLAIN_MODES


