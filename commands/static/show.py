"""ipsec static show policy, rule, filterlist, filteraction, all."""

from collections.abc import Callable, Mapping

from commands import cells
from commands.answer import Answer, Block, Cell, Table
from commands.clock import time_cell
from commands.kinds import Choice, Guid, YesNo
from commands.names import FilterActionName, FilterListName, PolicyName, RuleName
from commands.spec import Command, tag
from commands.static import layout
from commands.static.common import named
from commands.static.errors import nothing_stored
from engine.errors import NotFound
from engine.policy.model import DefaultRule, FilterAction, FilterList, Policy, Rule
from engine.values import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from commands.session import Session

Shared = TypeVar("Shared")
POLICY_COLUMNS = (("name", "Policy Name"), ("rules", "Rules"), ("modified", "Last Modified"),
                  ("assigned", "Assign"))
LIST_COLUMNS = (("name", "FilterList Name"), ("count", "Filters"))
ACTION_COLUMNS = (("name", "FilterAction Name"), ("action", "Action"))
RULE_COLUMNS = (("active", "Enabled"), ("name", "Rule Name"), ("filterlist", "FilterList"),
                ("filteraction", "FilterAction"), ("tunnel", "TunnelEndPoint"))


def _level() -> str:
    one: str = tag(Choice("normal", "verbose"), "How much is shown.", default="normal")
    return one


def _format() -> str:
    one: str = tag(Choice("list", "table"), "List of fields, or table.", default="list")
    return one


def _wide() -> bool:
    one: bool = tag(YesNo(), "Lines are never cut, so both say the same.", default=False,
                    hidden=True)
    return one


def _reveal() -> bool:
    one: bool = tag(YesNo(), "Whether pre-shared keys are shown.", default=False)
    return one


def _rule() -> str:
    one: str = tag(RuleName(), "Instead of a name: a rule, of whatever policy.", default="")
    return one


def _where(session: "Session") -> Cell:
    return layout.store(session.location, session.config.name)


class ShowPolicy(Command, words="ipsec static show policy", help="Displays policy details.",
                 examples=("ipsec static show policy all",
                           'ipsec static show policy "My Policy" verbose')):
    """One policy or all of them, verbose with rules, lists and actions."""

    name: str = tag(PolicyName(all=True), "Name of the policy, or all.")
    level: str = _level()
    format: str = _format()
    wide: bool = _wide()
    reveal: bool = _reveal()

    def run(self, session: "Session") -> Answer:
        """Reads one state of the store."""
        with session.store.reading():
            policies = _policies(self.name, session)
            if self.format == "table":
                return Answer((_policy_table(policies, session),))
            if self.level == "verbose":
                sheet = layout.Sheet()
                data = _write_policies(sheet, policies, session, self.reveal)
                _count(sheet, "No. of policies", self.name, len(policies))
                return Answer((sheet.block(data, "policies"),))
        label = "No. of policies" if self.name == "all" else ""
        return Answer((layout.records(map(layout.policy_fields, policies), label, "policies"),))


class ShowFilterList(Command, words="ipsec static show filterlist",
                     help="Displays filter list details.",
                     examples=("ipsec static show filterlist all",
                               'ipsec static show filterlist "NetA to NetB" level=verbose')):
    """One list or all of them, verbose with their filters."""

    name: str = tag(FilterListName(all=True), "Name of the filter list, or all.", default="")
    level: str = _level()
    format: str = _format()
    resolvedns: bool = tag(YesNo(), "A filter made from a name shows it in either case.",
                           default=False, hidden=True)
    wide: bool = _wide()
    rule: str = _rule()

    def run(self, session: "Session") -> Answer:
        """Reads one state of the store."""
        which = named(self.name, self.rule, "rule")
        lists = _lists(which, session) if self.name else _of_rules(
            self.rule, "filterlist", session.config.filterlist, session)
        if self.format == "table":
            return Answer(_list_tables(lists, self.level == "verbose"))
        if self.level == "verbose":
            sheet = layout.Sheet()
            data = _write_lists(sheet, lists, session)
            _count(sheet, "No. of FilterLists", self.name, len(lists))
            return Answer((sheet.block(data, "filterlists"),))
        label = "No. of FilterLists" if self.name == "all" else ""
        groups = [layout.list_fields(one, _where(session)) for one in lists]
        return Answer((layout.records(groups, label, "filterlists"),))


