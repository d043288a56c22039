"""The driver's filters while a machine boots: until the policy agent has loaded the policy.

Windows Server 2003's start modes of the IPsec driver: "block" lets nothing past but DHCP and what
`bootexemptions` names, "stateful" also lets the machine's own traffic out and the answers to it
in, "permit" filters nothing.
"""

from collections import OrderedDict
from typing import NamedTuple

from engine.address import Address
from engine.agent import PolicySnapshot
from engine.ip import ICMP, TCP, UDP
from engine.policy.store import Config
from engine.spd import INBOUND, OUTBOUND, Flow, Spd, SpdEntry

STATEFUL, BLOCK, PERMIT = MODES = ("stateful", "block", "permit")
PROTOCOLS = {"tcp": TCP, "udp": UDP, "icmp": ICMP}
DIRECTIONS = (INBOUND, OUTBOUND)
FLOWS_KEPT = 4096
EXEMPTIONS_MOST = 64
# Of the default exemptions only this level's IKE is left; nobody answers that either.
EXEMPT_LEVEL = 3
_DHCP_SERVER, _DHCP_CLIENT = 67, 68


class Exemption(NamedTuple):
    """Traffic that passes while a machine boots; port 0 is any."""

    protocol: int
    source_port: int
    destination_port: int
    direction: str


DHCP = (Exemption(UDP, _DHCP_CLIENT, _DHCP_SERVER, OUTBOUND),
        Exemption(UDP, _DHCP_SERVER, _DHCP_CLIENT, INBOUND))


def parse_exemptions(text: str) -> tuple[Exemption, ...]:
    """``none``, or ``protocol:sourceport:destinationport:direction`` separated by blanks.

    Raises ValueError("must be ...").
    """
    if text.strip().lower() in ("", "none"):
        return ()
    found = tuple(_exemption(one) for one in text.split())
    if len(found) > EXEMPTIONS_MOST:
        raise ValueError(f"must be at most {EXEMPTIONS_MOST} exemptions")
    return found


def _exemption(text: str) -> Exemption:
    parts = text.lower().split(":")
    if len(parts) == 4 and parts[3] in DIRECTIONS:
        protocol = PROTOCOLS.get(parts[0], _number(parts[0], 255))
        ports = _number(parts[1], 65535), _number(parts[2], 65535)
        if protocol > 0 and min(ports) >= 0 and (protocol in (TCP, UDP) or ports == (0, 0)):
            return Exemption(protocol, *ports, parts[3])
    raise ValueError("must be none, or protocol:sourceport:destinationport:inbound|outbound, "
                     "such as tcp:0:3389:inbound")


def _number(text: str, most: int) -> int:
    """The number, -1 for what is none or too large."""
    return int(text) if text.isascii() and text.isdigit() and int(text) <= most else -1


def format_exemptions(found: tuple[Exemption, ...]) -> str:
    """The text that `parse_exemptions` reads."""
    names = {number: name.upper() for name, number in PROTOCOLS.items()}
    return " ".join(
        f"{names.get(one.protocol, one.protocol)}:{one.source_port}:{one.destination_port}:"
        f"{one.direction}" for one in found) or "none"


class BootSpd(Spd):
    """The SPD of a booting machine; in mode "stateful" it remembers a bounded number of flows."""

    def __init__(self, mode: str, exemptions: tuple[Exemption, ...]) -> None:
        self._mode = mode
        self._replies: OrderedDict[Flow, None] = OrderedDict()
        super().__init__(() if mode == PERMIT else _entries(mode, exemptions))

    def lookup(self, direction: str, source: Address, destination: Address, protocol: int,
               source_port: int = 0, destination_port: int = 0) -> SpdEntry | None:
        """See `Spd.lookup`; an answer to what went out is let in as if no filter met it."""
        found = super().lookup(direction, source, destination, protocol, source_port,
                               destination_port)
        if self._mode != STATEFUL:
            return found
        if direction == OUTBOUND:
            reply = destination, source, protocol, destination_port, source_port
            self._replies[reply] = None
            self._replies.move_to_end(reply)
            if len(self._replies) > FLOWS_KEPT:
                self._replies.popitem(last=False)
            return found
        flow = source, destination, protocol, source_port, destination_port
        return None if flow in self._replies else found


def _entries(mode: str, exemptions: tuple[Exemption, ...]) -> list[SpdEntry]:
    name = f"boot mode {mode}"
    permits = [SpdEntry(f"{name} {number}", name, protocol=one.protocol,
                        source_port=one.source_port, destination_port=one.destination_port,
                        direction=one.direction, action="permit", rule=name)
               for number, one in enumerate((*DHCP, *exemptions))]
    blocked = (INBOUND,) if mode == STATEFUL else DIRECTIONS
    return permits + [SpdEntry(f"{name} {way}", name, direction=way, action="block", rule=name)
                      for way in blocked]


def boot_policy(config: Config, loading: PolicySnapshot) -> tuple[PolicySnapshot, BootSpd]:
    """What is in force on a machine until `loading` is: an agent's snapshot and SPD.

    The mode is the machine's setting "bootmode"; unset it is "stateful" where a policy is
    assigned, else "permit", as on Windows Server 2003. A setting nobody can read blocks.
    """
    mode = config.get_setting("bootmode") or (PERMIT if loading.policy is None else STATEFUL)
    try:
        exemptions = parse_exemptions(config.get_setting("bootexemptions"))
    except ValueError:
        exemptions = ()
    snapshot = PolicySnapshot(interfaces=loading.interfaces, exempt_level=EXEMPT_LEVEL)
    return snapshot, BootSpd(mode if mode in MODES else BLOCK, exemptions)
