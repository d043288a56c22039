"""Informational exchanges: notifies and deletes, obeyed only under protection (RFC 2408 4.8)."""

from engine.errors import ParseError
from engine.ike import dpd, quick_mode
from engine.ike.cipher import block_octets
from engine.ike.constants import (
    HEADER_SIZE,
    MAX_MESSAGE_IDS,
    OVERLAP,
    ExchangeType,
    NotifyType,
    PayloadType,
    ProtocolId,
    Win32,
)
from engine.ike.core import Core
from engine.ike.interface import NotifyReceived
from engine.ike.lifecycle import end_sa, fail_wishes, forget_pair
from engine.ike.negotiation import connected, fail_quick, hint, peer_failure, start_over
from engine.ike.payloads import Delete, Notify, parse_delete, parse_notify
from engine.ike.phase1 import Phase1, check_hash, exchange_iv, seal_info, unseal
from engine.ike.quick_mode import QuickMode
from engine.ike.rules import bodies, check_payloads
from engine.ike.wire import Header, build_message, parse_chain

_ERRORS_END = 16384


def refuse_first(cookies: bytes, number: int) -> bytes:
    """An unprotected notify for a first message that cannot be served: 40 octets, no state."""
    answer = Header(cookies[:8], cookies[8:], 0, ExchangeType.INFORMATIONAL, 0, 0)
    return build_message(answer, [Notify(ProtocolId.ISAKMP, number).build()])


def refuse_name(core: Core, sa: Phase1, message: bytes, number: int) -> None:
    """Tells a peer whose proof was right that its name is not: protected, as message 5 was.

    The IV follows the last block of that message; the exchange stays where it was.
    """
    assert sa.method
    before, sa.iv = sa.iv, message[-block_octets(sa.method.cipher):]
    notify = Notify(ProtocolId.ISAKMP, number, sa.cookies)
    try:
        core.transmit(sa, seal_info(sa, core.new_message_id(sa), notify.build()), "INFO")
    finally:
        sa.iv = before


def receive(core: Core, sa: Phase1, header: Header, data: bytes, now: float) -> None:
    """One informational message for an ISAKMP SA. Raises ParseError for a bad one."""
    if header.encrypted:
        _protected(core, sa, header, data, now)
    else:
        _unprotected(core, sa, header, data)


def _unprotected(core: Core, sa: Phase1, header: Header, data: bytes) -> None:
    """Never changes an SA: an error notify during main mode is remembered as a hint."""
    payloads = parse_chain(header.next_payload, data[HEADER_SIZE:])
    check_payloads("HINT", payloads)
    notifies = [parse_notify(one) for one in bodies(payloads, PayloadType.NOTIFY)]
    if bodies(payloads, PayloadType.DELETE):
        raise ParseError("unprotected-delete", "delete payload in the clear")
    for one in notifies:
        core.emit(NotifyReceived(sa.peer, one.type, False))
        if one.type < _ERRORS_END and sa.initiator and not sa.up:
            hint(sa, peer_failure(one.type))


def _protected(core: Core, sa: Phase1, header: Header, data: bytes, now: float) -> None:
    if not sa.up:
        _before_six(core, sa, header, data)
        return
    quick = sa.quicks.get(header.message_id)
    if quick and quick.state == "QM3":
        _connected(core, quick, header, data, now)
        return
    if not header.message_id or header.message_id in sa.message_ids:
        raise ParseError("message-id-reused", "message id", 20)
    if len(sa.message_ids) >= MAX_MESSAGE_IDS:
        raise ParseError("too-many-exchanges", "message ids of this ISAKMP SA")
    opened = unseal(sa, header, data, exchange_iv(sa, header.message_id))
    if not opened.payloads or opened.payloads[0].type != PayloadType.HASH:
        raise ParseError("payload-order", "first payload of INFO")
    check_hash(sa, header.message_id, opened)
    core.proved(sa)
    sa.message_ids.add(header.message_id)
    check_payloads("INFO", opened.payloads)
    notifies = [parse_notify(one) for one in bodies(opened.payloads, PayloadType.NOTIFY)]
    deletes = [parse_delete(one) for one in bodies(opened.payloads, PayloadType.DELETE)]
    for notify in notifies:
        obey_notify(core, sa, notify, now)
    for delete in deletes:
        _obey_delete(core, sa, delete, now)


