"""What a machine has beside its policies: interfaces, RRAS filters, routes, auditing, settings."""

from engine.address import Address
from engine.errors import NotFound
from engine.policy import verify, verify_machine
from engine.policy.model import (
    AUDIT_CATEGORIES,
    LOCATIONS,
    AuditSetting,
    Interface,
    Machine,
    Route,
    RrasDefault,
    RrasFilter,
)
from engine.policy.part import Part
from engine.values import Any

INTERFACE_COLUMNS = "name address prefix gateway mac mtu link"
RRAS_COLUMNS = ("direction source source_prefix destination destination_prefix protocol "
                "source_port destination_port established")
ROUTE_COLUMNS = "destination prefix gateway metric protocol view"


class Settings(dict[str, str]):
    """A machine's settings, read at once; they answer as the machine does."""

    def get_setting(self, key: str, default: str = "") -> str:
        """A setting, or the default."""
        return self.get(key, default)


class MachineTables(Part):
    """The parts of the configuration that have no location, and the audit policy, which has."""

    @property
    def machine(self) -> Machine:
        """The machine itself: role, forwarding, whether it answers pings."""
        return self._store.machine_row(self.name)[1]

    # --- interfaces ----------------------------------------------------------------------------

    def interfaces(self) -> tuple[Interface, ...]:
        """The network adapters, in the order they were added."""
        columns = ", ".join(INTERFACE_COLUMNS.split())
        rows = self._store.query(
            f"SELECT {columns} FROM interface WHERE machine = ? ORDER BY id", (self._number,))
        return tuple(Interface(*row) for row in rows)

    def interface(self, name: str) -> Interface:
        """The adapter of that name. Raises NotFound."""
        for one in self.interfaces():
            if one.name.casefold() == name.casefold():
                return one
        raise NotFound("Interface", name, tuple(one.name for one in self.interfaces()))

    def add_interface(self, new: Interface) -> None:
        """Adds an adapter. Raises Refused."""
        with self._store.transaction():
            verify_machine.interface(new)
            verify.name_free("Interface", new.name, [one.name for one in self.interfaces()])
            self._store.insert("interface", "machine key " + INTERFACE_COLUMNS,
                               (self._number, new.name.casefold(), *new))

    def set_interface(self, new: Interface) -> None:
        """Replaces the adapter of that name; its filters and routes stay.

        Raises NotFound, Refused.
        """
        with self._store.transaction():
            number = self._interface_row(new.name)[0]
            verify_machine.interface(new)
            self._store.update("interface", INTERFACE_COLUMNS, new, number)

    def delete_interface(self, name: str) -> None:
        """Deletes an adapter with its RRAS filters and routes. Raises NotFound."""
        with self._store.transaction():
            number = self._interface_row(name)[0]
            self._store.execute("DELETE FROM interface WHERE id = ?", (number,))

    def _interface_row(self, name: str) -> tuple[int, str]:
        """The row id of an adapter and its name as stored. Raises NotFound."""
        rows = self._store.query("SELECT id, name FROM interface WHERE machine = ? AND key = ?",
                                 (self._number, name.casefold()))
        if not rows:
            raise NotFound("Interface", name, tuple(one.name for one in self.interfaces()))
        return rows[0][0], rows[0][1]

    # --- RRAS packet filters -------------------------------------------------------------------

    def rras_filters(self, interface: str = "", direction: str = "") -> tuple[RrasFilter, ...]:
        """The RRAS filters, of all interfaces and directions where none is named.

        Raises NotFound.
        """
        with self._store.reading():
            if interface:
                self._interface_row(interface)
            return tuple(found for _, found in self._rras_rows()
                         if interface.casefold() in ("", found.interface.casefold())
                         and direction in ("", found.direction))

    def add_rras_filter(self, new: RrasFilter) -> None:
        """Adds a filter to an interface. Raises NotFound, Refused."""
        with self._store.transaction():
            number, name = self._interface_row(new.interface)
            new = new._replace(interface=name)
            verify_machine.rras_filter(new)
            verify_machine.rras_filter_new(new, [found for _, found in self._rras_rows()])
            self._store.insert("rras_filter", "interface " + RRAS_COLUMNS, (number, *new[1:]))

    def delete_rras_filter(self, exact: RrasFilter) -> None:
        """Deletes the filter that is equal to `exact`. Raises NotFound."""
        with self._store.transaction():
            exact = exact._replace(interface=self._interface_row(exact.interface)[1])
            for number, found in self._rras_rows():
                if found == exact:
                    self._store.execute("DELETE FROM rras_filter WHERE id = ?", (number,))
                    return
            raise NotFound("Filter", verify_machine.describe_rras_filter(exact))

    def _rras_rows(self) -> list[tuple[int, RrasFilter]]:
        columns = ", ".join(f"rras_filter.{name}" for name in RRAS_COLUMNS.split())
        rows = self._store.query(
            f"SELECT rras_filter.id, interface.name, {columns} FROM rras_filter "
            "JOIN interface ON interface.id = rras_filter.interface "
            "WHERE interface.machine = ? ORDER BY rras_filter.id", (self._number,))
        return [(row[0], _rras_filter(row)) for row in rows]

    def rras_default(self, interface: str, direction: str) -> str:
        """What happens to packets that match no filter: "drop" or "forward". Raises NotFound."""
        assert direction in ("input", "output"), direction
        number = self._interface_row(interface)[0]
        return str(self._store.query(f"SELECT {direction} FROM interface WHERE id = ?",
                                     (number,))[0][0])

    def rras_defaults(self) -> tuple[RrasDefault, ...]:
        """The same of all interfaces and directions."""
        rows = self._store.query("SELECT name, input, output FROM interface WHERE machine = ? "
                                 "ORDER BY id", (self._number,))
        return tuple(RrasDefault(name, direction, action) for name, *actions in rows
                     for direction, action in zip(("input", "output"), actions, strict=True))

    def set_rras_default(self, new: RrasDefault) -> None:
        """Sets what happens to packets that match no filter. Raises NotFound, Refused."""
        with self._store.transaction():
            number = self._interface_row(new.interface)[0]
            verify_machine.rras_default(new)
            self._store.update("interface", new.direction, (new.action,), number)

    def fragcheck(self, interface: str) -> bool:
        """Whether the interface drops fragments. Raises NotFound."""
        number = self._interface_row(interface)[0]
        return bool(self._store.query("SELECT fragcheck FROM interface WHERE id = ?",
                                      (number,))[0][0])

    def fragchecked(self) -> tuple[str, ...]:
        """The interfaces that drop fragments."""
        return tuple(name for name, in self._store.query(
            "SELECT name FROM interface WHERE machine = ? AND fragcheck ORDER BY id",
            (self._number,)))

    def set_fragcheck(self, interface: str, on: bool) -> None:
        """Switches dropping of fragments on an interface. Raises NotFound."""
        with self._store.transaction():
            self._store.update("interface", "fragcheck", (on,), self._interface_row(interface)[0])

    # --- persistent routes ---------------------------------------------------------------------

    def routes(self) -> tuple[Route, ...]:
        """The persistent static routes, in the order they were added."""
        return tuple(route for _, route in self._route_rows())

    def add_route(self, new: Route) -> None:
        """Adds a persistent route. Raises NotFound (interface), Refused."""
        with self._store.transaction():
            number, name = self._interface_row(new.interface)
            new = new._replace(interface=name)
            verify_machine.route(new)
            verify_machine.route_new(new, self.routes())
            self._store.insert("route", "interface " + ROUTE_COLUMNS, _route_row(new, number))

    def replace_route(self, old: Route, new: Route) -> None:
        """Puts `new` in the place of `old`. Raises NotFound, Refused."""
        with self._store.transaction():
            interface, name = self._interface_row(new.interface)
            new = new._replace(interface=name)
            verify_machine.route(new)
            for number, found in self._route_rows():
                if found == old:
                    verify_machine.route_new(new, [one for one in self.routes() if one != old])
                    self._store.update("route", "interface " + ROUTE_COLUMNS,
                                       _route_row(new, interface), number)
                    return
            raise NotFound("Route", verify_machine.describe_route(old))

    def delete_route(self, destination: Address, prefix: int, interface: str = "",
                     gateway: Address | None = None) -> int:
        """Deletes the routes to a destination (of an interface, through a gateway); how many."""
        with self._store.transaction():
            doomed = [number for number, route in self._route_rows()
                      if (route.destination, route.prefix) == (destination, prefix)
                      and interface.casefold() in ("", route.interface.casefold())
                      and gateway in (None, route.gateway)]
            for number in doomed:
                self._store.execute("DELETE FROM route WHERE id = ?", (number,))
            return len(doomed)

    def _route_rows(self) -> list[tuple[int, Route]]:
        rows = self._store.query(
            "SELECT route.id, destination, route.prefix, interface.name, route.gateway, metric, "
            "protocol, view FROM route JOIN interface ON interface.id = route.interface "
            "WHERE interface.machine = ? ORDER BY route.id", (self._number,))
        return [(row[0], Route(*row[1:])) for row in rows]

    # --- auditing and settings -----------------------------------------------------------------

    def audit(self, location: str = "local") -> tuple[AuditSetting, ...]:
        """The audit policy of a location: the categories that were ever set there."""
        assert location in LOCATIONS, location
        rows = self._store.query(
            "SELECT category, success, failure FROM audit WHERE machine = ? AND location = ?",
            (self._number, location))
        found = {row[0]: _audit(row) for row in rows}
        return tuple(found[name] for name in AUDIT_CATEGORIES if name in found)

    def set_audit(self, new: AuditSetting, location: str = "local") -> None:
        """Sets the auditing of one category. Raises Refused."""
        assert location in LOCATIONS, location
        with self._store.transaction():
            verify_machine.audit(new)
            self._store.put("audit", "machine location category",
                            (self._number, location, new.category), "success failure", new[1:])

    def clear_audit(self, location: str = "local") -> None:
        """Forgets the audit policy of a location."""
        with self._store.transaction():
            self._store.execute("DELETE FROM audit WHERE machine = ? AND location = ?",
                                (self._number, location))

    def effective_audit(self) -> tuple[AuditSetting, ...]:
        """All nine categories as they are in force: the domain overrides category by category."""
        with self._store.reading():
            found = {one.category: one
                     for location in ("local", "domain") for one in self.audit(location)}
        return tuple(found.get(name, AuditSetting(name)) for name in AUDIT_CATEGORIES)

    def get_setting(self, key: str, default: str = "") -> str:
        """A setting of the machine (ipsecexempt, ...)."""
        rows = self._store.query("SELECT value FROM machine_setting WHERE machine = ? AND key = ?",
                                 (self._number, key))
        return str(rows[0][0]) if rows else default

    def set_setting(self, key: str, value: str) -> None:
        """Remembers a setting of the machine; an empty value forgets it."""
        with self._store.transaction():
            if not value:
                self._store.execute("DELETE FROM machine_setting WHERE machine = ? AND key = ?",
                                    (self._number, key))
                return
            self._store.put("machine_setting", "machine key", (self._number, key), "value",
                            (value,))

    def settings(self) -> tuple[tuple[str, str], ...]:
        """All settings of the machine, by key."""
        rows = self._store.query("SELECT key, value FROM machine_setting WHERE machine = ? "
                                 "ORDER BY key", (self._number,))
        return tuple((key, value) for key, value in rows)


def _route_row(route: Route, interface: int) -> tuple[object, ...]:
    return (interface, route.destination, route.prefix, route.gateway, route.metric,
            route.protocol, route.view)


def _rras_filter(row: tuple[Any, ...]) -> RrasFilter:
    """An RRAS filter from its id, interface name and RRAS_COLUMNS."""
    found = RrasFilter(*row[1:])
    return found._replace(established=bool(found.established))


def _audit(row: tuple[Any, ...]) -> AuditSetting:
    return AuditSetting(row[0], bool(row[1]), bool(row[2]))
