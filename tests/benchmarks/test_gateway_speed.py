"""A gateway with an established tunnel: packet in to packet out, with every stage of the article.

Route, RRAS filters, SPD, ESP, counters, statistics. Prints microseconds and packets a second;
asserts only that every packet came out. "octets" includes reading and writing the IPv4 octets.
"""

from time import process_time

import pytest

from engine.host import Host, Transmit
from engine.ip import IPv4, parse_ipv4, udp_packet
from engine.suites import QuickModeMethod
from tests.support.site import HOST_A, HOST_B, Site, article

pytestmark = pytest.mark.bench
PACKETS, ROUNDS = 2000, 12


def tunnel(method: QuickModeMethod) -> Site:
    site = Site().policy(quick=(method,)).filters().route()
    assert site.ping(3)[-1].kind == "reply"
    return site


def through(host: Host, packets: list[IPv4], interface: str, now: float) -> list[IPv4]:
    receive = host.receive
    outputs = [receive(packet, interface, now) for packet in packets]
    sent = [one.packet for few in outputs for one in few if isinstance(one, Transmit)]
    assert len(sent) == len(packets)
    return sent


def octets_through(host: Host, packets: list[bytes], interface: str, now: float) -> None:
    receive = host.receive
    for octets in packets:
        for one in receive(parse_ipv4(octets), interface, now):
            assert isinstance(one, Transmit)
            one.packet.build()


@pytest.mark.parametrize("length", [64, 1400])
@pytest.mark.parametrize("flows", [1, 100])
def test_an_established_tunnel_in_packets_a_second(length: int, flows: int) -> None:
    site = tunnel(QuickModeMethod("AES128", "SHA1"))
    gwa, gwb, now = site.lab.hosts["gwA"], site.lab.hosts["gwB"], site.lab.now
    inner = [udp_packet(HOST_A, HOST_B, 4000 + number % flows, 5000, bytes(length - 28))
             for number in range(PACKETS)]
    best = {"out": 9e9, "in": 9e9, "traced": 9e9, "octets": 9e9}

    def note(name: str, began: float) -> None:
        best[name] = min(best[name], (process_time() - began) / PACKETS)

    for _ in range(ROUNDS):
        began = process_time()
        outer = through(gwa, inner, "Internal", now)
        note("out", began)
        began = process_time()
        plain = through(gwb, outer, "External", now)
        note("in", began)
        assert [one.payload for one in plain] == [one.payload for one in inner]
        gwa.trace = []
        began = process_time()
        through(gwa, inner, "Internal", now)
        note("traced", began)
        gwa.trace = None
        raw = [one.build() for one in inner]
        began = process_time()
        octets_through(gwa, raw, "Internal", now)
        note("octets", began)
    print(f"\n{length:5} octets, {flows:3} flows: " + ", ".join(
        f"{name} {seconds * 1e6:5.2f} us ({1 / seconds:7.0f}/s)"
        for name, seconds in best.items()), end="")


def test_the_article_still_works_with_every_filter_in_place() -> None:
    site = article()
    assert site.ping(3)[-1].kind == "reply"
