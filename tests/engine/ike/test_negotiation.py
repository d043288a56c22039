"""Two endpoints and a wire: every suite, both roles, every message lost or doubled."""

import pytest

from engine.address import parse_network
from engine.ike.constants import MS_VENDOR, NotifyType
from engine.ike.interface import (
    MainModeUp,
    NotifyReceived,
    Phase2Policy,
    SaInstalled,
    SendDatagram,
    TrafficSelector,
)
from engine.sad import make_pair
from engine.suites import (
    AEAD_CIPHERS,
    AH_HASHES,
    CIPHERS,
    GROUPS,
    HASHES,
    MainModeMethod,
    QuickModeMethod,
)
from tests.support.ike_pair import A, B, Pair, connected, entropy, policy_a, policy_b

MESSAGES = ["MM1", "MM2", "MM3", "MM4", "MM5", "MM6", "QM1", "QM2", "QM3"]


def assert_same_keys(pair: Pair) -> None:
    """Both ends hold one working pair: what one encrypts with, the other decrypts with."""
    a, b = pair.installed(A)[-1], pair.installed(B)[-1]
    assert (a.inbound, a.outbound) == (b.outbound, b.inbound)
    for mine, theirs in zip(a.inbound, a.outbound, strict=True):
        assert mine != theirs or not mine
    assert (a.method, a.lifetime_seconds, a.lifetime_kilobytes, a.pfs_group, a.tunnel) == (
        b.method, b.lifetime_seconds, b.lifetime_kilobytes, b.pfs_group, b.tunnel)
    assert (a.initiator, b.initiator) in ((True, False), (False, True))


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("hash_name", HASHES)
@pytest.mark.parametrize("cipher", CIPHERS)
def test_every_main_mode_suite_negotiates(cipher: str, hash_name: str, group: int) -> None:
    method = MainModeMethod(cipher, hash_name, group)
    pair = connected(policy_a(method), policy_b(method))
    assert pair.labels() == MESSAGES
    assert [one.method for one in pair.of(A, MainModeUp) if isinstance(one, MainModeUp)] == [method]
    assert_same_keys(pair)


ESP_SUITES = [QuickModeMethod(cipher, auth) for cipher in ("", *CIPHERS) for auth in HASHES]
ESP_SUITES += [QuickModeMethod(cipher) for cipher in AEAD_CIPHERS]
AH_SUITES = [QuickModeMethod(ah_auth=auth) for auth in AH_HASHES]
BUNDLES = [one._replace(ah_auth=auth) for one in ESP_SUITES for auth in AH_HASHES]
QUICK_SUITES = ESP_SUITES + AH_SUITES + BUNDLES
CIPHER_KEYS = {"": 0, "DES": 8, "3DES": 24, "AES128": 16, "AES192": 24, "AES256": 32,
               "AESGCM128": 20, "AESGCM192": 28, "AESGCM256": 36}
HASH_KEYS = {"": 0, "MD5": 16, "SHA1": 20, "SHA256": 32, "SHA384": 48, "SHA512": 64}


def negotiate(pair: Pair, method: QuickModeMethod, pfs: int, starter: int, tunnel: bool) -> None:
    """A quick mode for `method` under the main mode that `pair` has, or that it begins."""
    pair.change(policy_a(qm=method, pfs=pfs, tunnel=tunnel),
                policy_b(qm=method, pfs=pfs, tunnel=tunnel))
    pair.initiate(starter)
    pair.run(pair.now + 1.0)
    assert_same_keys(pair)
    one = pair.installed(A)[-1]
    assert (one.method, one.pfs_group, one.tunnel) == (method, pfs, tunnel)
    keys = one.inbound
    assert (len(keys.esp_key), len(keys.auth_key), len(keys.ah_key)) == (
        CIPHER_KEYS[method.esp_cipher], HASH_KEYS[method.esp_auth], HASH_KEYS[method.ah_auth])
    assert (keys.ah_spi == keys.spi) == (not method.has_esp)
    assert (keys.ah_spi > 0) == bool(method.ah_auth)
    # What the data path makes of the keys: both ends must be able to build their SAs.
    for end in (A, B):
        assert make_pair(pair.installed(end)[-1], pair.now, entropy("data path"))[1]


@pytest.mark.parametrize("tunnel", [True, False])
@pytest.mark.parametrize("starter", [A, B])
@pytest.mark.parametrize("pfs", [0, 1, 2, 5, 14])
def test_every_quick_mode_suite_negotiates_in_both_roles(pfs: int, starter: int,
                                                         tunnel: bool) -> None:
    pair = Pair()
    for method in QUICK_SUITES:
        negotiate(pair, method, pfs, starter, tunnel)
    assert len(pair.installed(A)) == len(pair.installed(B)) == len(QUICK_SUITES) == 135


