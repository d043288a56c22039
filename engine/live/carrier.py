"""What the engine is asked about a packet, and what is done with its answer.

Known flows never come here (`engine.live.outward`, `inward`): this is the way of IKE, of the first
packet of a flow, of what is not plain, and of everything while steps are recorded.
"""

import os
from collections.abc import Callable, Iterable

from engine.errors import ParseError
from engine.esp.udp import is_esp
from engine.host import Deliver, Host, Output, Transmit
from engine.ip import IPv4, parse_ipv4, udp_packet
from engine.live.settle import Settled
from engine.live.sockets import Datagram, Sockets
from engine.live.tun import PLAIN


class Carrier:
    """Takes packets to the host, and its outputs to the kernel.

    `stirred` is set whenever the engine was asked, for its timers may be others then.
    """

    def __init__(self, host: Host, settled: Settled, tun: int,
                 clock: Callable[[], float]) -> None:
        self._host, self._settled, self._tun, self._clock = host, settled, tun, clock
        self.sockets: Sockets | None = None
        self.stirred = True

    def packet(self, data: bytes) -> None:
        """ESP or AH for an own address."""
        try:
            packet = parse_ipv4(data)
        except ParseError as error:
            self._host.node.count(error.drop)
            return
        self._arrive(packet)

    def datagram(self, one: Datagram) -> None:
        """IKE, or ESP in UDP, for an own address."""
        packet = udp_packet(one.peer, one.local, one.peer_port, one.local_port, one.payload,
                            tos=one.tos)
        interface = self._host.node.own.get(one.local)
        if interface is not None and self._settled.fenced and not is_esp(packet):
            # The kernel's filter table has seen it already.
            self.carry(self._host.deliver(packet, interface, self._clock()))
        else:
            self._arrive(packet)

    def icmp(self, data: bytes) -> None:
        """An error about a packet of ours; the kernel has had its copy."""
        try:
            packet = parse_ipv4(data)
        except ParseError:
            return
        interface = self._host.node.own.get(packet.destination)
        if interface is not None:
            outputs = self._host.deliver(packet, interface, self._clock())
            self.carry(one for one in outputs if not isinstance(one, Deliver))

    def _arrive(self, packet: IPv4) -> None:
        interface = self._host.node.own.get(packet.destination)
        if interface is not None:
            self.carry(self._host.receive(packet, interface, self._clock()))

    def carry(self, outputs: Iterable[Output]) -> None:
        """Does what the host wants done."""
        self.stirred = True
        for one in outputs:
            if isinstance(one, Transmit):
                if self.sockets is None or not self.sockets.send(one.packet):
                    self._host.node.count("send-refused")
            elif isinstance(one, Deliver):
                self._hand_over(one.packet)

    def _hand_over(self, packet: IPv4) -> None:
        """Gives a decrypted packet to the kernel, which delivers or forwards it."""
        try:
            os.write(self._tun, PLAIN + packet.build())
        except OSError:
            self._host.node.count("tun-refused")
