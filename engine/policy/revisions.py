"""The revisions of a store: who changed what and when, the way back, and changes on probation.

Each committed transaction is one revision; its number is the store's generation. To go back to a
revision means to undo the later ones, newest first; that is a change like any other, and can be
undone in its turn. A change on probation (`guard`) goes back by itself unless it is confirmed:
its deadline is in the store, so whoever opens the store after it sees the state before.
"""

from engine.errors import NotFound, Refused
from engine.policy.undo import read
from engine.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from engine.policy.store import Store
    from engine.policy.transactions import Transactions

# How many revisions are kept at least, unless they hold more octets.
REVISIONS_KEPT = 5_000
UNDO_OCTETS_KEPT = 32 * 1024 * 1024


class Revision(NamedTuple):
    """One transaction: when (Unix seconds), by whom, on which machines, and the typed lines.

    `typed` is how many lines there were; `lines` may be fewer of a very long script.
    """

    number: int
    time: float
    who: str
    machine: str
    lines: tuple[str, ...]
    typed: int


class Unconfirmed(NamedTuple):
    """A change on probation: when it ends (Unix seconds), the revision before it, its own."""

    deadline: float
    base: int
    revision: int
    who: str


def revisions(store: "Store", most: int = -1) -> tuple[Revision, ...]:
    """The newest `most` revisions (all: -1), the newest first."""
    return _read(store, "1 ORDER BY id DESC LIMIT ?", most)


def revision(store: "Store", number: int) -> Revision:
    """One revision. Raises NotFound."""
    found = _read(store, "id = ?", number)
    if not found:
        raise _unknown(store, number)
    return found[0]


def _read(store: "Store", where: str, value: int) -> tuple[Revision, ...]:
    rows = store.query("SELECT id, time, who, machine, what, lines FROM revision WHERE " + where,
                       (value,))
    return tuple(Revision(number, time, who, machine, tuple(what.split("\n")) if what else (),
                          typed)
                 for number, time, who, machine, what, typed in rows)


def _unknown(store: "Store", number: int) -> NotFound:
    known = [one.number for one in revisions(store)]
    span = f"{known[-1]}-{known[0]}" if len(known) > 1 else f"{known[0]}"
    return NotFound("Revision", str(number), (span,))


def roll_back(store: "Store", number: int) -> tuple[Revision, ...]:
    """Makes the store what it was at revision `number`; gives what was undone, newest first.

    A probation that began later is over with it. Raises NotFound, Refused("in-transaction"),
    Broken.
    """
    with store.unchecked():
        undone = _undo_to(store, number)
        store.untracked("DELETE FROM unconfirmed WHERE base >= ?", (number,))
        return undone


def _undo_to(store: "Store", number: int) -> tuple[Revision, ...]:
    revision(store, number)
    undone = _read(store, "id > ? ORDER BY id DESC", number)
    for text, in store.query("SELECT undo FROM revision WHERE id > ? ORDER BY id DESC", (number,)):
        fresh, images = read(text)
        for table, ranges in fresh.items():
            for first, last in ranges:
                store.execute(f"DELETE FROM {table} WHERE id BETWEEN ? AND ?", (first, last))
        for table, rows in images.items():
            for row in rows:
                store.execute(f"DELETE FROM {table} WHERE id = ?", (row[0],))
        for table, rows in images.items():
            for row in rows:
                store.restore(table, row)
    return undone


def forget(store: "Store") -> int:
    """Forgets all revisions but the newest, and the rows they kept; how many."""
    with store.transaction():
        newest = store.generation()
        count = len(_read(store, "id < ?", newest))
        store.untracked("DELETE FROM revision WHERE id < ?", (newest,))
        store.untracked("UPDATE revision SET undo = '' WHERE id = ?", (newest,))
    return count


def prune(store: "Transactions", newest: int) -> None:
    """Forgets the oldest revisions: those beyond a number, and beyond a sum of octets.

    What a change on probation would go back to stays.
    """
    floor = newest - REVISIONS_KEPT
    size = "length(undo) + length(what)"
    if store.query(f"SELECT sum({size}) FROM revision")[0][0] > UNDO_OCTETS_KEPT:
        floor = max(floor, store.query(
            f"SELECT max(id) FROM (SELECT id, sum({size}) OVER (ORDER BY id DESC) AS size "
            "FROM revision) WHERE size > ?", (UNDO_OCTETS_KEPT,))[0][0])
    store.untracked("DELETE FROM revision WHERE id <= ? AND id < "
                    "ifnull((SELECT base FROM unconfirmed), ?)", (floor, newest))


# --- probation ----------------------------------------------------------------------------------


def guard(store: "Store", seconds: float) -> Unconfirmed:
    """Puts the open transaction on probation; an earlier probation goes on with the new deadline.

    The caller holds the transaction and has changed nothing before.
    """
    before = unconfirmed(store)
    newest = store.generation()
    base = before.base if before is not None else newest
    one = Unconfirmed(store.clock() + seconds, base, newest + 1, store.who)
    store.untracked("INSERT OR REPLACE INTO unconfirmed VALUES (1, ?, ?, ?, ?)", one)
    return one


def unconfirmed(store: "Store") -> Unconfirmed | None:
    """The change on probation, if there is one."""
    rows = store.query("SELECT deadline, base, revision, who FROM unconfirmed")
    return Unconfirmed(*rows[0]) if rows else None


def confirm(store: "Store") -> Unconfirmed:
    """Ends the probation for good. Raises Refused when there is none."""
    with store.transaction():
        one = unconfirmed(store)
        if one is None:
            raise Refused("nothing-to-confirm", "No change waits to be confirmed")
        store.untracked("DELETE FROM unconfirmed")
        return one


def revert_due(store: "Store") -> tuple[Unconfirmed, tuple[Revision, ...]] | None:
    """Undoes a change whose probation has ended, by the store's clock; what was undone.

    Whoever works with a store calls it: at opening, and before acting on it. A store that can
    only be read is left as it is. Raises Broken.
    """
    if store.readonly or not _over(store):
        return None
    with store.unchecked():
        one = unconfirmed(store)
        if one is None or not _over(store):
            return None  # another shell was faster
        undone = _undo_to(store, one.base)
        store.untracked("DELETE FROM unconfirmed")
        store.note("", f"# revision {one.revision} was not confirmed: back to {one.base}")
    return one, undone


def _over(store: "Store") -> bool:
    one = unconfirmed(store)
    return one is not None and one.deadline <= store.clock()
