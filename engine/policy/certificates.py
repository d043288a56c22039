"""The certificates of a machine in the store: names that refer to files, never the files' content.

A machine's own certificate and its key, the authorities it believes and their revocation lists
belong to the computer, not to one of the three policy stores, as in Windows.
"""

from engine.errors import NotFound
from engine.policy import verify, verify_machine
from engine.policy.model import Certificate, Secret
from engine.policy.part import Part
from engine.values import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.policy.keyfiles import Loaded

COLUMNS = "name type file key_file password guid"


class CertificateTables(Part):
    """The part of the configuration that `ipsec static add certificate` writes."""

    def certificates(self) -> tuple[Certificate, ...]:
        """The entries, in the order they were added."""
        rows = self._store.query(
            f"SELECT {', '.join(COLUMNS.split())} FROM certificate WHERE machine = ? ORDER BY id",
            (self._number,))
        return tuple(Certificate(name, kind, file, key, Secret(password), guid)
                     for name, kind, file, key, password, guid in rows)

    def certificate(self, name: str) -> Certificate:
        """The entry of that name or GUID. Raises NotFound."""
        known = self.certificates()
        for one in known:
            if name.casefold() in (one.name.casefold(), one.guid.casefold()):
                return one
        raise NotFound("Certificate", name, tuple(one.name for one in known))

    def add_certificate(self, new: Certificate) -> Certificate:
        """Adds an entry and gives it as stored. The files are not looked at. Raises Refused."""
        with self._store.transaction():
            verify_machine.certificate(new)
            verify.name_free("Certificate", new.name, [one.name for one in self.certificates()])
            new = new._replace(guid=self._store.new_guid())
            self._store.insert("certificate", "machine key " + COLUMNS,
                               (self._number, new.name.casefold(), *new))
            return new

    def delete_certificate(self, name: str) -> None:
        """Forgets an entry; its files stay. Raises NotFound."""
        with self._store.transaction():
            guid = self.certificate(name).guid
            self._store.execute("DELETE FROM certificate WHERE machine = ? AND guid = ?",
                                (self._number, guid))

    def loaded_certificates(self) -> "tuple[Loaded, ...]":
        """The entries with what their files hold now."""
        entries = self.certificates()
        if not entries:
            return ()
        from engine.policy.keyfiles import load_all
        return load_all(entries)
