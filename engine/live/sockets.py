"""The sockets of an agent: IKE on UDP 500 and 4500, ESP and AH, whole packets, ICMP about them.

One set belongs to each own address, so that what arrives names its destination and what leaves
has the right source. Everything sent carries a mark, by which the kernel's rules let it pass.
"""

import socket
import struct
from collections.abc import Callable
from errno import EACCES, EADDRINUSE, EADDRNOTAVAIL, EAGAIN, EPERM
from functools import partial
from typing import NamedTuple

from engine.address import Address, format_address
from engine.errors import Broken
from engine.esp.udp import NAT_T_PORT
from engine.ip import AH, ESP, IPv4
from engine.keying import IKE_PORT
from engine.live.loop import Loop

MARK = 0x6B52
BUFFER = 4 << 20
DATAGRAM = 65535
READS = 64
"""Packets taken from one socket before others have their turn."""
IKE_READS = 8
"""Datagrams of IKE, each of which may cost a thousand times as much."""

_SO_RCVBUFFORCE, _SO_SNDBUFFORCE = 33, 32
_IP_MTU_DISCOVER, PMTU_PROBE, PMTU_INTERFACE = 10, 3, 4
_IP_RECVTOS = 13
_ICMP_FILTER = 1
_SOL_RAW = 255
_UNREACHABLE_ONLY = ~(1 << 3) & 0xFFFFFFFF
UDP_SEGMENT, UDP_GRO = 103, 104
_UDP_ENCAP, _ESP_IN_UDP = 100, 2


class Datagram(NamedTuple):
    """What a UDP socket received: ends in host order, the octet of service, the payload."""

    local: Address
    local_port: int
    peer: Address
    peer_port: int
    tos: int
    payload: bytes


def _new(kind: int, protocol: int) -> socket.socket:
    one = socket.socket(socket.AF_INET, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC,
                        protocol)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, MARK)
    for option, plain in ((_SO_RCVBUFFORCE, socket.SO_RCVBUF),
                          (_SO_SNDBUFFORCE, socket.SO_SNDBUF)):
        try:
            one.setsockopt(socket.SOL_SOCKET, option, BUFFER)
        except PermissionError:
            one.setsockopt(socket.SOL_SOCKET, plain, BUFFER)
    return one


def _try(one: socket.socket, option: int) -> bool:
    """Whether the kernel knows an option of UDP sockets."""
    try:
        one.setsockopt(socket.IPPROTO_UDP, option, 1)
    except OSError:
        return False
    return True


def _broken(error: OSError, what: str) -> Broken:
    if error.errno == EADDRINUSE:
        return Broken("in-use", f"{what} is in use: another IKE daemon or agent runs here")
    if error.errno in (EACCES, EPERM):
        return Broken("privilege", f"{what} may not be opened: {error.strerror}")
    return Broken("io", f"{what} cannot be opened: {error.strerror}")


