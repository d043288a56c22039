"""`diag check` of what was kept: saved captures and event logs of one gateway or of both."""

from typing import TYPE_CHECKING, NamedTuple

from commands.diag.look import Wanted, look_at
from commands.diag.peerfile import read_octets, read_text
from commands.errors import CommandError
from engine.diagnose.look import Look
from engine.diagnose.past.events import read_events
from engine.diagnose.past.pcapread import read_capture
from engine.diagnose.past.record import Kept, examined
from engine.diagnose.plan import Intent
from engine.diagnose.station import Station
from engine.errors import ParseError

if TYPE_CHECKING:
    from commands.session import Session
    from engine.diagnose.past.pcapread import Recorded
    from engine.events import LogEvent

LARGEST = 1 << 28


class Files(NamedTuple):
    """The names of what was kept; "" for what was not."""

    capture: str = ""
    inner: str = ""
    log: str = ""
    peercapture: str = ""
    peerlog: str = ""

    @property
    def theirs(self) -> bool:
        return bool(self.peercapture or self.peerlog)


def look_at_records(session: "Session", wanted: Wanted, files: Files) -> Look:
    """The look whose examination are these files. Raises CommandError."""
    if files.theirs and not (files.capture or files.log):
        raise CommandError("missing-tag", "records of the other gateway alone tell nothing of ours",
                           tag="peercapture", fix="capture= or log=")
    look = look_at(session, wanted._replace(ping=False))
    if look.intent is None:
        raise CommandError("no-tunnel", f"{look.own.name} has no tunnel that they could be of",
                           tag="capture", fix="diag check")
    # What runs now is not what ran then.
    own, peer = Station.of_config(look.own.config), look.peer
    if peer is not None and look.imported is None:
        peer = Station.of_config(peer.config)
    past = Look(own, peer, [own, *([peer] if peer is not None else [])], look.ends, look.hints,
                look.wall)
    past.imported, past.peer_name = look.imported, look.peer_name
    intent = past.intent
    assert intent is not None
    kept = [Kept(own, intent, _capture(session, files.capture, "capture"),
                 _capture(session, files.inner, "inner"), _log(session, files.log, "log"))]
    if files.theirs:
        if peer is None:
            raise CommandError("no-peer", "the other gateway is not in view", tag="peercapture",
                               fix="peer=FILE with its configuration, or leave machine= out")
        kept.append(Kept(peer, _facing(past, peer, intent),
                         _capture(session, files.peercapture, "peercapture"), (),
                         _log(session, files.peerlog, "peerlog")))
    past.seen = examined(kept, past.ends.near, past.ends.far, session.world.epoch)
    return past


def _facing(look: Look, peer: Station, intent: Intent) -> Intent:
    """The same tunnel from the other end."""
    found = look.scene.intents.get(peer.name, [])
    return next((one for one in found if (one.local, one.remote) == (intent.remote, intent.local)),
                found[0] if found else intent._replace(
                    local=intent.remote, remote=intent.local, own=intent.peer, peer=intent.own))


def _capture(session: "Session", name: str, tag: str) -> "tuple[Recorded, ...]":
    if not name:
        return ()
    try:
        return tuple(read_capture(read_octets(session, name, tag, LARGEST)))
    except ParseError as error:
        raise CommandError("bad-file", f"{name} cannot be read: {error.field}", tag=tag) from None


def _log(session: "Session", name: str, tag: str) -> "tuple[LogEvent, ...]":
    if not name:
        return ()
    try:
        return tuple(read_events(read_text(session, name, tag), session.world.epoch))
    except ParseError as error:
        raise CommandError("bad-file", f"{name} cannot be read: {error.field}", tag=tag) from None
