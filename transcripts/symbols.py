"""Names for the addresses that a session has bound: ``10.1.0.10`` is written ``${NetA.host}``.

A transcript with names in the place of addresses replays on a lab that has others. A cell says
what it is; in sentences and script lines, whose values are not taken apart, an address is known
by being one of the lab's.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from engine.address import (
    Address,
    Network,
    format_address,
    make_network,
    member,
    parse_address,
    parse_mask,
    prefix_mask,
)
from engine.lab.site import Site

DIGITS = frozenset("0123456789./")
# How the tags of masks are called, and the tag of the address that belongs to each.
PARTNERS = {"srcmask": ("srcaddr",), "dstmask": ("dstaddr",),
            "mask": ("dest", "addr", "destination")}
# The same the other way round.
MASKS = {address: mask for mask, addresses in PARTNERS.items() for address in addresses}


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

    def address(self, text: str, mask: str = "") -> str:
        """``${W2KextIP}`` of an address; the text itself when it is none of the lab's.

        Beside a `mask` that is wider than the lab's network a wider one is meant:
        ``${NetB/16.id}``.
        """
        wide = self._wider(text, mask)
        if wide:
            return f"${{{wide}.id}}"
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

    def network(self, text: str, beside: str = "") -> str:
        """``${NetA}`` of a network, ``${NetA/16}`` of a wider one around it; of a part of one its
        address is named, and of a bare ``/24`` the length of the network that was named last.
        `beside` is the mask that stands apart from an address.
        """
        address, slash, mask = text.partition("/")
        if not slash:
            return self.address(text, beside)
        if not address:
            same = self.near is not None and mask == str(self.near.net.prefix)
            return f"/${{{self.near.name}.prefix}}" if same and self.near else text
        for known in self.nets:
            if text == str(known.net):
                self.near = known
                return f"${{{known.name}}}"
        wide = self._wider(address, mask)
        if wide and mask.isdigit():
            return f"${{{wide}}}"
        return self.address(address, mask) + slash + mask

    def _wider(self, text: str, mask: str) -> str:
        """``NetB/16`` of a network that holds NetB and no other one of the lab's, else ""."""
        try:
            net = make_network(parse_address(text), parse_mask(mask))
        except ValueError:
            return ""
        inside = [one for one in self.nets if net.covers(one.net)]
        return f"{inside[0].name}/{net.prefix}" if len(inside) == 1 and inside[0].net != net else ""

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
        found = list(_quads(text))
        if not found:
            return text
        parts: list[str] = []
        seen: dict[str, str] = {}
        at = 0
        for number, one in enumerate(found):
            seen[one.tag] = one.text
            parts += [text[at:one.start], self._word(one, seen, found[number + 1:])]
            at = one.start + len(one.text)
        return "".join((*parts, text[at:]))

    def _word(self, one: "Quad", seen: dict[str, str], following: "Sequence[Quad]") -> str:
        if one.text.startswith("255."):
            partner = next((tag for tag in PARTNERS.get(one.tag, ()) if tag in seen), "")
            return self.mask(one.text, seen.get(partner, ""))
        mask = MASKS.get(one.tag, "")
        if not mask:
            following = [each for each in following[:1] if each.text.startswith("255.")]
        beside = next((each.text for each in following if each.tag == mask), "")
        return self.network(one.text, beside)


class Quad(NamedTuple):
    """A dotted address, network or mask in a text, where it stands, and the tag before it."""

    tag: str
    text: str
    start: int


def _quads(text: str) -> Iterator[Quad]:
    """Every dotted quad of a text that is a word of its own."""
    at = 0
    while at < len(text):
        if text[at] not in DIGITS or at and (text[at - 1].isalnum() or text[at - 1] in "_-"):
            at += 1
            continue
        end = at
        while end < len(text) and text[end] in DIGITS:
            end += 1
        bare = text[at:end].rstrip("./")
        if bare.count(".") >= 3:
            yield Quad(_tag_before(text, at), bare, at)
        at = end


def _tag_before(text: str, at: int) -> str:
    """The name of the tag whose value begins at a place."""
    if text[at - 1:at] != "=":
        return ""
    start = at - 1
    while start and text[start - 1].isalnum():
        start -= 1
    return text[start:at - 1].lower()