class Place:
    """The sockets of one own address. Raises Broken: "in-use", "privilege", "io"."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.text = format_address(address)
        self._open: list[socket.socket] = []
        self._shapes: dict[socket.socket, tuple[int, bool]] = {}
        try:
            self.ike = self._udp(IKE_PORT)
            self.natt = self._udp(NAT_T_PORT)
            self.coalesced = _try(self.natt, UDP_GRO)
            self.esp = self._raw(ESP, "ESP")
            self.ah = self._raw(AH, "AH")
        except BaseException:
            self.close()
            raise

    def kernel_opens_udp(self, on: bool) -> None:
        """RFC 3948 in the kernel, for associations that it has (udp(7), UDP_ENCAP)."""
        self.natt.setsockopt(socket.IPPROTO_UDP, _UDP_ENCAP, _ESP_IN_UDP if on else 0)

    def _udp(self, port: int) -> socket.socket:
        what = f"UDP port {port} of {self.text}"
        try:
            one = self._keep(_new(socket.SOCK_DGRAM, 0))
            one.setsockopt(socket.IPPROTO_IP, _IP_RECVTOS, 1)
            # Long messages of IKE (certificates) are fragmented, whatever a router said.
            one.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, PMTU_INTERFACE)
            one.bind((self.text, port))
        except OSError as error:
            raise _broken(error, what) from None
        return one

    def _raw(self, protocol: int, name: str) -> socket.socket:
        try:
            one = self._keep(_new(socket.SOCK_RAW, protocol))
            one.bind((self.text, 0))
        except OSError as error:
            raise _broken(error, f"the {name} socket of {self.text}") from None
        return one

    def shaped_esp(self, tos: int, df: bool) -> socket.socket:
        """The ESP socket, so that what it sends now has that octet of service and flag."""
        return self._shaped(self.esp, tos, df)

    def shaped_natt(self, tos: int, df: bool) -> socket.socket:
        """The socket of port 4500, likewise."""
        return self._shaped(self.natt, tos, df)

    def _shaped(self, one: socket.socket, tos: int, df: bool) -> socket.socket:
        before = self._shapes.get(one)
        if before != (tos, df):
            self._shapes[one] = tos, df
            if before is None or before[0] != tos:
                one.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)
            if before is None or before[1] != df:
                # The engine knows the way's width; what the kernel believes of it is not asked.
                one.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER,
                               PMTU_PROBE if df else PMTU_INTERFACE)
        return one

    def _keep(self, one: socket.socket) -> socket.socket:
        self._open.append(one)
        return one

    def close(self) -> None:
        """Closes them all."""
        for one in self._open:
            one.close()
        self._open.clear()


class Handlers(NamedTuple):
    """Who takes what arrives: datagrams of IKE, whole AH packets, ICMP errors; `natt` and `esp`
    read the sockets of ESP themselves.
    """

    datagram: Callable[[Datagram], None]
    packet: Callable[[bytes], None]
    icmp: Callable[[bytes], None]
    natt: Callable[[Place], None]
    esp: Callable[[Place], None]


class Sockets:
    """The places of all own addresses and the sockets that have none. `failed` says which not."""

    def __init__(self, loop: Loop, handlers: Handlers) -> None:
        self._loop, self._handlers = loop, handlers
        self.places: dict[Address, Place] = {}
        self.failed: dict[Address, Broken] = {}
        self.send_errors = 0
        self._kernel_opens = False
        try:
            self._out = _new(socket.SOCK_RAW, socket.IPPROTO_RAW)
            self._icmp = _new(socket.SOCK_RAW, socket.IPPROTO_ICMP)
        except OSError as error:
            raise _broken(error, "a raw socket") from None
        self._icmp.setsockopt(_SOL_RAW, _ICMP_FILTER, struct.pack("I", _UNREACHABLE_ONLY))
        loop.watch(self._icmp.fileno(), self._read_icmp)

    def take(self, addresses: list[Address]) -> None:
        """From now on these are the own addresses: opens what is new, closes what is gone."""
        for gone in [one for one in self.places if one not in addresses]:
            self._drop(self.places.pop(gone))
        self.failed.clear()
        for address in addresses:
            if address in self.places:
                continue
            try:
                place = Place(address)
            except Broken as failure:
                self.failed[address] = failure
                continue
            self.places[address] = place
            if self._kernel_opens:
                place.kernel_opens_udp(True)
            self._watch(place)

    def _watch(self, place: Place) -> None:
        watch = self._loop.watch
        watch(place.ike.fileno(), lambda: self._read_udp(place, place.ike, IKE_PORT))
        watch(place.natt.fileno(), partial(self._handlers.natt, place))
        watch(place.esp.fileno(), partial(self._handlers.esp, place))
        watch(place.ah.fileno(), lambda: self._read_raw(place.ah))

    def _drop(self, place: Place) -> None:
        for one in (place.ike, place.natt, place.esp, place.ah):
            self._loop.forget(one.fileno())
        place.close()

    def kernel_opens_udp(self, on: bool) -> None:
        """Whether the kernel takes ESP in UDP out of port 4500 before we see it."""
        self._kernel_opens = on
        for place in self.places.values():
            place.kernel_opens_udp(on)

    def close(self) -> None:
        """Closes everything."""
        self.take([])
        self._loop.forget(self._icmp.fileno())
        self._icmp.close()
        self._out.close()

    # --- in ------------------------------------------------------------------------------------

    def _read_udp(self, place: Place, one: socket.socket, port: int) -> None:
        for _ in range(IKE_READS):
            try:
                payload, extra, _, (peer, peer_port) = one.recvmsg(DATAGRAM, 64)
            except OSError as error:
                # An ICMP error of the past is reported once and means nothing for the next read.
                if error.errno == EAGAIN:
                    return
                continue
            tos = next((data[0] for level, kind, data in extra
                        if level == socket.IPPROTO_IP and kind == socket.IP_TOS), 0)
            self._handlers.datagram(Datagram(
                place.address, port, int.from_bytes(socket.inet_aton(peer), "big"), peer_port,
                tos, payload))

    def _read_raw(self, one: socket.socket) -> None:
        self._read_packets(one, self._handlers.packet)

    def _read_icmp(self) -> None:
        self._read_packets(self._icmp, self._handlers.icmp)

    @staticmethod
    def _read_packets(one: socket.socket, handler: Callable[[bytes], None]) -> None:
        for _ in range(READS):
            try:
                data = one.recv(DATAGRAM)
            except OSError as error:
                if error.errno == EAGAIN:
                    return
                continue
            handler(data)

    # --- out -----------------------------------------------------------------------------------

    def send(self, packet: IPv4) -> bool:
        """Puts a whole packet on the wire, its header as it is; whether the kernel took it."""
        try:
            self._out.sendto(packet.build(), (format_address(packet.destination), 0))
        except OSError as error:
            if error.errno == EADDRNOTAVAIL:
                return False
            self.send_errors += 1
            return False
        return True
