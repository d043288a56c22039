"""The machines of a fresh store, and the way back to them."""

from pathlib import Path

import pytest

from engine.address import format_address
from engine.lab.lab import EPOCH, Lab
from engine.lab.provision import open_store, provision, reset
from engine.policy.model import FilterList, Machine
from engine.policy.store import Store

ADDRESSES = {
    "gwA": {"Internal": "10.1.0.1", "External": "192.0.2.1"},
    "gwB": {"Internal": "10.2.0.1", "External": "198.51.100.1"},
    "hostA": {"Local Area Connection": "10.1.0.10"},
    "hostB": {"Local Area Connection": "10.2.0.10"},
    "r1": {"TransitA": "192.0.2.254", "Middle": "203.0.113.1"},
    "r2": {"Middle": "203.0.113.2", "TransitB": "198.51.100.254"},
}


def test_a_fresh_store_has_the_lab_of_the_documentation() -> None:
    store = open_store("", 1)
    found = {machine.name: {one.name: format_address(one.address)
                            for one in store.on(machine.name).interfaces()}
             for machine in store.machines()}
    assert found == ADDRESSES
    assert {one.name for one in store.machines() if one.forwarding} == {"gwA", "gwB", "r1", "r2"}


def test_gwa_comes_bare() -> None:
    gwa = open_store("", 1).on("gwA")
    assert gwa.policies("local") == () == gwa.rras_filters()
    assert gwa.filterlists("local") == () == gwa.filteractions("local")
    assert [(format_address(one.destination), one.interface) for one in gwa.routes()] == [
        ("198.51.100.0", "External")]
    assert not any(one.success or one.failure for one in gwa.effective_audit())
    assert all(one.gateway is None for one in gwa.interfaces())


def test_gwb_comes_as_the_articles_third_party() -> None:
    gwb = open_store("", 1).on("gwB")
    active = gwb.active_policy()
    assert active is not None and active[0] == "local"
    ends = {rule.name: format_address(rule.tunnel or 0)
            for rule in gwb.rules(active[1].name, "local")}
    assert ends == {"NetB to NetA": "192.0.2.1", "NetA to NetB": "198.51.100.1"}
    assert {one.category for one in gwb.effective_audit() if one.success and one.failure} == {
        "logon", "object"}
    assert not any(one.mirrored for name in ends for one in gwb.filterlist(name, "local").filters)


def test_guids_and_time_stamps_of_a_memory_store_repeat_with_the_seed() -> None:
    def stamps(seed: int) -> list[tuple[str, float]]:
        policy = open_store("", seed).on("gwB").policies("local")[0]
        return [(policy.guid, policy.modified)]

    assert stamps(1) == stamps(1) != stamps(2)
    assert stamps(1)[0][1] == EPOCH


def test_a_store_file_is_provisioned_once(tmp_path: Path) -> None:
    path = str(tmp_path / "data" / "store")
    first = open_store(path, 1)
    assert first.on("gwB").policies("local")[0].modified == EPOCH
    first.on("gwA").add_filterlist(FilterList("mine"))
    first.close()
    second = open_store(path, 1)
    assert [one.name for one in second.on("gwA").filterlists("local")] == ["mine"]
    assert second.on("gwA").filterlist("mine", "local").modified > EPOCH
    provision(second)
    assert len(second.machines()) == 6
    second.close()


def test_reset_brings_the_defaults_back_and_nothing_else() -> None:
    store = open_store("", 1)
    digest = store.on("gwB").digest()
    store.on("gwA").add_filterlist(FilterList("mine"))
    store.on("gwB").unassign("IPSec tunnel with Windows 2000 gateway")
    store.add_machine(Machine("other", "host"))
    reset(store)
    assert store.on("gwA").filterlists("local") == ()
    assert store.on("gwB").digest() == digest
    assert len(store.machines()) == 6


def test_a_reset_that_fails_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store("", 1)
    store.on("gwA").add_filterlist(FilterList("mine"))
    monkeypatch.setattr("engine.lab.defaults.write_defaults", fail)
    with pytest.raises(RuntimeError):
        reset(store)
    assert len(store.machines()) == 6 and store.on("gwA").filterlist("mine", "local")


def fail(store: Store) -> None:
    raise RuntimeError("disk gone")


def test_every_machine_reaches_every_outside_address_that_knows_the_way_back() -> None:
    store = open_store("", 1)
    lab = Lab(store)
    outside = [one.address for name in ("gwA", "gwB", "r1", "r2")
               for one in store.on(name).interfaces() if one.name in ("External", "TransitA",
                                                                      "TransitB")]
    silent = {(machine, format_address(address)) for machine in lab.hosts for address in outside
              if lab.ping(machine, address).kind != "reply"}
    # gwA has one route: to the peer's external net, neither to NetB nor to the middle.
    assert silent == {("hostB", "192.0.2.1"), ("r2", "192.0.2.1")}
