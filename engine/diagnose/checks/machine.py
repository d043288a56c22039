"""What configuration says about the machine around the policy: forwarding, filters, routes."""

from collections.abc import Iterator

from engine.address import Network, format_address
from engine.diagnose import repair, showing
from engine.diagnose.checks.declare import (
    DECLARED,
    READ,
    STATIC,
    Result,
    blamed,
    check,
    found,
    passed,
    show,
)
from engine.diagnose.finding import Fix
from engine.diagnose.lines import address_line
from engine.diagnose.look import Look
from engine.policy.script import quote

INNER = ("rras-filter-drops-traffic",)
FENCE = ("rras-output-filter-missing-neta-netb", "rras-input-filter-missing-netb-neta",
         "rras-filter-drops-ike")
HOSTS = ("host-default-gateway-wrong", "host-firewall-blocks-icmp")
ADDRESS = "host-address-wrong"
AUDITED = ("logon", "object")
ROUTES = ("missing-route-to-netb", "route-wrong-egress-interface", "route-next-hop-unreachable",
          "no-route", "no-route-to-peer")


@check("hosts", "host", "Would the hosts send, answer and route as they should?", kind=STATIC,
       verify="ipconfig", codes=(ADDRESS, *HOSTS))
def hosts(look: Look) -> Iterator[Result]:
    """Their addresses, default gateways and firewalls, where they can be read."""
    faults = [*_strangers(look), *blamed(look, HOSTS)]
    yield from faults
    names = [one.name for one in look.stations if one.role == "host"]
    if not faults and names:
        yield passed(f"{' and '.join(names)} use their gateways.")


def _strangers(look: Look) -> Iterator[Result]:
    """Hosts on a gateway's wire with an address that is not of the gateway's network there."""
    for host in (one for one in look.stations if one.role == "host"):
        for adapter in host.interfaces.values():
            nets = [one.net(inner.name) for one in look.gateways
                    for inner in one.interfaces.values() if inner.link == adapter.link]
            owner = next((one for one in look.gateways if adapter.address in one.own), None)
            if owner is not None:
                yield found(ADDRESS, f"{host.name} has {format_address(adapter.address)}, which is "
                            f"an address of {owner.name}.", machine=host.name, proof=READ,
                            evidence=(show(host, look, "ipconfig", address_line(adapter)),),
                            fix=Fix(f"Give {host.name} a free address of {nets[0]}." if nets else
                                    f"Give {host.name} a free address.", (), False, host.name))
            elif nets and not any(adapter.address in net for net in nets):
                yield found(ADDRESS, f"{host.name} has {format_address(adapter.address)}, and its "
                            f"network is {nets[0]}.", machine=host.name, proof=READ,
                            evidence=(show(host, look, "ipconfig", address_line(adapter)),),
                            fix=Fix(f"Give {host.name} a free address of {nets[0]}.", (), False,
                                    host.name))


@check("forwarding", "host", "Do the gateways forward?", kind=STATIC, verify="ipconfig /all",
       codes=("ip-forwarding-off",))
def forwarding(look: Look) -> Iterator[Result]:
    """A tunnel does not route by itself."""
    faults = list(blamed(look, ("ip-forwarding-off",)))
    yield from faults
    if not faults and look.own.snapshot.machine.forwarding:
        yield passed(f"Routing is on at {' and '.join(one.name for one in look.gateways)}.")


@check("inner-filters", "filter", "Do the inner interfaces' RRAS filters let the traffic pass?",
       kind=STATIC, verify=showing.FILTERS, codes=INNER)
def inner_filters(look: Look) -> Iterator[Result]:
    """They see the packet before it is protected and after."""
    faults = list(blamed(look, INNER))
    yield from faults
    if not faults:
        yield passed("Nothing is dropped there.")


@check("fence", "filter", "Do the outer interface's RRAS filters pass the tunnel and IKE?",
       kind=STATIC, verify=showing.FILTERS, codes=(*FENCE, "rras-not-fenced"))
