"""The lab as a diagnosis sees it: the plan with its addresses, and a ping that is captured."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from commands.errors import CommandError
from commands.session import Session
from engine.address import Address, format_address, parse_address, parse_network
from engine.capture import Capture
from engine.diagnose.exam.run import readable
from engine.diagnose.exam.seen import is_esp
from engine.diagnose.guide.view import EndHost, Plan, Probe, ProbeEcho, View
from engine.diagnose.look import ALONE, BOTH
from engine.ip import AH, IPv4

if TYPE_CHECKING:
    from engine.diagnose.diagnosis import Diagnosis

ECHOES = 4
ARTICLE_GATEWAY = "gwA"
NAMES = ("NetA", "NetB", "W2KextIP", "W2KintIP", "3rdExtIP", "3rdIntIP")
WORDS = {
    "reply": "Reply",
    "timeout": "Request timed out.",
    "negotiating": "Negotiating IP Security.",
    "unreachable-net": "Destination net unreachable.",
    "unreachable-host": "Destination host unreachable.",
    "needs-frag": "Packet needs to be fragmented but DF set.",
    "ttl-expired": "TTL expired in transit.",
}


def plan(session: Session) -> Plan:
    """What the tunnel is meant to join: the article's names as this session has bound them."""
    names = session.variables
    missing = [name for name in NAMES if name not in names]
    if missing:
        raise CommandError("no-tunnel", "No tunnel is configured here: nothing says what "
                           f"{', '.join(missing)} would be", exit=3,
                           fix="assign a policy with a tunnel rule, then type it again")
    try:
        return Plan(parse_network(names["NetA"]), parse_network(names["NetB"]),
                    parse_address(names["W2KextIP"]), parse_address(names["W2KintIP"]),
                    parse_address(names["3rdExtIP"]), parse_address(names["3rdIntIP"]))
    except ValueError as error:
        raise CommandError("bad-value", f"The article's names are bound wrongly: an address "
                           f"{error}", fix="Bind NetA, NetB and the gateways' addresses.") from None


def gateway_of(session: Session) -> str:
    """The gateway under diagnosis: the article's, or the live machine itself."""
    return session.machine if session.live else ARTICLE_GATEWAY


# (engine time, packet, whether it left) of the outer interface.
Watched = tuple[float, IPv4 | None, bool]


def view(session: Session, both: bool = True,
         watch: Callable[[list[Watched]], object] = len) -> View:
    """The gateway under diagnosis: the article's whatever machine is current, or the live one.

    `both` says whether other machines may be looked at, where there are any. `watch` is told what
    crossed the outer interface during a diagnosis.
    """
    wanted, name = plan(session), gateway_of(session)
    both = both and not session.live
    if session.live:
        wanted = wanted._replace(key="psk")

    def look(traffic: bool) -> "Diagnosis":
        from commands.diag.look import Wanted, look_at
        from engine.diagnose.diagnosis import diagnose
        ends = (wanted.own_internal, wanted.peer_internal) if session.live else (0, 0)
        found = look_at(session, Wanted(name, BOTH if both else ALONE, *ends, traffic))
        if found.seen is not None:
            watch([(one.summary.time, one.packet, one.outgoing)
                   for one in found.seen.frames.get((name, wanted.external), ())])
        return diagnose(found)

    return View(name, wanted, session.store.on(name), session.world.hosts[name],
                _end_hosts(session, wanted) if both else (), both=both, live=session.live,
                look=look)


def _end_hosts(session: Session, wanted: Plan) -> tuple[EndHost, ...]:
    found: list[EndHost] = []
    for name, gateway in (("hostA", wanted.own_internal), ("hostB", wanted.peer_internal)):
        adapters = session.store.on(name).interfaces()
        seen = [one.gateway for one in adapters if one.gateway is not None]
        found.append(EndHost(name, adapters[0].name if adapters else "",
                             seen[0] if seen else None, gateway))
    return tuple(found)


def ping_through(session: Session) -> Probe:
    """Pings a host of NetB from a host of NetA while our external interface is captured.

    A live machine pings the far gateway's inner address from its own. A capture the operator runs
    there goes on and is read; else ours is taken away again.
    """
    wanted, name = plan(session), gateway_of(session)
    lab, gateway = session.world, session.world.hosts[name]
    sender, receiver = (name, "peer") if session.live else ("hostA", "hostB")
    target = (wanted.peer_internal if session.live
              else session.store.on("hostB").interfaces()[0].address)
    where = name, wanted.external
    before = dict(gateway.counters)
    earlier = lab.captures.get(where)
    own = earlier is None or not earlier.running
    capture = lab.start_capture(*where) if own or earlier is None else earlier
    seen = len(capture.summaries())
    source = wanted.own_internal if session.live else None
    echoes = tuple(_echo(session, sender, target, source) for _ in range(ECHOES))
    if own:
        lab.stop_capture(*where)
    protocols = [packet.protocol for packet in capture.summaries()[seen:]]
    crossed = watched(capture)[seen:]
    if own:
        del lab.captures[where]
        if earlier is not None:
            lab.captures[where] = earlier
    refused = tuple((name, count - before.get(name, 0))
                    for name, count in gateway.counters.items() if count > before.get(name, 0))
    sealed = sum(1 for _, packet, _ in crossed
                 if packet is not None and (is_esp(packet) or packet.protocol == AH))
    return Probe(sender, receiver, echoes, protocols.count("ISAKMP"), sealed,
                 protocols.count("ICMP"), refused, tuple(crossed))


def watched(capture: Capture) -> list[Watched]:
    """The packets of a capture as they are read."""
    return [(one.time, readable(one.octets), one.outgoing) for one in capture.packets]


def _echo(session: Session, machine: str, target: Address,
          source: Address | None) -> ProbeEcho:
    """One echo a second, as ping sends them."""
    lab = session.world
    started = lab.now
    echo = lab.ping(machine, target, source=source)
    lab.run(max(lab.now, started + 1.0))
    text = WORDS.get(echo.kind, echo.kind)
    if echo.kind != "timeout":
        text = f"{text} from {format_address(echo.source)}".replace(". from", " from")
    return ProbeEcho(echo.kind, echo.clear, echo.protected, echo.soft, text)
