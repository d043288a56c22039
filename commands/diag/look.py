"""The session as a diagnosis sees it: which machines are in view, between whom it may ping."""

from typing import TYPE_CHECKING, NamedTuple

from commands.diag.scene import gateway, hints
from commands.errors import CommandError
from engine.address import Address, parse_address
from engine.diagnose.exam.run import Examiner, Scope
from engine.diagnose.look import ALONE, Ends, Look
from engine.diagnose.station import Station

if TYPE_CHECKING:
    from commands.session import Session
    from engine.host import Host


class Wanted(NamedTuple):
    """What the operator asked for: the gateway, the view, the two addresses (0: our choice).

    `peer` is a file with the other gateway's configuration.
    """

    machine: str = ""
    view: str = ""
    source: Address = 0
    destination: Address = 0
    ping: bool = True
    peer: str = ""


def look_at(session: "Session", wanted: Wanted) -> Look:
    """Builds the look and makes the examination. Raises CommandError."""
    hosts = session.world.hosts
    own = gateway(session, wanted.machine)
    alone = wanted.peer != "" or wanted.view == ALONE or (wanted.view == ""
                                                         and bool(wanted.machine))
    other = _other(session, own)
    peer = None if alone or other is None else Station.of_host(other)
    near, far = _host_near(session, own), _host_far(session, own)
    ends = Ends(wanted.source or _address(near), wanted.destination or _address(far))
    stations = [Station.of_host(hosts[own])]
    inner = [Station.of_host(one) for one in (near, far) if one is not None]
    if peer is not None:
        stations += [peer, *inner]
    look = Look(stations[0], peer, stations, ends, hints(session), session.wall())
    if wanted.peer:
        look = _with_file(session, wanted.peer, look)
    look.hosts = tuple(inner[:1])
    look.peer_name = other.name if other is not None and not wanted.peer else ""
    look.far_name = far.name if far is not None else ""
    pinged = getattr(session.world, "pinged", None)
    look.pinged = tuple(pinged or ())
    if wanted.ping:
        _examine(session, look, near, far)
    if pinged is not None:
        # What the test has sent is nobody's complaint.
        pinged.clear()
        pinged.extend(look.pinged)
    return look


def _with_file(session: "Session", name: str, alone: Look) -> Look:
    """The same look with the other gateway as a file describes it."""
    from commands.diag.peerfile import imported
    intent = alone.intent
    if intent is None:
        raise CommandError("no-tunnel", f"{alone.own.name} has no tunnel to compare with {name}",
                           tag="peer", fix="diag check")
    found = imported(session, name, alone.own, intent)
    look = Look(alone.own, found.station, (alone.own, found.station), alone.ends, alone.hints,
                alone.wall)
    look.imported = found
    return look


def _examine(session: "Session", look: Look, near: "Host | None", far: "Host | None") -> None:
    intent = look.intent
    if intent is None or not look.ends.far:
        return
    sender = near if near is not None else session.world.hosts[look.own.name]
    inner = session.variables.get("3rdIntIP" if look.own.name == "gwA" else "W2KintIP", "")
    look.scope = Scope(
        look.own.name, look.peer.name if look.peer is not None and look.peer.host else "",
        sender.name, look.ends.far, intent,
        far.name if far is not None and look.peer is not None and look.peer.host else "",
        _parse(inner), 0, look.ends.near, getattr(session.world, "send", None))
    look.seen = Examiner(session.world, look.scope).run()


def _parse(text: str) -> Address:
    try:
        return parse_address(text)
    except ValueError:
        return 0


def _other(session: "Session", own: str) -> "Host | None":
    """The other gateway, where this session has it."""
    return next((host for name, host in session.world.hosts.items() if name != own
                 and session.store.on(name).machine.role == "gateway"), None)


def _host_near(session: "Session", own: str) -> "Host | None":
    """A host on a wire of ours."""
    return next((host for host in _hosts(session) if _shares(session, host, own)), None)


def _host_far(session: "Session", own: str) -> "Host | None":
    """A host that is not."""
    return next((host for host in _hosts(session) if not _shares(session, host, own)), None)


def _hosts(session: "Session") -> "list[Host]":
    return [host for name, host in session.world.hosts.items()
            if session.store.on(name).machine.role == "host"]


def _shares(session: "Session", host: "Host", own: str) -> bool:
    links = {one.link for one in session.store.on(own).interfaces()}
    return any(one.link in links for one in session.store.on(host.name).interfaces())


def _address(host: "Host | None") -> Address:
    return next((one.address for one in host.interfaces.values()), 0) if host is not None else 0


