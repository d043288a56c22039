"""Opens the file of a policy store: modes of file and folder, pragmas, migrations, and why not.

Keys are in this file, so it is created 0600 (and its folder 0700) before SQLite sees it, whatever
the umask; SQLite gives its -wal and -shm the modes of the file itself. A commit is on disk when
it returns (WAL with synchronous=FULL), which is what makes an acknowledged command survive
``kill -9`` and loss of power.
"""

import errno
import os
import time

from engine.errors import Broken
from engine.policy.schema import APPLICATION_ID, MIGRATIONS, VERSION
from engine.policy.sqlite import sqlite3
from engine.values import NamedTuple

MEMORY = ":memory:"
LOCK_RETRY_SECONDS = 0.02

SENTENCES = {
    "locked": "the policy store '{path}' is in use by another writer; try again",
    "full": "the disk that holds the policy store '{path}' is full",
    "readonly": "the policy store '{path}' is read-only",
    "damaged": "'{path}' is not a policy store, or it is damaged",
    "io": "the policy store '{path}' cannot be opened: {reason}",
    "privilege": "the policy store '{path}' cannot be opened: {reason}",
}
SQLITE_KINDS = {
    sqlite3.SQLITE_BUSY: "locked", sqlite3.SQLITE_LOCKED: "locked", sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "readonly", sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged", sqlite3.SQLITE_PERM: "privilege",
    sqlite3.SQLITE_AUTH: "privilege",
}
# Growing the shared memory file of the WAL fails this way when the disk has no room.
SQLITE_EXTENDED = {sqlite3.SQLITE_IOERR_SHMSIZE: "full"}
ERRNO_KINDS = {errno.ENOSPC: "full", errno.EDQUOT: "full", errno.EROFS: "readonly",
               errno.EACCES: "privilege", errno.EPERM: "privilege"}


class Opened(NamedTuple):
    """An open store: its connection, whether only reads can work, whether it has just been made."""

    connection: sqlite3.Connection
    readonly: bool
    created: bool


def broken(kind: str, path: str, reason: str = "") -> Broken:
    """The `Broken` of a kind, with its sentence."""
    return Broken(kind, SENTENCES[kind].format(path=path, reason=reason))


def translate(error: sqlite3.Error, path: str) -> Broken:
    """SQLite's failure as the operator's."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return broken("damaged", path)
    kind = SQLITE_EXTENDED.get(code) or SQLITE_KINDS.get(code & 0xFF, "io")
    return broken(kind, path, str(error))


def open_file(path: str, busy_seconds: float) -> Opened:
    """Opens (or creates) the store at `path`; ":memory:" keeps it in memory.

    Raises Broken: damaged, newer, readonly, full, locked, io, privilege.
    """
    try:
        readonly = path != MEMORY and _prepare(path)
    except OSError as error:
        kind = ERRNO_KINDS.get(error.errno or 0, "io")
        raise broken(kind, path, error.strerror or str(error)) from None
    except ValueError:
        raise broken("io", path.replace("\0", "?"), "its name holds a NUL character") from None
    connection = None
    try:
        connection = _connect(path, readonly, busy_seconds)
        created = _prepare_schema(connection, path, readonly, busy_seconds)
    except (sqlite3.Error, Broken) as failure:
        if connection is not None:
            connection.close()
        if isinstance(failure, Broken):
            raise
        raise translate(failure, path) from None
    return Opened(connection, readonly, created)


def _prepare(path: str) -> bool:
    """Creates file and folder when missing; True when the file may only be read."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        _make_folder(os.path.dirname(os.path.abspath(path)))
        _make_file(path)
        return False
    if not 0o100000 <= status.st_mode < 0o110000:
        raise OSError(errno.EINVAL, "it is not a regular file")
    # Root may write anything; a file that nobody may write is read-only for root, too.
    return not status.st_mode & 0o222 or not os.access(path, os.W_OK)


def _make_folder(folder: str) -> None:
    if os.path.isdir(folder):
        return
    _make_folder(os.path.dirname(folder))
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        return
    os.chmod(folder, 0o700)


def _make_file(path: str) -> None:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return
    try:
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def _connect(path: str, readonly: bool, busy_seconds: float) -> sqlite3.Connection:
    options = {"timeout": busy_seconds, "isolation_level": None, "check_same_thread": False}
    if not readonly:
        return sqlite3.connect(path, **options)  # type: ignore[call-overload, no-any-return]
    # Without a log beside it nobody writes the file: immutable spares the shared memory file,
    # which could not be made in a read-only folder.
    quoted = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    log = path + "-wal"
    still = not (os.path.exists(log) and os.path.getsize(log))
    return sqlite3.connect(  # type: ignore[call-overload, no-any-return]
        f"file:{quoted}?mode=ro" + ("&immutable=1" if still else ""), uri=True, **options)


def _prepare_schema(connection: sqlite3.Connection, path: str, readonly: bool,
                    busy_seconds: float) -> bool:
    """Checks whose file it is and brings it to our version; True when it was empty."""
    version = _version(connection, path)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    # What a transaction remembers of changed rows may be keys: they go to no temporary file.
    connection.execute("PRAGMA temp_store = MEMORY")
    if version == VERSION:
        return False
    if readonly:
        raise broken("readonly", path)
    if path != MEMORY:
        _use_log(connection, busy_seconds)
    return _migrate(connection, path)


def _version(connection: sqlite3.Connection, path: str) -> int:
    """The schema version of the file, 0 when it is empty."""
    application = _application(connection)
    if application != APPLICATION_ID and \
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        # Another shell may have made the schema since the first look: then its mark is there.
        application = _application(connection)
        if application != APPLICATION_ID:
            raise broken("damaged", path)
    if application == APPLICATION_ID:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise Broken("newer", f"the policy store '{path}' was written by a newer version "
                                  f"(format {version}, this is {VERSION})")
        return version
    return 0


def _application(connection: sqlite3.Connection) -> int:
    mark: int = connection.execute("PRAGMA application_id").fetchone()[0]
    return mark


def _use_log(connection: sqlite3.Connection, busy_seconds: float) -> None:
    """Switches a new file to WAL; SQLite does not wait for locks here, so we do."""
    tries = int(busy_seconds / LOCK_RETRY_SECONDS) + 1
    for remaining in range(tries, 0, -1):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or remaining == 1:
                raise
            time.sleep(LOCK_RETRY_SECONDS)


def _migrate(connection: sqlite3.Connection, path: str) -> bool:
    """Runs the missing migrations in one transaction; another shell may have been faster."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection, path)
        for number in range(version, VERSION):
            for statement in MIGRATIONS[number].split(";\n"):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return version == 0
