"""Names for the addresses that a session has bound: ``10.1.0.10`` is written ``${NetA.host}``.

A transcript with names in the place of addresses replays on a lab that has others. A cell says
what it is; in sentences and script lines, whose values are not taken apart, an address is known
by being one of the lab's.
"""

from typing import NamedTuple

from engine.address import (
    Address,
    Network,
    format_address,
    member,
    parse_address,
    parse_network,
    prefix_mask,
)
from engine.lab.site import Site

DIGITS = frozenset("0123456789./")
# How the tags of masks are called, and the tag of the address that belongs to each.
PARTNERS = {"srcmask": ("srcaddr",), "dstmask": ("dstaddr",),
            "mask": ("dest", "addr", "destination")}


class Known(NamedTuple):
    """A bound network: its name, its value, and what its mask is called."""

    name: str
    net: Network
    mask: str


class Symbols:
    """The names of one site. `near` is the network of the address that was named last.

    `moved` says that gwA's outer address may become another one (behind a NAT), which its name
    follows.
    """

    def __init__(self, site: Site, moved: bool = False) -> None:
        self.nets = tuple(Known(name, net, mask) for name, net, mask in (
            ("NetA", site.net_a, "NetAMask"), ("NetB", site.net_b, "NetBMask"),
            ("TransitA", site.transit_a, "TransitA.mask"),
            ("TransitB", site.transit_b, "TransitB.mask"),
            ("Middle", site.middle, "Middle.mask")))
        self.near: Known | None = None
        self.names: dict[Address, str] = {}
        for known in reversed(self.nets):
            for what in ("hop", "host") if known.name != "Middle" else ("2", "1"):
                self.names[member(known.net, what)] = f"{known.name}.{what}"
            self.names[known.net.address] = known.name + (
                "Id" if known.name.startswith("Net") else ".id")
        self.names |= {site.own_internal: "W2KintIP",
                       site.own_external: "W2KpubIP" if moved else "W2KextIP",
                       site.peer_external: "3rdExtIP", site.peer_internal: "3rdIntIP"}

    def address(self, text: str) -> str:
        """``${W2KextIP}`` of an address; the text itself when it is none of the lab's."""
        try:
            address = parse_address(text)
        except ValueError:
            return text
        known = next((one for one in self.nets if address in one.net), None)
        if known is None:
            return text
        self.near = known
        name = self.names.get(address) or f"{known.name}.{address - known.net.address}"
        return f"${{{name}}}"

    def network(self, text: str) -> str:
        """``${NetA}`` of a network; of a part of one its address is named, and of a bare ``/24``
        the length of the network that was named last.
        """
        address, slash, mask = text.partition("/")
        if not slash:
            return self.address(text)
        if not address:
            same = self.near is not None and mask == str(self.near.net.prefix)
            return f"/${{{self.near.name}.prefix}}" if same and self.near else text
        try:
            net = parse_network(text)
        except ValueError:
            return self.address(address) + slash + mask
        for known in self.nets:
            if known.net == net and mask == str(net.prefix):
                self.near = known
                return f"${{{known.name}}}"
        return self.address(address) + slash + mask

    def mask(self, text: str, of: str = "") -> str:
        """``${NetAMask}`` of the mask that belongs to an address (else to the one named last)."""
        known = self._around(of) if of else self.near
        if known is not None and text == format_address(prefix_mask(known.net.prefix)):
            return f"${{{known.mask}}}"
        return text

    def _around(self, text: str) -> Known | None:
        try:
            address = parse_address(text)
        except ValueError:
            return None
        return next((one for one in self.nets if address in one.net), None)

    def words(self, text: str) -> str:
        """A sentence or a script line with all addresses of the lab by their names."""
        parts: list[str] = []
        seen: dict[str, str] = {}
        at = start = 0
        while at < len(text):
            if text[at] not in DIGITS or at and (text[at - 1].isalnum() or text[at - 1] in "_-"):
                at += 1
                continue
            end = at
            while end < len(text) and text[end] in DIGITS:
                end += 1
            bare = text[at:end].rstrip("./")
            if bare.count(".") >= 3:
                tag = _tag_before(text, at)
                seen[tag] = bare
                parts += [text[start:at], self._word(tag, bare, seen)]
                start = at + len(bare)
            at = end
        return "".join((*parts, text[start:]))

    def _word(self, tag: str, text: str, seen: dict[str, str]) -> str:
        if text.startswith("255."):
            partner = next((one for one in PARTNERS.get(tag, ()) if one in seen), "")
            return self.mask(text, seen.get(partner, ""))
        return self.network(text)


def _tag_before(text: str, at: int) -> str:
    """The name of the tag whose value begins at a place."""
    if text[at - 1:at] != "=":
        return ""
    start = at - 1
    while start and text[start - 1].isalnum():
        start -= 1
    return text[start:at - 1].lower()
