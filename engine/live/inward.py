"""The way in of known flows: from the wire through their association into the TUN device.

ESP comes many packets at a time (UDP_GRO, one socket after the other), is opened in one go, and
the inner packets of flows that the engine has passed once are handed to the kernel, runs of
segments as one. Whatever is not plain, and everything while steps are recorded, takes the
engine's way. A failed check counts under the same names.
"""

import os
import socket
from collections import Counter
from collections.abc import Callable
from errno import EAGAIN
from typing import TYPE_CHECKING

from engine.errors import ParseError
from engine.esp.sa import Refusal, SecurityAssociation
from engine.esp.udp import NAT_T_PORT
from engine.ip import ESP, HEADER, TCP, IPv4, parse_ipv4
from engine.live.carrier import Carrier
from engine.live.merge import merge
from engine.live.outward import ALONE, MANY, WAYS, key_with_ports, told_apart_by_address
from engine.live.sockets import READS, UDP_GRO, Datagram, Place
from engine.live.tun import PLAIN
from engine.pipeline import inbound
from engine.pipeline.node import Node

if TYPE_CHECKING:
    from engine.host import Host

DATAGRAM = 65535
_ECN = 3
_FRAGMENT = 0x3F
_NO_PASSES: dict[bytes, tuple[list[int], ...]] = {}
_NO_SPI = b"\0"
"""No four octets are it."""


class _Batch:
    """Datagrams of one association that came from one place. `origin` is its ends and TOS.

    All but `ready` stays known from one read to the next, until something changes.
    """

    __slots__ = ("sa", "spi", "ready", "origin", "place")

    def __init__(self) -> None:
        self.ready: list[bytes] = []
        self.origin: tuple[tuple[str, int], int] = ("0.0.0.0", 0), 0
        self.place: Place | None = None
        self.forget()

    def forget(self) -> None:
        """The next datagram is judged anew."""
        self.sa: SecurityAssociation | None = None
        self.spi = _NO_SPI


