"""A NAT as a machine of the lab: many addresses behind one, by ports (RFC 3022).

It translates UDP and ICMP echo, gives every flow another port, and forgets a mapping that nothing
from inside used for a minute: the kind of NAT that IPsec of Windows 2000 cannot pass (KB 252735).
"""

from itertools import count
from typing import NamedTuple

from engine.address import Address
from engine.entropy import Entropy
from engine.errors import ParseError
from engine.host import Host, Output, Transmit
from engine.icmp import ECHO_REPLY, ECHO_REQUEST, build_icmp, parse_icmp
from engine.ip import DEFAULT_TTL, ICMP, UDP, IPv4, parse_udp, ports, udp_packet
from engine.policy.model import Interface
from engine.policy.store import Config

NAT, PROXY = "nat", "proxy"
IDLE_SECONDS = 60.0
FIRST_PORT = 62000
_MOST_MAPPINGS = 3000


class Inside(NamedTuple):
    """One end of a mapping: protocol, address and port (ICMP: identifier) behind the NAT."""

    protocol: int
    address: Address
    port: int


class NatHost(Host):
    """A router that puts its own address on what leaves by its external interface.

    The external interface is the one whose name begins with "External". Its drops are counted
    as "nat-no-ports" (ESP, AH, fragments), "nat-unknown" (nobody inside began this).
    """

    def __init__(self, name: str, *, config: Config, entropy: Entropy, now: float = 0.0,
                 epoch: float = 0.0, boot: float = 0.0) -> None:
        """See `Host`. The first port is a random one, so that a restart changes all of them."""
        self._public: dict[Inside, tuple[int, float]] = {}
        self._inside: dict[tuple[int, int], Inside] = {}
        self._next = count(int.from_bytes(entropy(2), "big"))
        super().__init__(name, config=config, entropy=entropy, now=now, epoch=epoch, boot=boot)

    def forget(self) -> None:
        """Loses all mappings: flows come from other ports afterwards."""
        self._public, self._inside = {}, {}

    def _outside(self) -> Interface | None:
        return next((one for one in self.interfaces.values()
                     if one.name.casefold().startswith("external")), None)

    def receive(self, packet: IPv4, interface: str, now: float) -> list[Output]:
        """Translates what comes in from outside, forwards, translates what leaves to it."""
        outside = self._outside()
        if outside is None:
            return super().receive(packet, interface, now)
        if interface == outside.name and packet.destination == outside.address:
            inner = self._inward(packet, now)
            return [] if inner is None else super().receive(inner, interface, now)
        outputs: list[Output] = []
        for output in super().receive(packet, interface, now):
            if isinstance(output, Transmit) and output.interface == outside.name \
                    and output.packet.source not in self.node.own:
                translated = self._outward(output.packet, outside.address, now)
                if translated is None:
                    continue
                output = output._replace(packet=translated)
            outputs.append(output)
        return outputs

    def _outward(self, packet: IPv4, public: Address, now: float) -> IPv4 | None:
        try:
            port = _source_port(packet)
        except ParseError as error:
            self.node.count(error.drop)
            return None
        inside = Inside(packet.protocol, packet.source, port)
        number, until = self._public.get(inside, (0, 0.0))
        if until <= now:
            number = self._map(inside)
        self._public[inside] = number, now + IDLE_SECONDS
        return _rewritten(packet, public, packet.destination, number, None)

    def _map(self, inside: Inside) -> int:
        """A fresh public port; the tables are bounded by beginning anew."""
        if len(self._public) >= _MOST_MAPPINGS:
            self.forget()
        old = self._public.pop(inside, None)
        if old is not None:
            self._inside.pop((inside.protocol, old[0]), None)
        number = FIRST_PORT + next(self._next) % _MOST_MAPPINGS
        stale = self._inside.pop((inside.protocol, number), None)
        if stale is not None:
            self._public.pop(stale, None)
        self._inside[inside.protocol, number] = inside
        return number

    def _inward(self, packet: IPv4, now: float) -> IPv4 | None:
        try:
            port = _destination_port(packet)
        except ParseError as error:
            self.node.count(error.drop)
            return None
        inside = self._inside.get((packet.protocol, port))
        if inside is None or self._public[inside][1] <= now:
            self.node.count("nat-unknown")
            return None
        return _rewritten(packet, packet.source, inside.address, None, inside.port)


class ProxyHost(NatHost):
    """A proxy in the manner of ISA Server: nothing passes, it asks again in its own name.

    What it relays goes on in packets of its own making: fresh TTL and identification, no DF, no
    TOS. Which services it relays is said by the RRAS input filters of its inner interface; to
    IPsec without NAT traversal it is one more machine that is not the peer (KB 252735, 314764).
    """

    def _outward(self, packet: IPv4, public: Address, now: float) -> IPv4 | None:
        relayed = super()._outward(packet, public, now)
        return relayed and self._own(relayed)

    def _inward(self, packet: IPv4, now: float) -> IPv4 | None:
        relayed = super()._inward(packet, now)
        return relayed and self._own(relayed)

    def _own(self, packet: IPv4) -> IPv4:
        return packet._replace(ttl=DEFAULT_TTL, tos=0, df=False,
                               identification=self.node.next_identification())


def _translatable(packet: IPv4) -> bool:
    return packet.protocol in (UDP, ICMP) and not packet.is_fragment


def _source_port(packet: IPv4) -> int:
    if not _translatable(packet):
        raise ParseError("nat-no-ports", "protocol", 9)
    return _echo_identifier(packet, ECHO_REQUEST) if packet.protocol == ICMP else ports(packet)[0]


def _destination_port(packet: IPv4) -> int:
    if not _translatable(packet):
        raise ParseError("nat-no-ports", "protocol", 9)
    return _echo_identifier(packet, ECHO_REPLY) if packet.protocol == ICMP else ports(packet)[1]


def _echo_identifier(packet: IPv4, kind: int) -> int:
    message = parse_icmp(packet.payload)
    if message.type != kind:
        raise ParseError("nat-unknown", "ICMP type", 0)
    return message.identifier


def _rewritten(packet: IPv4, source: Address, destination: Address, source_port: int | None,
               destination_port: int | None) -> IPv4:
    """The packet with other addresses and ports, its checksum made anew where it has one."""
    if packet.protocol == ICMP:
        message = parse_icmp(packet.payload)
        identifier = source_port if source_port is not None else destination_port
        assert identifier is not None
        payload = build_icmp(message.type, message.code,
                             identifier << 16 | message.sequence, message.body)
        return packet.with_addresses(source, destination).with_payload(payload)
    udp = parse_udp(packet)
    built = udp_packet(source, destination, udp.source_port if source_port is None else source_port,
                       udp.destination_port if destination_port is None else destination_port,
                       udp.payload).payload
    if packet.payload[6:8] == bytes(2):
        built = built[:6] + bytes(2) + built[8:]
    return packet.with_addresses(source, destination).with_payload(built)
