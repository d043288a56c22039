"""The command lines that show what a check has looked at: whole lines, typed as they stand."""

from engine.diagnose.station import Station
from engine.diagnose.tunnels import judged_policy
from engine.policy.script import quote

NETDIAG = "netdiag /test:ipsec /debug"
LISTS = "ipsec static show filterlist all level=verbose"
ACTIONS = "ipsec static show filteraction all level=verbose"
POLICIES = "ipsec static show policy all level=verbose"
SAS, MODES = "ipsec dynamic show qmsas", "ipsec dynamic show mmsas"
STATS, MONITOR = "ipsec dynamic show stats", "ipsecmon"
FILTERS, ROUTES = "routing ip show filter", "routing ip show persistentroute"
EVENTS, LAST_EVENT = "eventlog show last=5", "eventlog show last=1"


def frames(machine: str, interface: str) -> str:
    """What crossed an adapter."""
    return f"capture show interface={quote(interface)} machine={machine}"


def rules(station: Station) -> str:
    """The rules of the policy that is judged."""
    judged = judged_policy(station.config)
    return f"ipsec static show rule all policy={quote(judged[1].name)} level=verbose" \
        if judged is not None else POLICIES


def action(name: str) -> str:
    """One filter action."""
    return f"ipsec static show filteraction name={quote(name)}"
