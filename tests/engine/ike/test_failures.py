"""Negotiations that must not succeed, and what each side can say about it."""

import pytest

from engine.address import parse_network
from engine.ike.constants import NotifyType
from engine.ike.interface import (
    MainModeUp,
    NegotiationFailed,
    NotifyReceived,
    SaDeleted,
    SaInstalled,
    SendDatagram,
    TrafficSelector,
)
from engine.suites import MainModeMethod, QuickModeMethod
from tests.support.ike_pair import A, B, FixedPolicy, Pair, connected, policy_a, policy_b

M, Q = MainModeMethod, QuickModeMethod


def failures(pair: Pair, address: int) -> list[NegotiationFailed]:
    return [one for one in pair.of(address, NegotiationFailed)
            if isinstance(one, NegotiationFailed)]


def tried(first: FixedPolicy | None, second: FixedPolicy | None, seconds: float = 200.0) -> Pair:
    """A pair that was given time to fail; no pair may come of it."""
    pair = Pair(first, second)
    pair.initiate()
    pair.run(seconds)
    assert pair.installed(A) == pair.installed(B) == []
    return pair


def test_a_silent_peer_is_asked_in_windows_rhythm_and_given_up_after_63_seconds() -> None:
    pair = Pair()
    pair.fate = lambda datagram: 0
    pair.initiate()
    pair.run(62.9)
    assert pair.times == [0.0, 1.0, 3.0, 7.0, 15.0, 31.0]
    assert len({one.payload for one in pair.sent}) == 1
    assert failures(pair, A) == []
    pair.run(63.0)
    (failed,) = failures(pair, A)
    assert failed._replace(offered=()) == NegotiationFailed(
        "main", A, B, "entry-a", 13813, "Me", (), "MM1", True, False)
    assert failed.offered[0].transforms
    assert pair.a.next_timer() is None
    assert pair.a.phase1_sas(63.0) == ()
    assert pair.a.counters["retransmissions"] == 5


def test_a_peer_that_falls_silent_later_has_timed_out() -> None:
    pair = Pair()
    pair.fate = lambda datagram: int(datagram.label != "MM4")
    pair.initiate()
    pair.run(200.0)
    (failed,) = failures(pair, A)
    assert (failed.code, failed.last, failed.answered) == (13805, "MM3", True)
    assert pair.b.phase1_sas(200.0) == ()


def test_the_responders_first_message_is_never_repeated_unasked() -> None:
    pair = Pair()
    pair.fate = lambda datagram: int(datagram.label == "MM1" and pair.now == 0.0)
    pair.initiate()
    pair.run(200.0)
    assert pair.labels().count("MM2") == 1
    assert pair.b.phase1_sas(200.0) == ()
    assert pair.b.counters["half_open_expired"] == 1


def test_a_wrong_key_is_seen_by_the_responder_and_silence_by_the_initiator() -> None:
    pair = tried(policy_a(psk=b"right"), policy_b(psk=b"wrong"))
    (here,), (there,) = failures(pair, A), failures(pair, B)
    assert (here.code, here.point, here.last, here.answered) == (13805, "Me", "MM5", True)
    assert (there.code, there.point, there.last, there.initiator) == (13801, "Me", "MM4", False)
    assert there.detail[0] == "Preshared key"
    assert pair.b.counters["authentication_failures"] == 1
    assert pair.b.counters["authentication-failed"] == 6
    assert set(pair.labels()) == {"MM1", "MM2", "MM3", "MM4", "MM5"}
    assert pair.of(A, MainModeUp) == pair.of(B, MainModeUp) == []


@pytest.mark.parametrize("psk", [b"", None])
def test_an_empty_key_negotiates_nothing(psk: bytes | None) -> None:
    pair = tried(policy_a(psk=psk), policy_b())
    assert pair.sent == []
    assert failures(pair, A)[0].code == 13806
    assert tried(policy_a(), policy_b(psk=psk)).of(B, MainModeUp) == []


