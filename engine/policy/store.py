"""The policy store: one SQLite file with the configuration of every machine.

A `Store` owns the connection, the transactions and the machines; `Config` is one machine's part
of it. One operator's command is one transaction, one line of a script too; how transactions work
is told in `engine.policy.transactions`.
"""

from collections.abc import Callable, Iterable

from engine.entropy import Entropy
from engine.errors import NotFound
from engine.policy import verify, verify_machine
from engine.policy.certificates import CertificateTables
from engine.policy.connect import MEMORY, open_file, translate
from engine.policy.guid import guids
from engine.policy.lists import ListTables
from engine.policy.machine import MachineTables
from engine.policy.model import Machine
from engine.policy.policies import PolicyTables
from engine.policy.sqlite import sqlite3
from engine.policy.statements import Statements
from engine.policy.undo import NoUndo

# Where a file's header says (with 2) that it has a log beside it; one in memory has none.
FORMAT_VERSIONS = slice(18, 20)


class Store(Statements):
    """An open policy store: its machines, and settings that belong to all of them.

    `is_new` is True while nobody has put a machine into it.
    """

    def __init__(self, connection: sqlite3.Connection, path: str, *,
                 clock: Callable[[], float], entropy: Entropy, readonly: bool) -> None:
        super().__init__(connection, path, clock, readonly)
        self._guids, self._unused = guids(entropy), list[str]()
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

    def copy(self, entropy: Entropy | None = None) -> "Store":
        """The same contents in memory. With an `entropy` of its own it is a store like any other.

        Without one it makes no revisions and draws GUIDs with the original: what `record` says
        was done to it can be made true of the original.
        """
        copy = self._in_memory()
        copy.execute("PRAGMA foreign_keys = ON")
        copy.execute("PRAGMA temp_store = MEMORY")
        store = Store(copy, MEMORY, clock=self.clock, entropy=entropy or bytes,
                      readonly=False)
        if entropy is None:
            store._guids, store._unused = self._guids, self._unused
            store._keeping, store._undo = False, NoUndo(copy)
        return store

    def _in_memory(self) -> sqlite3.Connection:
        """A copy of the file as this connection sees it. Raises Broken."""
        copy = sqlite3.connect(MEMORY, isolation_level=None, check_same_thread=False)
        try:
            # Not `backup`: that would wait for ever for an open transaction of our own.
            octets = bytearray(self._connection.serialize())
            octets[FORMAT_VERSIONS] = b"\1\1"
            copy.deserialize(octets)
        except sqlite3.Error as error:
            copy.close()
            raise translate(error, self.path) from None
        return copy

    def new_guid(self) -> str:
        """A GUID for a new object."""
        return self._unused.pop() if self._unused else next(self._guids)

    def unused_guids(self, guids: Iterable[str]) -> None:
        """GUIDs, in their order, that no object got after all: they are given next."""
        self._unused[:0] = reversed([*guids])

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
        key = ("Machine", machine)
        found: Config | None = self._known.get(key) if self.writing else None
        if found is not None:
            return found

        def read() -> Config:
            number, found = self.machine_row(machine)
            return Config(self, number, found.name)

        return self.once(key, read)

    def copy_without_keys(self) -> bytes:
        """The whole store as octets for `from_copy`, its pre-shared keys and passwords blank."""
        copy = self._in_memory()
        try:
            copy.executescript("UPDATE auth SET value = '' WHERE kind = 'psk';"
                               "UPDATE certificate SET password = '';"
                               "UPDATE revision SET undo = '';VACUUM;")
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
            self.put("setting", "key", (key,), "value", (value,))


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
