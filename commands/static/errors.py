"""The engine's refusals in netsh's words: one table from rule and noun to the ERR code.

Codes that a public source confirms are used; all others are words of our own, because scripts
match codes and a guessed number would be a lie.
"""

from commands.errors import CommandError
from commands.spec import Command, Tag
from engine.errors import Broken, EngineError, NotFound, Refused
from engine.values import Any

# (rule, kind) -> code; "not-found" stands for NotFound, "none" for an empty store.
CODES = {
    ("name-taken", "Policy"): "IPsec[05005]",
    ("name-taken", "FilterList"): "IPsec[05010]",
    ("name-taken", "FilterAction"): "IPsec[05014]",
    ("name-taken", "Rule"): "IPsec[05020]",
    ("not-found", "FilterList"): "IPsec[05049]",
    ("none", "FilterList"): "IPsec[05067]",
    ("none", "FilterAction"): "IPsec[05068]",
    ("none", "Policy"): "IPsec[05072]",
}
# What makes the first object of a kind, where there is none to be named instead.
MADE_BY = {"Policy": "ipsec static add policy", "FilterList": "ipsec static add filterlist",
           "FilterAction": "ipsec static add filteraction", "Rule": "ipsec static add rule",
           "Certificate": "ipsec static add certificate"}
CANNOT_OPEN = "IPsec[05073]"
CANNOT_OPEN_KINDS = frozenset({"damaged", "newer", "io", "privilege"})
PLURALS = {"Policy": "Policies", "FilterList": "FilterLists", "FilterAction": "FilterActions"}
LOCKED_EXIT, UNABLE_EXIT = 6, 3


def engine_error_to_command_error(error: EngineError,
                                  command: Command | None = None) -> CommandError:
    """What the operator reads. `command` (if known) tells which tag named the object."""
    if isinstance(error, NotFound):
        return CommandError(CODES.get(("not-found", error.kind), "not-found"), str(error),
                            tag=guilty_tag(error.name, error.kind, command), known=error.known,
                            fix="" if error.known else MADE_BY.get(error.kind, ""))
    if isinstance(error, Refused):
        return CommandError(CODES.get((error.rule, error.kind), error.rule), str(error),
                            tag=guilty_tag(error.name, error.kind, command), fix=error.hint)
    if isinstance(error, Broken):
        code = CANNOT_OPEN if error.kind in CANNOT_OPEN_KINDS else f"store-{error.kind}"
        return CommandError(code, str(error),
                            exit=LOCKED_EXIT if error.kind == "locked" else UNABLE_EXIT)
    return CommandError("failed", str(error))


def nothing_stored(kind: str) -> CommandError:
    """``show ... all`` of a kind of which the store has none."""
    return CommandError(CODES["none", kind], f"There are no {PLURALS[kind]} in Policy Store")


def guilty_tag(name: str, kind: str, command: Command | None) -> str:
    """The field that is itself called `name`, or whose typed value it is; "" when none is.

    A field of the object's own kind comes first: in ``add rule`` a filter list and a rule may
    well have the same name. Keys are not looked at.
    """
    if command is None or not name:
        return ""
    tags = [one for one in command.tags if not one.kind.secret]
    if name in [one.name for one in tags]:
        return name

    def rank(one: Tag[Any]) -> tuple[bool, bool]:
        return one.name != kind.lower(), one.name not in ("newname", "name")

    for one in sorted(tags, key=rank):
        value = getattr(command, one.name)
        if isinstance(value, str) and value.casefold() == name.casefold():
            return one.name
    return ""
