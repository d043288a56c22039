"""The tunnels that a policy wants, which of them are up, and why the others are not."""

from typing import NamedTuple

from engine.address import Address, format_address
from engine.agent import key_of
from engine.audit import REASONS
from engine.host import Host
from engine.spd import OUTBOUND, SpdEntry

HOST_PREFIX = 32


class Tunnel(NamedTuple):
    """An outbound filter that protects traffic with one peer. `why` is "" while it is up."""

    entry: SpdEntry
    peer: Address
    pairs: int
    why: str

    @property
    def up(self) -> bool:
        """Whether traffic can pass protected now."""
        return self.pairs > 0


def tunnels(host: Host, now: float) -> tuple[Tunnel, ...]:
    """All of them, in the order of the SPD; transport mode only where the filter names a host."""
    found = []
    for one in host.spd.entries:
        if one.direction != OUTBOUND or one.action != "negotiate":
            continue
        if one.tunnel is None and one.destination.prefix != HOST_PREFIX:
            continue
        peer = one.destination.address if one.tunnel is None else one.tunnel
        pairs = sum(pair.outbound is not None for pair in host.sad.pairs_of(key_of(one, peer)))
        found.append(Tunnel(one, peer, pairs, "" if pairs else _why(host, one, peer, now)))
    return tuple(found)


def _why(host: Host, entry: SpdEntry, peer: Address, now: float) -> str:
    """Why there is no pair of associations: what stands in the way, else what happened last."""
    hop = host.node.routes.resolve(peer)
    if hop is None:
        return f"no route to {format_address(peer)}"
    local = host.interfaces[hop.interface].address
    if entry.tunnel is not None and host.agent.mirror_of(entry, local) is None:
        return f"no inbound rule ends at {format_address(local)}"
    if host.is_soft(entry, peer):
        return "the peer does not speak IKE: soft association, in the clear"
    key = key_of(entry, peer)
    if key in host.keying.pending:
        return "negotiating"
    failure = host.keying.pending.failure(key, peer)
    if failure is None:
        return "no traffic has asked for it"
    said = REASONS.get(failure.failed.code, f"error {failure.failed.code}").rstrip(".")
    return f"{said} ({max(0, round(now - failure.time))} s ago)"
