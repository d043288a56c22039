"""Captures of live devices: a packet socket whose ring the kernel fills while we do other work.

The kernel writes frames into memory that both share (TPACKET_V2), so a packet costs no call, and
a burst that comes between two looks is kept. A filter runs in the kernel. Frames that wait for a
network adapter to complete their checksum get it here.
"""

import ctypes
import mmap
import socket
from errno import ENODEV
from struct import Struct, pack

from engine.capture import Capture, Wanted
from engine.errors import Broken
from engine.ip import HEADER, TCP, UDP, checksum
from engine.live.clock import Clock
from engine.live.loop import Loop

_ALL, _IPV4 = 0x0003, 0x0800
_OUTGOING = 4
_SOL_PACKET, _VERSION, _RING, _STATISTICS = 263, 10, 5, 6
_TPACKET_V2 = 1
_TO_USER, _CHECKSUM_NOT_READY = 1, 8
_HEADER = Struct("=IIIHHIIHHI")
_LINK_LAYER = Struct("=HHiHBB8s")
_LINK_AT = 32
_STATUS = Struct("=I")
_FRAMES, _BLOCK = 8192, 1 << 20
_SO_ATTACH_FILTER = 26
_READS = 2048


def program(wanted: Wanted) -> list[tuple[int, int, int, int]]:
    """The filter as classic BPF over packets that begin with their IP header; [] keeps all."""
    tests: list[tuple[int, int, int, int]] = []
    if wanted.protocol:
        tests += [(0x30, 0, 0, 9), (0x15, 0, -1, wanted.protocol)]
    if wanted.address:
        tests += [(0x20, 0, 0, 12), (0x15, 2, 0, wanted.address), (0x20, 0, 0, 16),
                  (0x15, 0, -1, wanted.address)]
    if not tests:
        return []
    keep, drop = (0x06, 0, 0, 0x40000), (0x06, 0, 0, 0)
    end = len(tests) + 1
    return [(code, yes, end - at - 1 if no < 0 else no, value)
            for at, (code, yes, no, value) in enumerate(tests)] + [keep, drop]


class LiveCapture:
    """Listens on a device until closed. Raises Broken: "privilege", "io"."""

    def __init__(self, loop: Loop, device: str, capture: Capture, clock: Clock,
                 mtu: int = 1500) -> None:
        self._loop, self._capture, self._clock = loop, capture, clock
        # Room for the longest frame, and for what stands before it.
        self._size = max(2048, 1 << (mtu + 128 - 1).bit_length())
        self._at = 0
        self._memory: mmap.mmap | None = None
        try:
            self._socket = self._open(device, capture.wanted)
        except PermissionError:
            raise Broken("privilege", "a capture needs CAP_NET_RAW") from None
        except OSError as error:
            what = "there is no such device" if error.errno == ENODEV else error.strerror
            raise Broken("io", f"{device} cannot be captured: {what}") from None
        loop.watch(self._socket.fileno(), self.read)

    def _open(self, device: str, wanted: Wanted) -> socket.socket:
        one = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK
                            | socket.SOCK_CLOEXEC, 0)
        try:
            lines = program(wanted)
            if lines:
                octets = b"".join(pack("HBBI", *line) for line in lines)
                kept = ctypes.create_string_buffer(octets)
                one.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER,
                               pack("HP", len(lines), ctypes.addressof(kept)))
            one.setsockopt(_SOL_PACKET, _VERSION, _TPACKET_V2)
            self._count = _FRAMES * 2048 // self._size
            octets_in_all = self._count * self._size
            block = max(_BLOCK, self._size)
            one.setsockopt(_SOL_PACKET, _RING, pack("IIII", block, octets_in_all // block,
                                                    self._size, self._count))
            self._memory = mmap.mmap(one.fileno(), octets_in_all)
            one.bind((device, _ALL))
        except BaseException:
            one.close()
            raise
        return one

    def read(self) -> None:
        """Takes the frames that are ready."""
        memory, size = self._memory, self._size
        assert memory is not None
        now, wall = self._clock.now(), self._clock.epoch
        for _ in range(_READS):
            place = self._at * size
            (status, _, snapped, start, _, seconds, nanoseconds, _, _,
             _) = _HEADER.unpack_from(memory, place)
            if not status & _TO_USER:
                return
            _, protocol, _, _, kind, _, _ = _LINK_LAYER.unpack_from(memory, place + _LINK_AT)
            if socket.ntohs(protocol) == _IPV4:
                octets = memory[place + start:place + start + snapped]
                if status & _CHECKSUM_NOT_READY:
                    octets = completed(octets)
                at = min(seconds + nanoseconds / 1e9 - wall, now)
                self._capture.add(at, octets, kind == _OUTGOING)
            _STATUS.pack_into(memory, place, 0)
            self._at = (self._at + 1) % self._count

    def close(self) -> None:
        """Takes what is ready, then listens no longer."""
        self.read()
        lost = Struct("II").unpack(self._socket.getsockopt(_SOL_PACKET, _STATISTICS, 8))[1]
        self._capture.dropped += lost
        self._loop.forget(self._socket.fileno())
        if self._memory is not None:
            self._memory.close()
            self._memory = None
        self._socket.close()


def completed(packet: bytes) -> bytes:
    """A packet whose transport checksum was left to the adapter, with that checksum."""
    if len(packet) < HEADER or packet[0] != 0x45 or packet[6] & 0x3F or packet[7]:
        return packet
    at = {TCP: 36, UDP: 26}.get(packet[9], 0)
    if not at or len(packet) < at + 2:
        return packet
    transport = packet[HEADER:at] + b"\0\0" + packet[at + 2:]
    pseudo = packet[12:20] + bytes((0, packet[9])) + len(transport).to_bytes(2, "big")
    value = checksum(pseudo + transport) or 0xFFFF
    return packet[:at] + value.to_bytes(2, "big") + packet[at + 2:]
