"""Filter lists with their filters, and filter actions, of a machine's configuration."""

from collections.abc import Callable, Iterable, Sequence

from engine.errors import Broken, NotFound
from engine.policy import verify
from engine.policy.methods import format_quick_modes, parse_quick_mode
from engine.policy.model import Filter, FilterAction, FilterList, Side
from engine.policy.part import Part
from engine.policy.sqlite import sqlite3
from engine.policy.statements import Added
from engine.policy.transactions import Row
from engine.values import Any

LIST_COLUMNS = "key name description modified"
FILTER_COLUMNS = ("source_kind source source_prefix source_name destination_kind destination "
                  "destination_prefix destination_name description protocol source_port "
                  "destination_port mirrored guid")
ACTION_COLUMNS = "key name description action qmpfs inpass soft methods modified"

FILTER_INSERT = "filterlist " + FILTER_COLUMNS
FILTER_SELECT = (f"SELECT id, {', '.join(FILTER_COLUMNS.split())} FROM filter "
                 "WHERE filterlist = ? ORDER BY id")
USERS_SELECT = """
SELECT policy.name, rule.name FROM rule JOIN policy ON policy.id = rule.policy
WHERE rule.{column} = ? ORDER BY rule.id"""


class Appender:
    """Makes the rows of filters that are to be added to one list, as many as you like.

    It is good until somebody changes anything but filters: nobody may have a rule on its list.
    """

    __slots__ = ("_number", "_guid")

    def __init__(self, number: int, guid: Callable[[], str]) -> None:
        self._number, self._guid = number, guid

    def row(self, new: Filter) -> Row:
        """The row of a filter. Raises Refused."""
        verify.filter(new)
        source, destination, description, protocol, source_port, destination_port, mirrored, _ = new
        # The truth as a number: SQLite's module takes long for what is no number itself.
        return (self._number, *source, *destination, description, protocol, source_port,
                destination_port, 1 if mirrored else 0, self._guid())


