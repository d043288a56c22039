"""What changed in a store between two moments, row by row, and the way back from just that.

Unlike a copy of the file it leaves alone whatever somebody changed in between: a row goes back
only while it still is what it was made.
"""

from typing import NamedTuple

from engine.policy.sqlite import sqlite3
from engine.policy.store import Store
from engine.policy.transactions import Row

# What is about the store itself, and what tells nothing about a configuration.
APART = frozenset({"counter", "setting", "revision", "unconfirmed"})
STAMPS = frozenset({"modified"})


class Change(NamedTuple):
    """One row of a table by its key; None for a row that was not there before or is not after."""

    table: str
    key: tuple[object, ...]
    before: tuple[object, ...] | None
    after: tuple[object, ...] | None


class _Table(NamedTuple):
    name: str
    columns: tuple[str, ...]
    key: tuple[int, ...]

    def bare(self, row: Row | None) -> Row | None:
        """A row without its time stamps."""
        return row and tuple(value for name, value in zip(self.columns, row, strict=True)
                             if name not in STAMPS)


Image = dict[tuple[str, Row], Row]


def _tables(store: Store) -> list[_Table]:
    """The tables of the configuration, those that others refer to first."""
    found = []
    for name, in store.query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid"):
        if name in APART or name.startswith("sqlite_"):
            continue
        columns = store.query(f"PRAGMA table_info({name})")
        found.append(_Table(name, tuple(one[1] for one in columns),
                            tuple(at for at, one in enumerate(columns) if one[5])))
    return found


def image(store: Store) -> Image:
    """Every row of the configuration of every machine."""
    return {(table.name, tuple(row[at] for at in table.key)): row
            for table in _tables(store) for row in store.query(f"SELECT * FROM {table.name}")}


def difference(before: Image, after: Image) -> list[Change]:
    """The rows that two images do not share."""
    return [Change(*place, before.get(place), after.get(place))
            for place in (*before, *(one for one in after if one not in before))
            if before.get(place) != after.get(place)]


def undo(store: Store, changes: list[Change]) -> int:
    """Makes each row what it was before its change, unless it was changed again; how many did.

    A row that has no place any more (its name was given anew, what it belongs to has gone) stays
    away. Raises Broken.
    """
    tables = {table.name: table for table in _tables(store)}
    order = {name: at for at, name in enumerate(tables)}
    # What was changed first: a row number may have been used again for something else.
    left = sorted((one for one in changes if one.table in tables), key=lambda one: (
        (0, order[one.table]) if one.before and one.after
        else (1, -order[one.table]) if one.after else (2, order[one.table])))
    done, before = 0, len(left) + 1
    with store.transaction():
        while len(left) < before:
            before = len(left)
            tried = [(one, _put_back(store, tables[one.table], one)) for one in left]
            done += sum(result is True for _, result in tried)
            # What stood in the way may be gone after a pass.
            left = [one for one, result in tried if result is None]
    return done


def _put_back(store: Store, table: _Table, change: Change) -> bool | None:
    """True when it did, False when the row has been changed since, None when it has no place."""
    where = " AND ".join(f"{table.columns[at]} = ?" for at in table.key)
    now = store.query(f"SELECT * FROM {table.name} WHERE {where}", change.key)
    if table.bare(now[0] if now else None) != table.bare(change.after):
        return False
    try:
        with store.transaction():
            if change.before is None:
                store.execute(f"DELETE FROM {table.name} WHERE {where}", change.key)
            elif change.after is None:
                marks = ", ".join("?" * len(table.columns))
                store.execute(f"INSERT INTO {table.name} VALUES ({marks})", change.before)
            else:
                sets = ", ".join(f"{name} = ?" for name in table.columns)
                store.execute(f"UPDATE {table.name} SET {sets} WHERE {where}",
                              (*change.before, *change.key))
    except sqlite3.IntegrityError:
        return None
    return True
