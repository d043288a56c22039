"""ipsec static add, set, delete rule, and set defaultrule."""

from commands.answer import Answer
from commands.kinds import Choice, Guid, Key, Text, YesNo
from commands.methods import QuickModeMethods
from commands.names import FilterActionName, FilterListName, PolicyName, RuleName
from commands.spec import Command, tag
from commands.static.certificate import authority_lints
from commands.static.common import (
    answer,
    authentication,
    ends_lints,
    given,
    named,
    partner_lints,
)
from commands.static.kinds import RootCa, TunnelEnd
from engine.address import Address
from engine.policy.model import CONNECTION_TYPES, AuthMethod, Rule, Secret
from engine.suites import QuickModeMethod
from engine.values import TYPE_CHECKING

if TYPE_CHECKING:
    from commands.session import Session
    from engine.policy.lint import Lint

CONNECTION = Choice(*CONNECTION_TYPES, help=("every connection", "network adapters only",
                                             "dial-up connections only"))
AUTH_REMARK = ("The order of kerberos, psk and rootca in the command is their preference; "
               "without any of them Kerberos is used.")


class AddRule(Command, words="ipsec static add rule", help="Creates a rule for a policy.",
              remarks=(AUTH_REMARK,
                       "A tunnel needs two rules: one to the other gateway, one to the own "
                       "external address.",
                       "A double quote inside rootca is written \\'."),
              examples=('ipsec static add rule name=Tunnel policy="My Policy" '
                        'filterlist="NetA to NetB" filteraction=FA tunnel=198.51.100.1 '
                        'psk="a key"',)):
    """A rule binds a filter list, a filter action, keys, a tunnel end and a connection type."""

    name: str = tag(RuleName(new=True), "Name of the rule.")
    policy: str = tag(PolicyName(), "Name of the policy.")
    filterlist: str = tag(FilterListName(), "Name of the filter list.")
    filteraction: str = tag(FilterActionName(), "Name of the filter action.")
    tunnel: Address = tag(TunnelEnd(), "IP address of the tunnel end point, or no.", default=0)
    conntype: str = tag(CONNECTION, "lan, dialup or all.", default="all")
    activate: bool = tag(YesNo(), "Whether the rule is on.", default=True)
    description: str = tag(Text(), "Brief information about the rule.", default="")
    kerberos: bool | None = tag(YesNo(), "Kerberos authentication.", default=None)
    psk: Secret | None = tag(Key(), "Pre-shared key.", default=None)
    rootca: tuple[AuthMethod, ...] = tag(RootCa(), "Certificate authority.", default=(),
                                         many=True)

    def run(self, session: "Session") -> Answer:
        """Adds it."""
        auth = authentication(self.kerberos, self.psk, self.rootca, self)
        rule = Rule(self.name, self.policy, self.filterlist, self.filteraction,
                    self.tunnel or None, self.conntype, self.activate, self.description)
        if auth is not None:
            rule = rule._replace(auth=auth)
        stored = session.config.add_rule(rule, session.location)
        return answer(_lints(session, stored))


class SetRule(Command, words="ipsec static set rule", help="Modifies a rule of a policy.",
              remarks=("What is not given stays as it is, but all authentication methods are "
                       "replaced when one is given.", AUTH_REMARK),
              examples=('ipsec static set rule name=out policy="My Policy" psk="another key"',)):
    """Any part of a rule."""

    name: str = tag(RuleName(), "Name of the rule.", default="")
    policy: str = tag(PolicyName(), "Name of the policy.")
    newname: str | None = tag(RuleName(new=True), "New name.", default=None)
    description: str | None = tag(Text(), "Brief information about the rule.", default=None)
    filterlist: str | None = tag(FilterListName(), "Name of the filter list.", default=None)
    filteraction: str | None = tag(FilterActionName(), "Name of the filter action.",
                                   default=None)
    tunnel: Address | None = tag(TunnelEnd(), "IP address of the tunnel end point, or no.",
                                 default=None)
    conntype: str | None = tag(CONNECTION, "lan, dialup or all.", default=None)
    activate: bool | None = tag(YesNo(), "Whether the rule is on.", default=None)
    kerberos: bool | None = tag(YesNo(), "Kerberos authentication.", default=None)
    psk: Secret | None = tag(Key(), "Pre-shared key.", default=None)
    rootca: tuple[AuthMethod, ...] = tag(RootCa(), "Certificate authority.", default=(),
                                         many=True)
    id: str = tag(Guid(), "GUID of the rule, instead of its name.", default="", hidden=True)

    def run(self, session: "Session") -> Answer:
        """Replaces what was given."""
        which = named(self.name, self.id, "id")
        config = session.config
        with session.store.transaction():
            old = config.rule(self.policy, which, session.location)
            stored = config.replace_rule(self.policy, which, self._changed(old),
                                         session.location)
        return answer(_lints(session, stored))

    def _changed(self, old: Rule) -> Rule:
        if self.tunnel is not None:
            old = old._replace(tunnel=self.tunnel or None)
        return old._replace(**given(
            name=self.newname, description=self.description, filterlist=self.filterlist,
            filteraction=self.filteraction, conntype=self.conntype, active=self.activate,
            auth=authentication(self.kerberos, self.psk, self.rootca, self)))


