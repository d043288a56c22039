"""ipsec static add, set, delete filterlist."""

from commands.answer import NOTHING, Answer
from commands.kinds import Guid, Text
from commands.names import FilterListName
from commands.spec import Command, tag
from commands.static.common import named
from engine.policy.model import FilterList
from engine.values import TYPE_CHECKING

if TYPE_CHECKING:
    from commands.session import Session


class AddFilterList(Command, words="ipsec static add filterlist",
                    help="Creates an empty filter list.",
                    examples=('ipsec static add filterlist name="NetA to NetC"',)):
    """A list without filters."""

    name: str = tag(FilterListName(new=True), "Name of the filter list.")
    description: str = tag(Text(), "Brief information about the filter list.", default="")

    def run(self, session: "Session") -> Answer:
        """Adds it."""
        session.config.add_filterlist(FilterList(self.name, self.description), session.location)
        return NOTHING


class SetFilterList(Command, words="ipsec static set filterlist", help="Modifies a filter list.",
                    examples=('ipsec static set filterlist name="NetA to NetB" newname=Out',)):
    """Name and description; filters are added and deleted, not changed."""

    name: str = tag(FilterListName(), "Name of the filter list.", default="")
    newname: str | None = tag(FilterListName(new=True), "New name.", default=None)
    description: str | None = tag(Text(), "Brief information about the filter list.",
                                  default=None)
    guid: str = tag(Guid(), "GUID of the filter list, instead of its name.", default="",
                    hidden=True)

    def run(self, session: "Session") -> Answer:
        """Replaces what was given."""
        which = named(self.name, self.guid)
        config = session.config
        with session.store.transaction():
            old = config.filterlist(which, session.location)
            new = old._replace(
                name=old.name if self.newname is None else self.newname,
                description=old.description if self.description is None else self.description)
            config.replace_filterlist(which, new, session.location)
        return NOTHING


class DeleteFilterList(Command, words="ipsec static delete filterlist",
                       help="Deletes a filter list.",
                       remarks=("A list that a rule uses is not deleted.",),
                       examples=('ipsec static delete filterlist name="NetA to NetB"',
                                 "ipsec static delete filterlist all")):
    """One list or all of them, with their filters."""

    name: str = tag(FilterListName(all=True), "Name of the filter list, or all.")

    def run(self, session: "Session") -> Answer:
        """Deletes; of "all" either all or none."""
        config = session.config
        with session.store.transaction():
            names = [self.name] if self.name != "all" else [
                one.name for one in config.filterlists(session.location)]
            for name in names:
                config.delete_filterlist(name, session.location)
        return NOTHING