@pytest.mark.parametrize("pfs", [15, 16, 17, 18])
def test_the_largest_groups_serve_for_pfs(pfs: int) -> None:
    pair = Pair()
    for method in (QuickModeMethod("AES256", "SHA512"), QuickModeMethod("AESGCM256", "", "SHA256")):
        negotiate(pair, method, pfs, A, True)


def test_the_responder_installs_inbound_before_it_answers_and_outbound_on_the_third() -> None:
    pair = connected()
    ready = [one.outbound_ready for one in pair.of(B, SaInstalled)
             if isinstance(one, SaInstalled)]
    assert ready == [False, True]
    assert len(pair.of(A, SaInstalled)) == 1


def test_the_initiator_installs_both_before_its_last_message() -> None:
    pair = Pair()
    pair.initiate()
    seen: list[str] = []
    while pair.wire:
        pair.now = pair.wire[0].arrives
        for output in pair.deliver(pair.wire.pop(0).datagram):
            seen.append(output.label if isinstance(output, SendDatagram)
                        else type(output).__name__)
    assert seen.index("QM2") > seen.index("SaInstalled")
    assert seen[seen.index("QM3") - 1] == "SaInstalled"


@pytest.mark.parametrize("lost", MESSAGES)
@pytest.mark.parametrize("copies", [0, 2, 5])
def test_every_message_lost_once_or_doubled_recovers(lost: str, copies: int) -> None:
    pair = Pair()
    missing = [lost]

    def fate(datagram: SendDatagram) -> int:
        if datagram.label in missing:
            missing.remove(datagram.label)
            return copies
        return 1

    pair.fate = fate
    pair.initiate()
    pair.run(120.0)
    assert_same_keys(pair)
    assert len(pair.installed(A)) == len(pair.installed(B)) == 1
    assert len(pair.a.phase1_sas(pair.now)) == len(pair.b.phase1_sas(pair.now)) == 1
    assert pair.a.counters["negotiation_failures"] == pair.b.counters["negotiation_failures"] == 0


def test_every_message_doubled_makes_no_second_state() -> None:
    pair = Pair()
    pair.fate = lambda datagram: 2
    pair.initiate()
    pair.run(120.0)
    assert_same_keys(pair)
    assert pair.a.counters["quick_modes"] == pair.b.counters["quick_modes"] == 1
    assert pair.a.counters["pairs_added"] == pair.b.counters["pairs_added"] == 1
    assert len(pair.sent) < 20


def test_every_message_replayed_late_and_in_reverse_changes_nothing() -> None:
    pair = connected()
    before = len(pair.installed(A)), len(pair.installed(B))
    old = list(pair.sent)
    pair.now = 200.0
    for datagram in old + old[::-1] + old:
        pair.deliver(datagram)
    pair.run(400.0)
    assert (len(pair.installed(A)), len(pair.installed(B))) == before
    assert [one.state for one in pair.a.phase1_sas(400.0)] == ["up"]
    assert {one.state for one in pair.b.phase1_sas(400.0)} == {"up"}
    assert pair.a.counters["pairs_deleted"] == pair.b.counters["pairs_deleted"] == 0


@pytest.mark.parametrize("seed", range(8))
def test_a_third_of_all_messages_lost_still_ends_in_a_pair(seed: int) -> None:
    pair = Pair()
    count = [seed * 7]

    def fate(datagram: SendDatagram) -> int:
        count[0] += 1
        return 0 if (count[0] * 2654435761 >> 7) % 3 == 0 else 1

    pair.fate = fate
    pair.initiate()
    pair.run(300.0)
    assert_same_keys(pair)


def test_a_second_entry_uses_the_phase_one_that_is_up() -> None:
    other = TrafficSelector(parse_network("10.0.3.0/24"), parse_network("10.0.2.0/24"))
    mirror = TrafficSelector(other.remote, other.local)
    first, second = policy_a(), policy_b()
    more = first.second[0]._replace(entry="other", selector=other)
    pair = connected(first, second._replace(second=(
        *second.second, second.second[0]._replace(entry="mirror", selector=mirror))))
    pair.take(A, pair.a.initiate(A, B, more, pair.now))
    pair.run(2.0)
    assert pair.labels() == MESSAGES + MESSAGES[6:]
    assert [one.entry for one in pair.installed(B)] == ["entry-b", "mirror"]
    assert pair.a.phase1_sas(2.0)[0].quick_modes == 2


def test_a_request_in_flight_is_not_doubled() -> None:
    pair = Pair()
    for _ in range(3):
        pair.initiate()
    assert pair.a.in_flight("entry-a")
    pair.run(0.065)
    pair.initiate()
    pair.run(1.0)
    assert pair.labels() == MESSAGES
    assert not pair.a.in_flight("entry-a")


def test_two_entries_share_the_main_mode_that_is_under_way() -> None:
    pair = Pair()
    pair.initiate()
    other = pair.policies[A].second[0]._replace(entry="other")
    pair.take(A, pair.a.initiate(A, B, other, pair.now))
    pair.run(1.0)
    assert pair.labels().count("MM1") == 1
    assert [one.entry for one in pair.installed(A)] == ["entry-a", "other"]