class DeleteRule(Command, words="ipsec static delete rule", help="Deletes a rule of a policy.",
                 remarks=("The default response rule stays: set defaultrule activate=no.",),
                 examples=('ipsec static delete rule name=out policy="My Policy"',
                           'ipsec static delete rule all "My Policy"')):
    """One rule or all of a policy."""

    name: str = tag(RuleName(all=True), "Name of the rule, or all.", default="")
    policy: str = tag(PolicyName(), "Name of the policy.")
    id: str = tag(Guid(), "GUID of the rule, instead of its name.", default="", hidden=True)

    def run(self, session: "Session") -> Answer:
        """Deletes; of "all" either all or none."""
        which = named(self.name, self.id, "id")
        config = session.config
        with session.store.transaction():
            names = [which] if which != "all" else [
                rule.guid for rule in config.rules(self.policy, session.location)]
            for name in names:
                config.delete_rule(self.policy, name, session.location)
            return answer(ends_lints(session, config.policy(self.policy, session.location)))


class SetDefaultRule(Command, words="ipsec static set defaultrule",
                     help="Modifies the default response rule of a policy.",
                     remarks=("The article switches it off.", AUTH_REMARK),
                     examples=('ipsec static set defaultrule policy="My Policy" activate=no',)):
    """The rule that answers requests for IPsec that no other rule covers."""

    policy: str = tag(PolicyName(), "Name of the policy.")
    qmpfs: bool | None = tag(YesNo(), "Session key perfect forward secrecy.", default=None)
    activate: bool | None = tag(YesNo(), "Whether the rule is on.", default=None)
    qmsecmethods: tuple[QuickModeMethod, ...] | None = tag(
        QuickModeMethods(), "Quick mode security methods, the preferred first.", default=None)
    kerberos: bool | None = tag(YesNo(), "Kerberos authentication.", default=None)
    psk: Secret | None = tag(Key(), "Pre-shared key.", default=None)
    rootca: tuple[AuthMethod, ...] = tag(RootCa(), "Certificate authority.", default=(),
                                         many=True)

    def run(self, session: "Session") -> Answer:
        """Replaces what was given."""
        config = session.config
        changes = given(active=self.activate, qmpfs=self.qmpfs, methods=self.qmsecmethods,
                        auth=authentication(self.kerberos, self.psk, self.rootca, self))
        with session.store.transaction():
            old = config.policy(self.policy, session.location)
            new = old._replace(default_rule=old.default_rule._replace(**changes))
            config.replace_policy(self.policy, new, session.location)
        from engine.policy import lint
        return answer(lint.default_response(new) if self.activate else [])


def _lints(session: "Session", rule: Rule) -> "list[Lint]":
    """What is wrong with a tunnel rule, its list and action, and with the pair it belongs to."""
    found = authority_lints(session, rule.auth)
    if rule.tunnel is None:
        return found
    from engine.policy import lint
    config, where = session.config, session.location
    found += lint.tunnel_filters(rule, config.filterlist(rule.filterlist, where))
    found += lint.tunnel_action(rule, config.filteraction(rule.filteraction, where))
    return found + partner_lints(session, rule)
