"""The lab as a trace sees it: its machines as stations, its links as wires."""

from typing import TYPE_CHECKING

from commands.errors import CommandError
from engine.address import parse_address, parse_network
from engine.diagnose.finding import Fix
from engine.diagnose.plan import Hints
from engine.diagnose.station import Station
from engine.diagnose.trace.scene import Loss, Scene, Wire
from engine.ip import UDP
from engine.policy.model import PROTOCOLS
from engine.policy.script import quote

if TYPE_CHECKING:
    from commands.session import Session
    from engine.lab.link import Drop, Link

USUAL_MTU = 1500


def hints(session: "Session") -> Hints:
    """The article's names as this session has bound them. Raises CommandError."""
    names = session.variables
    try:
        return Hints(parse_network(names["NetA"]), parse_network(names["NetB"]),
                     parse_address(names["W2KextIP"]), parse_address(names["3rdExtIP"]))
    except ValueError as error:
        raise CommandError("bad-value", f"The article's names are bound wrongly: an address "
                           f"{error}", fix="Bind NetA, NetB, W2KextIP and 3rdExtIP.") from None


def gateway(session: "Session", machine: str = "") -> str:
    """The gateway that is meant: the named one, the current machine, or the first there is.

    Raises NotFound, CommandError when the named machine is no gateway.
    """
    names = [one.name for one in session.store.machines() if one.role == "gateway"]
    if machine:
        name = session.store.on(machine).name
        if name not in names:
            raise CommandError("bad-value", f"{name} is no gateway", tag="machine",
                               known=tuple(names))
        return name
    return session.machine if session.machine in names else names[0]


def whole_scene(session: "Session", own: str) -> Scene:
    """Every machine and every link of the lab."""
    lab = session.lab
    stations = [Station.of_host(host) for host in lab.hosts.values()]
    return Scene(stations, {name: wire(link) for name, link in lab.links.items()}, own,
                 hints(session))


def wire(link: "Link") -> Wire:
    """A link with what is wrong with it."""
    name = quote(link.name)
    losses = tuple(_loss(link, one) for one in link.drops
                   if not one.count or one.dropped < one.count)
    return Wire(link.name, link.external, link.up and link.loss < 1, link.mtu, losses,
                Fix("Bring the link up.", (f"lab set link {name} state=up loss=0",)),
                Fix("Let longer packets pass the link.",
                    (f"lab set link {name} mtu={USUAL_MTU}",)))


def loss_line(link: "Link", one: "Drop") -> str:
    """The line that makes a link lose these packets."""
    return f"lab add drop link={quote(link.name)}" + "".join(
        f" {tag}={value}" for tag, value in (("protocol", one.protocol), ("port", one.port),
                                             ("message", one.message),
                                             ("direction", one.sender),
                                             ("nth", one.nth if one.nth > 1 else 0),
                                             ("count", one.count)) if value)


def _loss(link: "Link", one: "Drop") -> Loss:
    what = PROTOCOLS.get(one.protocol, str(one.protocol)) if one.protocol else "any packet"
    what += f" port {one.port}" if one.port else ""
    what = f"message {one.message} of IKE" if one.message else what
    line = loss_line(link, one)
    protocol, port = (UDP, 500) if one.message else (one.protocol, one.port)
    return Loss(protocol, port, one.sender, f"{what} is dropped", line, Fix(
        "Let it pass.", (f"lab delete drop number={one.number}",)))
