"""The policy store: one SQLite file with the configuration of every machine.

A `Store` owns the connection, the transactions and the machines; `Config` is one machine's part
of it. One operator's command is one transaction: `transaction()` takes the write lock at once, so
what a command has read cannot change before it writes, and two shells on one file queue up for a
bounded time. When `transaction()` has ended without an exception the change is on disk.
"""

import sqlite3
from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any, TypeVar

from engine.entropy import Entropy
from engine.errors import NotFound
from engine.policy import verify, verify_machine
from engine.policy.certificates import CertificateTables
from engine.policy.connect import MEMORY, broken, open_file, translate
from engine.policy.guid import new_guid
from engine.policy.lists import ListTables
from engine.policy.machine import MachineTables
from engine.policy.model import Machine
from engine.policy.policies import PolicyTables

Row = tuple[Any, ...]
Found = TypeVar("Found")


class Store:
    """An open policy store. Mutable owner of its connection; not shared between threads.

    `path` is the file (":memory:" for none), `readonly` whether writes are bound to fail,
    `is_new` whether nobody has put a machine into it yet.
    """

    def __init__(self, connection: sqlite3.Connection, path: str, *,
                 clock: Callable[[], float], entropy: Entropy, readonly: bool) -> None:
        self.path, self.readonly, self.clock = path, readonly, clock
        self._connection, self._entropy = connection, entropy
        self._depth = 0
        self._writing = False
        self._changes = 0
        self.commits = 0  # how often this program has raised the generation
        self._levels: list[int] = []
        self._known: dict[Hashable, Any] = {}
        self._inserts: dict[tuple[str, str], str] = {}
        self.is_new = not self.query("SELECT 1 FROM machine LIMIT 1")

    @classmethod
    def open(cls, path: str, *, clock: Callable[[], float], entropy: Entropy,
             busy_seconds: float = 5.0) -> "Store":
        """Opens the store at `path` ("" is memory), creating file and folder when missing.

        `clock` gives Unix seconds for the time stamps. Raises Broken: "damaged", "newer",
        "readonly", "full", "locked", "io" or "privilege".
        """
        path = path or MEMORY
        opened = open_file(path, busy_seconds)
        return cls(opened.connection, path, clock=clock, entropy=entropy,
                   readonly=opened.readonly)

    def copy(self, entropy: Entropy) -> "Store":
        """The same contents in memory, to try changes on; its GUIDs come from `entropy`."""
        connection = sqlite3.connect(MEMORY, isolation_level=None, check_same_thread=False)
        self._connection.backup(connection)
        connection.execute("PRAGMA foreign_keys = ON")
        return Store(connection, MEMORY, clock=self.clock, entropy=entropy, readonly=False)

    def close(self) -> None:
        """Closes the file; everything acknowledged is on disk already."""
        self._connection.close()

    # --- transactions --------------------------------------------------------------------------

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
        return nullcontext() if self._writing else Transaction(self, writes=True)

    def reading(self) -> "Transaction":
        """A context in which several reads see one state of the file."""
        return Transaction(self, writes=False)

    def begin(self, writes: bool) -> None:
        """Enters one level of `transaction` or `reading`."""
        writes = writes and not self.readonly
        if self._depth == 0:
            self._control("BEGIN IMMEDIATE" if writes else "BEGIN")
            self._writing = writes
            self._changes = self._connection.total_changes
        else:
            assert self._writing or not writes, "a change inside a reading context"
            self._levels.append(0)
        self._depth += 1

    def end(self, done: bool) -> None:
        """Leaves one level; `done` False undoes what happened in it."""
        self._depth -= 1
        if self._depth:
            self._end_level(done)
            return
        try:
            if done and self._connection.total_changes != self._changes:
                self._control("UPDATE counter SET generation = generation + 1")
                self.commits += 1
            self._control("COMMIT" if done else "ROLLBACK")
        except BaseException:
            self._control("ROLLBACK")
            raise
        finally:
            self._writing = False
            self._known.clear()

    def _end_level(self, done: bool) -> None:
        number = self._levels.pop()
        if not number or not self._connection.in_transaction:
            return
        if not done:
            self._control(f"ROLLBACK TO level{number}")
            self._known.clear()
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

    def once(self, key: Hashable, read: Callable[[], Found]) -> Found:
        """What `read` gives, read once in a transaction as long as nothing makes it stale.

        For what depends on neither the filters of a list nor a time stamp. Inside a transaction
        nobody else can change the file, outside of one everything is read anew.
        """
        if not self._writing:
            return read()
        found: Found | None = self._known.get(key)
        if found is None:
            found = self._known[key] = read()
        return found

    def execute(self, sql: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """Runs one changing statement. Raises Broken when not the statement is at fault."""
        self._known.clear()
        return self._change(sql, values)

    def _change(self, sql: str, values: Sequence[object]) -> sqlite3.Cursor:
        self._mark()
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
        return self._change(statement, row).lastrowid or 0

    def update(self, table: str, columns: str, row: Sequence[object], number: int) -> None:
        """Replaces the `columns` of the row of `table` with id `number`."""
        assignments = ", ".join(f"{name} = ?" for name in columns.split())
        self._known.clear()
        self._change(f"UPDATE {table} SET {assignments} WHERE id = ?", (*row, number))

    def stamp(self, table: str, number: int, now: float) -> None:
        """Gives a row of `table` the time of its change, unless it was less than a second ago."""
        self._change(f"UPDATE {table} SET modified = ?1 WHERE id = ?2 "
                     "AND (modified > ?1 OR modified <= ?1 - 1)", (now, number))

    def new_guid(self) -> str:
        """A GUID for a new object."""
        return new_guid(self._entropy)

    def damaged(self) -> Exception:
        """The error for a row that no version of this program can have written."""
        return broken("damaged", self.path)

    def generation(self) -> int:
        """A number that grows with every change that anybody commits to the file."""
        number: int = self.query("SELECT generation FROM counter")[0][0]
        return number

    # --- machines and settings -----------------------------------------------------------------

    def machines(self) -> tuple[Machine, ...]:
        """The machines, in the order they were added."""
        rows = self.query("SELECT name, role, forwarding, icmp_echo FROM machine ORDER BY id")
        return tuple(Machine(name, role, bool(forwarding), bool(echo))
                     for name, role, forwarding, echo in rows)

    def add_machine(self, machine: Machine) -> None:
        """Adds a machine. Raises Refused (name taken or unusable)."""
        with self.transaction():
            verify_machine.machine(machine)
            verify.name_free("Machine", machine.name, [one.name for one in self.machines()])
            self.insert("machine", "key name role forwarding icmp_echo",
                        (machine.name.casefold(), *machine))
        self.is_new = False

    def set_machine(self, machine: Machine) -> None:
        """Replaces role and forwarding of the machine of that name. Raises NotFound."""
        with self.transaction():
            number = self.machine_row(machine.name)[0]
            verify_machine.machine(machine)
            self.update("machine", "role forwarding icmp_echo", machine[1:], number)

    def delete_machine(self, name: str) -> None:
        """Deletes a machine and all its configuration. Raises NotFound."""
        with self.transaction():
            self.execute("DELETE FROM rule WHERE policy IN (SELECT id FROM policy "
                         "WHERE machine = ?)", (self.machine_row(name)[0],))
            self.execute("DELETE FROM machine WHERE key = ?", (name.casefold(),))

    def machine_row(self, name: str) -> tuple[int, Machine]:
        """The row id and the value of a machine. Raises NotFound."""
        rows = self.query("SELECT id, name, role, forwarding, icmp_echo FROM machine "
                          "WHERE key = ?", (name.casefold(),))
        if not rows:
            raise NotFound("Machine", name, tuple(one.name for one in self.machines()))
        number, spelled, role, forwarding, echo = rows[0]
        return number, Machine(spelled, role, bool(forwarding), bool(echo))

    def on(self, machine: str) -> "Config":
        """The configuration of a machine. Raises NotFound."""
        def read() -> Config:
            number, found = self.machine_row(machine)
            return Config(self, number, found.name)

        return self.once(("Machine", machine), read)

    def copy_without_keys(self) -> bytes:
        """The whole store as octets for `from_copy`, its pre-shared keys and passwords blank."""
        copy = sqlite3.connect(MEMORY)
        try:
            self._connection.backup(copy)
            copy.executescript("UPDATE auth SET value = '' WHERE kind = 'psk';"
                               "UPDATE certificate SET password = '';VACUUM;")
            return copy.serialize()
        finally:
            copy.close()

    @classmethod
    def from_copy(cls, octets: bytes) -> "Store":
        """A store in memory, for reading, from `copy_without_keys`."""
        connection = sqlite3.connect(MEMORY, isolation_level=None)
        connection.deserialize(octets)
        return cls(connection, MEMORY, clock=float, entropy=bytes, readonly=True)

    def setting(self, key: str, default: str = "") -> str:
        """A value that belongs to the whole store."""
        rows = self.query("SELECT value FROM setting WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else default

    def set_setting(self, key: str, value: str) -> None:
        """Remembers a value for the whole store."""
        with self.transaction():
            self.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (key, value))


class Transaction:
    """The context manager behind `Store.transaction` and `Store.reading`."""

    __slots__ = ("_store", "_writes")

    def __init__(self, store: Store, writes: bool) -> None:
        self._store, self._writes = store, writes

    def __enter__(self) -> None:
        self._store.begin(self._writes)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._store.end(kind is None)


class Config(PolicyTables, ListTables, MachineTables, CertificateTables):
    """One machine's configuration: policies, lists and actions by location, and the rest.

    Reads are plain. Each write joins the open transaction or makes one of its own, is verified by
    `engine.policy.verify`, and raises Refused, NotFound or Broken with the file unchanged. Names
    are compared without case and kept as typed; where a name is asked for, a GUID in braces will
    do for policies, rules, lists and actions.
    """

    def digest(self) -> str:
        """A hash over everything but GUIDs and time stamps: equal for equal configurations.

        Keys take part in it, so it is for comparing, not for showing.
        """
        from engine.policy.digest import digest
        return digest(self)
