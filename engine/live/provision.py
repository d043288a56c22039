"""The store of a live machine: one machine, its adapters named after the kernel's devices."""

import os
import time
from collections.abc import Mapping

from engine.agent import read_policy
from engine.errors import Broken, EngineError
from engine.live.facts import Facts, guess_names, interfaces_of, tunnel_ends
from engine.policy.model import Interface, Machine
from engine.policy.store import Store

ROLE = "gateway"


def open_store(path: str, *, patient: bool = True) -> Store:
    """Opens the store of an agent, or another connection to it. Raises Broken as `Store.open`.

    One that is not `patient` does not wait for another writer: the packets would wait, too.
    """
    return Store.open(path, clock=time.time, entropy=os.urandom,
                      busy_seconds=5.0 if patient else 0.0)


def machine_of(store: Store, name: str) -> str:
    """The machine that a live store is about; made, called `name`, when the store is new.

    Raises Broken("damaged") for a store with several machines, such as the lab's.
    """
    with store.transaction():
        machines = store.machines()
        if not machines:
            store.add_machine(Machine(name, ROLE, forwarding=True))
            return name
    if len(machines) > 1:
        raise Broken("damaged", f"'{store.path}' is the store of a lab ({len(machines)} machines); "
                     "give the agent one of its own with --store")
    return machines[0].name


def names_of(store: Store, machine: str, given: Mapping[str, str], facts: Facts,
             besides: str) -> dict[str, str]:
    """Which device each adapter is: as given now, else as the store remembers, else guessed."""
    stored = {one.name: one.link for one in store.on(machine).interfaces() if one.link}
    if given:
        return dict(given)
    return stored or guess_names(facts, (besides,))


def write_interfaces(store: Store, machine: str, names: Mapping[str, str], facts: Facts) -> None:
    """Keeps the store's adapters as the kernel has them; one that does not work stays as it was.

    Raises Broken when the store cannot be written now.
    """
    config = store.on(machine)
    known = {one.name.casefold(): one for one in config.interfaces()}
    ends = tunnel_ends(read_policy(config))
    working = {one.name.casefold(): one for one in interfaces_of(facts, names, ends)}
    changed = [one for key, one in working.items() if known.get(key) != one]
    missing = [Interface(name, 0, 32, None, "", 1500, device) for name, device in names.items()
               if name.casefold() not in known and name.casefold() not in working]
    if not changed and not missing:
        return
    with store.transaction():
        for one in (*changed, *missing):
            try:
                if one.name.casefold() in known:
                    config.set_interface(one)
                else:
                    config.add_interface(one)
            except Broken:
                raise
            except EngineError as refused:
                raise Broken("io", f"adapter {one.name}: {refused}") from None