class Inward:
    """The flows known on the way in, by association.

    `elsewhere` are inbound SPIs that the kernel opens itself: a raw socket sees a copy all the
    same. `answer` takes what comes out of the TUN device: a single packet is often answered before
    the write that hands it over is done.
    """

    def __init__(self, host: "Host", tun: int, carrier: Carrier,
                 clock: Callable[[], float]) -> None:
        self.clock, self.carry = clock, carrier.carry
        self.slow_datagram, self.slow_packet = carrier.datagram, carrier.packet
        self._node: Node = host.node
        self._tun = tun
        self._passes: dict[int, dict[bytes, tuple[list[int], ...]]] = {}
        self._changes = self._generation = -1
        self._plain = False
        self.elsewhere: frozenset[int] = frozenset()
        self.answer: Callable[[], object] = lambda: None
        self._busy = 0.0
        self._batch = _Batch()

    def _check(self) -> None:
        """Forgets what was known when something it rests on has changed."""
        node = self._node
        if node.changes != self._changes or node.sad.generation != self._generation:
            self._changes, self._generation = node.changes, node.sad.generation
            self._passes.clear()
            self._batch.forget()
            self._plain = told_apart_by_address(node)

    def read_natt(self, place: Place) -> None:
        """Takes datagrams of port 4500: runs of ESP at once, IKE and keepalives one by one.

        One that comes a while after the last one is opened before the next is looked for.
        """
        receive = place.natt.recvmsg
        now = self.clock()
        self._check()
        batch = self._batch
        if place is not batch.place or self._node.trace is not None:
            batch.forget()
            batch.place = place
        alone = now > self._busy
        taken = 0
        for _ in range(1 if alone else READS):
            try:
                data, extra, _, ends = receive(DATAGRAM, 128)
            except OSError as error:
                # An ICMP error of the past is reported once and means nothing for the next read.
                if error.errno == EAGAIN:
                    break
                continue
            tos, size = _said(extra, len(data))
            if (ends, tos) != batch.origin:
                self._flush(batch, place, now)
                batch.forget()
                batch.origin = ends, tos
            if alone and size >= len(data) and data[:4] == batch.spi and batch.sa is not None:
                self._open_one(batch.sa, data, place, tos, now)
                self._busy = self.clock() + ALONE
                return
            taken += self._sort(batch, data, size, place, now)
        self._flush(batch, place, now)
        self._busy = self.clock() + (ALONE if taken < 2 else MANY)

    def _sort(self, batch: "_Batch", data: bytes, size: int, place: Place, now: float) -> int:
        """Datagrams of `size` octets that came as one: into the batch, or where they belong."""
        taken = 0
        for at in range(0, len(data) or 1, size or 1):
            one = data[at:at + size]
            if one[:4] == batch.spi:
                batch.ready.append(one)
            else:
                self._begin(batch, one, place, now)
            taken += 1
        if len(batch.ready) >= READS:
            self._flush(batch, place, now)
        return taken

    def _begin(self, batch: "_Batch", data: bytes, place: Place, now: float) -> None:
        """A datagram that the batch is not made of: its association's, or nobody's."""
        self._flush(batch, place, now)
        (peer, port), tos = batch.origin
        address = int.from_bytes(socket.inet_aton(peer), "big")
        sa = self._node.sad.by_spi(int.from_bytes(data[:4], "big"))
        if (sa is None or self._node.trace is not None or sa.udp != (NAT_T_PORT, port)
                or (sa.source, sa.destination) != (address, place.address)
                or sa.ah is not None or not sa.terms.tunnel or tos & _ECN):
            self.slow_datagram(Datagram(place.address, NAT_T_PORT, address, port, tos, data))
            return
        batch.sa, batch.spi = sa, data[:4]
        batch.ready.append(data)

    def _flush(self, batch: "_Batch", place: Place, now: float) -> None:
        ready = batch.ready
        if ready and batch.sa is not None:
            batch.ready = []
            self._open(batch.sa, ready, place, batch.origin[1], now)

    def read_esp(self, place: Place) -> None:
        """Takes ESP packets, up to READS of them."""
        receive, node = place.esp.recv, self._node
        now = self.clock()
        self._check()
        ready: list[bytes] = []
        known: SecurityAssociation | None = None
        most = READS if now <= self._busy else 1
        taken = 0
        for _ in range(most):
            try:
                packet = receive(DATAGRAM)
            except OSError as error:
                if error.errno == EAGAIN:
                    break
                continue
            taken += 1
            spi = int.from_bytes(packet[20:24], "big")
            if spi in self.elsewhere:
                continue
            sa = node.sad.by_spi(spi)
            if (sa is None or packet[0] != 0x45 or node.trace is not None or sa.udp
                    or sa.source != int.from_bytes(packet[12:16], "big")
                    or sa.destination != place.address or sa.ah is not None
                    or not sa.terms.tunnel or packet[1] & _ECN):
                self.slow_packet(packet)
                continue
            if sa is not known and known is not None:
                self._open(known, ready, place, 0, now)
                ready = []
            known = sa
            ready.append(packet[HEADER:])
        if known is not None and ready:
            if len(ready) > 1:
                self._open(known, ready, place, 0, now)
            else:
                self._open_one(known, ready[0], place, 0, now)
        self._busy = self.clock() + (ALONE if taken < 2 else MANY)

    def _open_one(self, sa: SecurityAssociation, data: bytes, place: Place, tos: int,
                  now: float) -> None:
        """One packet of an association, opened and handed over; counted afterwards."""
        node = self._node
        try:
            inner = sa.decap(data, now)[0]
        except ParseError as error:
            self._refuse(sa, [Refusal(data, error.drop)], node.own.get(place.address, ""), tos,
                         now)
            return
        self._check()
        passes = self._passes.get(sa.spi, _NO_PASSES)
        cells = passes.get(inner[12:20] if self._plain else key_with_ports(inner))
        if cells is None or not _is_plain(inner):
            node.count_received(sa, len(inner))
            self._enter(inner, sa, node.own.get(place.address, ""), now)
            return
        try:
            os.write(self._tun, PLAIN + inner)
        except OSError:
            node.count("tun-refused")
        self.answer()
        node.count_received(sa, len(inner))
        for cell in cells:
            cell[0] += 1

    def _open(self, sa: SecurityAssociation, datas: list[bytes], place: Place, tos: int,
              now: float) -> None:
        """ESP of one association: opened, checked against the policy, handed to the kernel.

        All packets of a run are of one flow, so its first one is checked for all.
        """
        node = self._node
        interface = node.own.get(place.address, "")
        inners, refusals = sa.decap_many(datas, now)
        if refusals:
            self._refuse(sa, refusals, interface, tos, now)
        self._check()
        node.count_received(sa, sum(map(len, inners)))
        passes = self._passes.get(sa.spi, _NO_PASSES)
        write, tun, plain = os.writev, self._tun, self._plain
        for run in merge(inners):
            first = run.packets[0]
            cells = passes.get(first[12:20] if plain else key_with_ports(first))
            if cells is None or not run.header and not _is_plain(first):
                for inner in run.packets:
                    self._enter(inner, sa, interface, now)
                self._check()
                passes, plain = self._passes.get(sa.spi, _NO_PASSES), self._plain
                continue
            for cell in cells:
                cell[0] += len(run.packets)
            try:
                write(tun, run.vectors())
            except OSError:
                node.count("tun-refused")

    def _refuse(self, sa: SecurityAssociation, refusals: list[Refusal], interface: str, tos: int,
                now: float) -> None:
        """Counts what was refused; of each reason the first packet is told of, as an example."""
        for reason, number in Counter(one.reason for one in refusals).items():
            example = next(one.data for one in refusals if one.reason == reason)
            outer = IPv4(sa.source, sa.destination, ESP, example, tos=tos)
            inbound.refused(self._node, outer, sa, reason, interface, now, number)

    def _enter(self, inner: bytes, sa: SecurityAssociation, interface: str, now: float) -> None:
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
        key = inner[12:20] if self._plain else key_with_ports(inner)
        if packet.protocol == TCP and node.rras.sees_connections(interface):
            return
        if outputs and key and not packet.is_fragment and not node.diagnostics:
            cell = node.rras.cell(interface, "input", packet)
            passes = self._passes.setdefault(sa.spi, {})
            if len(passes) >= WAYS:
                passes.clear()
            passes[key] = () if cell is None else (cell,)


def _is_plain(inner: bytes) -> bool:
    """A packet in one piece, without options, of its stated length."""
    return (inner[0] == 0x45 and not inner[6] & _FRAGMENT and not inner[7]
            and inner[2] << 8 | inner[3] == len(inner))


def _said(extra: list[tuple[int, int, bytes]], size: int) -> tuple[int, int]:
    """The octet of service of a datagram, and the size of those that the kernel joined to one."""
    tos = 0
    for level, kind, value in extra:
        if level == socket.IPPROTO_UDP and kind == UDP_GRO:
            size = int.from_bytes(value, "little")
        elif kind == socket.IP_TOS:
            tos = value[0]
    return tos, size
