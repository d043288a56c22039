"""A hostile peer: everything it can throw at a gateway's outside while a tunnel works.

    python hostile.py SECONDS GATEWAY PEER RECORDED

Replays recorded packets of the tunnel, malformed and oversized ones, ESP with known and unknown
SPIs, IKE of every kind, keepalives, fragments, from the peer's address and from others, as fast
as it can. Run it on the peer's machine; it counts what it sent.
"""

import os
import random
import socket
import struct
import sys
import time

IPPROTO_ESP, IPPROTO_AH = 50, 51


def header(source: str, destination: str, protocol: int, size: int, *, flags: int = 0,
           number: int = 0) -> bytes:
    """An IPv4 header; the kernel fills in the checksum."""
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + size, number, flags, 64, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(destination))


def udp(source: int, port: int, data: bytes) -> bytes:
    return struct.pack("!HHHH", source, port, 8 + len(data), 0) + data


def isakmp(draw: random.Random) -> bytes:
    """A header of IKE with wrong or strange fields, and rubbish behind it."""
    body = draw.randbytes(draw.choice([0, 1, 3, 20, 200, 1200]))
    length = draw.choice([28 + len(body), 0, 27, 28, 65535, 0xFFFFFFFF])
    return struct.pack("!8s8sBBBBII", draw.randbytes(8), draw.choice([bytes(8), draw.randbytes(8)]),
                       draw.randrange(256), draw.choice([0x10, 0x20, 0xFF]),
                       draw.choice([2, 4, 5, 32, 33, 255]), draw.randrange(256),
                       draw.randrange(1 << 32), length) + body


def recorded(path: str) -> list[bytes]:
    """The IPv4 packets of a raw pcap file."""
    data = open(path, "rb").read()
    found, at = [], 24
    while at + 16 <= len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        found.append(data[at + 16:at + 16 + size])
        at += 16 + size
    return found


def attacks(gateway: str, peer: str, packets: list[bytes], draw: random.Random) -> bytes:
    """One packet of some attack."""
    source = draw.choice([peer, peer, f"203.0.113.{draw.randrange(3, 250)}", "10.1.0.1"])
    kind = draw.randrange(9)
    if kind < 2 and packets:
        return draw.choice(packets)  # replayed as it was
    if kind == 2 and packets:
        changed = bytearray(draw.choice(packets))
        changed[draw.randrange(20, len(changed))] ^= 1 << draw.randrange(8)
        return bytes(changed)
    if kind == 3:
        body = draw.randbytes(draw.choice([0, 3, 8, 24, 60, 1400]))
        return header(source, gateway, IPPROTO_ESP, len(body)) + body
    if kind == 4:
        body = udp(draw.choice([500, 4500, 1234]), draw.choice([500, 4500]), isakmp(draw))
        return header(source, gateway, 17, len(body)) + body
    if kind == 5:
        body = udp(4500, 4500, draw.choice([b"\xff", b"", b"\0", bytes(4), bytes(8),
                                            draw.randbytes(100), bytes(4) + isakmp(draw)]))
        return header(source, gateway, 17, len(body)) + body
    if kind == 6:
        body = draw.randbytes(draw.choice([8, 800, 1400]))
        return header(source, gateway, draw.choice([17, 50, 1]), len(body), number=7,
                      flags=draw.choice([0x2000, 0x2001, 0x00B9, 0x1FFF])) + body
    if kind == 7:
        body = draw.randbytes(draw.choice([0, 12, 24, 100]))
        return header(source, gateway, IPPROTO_AH, len(body)) + body
    body = b"\x08\0\0\0clear text that pretends to come from inside"
    return header("10.2.0.10", "10.1.0.10", 1, len(body)) + body


def main(words: list[str]) -> None:
    seconds, gateway, peer, path = float(words[0]), words[1], words[2], words[3]
    draw = random.Random(252735)
    packets = [one for one in recorded(path) if one[12:16] == socket.inet_aton(peer)]
    out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    out.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
    stock = [attacks(gateway, peer, packets, draw) for _ in range(20000)]
    sent, refused, end = 0, 0, time.monotonic() + seconds
    while time.monotonic() < end:
        for packet in draw.sample(stock, 500):
            try:
                out.sendto(packet, (gateway, 0))
                sent += 1
            except OSError:
                refused += 1
    print(f"sent {sent} refused {refused} recorded {len(packets)}", flush=True)


if __name__ == "__main__":
    os.nice(0)
    main(sys.argv[1:])
