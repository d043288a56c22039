"""The lab as a diagnosis sees it: the plan with its addresses, and a ping that is captured."""

from commands.errors import CommandError
from commands.session import Session
from engine.address import parse_address, parse_network
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
    return View("gwA", wanted, session.store.on("gwA"), session.lab.hosts["gwA"],
                _end_hosts(session, wanted), probe)


def _end_hosts(session: Session, wanted: Plan) -> tuple[EndHost, ...]:
    found = []
    for name, gateway in (("hostA", wanted.own_internal), ("hostB", wanted.peer_internal)):
        seen = [one.gateway for one in session.store.on(name).interfaces()
                if one.gateway is not None]
        found.append(EndHost(name, seen[0] if seen else None, gateway))
    return tuple(found)


def ping_through(session: Session) -> Probe:
    """Pings a host of NetB from a host of NetA while our external interface is captured."""
    lab, gateway = session.lab, session.lab.hosts["gwA"]
    target = session.store.on("hostB").interfaces()[0].address
    before = dict(gateway.counters)
    echoes = []
    watch = lab.watch("gwA", plan(session).external)
    for _ in range(ECHOES):
        echo = lab.ping("hostA", target)
        text = WORDS.get(echo.kind, echo.kind)
        echoes.append(ProbeEcho(echo.kind, echo.clear, echo.protected, echo.soft, text))
    counts = watch.stop()
    refused = tuple((name, count - before.get(name, 0))
                    for name, count in gateway.counters.items() if count > before.get(name, 0))
    return Probe("hostA", "hostB", tuple(echoes), counts.isakmp, counts.esp, counts.clear_icmp,
                 refused)
