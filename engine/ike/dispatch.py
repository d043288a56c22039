"""One received datagram: the checks of RFC 2408 5.2 in order, then the exchange it belongs to."""

from hashlib import sha256

from engine.address import Address
from engine.errors import ParseError
from engine.ike import informational, main_mode, negotiation, quick_mode
from engine.ike.constants import (
    HEADER_SIZE,
    MAX_MESSAGE_IDS,
    ZERO_COOKIE,
    ExchangeType,
    Flag,
    NotifyType,
    Win32,
)
from engine.ike.core import Core
from engine.ike.failure import Failure
from engine.ike.interface import Phase1Policy, SendDatagram
from engine.ike.lifecycle import add_pair, end_sa, forget_sa
from engine.ike.nat import check_port, float_ports
from engine.ike.phase1 import Exchange, Phase1
from engine.ike.quick_mode import QuickMode
from engine.ike.rules import check_header
from engine.ike.wire import Header, parse_chain, parse_header

Ends = tuple[Address, int, Address, int]
# Reasons that say: the peer is not who it has to be.
AUTHENTICATION_CODES = frozenset({
    Win32.CREDENTIALS, Win32.HASH_FAILED, Win32.SIGNATURE, Win32.PEER_CERTIFICATE,
    Win32.PEER_REVOCATION, Win32.KEY_USAGE, Win32.CERTIFICATE_TYPE, Win32.NO_PUBLIC_KEY})


def receive(core: Core, data: bytes, ends: Ends, now: float) -> None:
    """Handles a datagram between `ends` (local, port, peer, port); a bad one is dropped."""
    core.count("packets_in")
    core.arrived = ends, now
    try:
        header = parse_header(data)
        sa = _find(core, header, ends)
        check_header(header)
        if sa is None:
            _first_message(core, header, data, ends, now)
        elif header.exchange == ExchangeType.MAIN:
            _main(core, sa, header, data, now)
        elif header.exchange == ExchangeType.QUICK:
            _quick(core, sa, header, data, now)
        else:
            informational.receive(core, sa, header, data, now)
    except ParseError as error:
        core.drop(ends[2], error.drop)


def _find(core: Core, header: Header, ends: Ends) -> Phase1 | None:
    """The ISAKMP SA of the cookies; None for a first message that begins one.

    Raises ParseError "invalid-cookie", and "reflection" for our own first message.
    """
    local, _, peer, _ = ends
    if header.cookie_i == ZERO_COOKIE:
        raise ParseError("invalid-cookie", "initiator cookie", 0)
    sa = core.sas.get(header.cookies) or core.sas.get(header.cookie_i + ZERO_COOKIE)
    if sa and (sa.peer, sa.local) != (peer, local):
        raise ParseError("invalid-cookie", "cookies of another peer", 0)
    if header.cookie_r != ZERO_COOKIE:
        if sa is None:
            raise ParseError("invalid-cookie", "unknown cookies", 0)
        return sa
    if header.exchange == ExchangeType.MAIN and (sa or _is_ours(core, header, local, peer)):
        raise ParseError("reflection", "our own first message", 0)
    if sa is None and header.exchange in (ExchangeType.INFORMATIONAL, ExchangeType.QUICK):
        raise ParseError("invalid-cookie", "responder cookie", 8)
    return sa


def _is_ours(core: Core, header: Header, local: Address, peer: Address) -> bool:
    """Whether we chose that initiator cookie for a main mode that the responder has answered."""
    return any(sa.initiator and sa.cookie_i == header.cookie_i for sa in core.sas_of(local, peer))


def _duplicate(core: Core, exchange: Exchange, sa: Phase1, data: bytes) -> bool:
    """Answers the last obeyed message from store, without a look inside.

    A message of ours that waits for an answer has its own timer, and is not sent once more for a
    duplicate: two sides that both did would echo each other's copies.
    """
    if not exchange.seen or sha256(data).digest() != exchange.seen:
        return False
    core.count("duplicates")
    if exchange.reply:
        core.transmit(sa, exchange.reply, exchange.reply_label)
    return True


# --- main mode ----------------------------------------------------------------------------------


def _first_message(core: Core, header: Header, data: bytes, ends: Ends, now: float) -> None:
    """MM1: from a peer that policy knows, within the half-open limits."""
    peer = ends[2]
    if header.encrypted:
        raise ParseError("invalid-flags", "encrypted first message", 19)
    known = core.firsts.get((peer, header.cookie_i))
    if known:
        if not _duplicate(core, known, known, data):
            raise ParseError("invalid-cookie", "cookie in use", 0)
    elif (peer, header.cookie_i) in core.refused:
        core.count("duplicates")
        _tell_refused(core, ends, core.refused[peer, header.cookie_i])
    else:
        _respond(core, header, data, ends, now)