def _connected(core: Core, quick: QuickMode, header: Header, data: bytes, now: float) -> None:
    """CONNECTED in RFC 2408's form: informational, with the message id of its quick mode."""
    opened = unseal(quick.sa, header, data, exchange_iv(quick.sa, header.message_id))
    check_payloads("QM4", opened.payloads)
    check_hash(quick.sa, header.message_id, opened)
    core.proved(quick.sa)
    if quick_mode.is_connected(opened):
        connected(core, quick, now)


def _before_six(core: Core, sa: Phase1, header: Header, data: bytes) -> None:
    """The responder refuses our message 5 under the keys of the exchange: it holds the key, and
    nobody else could have said it. It is a hint all the same, as the exchange may still end well.
    Anything else that comes so early is dropped.
    """
    if not sa.initiator or sa.state != "MM5" or not header.message_id:
        raise ParseError("not-established", "informational before message 6")
    opened = unseal(sa, header, data, exchange_iv(sa, header.message_id))
    if not opened.payloads or opened.payloads[0].type != PayloadType.HASH:
        raise ParseError("payload-order", "first payload of INFO")
    check_hash(sa, header.message_id, opened)
    check_payloads("INFO", opened.payloads)
    if bodies(opened.payloads, PayloadType.DELETE):
        raise ParseError("not-established", "delete before message 6")
    for notify in [parse_notify(one) for one in bodies(opened.payloads, PayloadType.NOTIFY)]:
        core.emit(NotifyReceived(sa.peer, notify.type, True))
        if notify.type < _ERRORS_END:
            hint(sa, peer_failure(notify.type))


def obey_notify(core: Core, sa: Phase1, notify: Notify, now: float) -> None:
    """A notify that came under protection of `sa`."""
    core.emit(NotifyReceived(sa.peer, notify.type, True))
    if notify.type == NotifyType.INITIAL_CONTACT:
        initial_contact(core, sa, now)
    elif notify.type in (NotifyType.R_U_THERE, NotifyType.R_U_THERE_ACK):
        dpd.obey(core, sa, notify)
    elif notify.type < _ERRORS_END:
        _fail_refused(core, sa, notify, now)


def _fail_refused(core: Core, sa: Phase1, notify: Notify, now: float) -> None:
    """An error for a quick mode: the one whose initiator's SPI it names, or the only one."""
    waiting = [quick for quick in sa.quicks.values() if quick.state in ("QM1", "QM2")]
    named = [quick for quick in waiting if quick_mode.offered_spi(quick) == notify.spi]
    if not named and len(waiting) == 1:
        named = waiting
    for quick in named:
        quick.answered, quick.last = True, "INFO"
        fail_quick(core, quick, peer_failure(notify.type), "Peer", now)


def initial_contact(core: Core, sa: Phase1, now: float) -> None:
    """The peer has begun anew: what we share with it from before this exchange is void.

    Only SAs with the same address and the same authenticated identity (behind a NAT many peers
    have one address, RFC 3947 6), and only those older than the exchange that says so: a main
    mode that ran beside this one stays (RFC 2407 4.6.3.3).
    """
    for pair in [one for one in core.pairs_of(sa.local, sa.peer)
                 if one.created < sa.began and one.identity == sa.peer_identity]:
        forget_pair(core, pair, "replaced")
    for old in [one for one in core.sas_of(sa.local, sa.peer)
                if one is not sa and one.up and one.created < sa.began
                and one.peer_identity == sa.peer_identity]:
        _ended_by_peer(core, old, now)


def _ended_by_peer(core: Core, old: Phase1, now: float) -> None:
    """The peer has no use for an ISAKMP SA. What was wanted under it begins anew, unless it was
    so young that the peer would do the same again and again, and never led to anything."""
    fruitful = any(quick.state == "done" for quick in old.quicks.values())
    wishes = end_sa(core, old, "peer-delete", tell=False)
    if now - old.created < OVERLAP and not fruitful:
        fail_wishes(core, old, wishes, Win32.DELETED_BY_PEER, "Peer")
        return
    start_over(core, old, wishes, now)


def _obey_delete(core: Core, sa: Phase1, delete: Delete, now: float) -> None:
    """The peer's inbound SPIs are our outbound ones; a repeated or foreign one is no news."""
    core.count("deletes_received", len(delete.spis))
    for spi in delete.spis:
        if delete.protocol == ProtocolId.ISAKMP:
            old = core.sas.get(spi)
            if old and old.up and old.peer == sa.peer and old.local == sa.local:
                _ended_by_peer(core, old, now)
        else:
            pair = core.by_outbound(sa.peer, delete.protocol, int.from_bytes(spi, "big"))
            if pair and pair.local == sa.local:
                forget_pair(core, pair, "peer-delete")
