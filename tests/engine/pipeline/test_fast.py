"""Known flows get what the stages would give them, and forget it when anything changes."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.host import Host, Transmit
from engine.icmp import echo_request
from engine.ip import ESP, TCP, IPv4, udp_packet
from engine.pipeline.fast import PATHS
from engine.policy.model import RrasFilter
from engine.suites import QuickModeMethod
from tests.support.site import HOST_A, HOST_B, NET_A, NET_B, OWN, PEER, Site

AES = QuickModeMethod("AES128", "SHA1")


def tunnel() -> Site:
    site = Site().policy(quick=(AES,)).filters().route()
    assert site.ping(3)[-1].kind == "reply"
    return site


def datagram(port: int = 5000, size: int = 64, **fields: int) -> IPv4:
    return udp_packet(HOST_A, HOST_B, 4000, port, bytes(size))._replace(
        **fields)  # type: ignore[arg-type]


def segment(flags: int, port: int = 80) -> IPv4:
    header = bytes((15, 160)) + port.to_bytes(2, "big") + bytes(9) + bytes((flags,)) + bytes(6)
    return IPv4(HOST_A, HOST_B, TCP, header)


def forget(host: Host) -> None:
    host.node.paths.clear()


def out(host: Host, packet: IPv4, now: float) -> list[object]:
    return list(host.receive(packet, "Internal", now))


def protected(outputs: list[object]) -> bool:
    return any(isinstance(one, Transmit) and one.packet.protocol == ESP for one in outputs)


PACKETS: list[IPv4] = [
    datagram(), datagram(5001), datagram(size=1400), datagram(size=1440), datagram(ttl=1),
    datagram(df=True), datagram(size=1460, df=True), datagram(tos=0xB9), datagram(mf=True),
    datagram(offset=64), datagram(destination=HOST_B + 1), datagram(destination=PEER),
    datagram(source=HOST_A + 256), datagram(destination=0xE0000001),
    echo_request(HOST_A, HOST_B, 1, 1, b"abcd"), segment(2), segment(0x10), segment(2, 443),
]


def shrink(site: Site) -> None:
    host = site.lab.hosts["gwA"]
    for pair in host.sad.pairs():
        assert pair.outbound is not None
        host.node.learn_mtu(pair.outbound, 1200, site.lab.now)


def drop_pairs(site: Site) -> None:
    site.lab.hosts["gwA"].sad.clear()


def lose_route(site: Site) -> None:
    site.gwa.delete_route(NET_B, 24, "External")
    site.lab.reload()


def demand_connections(site: Site) -> None:
    site.gwa.delete_rras_filter(RrasFilter("External", "output", NET_A, 24, NET_B, 24))
    site.gwa.add_rras_filter(RrasFilter("External", "output", NET_A, 24, NET_B, 24, TCP,
                                        established=True))
    site.lab.reload()


def stop_agent(site: Site) -> None:
    site.lab.hosts["gwA"].stop_agent(site.lab.now)


CHANGES: list[Callable[[Site], None]] = [shrink, drop_pairs, lose_route, demand_connections,
                                         stop_agent]


def report(host: Host) -> object:
    hits = [host.filter_hits("External", way) for way in ("input", "output")]
    return host.counters, host.statistics(), hits


@settings(max_examples=12, deadline=None)
@given(st.lists(st.sampled_from(PACKETS), min_size=1, max_size=30),
       st.sampled_from([*CHANGES, None]),
       st.lists(st.sampled_from(PACKETS), min_size=1, max_size=30))
def test_known_flows_get_what_the_stages_give(
        before: list[IPv4], change: Callable[[Site], None] | None, after: list[IPv4]) -> None:
    quick, slow = tunnel(), tunnel()
    given_packets: list[IPv4 | None] = [*before, *before, None, *after, *after]
    for packet in given_packets:
        results = []
        for site in (quick, slow):
            host = site.lab.hosts["gwA"]
            if site is slow:
                forget(host)
            if packet is not None:
                results.append(out(host, packet, site.lab.now))
            elif change is not None:
                change(site)
        if packet is not None:
            assert results[0] == results[1]
    assert report(quick.lab.hosts["gwA"]) == report(slow.lab.hosts["gwA"])


def test_a_forwarded_flow_is_learnt_and_used() -> None:
    site = tunnel()
    host, now = site.lab.hosts["gwA"], site.lab.now
    forget(host)
    out(host, datagram(), now)
    assert len(host.node.paths) == 1
    hits = host.filter_hits("External", "output")
    out(host, datagram(), now)
    assert len(host.node.paths) == 1
    assert host.filter_hits("External", "output") == tuple(
        (one, count + (one.destination == NET_B)) for one, count in hits)


def test_decrypted_flows_are_learnt_apart_from_clear_ones() -> None:
    site = tunnel()
    gwa, gwb, now = site.lab.hosts["gwA"], site.lab.hosts["gwB"], site.lab.now
    forget(gwb)
    for _ in range(3):
        sealed = out(gwa, datagram(), now)[0]
        assert isinstance(sealed, Transmit)
        plain = gwb.receive(sealed.packet, "External", now)[0]
        assert isinstance(plain, Transmit)
        assert plain.packet.payload == datagram().payload
        assert plain.packet.ttl == datagram().ttl - 2
    assert len(gwb.node.paths) == 1
    assert gwb.receive(datagram(), "External", now) == []
    assert gwb.counters["cleartext-refused"] == 1


def test_replayed_and_forged_packets_of_a_known_flow_are_still_refused() -> None:
    site = tunnel()
    gwa, gwb, now = site.lab.hosts["gwA"], site.lab.hosts["gwB"], site.lab.now
    sealed = [out(gwa, datagram(), now)[0] for _ in range(3)]
    packets = [one.packet for one in sealed if isinstance(one, Transmit)]
    for packet in packets[:2]:
        assert gwb.receive(packet, "External", now)
    assert gwb.receive(packets[1], "External", now) == []
    assert gwb.receive(packets[2].with_payload(packets[2].payload[:-1] + b"!"), "External",
                       now) == []
    assert gwb.receive(packets[2]._replace(source=OWN + 9), "External", now) == []
    assert (gwb.counters["replay"], gwb.counters["bad-icv"],
            gwb.counters["wrong-tunnel-source"]) == (1, 1, 1)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_forgets_the_paths_that_rest_on_it(change: Callable[[Site], None]) -> None:
    site = tunnel()
    host = site.lab.hosts["gwA"]
    packet = datagram(size=1300, df=True)
    for _ in range(2):
        assert protected(out(host, packet, site.lab.now))
    change(site)
    for _ in range(2):
        assert not protected(out(host, packet, site.lab.now))


def test_while_steps_are_recorded_every_packet_takes_the_stages() -> None:
    site = tunnel()
    host, now = site.lab.hosts["gwA"], site.lab.now
    out(host, datagram(), now)
    host.trace = []
    out(host, datagram(), now)
    stages = [step.stage for step in host.trace]
    assert stages == ["receive", "spd", "route", "rras-output", "esp", "wire"]


def test_paths_are_bounded() -> None:
    site = tunnel()
    host, now = site.lab.hosts["gwA"], site.lab.now
    path = next(iter(host.node.paths.items()))[1]
    host.node.paths.update({("x", 0, number, 0, 0, b""): path for number in range(PATHS)})
    out(host, datagram(4321), now)
    assert len(host.node.paths) == 1
