"""Questions about the machine around the policy: driver, RRAS filters, routes, auditing."""

from engine.address import Address, Network, format_address
from engine.diagnose.check import Result, check, evidence, failed, passed, unknown, warned
from engine.diagnose.finding import Fix
from engine.diagnose.policy import quote
from engine.diagnose.view import View
from engine.policy.model import Route, RrasFilter

ROUTING = "routing ip"


@check("service", "How to Assign Your New IPSec Policy to Your Windows 2000 Gateway",
       "Does the IPSec policy agent run?",
       why="The agent loads the filters into the driver and speaks IKE on UDP 500.",
       verify="net start")
def agent_runs(view: View) -> Result:
    if not view.host.agent_running:
        return failed("service-not-running", "The IPSec policy agent is stopped.",
                      Fix("Start it.", ("net start policyagent",)))
    return passed("The policy agent runs.")


@check("active", "How to Assign Your New IPSec Policy to Your Windows 2000 Gateway",
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
            Fix("Restart the policy agent.", ("net stop policyagent", "net start policyagent")),
            shown)
    return passed("Both tunnel filters are active.", shown)


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
    if not closed:
        return failed(f"rras-{direction}-not-fenced",
                      f"{external} passes every {direction} packet that no filter names.",
                      Fix("Allow the tunnel's networks and IKE, then drop the rest.",
                          adds + close), shown)
    if len(filters) > 2:
        return warned(f"rras-{direction}-more-allowed",
                      f"{len(filters) - 2} more {direction} filter(s) let other traffic pass "
                      f"{external}.", None, shown)
    return passed(f"{external} passes only the tunnel's networks and IKE, {direction}.", shown)


@check("rras-output", "How to Configure RRAS Filtering",
       "Do the output filters pass NetA to NetB and IKE, and drop the rest?",
       why="Filtering is done above IPsec: it sees the packets before they are protected. "
           "ESP needs no filter, IKE does.",
       verify="routing ip show filter")
def rras_output(view: View) -> Result:
    plan = view.plan
    return _rras(view, "output", plan.net_a, plan.net_b, plan.own_external, plan.peer_external,
                 "rras-output-filter-missing-neta-netb")


@check("rras-input", "How to Configure RRAS Filtering",
       "Do the input filters pass NetB to NetA and IKE, and drop the rest?",
       why="Filtering is done above IPsec: inbound it sees the decrypted packets.",
       verify="routing ip show filter")
def rras_input(view: View) -> Result:
    plan = view.plan
    return _rras(view, "input", plan.net_b, plan.net_a, plan.peer_external, plan.own_external,
                 "rras-input-filter-missing-netb-neta")


@check("forwarding", "How to Configure Static Routes in RRAS", "Does the gateway forward?",
       why="An IPsec tunnel does not route by itself: routing has to be on.",
       verify="ipconfig /all")
def forwarding_on(view: View) -> Result:
    if not view.config.machine.forwarding:
        return failed("ip-forwarding-off", "IP routing is disabled.",
                      Fix("Enable routing on this machine."),
                      evidence("ipconfig /all", "IP Routing Enabled: No"))
    return passed("IP routing is enabled.", evidence("ipconfig /all", "IP Routing Enabled: Yes"))


@check("route", "How to Configure Static Routes in RRAS",
       "Does a route take NetB out of the external interface?",
       why="The outer source address is that of the outgoing interface; on the wrong one the "
           "other gateway sees a stranger.",
       verify="route print")
def route_to_netb(view: View) -> Result:
    plan = view.plan
    best: Route | None = None
    for one in (*view.config.routes(), *view.host.rtm_routes):
        if Network(one.destination, one.prefix).covers(plan.net_b) and (
                best is None or (one.prefix, -one.metric) > (best.prefix, -best.metric)):
            best = one
    add = (f"{ROUTING} add persistentroute dest={format_address(plan.net_b.address)} "
           f"mask={format_address(plan.net_b.mask)} name={quote(plan.external)} "
           f"nhop={format_address(plan.peer_external)} metric=1")
    if best is None:
        return failed("missing-route-to-netb", f"No static route covers {plan.net_b}.",
                      Fix("Add the route on the external interface.", (add,)),
                      evidence("routing ip show rtmroutes", "no route to NetB"))
    shown = evidence("routing ip show rtmroutes",
                     f"{Network(best.destination, best.prefix)} via "
                     f"{format_address(best.gateway)} on {best.interface}")
    if best.interface.lower() != plan.external.lower():
        delete = (f"{ROUTING} delete persistentroute dest={format_address(best.destination)} "
                  f"mask={format_address(Network(best.destination, best.prefix).mask)} "
                  f"name={quote(best.interface)}")
        return failed("route-wrong-egress-interface",
                      f"The route to NetB leaves by {best.interface}, not by {plan.external}.",
                      Fix("Bind the route to the external interface.", (delete, add)), shown)
    return passed(f"NetB is routed by {best.interface}.", shown)


@check("hosts", "Testing Your IPSec Tunnel",
       "Do the hosts on both networks use their gateway as default gateway?",
       why="The tunnel does not change how hosts route: their packets must reach the gateway.",
       verify="ipconfig")
def default_gateways(view: View) -> Result:
    if not view.end_hosts:
        return unknown("The hosts cannot be looked at from here.",
                       "Type `ipconfig` on a host of NetA and on one of NetB.")
    lines, wrong = [], []
    for host in view.end_hosts:
        seen = format_address(host.gateway) if host.gateway is not None else "none"
        lines.append(f"{host.name}: default gateway {seen}")
        if host.gateway != host.expected:
            wrong.append(host)
    shown = evidence("ipconfig", *lines)
    if wrong:
        return failed("host-default-gateway-wrong",
                      f"{wrong[0].name} should use {format_address(wrong[0].expected)}.",
                      Fix(f"Set the default gateway of {wrong[0].name} to "
                          f"{format_address(wrong[0].expected)}."), shown)
    return passed("Both hosts use their gateway.", shown)


@check("auditing", "Enable Auditing for Logon Events and Object Access",
       "Are logon events and object access audited?",
       why="Without auditing no event 541 or 547 is ever logged, whatever happens.",
       verify="auditpol")
def auditing_on(view: View) -> Result:
    settings = {one.category: one for one in view.config.effective_audit()}
    lines, missing = [], []
    for category in ("logon", "object"):
        one = settings.get(category)
        on = one is not None and one.success and one.failure
        lines.append(f"{category}: {'success and failure' if on else 'not complete'}")
        if not on:
            missing.append(category)
    shown = evidence("auditpol", *lines)
    if not missing:
        return passed("Both categories are audited.", shown)
    domain = [one.category for one in view.config.audit("domain") if one.category in missing]
    where = " /domain" if domain else ""
    text = ("A domain policy overwrites the local setting: change it there." if domain
            else "Enable success and failure auditing of both.")
    return failed("auditing-off", f"Not audited: {' and '.join(missing)}.",
                  Fix(text, (f"auditpol{where} /enable /logon:all /object:all",)), shown)
