"""The way out of known flows: from the TUN device through their association onto the wire.

The engine decides about the first packet of a flow, in whole; what it decided is kept here as
long as nothing it rests on changes, and the next packets are only sealed, many at a time, and sent
together where the kernel can take them apart (UDP_SEGMENT). Whatever is not plain, and everything
while steps are recorded, takes the engine's way.
"""

import os
import socket
from collections.abc import Callable
from errno import EAGAIN
from math import inf
from struct import Struct, pack
from typing import TYPE_CHECKING, Any

from engine.address import format_address
from engine.errors import ParseError
from engine.esp.constants import NEXT_TUNNEL
from engine.esp.packets import room_for
from engine.esp.sa import SecurityAssociation
from engine.ip import TCP, IPv4, parse_ipv4
from engine.live.carrier import Carrier
from engine.live.sockets import READS, UDP_SEGMENT, Place, Sockets
from engine.live.tun import VNET
from engine.pipeline import outbound
from engine.pipeline.fragment import Reassembler
from engine.pipeline.node import Flow, Node

if TYPE_CHECKING:
    from engine.host import Host, Output

WAYS = 65536
QUEUE = 1024
"""Packets that the TUN device keeps at most (500), and those that come meanwhile."""
SEGMENTS = 64
_SEGMENTED = 65000
"""Octets of one UDP_SEGMENT send, headers not counted."""
_LEAST = VNET + 24
"""Octets of a read that the shape of a packet is known by."""
_ADDRESSES = Struct("!10xH4xH4x8s").unpack_from
_PORTS = Struct("!10xH4xHxB2x12s").unpack_from
"""What tells packets of one flow from others, behind VNET: version, length and TOS; flags and
offset of fragments; (protocol;) addresses (and ports)."""
_DF = 0x4000
_OFFSET = 0x3FFF
ALONE, MANY = 0.0001, 0.001
"""Seconds after one packet and after several: what comes later goes before more is looked for.

They begin when the work is done. A cipher that takes longer than ALONE would otherwise take packets
one by one for ever, however many wait.
"""

Shape = tuple[Any, ...]


class Way:
    """What happens to packets of one shape on the way out. `room` counts VNET too."""

    __slots__ = ("sa", "room", "until", "place", "peer", "cells", "shaped", "tos", "df")

    def __init__(self, sa: SecurityAssociation, room: int, until: float, place: Place,
                 cells: tuple[list[int], ...], tos: int, df: bool) -> None:
        self.sa, self.room, self.until, self.place, self.cells = sa, room, until, place, cells
        self.peer = format_address(sa.destination), sa.udp[1] if sa.udp else 0
        self.shaped = place.shaped_natt if sa.udp else place.shaped_esp
        self.tos, self.df = tos, df

    def joins(self, other: "Way") -> bool:
        """Whether packets of both may leave together."""
        return (self.sa is other.sa and self.tos == other.tos and self.df == other.df
                and self.cells == other.cells)


