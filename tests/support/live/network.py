"""Two gateways with a host behind each, in network namespaces of a test's own.

    hostA ---lan--- gwA ========== wan ========== gwB ---lan--- hostB
    10.1.0.10   10.1.0.1  203.0.113.1   203.0.113.2  10.2.0.1   10.2.0.10

With `nat` a router stands before gwA, which then has 198.51.100.10. The names of the namespaces
begin with a prefix that no other run has; nothing leaves them.
"""

import os
import subprocess
from collections.abc import Sequence
from itertools import count
from types import TracebackType

NODES = ("hostA", "gwA", "gwB", "hostB")
NET_A, GW_A_INSIDE, HOST_A = "10.1.0.0/24", "10.1.0.1", "10.1.0.10"
NET_B, GW_B_INSIDE, HOST_B = "10.2.0.0/24", "10.2.0.1", "10.2.0.10"
WAN_A, WAN_B = "203.0.113.1", "203.0.113.2"
NAT_INSIDE, NAT_A = "198.51.100.1", "198.51.100.10"
MASQUERADE = ('table ip nat { chain post { type nat hook postrouting priority 100; '
              'oifname "out0" masquerade; }; }')

_numbers = count(1)


def run(*argv: str, check: bool = True, timeout: float = 60.0, text: str | None = None) -> str:
    """Runs a program to its end and gives what it printed. Raises CalledProcessError."""
    done = subprocess.run(argv, input=text, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=timeout, check=False)
    if check and done.returncode:
        raise subprocess.CalledProcessError(done.returncode, argv, done.stdout)
    return done.stdout


class Network:
    """The namespaces; a context manager that removes them again."""

    def __init__(self, *, nat: bool = False, mtu: int = 1500) -> None:
        self.prefix = f"ip{os.getpid():x}n{next(_numbers)}"
        self.nat, self.mtu = nat, mtu
        self.nodes = (*NODES, "nat") if nat else NODES
        try:
            self._make()
        except BaseException:
            self.close()
            raise

    @property
    def address_a(self) -> str:
        """gwA's outer address."""
        return NAT_A if self.nat else WAN_A

    def ns(self, node: str) -> str:
        """The namespace of a machine."""
        return f"{self.prefix}-{node}"

    def argv(self, node: str, argv: Sequence[str]) -> list[str]:
        """The words that run a program on a machine."""
        return ["ip", "netns", "exec", self.ns(node), *argv]

    def run(self, node: str, *argv: str, check: bool = True, timeout: float = 60.0,
            text: str | None = None) -> str:
        """Runs a program on a machine to its end."""
        return run(*self.argv(node, argv), check=check, timeout=timeout, text=text)

    def ip(self, node: str, *words: str, check: bool = True) -> str:
        """The ip tool on a machine."""
        return run("ip", "-n", self.ns(node), *words, check=check)

    def set(self, node: str, key: str, value: int) -> None:
        """A sysctl of a machine."""
        self.run(node, "sysctl", "-qw", f"{key}={value}")

    def _make(self) -> None:
        for node in self.nodes:
            run("ip", "netns", "add", self.ns(node))
            self.ip(node, "link", "set", "lo", "up")
        self._link("gwA", "lan0", GW_A_INSIDE, "hostA", "eth0", HOST_A)
        self._link("gwB", "lan0", GW_B_INSIDE, "hostB", "eth0", HOST_B)
        if self.nat:
            self._link("gwA", "wan0", NAT_A, "nat", "in0", NAT_INSIDE)
            self._link("nat", "out0", WAN_A, "gwB", "wan0", WAN_B)
            self.ip("gwA", "route", "add", "203.0.113.0/24", "via", NAT_INSIDE)
            self.set("nat", "net.ipv4.ip_forward", 1)
            self.run("nat", "nft", MASQUERADE)
        else:
            self._link("gwA", "wan0", WAN_A, "gwB", "wan0", WAN_B)
        self.ip("hostA", "route", "add", "default", "via", GW_A_INSIDE)
        self.ip("hostB", "route", "add", "default", "via", GW_B_INSIDE)
        for gateway in ("gwA", "gwB"):
            self.set(gateway, "net.ipv4.ip_forward", 1)
        for scope in ("all", "default"):
            # strongSwan's TUN device wants it off; ours has to live with the strict check.
            self.set("gwB", f"net.ipv4.conf.{scope}.rp_filter", 0)
            self.set("gwA", f"net.ipv4.conf.{scope}.rp_filter", 1)

    def _link(self, left: str, left_device: str, left_address: str, right: str,
              right_device: str, right_address: str) -> None:
        run("ip", "link", "add", left_device, "netns", self.ns(left), "type", "veth", "peer",
            "name", right_device, "netns", self.ns(right))
        for node, device, address in ((left, left_device, left_address),
                                      (right, right_device, right_address)):
            self.ip(node, "addr", "add", f"{address}/24", "dev", device)
            self.ip(node, "link", "set", device, "up", "mtu", str(self.mtu))

    def close(self) -> None:
        """Removes the namespaces; whoever started programs in them has ended those."""
        for node in self.nodes:
            run("ip", "netns", "del", self.ns(node), check=False)

    def __enter__(self) -> "Network":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()
