"""Reports without addresses and keys: each address gets a label, the same everywhere.

The article's names are the labels of what they stand for (W2KextIP, NetA), hosts of those networks
are numbered, everything else is ip1, ip2 and so on. Which is which stands in a map of its own,
which is the operator's. Keys become stars, by their values, and are in no map.
"""

import re
from collections.abc import Iterable, Mapping

from engine.address import (
    Address,
    Network,
    format_address,
    parse_address,
    parse_network,
    prefix_mask,
)
from engine.policy.model import Secret

HOSTS = ("W2KextIP", "3rdExtIP", "W2KintIP", "3rdIntIP")
NETWORKS = ("NetA", "NetB", "TransitA", "TransitB", "Middle")
# A dotted quad that is no part of a longer number or name.
_QUAD = re.compile(r"(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?!\d)(?!\.\d)")
_MAC = re.compile(r"(?<![\w])((?:[0-9A-Fa-f]{2}[-:]){5}[0-9A-Fa-f]{2})(?![\w])")
_MASKS = frozenset(prefix_mask(prefix) for prefix in range(8, 33)) | {0}
# A shorter key is a word of many sentences: it is looked for only where it stands alone.
SHORTEST = 8


class Masker:
    """Mutable: it learns addresses as they come. `names` are the session's variables."""

    def __init__(self, names: Mapping[str, str], keys: Iterable[str] = (),
                 addresses: bool = True) -> None:
        """`addresses` False leaves the addresses as they are; keys never stay."""
        self.addresses = addresses
        self.labels: dict[str, str] = {}  # text as it was -> label
        self._nets: list[tuple[Network, str]] = []
        self._count: dict[str, int] = {}
        self._keys = _pattern(keys)
        for name in HOSTS:
            _learn(self.labels, names.get(name, ""), name)
        for name in NETWORKS:
            net = _network(names.get(name, ""))
            if net is not None:
                self._nets.append((net, name))
                self.labels.setdefault(format_address(net.address), name)

    def text(self, text: str) -> str:
        """The text with labels for its addresses and stars for its keys."""
        if self._keys is not None:
            text = self._keys.sub(Secret.MASK, text)
        if not self.addresses:
            return text
        return _MAC.sub(self._mac, _QUAD.sub(self._quad, text))

    def address(self, address: Address) -> str:
        """The label of an address."""
        return self.text(format_address(address))

    def map(self) -> str:
        """Which label stands for what: one a line, for the operator alone."""
        lines = [f"{label} = {text}" for text, label in
                 sorted(self.labels.items(), key=lambda pair: _natural(pair[1]))]
        return "\n".join(["# Private: what the labels of the report stand for.", *lines]) + "\n"

    def _quad(self, found: re.Match[str]) -> str:
        text = found[1]
        known = self.labels.get(text)
        if known is not None:
            return known
        try:
            address = parse_address(text)
        except ValueError:
            return text
        if address in _MASKS or address >> 24 == 127:
            return text
        net = next((name for one, name in self._nets if address in one), "")
        return self._new(text, f"{net}-host" if net else "ip")

    def _mac(self, found: re.Match[str]) -> str:
        return self.labels.get(found[1]) or self._new(found[1], "mac")

    def _new(self, text: str, kind: str) -> str:
        self._count[kind] = self._count.get(kind, 0) + 1
        self.labels[text] = f"{kind}{self._count[kind]}"
        return self.labels[text]


def _learn(labels: dict[str, str], text: str, label: str) -> None:
    try:
        labels.setdefault(format_address(parse_address(text)), label)
    except ValueError:
        return


def _network(text: str) -> Network | None:
    try:
        return parse_network(text)
    except ValueError:
        return None


def _pattern(keys: Iterable[str]) -> re.Pattern[str] | None:
    """All keys as one pattern, the longest first."""
    plain = {one.reveal() if isinstance(one, Secret) else one for one in keys} - {""}
    words = [re.escape(one) if len(one) >= SHORTEST else rf"(?<!\w){re.escape(one)}(?!\w)"
             for one in sorted(plain, key=len, reverse=True)]
    return re.compile("|".join(words)) if words else None


def _natural(label: str) -> tuple[str, int]:
    stem = label.rstrip("0123456789")
    return stem, int(label[len(stem):] or 0)
