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
from struct import pack
from typing import TYPE_CHECKING

from engine.address import format_address
from engine.errors import ParseError
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
SEGMENTS = 64
_SEGMENTED = 65000
"""Octets of one UDP_SEGMENT send, headers not counted."""
_FRAGMENT = 0x3F
_DF = 0x40


class Way:
    """What happens to packets of one flow on the way out."""

    __slots__ = ("sa", "room", "until", "place", "peer", "cells", "ports")

    def __init__(self, sa: SecurityAssociation, room: int, until: float, place: Place,
                 cells: tuple[list[int], ...]) -> None:
        self.sa, self.room, self.until, self.place, self.cells = sa, room, until, place, cells
        self.ports = sa.udp
        self.peer = format_address(sa.destination), sa.udp[1] if sa.udp else 0


class Outward:
    """The flows known on the way out; `watched` sees what became of the others.

    `segmentation` says whether runs leave together, `size` is the longest read of the TUN device.
    """

    def __init__(self, host: "Host", sockets: Sockets, tun: int, carrier: Carrier,
                 clock: Callable[[], float]) -> None:
        self.sockets, self.clock, self.carry = sockets, clock, carrier.carry
        self._node: Node = host.node
        self._tun = tun
        self._ways: dict[bytes, Way] = {}
        self._stamp: tuple[int, int] = (-1, -1)
        self._plain = False
        self.segmentation = True
        self._pieces = Reassembler()
        self.watched: Callable[[IPv4, list[Output]], None] = lambda packet, outputs: None
        self.size = 1500 + VNET
        self._single = True

    def protects(self, destination: int) -> bool:
        """Whether packets to that address are of a known protected flow."""
        end = destination.to_bytes(4, "big")
        at = slice(4, 8) if self._plain else slice(5, 9)
        return any(key[at] == end for key in self._ways)

    def _check(self) -> None:
        """Forgets what was known when something it rests on has changed."""
        node = self._node
        stamp = node.changes, node.sad.generation
        if stamp != self._stamp:
            self._stamp = stamp
            self._ways.clear()
            self._plain = told_apart_by_address(node)

    def read_tun(self) -> None:
        """Takes what the kernel hands over, up to READS packets.

        Where packets came one by one the first leaves before the next is looked for.
        """
        now = self.clock()
        self._check()
        known = self._ways.get if self._node.trace is None else _nothing
        read, tun, size, plain = os.read, self._tun, self.size, self._plain
        batch: list[bytes] = []
        current: Way | None = None
        mark, single, taken = -1, self._single, 0
        for _ in range(READS):
            try:
                data = read(tun, size)
            except BlockingIOError:
                break
            taken += 1
            way = known(data[22:30] if plain else key_with_ports(data[VNET:VNET + 24]))
            if (way is None or data[10] != 0x45 or len(data) > way.room or data[16] & _FRAGMENT
                    or data[17] or now >= way.until):
                if batch and current is not None:
                    self._seal(current, batch, mark, now)
                    batch = []
                self._depart(data[VNET:], now)
                self._check()
                continue
            own = data[11] << 8 | data[16]
            if way is not current or own != mark:
                if batch and current is not None:
                    self._seal(current, batch, mark, now)
                    batch = []
                current, mark = way, own
            batch.append(data[VNET:])
            if single:
                self._seal(current, batch, mark, now)
                batch, single = [], False
        self._single = taken < 2
        if batch and current is not None:
            self._seal(current, batch, mark, now)

    def _seal(self, way: Way, inners: list[bytes], mark: int, now: float) -> None:
        """Protects packets of one flow and sends them. `mark` is their TOS and flags."""
        sa, node = way.sa, self._node
        datas = sa.encap_many(inners, now)
        octets = sum(map(len, inners[:len(datas)]))
        node.count_sent(sa, octets)
        for cell in way.cells:
            cell[0] += len(datas)
        for _ in range(len(inners) - len(datas)):
            node.count("sequence-exhausted")
        df = node.outer_df_of(mark & _DF != 0)
        if way.ports:
            self._send_udp(way, datas, mark >> 8, df)
        else:
            self._send_raw(way, datas, mark >> 8, df)

    def _send_raw(self, way: Way, datas: list[bytes], tos: int, df: bool) -> None:
        send, peer = way.place.shaped_esp(tos, df).sendto, way.peer
        for data in datas:
            try:
                send(data, peer)
            except OSError:
                self._node.count("send-refused")

    def _send_udp(self, way: Way, datas: list[bytes], tos: int, df: bool) -> None:
        """Equal sizes leave together; the kernel or the adapter takes them apart."""
        one = way.place.shaped_natt(tos, df)
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
        if not data or data[0] >> 4 != 4:
            return  # IPv6's own chatter on a new device
        node = self._node
        try:
            packet = parse_ipv4(data)
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
        key = data[12:20] if self._plain else key_with_ports(data)
        if not key or (packet.protocol == TCP and node.rras.sees_connections(hop.interface)):
            return
        room = room_for(terms.method, node.mtu_under(hop.interface, sa, flow.now))
        until = sa.path_mtu.until if sa.path_mtu.until > flow.now else inf
        cell = node.rras.cell(hop.interface, "output", packet)
        if len(self._ways) >= WAYS:
            self._ways.clear()
        self._ways[key] = Way(sa, room + VNET, until, place, () if cell is None else (cell,))


def key_with_ports(packet: bytes) -> bytes:
    """What tells flows apart where ports count: protocol, addresses, ports; b"" without ports."""
    if packet[9:10] not in (b"\x06", b"\x11") or packet[:1] != b"\x45":
        return b""
    return packet[9:10] + packet[12:24]


def told_apart_by_address(node: Node) -> bool:
    """Whether neither policy nor filters look further than a packet's addresses."""
    return not any(one.protocol for one in node.agent.spd.entries) and not any(
        one.protocol for one in node.rras.filters)


def _nothing(_: bytes) -> None:
    """No flow is known while steps are recorded."""

