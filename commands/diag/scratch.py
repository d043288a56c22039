"""A scratch copy of the lab: the same store in memory, the same state of what runs, nothing shared.

Changes are tried here before they are made: typed, traced, pinged.
"""

from typing import TYPE_CHECKING

from commands.lab.typist import type_lines
from engine.diagnose.finding import Fix
from engine.policy.live import Live

if TYPE_CHECKING:
    from collections.abc import Iterable

    from commands.session import Session
    from engine.lab.lab import Lab
    from engine.lab.link import Link

COPIED = ("delay", "mtu", "jitter", "loss", "duplicate", "reorder", "corrupt", "up")


def scratch(session: "Session", fixes: "Iterable[Fix]" = ()) -> "Session":
    """A session on a copy, with these changes made. The caller closes it.

    Associations are not copied: on the copy everything is negotiated anew.
    """
    from commands.session import Session
    from engine.lab.seed import seeded_entropy
    copy = Session(seed=session.seed, machine=session.machine, yes=True)
    copy.variables, copy.folder = dict(session.variables), session.folder
    store = session.store.copy(seeded_entropy(session.seed, "scratch"))
    store.set_setting("faults", "")
    copy.use_store(store)
    copy.epoch = session.wall()
    _same_state(session.lab, copy.lab)
    for fix in fixes:
        make(copy, fix)
    return copy


def make(session: "Session", fix: Fix) -> None:
    """Types a change on its machine. Raises CommandError."""
    type_lines(session, fix.machine or session.machine, fix.commands)


def _same_state(old: "Lab", new: "Lab") -> None:
    """What runs beside the store: services, live filters, runtime routes, links."""
    for name, host in old.hosts.items():
        twin = new.hosts[name]
        for route in host.rtm_routes:
            twin.add_rtm_route(route)
        if host.live != Live():
            new.edit(name, host.live)
        if not host.agent_running:
            new.stop_agent(name)
    for name, link in old.links.items():
        if name in new.links:
            _same_link(link, new.links[name])


def _same_link(old: "Link", new: "Link") -> None:
    from engine.lab.link import Drop
    for name in COPIED:
        setattr(new, name, getattr(old, name))
    copies = []
    for one in old.drops:
        twin = Drop(one.number, protocol=one.protocol, port=one.port, message=one.message,
                    sender=one.sender, nth=one.nth, count=one.count)
        twin.seen, twin.dropped = one.seen, one.dropped
        copies.append(twin)
    new.drops = tuple(copies)
