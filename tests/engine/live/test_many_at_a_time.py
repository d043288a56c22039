"""Packets that wait are taken many at a time, however long one of them takes to be enciphered.

A clock that only packets move: each costs two tenths of a millisecond, as with 3DES.
"""

import socket
from collections import deque
from collections.abc import Iterator
from typing import cast

import pytest

from engine.ip import ESP, IPv4, udp_packet
from engine.live.carrier import Carrier
from engine.live.inward import Inward
from engine.live.outward import Outward
from engine.live.sockets import Place, Sockets
from engine.live.tun import PLAIN
from tests.support.site import HOST_A, HOST_B, OWN, PEER, article

MANY = 40
COSTS = 0.0002


class Wire:
    """A socket: what was sent, what is to be received; whatever passes takes its time."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.sent: list[bytes] = []
        self.sends = 0
        self.coming: deque[bytes] = deque()

    def sendto(self, data: bytes, _: object) -> None:
        self._pass([data])

    def sendmsg(self, datas: list[bytes], *_: object) -> None:
        self._pass(datas)

    def _pass(self, datas: list[bytes]) -> None:
        self.sent += datas
        self.sends += 1
        self.now += COSTS * len(datas)

    def recv(self, _: int) -> bytes:
        if not self.coming:
            raise BlockingIOError(11, "nothing there")
        self.now += COSTS
        return self.coming.popleft()

    def recvmsg(self, most: int, _: int) -> tuple[bytes, list[object], int, tuple[str, int]]:
        return self.recv(most), [], 0, ("192.0.2.1", 4500)


class Way:
    """One own address: all its sockets are one wire."""

    def __init__(self, address: int, wire: Wire) -> None:
        self.address, self.natt, self.esp = address, wire, wire

    def shaped_natt(self, *_: object) -> Wire:
        return self.natt

    def shaped_esp(self, *_: object) -> Wire:
        return self.esp


class Sender:
    """Places of addresses, for who sends."""

    def __init__(self, place: Way) -> None:
        self.places = {place.address: place}


class Collecting:
    """Does nothing with what the engine lets out."""

    def carry(self, outputs: object) -> None: ...

    datagram = packet = carry


@pytest.fixture
def tun() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, kernels = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, kernels:
        ours.setblocking(False)
        kernels.setblocking(False)
        yield ours, kernels


def packets(count: int = MANY) -> list[bytes]:
    one = udp_packet(HOST_A, HOST_B, 5000, 5001, bytes(100))
    return [one._replace(identification=number).build() for number in range(count)]


class Pair:
    """The lab's gateways with a tunnel, and the ways of packets through them."""

    def __init__(self, natt: str, tun: tuple[socket.socket, socket.socket]) -> None:
        site = article()
        site.gwa.set_setting("natt", natt)
        site.lab.reload()
        assert site.ping(2)[-1].kind == "reply"
        self.wire = wire = Wire(site.lab.now)
        self.ours, self.kernels = tun
        self.natt = all(pair.inbound.udp for pair in site.lab.hosts["gwA"].node.sad.pairs())
        self.sender, self.receiver = Way(OWN, wire), Way(PEER, wire)
        carrier = cast(Carrier, Collecting())
        self.outward = Outward(site.lab.hosts["gwA"], cast(Sockets, Sender(self.sender)),
                               self.ours.fileno(), carrier, lambda: wire.now)
        self.inward = Inward(site.lab.hosts["gwB"], self.ours.fileno(), carrier,
                             lambda: wire.now)

    def send(self, waiting: list[bytes]) -> int:
        """Hands packets to the gateway after a while of silence; how often it looked for them."""
        self.wire.now += 1.0
        for one in waiting:
            self.kernels.send(PLAIN + one)
        return sum(1 for _ in iter(self.outward.read_tun, False))

    def receive(self, coming: list[bytes]) -> int:
        """Hands the other one what was sent, likewise."""
        self.wire.now += 1.0
        self.wire.coming.extend(coming if self.natt else
                                [IPv4(OWN, PEER, ESP, one).build() for one in coming])
        looks = 0
        while self.wire.coming:
            looks += 1
            place = cast(Place, self.receiver)
            if self.natt:
                self.inward.read_natt(place)
            else:
                self.inward.read_esp(place)
        return looks

    def come(self) -> list[bytes]:
        """What the TUN device was given."""
        found = []
        try:
            while True:
                found.append(self.kernels.recv(65536))
        except BlockingIOError:
            return found


@pytest.mark.parametrize("natt", ["no", "force"])
def test_what_waits_is_taken_together(natt: str,
                                      tun: tuple[socket.socket, socket.socket]) -> None:
    pair = Pair(natt, tun)
    pair.send(packets(1))  # the engine decides about the first packet of a flow
    assert pair.send(packets()) == 2
    assert pair.natt == (natt == "force") and len(pair.wire.sent) == MANY
    sent = pair.wire.sent
    pair.receive(sent[:1])
    pair.come()
    assert pair.receive(sent[1:]) == 2
    assert len(pair.come()) == 2  # the first, and the others as one
