"""ipsec dynamic set config and show config: the IPsec driver's and IKE's parameters.

They are stored with the machine and take effect at once, the boot ones at its next restart.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from commands import cells
from commands.answer import Answer, Cell, Record, Warn
from commands.errors import CommandError
from commands.kinds import Choice, Text
from commands.spec import Command, tag

if TYPE_CHECKING:
    from commands.session import Session

TITLE = "IPsec Configuration Parameters"
WIDTH = 28


class Property(NamedTuple):
    """A parameter: its name and label, `read` makes the stored text of what was typed.

    `read` raises ValueError("must be ..."). `unset` is what holds while nothing is stored.
    """

    name: str
    label: str
    read: Callable[[str], str]
    unset: str
    usage: str


def _number(low: int, high: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high:
            return str(int(text))
        raise ValueError(f"must be a whole number from {low} to {high}")

    return read


def _word(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() in words:
            return text.lower()
        raise ValueError("must be one of " + ", ".join(words))

    return read


def _identity(text: str) -> str:
    bare = text.replace("@", "", 1).replace(".", "").replace("-", "").replace("_", "")
    if not text or (bare.isalnum() and text.isascii() and len(text) <= 255):
        return text
    raise ValueError("must be an address, a name such as gw.example.com, user@name, or empty")


def _exemptions(text: str) -> str:
    from engine.boot import format_exemptions, parse_exemptions
    return format_exemptions(parse_exemptions(text))


PROPERTIES = (
    Property("ipsecdiagnostics", "IPsecDiagnostics", _number(0, 7), "0", "0 - 7"),
    Property("ikelogging", "IKElogging", _number(0, 2), "0", "0 - 2"),
    Property("strongcrlcheck", "StrongCRLCheck", _number(0, 2), "1", "0 - 2"),
    Property("ipsecloginterval", "IPsecloginterval", _number(60, 86400), "60", "60 - 86400"),
    Property("ipsecexempt", "IPsecexempt", _number(0, 3), "0", "0 - 3"),
    Property("bootmode", "Boot Mode", _word("stateful", "block", "permit"), "",
             "stateful | block | permit"),
    Property("bootexemptions", "Boot Mode Exemptions", _exemptions, "none",
             "none | protocol:srcport:dstport:inbound|outbound ..."),
    Property("natt", "NAT Traversal", _word("yes", "no", "force"), "yes",
             "yes | no | force"),
    Property("dpd", "Dead Peer Detection(s)", _number(0, 3600), "30", "0 - 3600"),
    Property("commit", "Commit Bit", _word("yes", "no"), "no", "yes | no"),
    Property("outerdf", "Outer DF", _word("copy", "set", "clear"), "copy", "copy | set | clear"),
    Property("fragmentation", "Fragmentation", _word("after", "before"), "after",
             "after | before"),
    Property("replaywindow", "Replay Window", _number(32, 1024), "64", "32 - 1024"),
    Property("localid", "Own Identity", _identity, "", "address | name | user@name"),
    Property("remoteid", "Peer's Identity", _identity, "", "address | name | user@name"),
    Property("offload", "ESP Offload", _word("no", "kernel"), "no", "no | kernel"),
    Property("holdpackets", "Packets Held", _number(0, 32), "1", "0 - 32"),
)
BY_NAME = {one.name: one for one in PROPERTIES}
EXTENSIONS = ("natt", "dpd", "commit", "outerdf", "fragmentation", "replaywindow", "holdpackets",
              "localid", "remoteid", "offload")


def _shown(session: "Session", one: Property) -> Cell:
    value = session.config.get_setting(one.name)
    if one.name == "bootmode" and not value:
        value = "permit" if session.config.active_policy() is None else "stateful"
    return cells.enum(value or one.unset)


class ShowConfig(Command, words="ipsec dynamic show config",
                 help="Displays the IPsec configuration parameters.",
                 examples=("ipsec dynamic show config",)):
    """What holds on the current machine, defaults included."""

    def run(self, session: "Session") -> Answer:
        """One aligned list."""
        fields = tuple((one.name, one.label, _shown(session, one)) for one in PROPERTIES)
        return Answer((Record(fields, TITLE, "config", WIDTH),))


class SetConfig(Command, words="ipsec dynamic set config",
                help="Sets an IPsec configuration parameter.",
                remarks=tuple(f"{one.name}: {one.usage}" for one in PROPERTIES) + (
                    "ipsecexempt 0 lets multicast, broadcast, RSVP, Kerberos and IKE past every "
                    "filter (Windows 2000), 1 not Kerberos and RSVP, 2 not multicast and "
                    "broadcast, 3 IKE only (Server 2003).",
                    "ipsecdiagnostics is a sum: 2 logs dropped inbound packets, 4 outbound ones; "
                    "the driver's own complaints are always logged.",
                    "bootmode and bootexemptions hold from lab restart until the policy is "
                    "loaded; DHCP always passes.",
                    "offload=kernel hands ESP tunnels to a kernel that has ESP; where it has not, "
                    "a warning says so and ESP stays in the agent.",
                    "natt=force puts ESP into UDP even where there is no NAT.",
                    ", ".join(EXTENSIONS) + " are this product's own."),
                examples=("ipsec dynamic set config property=ipsecexempt value=3",
                          "ipsec dynamic set config ipsecdiagnostics 7",
                          'ipsec dynamic set config bootexemptions "TCP:0:3389:inbound"')):
    """One parameter of the current machine."""

    property: str = tag(Choice(*BY_NAME), "The parameter.")
    value: str = tag(Text("<value>", limit=4000), "Its new value.")

    def run(self, session: "Session") -> Answer:
        """Stores it. Raises CommandError for a value that the parameter does not take."""
        one = BY_NAME[self.property]
        try:
            value = one.read(self.value.strip())
        except ValueError as mistake:
            raise CommandError("bad-value", f"The value of {one.name} {mistake}",
                               tag="value", exit=2) from None
        session.config.set_setting(one.name, value)
        if (one.name, value) == ("offload", "kernel"):
            why = session.world.why_no_offload()
            return Answer((), (Warn("NO-OFFLOAD", why),) if why else ())
        return Answer((), _warnings(one.name, value))


def _warnings(name: str, value: str) -> tuple[Warn, ...]:
    if name == "ipsecexempt" and value in ("0", "2"):
        return (Warn("EXEMPT-KERBEROS", "whatever comes from or goes to port 88 passes every "
                     "filter", "ipsec dynamic set config property=ipsecexempt value=3"),)
    if name == "ikelogging" and value != "0":
        return (Warn("NO-OAKLEY-LOG", "it is kept and shown, but no oakley.log is written; the "
                     "security log and the statistics say what IKE did",
                     "eventlog show\nipsec dynamic show stats"),)
    if name == "bootmode" and value == "permit":
        return (Warn("BOOT-PERMIT", "until the policy is loaded nothing is filtered",
                     "ipsec dynamic set config property=bootmode value=stateful"),)
    return ()
