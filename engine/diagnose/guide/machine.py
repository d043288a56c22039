"""Steps about the machine around the policy: assignment, driver, RRAS filters, routes."""

from engine.address import Address, Network, format_address
from engine.diagnose import repair
from engine.diagnose.finding import Fix
from engine.diagnose.guide.policy import STATIC, location_of, yes
from engine.diagnose.guide.step import NO, Question, Result, evidence, failed, passed, step, warned
from engine.diagnose.guide.view import View
from engine.policy.model import RrasFilter
from engine.policy.script import quote

ROUTING = "routing ip"
ASSIGN = "How to Assign Your New IPSec Policy to Your Windows 2000 Gateway"
FILTERING = "How to Configure RRAS Filtering"
ROUTES = "How to Configure Static Routes in RRAS"
FENCE = Question("fence", "Is traffic that does not belong to the tunnel to be dropped?")


# --- the assignment -------------------------------------------------------------------------------


@step("assigned", ASSIGN, "Is the policy assigned?",
      why="A policy that is not assigned does nothing: traffic leaves in the clear.",
      verify=f"{STATIC} show policy all", needs=("policy", "rule-out", "rule-in"))
def policy_assigned(view: View) -> Result:
    policy = view.policy()[1]
    shown = evidence(f"{STATIC} show policy {quote(policy.name)}",
                     f"Assigned: {yes(policy.assigned).upper()}")
    if not policy.assigned:
        return failed("policy-not-assigned", f"'{policy.name}' is not assigned.",
                      repair.assign(view.station, location_of(view), policy.name), shown)
    return passed(f"'{policy.name}' is assigned ({location_of(view)}).", shown)


@step("service", ASSIGN,
       "Does the IPSec policy agent run?",
       why="The agent loads the filters into the driver and speaks IKE on UDP 500.",
       verify="net start")
def agent_runs(view: View) -> Result:
    if not view.host.agent_running:
        return failed("service-not-running", "The IPSec policy agent is stopped.",
                      repair.service(view.station))
    return passed("The policy agent runs.")


@step("active", ASSIGN,
       "Are both tunnel filters active in the driver?",
       why="After the assignment there are two more active filters; what is not active "
           "protects nothing.",
       verify="netdiag /test:ipsec /debug", needs=("assigned", "rule-out", "rule-in", "service"))
def filters_active(view: View) -> Result:
    wanted = {("outbound", view.plan.net_a, view.plan.net_b),
              ("inbound", view.plan.net_b, view.plan.net_a)}
    lines = []
    for entry in view.host.spd.entries:
        if entry.tunnel is None:
            continue
        lines.append(f"{entry.name}: {entry.source} -> {entry.destination}, {entry.direction}, "
                     f"tunnel {format_address(entry.tunnel)}")
        wanted.discard((entry.direction, entry.source, entry.destination))
    shown = evidence("netdiag /test:ipsec /debug", *(lines or ["no tunnel filter"]))
    if wanted:
        return failed("filter-not-active", "The driver misses: " + ", ".join(
            f"{source} -> {destination}" for _, source, destination in sorted(wanted)) + ".",
            repair.restart_agent(view.station), shown)
    return passed("Both tunnel filters are active.", shown)


# --- the fence ---------------------------------------------------------------------------------


def _covers(one: RrasFilter, source: Network, destination: Network) -> bool:
    return (one.protocol == 0 and Network(one.source, one.source_prefix).covers(source)
            and Network(one.destination, one.destination_prefix).covers(destination))


def _add_filter(view: View, direction: str, source: Network, destination: Network) -> str:
    return (f"{ROUTING} add filter name={quote(view.plan.external)} filtertype={direction} "
            f"srcaddr={format_address(source.address)} srcmask={format_address(source.mask)} "
            f"dstaddr={format_address(destination.address)} "
            f"dstmask={format_address(destination.mask)} proto=ANY")


def _show_filters(view: View, direction: str) -> tuple[str, ...]:
    lines = [f"{direction} default: "
             f"{view.config.rras_default(view.plan.external, direction)}"]
    for one in view.config.rras_filters(view.plan.external, direction):
        lines.append(f"{Network(one.source, one.source_prefix)} -> "
                     f"{Network(one.destination, one.destination_prefix)} "
                     f"protocol {one.protocol or 'any'}")
    return tuple(lines)


