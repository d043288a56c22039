"""ipsec static add, set, delete policy."""

from commands.answer import NOTHING, Answer
from commands.errors import CommandError
from commands.kinds import Guid, Number, Text, YesNo
from commands.methods import MainModeMethods
from commands.names import PolicyName
from commands.spec import Command, tag
from commands.static.common import answer, given, named, tunnel_lints
from engine.policy.model import DEFAULT_MAIN_MODE, GPO, DefaultRule, Policy
from engine.policy.verify import MINUTES_MAX
from engine.suites import MainModeMethod
from engine.values import TYPE_CHECKING

if TYPE_CHECKING:
    from commands.session import Session
    from engine.policy.lint import Lint

MINUTES = Number(1, MINUTES_MAX, "<minutes>")


class AddPolicy(Command, words="ipsec static add policy",
                help="Creates a policy with the specified name.",
                remarks=("mmpfs=yes sets qmpermm to 1.",
                         "Assigning a policy takes the one assigned before out of force.",
                         "The article wants activatedefaultrule=no."),
                examples=('ipsec static add policy name="New Policy" activatedefaultrule=no',
                          'ipsec static add policy Policy2 mmpfs=yes '
                          'mmsec="3DES-SHA1-3 3DES-MD5-2"')):
    """A policy without rules, but for the default response rule."""

    name: str = tag(PolicyName(new=True), "Name of the policy.")
    description: str = tag(Text(), "Brief information about the policy.", default="")
    mmpfs: bool = tag(YesNo(), "Master key perfect forward secrecy.", default=False)
    qmpermm: int = tag(Number(), "Quick modes per main mode; 0 is no limit.", default=0)
    mmlifetime: int = tag(MINUTES, "Minutes until main mode is negotiated again.", default=480)
    activatedefaultrule: bool = tag(YesNo(), "Whether the default response rule is on.",
                                    default=True)
    pollinginterval: int = tag(MINUTES, "Minutes between looks for a changed policy.",
                               default=180)
    assign: bool = tag(YesNo(), "Whether the policy is put in force.", default=False)
    mmsecmethods: tuple[MainModeMethod, ...] = tag(
        MainModeMethods(), "Main mode security methods, the preferred first.",
        default=DEFAULT_MAIN_MODE)

    def run(self, session: "Session") -> Answer:
        """Adds it."""
        policy = session.config.add_policy(Policy(
            self.name, self.description, self.mmpfs, self.qmpermm, self.mmlifetime,
            self.pollinginterval, self.mmsecmethods, DefaultRule(self.activatedefaultrule),
            self.assign), session.location)
        return answer(_lints(policy, "mmsecmethods" in self.names_given, True))


class SetPolicy(Command, words="ipsec static set policy", help="Modifies a policy.",
                remarks=("What is not given stays as it is.",
                         "assign=yes takes the policy assigned before out of force.",
                         "gponame goes with assign=yes in the domain's store only."),
                examples=('ipsec static set policy name="My Policy" assign=yes',
                          "ipsec static set policy name=Policy1 newname=Policy2 mmlifetime=60")):
    """Any part of a policy but its rules."""

    name: str = tag(PolicyName(), "Name of the policy.", default="")
    newname: str | None = tag(PolicyName(new=True), "New name.", default=None)
    description: str | None = tag(Text(), "Brief information about the policy.", default=None)
    mmpfs: bool | None = tag(YesNo(), "Master key perfect forward secrecy.", default=None)
    qmpermm: int | None = tag(Number(), "Quick modes per main mode; 0 is no limit.",
                              default=None)
    mmlifetime: int | None = tag(MINUTES, "Minutes until main mode is negotiated again.",
                                 default=None)
    activatedefaultrule: bool | None = tag(YesNo(), "Whether the default response rule is on.",
                                           default=None)
    pollinginterval: int | None = tag(MINUTES, "Minutes between looks for a changed policy.",
                                      default=None)
    assign: bool | None = tag(YesNo(), "Whether the policy is put in force.", default=None)
    gponame: str = tag(Text(), "Group policy object that assigns the policy.", default="")
    mmsecmethods: tuple[MainModeMethod, ...] | None = tag(
        MainModeMethods(), "Main mode security methods, the preferred first.", default=None)
    guid: str = tag(Guid(), "GUID of the policy, instead of its name.", default="", hidden=True)

    def run(self, session: "Session") -> Answer:
        """Replaces what was given."""
        which = named(self.name, self.guid)
        config = session.config
        domain = session.location == "domain"
        if self.gponame and not (domain and self.assign):
            raise CommandError("contradiction", "gponame goes with assign=yes in the domain's "
                               "store only", tag="gponame", exit=2,
                               fix="ipsec static set store location=domain")
        with session.store.transaction():
            old = config.policy(which, session.location)
            if domain and (self.assign or self.assign is False and old.assigned):
                config.set_setting(GPO, self.gponame)
            policy = config.replace_policy(which, self._changed(old), session.location)
            found = tunnel_lints(session, policy) if self.assign else []
        return answer(found + _lints(policy, self.mmsecmethods is not None,
                                     bool(self.activatedefaultrule)))

    def _changed(self, old: Policy) -> Policy:
        if self.activatedefaultrule is not None:
            old = old._replace(
                default_rule=old.default_rule._replace(active=self.activatedefaultrule))
        return old._replace(**given(
            name=self.newname, description=self.description, mmpfs=self.mmpfs,
            qmpermm=self.qmpermm, mmlifetime=self.mmlifetime, assigned=self.assign,
            pollinginterval=self.pollinginterval, methods=self.mmsecmethods))


class DeletePolicy(Command, words="ipsec static delete policy",
                   help="Deletes a policy and its rules.",
                   remarks=("The assigned policy is not deleted: set it assign=no first.",),
                   examples=('ipsec static delete policy name="My Policy"',
                             "ipsec static delete policy all")):
    """One policy or all of them."""

    name: str = tag(PolicyName(all=True), "Name of the policy, or all.")

    def run(self, session: "Session") -> Answer:
        """Deletes; of "all" either all or none."""
        config = session.config
        with session.store.transaction():
            names = [self.name] if self.name != "all" else [
                policy.name for policy in config.policies(session.location)]
            for name in names:
                config.delete_policy(name, session.location)
        return NOTHING


def _lints(policy: Policy, typed_methods: bool, typed_default: bool) -> "list[Lint]":
    """What is wrong with what was typed about the policy itself."""
    from engine.policy import lint
    found = lint.default_response(policy) if typed_default else []
    return found + (lint.weak_main_modes(policy.name, policy.methods) if typed_methods else [])
