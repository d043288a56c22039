"""lab issue certificate: the lab's own authority enrols a machine."""

import os
from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Line, Lines
from commands.errors import CommandError
from commands.kinds import Choice, Number
from commands.names import MachineName
from commands.places import AUTHORITY, TEMPORARY
from commands.spec import Command, tag
from engine.errors import NotFound
from engine.policy.model import Certificate

if TYPE_CHECKING:
    from commands.session import Session
    from engine.lab.authority import Authority
    from engine.policy.store import Config, Store

ROOT_NAME, OWN_NAME, SETTING = "Lab Root", "Lab certificate", "authority"
DAY = 86_400.0


class IssueCertificate(Command, words="lab issue certificate",
                       help="Issues a certificate of the lab's own authority to a machine.",
                       remarks=("The machine's store gets it with its key, and the authority's "
                                'certificate; rules name the authority as rootca="CN=Lab Root".',
                                "expired and future are outside their validity, as faults are."),
                       examples=("lab issue certificate gwA",
                                 "lab issue certificate machine=gwA state=expired")):
    """A fresh key each time; an earlier certificate of the lab's gives way."""

    machine: str = tag(MachineName(), "The machine.", default="")
    state: str = tag(Choice("valid", "expired", "future"), "Whether it is valid now.",
                     default="valid")
    days: int = tag(Number(1, 3650), "How long it is valid.", default=365)

    def run(self, session: "Session") -> Answer:
        """Raises CommandError when the files cannot be written."""
        config = session.store.on(self.machine or session.machine)
        wall, life = session.wall(), self.days * DAY
        begins = {"valid": wall - DAY, "expired": wall - DAY - life, "future": wall + DAY}[
            self.state]
        try:
            authority = _authority(session)
            files = authority.issue(config.name, _outer(config), begins, begins + life)
        except OSError as error:
            raise CommandError("file", f"the authority's files cannot be written: "
                               f"{error.strerror}") from None
        with session.store.transaction():
            _replace(config, Certificate(ROOT_NAME, "ca", authority.root), keep=True)
            _replace(config, Certificate(OWN_NAME, "machine", *files))
        line: Line = (cells.name(config.name), " has a certificate of CN=Lab Root: ",
                      cells.file(files[0]), ".")
        return Answer((Lines((line,), {"machine": config.name, "state": self.state,
                                       "file": cells.file(files[0])}, "issued"),))


def _outer(config: "Config") -> int:
    """The address that others know a machine by: that of its outer adapter, or its only one."""
    adapters = config.interfaces()
    named = [one for one in adapters if one.name.casefold().startswith("external")]
    return (named or list(adapters))[-1].address


def _replace(config: "Config", new: Certificate, keep: bool = False) -> None:
    """The entry of that name; with `keep` the same one stays as it is."""
    try:
        old = config.certificate(new.name)
    except NotFound:
        config.add_certificate(new)
        return
    if keep and old.file == new.file:
        return
    config.delete_certificate(new.name)
    config.add_certificate(new)


def _authority(session: "Session") -> "Authority":
    from engine.lab.authority import Authority
    return Authority(_folder(session, session.store), session.wall())


def _folder(session: "Session", store: "Store") -> str:
    """Beside the store's file; of a store in memory a folder that goes when it does."""
    if session.store_path:
        return os.path.join(os.path.dirname(os.path.abspath(session.store_path)), AUTHORITY)
    known = store.setting(SETTING)
    if not known or not os.path.isdir(known):
        import shutil
        import tempfile
        import weakref
        known = tempfile.mkdtemp(prefix=TEMPORARY)
        weakref.finalize(store, shutil.rmtree, known, True)
        store.set_setting(SETTING, known)
    return known
