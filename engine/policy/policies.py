"""Policies and rules of a machine's configuration."""

from collections.abc import Iterable

from engine.address import Address
from engine.errors import NotFound
from engine.policy import verify
from engine.policy.guid import is_guid
from engine.policy.methods import (
    format_main_modes,
    format_quick_modes,
    parse_main_mode,
    parse_quick_mode,
)
from engine.policy.model import AuthMethod, DefaultRule, Policy, Rule, Secret
from engine.policy.part import Part
from engine.values import Any

POLICY_COLUMNS = ("key name description mmpfs qmpermm mmlifetime pollinginterval methods "
                  "default_active default_qmpfs default_methods assigned modified")
RULE_COLUMNS = "key filterlist filteraction name tunnel conntype active description modified"
AUTH_COLUMNS = "policy rule kind value certmap excludecaname"

# The active tunnel rules of a policy whose filters reverse those of a list.
REVERSING = """
SELECT DISTINCT rule.name FROM filter AS mine JOIN filter AS theirs
    ON theirs.source = mine.destination AND theirs.destination = mine.source
    AND theirs.source_prefix = mine.destination_prefix
    AND theirs.destination_prefix = mine.source_prefix
    AND theirs.source_kind = mine.destination_kind AND theirs.destination_kind = mine.source_kind
    AND theirs.source_name = mine.destination_name AND theirs.destination_name = mine.source_name
JOIN rule ON rule.filterlist = theirs.filterlist
WHERE mine.filterlist = ? AND rule.policy = ? AND rule.active AND rule.tunnel IS NOT NULL
ORDER BY rule.id"""
TUNNELS = "FROM rule WHERE policy = ? AND active AND tunnel IS NOT NULL"
RULE_SELECT = """
SELECT rule.id, rule.name, policy.name, filterlist.name, filteraction.name, rule.tunnel,
       rule.conntype, rule.active, rule.description, rule.guid, rule.modified
FROM rule JOIN policy ON policy.id = rule.policy JOIN filterlist ON filterlist.id = rule.filterlist
     JOIN filteraction ON filteraction.id = rule.filteraction
WHERE rule.policy = ? ORDER BY rule.id"""


