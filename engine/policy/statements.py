"""The statements that change a policy store, each of which can be undone and made again."""

from collections.abc import Callable, Sequence

from engine.errors import Broken
from engine.policy.connect import translate
from engine.policy.sqlite import sqlite3
from engine.policy.transactions import REVISION_INSERT, Row, Transactions
from engine.values import Any, NamedTuple


class Added(NamedTuple):
    """How many rows were added; `failure` says why the next one was not, None where it breaks a
    rule of the table.
    """

    done: int
    failure: Broken | None


class Statements(Transactions):
    """What changes rows, and keeps what their transaction remembers true."""

    def __init__(self, connection: sqlite3.Connection, path: str, clock: Callable[[], float],
                 readonly: bool) -> None:
        super().__init__(connection, path, clock, readonly)
        self._inserts: dict[tuple[str, str], str] = {}

    def execute(self, sql: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """Runs one changing statement. Raises Broken when not the statement is at fault."""
        self._forget()
        self._undo.watch_all()
        return self._change("execute", sql, values, (sql, values))

    def _change(self, name: str, sql: str, values: Sequence[object],
                arguments: tuple[Any, ...]) -> sqlite3.Cursor:
        if self._levels:
            self._mark()
        if self._log is not None:
            done = self._run(sql, values)
            self._log.append((name, arguments))
            return done
        return self._run(sql, values)

    def insert(self, table: str, columns: str, row: Sequence[object]) -> int:
        """Adds a row to `table` and gives its id; `columns` are blank-separated."""
        number = self._run(self._inserting(table, columns), row).lastrowid or 0
        if self._log is not None:
            self._log.append(("insert", (table, columns, row)))
        self._undo.inserted(table, number, number)
        return number

    def insert_alone(self, table: str, columns: str, row: Row, note: tuple[str, str],
                     generation: int) -> bool:
        """Adds a row in a transaction of its own, the next one behind revision `generation`.

        `note` is the machine and the line. False when the row breaks a rule of the table, or a
        newer revision is there. Raises Broken.
        """
        assert not self._depth and self._log is None
        run, statement = self._connection.execute, self._inserting(table, columns)
        try:
            run("BEGIN IMMEDIATE")
            number = run(statement, row).lastrowid
            undo = f"({{'{table}': [[{number}, {number}]]}}, {{}})"
            newest = run(REVISION_INSERT, (self.clock(), self.who, *note, 1, undo)).lastrowid
            if newest != generation + 1:
                run("ROLLBACK")
                return False
            self._committing(newest)
            run("COMMIT")
        except sqlite3.IntegrityError:
            run("ROLLBACK")
            return False
        except BaseException as error:
            self._control("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise translate(error, self.path) from None
            raise
        return True

    def insert_many(self, table: str, columns: str, rows: Sequence[Row]) -> Added:
        """Adds rows in their order, up to the first that cannot be added."""
        statement = self._inserting(table, columns)
        before, failure = self._connection.total_changes, None
        try:
            self._connection.executemany(statement, rows)
        except sqlite3.IntegrityError:
            pass
        except sqlite3.Error as error:
            failure = translate(error, self.path)
        done = self._connection.total_changes - before
        if done and failure is None:
            if self._log is not None:
                self._log.append(("insert_all", (table, columns, rows[:done])))
            # Each new row has the number behind the greatest.
            last = self.query("SELECT last_insert_rowid()")[0][0]
            self._undo.inserted(table, last - done + 1, last)
        return Added(done, failure)

    def insert_all(self, table: str, columns: str, rows: Sequence[Row]) -> None:
        """The same of rows that were added elsewhere. Raises Broken, IntegrityError."""
        added = self.insert_many(table, columns, rows)
        if added.done < len(rows):
            raise added.failure or sqlite3.IntegrityError(table)

    def _inserting(self, table: str, columns: str) -> str:
        """The statement that adds a row; what is open is told that it will."""
        if table != "filter":
            self._known.clear()
        if self._levels:
            self._mark()
        statement = self._inserts.get((table, columns))
        if statement is None:
            names = columns.split()
            statement = (f"INSERT INTO {table} ({', '.join(names)}) "
                         f"VALUES ({', '.join('?' * len(names))})")
            self._inserts[table, columns] = statement
        return statement

    def update(self, table: str, columns: str, row: Sequence[object], number: int) -> None:
        """Replaces the `columns` of the row of `table` with id `number`."""
        assignments = ", ".join(f"{name} = ?" for name in columns.split())
        self._known.clear()
        self._undo.watch(table)
        self._change("update", f"UPDATE {table} SET {assignments} WHERE id = ?", (*row, number),
                     (table, columns, row, number))

    def restore(self, table: str, row: Sequence[object]) -> None:
        """Puts a whole row back, its id included; `execute` has deleted what was there."""
        self._forget()
        self._change("restore", f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row,
                     (table, row))
        number = int(str(row[0]))
        self._undo.inserted(table, number, number)

    def put(self, table: str, keys: str, row: Sequence[object], columns: str,
            values: Sequence[object]) -> None:
        """Updates `columns` of the row of `table` whose `keys` are `row`, or inserts that row."""
        where = " AND ".join(f"{name} = ?" for name in keys.split())
        found = self.query(f"SELECT id FROM {table} WHERE {where}", row)
        if found:
            self.update(table, columns, values, found[0][0])
        else:
            self.insert(table, f"{keys} {columns}", (*row, *values))

    def stamp(self, table: str, number: int, now: float) -> None:
        """Gives a row of `table` the time of its change, once a second: no stamp shows less."""
        if self.is_stamped(table, number, now):
            return
        self._undo.watch(table)
        self._change("stamp", f"UPDATE {table} SET modified = ?1 WHERE id = ?2 "
                     "AND (modified > ?1 OR modified <= ?1 - 1)", (now, number),
                     (table, number, now))
        if self.writing:
            self._stamped[table, number] = now

    def is_stamped(self, table: str, number: int, now: float) -> bool:
        """Whether the row has a stamp that is good for this second."""
        return 0 <= now - self._stamped.get((table, number), now - 1) < 1
