"""ipsec static set store, show store, delete all."""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import NOTHING, Answer
from commands.kinds import Choice
from commands.spec import Command, tag
from engine.policy.model import LOCATIONS

if TYPE_CHECKING:
    from commands.session import Session

LOCATION_HELP = ("this computer's policies", "policies in force before the agent starts",
                 "the domain's policies, which override the local ones")


class SetStore(Command, words="ipsec static set store", help="Sets the current policy store.",
               remarks=("A policy assigned by the domain overrides the local one.",),
               examples=("ipsec static set store location=local", "ipsec static set store domain")):
    """Which of the three stores the following commands read and write."""

    location: str = tag(Choice(*LOCATIONS, help=LOCATION_HELP), "Location of the policy store.")

    def run(self, session: "Session") -> Answer:
        """Remembers it for the session."""
        session.location = self.location
        return NOTHING


class ShowStore(Command, words="ipsec static show store",
                help="Displays the current policy store.", examples=("ipsec static show store",)):
    """One line."""

    def run(self, session: "Session") -> Answer:
        """Says which store is current."""
        shown = cells.enum(session.location.capitalize())
        return Answer((cells.say(("Current Store is ", shown, "."),
                                 data={"location": session.location}, name="store"),))


class DeleteAll(Command, words="ipsec static delete all", destructive=True,
                help="Deletes all policies, filter lists, and filter actions.",
                remarks=("Refused while a policy of the store is assigned.",)):
    """Empties the current store of the current machine."""

    def run(self, session: "Session") -> Answer:
        """Deletes policies first: their rules use the lists and actions."""
        where = session.location
        config = session.config
        with session.store.transaction():
            for policy in config.policies(where):
                config.delete_policy(policy.guid, where)
            for filterlist in config.filterlists(where):
                config.delete_filterlist(filterlist.guid, where)
            for action in config.filteractions(where):
                config.delete_filteraction(action.guid, where)
        return NOTHING
