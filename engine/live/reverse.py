"""The kernel's check of reverse paths (rp_filter), where it would refuse a peer's packets.

Strict, it refuses a packet whose answer would leave by another device. While answers to a peer are
steered into the TUN device that is the case for its IKE and ESP in transport mode, and for clear
traffic beside a filter that protects one port only. There the check is set to loose (2) on the
adapters' devices, through netlink and until the agent ends; the inbound policy still decides.
"""

import socket
import struct
from collections.abc import Iterable
from pathlib import Path

from engine.spd import OUTBOUND, SpdEntry

STRICT, LOOSE = 1, 2
SYSCTL = Path("/proc/sys/net/ipv4/conf")
_SETLINK, _REQUEST, _ACK, _ERROR = 19, 0x1, 0x4, 2
_AF_SPEC, _INET_CONF, _RP_FILTER = 26, 1, 8
_NESTED = 0x8000
_HEADER = struct.Struct("=IHHII")
_LINK = struct.Struct("=BxHiII")


def is_in_the_way(entries: Iterable[SpdEntry]) -> bool:
    """Whether a policy steers less than all traffic between its ends into tunnels."""
    return any(one.direction == OUTBOUND and one.action != "permit"
               and (one.tunnel is None or one.protocol) for one in entries) or any(
        one.action == "permit" for one in entries)


def strictness(device: str, folder: Path = SYSCTL) -> int:
    """How a device's reverse paths are checked: the stricter of its own and everybody's word."""
    values = []
    for name in ("all", device):
        try:
            values.append(int((folder / name / "rp_filter").read_text()))
        except (OSError, ValueError):
            values.append(0)
    return max(values)


def own_value(device: str, folder: Path = SYSCTL) -> int:
    """The device's own word."""
    try:
        return int((folder / device / "rp_filter").read_text())
    except (OSError, ValueError):
        return 0


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def message(index: int, value: int) -> bytes:
    """RTM_SETLINK with one IPv4 setting of a device."""
    setting = _attribute(_RP_FILTER, struct.pack("=I", value))
    inet = _attribute(socket.AF_INET | _NESTED, _attribute(_INET_CONF | _NESTED, setting))
    body = _LINK.pack(socket.AF_UNSPEC, 0, index, 0, 0) + _attribute(_AF_SPEC | _NESTED, inet)
    return _HEADER.pack(_HEADER.size + len(body), _SETLINK, _REQUEST | _ACK, 1, 0) + body


def set_value(index: int, value: int) -> str:
    """Sets it; what the kernel says against it, "" when it is set."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as one:
        one.settimeout(2.0)
        try:
            one.send(message(index, value))
            data = one.recv(4096)
        except OSError as error:
            return error.strerror or str(error)
    kind, code = struct.unpack_from("=H", data, 4)[0], struct.unpack_from("=i", data, 16)[0]
    return "" if kind == _ERROR and not code else f"error {-code}"


class ReversePaths:
    """The devices whose check was loosened, with the word each had before."""

    def __init__(self) -> None:
        self._before: dict[int, int] = {}

    def settle(self, wanted: bool, devices: dict[str, int]) -> list[str]:
        """Loosens or restores the devices (name to index); sentences about what was done."""
        if not wanted:
            self.restore()
            return []
        said = []
        for name, index in devices.items():
            if index in self._before or strictness(name) != STRICT:
                continue
            before = own_value(name)
            failure = set_value(index, LOOSE)
            if failure:
                said.append(f"rp_filter of {name} is strict and cannot be set to loose ({failure}):"
                            f" sysctl -w net.ipv4.conf.{name}.rp_filter=2")
                continue
            self._before[index] = before
            said.append(f"rp_filter of {name} is loose until the agent ends: strict, it refuses "
                        "what a policy leaves in the clear beside its tunnels")
        return said

    def restore(self) -> None:
        """Gives every device its own word back."""
        for index, value in self._before.items():
            set_value(index, value)
        self._before.clear()
