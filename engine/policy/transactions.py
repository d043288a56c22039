"""Statements and transactions of a policy store, and what they remember and leave behind.

`transaction()` takes the write lock at once, so what a command has read cannot change before it
writes, and two shells on one file queue up for a bounded time. When it has ended without an
exception the change is on disk, and with it a revision: who changed what and when, and the rows
as they were before.
"""

import sqlite3
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import TracebackType
from typing import Any, TypeVar

from engine.errors import Refused
from engine.policy.connect import broken, translate
from engine.policy.undo import UndoLog

Row = tuple[Any, ...]
Found = TypeVar("Found")
# A change as it can be made again on an equal store: a method's name and its arguments.
Change = tuple[str, tuple[Any, ...]]
# How many revisions are kept, how often the older ones are looked for, how many of a
# transaction's lines are kept with it.
REVISIONS_KEPT, PRUNED_EVERY, LINES_KEPT = 5_000, 256, 1_000
UNDO_OCTETS_KEPT = 32 * 1024 * 1024
JOINED = nullcontext()


class Transactions:
    """The connection of a store. Mutable owner of it; not shared between threads.

    `path` is the file (":memory:" for none), `readonly` whether writes are bound to fail.
    `clock` gives Unix seconds. `who` is the operator whose name each revision bears; what it is
    about says `note`, else `subject`, which gives the machine and the line.
    """

    def __init__(self, connection: sqlite3.Connection, path: str, clock: Callable[[], float],
                 readonly: bool) -> None:
        self.path, self.readonly, self.clock = path, readonly, clock
        self.who = ""
        self.subject: Callable[[], tuple[str, str]] | None = None
        self._keeping = True
        self._connection = connection
        self._depth = 0
        self.writing = False  # whether a transaction is open
        self._changes = 0
        self._version = 0
        self.commits = 0  # how often this program has raised the generation
        self._levels: list[int] = []
        self._known: dict[Hashable, Any] = {}
        self._stamped: dict[tuple[str, int], float] = {}
        self._inserts: dict[tuple[str, str], str] = {}
        self._notes: list[tuple[str, str]] = []
        self._unheard = 0
        self.listening = True  # whether the text of one more line would be kept
        self._undo = UndoLog(connection)
        self._log: list[Change] | None = None
        self._log_marks: list[int] = []

    def close(self) -> None:
        """Closes the file; everything acknowledged is on disk already."""
        self._connection.close()

    def record(self, on: bool = True) -> list[Change]:
        """From now on (until `on` is False) the list holds every change that is made.

        It begins and ends at the same depth of transactions.
        """
        fresh: list[Change] = []
        self._log = fresh if on else None
        return fresh

    def follow(self, changes: Iterable[Change]) -> None:
        """Makes changes that were recorded elsewhere, without recording them here."""
        log, self._log = self._log, None
        try:
            self.replay(changes)
        finally:
            self._log = log

    def replay(self, changes: Iterable[Change]) -> None:
        """Makes recorded changes again, on a store that is equal to the recorded one."""
        with self.transaction():
            for name, arguments in changes:
                getattr(self, name)(*arguments)

    def transaction(self) -> "Transaction":
        """A context in which all changes become true together, or none (any exception).

        Inner ones join the outer: a failed inner one undoes its own changes only, and the rest
        when its exception leaves the outer one. Raises Broken("locked") after the bounded wait.
        """
        return Transaction(self, writes=True)

    def joining(self) -> "AbstractContextManager[None]":
        """`transaction`, but an open one is joined as it is.

        For a change whose rules are all checked before its first statement: it fails whole.
        """
        return JOINED if self.writing else Transaction(self, writes=True)

    @contextmanager
    def unchecked(self) -> Iterator[None]:
        """A transaction whose references are checked at its end only. It is never an inner one.

        Raises Refused("in-transaction"), Broken("damaged") for a reference that leads nowhere.
        """
        if self._depth:
            raise Refused("in-transaction", "this cannot be part of a larger transaction")
        self._control("PRAGMA foreign_keys = OFF")
        try:
            with self.transaction():
                yield
                if self.query("PRAGMA foreign_key_check"):
                    raise self.damaged()
        finally:
            self._control("PRAGMA foreign_keys = ON")

    def reading(self) -> "Transaction":
        """A context in which several reads see one state of the file."""
        return Transaction(self, writes=False)

    def begin(self, writes: bool) -> None:
        """Enters one level of `transaction` or `reading`."""
        writes = writes and not self.readonly
        if self._depth == 0:
            self._control("BEGIN IMMEDIATE" if writes else "BEGIN")
            self.writing = writes
            self._changes = self._connection.total_changes
            if writes:
                self._look()
        else:
            assert self.writing or not writes, "a change inside a reading context"
            self._levels.append(0)
        self._depth += 1
        if self._log is not None:
            self._log_marks.append(len(self._log))

    def _look(self) -> None:
        """What was read before holds as long as nobody else has changed the file."""
        version = self._run("PRAGMA data_version", ()).fetchone()[0]
        if version != self._version:
            self._version = version
            self._forget()

    def _forget(self) -> None:
        self._known.clear()
        self._stamped.clear()

    def end(self, done: bool) -> None:
        """Leaves one level; `done` False undoes what happened in it."""
        self._depth -= 1
        if self._log is not None:
            mark = self._log_marks.pop()
            if not done:
                del self._log[mark:]
        if self._depth:
            self._end_level(done)
            return
        try:
            if done and self._connection.total_changes != self._changes:
                self._keep_revision()
            self._control("COMMIT" if done else "ROLLBACK")
        except BaseException:
            done = False
            self._control("ROLLBACK")
            raise
        finally:
            self.writing = False
            if not done:
                self._forget()
            self._notes.clear()
            self._unheard, self.listening = 0, True
            self._undo.forget(undone=not done)

    def _end_level(self, done: bool) -> None:
        number = self._levels.pop()
        if not number or not self._connection.in_transaction:
            return
        if not done:
            self._control(f"ROLLBACK TO level{number}")
            self._forget()
            self._undo.back()
        if number == self._depth:
            self._control(f"RELEASE level{number}")

    def _mark(self) -> None:
        """Before a change: open levels without a savepoint get one, which they share.

        Nothing has changed since the outermost of them began, so one serves them all, and a
        level that only reads costs none.
        """
        levels = self._levels
        if levels and not levels[-1]:
            first = levels.index(0)
            self._control(f"SAVEPOINT level{first + 1}")
            levels[first:] = [first + 1] * (len(levels) - first)

    def _control(self, sql: str) -> None:
        # A full disk makes SQLite roll back by itself.
        if sql.startswith("ROLLBACK") and not self._connection.in_transaction:
            return
        self._run(sql, ())

    def _run(self, sql: str, values: Sequence[object]) -> sqlite3.Cursor:
        try:
            return self._connection.execute(sql, values)
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            raise translate(error, self.path) from None

    def known(self, key: Hashable) -> Any:
        """What `once` has read in a transaction, None for nothing."""
        return self._known.get(key) if self.writing else None

    def once(self, key: Hashable, read: Callable[[], Found]) -> Found:
        """What `read` gives in a transaction, read once as long as nothing makes it stale.

        For what depends on neither the filters of a list nor a time stamp. Inside a transaction
        nobody else can change the file, outside of one everything is read anew.
        """
        if not self.writing:
            return read()
        found: Found | None = self._known.get(key)
        if found is None:
            found = self._known[key] = read()
        return found

    def note(self, machine: str, text: str) -> None:
        """Says which typed line (without its secrets) the open transaction is about."""
        if self.listening:
            self._notes.append((machine, text))
            self.listening = len(self._notes) < LINES_KEPT
        else:
            self._unheard += 1

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

    def query(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """All rows of a SELECT. Raises Broken as `execute`."""
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise translate(error, self.path) from None

    def insert(self, table: str, columns: str, row: Sequence[object]) -> int:
        """Adds a row to `table` and gives its id; `columns` are blank-separated."""
        statement = self._inserts.get((table, columns))
        if statement is None:
            names = columns.split()
            assert len(names) == len(row), (table, names, len(row))
            statement = (f"INSERT INTO {table} ({', '.join(names)}) "
                         f"VALUES ({', '.join('?' * len(names))})")
            self._inserts[table, columns] = statement
        if table != "filter":
            self._known.clear()
        if self._levels:
            self._mark()
        number = self._run(statement, row).lastrowid or 0
        if self._log is not None:
            self._log.append(("insert", (table, columns, row)))
        self._undo.inserted(table, number)
        return number

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
        self._undo.inserted(table, int(str(row[0])))

    def untracked(self, sql: str, values: Sequence[object] = ()) -> None:
        """Changes what is about revisions, and no part of the configuration."""
        self._mark()
        self._run(sql, values)

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
        row = (table, number)
        if 0 <= now - self._stamped.get(row, now - 1) < 1:
            return
        self._undo.watch(table)
        self._change("stamp", f"UPDATE {table} SET modified = ?1 WHERE id = ?2 "
                     "AND (modified > ?1 OR modified <= ?1 - 1)", (now, number),
                     (table, number, now))
        if self.writing:
            self._stamped[row] = now

    def damaged(self) -> Exception:
        """The error for a row that no version of this program can have written."""
        return broken("damaged", self.path)

    def generation(self) -> int:
        """A number that grows with every change that anybody commits: the newest revision."""
        number: int = self.query("SELECT max(id) FROM revision")[0][0]
        return number

    def _keep_revision(self) -> None:
        """Before a commit: who changed what and when, and how to undo it."""
        if not self._keeping:
            return
        if not self._notes and self.subject is not None:
            self._notes.append(self.subject())
        machines = " ".join(dict.fromkeys(machine for machine, _ in self._notes))
        what = "\n".join(text for _, text in self._notes)
        number = self._run(
            "INSERT INTO revision (time, who, machine, what, lines, undo) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (self.clock(), self.who, machines, what, len(self._notes) + self._unheard,
             self._undo.take(self._connection.total_changes - self._changes))).lastrowid or 0
        self.commits += 1
        if number % PRUNED_EVERY == 0:
            self._prune(number)

    def _prune(self, newest: int) -> None:
        """Forgets the oldest revisions: those beyond a number, and beyond a sum of octets.

        What a change on probation would go back to stays.
        """
        floor, size = newest - REVISIONS_KEPT, 0
        for number, octets in self.query("SELECT id, length(undo) + length(what) FROM revision "
                                         "ORDER BY id DESC"):
            size += octets
            if size > UNDO_OCTETS_KEPT:
                floor = max(floor, number)
                break
        self._run("DELETE FROM revision WHERE id <= ? AND id < "
                  "ifnull((SELECT base FROM unconfirmed), ?)", (floor, newest))


class Transaction:
    """The context manager behind `Store.transaction` and `Store.reading`."""

    __slots__ = ("_store", "_writes")

    def __init__(self, store: Transactions, writes: bool) -> None:
        self._store, self._writes = store, writes

    def __enter__(self) -> None:
        self._store.begin(self._writes)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._store.end(kind is None)
