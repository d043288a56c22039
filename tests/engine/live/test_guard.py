"""The guard: what of ESP and IKE the kernel lets through, and the sets it looks in."""

from collections.abc import Callable

import pytest

from engine.address import parse_address
from engine.ip import ESP, UDP, IPv4, build_udp
from engine.live.guard import chain, peers_of, spis_of
from engine.live.nft import Members, change, replacement
from tests.support.live.netfilter import run
from tests.support.site import article

SPI = 0x11223344
OWN, PEER = parse_address("203.0.113.1"), parse_address("203.0.113.2")
KNOWN = {"spis": {SPI}, "peers": {PEER}}


def udp(source: int, destination: int, source_port: int, port: int, data: bytes = b"x") -> bytes:
    return IPv4(source, destination, UDP,
                build_udp(source, destination, source_port, port, data)).build()


def esp(spi: int) -> bytes:
    return IPv4(PEER, OWN, ESP, spi.to_bytes(4, "big") + b"esp" * 9).build()


def in_udp(spi: int) -> bytes:
    return udp(PEER, OWN, 4500, 4500, spi.to_bytes(4, "big") + b"esp" * 9)


def judged(packet: bytes, trickle: bool = False) -> str:
    return run({"guard": chain(1)}, "guard", packet, "wan0", "", sets=KNOWN, trickle=trickle)


@pytest.mark.parametrize("make", [esp, in_udp])
def test_esp_of_a_living_association_passes_and_other_esp_only_as_a_trickle(
        make: Callable[[int], bytes]) -> None:
    assert judged(make(SPI)) == ""
    assert judged(make(SPI + 1)) == "bad-spi"
    assert judged(make(SPI + 1), trickle=True) == ""


@pytest.mark.parametrize("packet", [udp(PEER, OWN, 500, 500, b"x" * 28),
                                    udp(PEER, OWN, 9, 4500, bytes(4) + b"x" * 28),
                                    udp(PEER + 1, OWN, 500, 500, b"x" * 28)])
def test_ike_passes_up_to_a_rate(packet: bytes) -> None:
    assert judged(packet) == "flood" and judged(packet, trickle=True) == ""


def test_a_keepalive_and_everything_else_is_none_of_its_business() -> None:
    assert judged(udp(PEER, OWN, 53, 53)) == ""
    assert judged(udp(PEER, OWN, 4500, 4500, b"\xff"), trickle=True) == ""


def test_the_sets_are_the_peers_of_the_policy_and_the_spis_that_live() -> None:
    site = article()
    host = site.lab.hosts["gwA"]
    assert peers_of(host).values == {0xC6336401} and spis_of(host).values == set()
    site.ping()
    assert spis_of(host).values == {host.sad.pairs()[0].spi}


def test_a_set_changes_by_what_differs() -> None:
    before, after = Members("spis", frozenset({1, 2})), Members("spis", frozenset({2, 3}))
    assert change(before, before) == []
    assert len(change(before, after)) == 4
    assert len(replacement([chain(1)], [before, Members("peers", frozenset())])) == \
        len(replacement([chain(1)])) + 3
