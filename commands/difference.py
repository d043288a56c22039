"""What would go and come: two configurations compared by the lines of their dumps."""

from typing import TYPE_CHECKING

from commands.answer import Cell, Joined, Line, Lines
from commands.written import free

if TYPE_CHECKING:
    from commands.session import Session
    from engine.policy.store import Store

CONTEXT_LINES = 0


def pending(session: "Session") -> Lines:
    """The store against the copy that offline mode works on."""
    assert session.pending is not None
    return between(session.pending.base, session.pending.store)


def since(number: int, session: "Session") -> Lines:
    """The store as it was at a revision against what commands see now. Raises NotFound."""
    from engine.policy.revisions import roll_back
    old = session.base.copy()
    try:
        roll_back(old, number)
        return between(old, session.store)
    finally:
        old.close()


def between(old: "Store", new: "Store") -> Lines:
    """The lines that differ, of each machine that has some; "-" goes, "+" comes."""
    lines: list[Line] = []
    data = []
    names = dict.fromkeys(one.name for store in (old, new) for one in store.machines())
    for name in names:
        changed = _changed(_dump(old, name), _dump(new, name))
        if changed:
            lines.append(("machine ", Cell("name", name, name)))
            data.append({"machine": name, "gone": _joined(changed, "-"),
                         "new": _joined(changed, "+")})
        lines += [(f"{sign} ", *free(text)) for sign, text in changed]
    if not lines:
        lines.append(("Nothing differs.",))
    return Lines(tuple(lines), data, "difference")


def _joined(changed: list[tuple[str, str]], wanted: str) -> list[Joined]:
    """The lines of one side as data."""
    return [Joined(free(text)) for sign, text in changed if sign == wanted]


def _dump(store: "Store", machine: str) -> list[str]:
    """The lines of a machine, each told apart by the context and store it belongs to."""
    from engine.policy.script import dump
    if machine not in [one.name for one in store.machines()]:
        return []
    place, lines = "", []
    for line in dump(store.on(machine)):
        if line.startswith("pushd "):
            place = line.removeprefix("pushd ") + " "
        elif line == "popd":
            place = ""
        elif not line.startswith(("#", "set store ")) and line != "reset":
            lines.append(place + line)
    return lines


def _changed(old: list[str], new: list[str]) -> list[tuple[str, str]]:
    from difflib import SequenceMatcher
    changes = []
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what != "equal":
            changes += [("-", line) for line in old[a:b]] + [("+", line) for line in new[c:d]]
    return changes
