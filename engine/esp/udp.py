"""UDP encapsulation of ESP on port 4500, and what tells IKE from it there (RFC 3948 2)."""

from engine.ip import ESP, UDP, UDP_HEADER, IPv4

NAT_T_PORT = 4500
NON_ESP_MARKER = bytes(4)
KEEPALIVE = b"\xff"


def wrap(outer: IPv4, ports: tuple[int, ...]) -> IPv4:
    """An ESP packet as a datagram between `ports`, ours and the peer's; no checksum (2.1)."""
    local, peer = ports
    length = UDP_HEADER + len(outer.payload)
    head = (local << 48 | peer << 32 | length << 16).to_bytes(UDP_HEADER, "big")
    return outer.with_payload(head + outer.payload, UDP)


def is_esp(packet: IPv4) -> bool:
    """Whether a datagram to port 4500 holds ESP: neither a keepalive nor IKE behind its marker."""
    payload = packet.payload
    return (packet.protocol == UDP and int.from_bytes(payload[2:4], "big") == NAT_T_PORT
            and len(payload) >= UDP_HEADER + len(NON_ESP_MARKER)
            and payload[UDP_HEADER:UDP_HEADER + len(NON_ESP_MARKER)] != NON_ESP_MARKER)


def unwrap(packet: IPv4) -> tuple[IPv4, int]:
    """The ESP packet in such a datagram, and the port that it came from."""
    payload = packet.payload
    length = int.from_bytes(payload[4:6], "big")
    inner = packet.with_payload(payload[UDP_HEADER:max(length, UDP_HEADER)], ESP)
    return inner, int.from_bytes(payload[:2], "big")


def spi_of(packet: IPv4) -> int:
    """The SPI of such a datagram, 0 when it is too short."""
    return int.from_bytes(packet.payload[UDP_HEADER:UDP_HEADER + 4], "big")


def ike_of(payload: bytes) -> bytes | None:
    """The IKE message in a datagram to port 4500; None for a keepalive and anything else."""
    if not payload.startswith(NON_ESP_MARKER):
        return None
    return payload[len(NON_ESP_MARKER):]
