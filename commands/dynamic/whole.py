"""ipsec dynamic delete all, delete sa, show all."""

from typing import TYPE_CHECKING

from commands.answer import NOTHING, Answer, Block
from commands.dynamic.filters import ShowMmfilter, ShowQmfilter
from commands.dynamic.live import REMARK, edit, live
from commands.dynamic.policies import main_records, quick_records
from commands.dynamic.rules import rule_records
from commands.dynamic.sas import ShowMmsas, ShowQmsas
from commands.dynamic.select import names_of, resolve_tag
from commands.dynamic.stats import ShowStats
from commands.kinds import YesNo
from commands.spec import Command, tag
from engine.policy.live import Live

if TYPE_CHECKING:
    from commands.session import Session

SHOWN: tuple[type[Command], ...] = (ShowMmfilter, ShowQmfilter, ShowMmsas, ShowQmsas, ShowStats)


class DeleteAll(Command, words="ipsec dynamic delete all",
                help="Deletes what was added to the running machine.",
                remarks=("Main and quick mode policies and rules that ipsec dynamic added; the "
                         "stored policy stays in force.", REMARK),
                examples=("ipsec dynamic delete all",)):
    """The running machine is as the store says again."""

    def run(self, session: "Session") -> Answer:
        """Deletes everything that was added."""
        edit(session, Live())
        return NOTHING


class DeleteSa(Command, words="ipsec dynamic delete sa",
               help="Deletes all security associations.",
               remarks=("The peers are told. The next packet negotiates anew.",),
               examples=("ipsec dynamic delete sa",)):
    """Main and quick mode associations of the machine."""

    def run(self, session: "Session") -> Answer:
        """Stops and starts the policy agent's work without losing what was added."""
        found = live(session)
        edit(session, found)
        session.world.stop_agent(session.machine)
        session.world.start_agent(session.machine)
        edit(session, found)
        return NOTHING


class ShowAll(Command, words="ipsec dynamic show all",
              help="Displays policies, filters, SAs and statistics of the running machine.",
              examples=("ipsec dynamic show all",)):
    """What the single show commands display, one after the other."""

    resolvedns: bool = resolve_tag()
    wide: bool = tag(YesNo(), "Lines are never cut, so that it changes nothing.", default=False,
                     hidden=True)

    def run(self, session: "Session") -> Answer:
        """Every block."""
        found = live(session)
        blocks: list[Block] = [main_records(session, found), quick_records(found),
                               rule_records(found, "all", names_of(session, self.resolvedns))]
        for one in SHOWN:
            named = {"resolvedns": self.resolvedns} if one is not ShowStats else {}
            blocks += one(**named).run(session).blocks
        return Answer(tuple(blocks))
