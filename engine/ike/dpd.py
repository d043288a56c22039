"""Dead peer detection by RFC 3706, driven by traffic: who hears nothing while it sends, asks.

A peer is asked only when it has been silent for the interval while we went on sending to it (the
last word of a conversation is no reason); anything authentic from it, ESP included, is proof of
life. The host tells when a pair was last used.
"""

from engine.errors import ParseError
from engine.ike.constants import (
    DPD_RETRY,
    DPD_TRIES,
    NotifyType,
    ProtocolId,
    Win32,
)
from engine.ike.core import Core
from engine.ike.lifecycle import end_sa, fail_wishes, forget_pair, send_info
from engine.ike.payloads import Notify
from engine.ike.phase1 import Phase1

_SEQUENCE_TOP = 0x7FFFFFFF


def watch(core: Core, sa: Phase1, now: float) -> None:
    """The ISAKMP SA is up: its peer is watched when both sides can (5.1)."""
    if sa.dpd and sa.policy.dpd:
        # Unlike for every ISAKMP SA is enough: nobody else can send under its protection.
        sa.dpd_sequence = int.from_bytes(sa.cookies[:4], "big") & _SEQUENCE_TOP
        core.timers.set("dpd", sa, now + sa.policy.dpd)


def alarm(core: Core, sa: Phase1, now: float) -> None:
    """Time to look at a peer: alive, to be asked (again), or dead."""
    heard, sent = _traffic(core, sa)
    interval = sa.policy.dpd
    if sa.dpd_tries and heard > sa.dpd_asked:
        sa.dpd_tries = 0
    if sa.dpd_tries >= DPD_TRIES:
        _dead(core, sa)
    elif core.find_protected(sa.local, sa.peer) is not sa:
        # A younger ISAKMP SA watches the peer.
        sa.dpd_tries = 0
        core.timers.set("dpd", sa, now + interval)
    elif sa.dpd_tries or sent - heard >= DPD_RETRY and now - heard >= interval:
        _ask(core, sa, now)
    else:
        again = heard + interval
        core.timers.set("dpd", sa, again if again > now else now + interval / 2)


def _traffic(core: Core, sa: Phase1) -> tuple[float, float]:
    """When the peer last proved itself, and when we last sent to it, engine seconds."""
    heard, sent = sa.heard, 0.0
    for pair in core.pairs_of(sa.local, sa.peer):
        received, transmitted = core.traffic(pair.inbound)
        heard, sent = max(heard, received), max(sent, transmitted)
    return heard, sent


def _ask(core: Core, sa: Phase1, now: float) -> None:
    if not sa.dpd_tries:
        sa.dpd_asked = now
    sa.dpd_tries += 1
    sa.dpd_sequence += 1
    core.count("dpd_sent")
    send_info(core, sa, _notify(sa, NotifyType.R_U_THERE, sa.dpd_sequence).build())
    core.timers.set("dpd", sa, now + DPD_RETRY)


def _notify(sa: Phase1, number: int, sequence: int) -> Notify:
    return Notify(ProtocolId.ISAKMP, number, sa.cookies, sequence.to_bytes(4, "big"))


def _dead(core: Core, sa: Phase1) -> None:
    """Nobody answers: what we share with the peer is void, and nobody needs to be told."""
    core.count("dpd_dead")
    for pair in core.pairs_of(sa.local, sa.peer):
        forget_pair(core, pair, "peer-dead")
    for one in core.sas_of(sa.local, sa.peer):
        if one.up:
            wishes = end_sa(core, one, "peer-dead", tell=False)
            fail_wishes(core, one, wishes, Win32.NO_RESPONSE, "Me")


def obey(core: Core, sa: Phase1, notify: Notify) -> None:
    """R-U-THERE or its ACK, which came under protection of `sa`.

    Raises ParseError "dpd" for other cookies, a cut sequence number, an older question, an
    answer to what was not asked, or a peer that never said it can.
    """
    sequence = int.from_bytes(notify.data, "big")
    if not sa.dpd or notify.spi != sa.cookies or len(notify.data) != 4:
        raise ParseError("dpd", "cookies and sequence number")
    if notify.type == NotifyType.R_U_THERE:
        if sequence <= sa.dpd_seen:
            raise ParseError("dpd", "sequence number")
        sa.dpd_seen = sequence
        core.count("dpd_answered")
        send_info(core, sa, _notify(sa, NotifyType.R_U_THERE_ACK, sequence).build())
    elif not sa.dpd_tries or sequence != sa.dpd_sequence:
        raise ParseError("dpd", "answer to another question")
    else:
        core.count("dpd_acked")
        sa.dpd_tries = 0
        core.timers.set("dpd", sa, sa.heard + sa.policy.dpd)