class ShowFilterAction(Command, words="ipsec static show filteraction",
                       help="Displays filter action details.",
                       examples=("ipsec static show filteraction all",
                                 "ipsec static show filteraction FA level=verbose")):
    """One action or all of them, verbose with their security methods."""

    name: str = tag(FilterActionName(all=True), "Name of the filter action, or all.", default="")
    level: str = _level()
    format: str = _format()
    wide: bool = _wide()
    rule: str = _rule()

    def run(self, session: "Session") -> Answer:
        """Reads one state of the store."""
        which = named(self.name, self.rule, "rule")
        actions = _actions(which, session) if self.name else _of_rules(
            self.rule, "filteraction", session.config.filteraction, session)
        if self.format == "table":
            return Answer((_action_table(actions),))
        if self.level == "verbose":
            sheet = layout.Sheet()
            data = _write_actions(sheet, actions, session)
            _count(sheet, "No. of FilterActions", self.name, len(actions))
            return Answer((sheet.block(data, "filteractions"),))
        label = "No. of FilterActions" if self.name == "all" else ""
        groups = [layout.action_fields(one, _where(session)) for one in actions]
        return Answer((layout.records(groups, label, "filteractions"),))


class ShowRule(Command, words="ipsec static show rule", help="Displays rule details.",
               remarks=("The default response rule counts as a rule; its name is NONE.",
                        "Keys are shown with reveal=yes only."),
               examples=('ipsec static show rule all "My Policy"',
                         'ipsec static show rule out "My Policy" level=verbose')):
    """One rule, the default one, or all of a policy."""

    name: str = tag(RuleName(all=True, usage="<string> | all | default"),
                    "Name of the rule, all, or default.", default="")
    policy: str = tag(PolicyName(), "Name of the policy.")
    type: str = tag(Choice("tunnel", "transport", "any"), "Only rules of this kind.",
                    default="any")
    level: str = _level()
    format: str = _format()
    wide: bool = _wide()
    reveal: bool = _reveal()
    id: str = tag(Guid(), "GUID of the rule, instead of its name.", default="", hidden=True)

    def run(self, session: "Session") -> Answer:
        """Reads one state of the store."""
        which = named(self.name, self.id, "id")
        with session.store.reading():
            policy = session.config.policy(self.policy, session.location)
            rules, default = self._chosen(which, policy, session)
            shown = _shown(session, self.reveal)
            if self.format == "table":
                return Answer(_rule_tables(rules, policy.default_rule if default else None,
                                           shown["lists"], self.level == "verbose"))
            return Answer((self._sheet(policy, rules, default, shown, session),))

    def _chosen(self, which: str, policy: Policy,
                session: "Session") -> tuple[tuple[Rule, ...], bool]:
        """The rules to show, and whether the default rule is among them."""
        config, where = session.config, session.location
        if which.casefold() == "default":
            return (), True
        if which != "all":
            return (config.rule(policy.name, which, where),), False
        rules = tuple(rule for rule in config.rules(policy.name, where)
                      if self.type in ("any", "transport" if rule.tunnel is None else "tunnel"))
        return rules, self.type != "tunnel"

    def _sheet(self, policy: Policy, rules: tuple[Rule, ...], default: bool,
               shown: Mapping[str, Any], session: "Session") -> Block:
        sheet = layout.Sheet()
        verbose = self.level == "verbose"
        where = _where(session)
        data = []
        for rule in rules:
            if verbose:
                data.append(layout.write_rule_details(sheet, rule, where, shown))
            else:
                data.append(layout.write_rule(sheet, rule, self.reveal, False))
            sheet.lines.append(())
        if default:
            data.append(layout.write_default_rule(sheet, policy.default_rule, self.reveal,
                                                  verbose))
            sheet.lines.append(())
        _count(sheet, "No. of Rules", self.name, len(data))
        return sheet.block(data, "rules")


class ShowAll(Command, words="ipsec static show all",
              help="Displays details of all policies and related information.",
              examples=("ipsec static show all",)):
    """Policies, filter lists and filter actions of the current store."""

    format: str = _format()
    wide: bool = _wide()
    reveal: bool = _reveal()

    def run(self, session: "Session") -> Answer:
        """Reads one state of the store."""
        config, location = session.config, session.location
        with session.store.reading():
            policies = config.policies(location)
            lists, actions = config.filterlists(location), config.filteractions(location)
            if not (policies or lists or actions):
                raise nothing_stored("Policy")
            if self.format == "table":
                return Answer((_policy_table(policies, session), *_list_tables(lists, False),
                               _action_table(actions)))
            sheet = layout.Sheet()
            data = {"policies": _write_policies(sheet, policies, session, self.reveal),
                    "filterlists": _write_lists(sheet, lists, session),
                    "filteractions": _write_actions(sheet, actions, session)}
        return Answer((sheet.block(data, "store"),))


# --- what is to be shown ------------------------------------------------------------------------


def _policies(name: str, session: "Session") -> tuple[Policy, ...]:
    if name != "all":
        return (session.config.policy(name, session.location),)
    policies = session.config.policies(session.location)
    if not policies:
        raise nothing_stored("Policy")
    return policies


