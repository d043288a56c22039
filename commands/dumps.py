"""dump of one context, wherever it is typed."""

from typing import TYPE_CHECKING

from commands.answer import Answer
from commands.kinds import YesNo
from commands.spec import Command, tag

if TYPE_CHECKING:
    from commands.session import Session

HELP = "Displays a configuration script."


class _ContextDump(Command):
    reveal: bool = tag(YesNo(), "Whether pre-shared keys are written out.", default=False)

    def run(self, session: "Session") -> Answer:
        """The lines of the context's section."""
        from commands.written import dumped
        return Answer((dumped(session.config, (self.words[0],), self.reveal),))


class IpsecDump(_ContextDump, words="ipsec dump", help=HELP, examples=("ipsec dump",)):
    """The policies."""


class StaticDump(_ContextDump, words="ipsec static dump", help=HELP,
                 examples=("ipsec static dump",)):
    """The policies."""


class RoutingDump(_ContextDump, words="routing dump", help=HELP, examples=("routing dump",)):
    """Filters, routes and settings of the router."""


class RoutingIpDump(_ContextDump, words="routing ip dump", help=HELP,
                    remarks=("The first command is reset: the script makes a machine equal to "
                             "this one, whatever it held before.",),
                    examples=("routing ip dump",)):
    """Filters, routes and settings of the router."""


class InterfaceDump(_ContextDump, words="interface dump", help=HELP,
                    examples=("interface dump",)):
    """Addresses and gateways."""


class InterfaceIpDump(_ContextDump, words="interface ip dump", help=HELP,
                      examples=("interface ip dump",)):
    """Addresses and gateways."""
