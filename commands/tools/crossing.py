"""Whether an echo crossed the outside in the clear, and why the shell says so after a ping.

A reply alone is no proof of protection: the article tells the reader to look at the security
associations and the capture even when ping works. The lab has seen the wire, so it can tell.
"""

from typing import TYPE_CHECKING, NamedTuple

from commands.answer import Warn
from engine.address import Address, format_address
from engine.ip import ICMP

if TYPE_CHECKING:
    from commands.session import Session
    from engine.echo import EchoResult


class Crossing(NamedTuple):
    """The gateway that should have protected an echo, and the echo's inner addresses."""

    gateway: str
    source: Address
    destination: Address

    @property
    def flow(self) -> str:
        return f"{format_address(self.source)} to {format_address(self.destination)}"


def _gateway_of(session: "Session", machine: str) -> str:
    """The gateway a machine's traffic leaves through: itself, or its default gateway's owner."""
    store = session.store
    gateways = [one.name for one in store.machines() if one.role == "gateway"]
    if machine in gateways:
        return machine
    hops = {one.gateway for one in store.on(machine).interfaces() if one.gateway}
    for name in gateways:
        if any(one.address in hops for one in store.on(name).interfaces()):
            return name
    return ""


def _reason(session: "Session", where: Crossing) -> tuple[str, str]:
    """Why that gateway let the flow out unprotected, and the line that helps."""
    config = session.store.on(where.gateway)
    active = config.active_policy()
    if active is None:
        names = [one.name for one in config.policies("local")]
        fix = (f'ipsec static set policy name="{names[0]}" assign=yes' if len(names) == 1
               else "checklist")
        return f"no IPsec policy is assigned on {where.gateway}", fix
    host = session.world.hosts[where.gateway]
    if not host.agent_running:
        return f"the policy agent of {where.gateway} is stopped", "net start policyagent"
    entry = host.spd.lookup("outbound", where.source, where.destination, ICMP, 0, 0)
    policy = active[1].name
    if entry is None:
        return f"policy '{policy}' has no filter for {where.flow}", "netdiag /test:ipsec /debug"
    if entry.action == "permit":
        return f"rule '{entry.rule}' of policy '{policy}' permits {where.flow}", \
            "netdiag /test:ipsec /debug"
    return f"although policy '{policy}' has a filter for {where.flow}", "checklist"


def _soft(session: "Session", where: Crossing) -> Warn:
    entry = session.world.hosts[where.gateway].spd.lookup(
        "outbound", where.source, where.destination, ICMP, 0, 0)
    action = ""
    if entry is not None:
        config = session.store.on(where.gateway)
        active = config.active_policy()
        if active is not None:
            for rule in config.rules(active[1].name, active[0]):
                if rule.name == entry.rule:
                    action = rule.filteraction
    fix = f'ipsec static set filteraction name="{action}" soft=no' if action else "checklist"
    return Warn("SOFT-ASSOCIATION",
                f"the echoes crossed {where.gateway}'s External interface in the clear: the peer "
                "did not negotiate and the filter action falls back (soft association)", fix)


def verdict(session: "Session", results: list["EchoResult"], source: Address,
            destination: Address) -> tuple[Warn, ...]:
    """The warning a ping owes its reader, or none.

    `source` and `destination` are the echo's own addresses. Routers of the outside have nobody
    to protect them, so their pings are not judged.
    """
    gateway = _gateway_of(session, session.machine)
    if not gateway:
        return ()
    where = Crossing(gateway, source, destination)
    if any(one.soft for one in results):
        return (_soft(session, where),)
    if not any(one.clear for one in results):
        return ()
    because, fix = _reason(session, where)
    return (Warn("IN-CLEAR",
                 f"the echoes crossed {gateway}'s External interface in the clear: {because}",
                 fix),)