def _of_rules(rule: str, field: str, get: Callable[[str, str], Shared],
              session: "Session") -> tuple[Shared, ...]:
    """The lists or actions that the rules of a name use, each once. Raises NotFound."""
    config, where = session.config, session.location
    with session.store.reading():
        used = [getattr(one, field) for policy in config.policies(where)
                for one in config.rules(policy.name, where)
                if one.name.casefold() == rule.casefold()]
        if not used:
            raise NotFound("Rule", rule, tuple(dict.fromkeys(
                name for _, name in config.rule_names(where))))
        return tuple(get(name, where) for name in dict.fromkeys(used))


def _lists(name: str, session: "Session") -> tuple[FilterList, ...]:
    if name != "all":
        return (session.config.filterlist(name, session.location),)
    lists = session.config.filterlists(session.location)
    if not lists:
        raise nothing_stored("FilterList")
    return lists


def _actions(name: str, session: "Session") -> tuple[FilterAction, ...]:
    if name != "all":
        return (session.config.filteraction(name, session.location),)
    actions = session.config.filteractions(session.location)
    if not actions:
        raise nothing_stored("FilterAction")
    return actions


def _shown(session: "Session", reveal: bool) -> dict[str, Any]:
    """What the layouts of rules need: the shared objects by name, and whether keys are shown."""
    config, location = session.config, session.location
    return {"reveal": reveal, "lists": {one.name: one for one in config.filterlists(location)},
            "actions": {one.name: one for one in config.filteractions(location)}}


# --- sheets -------------------------------------------------------------------------------------


def _count(sheet: layout.Sheet, label: str, name: str, count: int) -> None:
    """netsh's last line; only when all were asked for."""
    if name == "all":
        sheet.fields([("", label, cells.count(count))])
    elif sheet.lines and not sheet.lines[-1]:
        sheet.lines.pop()


def _write_policies(sheet: layout.Sheet, policies: tuple[Policy, ...], session: "Session",
                    reveal: bool) -> list[layout.Data]:
    where, shown = _where(session), _shown(session, reveal)
    data = []
    for one in policies:
        rules = session.config.rules(one.name, session.location)
        data.append(layout.write_policy(sheet, one, where, rules, shown))
        sheet.lines.append(())
    return data


def _write_lists(sheet: layout.Sheet, lists: tuple[FilterList, ...],
                 session: "Session") -> list[layout.Data]:
    data = []
    for one in lists:
        data.append(layout.write_list(sheet, one, _where(session)))
        sheet.lines.append(())
    return data


def _write_actions(sheet: layout.Sheet, actions: tuple[FilterAction, ...],
                   session: "Session") -> list[layout.Data]:
    data = []
    for one in actions:
        data.append(layout.write_action(sheet, one, _where(session)))
        sheet.lines.append(())
    return data


# --- tables -------------------------------------------------------------------------------------


def _policy_table(policies: tuple[Policy, ...], session: "Session") -> Table:
    rows = tuple(
        (cells.name(one.name),
         cells.count(len(session.config.rules(one.name, session.location)) + 1),
         time_cell(one.modified), layout.yes(one.assigned)) for one in policies)
    return Table(POLICY_COLUMNS, rows, name="policies", empty="There are no policies.")


def _list_tables(lists: tuple[FilterList, ...], verbose: bool) -> tuple[Table, ...]:
    if verbose:
        return tuple(layout.filter_table(one.filters, one.name) for one in lists)
    rows = tuple((cells.name(one.name), cells.count(len(one.filters))) for one in lists)
    return (Table(LIST_COLUMNS, rows, name="filterlists", empty="There are no filter lists."),)


def _action_table(actions: tuple[FilterAction, ...]) -> Table:
    rows = tuple((cells.name(one.name), cells.enum(one.action.upper())) for one in actions)
    return Table(ACTION_COLUMNS, rows, name="filteractions",
                 empty="There are no filter actions.")


def _rule_tables(rules: tuple[Rule, ...], default: DefaultRule | None,
                 lists: dict[str, FilterList], verbose: bool) -> tuple[Block, ...]:
    """One table, or with verbose a ``Rule Name`` line and the filters of each rule."""
    if verbose:
        blocks: list[Block] = []
        for rule in rules:
            blocks += [cells.say(("Rule Name : ", cells.name(rule.name)), name=rule.name),
                       layout.filter_table(lists[rule.filterlist].filters), cells.say("")]
        if default is not None:
            blocks.append(cells.say(("Rule Name : ", layout.NONE), name="default"))
        return tuple(blocks)
    fields = [layout.rule_fields(rule) for rule in rules]
    if default is not None:
        fields.append(layout.default_rule_fields(default))
    rows = tuple(tuple(by_key[key] for key, _ in RULE_COLUMNS)
                 for by_key in ({key: cell for key, _, cell in one} for one in fields))
    return (Table(RULE_COLUMNS, rows, name="rules", empty="There are no rules."),)