def _respond(core: Core, header: Header, data: bytes, ends: Ends, now: float) -> None:
    local, _, peer, _ = ends
    payloads = parse_chain(header.next_payload, data[HEADER_SIZE:])
    policy = core.policy.phase1(local, peer)
    sa = Phase1(*ends, policy or Phase1Policy((), None), False, now)
    sa.cookie_i, sa.cookie_r = header.cookie_i, core.new_cookie(local, peer)
    sa.last = "MM1"
    try:
        sa.authentications = negotiation.usable(policy, core.wall(now))
        message = main_mode.second(sa, payloads, core.limits.vendor_version)
    except Failure as failure:
        _refuse_first(core, sa, ends, failure)
        return
    _make_room(core, peer)
    core.add_sa(sa)
    core.timers.set("half-open", sa, now + core.limits.half_open_seconds)
    core.landed(sa, data, "MM1")
    core.reply(sa, message, "MM2")


def _refuse_first(core: Core, sa: Phase1, ends: Ends, failure: Failure) -> None:
    """No state is kept for a first message that policy refuses, only what was said to it.

    A stranger (no policy at all) is told nothing; one whose offer does not fit gets an
    unprotected NO-PROPOSAL-CHOSEN, smaller than what it sent.
    """
    core.count("negotiation_failures")
    core.drop(sa.peer, failure.drop)
    core.fail("main", sa, sa, "", failure.code, "Me", failure.detail)
    answer = b""
    if failure.drop != "no-policy":
        answer = informational.refuse_first(sa.cookies, NotifyType.NO_PROPOSAL_CHOSEN)
    core.remember_refusal(sa.peer, sa.cookie_i, answer)
    _tell_refused(core, ends, answer)


def _tell_refused(core: Core, ends: Ends, answer: bytes) -> None:
    if answer:
        core.count("packets_out")
        core.emit(SendDatagram(*ends, answer, "INFO"))


def _make_room(core: Core, peer: Address) -> None:
    """Keeps half-open main modes bounded: the oldest that never got past MM2 makes room.

    Raises ParseError "half-open-limit" when all of them have gone further than that.
    """
    crowd = core.half_open(peer)
    if len(crowd) < core.limits.half_open_per_address:
        crowd = core.half_open()
        if len(crowd) < core.limits.half_open_total:
            return
    victim = next((sa for sa in crowd if sa.state == "MM2"), None)
    if victim is None:
        raise ParseError("half-open-limit", "too many half-open main modes")
    core.count("half_open_evicted")
    forget_sa(core, victim)


def _main(core: Core, sa: Phase1, header: Header, data: bytes, now: float) -> None:
    """MM2 to MM6 of an exchange that exists."""
    if _duplicate(core, sa, sa, data):
        return
    label = main_mode.NEXT.get(sa.state, "")
    if not label:
        raise ParseError("unexpected-message", "main mode is over")
    check_port(sa, core.arrived[0][1], label)
    if header.encrypted != (label in ("MM5", "MM6")):
        raise ParseError("invalid-flags", f"encryption of {label}", 19)
    try:
        if label in ("MM5", "MM6"):
            _proof(core, sa, header, data, label, now)
        else:
            _exchange_keys(core, sa, header, data, label, now)
    except Failure as failure:
        core.drop(sa.peer, failure.drop)
        if label == "MM5" and failure.drop == "unsupported-id" and not sa.failed:
            informational.refuse_name(core, sa, data, failure.notify)
        _refuse_main(core, sa, failure)


def _exchange_keys(core: Core, sa: Phase1, header: Header, data: bytes, label: str,
                   now: float) -> None:
    payloads = parse_chain(header.next_payload, data[HEADER_SIZE:])
    if label == "MM2":
        old = sa.cookies
        message = main_mode.third(sa, header, payloads, core.entropy)
        core.rename_sa(old, sa)
    elif label == "MM3":
        message = main_mode.fourth(sa, payloads, core.entropy)
    else:
        message = main_mode.fifth(sa, payloads, _first_contact(core, sa), core.wall(now))
    core.landed(sa, data, label)
    if sa.initiator:
        float_ports(sa)
        core.send_and_wait(sa, message, sa.state, now)
    else:
        core.reply(sa, message, sa.state)


def _first_contact(core: Core, sa: Phase1) -> bool:
    """True when we share nothing with this peer: said as INITIAL-CONTACT."""
    return (core.limits.greets and core.find_protected(sa.local, sa.peer) is None
            and not core.pairs_of(sa.local, sa.peer))


def _proof(core: Core, sa: Phase1, header: Header, data: bytes, label: str, now: float) -> None:
    if label == "MM5":
        message, notifies = main_mode.sixth(sa, header, data, _first_contact(core, sa),
                                            core.wall(now))
        core.landed(sa, data, label)
        core.proved(sa)
        core.reply(sa, message, "MM6")
    else:
        notifies = main_mode.finish(sa, header, data, core.wall(now))
        core.landed(sa, data, label)
        core.proved(sa)
    sa.failed = False
    for notify in notifies:
        informational.obey_notify(core, sa, notify, now)
    negotiation.main_mode_up(core, sa, now)


