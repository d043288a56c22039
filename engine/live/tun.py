"""The TUN device through which the kernel hands over what a policy wants protected.

Packets are read and written with a `virtio_net_hdr` in front (`VNET`), so that a run of TCP
segments can go back to the kernel as one. The device lives as long as the descriptor: when the
agent dies it is gone, and the routes through it with it.
"""

import fcntl
import os
import struct
from errno import EBUSY

from engine.errors import Broken

NAME = "ipsecsh0"
VNET = 10
"""Octets of the header in front of each packet (linux/virtio_net.h, without mergeable buffers)."""
PLAIN = bytes(VNET)

_TUNSETIFF, _TUNSETOFFLOAD, _TUNSETVNETHDRSZ = 0x400454CA, 0x400454D0, 0x400454D8
_IFF_TUN, _IFF_NO_PI, _IFF_VNET_HDR = 0x0001, 0x1000, 0x4000
_REQUEST = struct.Struct("16sH22x")


def open_tun(name: str = NAME) -> int:
    """A descriptor of a new TUN device, non-blocking. Raises Broken: "privilege" or "io"."""
    try:
        descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if isinstance(error, PermissionError):
            raise Broken("privilege", "/dev/net/tun may not be opened: the agent's user needs "
                         "read and write access to it") from None
        raise Broken("io", f"/dev/net/tun cannot be opened: {error.strerror} (is the kernel "
                     "module tun loaded?)") from None
    try:
        fcntl.ioctl(descriptor, _TUNSETIFF,
                    _REQUEST.pack(name.encode(), _IFF_TUN | _IFF_NO_PI | _IFF_VNET_HDR))
        fcntl.ioctl(descriptor, _TUNSETVNETHDRSZ, struct.pack("i", VNET))
        # Whole packets with finished checksums come out; runs of segments may go in.
        fcntl.ioctl(descriptor, _TUNSETOFFLOAD, 0)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, PermissionError):
            raise Broken("privilege", f"the TUN device {name} cannot be made: CAP_NET_ADMIN is "
                         "missing") from None
        if error.errno == EBUSY:
            raise Broken("in-use", f"an agent is running here already: it has the TUN device {name}"
                         ) from None
        raise Broken("io", f"the TUN device {name} cannot be made: {error.strerror}") from None
    return descriptor
