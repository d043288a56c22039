"""firewall set and show icmpsetting: whether a machine answers pings (netsh firewall of XP SP2)."""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import NOTHING, Answer, Table
from commands.errors import CommandError
from commands.kinds import EnableDisable, Number
from commands.spec import Command, tag

if TYPE_CHECKING:
    from commands.session import Session

ECHO = 8
NAMES = {ECHO: "Allow inbound echo request"}


class SetIcmpSetting(Command, words="firewall set icmpsetting",
                     help="Allows or refuses a type of ICMP message.",
                     remarks=("Type 8, the echo request of ping, is the one that is filtered "
                              "here.",),
                     examples=("firewall set icmpsetting type=8 mode=enable",
                               "firewall set icmpsetting 8 disable")):
    """One type of the current machine's own firewall."""

    type: int = tag(Number(0, 255), "The ICMP type.")
    mode: bool = tag(EnableDisable(), "Whether such messages are answered.", default=True)

    def run(self, session: "Session") -> Answer:
        """Raises CommandError for another type than echo request."""
        if self.type not in NAMES:
            raise CommandError("not-supported", f"ICMP type {self.type} is not filtered here",
                               tag="type", known=tuple(str(one) for one in NAMES))
        session.store.set_machine(session.config.machine._replace(icmp_echo=self.mode))
        return NOTHING


class ShowIcmpSetting(Command, words="firewall show icmpsetting",
                      help="Displays which ICMP messages are answered.",
                      examples=("firewall show icmpsetting",)):
    """The one type there is."""

    def run(self, session: "Session") -> Answer:
        """One row."""
        on = session.config.machine.icmp_echo
        row = (cells.yes(on, ("Disable", "Enable")), cells.number(ECHO), cells.text(NAMES[ECHO]))
        columns = (("mode", "Mode"), ("type", "Type"), ("description", "Description"))
        return Answer((Table(columns, (row,), "", "icmp"),))
