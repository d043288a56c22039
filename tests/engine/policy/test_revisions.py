"""Who changed what and when, the way back to it, and changes on probation."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineError, NotFound, Refused
from engine.policy import revisions, transactions
from engine.policy.model import (
    ANY,
    ME,
    AuditSetting,
    AuthMethod,
    Filter,
    FilterAction,
    FilterList,
    Machine,
    Policy,
    Rule,
    Secret,
    Side,
)
from engine.policy.store import Config, Store
from tests.support.stores import NOW, article, bare, open_store, store_of

OWN_TABLES = ("revision", "unconfirmed")


def contents(store: Store) -> dict[str, list[Any]]:
    """Every row of every table but those about revisions, ids, GUIDs and times included."""
    tables = [name for name, in store.query("SELECT name FROM sqlite_master WHERE type = 'table' "
                                            "ORDER BY name") if name not in OWN_TABLES]
    return {name: store.query(f"SELECT * FROM {name} ORDER BY id") for name in tables}


def test_a_revision_says_who_changed_what_when_and_where() -> None:
    config = bare()
    store = store_of(config)
    store.who = "alice"
    with store.transaction():
        store.note("gwA", "ipsec static add policy P")
        store.note("gwA", "ipsec static add policy Q")
        config.add_policy(Policy("P"))
        config.add_policy(Policy("Q"))
    newest = revisions.revisions(store)[0]
    assert newest == revisions.revision(store, store.generation())
    assert newest[1:] == (NOW, "alice", "gwA", ("ipsec static add policy P",
                                                "ipsec static add policy Q"), 2)


def test_a_note_of_a_failed_transaction_is_not_kept_for_the_next() -> None:
    config = bare()
    store = store_of(config)
    with pytest.raises(NotFound), store.transaction():
        store.note("gwA", "delete policy P")
        config.delete_policy("P")
    config.add_policy(Policy("P"))
    assert revisions.revisions(store)[0].lines == ()


def test_going_back_restores_every_row_with_its_guid_and_time() -> None:
    config = article()
    store = store_of(config)
    before, number = contents(store), store.generation()
    config.unassign("IPSec tunnel")
    config.delete_policy("IPSec tunnel")  # its rules and keys go by cascade
    config.delete_filterlist("NetA to NetB")  # and the filters of a list
    config.delete_interface("External")  # and filters and routes of an interface
    config.add_filterlist(FilterList("other", filters=(Filter(ME, ANY),)))
    config.set_audit(AuditSetting("logon"))
    config.set_audit(AuditSetting("object", True))
    config.set_setting("natt", "off")
    after = contents(store)
    undone = revisions.roll_back(store, number)
    assert len(undone) == 8 and [one.number for one in undone] == sorted(
        (one.number for one in undone), reverse=True)
    assert contents(store) == before
    # Going back is a change like any other: it can be undone, too.
    revisions.roll_back(store, store.generation() - 1)
    assert contents(store) == after


def test_a_whole_store_can_be_brought_back() -> None:
    config = article()
    store = store_of(config)
    before, number = contents(store), store.generation()
    store.delete_machine("gwA")
    store.add_machine(Machine("x", "host"))
    revisions.roll_back(store, number)
    assert contents(store) == before


def test_ids_that_come_back_in_one_transaction_do_not_confuse() -> None:
    config = bare()
    store = store_of(config)
    for name in "ABC":
        config.add_filterlist(FilterList(name))
    before, number = contents(store), store.generation()
    with store.transaction():
        config.add_filterlist(FilterList("D"))
        config.delete_filterlist("D")
        config.delete_filterlist("C")
        config.add_filterlist(FilterList("E"))  # takes the id of C
        config.replace_filterlist("E", FilterList("F"))
        config.add_filterlist(FilterList("G"))
        config.delete_filterlist("F")
        with pytest.raises(Refused), store.transaction():
            config.delete_filterlist("B")
            config.add_filterlist(FilterList("A"))
    revisions.roll_back(store, number)
    assert contents(store) == before


def test_a_revision_that_is_not_there_is_not_found() -> None:
    store = store_of(bare())
    with pytest.raises(NotFound) as missing:
        revisions.roll_back(store, 99)
    assert missing.value.known == (f"1-{store.generation()}",)


def test_nobody_goes_back_in_the_middle_of_a_change() -> None:
    store = store_of(bare())
    with pytest.raises(Refused) as refused, store.transaction():
        revisions.roll_back(store, 1)
    assert refused.value.rule == "in-transaction"
    assert store.query("PRAGMA foreign_keys") == [(1,)]


def test_only_so_many_revisions_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "PRUNED_EVERY", 4)
    monkeypatch.setattr(revisions, "REVISIONS_KEPT", 10)
    config = bare()
    store = store_of(config)
    for number in range(40):
        config.set_setting("natt", str(number))
    kept = revisions.revisions(store)
    assert 10 <= len(kept) <= 14
    assert kept[0].number == store.generation()


def test_a_long_undo_makes_the_oldest_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "PRUNED_EVERY", 1)
    monkeypatch.setattr(revisions, "UNDO_OCTETS_KEPT", 2_000)
    config = bare()
    for number in range(20):
        config.set_setting("natt", str(number) * 200)
    assert 2 <= len(revisions.revisions(store_of(config))) < 10


def test_revisions_and_the_keys_in_them_can_be_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "policy.db"
    config = article(str(path))
    store = store_of(config)
    rule = config.rule("IPSec tunnel", "out")
    config.replace_rule("IPSec tunnel", "out", rule._replace(
        auth=(AuthMethod("psk", Secret("the new one")),)))
    assert store.query("SELECT 1 FROM revision WHERE undo LIKE '%kb252735%'")
    assert revisions.forget(store) > 3
    assert not store.query("SELECT 1 FROM revision WHERE undo LIKE '%kb252735%'")
    assert len(revisions.revisions(store)) == 2  # what was the newest, and the forgetting
    store.close()


# --- probation ----------------------------------------------------------------------------------


class Watch:
    """A clock to be set."""

    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def guarded() -> Iterator[tuple[Config, Watch]]:
    config, watch = article(), Watch()
    store_of(config).clock = watch
    yield config, watch
    store_of(config).close()


def commit(config: Config, seconds: float) -> None:
    with store_of(config).transaction():
        revisions.guard(store_of(config), seconds)
        config.unassign("IPSec tunnel")


def test_what_is_not_confirmed_goes_back_at_its_deadline(guarded: tuple[Config, Watch]) -> None:
    config, watch = guarded
    store = store_of(config)
    before = contents(store)
    commit(config, 300)
    assert revisions.revert_due(store) is None and contents(store) != before
    watch.now += 299.9
    assert revisions.revert_due(store) is None
    watch.now += 0.2
    found = revisions.revert_due(store)
    assert found is not None
    assert len(found[1]) == 1 and found[0].revision == found[1][0].number
    assert contents(store) == before
    assert revisions.unconfirmed(store) is None and revisions.revert_due(store) is None


def test_what_is_confirmed_stays(guarded: tuple[Config, Watch]) -> None:
    config, watch = guarded
    commit(config, 300)
    revisions.confirm(store_of(config))
    watch.now += 301
    assert revisions.revert_due(store_of(config)) is None
    with pytest.raises(Refused, match="No change waits"):
        revisions.confirm(store_of(config))


def test_a_second_probation_keeps_the_first_ones_way_back(guarded: tuple[Config, Watch]) -> None:
    config, watch = guarded
    before = contents(store_of(config))
    commit(config, 300)
    watch.now += 200
    with store_of(config).transaction():
        revisions.guard(store_of(config), 300)
        config.set_setting("natt", "off")
    watch.now += 200
    assert revisions.revert_due(store_of(config)) is None
    watch.now += 200
    assert revisions.revert_due(store_of(config)) is not None
    assert contents(store_of(config)) == before


def test_going_back_by_hand_ends_the_probation(guarded: tuple[Config, Watch]) -> None:
    config, _ = guarded
    commit(config, 300)
    revisions.roll_back(store_of(config), store_of(config).generation() - 1)
    assert revisions.unconfirmed(store_of(config)) is None


def test_a_change_that_failed_is_not_on_probation(guarded: tuple[Config, Watch]) -> None:
    config, _ = guarded
    with pytest.raises(NotFound), store_of(config).transaction():
        revisions.guard(store_of(config), 300)
        config.delete_policy("nobody")
    assert revisions.unconfirmed(store_of(config)) is None


def test_the_next_one_who_opens_the_file_finds_the_deadline(tmp_path: Path) -> None:
    path = str(tmp_path / "policy.db")
    config = article(path)
    before = config.digest()
    commit(config, 60)
    store_of(config).close()
    later = open_store(path, count=10_000)
    later.clock = lambda: NOW + 61
    assert revisions.revert_due(later) is not None
    assert later.on("gwA").digest() == before
    later.close()


def test_the_way_back_of_a_probation_is_never_pruned(
        guarded: tuple[Config, Watch], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "PRUNED_EVERY", 1)
    monkeypatch.setattr(revisions, "REVISIONS_KEPT", 3)
    config, watch = guarded
    before = contents(store_of(config))
    commit(config, 60)
    for number in range(12):
        config.set_setting("natt", str(number))
    watch.now += 61
    assert revisions.revert_due(store_of(config)) is not None
    assert contents(store_of(config)) == before


def test_a_store_that_may_only_be_read_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "policy.db"
    config = article(str(path))
    commit(config, 60)
    store_of(config).close()
    path.chmod(0o400)
    store = open_store(str(path))
    store.clock = lambda: NOW + 61
    assert revisions.revert_due(store) is None
    store.close()


# --- anything, in any order ---------------------------------------------------------------------

NAMES = st.sampled_from(["A", "B", "C"])


def act(data: st.DataObject, config: Config) -> None:
    """One change, which may be refused."""
    name, other = data.draw(NAMES), data.draw(NAMES)
    side = Side("ip", data.draw(st.integers(0, 3)) << 24, 8)
    what = data.draw(st.integers(0, 12))
    actions: list[Callable[[], object]] = [
        lambda: config.add_filterlist(FilterList(name, filters=(Filter(ME, side),))),
        lambda: config.add_filter(name, Filter(ME, side)),
        lambda: config.delete_filters(name, lambda one: one.destination == side),
        lambda: config.delete_filterlist(name),
        lambda: config.replace_filterlist(name, FilterList(other)),
        lambda: config.add_filteraction(FilterAction(name)),
        lambda: config.delete_filteraction(name),
        lambda: config.add_policy(Policy(name, assigned=True)),
        lambda: config.replace_policy(name, Policy(other)),
        lambda: config.delete_policy(name),
        lambda: config.add_rule(Rule(name, other, name, name, auth=(AuthMethod("kerberos"),))),
        lambda: config.set_setting(name, other),
        lambda: config.set_setting(name, ""),
    ]
    actions[what]()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_revision_can_be_gone_back_to(data: st.DataObject) -> None:
    config = bare()
    store = store_of(config)
    seen = {store.generation(): contents(store)}
    for _ in range(data.draw(st.integers(1, 12))):
        try:
            with store.transaction():
                for _ in range(data.draw(st.integers(1, 3))):
                    try:
                        with store.transaction():
                            act(data, config)
                    except EngineError:
                        continue
        except sqlite3.IntegrityError:
            continue
        seen[store.generation()] = contents(store)
    for number in data.draw(st.permutations(sorted(seen))):
        revisions.roll_back(store, number)
        assert contents(store) == seen[number]
    store.close()


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_what_was_recorded_on_a_copy_makes_the_original_equal(data: st.DataObject) -> None:
    config = article()
    store = store_of(config)
    before = contents(store)
    copy = store.copy()
    changes = copy.record()
    for _ in range(data.draw(st.integers(1, 10))):
        try:
            with copy.transaction():
                for _ in range(data.draw(st.integers(1, 3))):
                    act(data, copy.on("gwA"))
        except EngineError:
            continue
    assert contents(store) == before
    store.replay(changes)
    assert contents(store) == contents(copy)
    copy.close()
    store.close()
