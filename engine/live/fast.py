"""Known flows between the TUN device and the wire, in batches of one wake-up.

The engine decides about the first packet of a flow, in whole; what it decided is kept here as
long as nothing it rests on changes, and the next packets are only sealed or opened, sent many at
a time (UDP_SEGMENT, runs of segments into the TUN device). Whatever is not plain, and everything
while steps are recorded, takes the engine's way. A failed check counts under the same names.
"""

import os
import socket
from collections import Counter
from collections.abc import Callable
from errno import EAGAIN
from math import inf
from struct import pack
from typing import TYPE_CHECKING

from engine.address import format_address
from engine.errors import ParseError
from engine.esp.packets import room_for
from engine.esp.sa import Refusal, SecurityAssociation
from engine.esp.udp import NAT_T_PORT
from engine.ip import ESP, HEADER, IPv4, parse_ipv4
from engine.live.carrier import Carrier
from engine.live.merge import merge
from engine.live.sockets import (
    READS,
    UDP_GRO,
    UDP_SEGMENT,
    Datagram,
    Place,
    Sockets,
)
from engine.live.tun import VNET
from engine.pipeline import inbound, outbound
from engine.pipeline.node import Flow, Node

if TYPE_CHECKING:
    from engine.host import Host, Output

WAYS = 65536
DATAGRAM = 65535
SEGMENTS = 64
_SEGMENTED = 65000
"""Octets of one UDP_SEGMENT send, headers not counted."""
_ECN = 3
_FRAGMENT = 0x3F
_DF = 0x40
_NO_CELLS: tuple[list[int], ...] = ()


class Way:
    """What happens to packets of one flow on the way out."""

    __slots__ = ("sa", "room", "until", "place", "peer", "cells", "ports")

    def __init__(self, sa: SecurityAssociation, room: int, until: float, place: Place,
                 cells: tuple[list[int], ...]) -> None:
        self.sa, self.room, self.until, self.place, self.cells = sa, room, until, place, cells
        self.ports = sa.udp
        self.peer = format_address(sa.destination), sa.udp[1] if sa.udp else 0