@pytest.mark.parametrize("limit", [{"mmpfs": True}, {"quick_limit": 1}])
def test_master_pfs_gives_every_quick_mode_its_own_main_mode(limit: dict[str, int]) -> None:
    pair = connected(policy_a(mmpfs=bool(limit.get("mmpfs")),
                              quick_limit=limit.get("quick_limit", 0)))
    pair.initiate()
    pair.run(2.0)
    assert pair.labels() == MESSAGES * 2
    assert len({one.cookies for one in pair.installed(A)}) == 2


def test_a_session_limit_of_two_is_kept() -> None:
    pair = connected(policy_a(quick_limit=2))
    for until in (2.0, 3.0):
        pair.initiate()
        pair.run(until)
    assert pair.labels() == MESSAGES + MESSAGES[6:] + MESSAGES


def test_simultaneous_main_modes_converge() -> None:
    pair = Pair()
    pair.initiate(A)
    pair.initiate(B)
    pair.run(100.0)
    assert len(pair.installed(A)) == len(pair.installed(B)) == 2
    assert {one.inbound.spi for one in pair.installed(A)} == {
        one.outbound.spi for one in pair.installed(B)}
    assert {one.cookies for one in pair.a.phase1_sas(100.0)} == {
        one.cookies for one in pair.b.phase1_sas(100.0)}
    assert pair.a.counters["pairs_deleted"] == 0


def test_transport_mode_between_the_gateways_uses_addresses() -> None:
    host = TrafficSelector(parse_network("131.107.1.1"), parse_network("131.107.2.1"))
    first, second = policy_a(), policy_b()
    wanted = Phase2Policy("t", host, (QuickModeMethod("3DES", "SHA1"),), 0, False)
    answer = wanted._replace(selector=TrafficSelector(host.remote, host.local))
    pair = connected(first._replace(second=(wanted,)), second._replace(second=(answer,)))
    assert pair.installed(B)[0].tunnel is False
    assert pair.installed(B)[0].selector.local.prefix == 32


def test_windows_vendor_id_is_sent_and_recognised() -> None:
    pair = connected()
    vendor = MS_VENDOR + b"\0\0\0\2"
    assert vendor.hex() == "1e2b516905991c7d7c96fcbfb587e46100000002"
    assert [vendor in one.payload for one in pair.sent[:4]] == [True, True, False, False]
    assert pair.a.phase1_sas(1.0)[0].peer_vendor == "Windows 2000"


def test_the_first_contact_is_said_under_protection_only() -> None:
    pair = connected()
    for address in (A, B):
        assert pair.of(address, NotifyReceived) == [
            NotifyReceived(B if address == A else A, NotifyType.INITIAL_CONTACT, True)]


@pytest.mark.parametrize(("offered", "mine", "agreed"), [
    ((0, 0), (0, 0), (3600, 100_000)),
    ((7200, 0), (600, 0), (600, 100_000)),
    ((600, 0), (7200, 0), (600, 100_000)),
    ((0, 200_000), (300, 20_480), (300, 20_480)),
    ((172_800, 5_000_000), (0, 0), (3600, 100_000)),
])
def test_the_shorter_quick_mode_life_holds_at_both_ends(
        offered: tuple[int, int], mine: tuple[int, int], agreed: tuple[int, int]) -> None:
    pair = connected(
        policy_a(qm=QuickModeMethod("3DES", "SHA1", "", offered[1], offered[0])),
        policy_b(qm=QuickModeMethod("3DES", "SHA1", "", mine[1], mine[0])))
    for address in (A, B):
        one = pair.installed(address)[0]
        assert (one.lifetime_seconds, one.lifetime_kilobytes) == agreed


@pytest.mark.parametrize(("offered", "mine"), [(28800, 600), (600, 28800), (28800, 28800)])
def test_the_shorter_main_mode_life_holds_at_both_ends(offered: int, mine: int) -> None:
    pair = connected(policy_a(lifetime=offered), policy_b(lifetime=mine))
    lives = [one.lifetime for end in (pair.a, pair.b) for one in end.phase1_sas(1.0)]
    assert lives == [min(offered, mine)] * 2


def test_phase_one_is_shown_while_it_grows() -> None:
    pair = Pair()
    pair.initiate()
    states = []
    while not pair.installed(A):
        states.append((pair.a.phase1_sas(pair.now)[0].state,
                       *(one.state for one in pair.b.phase1_sas(pair.now))))
        pair.run(pair.now + 0.01)
    assert states[:6] == [("MM1",), ("MM1", "MM2"), ("MM3", "MM2"), ("MM3", "MM4"),
                          ("MM5", "MM4"), ("MM5", "up")]
    info = pair.a.phase1_sas(pair.now)[0]
    assert (info.state, len(info.encryption_key), info.initiator) == ("up", 24, True)
