"""How ISAKMP SAs and pairs end: expiry, policy, the peer's delete, and what the peer is told."""

from collections.abc import Iterable

from engine.ike.constants import (
    MAX_SPIS_PER_DELETE,
    OVERLAP,
    ProtocolId,
    Win32,
)
from engine.ike.core import Core
from engine.ike.interface import MainModeDown, SaDeleted
from engine.ike.payloads import Delete
from engine.ike.phase1 import Phase1, Wish, seal_info
from engine.ike.quick_mode import QuickMode, installed
from engine.ike.tables import Pair
from engine.ike.wire import Payload

ALARMS = ("send", "half-open", "life", "linger", "dpd", "commit")


def send_info(core: Core, sa: Phase1, payload: Payload) -> bytes:
    """Sends one payload in a protected informational message; gives the datagram."""
    message = seal_info(sa, core.new_message_id(sa), payload)
    core.transmit(sa, message, "INFO")
    return message


def forget_pair(core: Core, pair: Pair, reason: str) -> None:
    """Takes a pair out and says so; the peer is not told."""
    core.remove_pair(pair)
    core.timers.cancel(pair, "pair", "rekey")
    core.count("pairs_deleted")
    core.emit(SaDeleted(pair.wanted.entry, pair.peer, pair.inbound, pair.outbound, reason))


def delete_pairs(core: Core, pairs: Iterable[Pair], reason: str) -> None:
    """Ends pairs, telling each peer in one delete payload where an ISAKMP SA is up."""
    told: dict[tuple[Phase1, int], list[bytes]] = {}
    for pair in list(pairs):
        sa = core.find_protected(pair.local, pair.peer)
        if sa:
            for protocol, spi in pair.spis_in:
                told.setdefault((sa, protocol), []).append(spi.to_bytes(4, "big"))
        forget_pair(core, pair, reason)
    for (sa, protocol), spis in told.items():
        core.count("deletes_sent", len(spis))
        for at in range(0, len(spis), MAX_SPIS_PER_DELETE):
            part = tuple(spis[at:at + MAX_SPIS_PER_DELETE])
            send_info(core, sa, Delete(protocol, part).build())


def forget_quick(core: Core, quick: QuickMode) -> None:
    """Takes a quick mode out, with the half of a pair that a responder has made.

    The moment in which a renewed pair rests (RENEWAL_WAIT) only ends: the peer has the pair.
    """
    core.remove_quick(quick)
    core.timers.cancel(quick, *ALARMS)
    pair = core.pairs.get(quick.spis_in.spi)
    if pair and quick.state == "QM3" and not quick.commit:
        quick.state = "done"
        core.emit(installed(quick, True))
    elif pair and quick.state in ("QM2", "QM3"):
        forget_pair(core, pair, "expired")


def forget_sa(core: Core, sa: Phase1) -> list[Wish]:
    """Takes an ISAKMP SA out with its exchanges; gives the wishes that were still in flight."""
    core.remove_sa(sa)
    core.timers.cancel(sa, *ALARMS)
    wishes = core.take_wishes(sa)
    for quick in list(sa.quicks.values()):
        if quick.state == "QM1" and quick.wanted:
            wishes.append(Wish(quick.wanted, quick.replaces))
        forget_quick(core, quick)
    return wishes


def end_sa(core: Core, sa: Phase1, reason: str, tell: bool = True) -> list[Wish]:
    """Ends an ISAKMP SA, telling the peer when it is up; gives the wishes left over."""
    if sa.up:
        if tell:
            core.count("deletes_sent")
            send_info(core, sa, Delete(ProtocolId.ISAKMP, (sa.cookies,)).build())
        core.emit(MainModeDown(sa.local, sa.peer, sa.cookies, reason))
    return forget_sa(core, sa)


def fail_wishes(core: Core, sa: Phase1, wishes: list[Wish], code: int,
                point: str) -> None:
    """Reports that the quick modes wanted under an ended ISAKMP SA will not come."""
    for wish in wishes:
        core.count("negotiation_failures")
        core.fail("quick" if sa.up else "main", sa, sa, wish.wanted.entry, code, point, ())


def end_by_policy(core: Core, sa: Phase1, reason: str) -> None:
    """Ends an ISAKMP SA because somebody here wants so; its wishes fail with 13849."""
    fail_wishes(core, sa, end_sa(core, sa, reason), Win32.NEW_POLICY, "Me")


def add_pair(core: Core, quick: QuickMode, now: float) -> Pair:
    """Remembers the pair of a quick mode until its lifetime in seconds ends."""
    assert quick.wanted
    pair = Pair(quick, quick.wanted, now)
    core.add_pair(pair)
    core.timers.set("pair", pair, now + quick.seconds)
    core.count("pairs_added")
    return pair


def replace_pair(core: Core, inbound_spi: int, now: float) -> None:
    """The successor is up: the old pair ends soon, after packets on their way have arrived."""
    pair = core.pairs.get(inbound_spi)
    if pair:
        pair.reason = "replaced"
        core.timers.cancel(pair, "rekey")
        core.timers.set("pair", pair, now + OVERLAP)


def succeeded(core: Core, pair: Pair) -> bool:
    """True when a younger pair does the same work."""
    return any(other.peer == pair.peer and other.created > pair.created
               for other in core.pairs_for((pair.wanted.entry,)))
