"""IPv4 addresses, masks and networks as integers in host order.

Every layer of the engine compares and masks addresses per packet, so an address is a plain
``int`` from 0 to 2**32 - 1; dotted text exists only at the edges (parser, renderer, store dump).
"""

from engine.values import NamedTuple

Address = int
ANY_ADDRESS: Address = 0
ALL_ONES = 0xFFFFFFFF


# Scripts hold thousands of addresses: each octet is looked up.
_OCTETS = {f"{value}": value for value in range(256)}


def parse_address(text: str) -> Address:
    """Reads a dotted quad. Raises ValueError for anything else.

    Short forms are refused, and so are leading zeros: some systems read 010 as octal.
    """
    try:
        first, second, third, fourth = text.split(".")
        return (_OCTETS[first] << 24 | _OCTETS[second] << 16 | _OCTETS[third] << 8
                | _OCTETS[fourth])
    except (KeyError, ValueError):
        zeros = any(part.isdigit() and part != "0" and part[0] == "0" for part in text.split("."))
        extra = " (no leading zeros: others read them as octal)" if zeros else ""
        raise ValueError("must be an IPv4 address such as 192.0.2.1" + extra) from None


def format_address(address: Address) -> str:
    """The dotted quad of an address in host order."""
    return f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"


def prefix_mask(prefix: int) -> Address:
    """The mask of a prefix length (0 to 32) as an integer."""
    return ALL_ONES << (32 - prefix) & ALL_ONES


def mask_prefix(mask: Address) -> int:
    """The prefix length of a mask. Raises ValueError when its ones are not contiguous."""
    inverted = ~mask & ALL_ONES
    if inverted & (inverted + 1):
        raise ValueError("is not a contiguous mask")
    return 32 - inverted.bit_length()


def parse_mask(text: str) -> int:
    """Reads a mask, dotted or as a prefix length, and gives the prefix length (0 to 32)."""
    if text.isascii() and text.isdigit() and len(text) <= 2:
        prefix = int(text)
        if prefix > 32:
            raise ValueError("must be a mask such as 255.255.255.0 or a prefix length 0-32")
        return prefix
    try:
        return mask_prefix(parse_address(text))
    except ValueError as error:
        if "contiguous" in str(error):
            raise
        raise ValueError("must be a mask such as 255.255.255.0 or a prefix length 0-32") from None


class Network(NamedTuple):
    """An IPv4 subnet: the selector of an SPD entry's side, or the target of a route.

    ``address`` has no bit outside ``prefix``; `make_network` refuses or cuts others.
    """

    address: Address
    prefix: int

    @property
    def mask(self) -> Address:
        return prefix_mask(self.prefix)

    def __contains__(self, address: object) -> bool:
        return isinstance(address, int) and address & prefix_mask(self.prefix) == self.address

    def covers(self, other: "Network") -> bool:
        """True when every address of `other` is also in this network."""
        return self.prefix <= other.prefix and other.address in self

    def meets(self, other: "Network") -> bool:
        """Whether both have an address in common: one then has all of the other's."""
        return self.covers(other) or other.covers(self)

    def __str__(self) -> str:
        return f"{format_address(self.address)}/{self.prefix}"


ANY_NETWORK = Network(0, 0)


# RFC 1918; RFC 6598, whose addresses a carrier's NAT has outside those and inside the Internet.
PRIVATE = (Network(10 << 24, 8), Network(0xAC100000, 12), Network(0xC0A80000, 16))
SHARED = Network(0x64400000, 10)


def needs_nat(address: Address, outside: Address) -> bool:
    """Whether an address is of a private network, and the one `outside` of a more public one:
    nobody there can answer to it unless a NAT stands between.
    """
    return _privacy(address) > _privacy(outside)


def _privacy(address: Address) -> int:
    return 2 if any(address in one for one in PRIVATE) else int(address in SHARED)


def make_network(address: Address, prefix: int) -> Network:
    """The network of an address and prefix. Raises ValueError when host bits are set."""
    if address & ~prefix_mask(prefix) & ALL_ONES:
        raise ValueError("has host bits set outside the mask")
    return Network(address, prefix)


HOST_NUMBER = 10


def member(network: Network, what: str) -> Address:
    """An address of a network: "id" itself, "host" its tenth (or last) one, "hop" the last one
    before the broadcast, "mask", or a number that is added to the id.

    Raises ValueError for anything else, and for a number outside the network.
    """
    last = network.address | ~network.mask & ALL_ONES
    found = {"id": network.address, "mask": network.mask, "hop": last - 1,
             "host": min(network.address + HOST_NUMBER, last - 1)}.get(what)
    if found is None and what.isascii() and what.isdigit() and len(what) <= 10:
        found = network.address + int(what)
        if found > last:
            raise ValueError(f"has no address number {what}")
    if found is None:
        raise ValueError("must be followed by .id, .mask, .host, .hop or a number")
    return found


def parse_network(text: str) -> Network:
    """Reads ``a.b.c.d/prefix`` (or ``/mask``); a bare address is a /32."""
    address, _, mask = text.partition("/")
    return make_network(parse_address(address), parse_mask(mask) if mask else 32)
