"""Ping on a live machine: one echo through the kernel, and how it crossed the outside."""

import socket
import struct
from collections.abc import Iterable
from itertools import count
from typing import TYPE_CHECKING

from engine.address import Address, format_address
from engine.echo import EchoResult, Expected, pattern
from engine.errors import ParseError
from engine.esp.udp import is_esp
from engine.host import Output, Transmit
from engine.icmp import echo_request
from engine.ip import AH, ESP, ICMP, IPv4, parse_ipv4

if TYPE_CHECKING:
    from engine.live.gateway import Gateway

_IP_MTU_DISCOVER, _DONT, _PROBE = 10, 0, 3
_SOL_RAW, _ICMP_FILTER = 255, 1
_WANTED = struct.pack("I", ~(1 << 0 | 1 << 3 | 1 << 11) & 0xFFFFFFFF)


class Echoes:
    """The echoes that shells wait for. `departed` sees each packet that came through the TUN."""

    def __init__(self, gateway: "Gateway") -> None:
        self._gateway = gateway
        self._waiting: dict[tuple[int, int], list[EchoResult]] = {}
        self._seen: dict[tuple[int, int], tuple[bool, bool, bool]] = {}
        self._sequence = count(1)
        self._identifier = 0x0200

    def ping(self, destination: Address, size: int, timeout: float, ttl: int,
             source: Address | None, df: bool) -> EchoResult:
        """Sends one and waits, giving the turn away meanwhile."""
        gateway = self._gateway
        sequence = next(self._sequence) & 0xFFFF
        expected = Expected(gateway.name, self._identifier, sequence, 0, gateway.now)
        key = self._identifier, sequence
        self._seen[key] = False, False, False
        answers: list[EchoResult] = []
        one = self._open(source, ttl, df)

        def read() -> None:
            answer = _answer(one, expected, gateway)
            if answer is not None:
                answers.append(answer)
                gateway.loop.progress()

        gateway.loop.watch(one.fileno(), read)
        try:
            failure = self._send(one, destination, sequence, size, expected)
            if failure is None:
                gateway.run_while(lambda: not answers, expected.sent + timeout)
            result = failure or (answers[0] if answers else self._nothing(expected, destination))
        finally:
            gateway.loop.forget(one.fileno())
            one.close()
            came, clear, protected = self._seen.pop(key)
        if not came:
            protected = gateway.outward.protects(destination)
            clear = not protected and self._is_outside(destination)
        return result._replace(clear=clear, protected=protected)

    def _open(self, source: Address | None, ttl: int, df: bool) -> socket.socket:
        one = socket.socket(socket.AF_INET, socket.SOCK_RAW | socket.SOCK_NONBLOCK
                            | socket.SOCK_CLOEXEC, socket.IPPROTO_ICMP)
        one.setsockopt(_SOL_RAW, _ICMP_FILTER, _WANTED)
        one.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
        one.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _PROBE if df else _DONT)
        if source is not None:
            one.bind((format_address(source), 0))
        return one

    def _send(self, one: socket.socket, destination: Address, sequence: int, size: int,
              expected: Expected) -> EchoResult | None:
        request = echo_request(0, destination, self._identifier, sequence, pattern(size))
        try:
            one.sendto(request.payload, (format_address(destination), 0))
        except OSError as error:
            kind = {101: "unreachable-net", 113: "unreachable-host",
                    90: "needs-frag"}.get(error.errno or 0, "general-failure")
            own = self._gateway.host.source_for(destination)
            return expected.result(kind, own, self._gateway.now)
        return None

    def _nothing(self, expected: Expected, destination: Address) -> EchoResult:
        kind = "negotiating" if self._gateway.host.negotiating(destination) else "timeout"
        own = self._gateway.host.source_for(destination) if kind == "negotiating" else 0
        return expected.result(kind, own, self._gateway.now)

    def _is_outside(self, destination: Address) -> bool:
        """Whether a packet that never came through the TUN left by an outer adapter."""
        host = self._gateway.host
        hop = host.node.routes.resolve(destination)
        if hop is None or destination in host.node.own:
            return False
        return hop.interface == "External" or host.interfaces[hop.interface].gateway is not None

    def departed(self, packet: IPv4, outputs: Iterable[Output]) -> None:
        """A packet came from the kernel and led to `outputs`."""
        if not self._seen or packet.protocol != ICMP or len(packet.payload) < 8:
            return
        key = int.from_bytes(packet.payload[4:6], "big"), int.from_bytes(packet.payload[6:8], "big")
        if key not in self._seen:
            return
        sent = [one.packet for one in outputs if isinstance(one, Transmit)]
        safe = any(one.protocol in (ESP, AH) or is_esp(one) for one in sent)
        clear = any(one.protocol == ICMP and one.destination == packet.destination
                    for one in sent)
        self._seen[key] = True, clear, safe

    def close(self) -> None:
        """Nobody waits any longer."""
        self._seen.clear()


def _answer(one: socket.socket, expected: Expected, gateway: "Gateway") -> EchoResult | None:
    """What one packet of the echo's socket says about it."""
    try:
        data = one.recv(65535)
        return expected.answer(parse_ipv4(data), gateway.now)
    except (OSError, ParseError):
        return None
