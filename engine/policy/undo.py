"""What a transaction has touched, kept as the rows were before, so that it can be undone.

Rows that are updated or deleted (by a foreign key's cascade, too) are copied by triggers into a
table in memory, the first copy of a row only. Rows that are inserted are remembered by their
ids. Together they say how to get back, whatever the order of the changes was: delete what was
touched, insert what was copied.
"""

from engine.policy.sqlite import sqlite3

# A copied row: table, id, whether the row was made in this transaction, then its columns.
COLUMNS_MOST = 20
KEPT_APART = frozenset({"revision", "unconfirmed"})

Ranges = dict[str, list[list[int]]]
Images = dict[str, list[tuple[object, ...]]]


class UndoLog:
    """The touched rows of the open transaction of one connection. Mutable, one a store."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._columns: dict[str, list[str]] = {}
        self._watched: set[str] = set()
        self._inserted = 0
        self._fresh: Ranges = {}
        self._marking = False

    def inserted(self, table: str, first: int, last: int) -> None:
        """Rows have been inserted; ids of one insert after the other become one range.

        Once something may have been deleted an id can come back; then the table in memory, which
        knows what was there first, decides.
        """
        self._inserted += last - first + 1
        if self._marking:
            self._connection.executemany(
                "INSERT OR IGNORE INTO temp.undo (tbl, row, fresh) VALUES (?, ?, 1)",
                ((table, number) for number in range(first, last + 1)))
            return
        ranges = self._fresh.get(table)
        if ranges is None:
            self._fresh[table] = [[first, last]]
        elif ranges[-1][1] == first - 1:
            ranges[-1][1] = last
        else:
            ranges.append([first, last])

    def watch(self, table: str) -> None:
        """Before rows of one table are updated."""
        if table not in self._watched:
            self._arm((table,))

    def watch_all(self) -> None:
        """Before a statement that may delete rows of any table."""
        if not self._marking:
            self._arm(tuple(self._known()))
            self._marking = True

    def back(self) -> None:
        """Changes were taken back, and with them perhaps our triggers."""
        watched, self._watched = tuple(self._watched), set()
        if watched:
            self._arm(watched)

    def forget(self, undone: bool) -> None:
        """The transaction has ended."""
        self._fresh, self._marking, self._inserted = {}, False, 0
        if undone:
            self._watched.clear()

    def take(self, changes: int) -> str:
        """How to undo the transaction, as `read` reads it; forgets it.

        `changes` is how many rows it has changed, those that triggers copied included.
        """
        images: Images = {}
        if self._watched and changes != self._inserted:
            for table, number, fresh, *values in self._connection.execute(
                    "SELECT * FROM temp.undo ORDER BY tbl, row"):
                if fresh:
                    self._fresh.setdefault(table, []).append([number, number])
                elif not self._is_fresh(table, number):
                    images.setdefault(table, []).append(tuple(values[:len(self._columns[table])]))
            self._connection.execute("DELETE FROM temp.undo")
        text = repr((self._fresh, images))
        self.forget(False)
        return text

    def _is_fresh(self, table: str, number: int) -> bool:
        return any(first <= number <= last for first, last in self._fresh.get(table, ()))

    def _known(self) -> dict[str, list[str]]:
        """The columns of each table, read once."""
        if not self._columns:
            for name, in self._connection.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                if name not in KEPT_APART:
                    self._columns[name] = [row[1] for row in self._connection.execute(
                        f"PRAGMA table_info({name})")]
        return self._columns

    def _arm(self, tables: tuple[str, ...]) -> None:
        known = self._known()
        run = self._connection.execute
        if not self._watched:
            columns = ", ".join(f"c{at}" for at in range(COLUMNS_MOST))
            run(f"CREATE TEMP TABLE IF NOT EXISTS undo (tbl, row, fresh, {columns}, "
                "PRIMARY KEY (tbl, row))")
        for table in tables:
            if table in self._watched:
                continue
            own = known[table]
            assert own[0] == "id" and len(own) <= COLUMNS_MOST, table
            targets = ", ".join(f"c{at}" for at in range(len(own)))
            values = ", ".join(f"old.{name}" for name in own)
            for event in ("UPDATE", "DELETE"):
                run(f"CREATE TEMP TRIGGER IF NOT EXISTS undo_{table}_{event} BEFORE {event} "
                    f"ON main.{table} BEGIN INSERT OR IGNORE INTO undo (tbl, row, fresh, "
                    f"{targets}) VALUES ('{table}', old.id, 0, {values}); END")
            self._watched.add(table)


class NoUndo(UndoLog):
    """Of a copy that nobody goes back with."""

    def inserted(self, table: str, first: int, last: int) -> None:
        """Not remembered."""

    def watch(self, table: str) -> None:
        """Not watched."""

    def watch_all(self) -> None:
        """Not watched."""


def read(text: str) -> tuple[Ranges, Images]:
    """The ids of a transaction's new rows and the old rows it changed, by table."""
    if not text:
        return {}, {}
    from ast import literal_eval
    fresh, images = literal_eval(text)
    return fresh, images
