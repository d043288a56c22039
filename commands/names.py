"""Kinds whose values are names of objects in the store; completion looks them up there.

Whether a name exists is the store's word, said when the command runs (with netsh's code), so
parsing a line never opens the store; completing one does.
"""

from collections.abc import Iterable

from commands.spec import Kind
from engine.errors import EngineError
from engine.values import TYPE_CHECKING

if TYPE_CHECKING:
    from commands.session import Session
    from engine.policy.store import Config


class ObjectName(Kind[str]):
    """Base of the names: `new` names are free text, `all` also accepts the word "all"."""

    noun = "object"
    cell = "name"
    limit = 255

    def __init__(self, *, new: bool = False, all: bool = False, usage: str = "") -> None:
        self.new, self.all = new, all
        self.usage = usage or ("<string> | all" if all else "<string>")

    def words(self) -> tuple[str, ...]:
        return ("all",) if self.all else ()

    def parse(self, text: str, session: "Session") -> str:
        if not text.strip():
            raise ValueError("must be a name")
        if len(text) > self.limit:
            raise ValueError(f"must be at most {self.limit} characters long")
        return "all" if self.all and text.lower() == "all" else text

    def complete(self, prefix: str, session: "Session") -> Iterable[tuple[str, str]]:
        if self.new:
            return
        if self.all:
            yield "all", f"every {self.noun}"
        try:
            yield from self.known(session.config, session)
        except EngineError:
            return

    def known(self, config: "Config", session: "Session") -> list[tuple[str, str]]:
        """The names that exist, each with one line of help."""
        raise NotImplementedError


class PolicyName(ObjectName):
    """The name of an IPsec policy."""

    noun = "policy"

    def known(self, config: "Config", session: "Session") -> list[tuple[str, str]]:
        return [(one.name, "assigned" if one.assigned else one.description)
                for one in config.policies(session.location)]


class FilterListName(ObjectName):
    """The name of a filter list."""

    noun = "filter list"

    def known(self, config: "Config", session: "Session") -> list[tuple[str, str]]:
        return [(name, description or f"{count} filters")
                for name, description, count in config.listed(session.location)]


class FilterActionName(ObjectName):
    """The name of a filter action."""

    noun = "filter action"

    def known(self, config: "Config", session: "Session") -> list[tuple[str, str]]:
        return [(one.name, one.description or one.action)
                for one in config.filteractions(session.location)]


class RuleName(ObjectName):
    """The name of a rule, of whatever policy."""

    noun = "rule"

    def known(self, config: "Config", session: "Session") -> list[tuple[str, str]]:
        return [(rule, f"of policy {policy}")
                for policy, rule in config.rule_names(session.location)]


class InterfaceName(ObjectName):
    """The name of a network interface of the current machine."""

    noun = "interface"

    def known(self, config: "Config", session: "Session") -> list[tuple[str, str]]:
        from engine.address import format_address
        return [(one.name, format_address(one.address)) for one in config.interfaces()]


class CertificateName(ObjectName):
    """The name of a certificate of the current machine."""

    noun = "certificate"

    def known(self, config: "Config", session: "Session") -> list[tuple[str, str]]:
        return [(one.name, one.type) for one in config.certificates()]


class MachineName(ObjectName):
    """The name of a machine of the lab."""

    noun = "machine"

    def known(self, config: "Config", session: "Session") -> list[tuple[str, str]]:
        return [(one.name, one.role) for one in session.store.machines()]
