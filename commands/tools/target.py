"""The destination of ping: an address, or the name of a machine of the lab."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from commands.spec import Kind
from engine.address import Address, format_address, parse_address
from engine.errors import EngineError

if TYPE_CHECKING:
    from commands.session import Session


class Target(NamedTuple):
    """Where to: the address, the machine's name if that was typed, and what was typed."""

    address: Address
    name: str
    typed: str


def machine_addresses(session: "Session") -> list[tuple[str, Address]]:
    """Each machine of the store with the address of its first interface."""
    found = []
    for machine in session.store.machines():
        interfaces = session.store.on(machine.name).interfaces()
        if interfaces:
            found.append((machine.name, interfaces[0].address))
    return found


class TargetName(Kind[Target]):
    """An IPv4 address or the name of a lab machine."""

    usage = "<address | machine>"
    cell = "ip"

    def parse(self, text: str, session: "Session") -> Target:
        """Raises ValueError when it is neither."""
        if text[:1].isdigit():
            return Target(parse_address(text), "", text)
        known = machine_addresses(session)
        for name, address in known:
            if name.lower() == text.lower():
                return Target(address, name, text)
        names = ", ".join(name for name, _ in known)
        raise ValueError(f"must be an address or a machine of the lab ({names})")

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        """Machines with their addresses, and the addresses themselves."""
        try:
            machines = machine_addresses(session)
        except EngineError:
            return
        for name, address in machines:
            if name.lower().startswith(prefix.lower()):
                yield name, format_address(address)
            if prefix and format_address(address).startswith(prefix):
                yield format_address(address), name
