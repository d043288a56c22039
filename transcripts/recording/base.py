"""What a recording stands on: the store as it was, and what ran, before its first line.

The journal knows every change of a store: as long as the chain of its generations is unbroken
back to a new store, everything can be typed again. Where it is broken the store is written out as
it is, if nothing has changed it since.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from transcripts.recording.event import Event

if TYPE_CHECKING:
    from commands.session import Session
    from engine.policy.store import Config

# The generation of a store that was made and given the lab's machines.
NEW = 2
# Commands that only look: they need not be typed again before a recording.
LOOKS = frozenset({"show", "list", "print", "help", "?", "dump", "ipconfig", "netdiag", "ipsecmon",
                   "ipsecomon", "history", "transcript"})


class Base(NamedTuple):
    """The lines to type before (`earlier`), or why they are not all known (`gap`).

    With a gap the store at the first line had the `generation`.
    """

    earlier: tuple[Event, ...]
    gap: str = ""
    generation: int = -1


def looks(event: Event) -> bool:
    """Whether a line changed nothing but the screen."""
    if event.commits:
        return False
    if event.meaning.kind in ("", "group", "help") or any(one.error is not None
                                                          for one in event.said):
        return not event.scripts
    return any(word in LOOKS for word in event.meaning.words)


def base_of(first: Event, history: Sequence[Event]) -> Base:
    """What came before an event, from all that the journal holds (oldest first)."""
    at = next((at for at, one in enumerate(history)
               if one is first or (one.at, one.sitting) == (first.at, first.sitting)),
              len(history))
    before = history[:at]
    if not first.store:
        return _sitting(first, before)
    wanted = at_first = _generation_before(history[at:] or [first], first.store)
    chain: list[Event] = []
    for event in reversed(before):
        if 0 <= wanted <= NEW:
            break
        if event.store != first.store:
            continue
        if event.generation >= 0:
            if wanted >= 0 and event.generation != wanted:
                break
            wanted = event.generation - event.commits
        chain.append(event)
    chain = [event for event in reversed(chain)
             if not looks(event) and (event.sitting == first.sitting or event.commits)]
    own = [event for event in before
           if event.sitting == first.sitting and not looks(event) and event not in chain]
    if 0 <= wanted <= NEW or wanted < 0:
        return Base(tuple(_in_order([*chain, *own], before)))
    running = [event for event in before
               if event.sitting == first.sitting and not event.commits and not looks(event)]
    return Base(tuple(running), "the journal does not reach back to a new store", at_first)


def _sitting(first: Event, before: Sequence[Event]) -> Base:
    """A store in memory is as old as its sitting."""
    own = [event for event in before if event.sitting == first.sitting]
    known = first.start is not None or bool(own) and own[0].start is not None
    return Base(tuple(event for event in own if not looks(event)),
                "" if known else "the journal does not reach back to its first line")


def _generation_before(events: Sequence[Event], store: str) -> int:
    """The generation that the store had before the first of some events, -1 if nobody looked."""
    for event in events:
        if event.store == store and event.generation >= 0:
            return event.generation - event.commits
    return -1


def _in_order(events: list[Event], before: Sequence[Event]) -> list[Event]:
    places = {id(event): at for at, event in enumerate(before)}
    return sorted(events, key=lambda event: places[id(event)])


def written_out(session: "Session") -> list[str]:
    """The lines that make a new store equal to the session's, keys in the clear.

    Machines that are as they were delivered need none.
    """
    from commands.session import Session as Plain
    plain = Plain("", seed=session.seed)
    plain.site = session.site
    lines: list[str] = []
    for machine in session.store.machines():
        config = session.store.on(machine.name)
        try:
            old = plain.store.on(machine.name)
        except Exception:
            continue
        if _dump(config) != _dump(old):
            lines += [f"set machine {machine.name}", *_replacing(config, old)]
    if lines:
        lines.append("set machine gwA")
    plain.close()
    return lines


def _dump(config: "Config") -> list[str]:
    from engine.policy.script import dump
    return [line for line in dump(config, reveal=True) if not line.startswith("#")]


def _replacing(config: "Config", old: "Config") -> list[str]:
    """The configuration of a machine that has another one."""
    clear = []
    if old.policies():
        clear = ["ipsec static delete all"]
    return clear + _dump(config)
