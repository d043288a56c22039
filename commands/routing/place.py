"""Where a route or a packet filter belongs: interfaces by name or address, networks as typed."""

from collections.abc import Iterable

from commands.errors import CommandError
from commands.kinds import address_candidates
from commands.spec import Kind
from engine.address import ALL_ONES, Address, format_address, parse_address, parse_mask
from engine.policy.model import Interface
from engine.policy.router import Router
from engine.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from commands.session import Session
    from engine.policy.store import Config


class Typed(NamedTuple):
    """An address as it was typed; `prefix` None when no ``/prefix`` came with it."""

    address: Address
    prefix: int | None


class NetAddress(Kind[Typed]):
    """A dotted quad, or a whole network as ``a.b.c.d/prefix`` (so that ${NetA} may be typed)."""

    usage = "<ip>"
    cell = "ip"

    def parse(self, text: str, session: "Session") -> Typed:
        """Host bits are not looked at here: the mask may come in a tag of its own."""
        if text.lower() == "any":
            return Typed(0, 0)
        address, slash, mask = text.partition("/")
        return Typed(parse_address(address), parse_mask(mask) if slash else None)

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        """The article's networks and addresses."""
        yield from ((value, name) for name, value in session.variables.items() if "/" in value)
        yield from address_candidates(session)


def network_of(typed: Typed, mask: int | None, tag: str) -> tuple[Address, int]:
    """Address and prefix length from the two tags; `tag` is the mask's, for the error.

    Raises CommandError when the mask is missing or given twice in different words.
    """
    if mask is None:
        if typed.prefix is None:
            raise CommandError("missing-tag", f"The argument is missing: {tag}", tag=tag, exit=2,
                               fix=f"{tag}=255.255.255.0")
        return typed.address, typed.prefix
    if typed.prefix not in (None, mask):
        raise CommandError("contradiction", f"{tag} and the /{typed.prefix} of the address "
                           "differ", tag=tag, exit=2)
    return typed.address, mask


def interface_called(config: "Config", text: str) -> Interface:
    """The interface of that name, or with that address. Raises NotFound."""
    if text.count(".") == 3 and text.replace(".", "").isdigit():
        for one in config.interfaces():
            if format_address(one.address) == text:
                return one
    return config.interface(text)


def facing(config: "Config", gateway: Address) -> Interface | None:
    """The interface whose own network holds `gateway`, None when none does."""
    for one in config.interfaces():
        mask = ALL_ONES << (32 - one.prefix) & ALL_ONES
        if one.address & mask == gateway & mask:
            return one
    return None


def routed(config: "Config", text: str) -> Interface:
    """An interface that the router knows. Raises NotFound, CommandError."""
    found = interface_called(config, text)
    if Router(config).interface(found.name) is None:
        raise CommandError("not-found", f"{found.name} is no interface of the router", tag="name",
                           fix=f'routing ip add interface name="{found.name}"')
    return found