class FastPath:
    """The flows known in both directions; `watched` sees what became of the others."""

    def __init__(self, host: "Host", sockets: Sockets, tun: int, carrier: Carrier,
                 clock: Callable[[], float]) -> None:
        self.host, self.sockets, self.clock = host, sockets, clock
        self.carry = carrier.carry
        self.slow_datagram, self.slow_packet = carrier.datagram, carrier.packet
        self._node: Node = host.node
        self._tun = tun
        self._ways: dict[bytes, Way] = {}
        self._passes: dict[int, dict[bytes, tuple[list[int], ...]]] = {}
        self._stamp: tuple[int, int] = (-1, -1)
        self._plain = False
        self.segmentation = True
        # Inbound SPIs that the kernel opens itself: a raw socket sees a copy all the same.
        self.elsewhere: frozenset[int] = frozenset()
        self.watched: Callable[[IPv4, list[Output]], None] = lambda packet, outputs: None
        self.size = 1500 + VNET

    def protects(self, destination: int) -> bool:
        """Whether packets to that address are of a known protected flow."""
        end = destination.to_bytes(4, "big")
        return any(key[4:] == end for key in self._ways)

    def _check(self, now: float) -> None:
        """Forgets what was known when something it rests on has changed."""
        node = self._node
        stamp = node.changes, node.sad.generation
        if stamp != self._stamp:
            self._stamp = stamp
            self._ways.clear()
            self._passes.clear()
            # Flows are told apart by addresses alone where nothing looks further.
            self._plain = not any(one.protocol for one in node.agent.spd.entries) and not any(
                one.protocol for one in node.rras.filters)

    # --- out -----------------------------------------------------------------------------------

    def read_tun(self) -> None:
        """Takes what the kernel hands over, up to READS packets."""
        now = self.clock()
        self._check(now)
        known = self._ways.get if self._node.trace is None else _nothing
        read, tun, size = os.read, self._tun, self.size
        batch: list[bytes] = []
        current: Way | None = None
        mark = -1
        for _ in range(READS):
            try:
                data = read(tun, size)
            except BlockingIOError:
                break
            way = known(data[22:30])
            if (way is None or data[10] != 0x45 or len(data) > way.room or data[16] & _FRAGMENT
                    or data[17] or now >= way.until):
                if batch and current is not None:
                    self._seal(current, batch, mark, now)
                    batch = []
                self._depart(data[VNET:], now)
                self._check(now)
                continue
            own = data[11] << 8 | data[16]
            if way is not current or own != mark:
                if batch and current is not None:
                    self._seal(current, batch, mark, now)
                    batch = []
                current, mark = way, own
            batch.append(data[VNET:])
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
        arrived = node.own.get(packet.source) or self._inside(packet.source)
        flow = Flow(packet, now, arrived=arrived)
        outputs = outbound.send(node, flow)
        self.watched(packet, outputs)
        self.carry(outputs)
        if flow.sealed is not None and flow.sent and self._plain and node.trace is None:
            self._learn(packet, flow, flow.sealed, now)

    def _inside(self, source: int) -> str:
        """The adapter that a packet for us to send on came in by: where its answer would go."""
        hop = self._node.routes.resolve(source)
        return hop.interface if hop is not None else ""

    def _learn(self, packet: IPv4, flow: Flow, sa: SecurityAssociation, now: float) -> None:
        node, terms, hop = self._node, sa.terms, flow.hop
        place = self.sockets.places.get(flow.local)
        if (flow.fleeting or packet.is_fragment or sa.ah is not None or not terms.tunnel
                or place is None or hop is None or node.diagnostics):
            return
        room = room_for(terms.method, node.mtu_under(hop.interface, sa, now))
        until = sa.path_mtu.until if sa.path_mtu.until > now else inf
        cell = node.rras.cell(hop.interface, "output", packet)
        if len(self._ways) >= WAYS:
            self._ways.clear()
        key = packet.source.to_bytes(4, "big") + packet.destination.to_bytes(4, "big")
        self._ways[key] = Way(sa, room + VNET, until, place, () if cell is None else (cell,))

    # --- in ------------------------------------------------------------------------------------

    def read_natt(self, place: Place) -> None:
        """Takes datagrams of port 4500: runs of ESP at once, IKE and keepalives one by one."""
        receive = place.natt.recvmsg
        now = self.clock()
        self._check(now)
        for _ in range(READS // 4):
            try:
                data, extra, _, (peer, port) = receive(DATAGRAM, 128)
            except OSError as error:
                # An ICMP error of the past is reported once and means nothing for the next read.
                if error.errno == EAGAIN:
                    return
                continue
            tos, size = 0, len(data)
            for level, kind, value in extra:
                if level == socket.IPPROTO_UDP and kind == UDP_GRO:
                    size = int.from_bytes(value, "little")
                elif kind == socket.IP_TOS:
                    tos = value[0]
            datas = [data] if size >= len(data) else [
                data[at:at + size] for at in range(0, len(data), size)]
            self._datagrams(place, datas, peer, port, tos, now)

    def _datagrams(self, place: Place, datas: list[bytes], peer: str, port: int, tos: int,
                   now: float) -> None:
        """Datagrams that came together; the known part of them is opened in one go."""
        node, address = self._node, int.from_bytes(socket.inet_aton(peer), "big")
        ports = NAT_T_PORT, port
        ready: list[bytes] = []
        known: SecurityAssociation | None = None
        spi = b""
        for data in datas:
            if data[:4] == spi:
                ready.append(data)
                continue
            sa = node.sad.by_spi(int.from_bytes(data[:4], "big"))
            if (sa is None or node.trace is not None or sa.udp != ports or sa.source != address
                    or sa.ah is not None or not sa.terms.tunnel or tos & _ECN):
                self.slow_datagram(Datagram(place.address, NAT_T_PORT, address, port, tos, data))
                continue
            if sa is not known and known is not None:
                self._open(known, ready, place, tos, now)
                ready = []
            known, spi = sa, data[:4]
            ready.append(data)
        if known is not None:
            self._open(known, ready, place, tos, now)

    def read_esp(self, place: Place) -> None:
        """Takes ESP packets, up to READS of them."""
        receive, node = place.esp.recv, self._node
        now = self.clock()
        self._check(now)
        ready: list[bytes] = []
        known: SecurityAssociation | None = None
        for _ in range(READS):
            try:
                packet = receive(DATAGRAM)
            except OSError as error:
                if error.errno == EAGAIN:
                    break
                continue
            spi = int.from_bytes(packet[20:24], "big")
            if spi in self.elsewhere:
                continue
            sa = node.sad.by_spi(spi)
            if (sa is None or packet[0] != 0x45 or node.trace is not None or sa.udp
                    or sa.source != int.from_bytes(packet[12:16], "big") or sa.ah is not None
                    or not sa.terms.tunnel or packet[1] & _ECN):
                self.slow_packet(packet)
                continue
            if sa is not known and known is not None:
                self._open(known, ready, place, 0, now)
                ready = []
            known = sa
            ready.append(packet[HEADER:])
        if known is not None:
            self._open(known, ready, place, 0, now)

    def _open(self, sa: SecurityAssociation, datas: list[bytes], place: Place, tos: int,
              now: float) -> None:
        """ESP of one association: opened, checked against the policy, handed to the kernel."""
        node = self._node
        interface = node.own.get(place.address, "")
        inners, refusals = sa.decap_many(datas, now)
        if refusals:
            self._refuse(sa, refusals, interface, tos, now)
        self._check(now)
        node.count_received(sa, sum(map(len, inners)))
        passes = self._passes.setdefault(sa.spi, {})
        ready: list[bytes] = []
        pair, cells = b"", _NO_CELLS
        for inner in inners:
            if (inner[12:20] != pair or inner[0] != 0x45 or inner[6] & _FRAGMENT or inner[7]
                    or inner[2] << 8 | inner[3] != len(inner)):
                found = passes.get(inner[12:20])
                if found is None or not _is_plain(inner):
                    if ready:
                        self._pass(ready, cells)
                        ready = []
                    self._enter(inner, sa, interface, now, passes)
                    continue
                if found != cells and ready:
                    self._pass(ready, cells)
                    ready = []
                pair, cells = inner[12:20], found
            ready.append(inner)
        if ready:
            self._pass(ready, cells)

    def _refuse(self, sa: SecurityAssociation, refusals: list[Refusal], interface: str, tos: int,
                now: float) -> None:
        """Counts what was refused; of each reason the first packet is told of, as an example."""
        for reason, number in Counter(one.reason for one in refusals).items():
            example = next(one.data for one in refusals if one.reason == reason)
            outer = IPv4(sa.source, sa.destination, ESP, example, tos=tos)
            inbound.refused(self._node, outer, sa, reason, interface, now, number)

    def _pass(self, inners: list[bytes], cells: tuple[list[int], ...]) -> None:
        for cell in cells:
            cell[0] += len(inners)
        self.hand_over(inners)

    def _enter(self, inner: bytes, sa: SecurityAssociation, interface: str, now: float,
               passes: dict[bytes, tuple[list[int], ...]]) -> None:
        """The engine's way for a packet that was opened; learns it if it may."""
        node = self._node
        try:
            packet = parse_ipv4(inner)
        except ParseError as error:
            outer = IPv4(sa.source, sa.destination, ESP, b"")
            inbound.refused(node, outer, sa, error.drop, interface, now)
            return
        outputs = inbound.opened(node, packet, sa, interface, now)
        self.carry(outputs)
        if outputs and self._plain and not packet.is_fragment and not node.diagnostics:
            cell = node.rras.cell(interface, "input", packet)
            if len(passes) >= WAYS:
                passes.clear()
            passes[inner[12:20]] = () if cell is None else (cell,)

    def hand_over(self, inners: list[bytes]) -> None:
        """Gives decrypted packets to the kernel, runs of segments as one."""
        write, tun = os.writev, self._tun
        for vectors in merge(inners):
            try:
                write(tun, vectors)
            except OSError:
                self._node.count("tun-refused")


def _is_plain(inner: bytes) -> bool:
    """A packet in one piece, without options, of its stated length."""
    return (inner[0] == 0x45 and not inner[6] & _FRAGMENT and not inner[7]
            and inner[2] << 8 | inner[3] == len(inner))


def _nothing(_: bytes) -> None:
    """No flow is known while steps are recorded."""

