"""ipsec static set store, set batch, show store, show gpoassignedpolicy, delete all."""

from commands import cells
from commands.answer import NOTHING, Answer, Record
from commands.errors import CommandError
from commands.kinds import Choice, EnableDisable, Text
from commands.spec import Command, tag
from engine.policy.model import GPO, LOCATIONS
from engine.values import TYPE_CHECKING

if TYPE_CHECKING:
    from commands.session import Session

LOCATION_HELP = ("this computer's policies", "policies in force before the agent starts",
                 "the domain's policies, which override the local ones")


class SetStore(Command, words="ipsec static set store", help="Sets the current policy store.",
               remarks=("A policy assigned by the domain overrides the local one.",
                        "domain only names the domain: its policies are in this store."),
               examples=("ipsec static set store location=local", "ipsec static set store domain",
                         "ipsec static set store location=domain domain=example.com")):
    """Which of the three stores the following commands read and write."""

    location: str = tag(Choice(*LOCATIONS, help=LOCATION_HELP), "Location of the policy store.")
    domain: str = tag(Text(), "Name of the domain; with location=domain only.", default="")

    def run(self, session: "Session") -> Answer:
        """Remembers it for the session. Raises CommandError for a domain elsewhere."""
        if self.domain and self.location != "domain":
            raise CommandError("contradiction", "domain goes with location=domain only",
                               tag="domain", exit=2)
        session.location, session.domain = self.location, self.domain
        return NOTHING


class SetBatch(Command, words="ipsec static set batch", help="Sets the batch update mode.",
               remarks=("While it is enabled the running lab does not hear of changes; all of "
                        "them take effect together when it is disabled. The store has them at "
                        "once.",),
               examples=("ipsec static set batch mode=disable",)):
    """Whether changes take effect one by one or together."""

    mode: bool = tag(EnableDisable(), "enable or disable.")

    def run(self, session: "Session") -> Answer:
        """Remembers it for the session; what has waited takes effect after disable."""
        session.batch = self.mode
        return NOTHING


class ShowStore(Command, words="ipsec static show store",
                help="Displays the current policy store.", examples=("ipsec static show store",)):
    """One line."""

    def run(self, session: "Session") -> Answer:
        """Says which store is current."""
        shown = cells.enum(session.location.capitalize())
        domain = (" (", cells.name(session.domain), ")") if session.domain else ()
        data = {"location": session.location, "domain": session.domain}
        return Answer((cells.say(("Current Store is ", shown, *domain, "."), data=data,
                                 name="store"),))


class ShowGpoAssignedPolicy(Command, words="ipsec static show gpoassignedpolicy",
                            help="Displays details of a group assigned policy.",
                            examples=("ipsec static show gpoassignedpolicy",)):
    """The policy that a group policy object of the domain assigns to this machine."""

    name: str = tag(Text(), "Name of the group policy object; any when left out.", default="")

    def run(self, session: "Session") -> Answer:
        """Raises CommandError when nothing is assigned, or by another object."""
        config = session.config
        gpo = config.get_setting(GPO)
        policy = next((one for one in config.policies("domain") if one.assigned), None)
        if policy is None or self.name.casefold() not in ("", gpo.casefold()):
            by = f" by '{self.name}'" if self.name else ""
            raise CommandError("not-found", f"No IPsec policy is assigned{by}", tag="name",
                               known=(gpo,) if gpo and policy is not None else ())
        local = [one for one in config.policies("local") if one.assigned]
        return Answer((Record((
            ("source", "Source Machine", cells.name(config.name)),
            ("gpo", "GPO Name", cells.name(gpo or "NONE")),
            ("policy", "Policy Name", cells.name(policy.name)),
            ("description", "Description", cells.text(policy.description or "NONE")),
            ("overridden", "Local IPSec Policy Name",
             cells.name(local[0].name if local else "NONE")),
        ), "", "gpoassignedpolicy"),))


class DeleteAll(Command, words="ipsec static delete all", destructive=True,
                help="Deletes all policies, filter lists, and filter actions.",
                remarks=("Refused while a policy of the store is assigned.",),
                examples=("ipsec static delete all",)):
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
