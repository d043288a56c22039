"""What a machine counts about IKE and IPsec: behind `show stats` and ipsecmon.

`LABELS` has the labels of `netsh ipsec dynamic show stats` in their order. Heap sizes and
offload counters are printed by Windows and have no meaning here: they stay 0.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.ike.interface import Phase1Info
    from engine.sad import SaPair

LABELS: tuple[tuple[str, str, str], ...] = (
    ("ike", "main_modes", "Main Modes"),
    ("ike", "quick_modes", "Quick Modes"),
    ("ike", "soft_sas", "Soft SAs"),
    ("ike", "authentication_failures", "Authentication Failures"),
    ("ike", "active_acquire", "Active Acquire"),
    ("ike", "active_receive", "Active Receive"),
    ("ike", "acquire_fail", "Acquire fail"),
    ("ike", "receive_fail", "Receive fail"),
    ("ike", "send_fail", "Send fail"),
    ("ike", "acquire_heap", "Acquire Heap size"),
    ("ike", "receive_heap", "Receive Heap size"),
    ("ike", "negotiation_failures", "Negotiation Failures"),
    ("ike", "invalid_cookies", "Invalid Cookies Rcvd"),
    ("ike", "total_acquire", "Total Acquire"),
    ("ike", "total_get_spi", "TotalGetSpi"),
    ("ike", "total_key_add", "TotalKeyAdd"),
    ("ike", "total_key_update", "TotalKeyUpdate"),
    ("ike", "get_spi_fail", "GetSpiFail"),
    ("ike", "key_add_fail", "KeyAddFail"),
    ("ike", "key_update_fail", "KeyUpdateFail"),
    ("ike", "isadb_list_size", "IsadbListSize"),
    ("ike", "connection_list_size", "ConnListSize"),
    ("ike", "invalid_packets", "Invalid Packets Rcvd"),
    ("ipsec", "active_associations", "Active Assoc"),
    ("ipsec", "offload_sas", "Offload SAs"),
    ("ipsec", "pending_key", "Pending Key"),
    ("ipsec", "key_adds", "Key Adds"),
    ("ipsec", "key_deletes", "Key Deletes"),
    ("ipsec", "rekeys", "ReKeys"),
    ("ipsec", "active_tunnels", "Active Tunnels"),
    ("ipsec", "bad_spi", "Bad SPI Pkts"),
    ("ipsec", "not_decrypted", "Pkts not Decrypted"),
    ("ipsec", "not_authenticated", "Pkts not Authenticated"),
    ("ipsec", "replay_detected", "Pkts with Replay Detection"),
    ("ipsec", "confidential_bytes_sent", "Confidential Bytes Sent"),
    ("ipsec", "confidential_bytes_received", "Confidential Bytes Received"),
    ("ipsec", "authenticated_bytes_sent", "Authenticated Bytes Sent"),
    ("ipsec", "authenticated_bytes_received", "Authenticated Bytes Received"),
    ("ipsec", "transport_bytes_sent", "Transport Bytes Sent"),
    ("ipsec", "transport_bytes_received", "Transport Bytes Received"),
    ("ipsec", "offloaded_bytes_sent", "Offloaded Bytes Sent"),
    ("ipsec", "offloaded_bytes_received", "Offloaded Bytes Received"),
    ("ipsec", "tunnel_bytes_sent", "Bytes Sent In Tunnels"),
    ("ipsec", "tunnel_bytes_received", "Bytes Received In Tunnels"),
)


class Statistics:
    """The counters as plain attributes: a packet path adds to them without a look-up by name."""

    __slots__ = tuple(key for _, key, _ in LABELS)

    main_modes: int
    quick_modes: int
    soft_sas: int
    authentication_failures: int
    active_acquire: int
    active_receive: int
    acquire_fail: int
    receive_fail: int
    send_fail: int
    acquire_heap: int
    receive_heap: int
    negotiation_failures: int
    invalid_cookies: int
    total_acquire: int
    total_get_spi: int
    total_key_add: int
    total_key_update: int
    get_spi_fail: int
    key_add_fail: int
    key_update_fail: int
    isadb_list_size: int
    connection_list_size: int
    invalid_packets: int
    active_associations: int
    offload_sas: int
    pending_key: int
    key_adds: int
    key_deletes: int
    rekeys: int
    active_tunnels: int
    bad_spi: int
    not_decrypted: int
    not_authenticated: int
    replay_detected: int
    confidential_bytes_sent: int
    confidential_bytes_received: int
    authenticated_bytes_sent: int
    authenticated_bytes_received: int
    transport_bytes_sent: int
    transport_bytes_received: int
    offloaded_bytes_sent: int
    offloaded_bytes_received: int
    tunnel_bytes_sent: int
    tunnel_bytes_received: int

    def __init__(self) -> None:
        for _, key, _ in LABELS:
            setattr(self, key, 0)

    def count_current(self, under_way: int, pairs: "Sequence[SaPair]",
                      modes: "Sequence[Phase1Info]") -> None:
        """Brings up to date what is a state and no sum; `under_way` negotiations of our own."""
        self.active_acquire = self.pending_key = under_way
        self.active_associations = self.connection_list_size = len(pairs)
        self.active_tunnels = sum(pair.tunnel for pair in pairs)
        self.isadb_list_size = len(modes)
        self.active_receive = sum(one.state != "up" and not one.initiator for one in modes)

    def rows(self) -> tuple[tuple[str, str, str, int], ...]:
        """(group, key, label, value) in the order of `show stats`; group "ike" or "ipsec"."""
        return tuple((group, key, label, getattr(self, key)) for group, key, label in LABELS)
