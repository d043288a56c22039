"""What a transaction remembers, and that it forgets it in time."""

import pytest

from engine.errors import NotFound, Refused
from engine.lab.provision import open_store
from engine.policy.model import ANY, ME, Filter, FilterList


def test_a_list_of_an_undone_level_is_not_remembered() -> None:
    store = open_store("", 1)
    config = store.on("gwA")
    with store.transaction():
        with pytest.raises(Refused), store.transaction():
            config.add_filterlist(FilterList("L"))
            config.add_filter("L", Filter(ME, ANY))
            config.add_filter("L", Filter(ME, ANY, "again"))
        with pytest.raises(NotFound):
            config.add_filter("L", Filter(ME, ANY))
    assert config.filterlists() == ()


def test_a_refused_filter_leaves_the_others_of_its_transaction() -> None:
    store = open_store("", 1)
    config = store.on("gwA")
    config.add_filterlist(FilterList("L"))
    with store.transaction():
        config.add_filter("L", Filter(ME, ANY))
        with pytest.raises(Refused, match="exists"), store.transaction():
            config.add_filter("L", Filter(ME, ANY))
        config.add_filter("L", Filter(ANY, ME))
    assert [one[:2] for one in config.filterlist("L").filters] == [(ME, ANY), (ANY, ME)]


def test_a_renamed_or_deleted_list_is_looked_up_again_in_the_same_transaction() -> None:
    store = open_store("", 1)
    config = store.on("gwA")
    with store.transaction():
        config.add_filterlist(FilterList("L"))
        config.add_filter("L", Filter(ME, ANY))
        config.replace_filterlist("L", FilterList("M"))
        with pytest.raises(NotFound):
            config.add_filter("L", Filter(ANY, ME))
        config.delete_filterlist("M")
        with pytest.raises(NotFound):
            config.add_filter("M", Filter(ANY, ME))


def test_levels_that_change_nothing_share_one_way_back() -> None:
    store = open_store("", 1)
    config = store.on("gwA")
    with store.transaction():
        config.add_filterlist(FilterList("kept"))
        with pytest.raises(ZeroDivisionError), store.transaction():
            with store.transaction(), store.reading():
                config.add_filterlist(FilterList("undone"))
            raise ZeroDivisionError
    assert [one.name for one in config.filterlists()] == ["kept"]
