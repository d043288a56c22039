"""ID payloads <-> addresses and subnets: RFC 2407 4.6.2."""

from functools import lru_cache
from typing import NamedTuple

from engine.address import (
    Address,
    Network,
    format_address,
    make_network,
    mask_prefix,
    parse_address,
)
from engine.errors import ParseError
from engine.ike.constants import IKE_PORT, UDP, IdType
from engine.ike.interface import TrafficSelector


class Identity(NamedTuple):
    """An identification: type, protocol and port (0 any), and the type's own octets."""

    type: int
    protocol: int
    port: int
    data: bytes

    def build(self) -> bytes:
        """The body of the ID payload."""
        return bytes((self.type, self.protocol)) + self.port.to_bytes(2, "big") + self.data


def parse_identity(body: bytes) -> Identity:
    """Reads an ID body. Raises ParseError "invalid-id" when it is too short to name anything."""
    if len(body) < 5:
        raise ParseError("invalid-id", "ID payload", len(body))
    return Identity(body[0], body[1], int.from_bytes(body[2:4], "big"), body[4:])


def address_identity(address: Address) -> Identity:
    """What we call ourselves in phase 1: our address, UDP port 500."""
    return Identity(IdType.IPV4_ADDR, UDP, IKE_PORT, address.to_bytes(4, "big"))


def named_identity(name: str) -> Identity:
    """A name as it is configured: an address, a mail address or a domain name (4.6.2.1 to 4)."""
    try:
        address = parse_address(name)
    except ValueError:
        kind = IdType.USER_FQDN if "@" in name else IdType.FQDN
        return Identity(kind, UDP, IKE_PORT, name.encode())
    return address_identity(address)


def phase1_address(identity: Identity) -> Address | None:
    """The address of a phase 1 identity; None for another type.

    Raises ParseError "invalid-id" for a wrong size or any port but 0/0 and 17/500 (4.6.2).
    """
    if (identity.protocol, identity.port) not in ((0, 0), (UDP, IKE_PORT), (UDP, 0)):
        raise ParseError("invalid-id", "protocol and port", 1)
    if identity.type != IdType.IPV4_ADDR:
        return None
    if len(identity.data) != 4:
        raise ParseError("invalid-id", "address", 4)
    return int.from_bytes(identity.data, "big")


def network_identity(network: Network, protocol: int, port: int) -> Identity:
    """One side of a selector: ID_IPV4_ADDR for a single address, else subnet with mask."""
    address = network.address.to_bytes(4, "big")
    if network.prefix == 32:
        return Identity(IdType.IPV4_ADDR, protocol, port, address)
    return Identity(IdType.IPV4_ADDR_SUBNET, protocol, port,
                    address + network.mask.to_bytes(4, "big"))


@lru_cache(1024)
def identity_network(identity: Identity) -> Network:
    """The network of a phase 2 identity; each is read once, since peers ask again and again.

    Raises ParseError "invalid-id" for sizes that do not fit, masks with holes, host bits set,
    ranges that are no network, and types that name no address.
    """
    numbers = [int.from_bytes(identity.data[at:at + 4], "big")
               for at in range(0, len(identity.data), 4)]
    size = 4 if identity.type == IdType.IPV4_ADDR else 8
    if len(identity.data) != size:
        raise ParseError("invalid-id", "length", 4)
    try:
        if identity.type == IdType.IPV4_ADDR:
            return Network(numbers[0], 32)
        if identity.type == IdType.IPV4_ADDR_SUBNET:
            return make_network(numbers[0], mask_prefix(numbers[1]))
        if identity.type == IdType.IPV4_ADDR_RANGE:
            return make_network(numbers[0], mask_prefix(~(numbers[0] ^ numbers[1]) & 0xFFFFFFFF))
    except ValueError as error:
        raise ParseError("invalid-id", str(error), 4) from None
    raise ParseError("invalid-id", "type", 0)


def selector_identities(selector: TrafficSelector) -> tuple[Identity, Identity]:
    """Our side's and the peer's identity of a selector."""
    return (network_identity(selector.local, selector.protocol, selector.local_port),
            network_identity(selector.remote, selector.protocol, selector.remote_port))


def identities_selector(local: Identity, remote: Identity) -> TrafficSelector:
    """The selector of a pair of identities. Raises ParseError "invalid-id" when they differ in
    protocol or one is not a network."""
    if local.protocol != remote.protocol:
        raise ParseError("invalid-id", "protocols differ", 1)
    return TrafficSelector(identity_network(local), identity_network(remote), local.protocol,
                           local.port, remote.port)


def describe(selector: TrafficSelector) -> str:
    """A selector for a failure's detail: ``10.0.1.0/24 <-> 10.0.2.0/24 protocol 0``."""
    text = f"{selector.local} <-> {selector.remote}"
    if selector.protocol:
        text += (f" protocol {selector.protocol} port {selector.local_port}"
                 f" <-> {selector.remote_port}")
    return text


def identity_text(identity: Identity) -> str:
    """An address as dotted quad, a name as text, anything else as its type and octets."""
    if identity.type == IdType.IPV4_ADDR and len(identity.data) == 4:
        return format_address(int.from_bytes(identity.data, "big"))
    if identity.type in (IdType.FQDN, IdType.USER_FQDN):
        text = identity.data[:256].decode("latin-1")
        return "".join(one if one.isprintable() else "?" for one in text)
    return f"type {identity.type} {identity.data[:32].hex()}"
