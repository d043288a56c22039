"""Stores of other versions, and files that somebody else is writing or has torn."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import Broken
from engine.policy import connect
from engine.policy.model import AuditSetting, Certificate, Machine
from engine.policy.schema import MIGRATIONS, VERSION, VERSION_1
from tests.support.stores import article, bare, open_store, store_of


def test_an_older_store_is_brought_to_this_version_with_all_it_holds(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "policy.db")
    config = article(path)
    before = config.digest()
    store_of(config).close()
    monkeypatch.setattr(connect, "MIGRATIONS", (
        *MIGRATIONS, "ALTER TABLE machine ADD COLUMN site TEXT;\nDROP INDEX rule_filterlist;\n"))
    monkeypatch.setattr(connect, "VERSION", VERSION + 1)
    store = open_store(path)
    assert store.query("PRAGMA user_version") == [(VERSION + 1,)]
    assert store.query("SELECT site FROM machine") == [(None,)]
    assert (store.is_new, store.on("gwA").digest()) == (False, before)
    store.close()


def test_a_store_of_the_first_version_gets_room_for_certificates(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "policy.db")
    with monkeypatch.context() as first:
        first.setattr(connect, "MIGRATIONS", (VERSION_1,))
        first.setattr(connect, "VERSION", 1)
        open_store(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        assert old.execute("PRAGMA user_version").fetchone() == (1,)
        old.execute("INSERT INTO machine VALUES (1, 'old', 'old', 'gateway', 0, 1)")
        old.execute("INSERT INTO machine_setting VALUES (1, 'natt', 'off')")
        old.execute("INSERT INTO audit VALUES (1, 'local', 'logon', 1, 0)")
        old.execute("UPDATE counter SET generation = 7")
    store = open_store(path)
    assert store.generation() == 7
    assert store.on("old").get_setting("natt") == "off"
    assert store.on("old").audit() == (AuditSetting("logon", True),)
    assert store.query("PRAGMA user_version") == [(VERSION,)]
    assert store.machines() == (Machine("old", "gateway", False, True),)
    config = store.on("old")
    assert config.certificates() == ()
    kept = config.add_certificate(Certificate("mine", "machine", "/certs/own.p12"))
    assert config.certificates() == (kept,)
    store.close()


def test_a_migration_that_fails_leaves_the_file_as_it_was(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "policy.db")
    config = article(path)
    before = config.digest()
    store_of(config).close()
    with monkeypatch.context() as broken:
        broken.setattr(connect, "MIGRATIONS",
                       (*MIGRATIONS, "DROP TABLE auth;\nDROP TABLE nobody;"))
        broken.setattr(connect, "VERSION", VERSION + 1)
        with pytest.raises(Broken):
            open_store(path)
    store = open_store(path)
    assert store.on("gwA").digest() == before
    store.close()


def test_an_old_store_that_may_only_be_read_is_read_only(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "policy.db"
    store_of(article(str(path))).close()
    path.chmod(0o400)
    monkeypatch.setattr(connect, "VERSION", VERSION + 1)
    with pytest.raises(Broken) as caught:
        open_store(str(path))
    assert caught.value.kind == "readonly"


def test_a_new_file_that_somebody_holds_is_locked_after_a_bounded_wait(tmp_path: Path) -> None:
    path = str(tmp_path / "policy.db")
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Broken) as caught:
        open_store(path, busy_seconds=0.05)
    assert caught.value.kind == "locked"
    holder.execute("ROLLBACK")
    holder.close()
    open_store(path).close()


def test_text_that_is_no_text_is_a_damaged_store() -> None:
    config = article()
    store_of(config).execute("UPDATE policy SET name = CAST(x'ff' AS TEXT)")
    with pytest.raises(Broken) as caught:
        config.policies()
    assert caught.value.kind == "damaged"


def test_a_commit_that_fails_changes_nothing() -> None:
    config = bare()
    store = store_of(config)
    before = config.digest()
    with pytest.raises(sqlite3.IntegrityError), store.transaction():
        store.execute("PRAGMA defer_foreign_keys = ON")
        store.execute("UPDATE interface SET machine = 999")
    assert config.digest() == before
    config.set_setting("still", "usable")
