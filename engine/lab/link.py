"""A link of the lab: two or more interfaces, and what the way between them does to packets."""

from typing import NamedTuple

from engine.address import Address


class End(NamedTuple):
    """An interface on a link: whose it is and the address by which neighbours find it."""

    machine: str
    interface: str
    address: Address


class Link:
    """A wire or a shared segment; next hops are found by address, without ARP octets.

    `delay` in seconds a crossing, `loss`, `duplicate`, `reorder` and `corrupt` probabilities from
    0 to 1, `mtu` in octets. `external` marks the way between the gateways: what crosses it in
    clear was not protected.
    """

    def __init__(self, name: str, *, external: bool = False, delay: float = 0.010,
                 mtu: int = 1500) -> None:
        self.name, self.external, self.delay, self.mtu = name, external, delay, mtu
        self.loss = self.duplicate = self.reorder = self.corrupt = 0.0
        self.up = True
        self.ends: tuple[End, ...] = ()
