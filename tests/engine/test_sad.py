"""The SAD: pairs by SPI and by entry, lifetimes, idleness, soft associations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.address import Network
from engine.errors import ParseError
from engine.esp.constants import PROTOCOL_AH, PROTOCOL_ESP
from engine.esp.packets import protect, unprotect
from engine.esp.sa import PathMtu
from engine.ike.interface import SaInstalled, SaKeys, TrafficSelector
from engine.ip import IPv4
from engine.sad import (
    Expired,
    Sad,
    SaPair,
    SoftAssociation,
    SoftAssociationEnded,
    SoftExpired,
    make_pair,
)
from engine.suites import QuickModeMethod
from tests.support.suites import counted_entropy, octets

LOCAL, PEER = 0xC0000201, 0xC6336401
NET_A, NET_B = Network(0x0A010100, 24), Network(0x0A020200, 24)
SELECTOR = TrafficSelector(NET_A, NET_B)
METHOD = QuickModeMethod("AES128", "SHA1")
OUTER = 0x5000
ENTROPY = counted_entropy()


def installed(spi: int, *, entry: str = "e1", ready: bool = True, seconds: int = 1000,
              kilobytes: int = 0, initiator: bool = True,
              selector: TrafficSelector = SELECTOR) -> SaInstalled:
    return SaInstalled(
        entry, LOCAL, PEER, selector, METHOD, True,
        SaKeys(spi, octets(f"in {spi}", 16), octets(f"auth in {spi}", 20)),
        SaKeys(OUTER + spi, octets(f"out {spi}", 16), octets(f"auth out {spi}", 20)),
        seconds, kilobytes, 2, initiator, ready, b"c" * 16)


def other_end(mine: SaInstalled) -> SaInstalled:
    chosen = mine.selector
    return mine._replace(
        local=PEER, peer=LOCAL, inbound=mine.outbound, outbound=mine.inbound,
        initiator=not mine.initiator,
        selector=TrafficSelector(chosen.remote, chosen.local, chosen.protocol,
                                 chosen.remote_port, chosen.local_port))


def outbound_spi(table: Sad, entry: str, selector: TrafficSelector | None = None) -> int:
    sa = table.outbound(entry, selector)
    return sa.spi - OUTER if sa is not None else 0


def test_two_ends_of_a_quick_mode_carry_packets_both_ways() -> None:
    near, far = Sad(), Sad()
    near.install(installed(300), 0.0, ENTROPY)
    far.install(other_end(installed(300)), 0.0, ENTROPY)
    for sender, receiver in ((near, far), (far, near)):
        out = sender.outbound("e1")
        assert out is not None
        data = out.encap(b"inner")
        opener = receiver.by_spi(int.from_bytes(data[:4], "big"))
        assert opener is not None
        assert opener.decap(data) == (b"inner", 4)
        assert (out.source, out.destination) == (opener.source, opener.destination)
        assert out.selector == opener.selector


def test_make_pair_gives_the_outbound_half_only_when_it_may_be_used() -> None:
    inbound, outbound = make_pair(installed(300, ready=False), 5.0, ENTROPY, window=128)
    assert (inbound.spi, outbound, inbound.window.size) == (300, None, 128)
    inbound, outbound = make_pair(installed(300), 5.0, ENTROPY)
    assert outbound is not None
    assert (outbound.spi, outbound.terms.created) == (OUTER + 300, 5.0)
    assert inbound.selector.source == NET_B
    assert outbound.selector.source == NET_A


def test_a_responder_installs_inbound_first_and_outbound_later() -> None:
    table = Sad()
    pair = table.install(installed(300, ready=False, initiator=False), 0.0, ENTROPY)
    assert table.by_spi(300) is pair.inbound
    assert table.outbound("e1") is None
    assert table.install(installed(300, initiator=False), 1.0, ENTROPY) is pair
    assert table.outbound("e1") is pair.outbound
    assert len(table) == 1


def test_installing_the_same_pair_again_keeps_its_sequence_numbers() -> None:
    table = Sad()
    pair = table.install(installed(300), 0.0, ENTROPY)
    assert pair.outbound is not None
    pair.outbound.encap(b"inner")
    table.install(installed(300), 1.0, ENTROPY)
    assert pair.outbound.sequence == 1


def test_the_newest_usable_pair_sends() -> None:
    table = Sad()
    for spi in (300, 301):
        table.install(installed(spi), 0.0, ENTROPY)
    table.install(installed(302, ready=False), 0.0, ENTROPY)
    assert outbound_spi(table, "e1") == 301
    newest = table.outbound("e1")
    assert newest is not None
    newest.sequence = 0xFFFFFFFF
    assert outbound_spi(table, "e1") == 300
    assert [pair.spi for pair in table.pairs()] == [300, 301, 302]


def test_an_entry_with_many_peers_is_narrowed_by_the_selector() -> None:
    hosts = [TrafficSelector(NET_A, Network(NET_B.address + host, 32)) for host in (1, 2)]
    table = Sad()
    for spi, chosen in zip((300, 301), hosts, strict=True):
        table.install(installed(spi, selector=chosen), 0.0, ENTROPY)
    assert [outbound_spi(table, "e1", chosen) for chosen in hosts] == [300, 301]
    assert outbound_spi(table, "e1", SELECTOR) == 0
    assert outbound_spi(table, "e2") == 0


def test_a_deleted_pair_is_gone_from_every_index() -> None:
    table = Sad()
    pair = table.install(installed(300), 0.0, ENTROPY)
    table.install(installed(301), 0.0, ENTROPY)
    assert table.delete_pair(300) is pair
    assert table.delete_pair(300) is None
    assert (table.by_spi(300), table.pair(300)) == (None, None)
    assert [each.spi for each in table.pairs_of("e1")] == [301]
    table.delete_pair(301)
    assert (table.outbound("e1"), table.outbound("e1", SELECTOR)) == (None, None)
    assert (table.pairs_of("e1"), len(table), table.next_expiry()) == ((), 0, None)


def kinds(table: Sad, now: float) -> list[tuple[str, int, str]]:
    found = []
    for event in table.expire(now):
        assert isinstance(event, SoftExpired | Expired)
        found.append((type(event).__name__, event.pair.spi, event.reason))
    return found


@pytest.mark.parametrize(("initiator", "soft"), [(True, 800.0), (False, 900.0)])
def test_seconds_warn_before_they_end_the_pair_and_earlier_at_the_initiator(
        initiator: bool, soft: float) -> None:
    table = Sad(idle_seconds=0)
    table.install(installed(300, initiator=initiator), 100.0, ENTROPY)
    assert table.next_expiry() == 100.0 + soft
    assert kinds(table, 99.9 + soft) == []
    assert kinds(table, 100.0 + soft) == [("SoftExpired", 300, "seconds")]
    assert table.next_expiry() == 1100.0
    assert kinds(table, 1100.0) == [("Expired", 300, "seconds")]
    assert (len(table), table.next_expiry()) == (0, None)


def test_no_lifetime_means_the_one_of_the_rfc() -> None:
    pair = Sad().install(installed(300, seconds=0), 0.0, ENTROPY)
    assert pair.hard_at == 28800.0


def send(pair: SaPair, count: int, size: int, now: float = 0.0) -> None:
    assert pair.outbound is not None
    for _ in range(count):
        pair.outbound.encap(bytes(size), now=now)


def test_kilobytes_warn_at_once_and_end_the_pair() -> None:
    table = Sad(idle_seconds=0)
    pair = table.install(installed(300, kilobytes=1), 0.0, ENTROPY)
    send(pair, 8, 100)
    assert table.next_expiry() == 800.0
    send(pair, 1, 100)
    assert table.next_expiry() == 0.0
    assert kinds(table, 1.0) == [("SoftExpired", 300, "kilobytes")]
    send(pair, 2, 100)
    assert kinds(table, 2.0) == [("Expired", 300, "kilobytes")]
    assert kinds(table, 5000.0) == []


def test_a_pair_warns_once_whatever_came_first() -> None:
    table = Sad(idle_seconds=0)
    pair = table.install(installed(300, kilobytes=1), 0.0, ENTROPY)
    assert kinds(table, 850.0) == [("SoftExpired", 300, "seconds")]
    send(pair, 9, 100)
    assert kinds(table, 860.0) == []
    assert kinds(table, 1000.0) == [("Expired", 300, "seconds")]


def test_a_pair_that_warned_of_kilobytes_does_not_warn_of_seconds() -> None:
    table = Sad(idle_seconds=0)
    pair = table.install(installed(300, kilobytes=1), 0.0, ENTROPY)
    send(pair, 9, 100)
    assert kinds(table, 900.0) == [("SoftExpired", 300, "kilobytes")]
    assert kinds(table, 999.0) == []


def test_sequence_numbers_that_run_out_are_named() -> None:
    table = Sad(idle_seconds=0)
    pair = table.install(installed(300), 0.0, ENTROPY)
    assert pair.outbound is not None
    pair.outbound.sequence = 0xFFFFFFFD
    send(pair, 1, 10)
    assert kinds(table, 1.0) == [("SoftExpired", 300, "sequence")]
    send(pair, 1, 10)
    assert kinds(table, 2.0) == [("Expired", 300, "sequence")]
    with pytest.raises(ParseError, match="sequence-exhausted"):
        send(pair, 1, 10)


def test_a_limit_of_a_pair_already_deleted_says_nothing() -> None:
    table = Sad()
    pair = table.install(installed(300, kilobytes=1), 0.0, ENTROPY)
    send(pair, 10, 100)
    table.delete_pair(300)
    assert table.expire(1.0) == []


def test_idle_pairs_end_after_five_minutes_without_a_packet() -> None:
    table = Sad()
    busy = table.install(installed(300), 0.0, ENTROPY)
    table.install(installed(301), 0.0, ENTROPY)
    send(busy, 1, 10, now=100.0)
    assert kinds(table, 300.0) == [("Expired", 301, "idle")]
    assert table.next_expiry() == 400.0
    assert kinds(table, 399.0) == []
    assert kinds(table, 400.0) == [("Expired", 300, "idle")]


def test_soft_associations_end_at_their_time() -> None:
    table = Sad()
    first = SoftAssociation("e1", PEER, 300.0)
    table.add_soft(first)
    table.add_soft(SoftAssociation("e1", PEER + 1, 200.0))
    assert table.soft("e1", PEER) == first
    assert table.soft("e2", PEER) is None
    assert len(table.soft_associations()) == 2
    assert table.expire(250.0) == [SoftAssociationEnded(SoftAssociation("e1", PEER + 1, 200.0))]
    assert table.next_expiry() == 300.0
    table.add_soft(SoftAssociation("e1", PEER, 900.0))
    assert table.expire(300.0) == []
    table.delete_soft("e1", PEER)
    assert table.next_expiry() is None


def test_clearing_gives_what_was_there() -> None:
    table = Sad()
    pair = table.install(installed(300), 0.0, ENTROPY)
    table.add_soft(SoftAssociation("e1", PEER, 300.0))
    assert table.clear() == (pair,)
    assert (len(table), table.soft_associations(), table.next_expiry()) == (0, (), None)
    assert not pair.alive


def test_a_thousand_pairs_that_come_and_go_leave_no_timers_behind() -> None:
    table = Sad()
    for spi in range(300, 1300):
        table.install(installed(spi, ready=False), 0.0, ENTROPY)
        table.delete_pair(spi)
    assert table.timers < 100
    assert table.next_expiry() is None


def test_the_time_of_use_is_the_later_of_both_directions() -> None:
    pair = Sad().install(installed(300), 50.0, ENTROPY)
    assert pair.used == 50.0
    send(pair, 1, 10, now=60.0)
    assert pair.used == 60.0


steps = st.lists(st.tuples(st.sampled_from(["install", "half", "delete", "send", "wait"]),
                           st.integers(300, 304)), max_size=40)


@given(steps)
def test_any_order_of_changes_keeps_the_indexes_in_step(changes: list[tuple[str, int]]) -> None:
    table, now, alive = Sad(idle_seconds=50), 0.0, dict[int, bool]()
    for change, spi in changes:
        pair = table.pair(spi)
        if change in ("install", "half"):
            table.install(installed(spi, ready=change == "install", seconds=100), now, ENTROPY)
            alive[spi] = alive.get(spi, False) or change == "install"
        elif change == "delete":
            assert (table.delete_pair(spi) is not None) is (alive.pop(spi, None) is not None)
        elif change == "send" and pair is not None and pair.outbound is not None:
            send(pair, 1, 10, now)
        elif change == "wait":
            now += 20.0
            for event in table.expire(now):
                if isinstance(event, Expired):
                    del alive[event.pair.spi]
        assert {each.spi for each in table.pairs()} == set(alive)
        assert {each.spi for each in table.pairs_of("e1")} == set(alive)
        assert (table.outbound("e1", SELECTOR) is not None) is any(alive.values())
        due = table.next_expiry()
        assert (due is None) is (not alive)
        assert due is None or due > now - 20.0


def with_ah(made: SaInstalled, *, esp: bool) -> SaInstalled:
    """The same quick mode with AH around its ESP, or with AH alone."""
    method = METHOD._replace(ah_auth="SHA1") if esp else QuickModeMethod(ah_auth="SHA1")

    def keys(one: SaKeys) -> SaKeys:
        ah = octets(f"ah {one.spi}", 20)
        if esp:
            return one._replace(ah_spi=one.spi + 7, ah_key=ah)
        return SaKeys(one.spi, ah_spi=one.spi, ah_key=ah)

    return made._replace(method=method, inbound=keys(made.inbound), outbound=keys(made.outbound))


@pytest.mark.parametrize("esp", [True, False], ids=["around ESP", "alone"])
def test_associations_with_ah_carry_packets_and_are_found_by_its_spi(esp: bool) -> None:
    near, far, mine = Sad(), Sad(), with_ah(installed(300), esp=esp)
    near.install(mine, 0.0, ENTROPY)
    far.install(other_end(mine), 0.0, ENTROPY)
    out = near.outbound("e1")
    assert out is not None
    packet = IPv4(NET_A.address + 1, NET_B.address + 1, 17, b"12345678")
    sealed = protect(out, packet, LOCAL, 0.0)
    assert sealed.protocol == PROTOCOL_AH
    opener = far.by_ah_spi(int.from_bytes(sealed.payload[4:8], "big"))
    assert opener is not None
    assert unprotect(opener, sealed, 0.0) == packet
    assert near.sent_under(PROTOCOL_AH, OUTER + 300 + 7 * esp, PEER) is out
    assert near.sent_under(PROTOCOL_ESP, OUTER + 300, PEER) is None
    far.delete_pair(OUTER + 300)
    near.clear()
    assert far.by_ah_spi(OUTER + 300 + 7 * esp) is None
    assert near.sent_under(PROTOCOL_AH, OUTER + 300 + 7 * esp, PEER) is None


def test_every_change_of_the_pairs_shows_in_the_generation() -> None:
    """The inbound half as well: a filter in the kernel lets in only pairs it was told of."""
    table = Sad()
    seen = [table.generation]
    for change in (lambda: table.install(installed(300), 0.0, ENTROPY),
                   lambda: table.install(installed(301, ready=False), 0.0, ENTROPY),
                   lambda: table.install(installed(301), 0.0, ENTROPY),
                   lambda: table.delete_pair(300), lambda: table.clear()):
        change()
        assert table.generation not in seen
        seen.append(table.generation)


def test_a_quoted_packet_names_its_outbound_association() -> None:
    table = Sad()
    pair = table.install(installed(300), 0.0, ENTROPY)
    assert table.sent_under(PROTOCOL_ESP, OUTER + 300, PEER) is pair.outbound
    assert table.sent_under(PROTOCOL_ESP, OUTER + 300, PEER + 1) is None
    assert table.sent_under(PROTOCOL_ESP, 300, PEER) is None


def test_a_successor_inherits_what_is_known_of_the_way() -> None:
    table = Sad()
    first = table.install(installed(300), 0.0, ENTROPY).outbound
    assert first is not None
    first.path_mtu = PathMtu(1200, 99.0)
    second = table.install(installed(301), 1.0, ENTROPY).outbound
    other = table.install(installed(302, entry="e2"), 1.0, ENTROPY).outbound
    assert second is not None and other is not None
    assert second.path_mtu == PathMtu(1200, 99.0) != other.path_mtu