class Outward:
    """The flows known on the way out; `watched` sees what became of the others.

    `segmentation` says whether runs leave together, `size` is the longest read of the TUN device.
    """

    def __init__(self, host: "Host", sockets: Sockets, tun: int, carrier: Carrier,
                 clock: Callable[[], float]) -> None:
        self.sockets, self.clock, self.carry = sockets, clock, carrier.carry
        self._node: Node = host.node
        self._tun = tun
        self._ways: dict[Shape, Way] = {}
        self._changes = self._generation = -1
        self._shape = _PORTS
        self.segmentation = True
        self._pieces = Reassembler()
        self.watched: Callable[[IPv4, list[Output]], None] = lambda packet, outputs: None
        self.size = 1500 + VNET
        self._busy = 0.0

    def protects(self, destination: int) -> bool:
        """Whether packets to that address are of a known protected flow."""
        end = destination.to_bytes(4, "big")
        return any(shape[-1][4:8] == end for shape in self._ways)

    def _check(self) -> None:
        """Forgets what was known when something it rests on has changed."""
        node = self._node
        if node.changes != self._changes or node.sad.generation != self._generation:
            self._changes, self._generation = node.changes, node.sad.generation
            self._ways.clear()
            self._shape = _ADDRESSES if told_apart_by_address(node) else _PORTS

    def read_tun(self) -> bool:
        """Takes what the kernel hands over, up to READS packets; False when there was nothing.

        One that comes a while after the last one leaves before the next is looked for.
        """
        read, tun, size, now = os.read, self._tun, self.size, self.clock()
        try:
            data = read(tun, size)
        except BlockingIOError:
            return False
        self._check()
        if now > self._busy:
            way = self._way(data, now)
            if way is None:
                self._depart(data, now)
            else:
                self._seal_one(way, data[VNET:], now)
            self._busy = self.clock() + ALONE
            return True
        datas = [data]
        add = datas.append
        try:
            for _ in range(READS - 1):
                add(read(tun, size))
        except BlockingIOError:
            pass
        self._take(datas, now)
        self._busy = self.clock() + (MANY if len(datas) > 1 else ALONE)
        return True

    def drain(self) -> None:
        """Takes all that the kernel has handed over so far, but no more than its queue holds."""
        for _ in range(QUEUE // READS):
            if not self.read_tun():
                return

    def _way(self, data: bytes, now: float) -> Way | None:
        """The way of a packet of a known flow, None when the engine is to decide."""
        if len(data) < _LEAST or self._node.trace is not None:
            return None
        way = self._ways.get(self._shape(data))
        return None if way is None or len(data) > way.room or now >= way.until else way

    def _take(self, datas: list[bytes], now: float) -> None:
        """Packets in order: those that leave alike leave together."""
        shape_of = self._shape
        batch: list[bytes] = []
        current: Way | None = None
        shape, room = (), 0
        for data in datas:
            if not _LEAST <= len(data) <= room or shape_of(data) != shape:
                way = self._way(data, now)
                if batch and current is not None and (way is None or not way.joins(current)):
                    self._seal(current, batch, now)
                    batch = []
                if way is None:
                    room = 0
                    self._depart(data, now)
                    self._check()
                    shape_of = self._shape
                    continue
                current, shape, room = way, shape_of(data), way.room
            batch.append(data[VNET:])
        if batch and current is not None:
            self._seal(current, batch, now)

    def _seal_one(self, way: Way, inner: bytes, now: float) -> None:
        """Protects one packet and sends it; what is counted is counted afterwards."""
        sa, node = way.sa, self._node
        try:
            data = sa.encap(inner, NEXT_TUNNEL, now)
        except ParseError as error:
            node.count(error.drop)
            return
        try:
            way.shaped(way.tos, way.df).sendto(data, way.peer)
        except OSError:
            self._refused_sends(1)
        node.count_sent(sa, len(inner))
        for cell in way.cells:
            cell[0] += 1

    def _seal(self, way: Way, inners: list[bytes], now: float) -> None:
        """Protects packets of one flow and sends them."""
        sa, node = way.sa, self._node
        datas = sa.encap_many(inners, now)
        octets = sum(map(len, inners[:len(datas)]))
        node.count_sent(sa, octets)
        for cell in way.cells:
            cell[0] += len(datas)
        for _ in range(len(inners) - len(datas)):
            node.count("sequence-exhausted")
        if sa.udp:
            self._send_udp(way, datas)
        else:
            self._send_raw(way, datas)

    def _send_raw(self, way: Way, datas: list[bytes]) -> None:
        send, peer = way.shaped(way.tos, way.df).sendto, way.peer
        for data in datas:
            try:
                send(data, peer)
            except OSError:
                self._node.count("send-refused")

    def _send_udp(self, way: Way, datas: list[bytes]) -> None:
        """Equal sizes leave together; the kernel or the adapter takes them apart."""
        one = way.shaped(way.tos, way.df)
        at, count = 0, len(datas)
        while at < count:
            size = len(datas[at])
            most = min(count, at + min(SEGMENTS, _SEGMENTED // size)) if self.segmentation \
                else at + 1
            end = at + 1
            while end < most and len(datas[end]) == size:
                end += 1
            if end < most and len(datas[end]) < size:
                end += 1
            self._send_run(one, datas[at:end], size, way.peer)
            at = end

    def _send_run(self, one: socket.socket, datas: list[bytes], size: int,
                  peer: tuple[str, int]) -> None:
        if len(datas) > 1:
            try:
                one.sendmsg(datas, [(socket.IPPROTO_UDP, UDP_SEGMENT, pack("H", size))], 0, peer)
                return
            except OSError as error:
                if error.errno == EAGAIN:
                    self._refused_sends(len(datas))
                    return
                self.segmentation = False  # this kernel or device cannot; plain sends can
        for data in datas:
            try:
                one.sendto(data, peer)
            except OSError:
                self._refused_sends(1)

    def _refused_sends(self, number: int) -> None:
        counters = self._node.counters
        counters["send-refused"] = counters.get("send-refused", 0) + number

    def _depart(self, data: bytes, now: float) -> None:
        """The engine's way for a packet that the kernel hands over; learns it if it may."""
        if len(data) <= VNET or data[VNET] >> 4 != 4:
            return  # IPv6's own chatter on a new device
        node = self._node
        try:
            packet = parse_ipv4(data[VNET:])
        except ParseError as error:
            node.count(error.drop)
            return
        if packet.is_fragment and packet.source in node.own:
            # RFC 2401 3.3: transport mode protects whole datagrams, and the kernel has cut ours.
            whole = self._join(packet, now)
            if whole is None:
                return
            packet, data = whole, b""  # what was joined teaches nothing about single packets
        arrived = node.own.get(packet.source) or self._inside(packet.source)
        flow = Flow(packet, now, arrived=arrived)
        outputs = outbound.send(node, flow)
        self.watched(packet, outputs)
        self.carry(outputs)
        if flow.sealed is not None and flow.sent and node.trace is None:
            self._learn(packet, data, flow, flow.sealed)

    def _join(self, piece: IPv4, now: float) -> IPv4 | None:
        """The whole datagram of this machine's own once its last piece is here."""
        self._pieces.expire(now)
        try:
            return self._pieces.add(piece, now)
        except ParseError as error:
            self._node.count(error.drop)
            return None

    def _inside(self, source: int) -> str:
        """The adapter that a packet for us to send on came in by: where its answer would go."""
        hop = self._node.routes.resolve(source)
        return hop.interface if hop is not None else ""

    def _learn(self, packet: IPv4, data: bytes, flow: Flow, sa: SecurityAssociation) -> None:
        node, terms, hop = self._node, sa.terms, flow.hop
        place = self.sockets.places.get(flow.local)
        if (flow.fleeting or packet.is_fragment or sa.ah is not None or not terms.tunnel
                or place is None or hop is None or node.diagnostics):
            return
        if len(data) < _LEAST or (packet.protocol == TCP
                                  and node.rras.sees_connections(hop.interface)):
            return
        shape = self._shape(data)
        words, flags = shape[:2]
        if (words >> 8 != 0x45 or flags & _OFFSET
                or self._shape is _PORTS and not key_with_ports(data[VNET:])):
            return
        room = room_for(terms.method, node.mtu_under(hop.interface, sa, flow.now))
        until = sa.path_mtu.until if sa.path_mtu.until > flow.now else inf
        cell = node.rras.cell(hop.interface, "output", packet)
        if len(self._ways) >= WAYS:
            self._ways.clear()
        self._ways[shape] = Way(sa, room + VNET, until, place, () if cell is None else (cell,),
                                words & 0xFF, node.outer_df_of(flags & _DF != 0))


def key_with_ports(packet: bytes) -> bytes:
    """What tells flows apart where ports count: protocol, addresses, ports; b"" without ports."""
    if packet[9:10] not in (b"\x06", b"\x11") or packet[:1] != b"\x45":
        return b""
    return packet[9:10] + packet[12:24]


def told_apart_by_address(node: Node) -> bool:
    """Whether neither policy nor filters look further than a packet's addresses."""
    return not any(one.protocol for one in node.agent.spd.entries) and not any(
        one.protocol for one in node.rras.filters)
