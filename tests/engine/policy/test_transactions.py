"""All of a command or nothing of it, and a generation that grows with every change."""

from pathlib import Path

import pytest

from engine.errors import NotFound, Refused
from engine.policy.model import ANY, ME, Filter, FilterList, Machine, Policy
from tests.support.stores import article, bare, open_store, store_of


def test_an_exception_undoes_everything_of_the_transaction() -> None:
    config = bare()
    store = store_of(config)
    before, generation = config.digest(), store.generation()
    with pytest.raises(NotFound), store.transaction():
        config.add_policy(Policy("P"))
        with store.transaction():
            config.add_filterlist(FilterList("L"))
        config.delete_policy("Q")
    assert (config.digest(), store.generation()) == (before, generation)


def test_a_caught_inner_failure_undoes_only_the_inner_part() -> None:
    config = bare()
    with store_of(config).transaction():
        config.add_policy(Policy("P"))
        with pytest.raises(Refused), store_of(config).transaction():
            config.add_filterlist(FilterList("L"))
            config.add_policy(Policy("p"))
        config.add_filterlist(FilterList("M"))
    assert [one.name for one in config.policies()] == ["P"]
    assert [one.name for one in config.filterlists()] == ["M"]


def test_an_interrupt_undoes_the_transaction() -> None:
    config = bare()
    with pytest.raises(KeyboardInterrupt), store_of(config).transaction():
        config.add_policy(Policy("P"))
        raise KeyboardInterrupt
    assert config.policies() == ()


def test_the_generation_grows_once_a_transaction_and_not_by_reading() -> None:
    config = article()
    store = store_of(config)
    seen = [store.generation()]
    with store.transaction():
        config.add_policy(Policy("P"))
        config.add_policy(Policy("Q"))
    seen.append(store.generation())
    with store.transaction():
        config.policies()
    config.digest()
    seen.append(store.generation())
    config.unassign("IPSec tunnel")
    seen.append(store.generation())
    assert [after - seen[0] for after in seen] == [0, 1, 1, 2]


def test_a_change_inside_a_reading_context_is_our_own_bug() -> None:
    config = bare()
    with pytest.raises(AssertionError), config.reading():
        config.add_policy(Policy("P"))
    assert config.policies() == ()


def test_deleting_a_machine_deletes_all_it_had() -> None:
    config = article()
    store = store_of(config)
    store.delete_machine("GWA")
    left = {table: store.query(f"SELECT count(*) FROM {table}")[0][0]
            for table, in store.query("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {table for table, count in left.items() if count} == {"revision"}


def test_machines_are_known_by_name_in_any_case() -> None:
    store = open_store()
    store.add_machine(Machine("gwA", "gateway"))
    store.set_machine(Machine("GWA", "router", True, False))
    assert store.machines() == (Machine("gwA", "router", True, False),)
    assert store.on("gwa").machine == store.machines()[0]
    with pytest.raises(Refused) as taken:
        store.add_machine(Machine("GWa", "host"))
    assert taken.value.rule == "name-taken"
    with pytest.raises(NotFound) as missing:
        store.on("gwB")
    assert missing.value.known == ("gwA",)


def test_settings_are_remembered_for_store_and_machine() -> None:
    config = bare()
    store = store_of(config)
    store.set_setting("lab", "1")
    config.set_setting("ipsecexempt", "0")
    assert (store.setting("lab"), store.setting("other", "none")) == ("1", "none")
    assert (config.get_setting("ipsecexempt"), config.get_setting("natt", "on")) == ("0", "on")
    assert config.settings() == (("ipsecexempt", "0"),)


def test_what_was_looked_up_is_forgotten_when_another_shell_has_written(tmp_path: Path) -> None:
    first, second = (open_store(str(tmp_path / "store.db"), count=count) for count in (0, 999))
    first.add_machine(Machine("m", "host", False))
    ours, theirs = first.on("m"), second.on("m")
    ours.add_filterlist(FilterList("L"))
    ours.add_filter("L", Filter(ME, ANY))
    theirs.add_filterlist(FilterList("Other"))
    theirs.delete_filterlist("L")
    with pytest.raises(NotFound):
        ours.add_filter("L", Filter(ANY, ME))
    theirs.add_filterlist(FilterList("L"))
    ours.add_filter("L", Filter(ANY, ME))
    assert theirs.filterlist("L").filters[0].source == ANY
    assert not theirs.filterlist("Other").filters


def test_what_is_about_revisions_needs_nothing_to_undo(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store.db"))
    with store.transaction():
        store.untracked("DELETE FROM revision WHERE id < 0")
        store.untracked("INSERT INTO unconfirmed VALUES (1, 0, 1, 1, '')")
    assert store.generation() >= 1
