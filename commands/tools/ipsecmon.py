"""ipsecmon: Windows 2000's IP Security Monitor: active associations, statistics, status.

The article's reading: ping works and an association is listed, the tunnel is used; ping works
and none is listed, the traffic went in the clear; a soft association is agreed clear traffic.
"""

from typing import TYPE_CHECKING

from commands import cells
from commands.answer import Answer, Block, Cell, Lines, Record, Records
from commands.dynamic.view import entry_of, monitor_text, protocol_word
from commands.names import MachineName
from commands.spec import Command, tag

if TYPE_CHECKING:
    from commands.session import Session
    from engine.host import Host
    from engine.sad import SaPair, SoftAssociation

WIDTH = 24

# The counters of the two groups: the engine's key and ipsecmon's label.
IPSEC_LABELS = (
    ("active_associations", "Active Associations"),
    ("confidential_bytes_sent", "Confidential Bytes Sent"),
    ("confidential_bytes_received", "Confidential Bytes Received"),
    ("authenticated_bytes_sent", "Authenticated Bytes Sent"),
    ("authenticated_bytes_received", "Authenticated Bytes Received"),
    ("bad_spi", "Bad SPI Packets"),
    ("not_decrypted", "Packets Not Decrypted"),
    ("not_authenticated", "Packets Not Authenticated"),
    ("key_adds", "Key Additions"),
)
OAKLEY_LABELS = (
    ("main_modes", "Oakley Main Modes"),
    ("quick_modes", "Oakley Quick Modes"),
    ("soft_sas", "Soft Associations"),
    ("authentication_failures", "Authentication Failures"),
)
STATISTICS_WIDTH = 28


def _association(host: "Host", pair: "SaPair") -> Record:
    entry = entry_of(host, pair.entry)
    local, remote, protocol, local_port, remote_port = pair.selector
    fields = [
        ("policy", "Policy Name", cells.name(entry.policy if entry else "")),
        ("security", "Security", cells.method(monitor_text(pair.method))),
        ("filter", "Filter Name", cells.name(entry.name if entry else "")),
        ("source", "Source Address", cells.net(local)),
        ("destination", "Dest. Address", cells.net(remote)),
        ("protocol", "Protocol", cells.enum(protocol_word(protocol))),
        ("source_port", "Src. Port", cells.port(local_port)),
        ("destination_port", "Dest. Port", cells.port(remote_port)),
    ]
    if pair.tunnel:
        fields.append(("tunnel", "Tunnel Endpoint", cells.ip(pair.peer)))
    return Record(tuple(fields), width=WIDTH)


def _soft(host: "Host", one: "SoftAssociation") -> Record:
    entry = entry_of(host, one.entry)
    return Record((
        ("policy", "Policy Name", cells.name(entry.policy if entry else "")),
        ("security", "Security", cells.method("None (soft association)")),
        ("filter", "Filter Name", cells.name(entry.name if entry else "")),
        ("destination", "Dest. Address", cells.ip(one.peer)),
    ), width=WIDTH)


def _counters(values: dict[str, int], labels: tuple[tuple[str, str], ...], title: str,
              name: str) -> Record:
    fields = tuple((key, label, _counter(key, values[key])) for key, label in labels)
    return Record(fields, title, name, STATISTICS_WIDTH)


def _counter(key: str, value: int) -> Cell:
    return cells.octets(value) if "bytes" in key else cells.count(value)


def _monitor(session: "Session", machine: str) -> Answer:
    host = session.world.hosts[session.store.on(machine).name]
    values = {key: value for _, key, _, value in host.statistics()}
    records = [_association(host, pair) for pair in host.sad.pairs()]
    records += [_soft(host, one) for one in host.soft]
    blocks: list[Block] = [Lines(((), ("IP Security Monitor on ", cells.name(host.name)), ()),
                                 {"machine": cells.name(host.name)}, "monitor")]
    if records:
        blocks.append(Records(tuple(records), "Associations", "associations"))
    else:
        blocks.append(Lines((("There are no security associations.",), ()), [], "associations"))
    blocks += [_counters(values, IPSEC_LABELS, "IPSEC Statistics", "ipsec"),
               _counters(values, OAKLEY_LABELS, "ISAKMP/Oakley Statistics", "oakley")]
    enabled = host.agent_running and len(host.spd) > 0
    word = "is" if enabled else "is not"
    blocks.append(Lines(((), (f"IP Security {word} enabled on this computer.",)),
                        {"enabled": enabled}, "status"))
    return Answer(tuple(blocks))


class IpsecMon(Command, words="ipsecmon",
               help="Displays active security associations and IPsec statistics.",
               remarks=("Counters begin when the lab boots.",),
               examples=("ipsecmon", "ipsecmon gwB")):
    """The monitor of this machine or of another one."""

    computer: str = tag(MachineName(), "The machine to look at; the current one.", default="")

    def run(self, session: "Session") -> Answer:
        """Associations, the two groups of statistics, and the status line."""
        return _monitor(session, self.computer or session.machine)


class IpsecOMon(Command, words="ipsecomon", help="The article's spelling of ipsecmon.",
                examples=("ipsecomon",)):
    """KB 252735 writes ipsecomon; whoever types it from there gets the monitor."""

    computer: str = tag(MachineName(), "The machine to look at; the current one.", default="")

    def run(self, session: "Session") -> Answer:
        """The same as ipsecmon."""
        return _monitor(session, self.computer or session.machine)
