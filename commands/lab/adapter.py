"""lab add adapter, delete adapter: another network card in a machine, plugged into a link."""

from typing import TYPE_CHECKING

from commands.answer import NOTHING, Answer
from commands.errors import CommandError
from commands.interface.address import check_address
from commands.kinds import Address, Mask, Number, Text
from commands.lab.impair import LinkName
from commands.names import InterfaceName, MachineName
from commands.spec import Command, tag
from engine.address import format_address
from engine.policy.model import Interface

if TYPE_CHECKING:
    from commands.session import Session
    from engine.policy.store import Config


class AddAdapter(Command, words="lab add adapter", help="Plugs another adapter into a machine.",
                 remarks=("A link that does not exist yet is laid by the first adapter that "
                          "names it.",),
                 examples=('lab add adapter machine=gwA name="External 2" addr=192.0.2.2 '
                           "mask=255.255.255.0 link=transitA",)):
    """A multihomed machine, as the article warns of."""

    machine: str = tag(MachineName(), "The machine.")
    name: str = tag(InterfaceName(new=True), "Name of the adapter.")
    addr: int = tag(Address(), "Its address.")
    mask: int = tag(Mask(), "Its mask.")
    link: str = tag(LinkName(new=True), "The link it is plugged into.")
    gateway: int = tag(Address("<ip> | none", words={"none": 0}), "Its default gateway.",
                       default=0)
    mtu: int = tag(Number(68, 65535), "Octets of the largest packet it sends.", default=1500)

    def run(self, session: "Session") -> Answer:
        """Raises CommandError for an address that somebody on the link has."""
        config = session.store.on(self.machine)
        new = Interface(self.name, self.addr, self.mask, self.gateway or None,
                        _mac(config, self.addr), self.mtu, self.link)
        check_address(new, list(config.interfaces()))
        _check_free(session, self.addr, self.link)
        config.add_interface(new)
        return NOTHING


def _check_free(session: "Session", address: int, link: str) -> None:
    for machine in session.store.machines():
        for one in session.store.on(machine.name).interfaces():
            if one.address == address and one.link == link:
                raise CommandError("exists", f"{machine.name} has {format_address(address)} on "
                                   f"{link} already", tag="addr")


def _mac(config: "Config", address: int) -> str:
    """A hardware address that follows from the machine and the host's number in its network: the
    same wherever the lab's addresses are bound.
    """
    number = (sum(config.name.encode()) << 8 | address & 255) & 0xFFFF
    return f"00-0C-29-5B-{number >> 8:02X}-{number & 255:02X}"


class DeleteAdapter(Command, words="lab delete adapter",
                    help="Takes an adapter out of a machine.",
                    remarks=("Its filters and routes go with it.",),
                    examples=('lab add adapter gwA "External 2" 192.0.2.2 24 transitA',
                              'lab delete adapter machine=gwA name="External 2"')):
    """The opposite of add adapter."""

    machine: str = tag(MachineName(), "The machine.")
    name: str = tag(Text("<string>", empty=False), "Name of the adapter.")

    def run(self, session: "Session") -> Answer:
        """Raises NotFound."""
        session.store.on(self.machine).delete_interface(self.name)
        return NOTHING
