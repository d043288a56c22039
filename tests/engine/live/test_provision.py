"""A live machine's store: one machine, and adapters that the kernel has."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.address import parse_address
from engine.errors import Broken
from engine.lab.provision import provision
from engine.live.facts import Device, Facts
from engine.live.provision import machine_of, names_of, open_store, write_interfaces
from engine.policy.store import Store

OUTSIDE = Device("eth0", 2, True, 1500, "", ((parse_address("203.0.113.1"), 24),))
INSIDE = Device("eth1", 3, True, 1400, "", ((parse_address("10.1.0.1"), 24),))
NAMES = {"External": "eth0", "Internal": "eth1"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(str(tmp_path / "live.db"))
    yield made
    made.close()


def test_a_new_store_gets_the_machine_and_an_old_one_keeps_its_own(store: Store) -> None:
    assert machine_of(store, "gateway7") == "gateway7"
    assert machine_of(store, "other") == "gateway7"
    assert [one.forwarding for one in store.machines()] == [True]


def test_the_store_of_a_lab_is_refused(store: Store) -> None:
    provision(store)
    with pytest.raises(Broken, match="store of a lab .* one of its own with --store"):
        machine_of(store, "gateway7")


def test_adapters_are_written_as_the_kernel_has_them_and_only_when_they_changed(
        store: Store) -> None:
    machine = machine_of(store, "gw")
    write_interfaces(store, machine, NAMES, Facts((OUTSIDE, INSIDE)))
    assert [(one.name, one.link, one.mtu) for one in store.on(machine).interfaces()] == [
        ("External", "eth0", 1500), ("Internal", "eth1", 1400)]
    before = store.generation()
    write_interfaces(store, machine, NAMES, Facts((OUTSIDE, INSIDE)))
    assert store.generation() == before


def test_an_adapter_whose_device_is_gone_stays_as_it_was(store: Store) -> None:
    machine = machine_of(store, "gw")
    write_interfaces(store, machine, NAMES, Facts((OUTSIDE, INSIDE)))
    write_interfaces(store, machine, NAMES, Facts((INSIDE,)))
    assert [one.address for one in store.on(machine).interfaces()] == [
        parse_address("203.0.113.1"), parse_address("10.1.0.1")]


def test_names_are_the_given_ones_then_the_remembered_then_guesses(store: Store) -> None:
    machine = machine_of(store, "gw")
    facts = Facts((OUTSIDE, INSIDE))
    assert names_of(store, machine, {"Wan": "eth0"}, facts, "ipsecsh0") == {"Wan": "eth0"}
    assert names_of(store, machine, {}, facts, "ipsecsh0") == {"eth0": "eth0", "eth1": "eth1"}
    write_interfaces(store, machine, NAMES, facts)
    assert names_of(store, machine, {}, facts, "ipsecsh0") == NAMES
