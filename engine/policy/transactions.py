"""Transactions of a policy store, what they remember and leave behind.

`transaction()` takes the write lock at once, so what a command has read cannot change before it
writes, and two shells on one file queue up for a bounded time. When it has ended without an
exception the change is on disk, and with it a revision: who changed what and when, and the rows
as they were before.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import TracebackType

from engine.errors import Refused
from engine.policy.connect import broken, translate
from engine.policy.notes import Notes
from engine.policy.sqlite import sqlite3
from engine.policy.undo import UndoLog
from engine.values import Any, TypeVar

Row = tuple[Any, ...]
Found = TypeVar("Found")
# A change as it can be made again on an equal store: a method's name and its arguments.
Change = tuple[str, tuple[Any, ...]]
JOINED = nullcontext()
REVISION_INSERT = ("INSERT INTO revision (time, who, machine, what, lines, undo) "
                   "VALUES (?, ?, ?, ?, ?, ?)")
# At every such revision the oldest ones are looked for.
PRUNED_EVERY = 1024


class Transactions(Notes):
    """The connection of a store. Mutable owner of it; not shared between threads.

    `path` is the file (":memory:" for none), `readonly` whether writes are bound to fail.
    `clock` gives Unix seconds.
    """

    def __init__(self, connection: sqlite3.Connection, path: str, clock: Callable[[], float],
                 readonly: bool) -> None:
        super().__init__()
        self.path, self.readonly, self.clock = path, readonly, clock
        self.commits = 0  # how often this program has raised the generation
        self._keeping = True
        self._connection = connection
        self._depth = 0
        self.writing = False  # whether a transaction is open
        self._changes = 0
        self._version = 0
        self._levels: list[int] = []
        self._known: dict[Hashable, Any] = {}
        self._stamped: dict[tuple[str, int], float] = {}
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
            self.forget_notes()
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

    def query(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """All rows of a SELECT. Raises Broken as `execute`."""
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise translate(error, self.path) from None

    def untracked(self, sql: str, values: Sequence[object] = ()) -> None:
        """Changes what is about revisions, and no part of the configuration."""
        self._mark()
        self._run(sql, values)

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
        undo = self._undo.take(self._connection.total_changes - self._changes)
        number = self._run(REVISION_INSERT, (self.clock(), self.who, *self.about(),
                                             undo)).lastrowid or 0
        self._committing(number)

    def _committing(self, number: int) -> None:
        """That revision is about to be committed."""
        self.commits += 1
        if number % PRUNED_EVERY == 0:
            from engine.policy.revisions import prune
            prune(self, number)


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