def _rras(view: View, direction: str, source: Network, destination: Network,
          ike_source: Address, ike_destination: Address, tunnel_code: str) -> Result:
    """One direction of the fence: the tunnel's nets, the IKE allowance, then drop the rest."""
    external = view.plan.external
    filters = view.config.rras_filters(external, direction)
    closed = view.config.rras_default(external, direction) == "drop"
    ike = (Network(ike_source, 32), Network(ike_destination, 32))
    missing = [pair for pair in ((source, destination), ike)
               if not any(_covers(one, *pair) for one in filters)]
    adds = tuple(_add_filter(view, direction, *pair) for pair in missing)
    close = () if closed else (f"{ROUTING} set filter name={quote(external)} "
                               f"filtertype={direction} action=DROP",)
    shown = evidence(f"{ROUTING} show filter name={quote(external)}",
                     *_show_filters(view, direction))
    if closed and missing:
        code = "rras-filter-drops-ike" if missing[0] == ike else tunnel_code
        text = "the IKE allowance" if missing[0] == ike else "the tunnel's networks"
        return failed(code, f"The {direction} filters of {external} drop everything else and "
                            f"lack {text}: {missing[0][0]} -> {missing[0][1]}.",
                      Fix("Add the missing filter.", adds), shown)
    if not closed and view.answer(FENCE.name) == NO:
        return passed(f"{external} passes every {direction} packet that no filter names, as it "
                      "is meant to.", shown)
    if not closed:
        return failed(f"rras-{direction}-not-fenced",
                      f"{external} passes every {direction} packet that no filter names.",
                      Fix("Allow the tunnel's networks and IKE, then drop the rest.",
                          adds + close), shown, question=FENCE)
    if len(filters) > 2:
        return warned(f"rras-{direction}-more-allowed",
                      f"{len(filters) - 2} more {direction} filter(s) let other traffic pass "
                      f"{external}.", None, shown)
    return passed(f"{external} passes only the tunnel's networks and IKE, {direction}.", shown)


@step("rras-output", FILTERING,
       "Do the output filters pass NetA to NetB and IKE, and drop the rest?",
       why="Filtering is done above IPsec: it sees the packets before they are protected. "
           "ESP needs no filter, IKE does.",
       verify="routing ip show filter")
def rras_output(view: View) -> Result:
    plan = view.plan
    return _rras(view, "output", plan.net_a, plan.net_b, plan.own_external, plan.peer_external,
                 "rras-output-filter-missing-neta-netb")


@step("rras-input", FILTERING,
       "Do the input filters pass NetB to NetA and IKE, and drop the rest?",
       why="Filtering is done above IPsec: inbound it sees the decrypted packets.",
       verify="routing ip show filter")
def rras_input(view: View) -> Result:
    plan = view.plan
    return _rras(view, "input", plan.net_b, plan.net_a, plan.peer_external, plan.own_external,
                 "rras-input-filter-missing-netb-neta")


@step("forwarding", ROUTES, "Does the gateway forward?",
       why="An IPsec tunnel does not route by itself: routing has to be on.",
       verify="ipconfig /all")
def forwarding_on(view: View) -> Result:
    if not view.config.machine.forwarding:
        return failed("ip-forwarding-off", "IP routing is disabled.",
                      Fix("Switch forwarding on in the kernel: sysctl -w net.ipv4.ip_forward=1")
                      if view.live else repair.forwarding(view.station),
                      evidence("ipconfig /all", "IP Routing Enabled: No"))
    return passed("IP routing is enabled.", evidence("ipconfig /all", "IP Routing Enabled: Yes"))


@step("route", ROUTES,
       "Does a route take NetB out of the external interface?",
       why="The outer source address is that of the outgoing interface; on the wrong one the "
           "other gateway sees a stranger.",
       verify="route print")
def route_to_netb(view: View) -> Result:
    plan = view.plan
    best = view.station.routes.lookup(plan.net_b.address + 1)
    text = "Bind NetB to the external interface."
    if best is None:
        return failed("missing-route-to-netb", f"No route covers {plan.net_b}.",
                      repair.add_route(view.station, plan.net_b, plan.external,
                                       plan.peer_external, text),
                      evidence("route print", "no route to NetB"))
    shown = evidence("route print", f"{Network(best.destination, best.prefix)} via "
                                    f"{format_address(best.gateway)} on {best.interface}")
    if best.interface.casefold() != plan.external.casefold():
        delete = (repair.delete_route(best.destination, best.prefix, best.interface),) \
            if best.origin == "static" else ()
        fix = repair.add_route(view.station, plan.net_b, plan.external, plan.peer_external, text,
                               *delete)
        return failed("route-wrong-egress-interface",
                      f"The route to NetB leaves by {best.interface}, not by {plan.external}.",
                      fix._replace(commands=(*fix.commands, repair.FRESH)), shown)
    return passed(f"NetB is routed by {best.interface}.", shown)
