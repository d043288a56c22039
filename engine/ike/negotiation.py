"""How negotiations begin, go on after silence, and fail."""

from engine.address import Address
from engine.ike import certified, dpd, main_mode, quick_mode
from engine.ike.constants import (
    COMMIT_WAIT,
    IKE_PORT,
    KEEPALIVE,
    LINGER,
    MAX_QUICK_MODES,
    RENEWAL_WAIT,
    RETRANSMIT_GAPS,
    NotifyType,
    ProtocolId,
    Win32,
)
from engine.ike.core import Core
from engine.ike.failure import Failure
from engine.ike.interface import (
    MainModeUp,
    NegotiationFailed,
    Phase1Policy,
    Phase2Policy,
    SaInstalled,
)
from engine.ike.lifecycle import (
    add_pair,
    end_by_policy,
    end_sa,
    forget_quick,
    forget_sa,
    replace_pair,
    send_info,
)
from engine.ike.payloads import Notify
from engine.ike.phase1 import Phase1, Wish
from engine.ike.quick_mode import QuickMode
from engine.ike.quick_proposal import has_bundle


def usable(policy: Phase1Policy | None, wall: float) -> tuple[str, ...]:
    """The ways of authentication ("psk", "rsa") that work now, the preferred one first.

    `wall` is Unix seconds. Raises Failure: why this policy cannot begin (or answer) main mode.
    """
    if policy is None or not policy.methods:
        raise Failure("no-policy", Win32.NO_POLICY)
    found: list[str] = []
    why: Failure | None = None
    for kind in policy.preference:
        if kind == "psk" and policy.psk:
            found.append(kind)
        elif kind == "rsa" and policy.credentials:
            try:
                certified.speaker(policy.credentials, (), wall)
                found.append(kind)
            except Failure as failure:
                why = failure
    if not found:
        raise why or _unable(policy)
    return tuple(found)


def _unable(policy: Phase1Policy) -> Failure:
    """Why a policy without key and certificates cannot begin."""
    if policy.kerberos and not policy.credentials:
        return Failure("kerberos-unsupported", Win32.KERBEROS,
                       detail=("Authentication Method", "Preshared key", "Kerberos"))
    return Failure("no-certificate", Win32.NO_CERTIFICATE,
                   detail=("Authentication Method", "Preshared key", "Certificate"))


def initiate(core: Core, local: Address, peer: Address, wanted: Phase2Policy, now: float,
             replaces: int = 0) -> None:
    """Begins what gives a pair for `wanted`: quick mode, main mode first when none is up."""
    if core.in_flight(wanted.entry):
        return
    sa = core.find_up(local, peer)
    if sa:
        start_quick(core, sa, wanted, now, replaces)
        return
    sa = core.find_starting(local, peer)
    if sa is None:
        sa = _start_main(core, local, peer, wanted, now)
    if sa:
        core.wish(sa, Wish(wanted, replaces))


def _start_main(core: Core, local: Address, peer: Address, wanted: Phase2Policy,
                now: float) -> Phase1 | None:
    policy = core.policy.phase1(local, peer)
    try:
        authentications = usable(policy, core.wall(now))
    except Failure as why:
        core.count("negotiation_failures")
        core.emit(NegotiationFailed("main", local, peer, wanted.entry, why.code, "Me",
                                    why.detail, "", True, False))
        return None
    assert policy
    sa = Phase1(local, IKE_PORT, peer, IKE_PORT, policy, True, now)
    sa.authentications = authentications
    sa.cookie_i = core.new_cookie(local, peer)
    core.add_sa(sa)
    core.send_and_wait(sa, main_mode.first(sa, core.limits.vendor_version), "MM1", now)
    return sa


def main_mode_up(core: Core, sa: Phase1, now: float) -> None:
    """Phase 1 is authenticated: its life begins, and the quick modes that waited for it."""
    core.count("main_modes")
    core.timers.cancel(sa, "half-open")
    core.timers.set("life", sa, now + sa.lifetime)
    sa.hint = None
    assert sa.method
    core.emit(MainModeUp(sa.local, sa.peer, sa.cookies, sa.method, sa.lifetime, sa.initiator,
                         sa.peer_identity, now - sa.began, sa.proven()))
    core.authenticated(sa)
    dpd.watch(core, sa, now)
    if sa.behind:
        core.timers.set("keepalive", sa, now + KEEPALIVE)
    start_over(core, sa, core.take_wishes(sa), now)


