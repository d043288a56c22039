"""Which files open as a policy store, with which modes, and what is said of the others."""

import os
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Broken, Refused
from engine.policy import connect
from engine.policy.model import Machine, Policy
from engine.policy.schema import APPLICATION_ID, VERSION
from tests.support.stores import article, bare, open_store, store_of


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_file_folder_and_logs_are_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "data" / "ipsecsh" / "policy.db"
    store = open_store(str(path))
    store.add_machine(Machine("gwA", "gateway"))
    assert {one.name: mode(one) for one in path.parent.iterdir()} == {
        "policy.db": 0o600, "policy.db-wal": 0o600, "policy.db-shm": 0o600}
    assert [mode(path.parent), mode(path.parent.parent)] == [0o700, 0o700]
    store.close()


def test_a_folder_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o755)
    os.chmod(folder, 0o755)
    open_store(str(folder / "policy.db")).close()
    assert mode(folder) == 0o755


def test_commits_wait_for_the_disk_and_references_hold(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "policy.db"))
    found = {name: store.query(f"PRAGMA {name}")[0][0]
             for name in ("journal_mode", "synchronous", "foreign_keys", "user_version")}
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1,
                     "user_version": VERSION}
    store.close()


def test_a_store_is_new_until_it_has_a_machine(tmp_path: Path) -> None:
    path = str(tmp_path / "policy.db")
    first = open_store(path)
    first.close()
    second = open_store(path)
    assert first.is_new and second.is_new
    second.add_machine(Machine("gwA", "gateway"))
    third = open_store(path)
    assert (second.is_new, third.is_new) == (False, False)
    second.close()
    third.close()


def not_sqlite(path: Path) -> None:
    path.write_bytes(b"this is no database " * 400)


def short_text(path: Path) -> None:
    path.write_bytes(b"hello\n")


def foreign_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE note (text TEXT)")
    connection.close()


def newer_version(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.execute("CREATE TABLE counter (one)")
    connection.close()


def torn_pages(path: Path) -> None:
    store_of(article(str(path))).close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(size - 4096))


def a_folder(path: Path) -> None:
    path.mkdir()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize(("make", "kind"), [
    (not_sqlite, "damaged"), (short_text, "damaged"), (foreign_database, "damaged"),
    (newer_version, "newer"), (torn_pages, "damaged"), (a_folder, "io"), (a_pipe, "io"),
])
def test_what_is_no_store_of_ours_is_refused_and_left_alone(
        tmp_path: Path, make: Callable[[Path], None], kind: str) -> None:
    path = tmp_path / "policy.db"
    make(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(Broken) as caught:
        open_store(str(path)).on("gwA").policies()
    assert caught.value.kind == kind
    assert str(path) in str(caught.value)
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    path = tmp_path / "policy.db"
    path.touch()
    store = open_store(str(path))
    assert store.is_new
    store.close()


def test_a_name_with_a_nul_and_a_folder_that_is_a_file_are_io_errors(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in ("a\0b", str(tmp_path / "file" / "policy.db")):
        with pytest.raises(Broken) as caught:
            open_store(path)
        assert caught.value.kind == "io"


def test_a_read_only_store_shows_and_refuses_changes(tmp_path: Path) -> None:
    path = tmp_path / "policy.db"
    store_of(article(str(path))).close()
    os.chmod(path, 0o400)
    store = open_store(str(path))
    config = store.on("gwA")
    assert [one.name for one in config.rules("ipsec tunnel")] == ["out", "in"]
    with pytest.raises(Broken) as caught:
        config.add_policy(Policy("another"))
    assert caught.value.kind == "readonly"
    assert [one.name for one in config.policies()] == ["IPSec tunnel"]
    store.close()


def test_a_full_disk_loses_nothing_that_was_there(tmp_path: Path) -> None:
    config = article(str(tmp_path / "policy.db"))
    store = store_of(config)
    pages = store.query("PRAGMA page_count")[0][0]
    store.execute(f"PRAGMA max_page_count = {pages}")
    before = config.digest()
    with pytest.raises(Broken) as caught, store.transaction():
        for number in range(500):
            config.add_policy(Policy(f"policy {number}", "x" * 250))
    assert caught.value.kind == "full"
    assert config.digest() == before
    store.execute(f"PRAGMA max_page_count = {pages + 100}")
    config.add_policy(Policy("later"))
    store.close()


def test_a_store_in_use_is_waited_for_and_then_locked(tmp_path: Path) -> None:
    path = str(tmp_path / "policy.db")
    config = bare(path)
    other = open_store(path, busy_seconds=0.05, count=1000)
    with store_of(config).transaction():
        config.add_policy(Policy("mine"))
        assert other.on("gwA").policies() == ()
        with pytest.raises(Broken) as caught:
            other.on("gwA").add_policy(Policy("theirs"))
    assert caught.value.kind == "locked"
    assert [one.name for one in other.on("gwA").policies()] == ["mine"]
    other.on("gwA").add_policy(Policy("theirs"))
    assert [one.name for one in config.policies()] == ["mine", "theirs"]
    other.close()
    store_of(config).close()


class Late(sqlite3.Connection):
    """Another shell makes the schema just before this one looks at the tables."""

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if "sqlite_master" in sql:
            path = super().execute("PRAGMA database_list").fetchone()[2]
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(connect, "_connect", ORDINARY)
                connect.open_file(path, 5.0).connection.close()
        return super().execute(sql, *values)


ORDINARY = connect._connect


def test_a_schema_made_by_another_shell_meanwhile_is_ours(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "_connect", lambda path, readonly, seconds: sqlite3.connect(
        path, isolation_level=None, factory=Late))
    opened = connect.open_file(str(tmp_path / "policy.db"), 5.0)
    assert not opened.created
    opened.connection.close()


def test_many_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    path = str(tmp_path / "policy.db")
    start = threading.Barrier(6)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        start.wait()
        try:
            store = open_store(path)
            store.add_machine(Machine(f"machine{number}", "host"))
            store.close()
        except BaseException as error:  # the main thread has to see it
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    store = open_store(path)
    assert len(store.machines()) == 6
    store.close()


def test_a_row_that_no_version_wrote_is_a_damaged_store() -> None:
    config = article()
    store_of(config).execute("UPDATE policy SET methods = 'ROT13-CRC32-0'")
    with pytest.raises(Broken) as caught:
        config.policies()
    assert caught.value.kind == "damaged"
    store_of(config).execute("UPDATE filteraction SET methods = ''")
    with pytest.raises(Broken):
        config.filteractions()


def test_a_refusal_is_no_broken_store() -> None:
    config = article()
    with pytest.raises(Refused):
        config.delete_policy("IPSec tunnel")
    assert len(config.policies()) == 1