def test_kerberos_alone_fails_by_name() -> None:
    first = policy_a(psk=None)
    assert first.first
    kerberos = first._replace(first=first.first._replace(kerberos=True))
    pair = tried(kerberos, policy_b())
    assert [(one.code, one.detail) for one in failures(pair, A)] == [
        (13827, ("Authentication Method", "Preshared key", "Kerberos"))]
    assert pair.sent == []
    second = policy_b(psk=None)
    assert second.first
    answer = tried(policy_a(), second._replace(first=second.first._replace(kerberos=True)))
    assert failures(answer, B)[0].code == 13827


def test_a_peer_without_policy_says_nothing() -> None:
    pair = tried(policy_a(), policy_b()._replace(first=None))
    assert set(pair.labels()) == {"MM1"}
    assert failures(pair, A)[0].code == 13813
    assert [one.code for one in failures(pair, B)] == [13825]
    assert pair.b.counters["no-policy"] == 1


def test_no_policy_here_is_said_at_once() -> None:
    pair = Pair(policy_a()._replace(first=None))
    pair.initiate()
    assert [one.code for one in failures(pair, A)] == [13825]


@pytest.mark.parametrize(("offered", "mine", "why"), [
    (M("DES", "MD5", 1), M("3DES", "MD5", 1), ("Encryption Algorithm", "3DES", "DES")),
    (M("3DES", "SHA1", 2), M("3DES", "SHA1", 14), ("Diffie-Hellman Group", "14", "2")),
])
def test_no_common_main_mode_offer(offered: MainModeMethod, mine: MainModeMethod,
                                   why: tuple[str, ...]) -> None:
    pair = tried(policy_a(offered), policy_b(mine))
    (here,), (there,) = failures(pair, A), failures(pair, B)
    assert (there.code, there.point, there.detail) == (13868, "Me", why)
    assert (here.code, here.point, here.detail[0]) == (13868, "Peer", "Notify")
    assert pair.times[-1] < 10.0
    assert pair.of(A, NotifyReceived)[0] == NotifyReceived(B, NotifyType.NO_PROPOSAL_CHOSEN, False)
    answers = [one for one in pair.sent if one.label == "INFO"]
    assert all(len(one.payload) == 40 for one in answers)
    assert len(answers) == pair.labels().count("MM1")
    assert pair.b.phase1_sas(pair.now) == ()


def test_an_unprotected_refusal_is_only_a_hint() -> None:
    pair = Pair()
    pair.initiate()
    cookie = pair.sent[0].payload[:8]
    liar = Pair(policy_a(M("DES", "MD5", 1)))
    liar.initiate()
    liar.run(0.05)
    forged = next(one for one in liar.sent if one.label == "INFO")
    forged = forged._replace(payload=cookie + forged.payload[8:])
    for _ in range(3):
        pair.deliver(forged)
    pair.run(1.0)
    assert len(pair.installed(A)) == 1


@pytest.mark.parametrize(("offered", "mine", "why"), [
    (policy_a(qm=Q("DES", "MD5")), policy_b(qm=Q("3DES", "MD5")),
     ("ESP Algorithm", "3DES", "DES")),
    (policy_a(), policy_b(pfs=2), ("PFS Group", "2", "0")),
    (policy_a(tunnel=False), policy_b(), ("Encapsulation Mode", "Tunnel", "Transport")),
])
def test_no_common_quick_mode_offer_fails_at_once_at_both_ends(
        offered: FixedPolicy, mine: FixedPolicy, why: tuple[str, ...]) -> None:
    pair = tried(offered, mine, 1.0)
    (here,), (there,) = failures(pair, A), failures(pair, B)
    assert (there.mode, there.code, there.detail) == ("quick", 13868, why)
    assert (here.mode, here.code, here.point, here.entry) == ("quick", 13868, "Peer", "entry-a")
    assert "NO-PROPOSAL-CHOSEN" in here.detail[2]
    assert pair.labels()[-2:] == ["QM1", "INFO"]
    assert [one.state for one in pair.a.phase1_sas(1.0)] == ["up"]
    pair.run(200.0)
    assert pair.labels()[-2:] == ["QM1", "INFO"]


