"""Kinds that only `ipsec static` has: a filter's side with its mask, a CA, a tunnel end."""

from collections.abc import Iterable

from commands.errors import CommandError
from commands.kinds import Endpoint, address_candidates
from commands.spec import Kind
from engine.address import Address, parse_address, parse_mask
from engine.policy.model import ANY, ME, AuthMethod, Side
from engine.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from commands.session import Session

LOCALHOST = 0x7F000001
ROOTCA_OPTIONS = ("certmap", "excludecaname")
ENDPOINT = Endpoint()
# Makes a named tuple of a tuple, in a third of the time that its class takes: scripts need
# thousands.
_typed = tuple.__new__


class TypedSide(NamedTuple):
    """A filter's side as typed; `masked` is True when it was ``a.b.c.d/prefix``."""

    side: Side
    masked: bool = False


class FilterSide(Kind[TypedSide]):
    """Me, Any, an address (with ``/prefix`` or ``/mask``), a DNS name or a server word."""

    cell = "ip"
    usage = "<ip>[/<prefix>] | Me | Any | <dns> | WINS | DNS | DHCP | GATEWAY"

    def parse(self, text: str, session: "Session") -> TypedSide:
        if "/" in text:
            address, _, mask = text.partition("/")
            return TypedSide(Side("ip", parse_address(address), parse_mask(mask)), True)
        return _typed(TypedSide, (ENDPOINT.parse(text, session), False))

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        yield from ENDPOINT.complete(prefix, session)
        for name, value in session.variables.items():
            if "/" in value:
                yield value, name


class RootCa(Kind[AuthMethod]):
    """``"CN=Example CA certmap:yes excludecaname:no"``: a CA's name and netsh's two options."""

    usage = '"<CA> certmap:(yes|no) excludecaname:(yes|no)"'

    def parse(self, text: str, session: "Session") -> AuthMethod:
        options: dict[str, bool] = {}
        name = text.strip()
        while True:
            rest, _, last = name.rpartition(" ")
            word, colon, value = last.lower().partition(":")
            if not rest or not colon or word not in ROOTCA_OPTIONS:
                break
            if value not in ("yes", "no") or word in options:
                raise ValueError(f"must say {word}:yes or {word}:no once")
            options[word] = value == "yes"
            name = rest.rstrip()
        if not name:
            raise ValueError("must name a certificate authority")
        return AuthMethod("rootca", name, options.get("certmap", False),
                          options.get("excludecaname", False))


class TunnelEnd(Kind[Address]):
    """The end point of a tunnel, or ``no`` for transport mode (0)."""

    cell = "ip"
    usage = "<ip> | no"

    def words(self) -> tuple[str, ...]:
        return ("no",)

    def parse(self, text: str, session: "Session") -> Address:
        return 0 if text.lower() == "no" else parse_address(text)

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        yield "no", "transport mode"
        yield from address_candidates(session)


def sides(typed: TypedSide, mask: int | None, session: "Session", field: str) -> list[Side]:
    """The sides that a typed one and its mask tag mean: several when a DNS name has several.

    Raises CommandError when address and mask contradict, or a name does not resolve.
    """
    side = typed.side
    if side.kind == "dns":
        return [side._replace(address=address, prefix=32 if mask is None else mask)
                for address in resolve(side.name, session, field)]
    return [one_side(typed, mask, field)]


def one_side(typed: TypedSide, mask: int | None, field: str) -> Side:
    """The side that a typed one and its mask tag mean, unless it is a DNS name.

    Raises CommandError when address and mask contradict.
    """
    side, masked = typed
    if mask is not None and not masked and side[0] == "ip" and side[1]:
        return _typed(Side, ("ip", side[1], mask, ""))
    natural = side.prefix
    if mask is not None and mask != natural and (masked or side.kind != "ip"):
        raise CommandError("contradiction", f"{field} and its mask contradict each other",
                           tag=field, fix="leave the mask out")
    if side.kind == "ip" and mask is not None:
        side = Side("ip", side.address, mask)
    return plain(side)


def plain(side: Side) -> Side:
    """Windows writes me as 0.0.0.0 with all ones, and any as 0.0.0.0 with none."""
    if side.kind == "ip" and side.address == 0:
        return {32: ME, 0: ANY}.get(side.prefix, side)
    return side


def resolve(name: str, session: "Session", field: str) -> list[Address]:
    """The addresses of a DNS name: the lab knows its machines by name. Raises CommandError."""
    if name.lower() == "localhost":
        return [LOCALHOST]
    machines = session.store.machines()
    for machine in machines:
        if machine.name.lower() == name.rstrip(".").lower():
            return [one.address for one in session.store.on(machine.name).interfaces()]
    raise CommandError("dns-name", f"the name '{name}' cannot be resolved", tag=field,
                       known=tuple(machine.name for machine in machines))
