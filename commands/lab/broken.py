"""Which faults the lab has: a setting of the store, so that they survive the program."""

from ast import literal_eval
from typing import TYPE_CHECKING, NamedTuple

from commands.lab.typist import type_lines
from engine.policy.rows import Change

if TYPE_CHECKING:
    from commands.session import Session
    from engine.policy.store import Store

SETTING = "faults"


class Broken(NamedTuple):
    """A fault that was made: where, the lines to type at each start and at the end, the rows."""

    name: str
    machine: str
    link: str
    running: tuple[str, ...]
    undo: tuple[str, ...]
    changes: tuple[Change, ...]


def remembered(store: "Store") -> list[Broken]:
    """The faults of a store, in the order in which they were made."""
    text = store.setting(SETTING)
    if not text:
        return []
    return [Broken(name, machine, link, running, back, tuple(Change(*one) for one in changes))
            for name, machine, link, running, back, changes in literal_eval(text)]


def remember(store: "Store", *faults: Broken, only: bool = False) -> None:
    """Adds faults to those of the store, or puts them in their place."""
    kept = faults if only else (*remembered(store), *faults)
    plain = [(*one[:5], tuple(tuple(change) for change in one.changes)) for one in kept]
    store.set_setting(SETTING, repr(plain) if plain else "")


def again(session: "Session") -> None:
    """The lab has booted: what faults do to a running lab is done once more."""
    for one in remembered(session.store):
        type_lines(session, one.machine, one.running, lenient=True)
