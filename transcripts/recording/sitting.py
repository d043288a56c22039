"""One run of the program: what is heard goes into the journal, and into a recording if there is
one. Made for every process, so nothing is imported here that only a recording needs.
"""

import os
from collections.abc import Callable

from engine.policy.model import Secret
from engine.values import TYPE_CHECKING
from transcripts.hiding import Hider
from transcripts.recording.event import LINES_MOST, Event
from transcripts.recording.hear import make_event
from transcripts.recording.journal import append

if TYPE_CHECKING:
    from commands.session import Session
    from commands.witness import Heard
    from transcripts.recording.record import Basis

WHOLE = 1 << 40
EVENTS_MOST = 5000
# What the operator types to record is no part of the conversation.
OWN = frozenset({"start", "stop", "save", "label"})


class Recording:
    """A recording under way: where it goes, what it stands on, and its events, in full."""

    def __init__(self, path: str, title: str = "", stands: "Basis | None" = None) -> None:
        self.path, self.title, self.stands = path, title, stands
        self.events: list[Event] = []


class Sitting:
    """Keeps what a session's witness heard; mutable.

    `path` is the journal, "" for none; `events` are the newest ones of this sitting, `whole` says
    whether none is missing.
    """

    def __init__(self, session: "Session", path: str, at: float) -> None:
        self.session, self.path = session, path
        self.identity = f"{int(at * 1000):x}-{os.getpid():x}"
        self.events: list[Event] = []
        self.whole = True
        self.recording: Recording | None = None
        self.label = ""
        self._hider: Hider | None = None

    @property
    def hider(self) -> Hider:
        """The names of the secrets of this sitting."""
        if self._hider is None:
            self._hider = Hider()
            for name, value in self.session.variables.items():
                if isinstance(value, Secret):
                    self._hider.learn(value, name, everywhere=False)
        return self._hider

    def told(self, heard: "Heard") -> None:
        """A line has ended: it is kept."""
        mine = own(heard)
        recorded = self.recording is not None and not mine
        event = make_event(heard, self.hider, self.session, self.identity,
                           WHOLE if recorded else LINES_MOST)
        if not self.events:
            event.start = self.start()
        if self.label and not mine:
            event.label, self.label = self.label, ""
        short = event.shortened(LINES_MOST)
        if self.path:
            append(self.path, short)
        self.events.append(short)
        if len(self.events) > EVENTS_MOST:
            del self.events[1]
            self.whole = False
        if recorded and self.recording is not None:
            self.recording.events.append(event)

    def start(self) -> dict[str, object]:
        """What the sitting stands on: written with its first line."""
        session = self.session
        data: dict[str, object] = {"seed": session.seed, "store": session.store_path}
        if session.epoch is not None:
            data["epoch"] = session.epoch
        if session.site is not None:
            data["bind"] = session.site.names()
        if session.live or session.remote is not None:
            data["live"] = True
        return data


def own(heard: "Heard") -> bool:
    """Whether a line is about the recording itself."""
    return about_recording(heard.parsed.words) if heard.parsed is not None else False


def about_recording(words: tuple[str, ...]) -> bool:
    """Whether the full words of a command are one that records."""
    return words[:1] == ("history",) or words[:1] == ("transcript",) and words[1:2] != () \
        and words[1] in OWN


def listen(session: "Session", path: str, clock: Callable[[], float]) -> Sitting:
    """From now on the session has a witness that keeps what it hears."""
    from commands.witness import Witness
    sitting = Sitting(session, path, clock())
    session.witness = Witness(session, clock, sitting)
    return sitting
