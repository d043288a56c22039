"""From what was heard to a file: which lines, what they stand on, the text, the check."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from engine.policy.keystrength import is_weak
from engine.policy.model import Secret
from transcripts.recording.base import Base, base_of, written_out
from transcripts.recording.compose import Frame, Recorded, compose
from transcripts.recording.event import Event
from transcripts.recording.journal import read
from transcripts.recording.scripts import typed
from transcripts.recording.sitting import Sitting, about_recording

if TYPE_CHECKING:
    from commands.session import Session
    from transcripts.hiding import Hider

SUFFIX = ".transcript"
TITLE = "Recorded conversation"


class NoRecording(Exception):
    """Nothing can be recorded; the text says why."""


class Basis(NamedTuple):
    """What is typed before a recording: lines that make the store, and lines that were typed."""

    base: Base
    setup: tuple[Event, ...]
    lost: tuple[str, ...] = ()


def history(sitting: Sitting) -> list[Event]:
    """All events that are known, the oldest first; those of this sitting from memory."""
    others = [one for one in read(sitting.path) if one.sitting != sitting.identity] \
        if sitting.path else []
    return sorted([*others, *sitting.events], key=lambda one: one.at)


def own(event: Event) -> bool:
    """Whether a line was about the recording itself."""
    return about_recording(event.meaning.words)


def spoken(event: Event) -> bool:
    """Whether a line was a command, or a try at one."""
    text = event.text.strip()
    return bool(text) and not own(event) and not text.startswith(("#", ";", "::"))


def basis(first: Event, events: Sequence[Event], session: "Session",
          hider: "Hider") -> Basis:
    """What the first line of a recording stood on."""
    base = base_of(first, events)
    if not base.gap:
        return Basis(base, ())
    now = session.store.generation() if session.store_path == first.store else -2
    if base.generation not in (-1, now) and first.store:
        return Basis(base, (), (f"the store as it was before: {base.gap}, and it has been changed "
                                "since",))
    lines = written_out(session)
    return Basis(base, tuple(typed(lines, _at_root(first), hider)))


def _at_root(event: Event) -> Event:
    from copy import copy
    one = copy(event)
    one.context = one.after = ()
    one.machine = "gwA"
    return one


def start_of(first: Event, events: Sequence[Event]) -> dict[str, object]:
    """What the sitting of an event stands on."""
    return next((one.start for one in events
                 if one.sitting == first.sitting and one.start is not None), {})


def make(events: Sequence[Event], known: Sequence[Event], session: "Session", hider: "Hider",
         title: str = "", given: Basis | None = None) -> Recorded:
    """The transcript of some events. Raises NoRecording when there are none."""
    kept = [event for event in events if spoken(event)]
    if not kept:
        raise NoRecording("nothing was typed that could be recorded")
    stands = given or basis(kept[0], known, session, hider)
    weak = {name for event in [*stands.base.earlier, *kept] for name in _weak(event)}
    weak |= {name.partition(":")[2] for value, name in hider.names.items()
             if name.startswith("secret:") and is_weak(Secret(value))}
    frame = Frame(title or TITLE, start_of(kept[0], known), frozenset(weak))
    made = compose(kept, stands.base, stands.setup, frame, hider)
    return made._replace(lost=(*stands.lost, *made.lost))


def _weak(event: Event) -> list[str]:
    """The secrets of a line of which the shell said that they are weak."""
    if not any(text.startswith("WARN WEAK-KEY") for one in event.said for text, _ in one.spans):
        return []
    return [piece.partition("}")[0] for piece in event.text.split("${secret:")[1:]]


def write(made: Recorded, path: str, session: "Session") -> str:
    """Writes a transcript, 0600; gives its path. Raises OSError, ValueError."""
    full = os.path.normpath(session.files.full(path, session.folder))
    full = full if os.path.splitext(full)[1] else full + SUFFIX
    session.files.replace(full, made.text.encode())
    return full