class ListTables(Part):
    """The shared objects that rules bind together."""

    # --- filter lists --------------------------------------------------------------------------

    def filterlists(self, location: str = "local") -> tuple[FilterList, ...]:
        """The filter lists of a location with their filters, in the order of creation."""
        with self._store.reading():
            rows = self._located("FilterList", "id, name, description, guid, modified", location)
            return tuple(self._read_list(row) for row in rows)

    def filterlist(self, name: str, location: str = "local") -> FilterList:
        """The filter list with that name or GUID. Raises NotFound."""
        with self._store.reading():
            return self._list_at(self._find("FilterList", name, location))

    def has_filterlist(self, name: str, location: str = "local") -> bool:
        """Whether there is a filter list with that name or GUID."""
        return bool(self._look("FilterList", name, location))

    def listed(self, location: str = "local") -> tuple[tuple[str, str, int], ...]:
        """Name, description and number of filters of each list, without reading the filters."""
        rows = self._located("FilterList", "name, description, (SELECT count(*) FROM filter "
                             "WHERE filter.filterlist = filterlist.id)", location)
        return tuple((name, description, count) for name, description, count in rows)

    def add_filterlist(self, new: FilterList, location: str = "local") -> FilterList:
        """Adds a list with its filters and gives it as stored. Raises Refused."""
        with self._store.transaction():
            verify.filterlist(new)
            verify.name_free("FilterList", new.name, self._taken("FilterList", new.name, location))
            number = self._store.insert(
                "filterlist", "machine location guid " + LIST_COLUMNS,
                (self._number, location, self._store.new_guid(), *self._list_row(new)))
            for one in new.filters:
                self._add_filter(number, one)
            return self._list_at(number)

    def replace_filterlist(self, name: str, new: FilterList,
                           location: str = "local") -> FilterList:
        """Gives a list the name and description of `new`; its filters stay.

        Raises NotFound, Refused.
        """
        with self._store.transaction():
            number = self._find("FilterList", name, location)
            verify.filterlist(new)
            verify.name_free("FilterList", new.name,
                             self._taken("FilterList", new.name, location, number))
            self._store.update("filterlist", LIST_COLUMNS, self._list_row(new), number)
            return self._list_at(number)

    def delete_filterlist(self, name: str, location: str = "local") -> None:
        """Deletes a list with its filters. Raises NotFound, Refused("in-use")."""
        with self._store.transaction():
            number = self._find("FilterList", name, location)
            verify.not_in_use("FilterList", name, self._users("filterlist", number))
            self._store.execute("DELETE FROM filterlist WHERE id = ?", (number,))

    def used_by_list(self, name: str, location: str = "local") -> tuple[str, ...]:
        """The rules that use a list, each "policy/rule". Raises NotFound."""
        key = ("users of list", self._number, name, location)
        known: tuple[str, ...] | None = self._store.known(key)
        if known is not None:
            return known

        def read() -> tuple[str, ...]:
            with self._store.reading():
                return self._users("filterlist", self._find("FilterList", name, location))

        return self._store.once(key, read)

    # --- filters -------------------------------------------------------------------------------

    def add_filter(self, list_name: str, new: Filter, location: str = "local") -> None:
        """Appends a filter to a list. Raises NotFound, Refused."""
        if not self.append_filter(list_name, new, location):
            raise NotFound("FilterList", list_name, self._names("FilterList", location))

    def append_filter(self, list_name: str, new: Filter, location: str = "local") -> bool:
        """The same; False when there is no such list. Raises Refused."""
        store = self._store
        if not store.writing:
            with store.transaction():
                return self.append_filter(list_name, new, location)
        number = self._look("FilterList", list_name, location)
        if number:
            self._add_filter(number, new)
            store.stamp("filterlist", number, store.clock())
        return number > 0

    def appender(self, list_name: str, location: str = "local") -> Appender | None:
        """Makes rows for `append_rows`; None for a list that is not there, or that rules use."""
        number = self._look("FilterList", list_name, location)
        if not number or self._users("filterlist", number):
            return None
        return Appender(number, self._store.new_guid)

    def append_each(self, rows: Sequence[Row], notes: Iterable[tuple[str, str]],
                    generation: int) -> Added:
        """Adds filters by their rows, each in a transaction of its own with its machine and line.

        Up to one that its list has already, or for which the list is to be stamped, or before
        which anybody else has changed the store; the first one follows on `generation`.
        """
        store, count = self._store, 0
        try:
            for row, note in zip(rows, notes, strict=True):
                if not (store.is_stamped("filterlist", row[0], store.clock())
                        and store.insert_alone("filter", FILTER_INSERT, row, note,
                                               generation + count)):
                    break
                count += 1
        except Broken as failure:
            return Added(count, failure)
        return Added(count, None)

    def append_rows(self, rows: Sequence[Row]) -> Added:
        """Adds filters by their rows, up to one that its list has already; joins the transaction.
        """
        store = self._store
        added = store.insert_many("filter", FILTER_INSERT, rows)
        if added.failure is None:
            for number in dict.fromkeys(row[0] for row in rows[:added.done]):
                store.stamp("filterlist", number, store.clock())
        return added

    def unused_rows(self, rows: Sequence[Row]) -> None:
        """Rows that will not be added."""
        self._store.unused_guids(row[-1] for row in rows)

    def delete_filters(self, list_name: str, match: Callable[[Filter], bool],
                       location: str = "local") -> int:
        """Deletes the filters of a list that `match` accepts, and counts them. Raises NotFound."""
        with self._store.transaction():
            number = self._find("FilterList", list_name, location)
            doomed = [row[0] for row in self._store.query(FILTER_SELECT, (number,))
                      if match(_read_filter(row))]
            for one in doomed:
                self._store.execute("DELETE FROM filter WHERE id = ?", (one,))
            if doomed:
                self._touch("filterlist", number)
            return len(doomed)

    def _add_filter(self, number: int, new: Filter) -> None:
        row = Appender(number, self._store.new_guid).row(new)
        try:
            self._store.insert("filter", FILTER_INSERT, row)
        except sqlite3.IntegrityError:
            # By their ends, which an index finds: a script run again is refused line by line.
            verify.filter_new(new, map(_read_filter, self._store.query(
                FILTER_SELECT.replace("ORDER", "AND source = ? AND destination = ? ORDER"),
                (number, new.source.address, new.destination.address))))
            raise

    def _list_at(self, number: int) -> FilterList:
        rows = self._store.query(
            "SELECT id, name, description, guid, modified FROM filterlist WHERE id = ?", (number,))
        return self._read_list(rows[0])

    def _list_row(self, new: FilterList) -> tuple[object, ...]:
        return new.name.casefold(), new.name, new.description, self._store.clock()

    def _read_list(self, row: tuple[Any, ...]) -> FilterList:
        number, name, description, guid, modified = row
        filters = tuple(_read_filter(one) for one in self._store.query(FILTER_SELECT, (number,)))
        return FilterList(name, description, filters, guid, modified)

    # --- filter actions ------------------------------------------------------------------------

    def filteractions(self, location: str = "local") -> tuple[FilterAction, ...]:
        """The filter actions of a location, in the order of creation."""
        rows = self._located("FilterAction", "guid, " + ", ".join(ACTION_COLUMNS.split()[1:]),
                             location)
        return tuple(self._read_action(row) for row in rows)

    def filteraction(self, name: str, location: str = "local") -> FilterAction:
        """The filter action with that name or GUID. Raises NotFound."""
        with self._store.reading():
            return self._action_at(self._find("FilterAction", name, location))

    def add_filteraction(self, new: FilterAction, location: str = "local") -> FilterAction:
        """Adds a filter action and gives it as stored. Raises Refused."""
        with self._store.transaction():
            verify.filteraction(new)
            verify.name_free("FilterAction", new.name,
                             self._taken("FilterAction", new.name, location))
            number = self._store.insert(
                "filteraction", "machine location guid " + ACTION_COLUMNS,
                (self._number, location, self._store.new_guid(), *self._action_row(new)))
            return self._action_at(number)

    def replace_filteraction(self, name: str, new: FilterAction,
                             location: str = "local") -> FilterAction:
        """Puts `new` in the place of a filter action. Raises NotFound, Refused."""
        with self._store.transaction():
            number = self._find("FilterAction", name, location)
            verify.filteraction(new)
            verify.name_free("FilterAction", new.name,
                             self._taken("FilterAction", new.name, location, number))
            self._store.update("filteraction", ACTION_COLUMNS, self._action_row(new), number)
            return self._action_at(number)

    def delete_filteraction(self, name: str, location: str = "local") -> None:
        """Deletes a filter action. Raises NotFound, Refused("in-use")."""
        with self._store.transaction():
            number = self._find("FilterAction", name, location)
            verify.not_in_use("FilterAction", name, self._users("filteraction", number))
            self._store.execute("DELETE FROM filteraction WHERE id = ?", (number,))

    def used_by_action(self, name: str, location: str = "local") -> tuple[str, ...]:
        """The rules that use a filter action, each "policy/rule". Raises NotFound."""
        with self._store.reading():
            return self._users("filteraction", self._find("FilterAction", name, location))

    def _action_at(self, number: int) -> FilterAction:
        columns = ", ".join(ACTION_COLUMNS.split()[1:])
        rows = self._store.query(f"SELECT guid, {columns} FROM filteraction WHERE id = ?",
                                 (number,))
        return self._read_action(rows[0])

    def _action_row(self, new: FilterAction) -> tuple[object, ...]:
        return (new.name.casefold(), new.name, new.description, new.action, new.qmpfs, new.inpass,
                new.soft, format_quick_modes(new.methods), self._store.clock())

    def _read_action(self, row: tuple[Any, ...]) -> FilterAction:
        guid, name, description, action, qmpfs, inpass, soft, methods, modified = row
        try:
            offers = parse_quick_mode(methods)
        except ValueError:
            raise self._store.damaged() from None
        return FilterAction(name, description, action, bool(qmpfs), bool(inpass), bool(soft),
                            offers, guid, modified)

    def _users(self, column: str, number: int) -> tuple[str, ...]:
        def read() -> tuple[str, ...]:
            rows = self._store.query(USERS_SELECT.format(column=column), (number,))
            return tuple(f"{policy}/{rule}" for policy, rule in rows)

        return self._store.once(("users", column, number), read)


def _read_filter(row: tuple[Any, ...]) -> Filter:
    """A filter from its id and FILTER_COLUMNS."""
    description, protocol, source_port, destination_port, mirrored, guid = row[9:]
    return Filter(Side(*row[1:5]), Side(*row[5:9]), description, protocol, source_port,
                  destination_port, bool(mirrored), guid)
