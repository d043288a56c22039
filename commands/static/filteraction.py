"""ipsec static add, set, delete filteraction."""

from commands.answer import NOTHING, Answer
from commands.kinds import Choice, Guid, Text, YesNo
from commands.methods import QuickModeMethods
from commands.names import FilterActionName
from commands.spec import Command, tag
from commands.static.common import action_lints, answer, given, named
from engine.policy.model import ACTIONS, DEFAULT_QUICK_MODE, FilterAction
from engine.suites import QuickModeMethod
from engine.values import TYPE_CHECKING

if TYPE_CHECKING:
    from commands.session import Session

ACTION = Choice(*ACTIONS, help=("let pass without IPsec", "drop", "secure with IPsec"))


class AddFilterAction(Command, words="ipsec static add filteraction",
                      help="Creates a filter action.",
                      remarks=("qmsecmethods counts only with action=negotiate.",
                               "A tunnel allows qmpfs, but neither inpass nor soft.",
                               "A lifetime is written 100000k/3600s; without one the defaults "
                               "hold."),
                      examples=("ipsec static add filteraction name=FB qmsec=ESP[3DES,SHA1]",
                                'ipsec static add filteraction name=FB qmpfs=yes action=negotiate '
                                'qmsec="AH[MD5]:204800k/300s ESP[DES,SHA1]:30000k/480s"')):
    """What to do with matching packets."""

    name: str = tag(FilterActionName(new=True), "Name of the filter action.")
    description: str = tag(Text(), "Brief information about the filter action.", default="")
    qmpfs: bool = tag(YesNo(), "Session key perfect forward secrecy.", default=False)
    inpass: bool = tag(YesNo(), "Accept unsecured inbound traffic, answer with IPsec.",
                       default=False)
    soft: bool = tag(YesNo(), "Fall back to clear text with a peer that has no IPsec.",
                     default=False)
    action: str = tag(ACTION, "permit, block or negotiate.", default="negotiate")
    qmsecmethods: tuple[QuickModeMethod, ...] = tag(
        QuickModeMethods(), "Quick mode security methods, the preferred first.",
        default=DEFAULT_QUICK_MODE)

    def run(self, session: "Session") -> Answer:
        """Adds it."""
        stored = session.config.add_filteraction(FilterAction(
            self.name, self.description, self.action, self.qmpfs, self.inpass, self.soft,
            self.qmsecmethods), session.location)
        return answer(action_lints(session, stored, "qmsecmethods" in self.names_given))


class SetFilterAction(Command, words="ipsec static set filteraction",
                      help="Modifies a filter action.",
                      remarks=("What is not given stays as it is.",
                               "action=permit and action=block switch qmpfs, inpass and soft "
                               "off."),
                      examples=("ipsec static set filteraction name=FA soft=no inpass=no",)):
    """Any part of a filter action."""

    name: str = tag(FilterActionName(), "Name of the filter action.", default="")
    newname: str | None = tag(FilterActionName(new=True), "New name.", default=None)
    description: str | None = tag(Text(), "Brief information about the filter action.",
                                  default=None)
    qmpfs: bool | None = tag(YesNo(), "Session key perfect forward secrecy.", default=None)
    inpass: bool | None = tag(YesNo(), "Accept unsecured inbound traffic, answer with IPsec.",
                              default=None)
    soft: bool | None = tag(YesNo(), "Fall back to clear text with a peer that has no IPsec.",
                            default=None)
    action: str | None = tag(ACTION, "permit, block or negotiate.", default=None)
    qmsecmethods: tuple[QuickModeMethod, ...] | None = tag(
        QuickModeMethods(), "Quick mode security methods, the preferred first.", default=None)
    guid: str = tag(Guid(), "GUID of the filter action, instead of its name.", default="",
                    hidden=True)

    def run(self, session: "Session") -> Answer:
        """Replaces what was given."""
        which = named(self.name, self.guid)
        config = session.config
        with session.store.transaction():
            old = config.filteraction(which, session.location)
            stored = config.replace_filteraction(which, self._changed(old), session.location)
        return answer(action_lints(session, stored, self.qmsecmethods is not None))

    def _changed(self, old: FilterAction) -> FilterAction:
        if self.action in ("permit", "block"):
            old = old._replace(qmpfs=False, inpass=False, soft=False)
        return old._replace(**given(
            name=self.newname, description=self.description, qmpfs=self.qmpfs,
            inpass=self.inpass, soft=self.soft, action=self.action,
            methods=self.qmsecmethods))


class DeleteFilterAction(Command, words="ipsec static delete filteraction",
                         help="Deletes a filter action.",
                         remarks=("An action that a rule uses is not deleted.",),
                         examples=("ipsec static delete filteraction name=FA",
                                   "ipsec static delete filteraction all")):
    """One action or all of them."""

    name: str = tag(FilterActionName(all=True), "Name of the filter action, or all.")

    def run(self, session: "Session") -> Answer:
        """Deletes; of "all" either all or none."""
        config = session.config
        with session.store.transaction():
            names = [self.name] if self.name != "all" else [
                one.name for one in config.filteractions(session.location)]
            for name in names:
                config.delete_filteraction(name, session.location)
        return NOTHING