class PolicyTables(Part):
    """Policies, their default response rule, and their rules."""

    # --- policies ------------------------------------------------------------------------------

    def policies(self, location: str = "local") -> tuple[Policy, ...]:
        """The policies of a location, in the order they were created."""
        with self._store.reading():
            rows = self._located("Policy", "id, guid, " + ", ".join(
                POLICY_COLUMNS.split()[1:]), location)
            return tuple(self._read_policy(row) for row in rows)

    def policy(self, name: str, location: str = "local") -> Policy:
        """The policy with that name or GUID. Raises NotFound."""
        with self._store.reading():
            number = self._find("Policy", name, location)
            return self._policy_at(number)

    def add_policy(self, policy: Policy, location: str = "local") -> Policy:
        """Adds a policy and gives it as stored (GUID, time). Raises Refused."""
        with self._store.transaction():
            policy = verify.policy(policy)
            verify.name_free("Policy", policy.name, self._taken("Policy", policy.name, location))
            if policy.assigned:
                self._unassign_all(location)
            policy = policy._replace(guid=self._store.new_guid(), modified=self._store.clock())
            number = self._store.insert(
                "policy", "machine location guid " + POLICY_COLUMNS,
                (self._number, location, policy.guid, *_policy_row(policy)))
            self._write_auth(number, None, policy.default_rule.auth)
            return policy

    def replace_policy(self, name: str, new: Policy, location: str = "local") -> Policy:
        """Puts `new` (which may have another name) in the place of a policy; its rules stay.

        Raises NotFound, Refused.
        """
        with self._store.transaction():
            number = self._find("Policy", name, location)
            new = verify.policy(new)
            verify.name_free("Policy", new.name,
                             self._taken("Policy", new.name, location, number))
            if new.assigned:
                self._unassign_all(location)
            new = new._replace(guid=self._policy_at(number).guid, modified=self._store.clock())
            self._store.update("policy", POLICY_COLUMNS, _policy_row(new), number)
            self._write_auth(number, None, new.default_rule.auth)
            return new

    def delete_policy(self, name: str, location: str = "local") -> None:
        """Deletes a policy with its rules. Raises NotFound, Refused("assigned")."""
        with self._store.transaction():
            number = self._find("Policy", name, location)
            verify.not_assigned(self._policy_at(number))
            self._store.execute("DELETE FROM policy WHERE id = ?", (number,))

    def assign(self, name: str, location: str = "local") -> None:
        """Assigns a policy and un-assigns the other one of the location. Raises NotFound."""
        with self._store.transaction():
            number = self._find("Policy", name, location)
            self._unassign_all(location)
            self._store.update("policy", "assigned", (1,), number)

    def unassign(self, name: str, location: str = "local") -> None:
        """Takes the policy out of force. Raises NotFound."""
        with self._store.transaction():
            number = self._find("Policy", name, location)
            self._store.update("policy", "assigned", (0,), number)

    def active_policy(self) -> tuple[str, Policy] | None:
        """The location and policy in force.

        A policy assigned by the domain overrides the local one, as the article says of domain
        settings; a persistent policy is in force only while there is neither (Windows would add
        it to the others, which no command here needs).
        """
        with self._store.reading():
            rows = self._store.query(
                "SELECT location, id FROM policy WHERE machine = ? AND assigned", (self._number,))
            found: dict[str, int] = dict(rows)
            for location in ("domain", "local", "persistent"):
                if location in found:
                    return location, self._policy_at(found[location])
            return None

    def _policy_at(self, number: int) -> Policy:
        columns = ", ".join(POLICY_COLUMNS.split()[1:])
        rows = self._store.query(f"SELECT id, guid, {columns} FROM policy WHERE id = ?", (number,))
        return self._read_policy(rows[0])

    def _read_policy(self, row: tuple[Any, ...]) -> Policy:
        (number, guid, name, description, mmpfs, qmpermm, mmlifetime, pollinginterval, methods,
         default_active, default_qmpfs, default_methods, assigned, modified) = row
        try:
            default = DefaultRule(bool(default_active), bool(default_qmpfs),
                                  parse_quick_mode(default_methods),
                                  self._read_auth(number, None))
            return Policy(name, description, bool(mmpfs), qmpermm, mmlifetime, pollinginterval,
                          parse_main_mode(methods), default, bool(assigned), guid, modified)
        except ValueError:
            raise self._store.damaged() from None

    def _unassign_all(self, location: str) -> None:
        self._store.execute("UPDATE policy SET assigned = 0 WHERE machine = ? AND location = ?",
                            (self._number, location))

    # --- rules ---------------------------------------------------------------------------------

    def rule_names(self, location: str = "local") -> tuple[tuple[str, str], ...]:
        """Policy and name of each rule, without reading the rules."""
        rows = self._store.query(
            "SELECT policy.name, rule.name FROM rule JOIN policy ON policy.id = rule.policy "
            "WHERE policy.machine = ? AND policy.location = ? ORDER BY policy.id, rule.id",
            (self._number, location))
        return tuple((policy, rule) for policy, rule in rows)

    def rules(self, policy: str, location: str = "local") -> tuple[Rule, ...]:
        """The rules of a policy in the order they were created (without the default one).

        Raises NotFound.
        """
        with self._store.reading():
            return tuple(rule for _, rule in self._rules(policy, location))

    def rule(self, policy: str, name: str, location: str = "local") -> Rule:
        """The rule of a policy with that name or GUID. Raises NotFound."""
        with self._store.reading():
            return self._rule_at(policy, name, location)[1]

    def pairs_of(self, rule: Rule, location: str = "local") -> tuple[tuple[Rule, Rule], ...]:
        """The pairs of active rules that a tunnel rule belongs to, the older rule first.

        Their filters reverse each other; two tunnel rules alone are a pair. What it costs does
        not grow with the policy. Raises NotFound.
        """
        with self._store.reading():
            policy = self._find("Policy", rule.policy, location)
            names = self._store.query(f"SELECT name {TUNNELS} LIMIT 3", (policy,))
            if len(names) != 2:
                names = self._store.query(
                    REVERSING, (self._find("FilterList", rule.filterlist, location), policy))
            own = self._rule_at(rule.policy, rule.name, location)
            others = [self._rule_at(rule.policy, name, location) for name, in names
                      if name.casefold() != rule.name.casefold()]
            return tuple((own[1], one) if own[0] < number else (one, own[1])
                         for number, one in others)

    def tunnel_ends(self, policy: str, location: str = "local") -> tuple[Address, ...]:
        """The first end points of a policy's active tunnel rules, two at most. Raises NotFound."""
        number = self._find("Policy", policy, location)
        rows = self._store.query(f"SELECT tunnel {TUNNELS} LIMIT 1", (number,))
        rows += self._store.query(f"SELECT tunnel {TUNNELS} AND tunnel <> ? LIMIT 1",
                                  (number, *rows[0])) if rows else []
        return tuple(end for end, in rows)

    def add_rule(self, rule: Rule, location: str = "local") -> Rule:
        """Adds a rule to the policy it names and gives it as stored. Raises NotFound, Refused."""
        with self._store.transaction():
            policy = self._find("Policy", rule.policy, location)
            verify.rule(rule)
            taken = [name for (name,) in self._store.query(
                "SELECT name FROM rule WHERE policy = ? AND key = ?",
                (policy, rule.name.casefold()))]
            verify.name_free("Rule", rule.name, taken, f" in policy '{rule.policy}'")
            rule = rule._replace(guid=self._store.new_guid(), modified=self._store.clock())
            number = self._store.insert("rule", "policy guid " + RULE_COLUMNS,
                                        (policy, rule.guid, *self._rule_row(rule, location)))
            self._write_auth(policy, number, rule.auth)
            self._touch("policy", policy)
            return self._rule_at(rule.policy, rule.name, location)[1]

    def replace_rule(self, policy: str, name: str, new: Rule, location: str = "local") -> Rule:
        """Puts `new` in the place of a rule of the same policy. Raises NotFound, Refused."""
        with self._store.transaction():
            owner = self._find("Policy", policy, location)
            number, old = self._rule_at(policy, name, location)
            verify.rule(new)
            taken = [one.name for key, one in self._rules(policy, location) if key != number]
            verify.name_free("Rule", new.name, taken, f" in policy '{policy}'")
            new = new._replace(guid=old.guid, modified=self._store.clock())
            self._store.update("rule", RULE_COLUMNS, self._rule_row(new, location), number)
            self._write_auth(owner, number, new.auth)
            self._touch("policy", owner)
            return self._rule_at(policy, new.name, location)[1]

    def delete_rule(self, policy: str, name: str, location: str = "local") -> None:
        """Deletes a rule. Raises NotFound, Refused("default-rule") for the word "default"."""
        with self._store.transaction():
            owner = self._find("Policy", policy, location)
            verify.not_default_rule(name, policy)
            number = self._rule_at(policy, name, location)[0]
            self._store.execute("DELETE FROM rule WHERE id = ?", (number,))
            self._touch("policy", owner)

    def _rules(self, policy: str, location: str) -> list[tuple[int, Rule]]:
        number = self._find("Policy", policy, location)
        return [(row[0], self._read_rule(number, row))
                for row in self._store.query(RULE_SELECT, (number,))]

    def _rule_at(self, policy: str, name: str, location: str) -> tuple[int, Rule]:
        """The row number and the rule of that GUID or name. Raises NotFound."""
        owner = self._find("Policy", policy, location)
        wanted = [("rule.guid", name.upper())] if is_guid(name) else []
        for column, value in (*wanted, ("rule.key", name.casefold())):
            rows = self._store.query(RULE_SELECT.replace(
                "ORDER BY", f"AND {column} = ? ORDER BY"), (owner, value))
            if rows:
                return rows[0][0], self._read_rule(owner, rows[0])
        raise NotFound("Rule", name, tuple(rule.name for _, rule in self._rules(policy, location)))

    def _rule_row(self, rule: Rule, location: str) -> tuple[object, ...]:
        return (rule.name.casefold(), self._find("FilterList", rule.filterlist, location),
                self._find("FilterAction", rule.filteraction, location), rule.name, rule.tunnel,
                rule.conntype, rule.active, rule.description, rule.modified)

    def _read_rule(self, policy: int, row: tuple[Any, ...]) -> Rule:
        (number, name, owner, filterlist, filteraction, tunnel, conntype, active, description,
         guid, modified) = row
        end: Address | None = tunnel
        return Rule(name, owner, filterlist, filteraction, end, conntype, bool(active),
                    description, self._read_auth(policy, number), guid, modified)

    # --- authentication methods, of a rule or (rule None) of the default rule ------------------

    def _write_auth(self, policy: int, rule: int | None, auth: Iterable[AuthMethod]) -> None:
        self._store.execute("DELETE FROM auth WHERE policy = ? AND rule IS ?", (policy, rule))
        for method in auth:
            self._store.insert("auth", AUTH_COLUMNS, (policy, rule, *method))

    def _read_auth(self, policy: int, rule: int | None) -> tuple[AuthMethod, ...]:
        rows = self._store.query(
            "SELECT kind, value, certmap, excludecaname FROM auth "
            "WHERE policy = ? AND rule IS ? ORDER BY id", (policy, rule))
        return tuple(AuthMethod(kind, Secret(value) if kind == "psk" else value,
                                bool(certmap), bool(exclude))
                     for kind, value, certmap, exclude in rows)


def _policy_row(policy: Policy) -> tuple[object, ...]:
    default = policy.default_rule
    return (policy.name.casefold(), policy.name, policy.description, policy.mmpfs, policy.qmpermm,
            policy.mmlifetime, policy.pollinginterval, format_main_modes(policy.methods),
            default.active, default.qmpfs, format_quick_modes(default.methods), policy.assigned,
            policy.modified)
