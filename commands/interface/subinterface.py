"""interface ip set subinterface: the MTU of an adapter."""

from typing import TYPE_CHECKING

from commands.answer import NOTHING, Answer
from commands.kinds import Choice, Number
from commands.names import InterfaceName
from commands.routing.place import interface_called
from commands.spec import Command, tag

if TYPE_CHECKING:
    from commands.session import Session

# RFC 791: every module must forward 68 octets; below 576 few applications work.
LEAST, MOST = 576, 65535


class SetSubinterface(Command, words="interface ip set subinterface",
                      help="Sets the MTU of an interface.",
                      remarks=("A tunnel takes its room from the MTU of the interface it leaves "
                               "by.",),
                      examples=("interface ip set subinterface interface=External mtu=1400",)):
    """How long a packet may be that leaves by an adapter."""

    interface: str = tag(InterfaceName(), "The interface: its name or its address.")
    mtu: int = tag(Number(LEAST, MOST), "Octets of the largest packet.")
    store: str = tag(Choice("active", "persistent"), "How long it holds.", default="persistent")

    def run(self, session: "Session") -> Answer:
        """Raises CommandError for an interface that is not there."""
        found = interface_called(session.config, self.interface)
        session.config.set_interface(found._replace(mtu=self.mtu))
        return NOTHING
