"""The way back from a fix: rows of the store, and lines for what it changed in what runs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from commands.diag.guide.state import Mend
from commands.diag.scene import loss_line
from commands.errors import CommandError
from commands.lab.typist import type_lines
from engine.policy import rows
from engine.policy.script import quote

if TYPE_CHECKING:
    from commands.session import Session
    from engine.lab.link import Link

# What `lab set link` sets, by its tags.
_SET = ("mtu", "loss", "reorder", "jitter", "duplicate", "corrupt", "delay")


class LinkSeen(NamedTuple):
    """A link as it was: what impairs it, and the lines that made its drops."""

    name: str
    up: bool
    values: tuple[float, ...]
    drops: tuple[str, ...]


class Running(NamedTuple):
    """What runs beside the store: which machines' policy agents, and the lab's links."""

    agents: tuple[tuple[str, bool], ...]
    links: tuple[LinkSeen, ...]


def running(session: "Session") -> Running:
    """What runs now."""
    agents = tuple((name, host.agent_running) for name, host in session.world.hosts.items())
    links = () if session.live else tuple(map(_link, session.lab.links.values()))
    return Running(agents, links)


def _link(link: "Link") -> LinkSeen:
    return LinkSeen(link.name, link.up, tuple(float(getattr(link, one)) for one in _SET),
                    tuple(loss_line(link, one) for one in link.drops))


def back(before: Running, after: Running) -> Iterator[tuple[str, str]]:
    """(machine, line) that make what runs again what it was; "" is any machine."""
    was = dict(before.agents)
    for name, runs in after.agents:
        if was.get(name, runs) != runs:
            yield name, f"net {'stop' if runs else 'start'} policyagent"
    links = {one.name: one for one in before.links}
    for now in after.links:
        if now.name in links:
            yield from (("", line) for line in _link_back(links[now.name], now))


def _link_back(old: LinkSeen, now: LinkSeen) -> Iterator[str]:
    tags = [f"{tag}={_shown(tag, was)}" for tag, was, value in
            zip(_SET, old.values, now.values, strict=True) if was != value]
    if old.up != now.up:
        tags.append(f"state={'up' if old.up else 'down'}")
    if tags:
        yield f"lab set link {quote(now.name)} {' '.join(tags)}"
    yield from (line for line in old.drops if line not in now.drops)


def _shown(tag: str, value: float) -> str:
    if tag == "mtu":
        return f"{value:g}"
    return f"{value * 1000:g}ms" if tag in ("delay", "jitter") else f"{value * 100:g}%"


def undo(session: "Session", mend: Mend) -> tuple[int, int]:
    """Undoes a fix; (changes that went back, changes that it had made). Raises CommandError.

    What somebody has changed again since stays as it is.
    """
    done = rows.undo(session.store, list(mend.changes))
    session.settle()
    for machine, line in mend.back:
        try:
            type_lines(session, machine or session.machine, (line,))
            done += 1
        except CommandError:
            continue
    session.settle()
    return done, len(mend.changes) + len(mend.back)
