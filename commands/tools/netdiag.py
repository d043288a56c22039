"""netdiag /test:ipsec [/debug]: the policy in force and the driver's filters.

The fields are those of the article's sample in its order, spelled as KB 813878 prints them. The
key is masked unless reveal=yes is given: Windows prints it in clear.
"""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Joined, Line, Lines
from commands.kinds import Choice, YesNo
from commands.spec import Command, tag
from engine.address import Address
from engine.policy.model import Policy, Secret
from engine.spd import SpdEntry
from engine.suites import QuickModeMethod

if TYPE_CHECKING:
    from commands.session import Session
    from engine.policy.store import Config

TITLE = "IP Security test . . . . . . . . . : "
PATH = r"SOFTWARE\Policies\Microsoft\Windows\IPSec\Policy"
NO_GUID = "{00000000-0000-0000-0000-000000000000}"

# How the line about the policy begins, and the folder of its path, by location.
LOCATIONS = {
    "local": ("Local", "Local"),
    "domain": ("Directory", "Cache"),
    "persistent": ("Persistent", "Persistent"),
}
AUTH_WORDS = {"kerberos": "Kerberos v5", "rootca": "RSA Signature: "}


def offer_text(method: QuickModeMethod) -> str:
    """``ESP[ DES MD5 HMAC]``, ``AH[ MD5 HMAC] AND ESP[ DES MD5 HMAC]``."""
    parts = []
    if method.ah_auth:
        parts.append(f"AH[ {method.ah_auth} HMAC]")
    if method.is_aead:
        parts.append(f"ESP[ {method.esp_cipher}]")
    elif method.esp_auth:
        parts.append(f"ESP[ {method.esp_cipher or 'None'} {method.esp_auth} HMAC]")
    return " AND ".join(parts)


def flags_text(entry: SpdEntry) -> str:
    """``Outbound``, ``Inbound Block``, ``Inbound Permit``."""
    action = {"block": " Block", "permit": " Permit", "bypass": " Permit"}
    return entry.direction.capitalize() + action.get(entry.action, "")


def action_guids(config: "Config") -> dict[str, str]:
    """The GUID of each rule's filter action: Windows calls it the filter's policy."""
    active = config.active_policy()
    if active is None:
        return {}
    location, policy = active
    return {rule.name: config.filteraction(rule.filteraction, location).guid
            for rule in config.rules(policy.name, location)}


class NetDiag(Command, words="netdiag", help="Tests the network components; /test:ipsec.",
              remarks=("A tunnel of the article shows two filters, one in each direction.",
                       "reveal=yes prints the pre-shared key."),
              examples=("netdiag /test:ipsec", "netdiag /test:ipsec /debug")):
    """The IP Security test; no other one is built in."""

    test: str = tag(Choice("ipsec"), "The test to run.", default="ipsec", form="colon")
    debug: bool = tag(YesNo(), "List the filters.", default=False, form="slash")
    reveal: bool = tag(YesNo(), "Whether the key is shown.", default=False)

    def run(self, session: "Session") -> Answer:
        """The state of the policy; with /debug the filters of the machine."""
        config = session.config
        host = session.world.hosts[session.machine]
        active = config.active_policy()
        if not host.agent_running:
            lines: list[Line] = [(), (TITLE, cells.enum("Skipped")),
                                 ("    IPSec policy service is not active.",)]
            return Answer((Lines(tuple(lines), {"state": "not-running"}, "netdiag"),))
        lines = [(), (TITLE, cells.enum("Passed")), *_state(active)]
        data: dict[str, object] = {"state": "no-policy" if active is None else "active"}
        if active is not None:
            data |= {"location": active[0], "policy": cells.name(active[1].name),
                     "path": Joined(_path(*active))}
        if self.debug:
            guids = action_guids(config)
            entries = host.spd.entries
            filters = [_Filter(entry, guids.get(entry.rule, NO_GUID)) for entry in entries]
            lines += [(), ("There are ", cells.count(len(entries)), " filters")]
            for one in filters:
                lines += one.lines()
            data["filters"] = [one.datum() for one in filters]
        return Answer((Lines(tuple(lines), data, "netdiag"),))


def _path(location: str, policy: Policy) -> Line:
    return (f"{PATH}\\{LOCATIONS[location][1]}\\ipsecPolicy", cells.guid(policy.guid))