def fence(look: Look) -> Iterator[Result]:
    """Filtering is done above IPsec; ESP needs no filter, IKE does."""
    faults = list(blamed(look, FENCE))
    yield from faults
    if faults or look.intent is None:
        return
    outside = look.intent.outside
    opened = [way for way in ("output", "input")
              if look.own.config.rras_default(outside, way) != "drop"]
    lines = tuple(f"{way}: {look.own.config.rras_default(outside, way)} what no filter names"
                  for way in ("output", "input"))
    evidence = (show(look.own, look, f"{showing.FILTERS} name={quote(outside)}", *lines),)
    if not opened:
        yield passed(f"{outside} passes the tunnel's networks and IKE, and drops the rest.",
                     evidence=evidence)
        return
    yield found("rras-not-fenced", f"{outside} of {look.own.name} passes every packet that no "
                f"filter names ({' and '.join(opened)}).", machine=look.own.name, proof=READ,
                evidence=evidence, fix=_close(look, outside))


def _close(look: Look, outside: str) -> Fix:
    """The article's fence: both pairs of networks both ways, then drop the rest."""
    intent = look.intent
    assert intent is not None
    own, peer = Network(intent.own, 32), Network(intent.peer, 32)
    lines: list[str] = []
    for way, pairs in (("output", ((intent.local, intent.remote), (own, peer))),
                       ("input", ((intent.remote, intent.local), (peer, own)))):
        known = {(Network(one.source, one.source_prefix),
                  Network(one.destination, one.destination_prefix), one.protocol)
                 for one in look.own.config.rras_filters(outside, way)}
        for pair in pairs:
            if (*pair, 0) not in known:
                lines += repair.allow(look.own, outside, way, *pair, "").commands
        lines.append(f"routing ip set filter name={quote(outside)} filtertype={way} action=DROP")
    return Fix("Allow the tunnel's networks and IKE, then drop the rest.", tuple(lines), False,
               look.own.name)


@check("routes", "route", "Does the route to the other network lead into the tunnel?", kind=STATIC,
       verify=showing.ROUTES, codes=ROUTES)
def routes(look: Look) -> Iterator[Result]:
    """By the adapter that holds the tunnel's address."""
    faults = list(blamed(look, ROUTES))
    yield from faults
    if not faults and look.intent is not None:
        hop = look.own.routes.resolve(look.sample.far)
        if hop is not None:
            yield passed(f"{look.intent.remote} is reached by {hop.interface}.")


@check("audit", "audit", "Is auditing on, so that events 541 to 547 are logged?", kind=STATIC,
       verify="auditpol", codes=("auditing-off",))
def audit(look: Look) -> Iterator[Result]:
    """Without it nothing tells whether a negotiation was tried."""
    config = look.own.config
    on = {one.category for one in config.effective_audit() if one.success and one.failure}
    off = [name for name in AUDITED if name not in on]
    if not off:
        yield passed("Success and failure of logon events and object access are audited.")
        return
    domain = {one.category for one in config.audit("domain")} & set(off)
    text = "The domain's policy overwrites the local one: change it there." if domain \
        else "Audit both, success and failure."
    where = " /domain" if domain else ""
    yield found("auditing-off", f"{look.own.name} does not audit success and failure of "
                f"{' and '.join(off)}.", machine=look.own.name, proof=READ,
                evidence=(show(look.own, look, "auditpol", *(f"{one}: not complete"
                                                             for one in off)),),
                fix=Fix(text, (f"auditpol{where} /enable /logon:all /object:all",), True,
                        look.own.name))


@check("anything", "route", "Is there anything else in the way by configuration?", kind=STATIC,
       verify="diag trace")
def anything(look: Look) -> Iterator[Result]:
    """What the trace finds and no other check is about."""
    asked = {code for one in DECLARED for code in one.codes}
    faults = list(blamed(look, {one.blocker.code for one in look.blamed} - asked))
    yield from faults
    if not faults:
        yield passed("Nothing.")
