"""The engine's four kinds of failure: each has one line of text and no traceback to show.

The operator did wrong: `Refused`, `NotFound`. The peer did wrong: `ParseError` (never reaches
the prompt; it becomes a counted, named drop). The world did wrong: `Broken`.
"""


class EngineError(Exception):
    """Base of all of them; ``str(error)`` is one sentence for the operator."""


class Refused(EngineError):
    """A change that policy rules forbid: name taken, object in use, assigned policy.

    `rule` is a short stable name ("name-taken", "in-use", ...), `kind` the noun the operator
    knows ("Policy", "FilterList", ...), `name` the object, `hint` what would be right.
    """

    def __init__(self, rule: str, text: str, *, kind: str = "", name: str = "",
                 hint: str = "") -> None:
        super().__init__(text)
        self.rule, self.kind, self.name, self.hint = rule, kind, name, hint


class NotFound(EngineError):
    """A named object that is not there; `known` lists the names that are."""

    def __init__(self, kind: str, name: str, known: tuple[str, ...] = ()) -> None:
        super().__init__(f"{kind} with name '{name}' does not exist")
        self.kind, self.name, self.known = kind, name, known


class ParseError(EngineError):
    """A malformed packet: which field, at which octet offset. Counted under `drop`."""

    def __init__(self, drop: str, field: str, offset: int = 0) -> None:
        super().__init__(f"{drop}: {field} at offset {offset}")
        self.drop, self.field, self.offset = drop, field, offset


class Broken(EngineError):
    """Something outside failed: disk full, store locked, database damaged, no privilege.

    `kind` is one of "locked", "full", "readonly", "damaged", "newer", "io", "privilege".
    """

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind
