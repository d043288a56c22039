"""Captures of live devices: a packet socket that fills a `Capture`."""

import socket
from errno import ENODEV

from engine.capture import Capture
from engine.errors import Broken
from engine.live.clock import Clock
from engine.live.loop import Loop

_IPV4 = 0x0800
_OUTGOING = 4
_READS = 256


class LiveCapture:
    """Listens on a device until closed. Raises Broken: "privilege", "io"."""

    def __init__(self, loop: Loop, device: str, capture: Capture, clock: Clock) -> None:
        self._loop, self._capture, self._clock = loop, capture, clock
        try:
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM
                                         | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, 0)
            self._socket.bind((device, _IPV4))
        except PermissionError:
            raise Broken("privilege", "a capture needs CAP_NET_RAW") from None
        except OSError as error:
            what = "there is no such device" if error.errno == ENODEV else error.strerror
            raise Broken("io", f"{device} cannot be captured: {what}") from None
        loop.watch(self._socket.fileno(), self._read)

    def _read(self) -> None:
        for _ in range(_READS):
            try:
                octets, address = self._socket.recvfrom(65535)
            except BlockingIOError:
                return
            except OSError:
                return  # the device went down; it may come back
            self._capture.add(self._clock.now(), octets, address[2] == _OUTGOING)

    def close(self) -> None:
        """Listens no longer."""
        self._loop.forget(self._socket.fileno())
        self._socket.close()
