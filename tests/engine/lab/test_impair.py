"""Links that harm what crosses them: equal seeds harm alike, and the tunnel recovers."""

from random import Random

import pytest

from engine.address import parse_address
from engine.ip import IPv4, udp_packet
from engine.lab.link import Drop, End, Link
from engine.messages import MessageNames, isakmp_of
from tests.support.site import OWN, PEER, Site, article

SETTINGS: list[dict[str, float]] = [
    {"jitter": 0.3}, {"loss": 0.2}, {"duplicate": 0.5}, {"reorder": 0.5}, {"corrupt": 0.2},
    {"delay": 1.5}, {"loss": 0.1, "jitter": 0.2, "duplicate": 0.2, "reorder": 0.2, "corrupt": 0.1},
]


def harmed(seed: int, settings: dict[str, float], echoes: int = 12) -> Site:
    """The article's tunnel over a harmed middle, with captured packets and steps."""
    site = Site(seed).audit().policy().filters().route()
    for name, value in settings.items():
        setattr(site.lab.links["middle"], name, value)
    site.lab.hosts["gwA"].trace = []
    site.lab.start_capture("gwB", "External")
    site.ping(echoes)
    return site


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_same_seed_gives_the_same_trace(settings: dict[str, float]) -> None:
    first, second = harmed(7, settings, 6), harmed(7, settings, 6)
    assert first.lab.hosts["gwA"].trace == second.lab.hosts["gwA"].trace != []
    where = ("gwB", "External")
    assert list(first.lab.captures[where].packets) == list(second.lab.captures[where].packets)


def test_another_seed_loses_other_packets() -> None:
    lost = [harmed(seed, {"loss": 0.3}, 6).lab.links["middle"].lost for seed in range(6)]
    assert len(set(lost)) > 1


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_tunnel_comes_up_and_carries_traffic_all_the_same(settings: dict[str, float]) -> None:
    site = harmed(11, settings)
    site.lab.run(site.lab.now + 90.0)
    for name in settings:
        setattr(site.lab.links["middle"], name, 0.01 if name == "delay" else 0.0)
    last = site.ping(3)[-1]
    assert (last.kind, last.protected, last.clear) == ("reply", True, False)


MESSAGES = ("MM1", "MM2", "MM3", "MM4", "MM5", "MM6", "QM1", "QM2", "QM3")


@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.parametrize("count", [1, 2])
def test_each_message_may_be_lost_and_the_tunnel_recovers(message: str, count: int) -> None:
    site = article()
    link = site.lab.links["middle"]
    drop = Drop(1, message=message, count=count)
    link.drops = (drop,)
    results = site.ping(20)
    assert drop.dropped == count or message == "QM3"
    assert 1 <= drop.dropped <= count
    assert results[-1].kind == "reply" and results[-1].protected


def test_the_nth_packet_of_one_direction_and_protocol_is_lost() -> None:
    site = article()
    site.ping(2)
    link = site.lab.links["middle"]
    link.drops = (Drop(1, protocol=50, sender="r2", nth=2, count=1),)
    assert [one.kind for one in site.ping(4)] == ["reply", "timeout", "reply", "reply"]
    assert (link.drops[0].seen, link.drops[0].dropped) == (4, 1)


def test_one_way_silence_is_not_silence_the_other_way() -> None:
    site = Site()
    link = site.lab.links["middle"]
    link.drops = (Drop(1, sender="r2"),)
    assert site.ping(machine="gwA", destination=PEER)[0].kind == "timeout"
    assert link.carried == 1 and link.lost == 1
    link.drops = ()
    assert site.ping(machine="gwA", destination=PEER)[0].kind == "reply"


def packet(protocol: int = 17, port: int = 500) -> IPv4:
    if protocol == 17:
        return udp_packet(OWN, PEER, 500, port, b"x")
    return IPv4(OWN, PEER, protocol, bytes(20))


@pytest.mark.parametrize(("drop", "hits"), [
    (Drop(1), [True, True, True]),
    (Drop(1, protocol=50), [False, False, True]),
    (Drop(1, port=4500), [False, True, False]),
    (Drop(1, port=500), [True, True, False]),
    (Drop(1, sender="gwA"), [True, True, True]),
    (Drop(1, sender="gwB"), [False, False, False]),
    (Drop(1, message="MM1"), [False, False, False]),
    (Drop(1, nth=2), [False, True, True]),
    (Drop(1, count=1), [True, False, False]),
    (Drop(1, nth=2, count=1), [False, True, False]),
])
def test_a_drop_takes_what_meets_all_its_conditions(drop: Drop, hits: list[bool]) -> None:
    packets = (packet(), packet(port=4500), packet(50))
    assert [drop.takes(one, "gwA", "") for one in packets] == hits


def test_jitter_only_adds_and_an_unharmed_link_draws_nothing() -> None:
    draw, link = Random(1), Link("wire", delay=0.01)
    state = draw.getstate()
    assert link.cross(packet(), draw)[0].after == 0.01 and draw.getstate() == state
    link.jitter = 0.5
    delays = [link.cross(packet(), draw)[0].after for _ in range(50)]
    assert 0.01 <= min(delays) < max(delays) < 0.51


def test_the_first_of_two_that_claim_an_address_is_found() -> None:
    link, shared = Link("wire"), parse_address("10.0.0.1")
    link.ends = (End("a", "LAN", shared), End("b", "LAN", shared))
    found = link.find(shared)
    assert found is not None and found.machine == "a" and link.find(1) is None


def header(exchange: int, flags: int = 0, first: int = 1, message_id: int = 0,
           rest: bytes = b"") -> bytes:
    return (b"initiate" + (b"responds" if flags or first != 1 else bytes(8))
            + bytes((first, 0x10, exchange, flags)) + message_id.to_bytes(4, "big")
            + (28 + len(rest)).to_bytes(4, "big") + rest)


def test_messages_are_named_by_their_order_and_repetitions_keep_their_name() -> None:
    names = MessageNames()
    messages = [header(2), header(2, first=4, rest=b"a"), header(2, first=4, rest=b"b"),
                header(2, 1, 5, rest=b"c"), header(2, 1, 5, rest=b"d"),
                header(2, 1, 5, rest=b"c"), header(32, 1, 8, 7, b"e"), header(32, 1, 8, 7, b"f"),
                header(5, 1, 8, 9, b"g"), header(34, 0, 4)]
    assert [names.name(one).name for one in messages] == [
        "MM1", "MM3", "MM4", "MM5", "MM6", "MM5", "QM1", "QM2", "INFO", "exchange 34"]
    assert names.name(messages[0]).again and names.name(messages[-2]).encrypted


@pytest.mark.parametrize(("port", "payload", "found"), [
    (500, header(2), True), (4500, bytes(4) + header(2), True), (4500, header(2), False),
    (501, header(2), False), (500, b"short", False), (4500, b"\xff", False),
])
def test_isakmp_is_known_by_its_port_and_marker(port: int, payload: bytes, found: bool) -> None:
    octets = isakmp_of(udp_packet(OWN, PEER, 1024, port, payload))
    assert octets == (header(2) if found else b"")