def start_over(core: Core, sa: Phase1, wishes: list[Wish], now: float) -> None:
    """Begins what was wanted under `sa` (just up, or just ended) as if asked for now."""
    for wish in wishes:
        initiate(core, sa.local, sa.peer, wish.wanted, now, wish.replaces)


def start_quick(core: Core, sa: Phase1, wanted: Phase2Policy, now: float,
                replaces: int = 0) -> None:
    """Sends QM1 for `wanted` under an ISAKMP SA; `replaces` is the SPI of an expiring pair."""
    quick = QuickMode(sa, core.new_message_id(sa), True, now)
    quick.replaces = replaces
    sa.quick_modes += 1
    try:
        spis = core.new_spis(has_bundle(wanted.methods))
        message = quick_mode.first(quick, wanted, spis, core.entropy)
    except Failure as failure:
        core.count("negotiation_failures")
        core.fail("quick", sa, quick, wanted.entry, failure.code, "Me", failure.detail)
        return
    core.add_quick(quick)
    core.send_and_wait(quick, message, "QM1", now)


def half_open_expired(core: Core, sa: Phase1) -> None:
    """A peer that began main mode never finished it; told only when it had exchanged keys."""
    core.count("half_open_expired")
    if sa.state == "MM4" and not sa.failed:
        core.count("negotiation_failures")
        core.fail("main", sa, sa, "", Win32.TIMED_OUT, "Me", ())
    forget_sa(core, sa)


def room_for_quick(core: Core, sa: Phase1) -> bool:
    """False when a peer has too many quick modes open at once; the oldest finished one, kept
    for late duplicates, makes room."""
    if len(sa.quicks) >= MAX_QUICK_MODES:
        finished = next((one for one in sa.quicks.values() if one.state in ("done", "failed")),
                        None)
        if finished is None:
            return False
        forget_quick(core, finished)
    return True


def quick_mode_up(core: Core, quick: QuickMode, output: SaInstalled, now: float) -> None:
    """A pair is complete: both directions may be used."""
    if quick.spis_in.spi not in core.pairs:
        add_pair(core, quick, now)
    core.count("quick_modes")
    quick.state = "done"
    core.timers.cancel(quick, "commit")
    core.timers.set("linger", quick, now + LINGER)
    core.emit(output)
    if quick.replaces:
        core.count("rekeys")
        replace_pair(core, quick.replaces, now)


def await_connected(core: Core, quick: QuickMode, output: SaInstalled, now: float) -> None:
    """The peer may not be ready for what we send under the new pair; `output` is its inbound half.

    With the commit bit set it says CONNECTED when it is (RFC 2408 3.1); nothing authenticates that
    bit, so the wait is short. Without it a renewal waits a moment, for peers that install the
    pair on message 3: the old one goes on.
    """
    quick.state = "QM3"
    add_pair(core, quick, now)
    core.emit(output)
    core.timers.set("commit", quick, now + (COMMIT_WAIT if quick.commit else RENEWAL_WAIT))


def connected(core: Core, quick: QuickMode, now: float) -> None:
    """The peer is ready: the pair is complete."""
    quick_mode_up(core, quick, quick_mode.installed(quick, True), now)


def hurry(core: Core, entry: str, now: float) -> None:
    """A packet has no pair left to go by: a renewal of this SPD entry waits no longer."""
    for quick in core.quicks_for((entry,)):
        if quick.state == "QM3" and not quick.commit:
            connected(core, quick, now)


def commit_alarm(core: Core, quick: QuickMode, now: float) -> None:
    """The wait is over. Where CONNECTED did not come message 3 is said again once, which makes a
    peer repeat it.

    A packet that came out of the pair says as much as CONNECTED does, and so does a second
    silence: nobody is stalled for good.
    """
    if core.traffic(quick.spis_in.spi)[0] or not quick.commit:
        connected(core, quick, now)
        return
    quick.commit = False
    core.count("retransmissions")
    core.transmit(quick.sa, quick.reply, quick.reply_label)
    core.timers.set("commit", quick, now + COMMIT_WAIT)


def keep_alive(core: Core, sa: Phase1, now: float) -> None:
    """One octet every 20 seconds keeps the NAT's mapping for us, when nothing else did (3948 4).

    It goes on for the pairs that outlive their ISAKMP SA, until there is another one.
    """
    pairs = core.pairs_of(sa.local, sa.peer)
    if core.sas.get(sa.cookies) is not sa and (
            not pairs or core.find_protected(sa.local, sa.peer)):
        return
    due = max((core.traffic(pair.inbound)[1] for pair in pairs), default=0.0) + KEEPALIVE
    # Compared as it is set: `now - sent` may round to less than KEEPALIVE when the alarm has come.
    if now >= due:
        core.count("keepalives_sent")
        core.transmit(sa, b"\xff", "KEEPALIVE")
        due = now + KEEPALIVE
    core.timers.set("keepalive", sa, due)