def _state(active: tuple[str, Policy] | None) -> list[Line]:
    if active is None:
        return [("    IPSec policy service is active, but no policy is assigned.",)]
    location, policy = active
    word = LOCATIONS[location][0]
    return [(f"    {word} IPSec Policy Active: '", cells.name(policy.name), "'"),
            ("    IP Security Policy Path: ", *_path(location, policy))]


class _Filter:
    """One filter of the driver, as lines and as data."""

    def __init__(self, entry: SpdEntry, action_guid: str) -> None:
        self.entry, self.action_guid = entry, action_guid
        self.tunnel: Address = entry.tunnel or 0

    def lines(self) -> list[Line]:
        """The article's fields in its order."""
        entry = self.entry
        lines: list[Line] = [
            (),
            (cells.name(entry.name) if entry.name else "No Name",),
            ("    Filter Id: ", cells.guid(entry.id)),
            ("    Policy Id: ", cells.guid(self.action_guid)),
        ]
        if entry.action == "negotiate":
            lines += self._offers()
        return lines + [
            ("    Src Addr : ", cells.ip(entry.source.address), " Src Mask : ",
             cells.mask(entry.source.prefix)),
            ("    Dest Addr : ", cells.ip(entry.destination.address), " Dest Mask : ",
             cells.mask(entry.destination.prefix)),
            ("    Tunnel Addr : ", cells.ip(self.tunnel), " Src Port : ",
             cells.port(entry.source_port), " Dest Port : ", cells.port(entry.destination_port)),
            ("    Protocol : ", cells.number(entry.protocol, "protocol"), " TunnelFilter: ",
             cells.yes(entry.tunnel is not None)),
            ("    Flags : ", cells.enum(flags_text(entry))),
        ]

    def _offers(self) -> list[Line]:
        entry = self.entry
        lines: list[Line] = [
            ("    IPSEC_POLICY PolicyId = ", cells.guid(self.action_guid)),
            ("        Flags: 0x0",),
            ("        Tunnel Addr: ", cells.ip(0)),
            ("    PHASE 2 OFFERS Count = ", cells.count(len(entry.methods))),
        ]
        for index, method in enumerate(entry.methods):
            lines += [
                (f"        Offer #{index}:",),
                ("            ", cells.method(offer_text(method))),
                ("            Rekey: ", cells.number(method.seconds), " seconds / ",
                 cells.octets(method.kilobytes * 1024), " bytes."),
            ]
        lines.append(("    AUTHENTICATION INFO Count = ", cells.count(len(entry.auth))))
        for one in entry.auth:
            lines.append(("        Method = ", *_auth(one.kind, one.value)))
        return lines

    def datum(self) -> dict[str, object]:
        """The same as a dictionary of cells."""
        entry = self.entry
        return {
            "name": cells.name(entry.name), "filter_id": cells.guid(entry.id),
            "policy_id": cells.guid(self.action_guid),
            "offers": [{"method": cells.method(offer_text(one)),
                        "seconds": cells.number(one.seconds),
                        "bytes": cells.octets(one.kilobytes * 1024)} for one in entry.methods],
            "authentication": [_auth_datum(one.kind, one.value) for one in entry.auth],
            "source": cells.ip(entry.source.address),
            "source_mask": cells.mask(entry.source.prefix),
            "destination": cells.ip(entry.destination.address),
            "destination_mask": cells.mask(entry.destination.prefix),
            "tunnel": cells.ip(self.tunnel), "source_port": cells.port(entry.source_port),
            "destination_port": cells.port(entry.destination_port),
            "protocol": cells.number(entry.protocol, "protocol"),
            "tunnel_filter": cells.yes(entry.tunnel is not None),
            "flags": cells.enum(flags_text(entry)),
        }


def _key(value: str) -> Secret:
    return value if isinstance(value, Secret) else Secret(value)


def _auth(kind: str, value: str) -> Line:
    if kind == "psk":
        return ("Preshared key: ", cells.secret(_key(value)))
    return (AUTH_WORDS[kind], cells.text(value)) if value else (AUTH_WORDS[kind],)


def _auth_datum(kind: str, value: str) -> dict[str, object]:
    if kind == "psk":
        return {"method": kind, "key": cells.secret(_key(value))}
    return {"method": kind, "value": value} if value else {"method": kind}
