"""Opening a policy store for the lab: a new one is given the lab's machines.

This is on the path of every one-shot command, so what only a new store needs is imported late.
"""

from collections.abc import Callable

from engine.policy.store import Store
from engine.values import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.lab.site import Site


def open_store(path: str, seed: int, clock: Callable[[], float] | None = None,
               site: "Site | None" = None) -> Store:
    """Opens the store at `path` ("" for memory); a new one is given the lab's machines.

    Their addresses are those of `site`, or the article's.

    A store in memory belongs to one seeded run, so its GUIDs and time stamps are the lab's:
    `clock` gives its Unix seconds, None stands still at the epoch. A file gets the system's.
    Raises Broken like `Store.open`.
    """
    if path:
        import os
        import time
        store = Store.open(path, clock=time.time, entropy=os.urandom)
    else:
        from engine.lab.seed import EPOCH, seeded_entropy
        store = Store.open("", clock=clock or (lambda: EPOCH),
                           entropy=seeded_entropy(seed, "store"))
    if store.is_new:
        with store.transaction():
            store.note("", "# the machines of the lab")
            provision(store, site)
    return store


def provision(store: Store, site: "Site | None" = None) -> None:
    """Writes the default machines in one transaction; their time stamps are the lab's epoch.

    Two programs may find the same new file: the second one leaves the first one's machines.
    Raises Broken.
    """
    from engine.lab.defaults import write_defaults
    from engine.lab.seed import EPOCH
    with store.transaction():
        if store.machines():
            return
        clock, store.clock = store.clock, lambda: EPOCH
        try:
            if site is None:
                write_defaults(store)
            else:
                write_defaults(store, site)
        finally:
            store.clock = clock


def reset(store: Store, site: "Site | None" = None) -> None:
    """`lab reset`: every machine back to its default, others gone."""
    with store.transaction():
        for machine in store.machines():
            store.delete_machine(machine.name)
        store.set_setting("faults", "")
        provision(store, site)