def test_a_policy_without_integrity_fails_by_name() -> None:
    pair = tried(policy_a(qm=Q("3DES")), policy_b(), 1.0)
    assert [(one.code, one.detail) for one in failures(pair, A)] == [
        (13802, ("Security methods", "one with integrity", "none"))]


@pytest.mark.parametrize("remote", ["10.0.9.0/24", "10.0.0.0/16", "10.0.2.0/25", "10.0.2.1"])
def test_identities_that_are_no_filters_mirror_are_refused_not_narrowed(remote: str) -> None:
    first = policy_a()
    wanted = first.second[0]
    other = TrafficSelector(wanted.selector.local, parse_network(remote))
    pair = tried(first._replace(second=(wanted._replace(selector=other),)), policy_b(), 1.0)
    (here,), (there,) = failures(pair, A), failures(pair, B)
    assert (here.mode, here.code) == ("quick", 13868)
    assert "INVALID-ID-INFORMATION (18)" in here.detail[2]
    assert there.detail[0] == "Quick mode identities"
    assert str(other.remote) in there.detail[2]


def test_a_lost_refusal_is_repeated_for_the_repeated_question() -> None:
    pair = Pair(policy_a(), policy_b(pfs=2))
    pair.fate = lambda datagram: int(datagram.label != "INFO" or pair.now > 0.5)
    pair.initiate()
    pair.run(10.0)
    assert pair.labels()[6:] == ["QM1", "INFO", "QM1", "INFO"]
    assert failures(pair, A)[0].code == 13868
    assert len(failures(pair, B)) == 1


def test_a_third_message_that_never_comes_takes_the_inbound_half_back() -> None:
    pair = Pair()
    pair.fate = lambda datagram: int(datagram.label != "QM3")
    pair.initiate()
    pair.run(200.0)
    assert pair.labels().count("QM2") == 6
    assert pair.installed(B) == []
    (half,) = [one for one in pair.of(B, SaInstalled) if isinstance(one, SaInstalled)]
    assert [one.inbound_spi for one in pair.of(B, SaDeleted) if isinstance(one, SaDeleted)] == [
        half.inbound.spi]
    assert [(one.mode, one.code) for one in failures(pair, B)] == [("quick", 13805)]


def test_without_nat_traversal_an_identity_that_is_not_the_peers_address_is_refused() -> None:
    first, second = policy_a(), policy_b()
    assert first.first and second.first
    pair = Pair(first._replace(first=first.first._replace(natt=False)),
                second._replace(first=second.first._replace(natt=False)))
    elsewhere = A + 5

    def through_nat(datagram: SendDatagram, to_b: bool) -> list[SendDatagram]:
        if to_b:
            outputs = pair.b.receive(datagram.payload, B, 500, elsewhere, 500, pair.now)
        else:
            outputs = pair.a.receive(datagram.payload, A, 500, B, 500, pair.now)
        failed.extend(one for one in outputs if isinstance(one, NegotiationFailed))
        return [one for one in outputs if isinstance(one, SendDatagram)]

    failed: list[NegotiationFailed] = []
    pair.initiate()
    waiting = [(pair.sent[0], True)]
    while waiting:
        datagram, to_b = waiting.pop(0)
        waiting += [(one, not to_b) for one in through_nat(datagram, to_b)]
    assert [(one.code, one.detail) for one in failed] == [
        (13869, ("Identity", "131.107.1.6", "131.107.1.1"))]


def test_after_a_failure_the_next_request_may_succeed() -> None:
    pair = tried(policy_a(psk=b"right"), policy_b(psk=b"wrong"), 70.0)
    pair.take(A, pair.a.set_policy(policy_a(psk=b"wrong"), pair.now))
    pair.initiate()
    pair.run(80.0)
    assert len(pair.installed(A)) == 1
    assert connected().a.counters["negotiation_failures"] == 0
