"""The lab as a diagnosis sees it: the plan with its addresses, and a ping that is captured."""

from commands.errors import CommandError
from commands.session import Session
from engine.address import Address, format_address, parse_address, parse_network
from engine.diagnose.view import EndHost, Plan, Probe, ProbeEcho, View

ECHOES = 4
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
    try:
        return Plan(parse_network(names["NetA"]), parse_network(names["NetB"]),
                    parse_address(names["W2KextIP"]), parse_address(names["W2KintIP"]),
                    parse_address(names["3rdExtIP"]), parse_address(names["3rdIntIP"]))
    except ValueError as error:
        raise CommandError("bad-value", f"The article's names are bound wrongly: an address "
                           f"{error}", fix="Bind NetA, NetB and the gateways' addresses.") from None


def view(session: Session, probe: Probe | None = None) -> View:
    """The gateway under diagnosis: always the article's, whatever machine is current."""
    wanted = plan(session)
    return View("gwA", wanted, session.store.on("gwA"), session.world.hosts["gwA"],
                _end_hosts(session, wanted), probe)


def _end_hosts(session: Session, wanted: Plan) -> tuple[EndHost, ...]:
    found = []
    for name, gateway in (("hostA", wanted.own_internal), ("hostB", wanted.peer_internal)):
        seen = [one.gateway for one in session.store.on(name).interfaces()
                if one.gateway is not None]
        found.append(EndHost(name, seen[0] if seen else None, gateway))
    return tuple(found)


def ping_through(session: Session) -> Probe:
    """Pings a host of NetB from a host of NetA while our external interface is captured.

    A capture the operator runs there goes on and is read; else ours is taken away again.
    """
    lab, gateway, external = session.world, session.world.hosts["gwA"], plan(session).external
    target = session.store.on("hostB").interfaces()[0].address
    before = dict(gateway.counters)
    earlier = lab.captures.get(("gwA", external))
    own = earlier is None or not earlier.running
    capture = lab.start_capture("gwA", external) if own or earlier is None else earlier
    seen = len(capture.summaries())
    echoes = tuple(_echo(session, target) for _ in range(ECHOES))
    protocols = [packet.protocol for packet in capture.summaries()[seen:]]
    if own:
        lab.stop_capture("gwA", external)
        del lab.captures["gwA", external]
        if earlier is not None:
            lab.captures["gwA", external] = earlier
    refused = tuple((name, count - before.get(name, 0))
                    for name, count in gateway.counters.items() if count > before.get(name, 0))
    return Probe("hostA", "hostB", echoes, protocols.count("ISAKMP"), protocols.count("ESP"),
                 protocols.count("ICMP"), refused)


def _echo(session: Session, target: Address) -> ProbeEcho:
    """One echo a second, as ping sends them."""
    lab = session.world
    started = lab.now
    echo = lab.ping("hostA", target)
    lab.run(max(lab.now, started + 1.0))
    text = WORDS.get(echo.kind, echo.kind)
    if echo.kind != "timeout":
        text = f"{text} from {format_address(echo.source)}".replace(". from", " from")
    return ProbeEcho(echo.kind, echo.clear, echo.protected, echo.soft, text)