# --- silence ------------------------------------------------------------------------------------


def retransmit(core: Core, owner: Phase1 | QuickMode, now: float) -> None:
    """Nobody answered in time: sends again, or gives up after the last gap or a second hint."""
    if owner.hint and owner.sends > owner.hint_sends:
        _give_up(core, owner, owner.hint, "Peer" if owner.hint.notify else "Me", now)
    elif owner.sends >= len(RETRANSMIT_GAPS):
        answered = owner.answered or isinstance(owner, QuickMode)
        code = Win32.TIMED_OUT if answered else Win32.NO_RESPONSE
        _give_up(core, owner, owner.hint or Failure("timeout", code), "Me", now)
    else:
        core.count("retransmissions")
        core.transmit(owner if isinstance(owner, Phase1) else owner.sa, owner.flight,
                      owner.flight_label)
        core.timers.set("send", owner, now + RETRANSMIT_GAPS[owner.sends])
        owner.sends += 1


def hint(owner: Phase1 | QuickMode, failure: Failure) -> None:
    """Remembers an unauthenticated reason; it counts only if nothing better arrives."""
    if owner.hint is None:
        owner.hint, owner.hint_sends = failure, owner.sends


def _give_up(core: Core, owner: Phase1 | QuickMode, why: Failure, point: str,
             now: float) -> None:
    if isinstance(owner, QuickMode):
        fail_quick(core, owner, why, point, now)
        if owner.initiator:
            _distrust(core, owner.sa, now)
    else:
        fail_main(core, owner, why, point)


def _distrust(core: Core, sa: Phase1, now: float) -> None:
    """A peer that ignores a whole quick mode has most likely lost the ISAKMP SA: end it, so that
    the next request begins with a main mode instead of talking to nobody until it expires."""
    start_over(core, sa, end_sa(core, sa, "expired"), now)


# --- failing ------------------------------------------------------------------------------------


def fail_main(core: Core, sa: Phase1, why: Failure, point: str) -> None:
    """Ends a main mode: one report per SPD entry that waited for it, or one without entry."""
    wishes = forget_sa(core, sa)
    core.count("negotiation_failures")
    for entry in [wish.wanted.entry for wish in wishes] or [""]:
        core.fail("main", sa, sa, entry, why.code, point, why.detail)


def fail_quick(core: Core, quick: QuickMode, why: Failure, point: str, now: float) -> None:
    """Ends a quick mode. It lingers, so that late messages are known for what they are."""
    core.count("negotiation_failures")
    core.fail("quick", quick.sa, quick, quick.entry, why.code, point, why.detail)
    forget_quick(core, quick)
    quick.state, quick.flight, quick.failed = "failed", b"", True
    core.add_quick(quick)
    core.timers.set("linger", quick, now + LINGER)


def refuse_quick(core: Core, quick: QuickMode, why: Failure, now: float) -> None:
    """Ends a quick mode for a reason of ours, telling the peer under protection."""
    fail_quick(core, quick, why, "Me", now)
    if why.notify:
        spi = quick_mode.offered_spi(quick)
        quick.reply = send_info(core, quick.sa, Notify(
            ProtocolId.ESP, why.notify, spi if len(spi) == 4 else b"").build())
        quick.reply_label = "INFO"


NOTIFY_CODES = {
    NotifyType.NO_PROPOSAL_CHOSEN: Win32.POLICY_MATCH,
    NotifyType.INVALID_ID_INFORMATION: Win32.POLICY_MATCH,
    NotifyType.INVALID_KEY_INFORMATION: Win32.DIFFIE_HELLMAN,
    NotifyType.AUTHENTICATION_FAILED: Win32.CREDENTIALS,
}


def peer_failure(number: int) -> Failure:
    """A peer's error notify as the failure it stands for."""
    known = {int(one): one.name.replace("_", "-") for one in NotifyType}
    code = next((code for one, code in NOTIFY_CODES.items() if one == number), Win32.ATTRIBUTES)
    return Failure("peer-notify", code, number,
                   ("Notify", "an answer", f"{known.get(number, 'notify')} ({number})"))


def delete_phase1(core: Core, cookies: bytes, reason: str) -> None:
    """Ends one ISAKMP SA by its cookies; unknown ones are no error."""
    sa = core.sas.get(cookies)
    if sa:
        end_by_policy(core, sa, reason)
