"""What the parts of a machine's configuration share: the store, the machine's row, look-up."""

from engine.errors import NotFound
from engine.policy.guid import is_guid
from engine.policy.model import LOCATIONS
from engine.values import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.policy.store import Store
    from engine.policy.transactions import Transaction

# The tables whose rows are found by name or GUID within a machine and a location.
TABLES = {"Policy": "policy", "FilterList": "filterlist", "FilterAction": "filteraction"}


class Part:
    """Base of the mixins that make up `engine.policy.store.Config`."""

    def __init__(self, store: "Store", number: int, name: str) -> None:
        self._store, self._number, self.name = store, number, name

    def reading(self) -> "Transaction":
        """A context in which several reads see one state of the file."""
        return self._store.reading()

    def _located(self, kind: str, columns: str, location: str) -> list[tuple[Any, ...]]:
        """The rows of a kind in a location, in the order they were created."""
        assert location in LOCATIONS, location
        return self._store.query(
            f"SELECT {columns} FROM {TABLES[kind]} WHERE machine = ? AND location = ? ORDER BY id",
            (self._number, location))

    def _find(self, kind: str, name: str, location: str) -> int:
        """The row id of the object with that name or GUID. Raises NotFound."""
        found = self._look(kind, name, location)
        if not found:
            raise NotFound(kind, name, self._names(kind, location))
        return found

    def _look(self, kind: str, name: str, location: str) -> int:
        """The same, 0 when there is none."""
        key = (kind, self._number, name, location)
        known: int | None = self._store.known(key)
        if known is not None:
            return known
        return self._store.once(key, lambda: self._find_row(kind, name, location))

    def _find_row(self, kind: str, name: str, location: str) -> int:
        assert location in LOCATIONS, location
        # A GUID wins over a name that happens to look like one.
        keys = [("guid", name.upper())] if is_guid(name) else []
        for column, value in [*keys, ("key", name.casefold())]:
            rows = self._store.query(
                f"SELECT id FROM {TABLES[kind]} WHERE machine = ? AND location = ? "
                f"AND {column} = ?", (self._number, location, value))
            if rows:
                return int(rows[0][0])
        return 0

    def _names(self, kind: str, location: str) -> tuple[str, ...]:
        """The names of a kind in a location."""
        return tuple(name for name, in self._located(kind, "name", location))

    def _taken(self, kind: str, name: str, location: str, but: int = 0) -> list[str]:
        """That name as another object of the kind than the row `but` has it, if one does."""
        return [taken for taken, in self._store.query(
            f"SELECT name FROM {TABLES[kind]} WHERE machine = ? AND location = ? AND key = ? "
            "AND id <> ?", (self._number, location, name.casefold(), but))]

    def _touch(self, table: str, number: int) -> None:
        """Stamps a row with the time."""
        self._store.stamp(table, number, self._store.clock())