def _refuse_main(core: Core, sa: Phase1, failure: Failure) -> None:
    """A main mode message that was refused does not end the exchange: it may be forged.

    The initiator keeps the reason as a hint for the day it gives up; the responder reports it
    once and lets the half-open SA run out. Only a peer that has proved that it holds the key
    hears of it.
    """
    if failure.code in AUTHENTICATION_CODES and not sa.failed:
        core.count("authentication_failures")
    if sa.initiator:
        negotiation.hint(sa, Failure(failure.drop, failure.code, 0, failure.detail))
    elif not sa.failed:
        core.count("negotiation_failures")
        core.fail("main", sa, sa, "", failure.code, "Me", failure.detail)
    sa.failed = True


# --- quick mode ---------------------------------------------------------------------------------


def _quick(core: Core, sa: Phase1, header: Header, data: bytes, now: float) -> None:
    if not header.encrypted:
        raise ParseError("invalid-flags", "quick mode in the clear", 19)
    if not sa.up:
        raise ParseError("not-established", "quick mode before message 6")
    check_port(sa, core.arrived[0][1], "quick mode")
    quick = sa.quicks.get(header.message_id)
    if quick is None:
        _quick_first(core, sa, header, data, now)
    elif not _duplicate(core, quick, sa, data):
        if quick.state == "QM1":
            _quick_second(core, quick, header, data, now)
        elif quick.state == "QM2":
            _quick_third(core, quick, header, data, now)
        elif quick.state == "QM3":
            _quick_fourth(core, quick, header, data, now)
        else:
            raise ParseError("message-id-reused", "message id", 20)


def _quick_first(core: Core, sa: Phase1, header: Header, data: bytes, now: float) -> None:
    if header.message_id in sa.message_ids:
        raise ParseError("message-id-reused", "message id", 20)
    if len(sa.message_ids) >= MAX_MESSAGE_IDS or not negotiation.room_for_quick(core, sa):
        raise ParseError("too-many-exchanges", "exchanges of this ISAKMP SA")
    quick = QuickMode(sa, header.message_id, False, now)
    opened = quick_mode.open_message(quick, header, data, "QM1")
    core.proved(sa)
    if not sa.usable():
        # Master PFS and session limits bind the responder too: the peer begins a new main mode.
        negotiation.start_over(core, sa, end_sa(core, sa, "expired"), now)
        raise ParseError("quick-limit", "quick modes of this ISAKMP SA")
    sa.message_ids.add(header.message_id)
    sa.quick_modes += 1
    core.landed(quick, data, "QM1")
    try:
        message = quick_mode.read_first(quick, opened, core.policy, core.new_spis, core.entropy)
        output = quick_mode.installed(quick, False)
    except (Failure, ParseError) as error:
        _refuse_quick(core, quick, error, now)
        return
    core.add_quick(quick)
    add_pair(core, quick, now)
    core.emit(output)
    core.send_and_wait(quick, message, "QM2", now)


def _quick_second(core: Core, quick: QuickMode, header: Header, data: bytes, now: float) -> None:
    opened = quick_mode.open_message(quick, header, data, "QM2")
    core.proved(quick.sa)
    core.landed(quick, data, "QM2")
    try:
        message = quick_mode.third(quick, opened)
        quick.commit = bool(header.flags & Flag.COMMIT)
        waits = quick.commit or quick.replaces in core.pairs
        output = quick_mode.installed(quick, not waits)
    except (Failure, ParseError) as error:
        _refuse_quick(core, quick, error, now)
        return
    if waits:
        negotiation.await_connected(core, quick, output, now)
    else:
        negotiation.quick_mode_up(core, quick, output, now)
    core.reply(quick, message, "QM3")


def _quick_third(core: Core, quick: QuickMode, header: Header, data: bytes, now: float) -> None:
    quick.iv = quick_mode.open_message(quick, header, data, "QM3").iv
    core.proved(quick.sa)
    core.landed(quick, data, "QM3")
    negotiation.quick_mode_up(core, quick, quick_mode.installed(quick, True), now)
    if quick.commit:
        core.reply(quick, quick_mode.fourth(quick), "QM4")


def _quick_fourth(core: Core, quick: QuickMode, header: Header, data: bytes, now: float) -> None:
    opened = quick_mode.open_message(quick, header, data, "QM4")
    core.proved(quick.sa)
    core.landed(quick, data, "QM4")
    if quick_mode.is_connected(opened):
        negotiation.connected(core, quick, now)


def _refuse_quick(core: Core, quick: QuickMode, error: Failure | ParseError, now: float) -> None:
    """An authentic message that cannot be accepted ends its quick mode, and the peer hears why."""
    if isinstance(error, ParseError):
        error = Failure(error.drop, Win32.BAD_PAYLOAD, NotifyType.PAYLOAD_MALFORMED,
                        ("Payload", "well formed", error.field))
    core.drop(quick.sa.peer, error.drop)
    negotiation.refuse_quick(core, quick, error, now)
