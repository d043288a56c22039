"""AH's own rules: what routers may change, what nobody may, and pairs of AH and ESP."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ParseError
from engine.esp.ah import AuthenticationHeader
from engine.esp.constants import MAX_SEQUENCE, PROTOCOL_AH, PROTOCOL_ESP, ah_overhead
from engine.esp.packets import protect, room_for, unprotect
from engine.icmp import echo_request
from engine.ip import IPv4
from engine.suites import QuickModeMethod
from tests.support.suites import (
    AH_SPI,
    AH_SUITES,
    BUNDLES,
    OUTER_DESTINATION,
    OUTER_SOURCE,
    SPI,
    SUITES,
    octets,
    pair,
    suite_name,
)

AH = QuickModeMethod(ah_auth="SHA1")
BUNDLE = QuickModeMethod("AES128", "SHA1", "SHA1")
PACKET = echo_request(0x0A000101, 0x0A000201, 1, 1, octets("ping", 40))


def drop(method: QuickModeMethod, packet: IPv4) -> str:
    with pytest.raises(ParseError) as caught:
        unprotect(pair(method)[1], packet, 0.0)
    return caught.value.drop


@pytest.mark.parametrize("change", [
    {"tos": 0xB8}, {"ttl": 3}, {"df": True}], ids=["TOS", "TTL", "DF"])
def test_what_routers_change_is_not_authenticated(change: dict[str, Any]) -> None:
    ours, opener = pair(AH)
    assert unprotect(opener, protect(ours, PACKET, OUTER_SOURCE, 0.0)._replace(**change),
                     0.0).payload == PACKET.payload


@pytest.mark.parametrize("change", [
    {"source": OUTER_SOURCE + 1}, {"destination": OUTER_DESTINATION + 1},
    {"identification": 99}], ids=["source", "destination", "identification"])
def test_what_nobody_may_change_is_authenticated(change: dict[str, Any]) -> None:
    packet = protect(pair(AH)[0], PACKET, OUTER_SOURCE, 0.0)
    assert drop(AH, packet._replace(**change)) == "bad-icv"


@pytest.mark.parametrize(("what", "change", "name"), [
    ("too short", lambda data: data[:23], "truncated"),
    ("another length", lambda data: data[:1] + b"\5" + data[2:], "bad-length"),
    ("another SPI", lambda data: data[:4] + b"\0\0\1\0" + data[8:], "bad-spi"),
    ("number zero", lambda data: data[:8] + bytes(4) + data[12:], "replay"),
    ("the ICV cut", lambda data: data[:-1], "bad-icv"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_broken_headers_are_refused_by_name(what: str, change: object, name: str) -> None:
    packet = protect(pair(AH)[0], PACKET, OUTER_SOURCE, 0.0)
    assert callable(change)
    assert drop(AH, packet.with_payload(change(packet.payload))) == name, what


def test_a_copy_is_a_replay_and_a_forgery_moves_nothing() -> None:
    ours, opener = pair(AH)
    first = protect(ours, PACKET, OUTER_SOURCE, 0.0)
    assert ours.ah is not None
    ours.ah.sequence = 5000
    late = protect(ours, PACKET, OUTER_SOURCE, 0.0)
    with pytest.raises(ParseError, match="bad-icv"):
        unprotect(opener, late.with_payload(late.payload[:-1] + b"!"), 0.0)
    assert unprotect(opener, first, 0.0) == PACKET
    with pytest.raises(ParseError, match="replay"):
        unprotect(opener, first, 0.0)
    assert (opener.packets, opener.sequence) == (1, 1)


def test_its_sequence_number_never_wraps() -> None:
    ours, _ = pair(AH)
    assert ours.ah is not None
    ours.ah.sequence = MAX_SEQUENCE
    with pytest.raises(ParseError, match="sequence-exhausted"):
        protect(ours, PACKET, OUTER_SOURCE, 0.0)


@pytest.mark.parametrize("spi", [0, 255, 1 << 32])
def test_reserved_spis_make_no_header(spi: int) -> None:
    with pytest.raises(ValueError, match="SPI"):
        AuthenticationHeader(spi, "SHA1", bytes(20))


def test_a_header_has_the_length_of_its_suite() -> None:
    assert [ah_overhead(method.ah_auth) for method in AH_SUITES] == [24, 24, 28]


def test_kilobytes_end_an_sa_of_ah_alone() -> None:
    ours, opener = pair(AH, kilobytes=1)
    limits: list[str] = []
    ours.on_limit = lambda sa, limit: limits.append(limit)
    for _ in range(16):
        unprotect(opener, protect(ours, PACKET, OUTER_SOURCE, 0.0), 0.0)
    assert (ours.octets, opener.octets, limits) == (1088, 1088, ["soft", "hard"])
    with pytest.raises(ParseError, match="lifetime-exhausted"):
        protect(ours, PACKET, OUTER_SOURCE, 0.0)


def test_a_pair_of_both_is_one_header_ah_outside() -> None:
    ours, opener = pair(BUNDLE)
    packet = protect(ours, PACKET, OUTER_SOURCE, 0.0)
    assert packet.protocol == PROTOCOL_AH
    assert packet.payload[0] == PROTOCOL_ESP
    assert packet.payload[4:8] == AH_SPI.to_bytes(4, "big")
    assert unprotect(opener, packet, 0.0) == PACKET
    assert (ours.packets, opener.packets, opener.octets) == (1, 1, PACKET.length)


def test_esp_without_its_ah_is_refused() -> None:
    bare = protect(pair(QuickModeMethod("AES128", "SHA1"))[0], PACKET, OUTER_SOURCE, 0.0)
    assert bare.protocol == PROTOCOL_ESP
    assert drop(BUNDLE, bare) == "missing-ah"
    assert drop(AH, bare) == "missing-ah"


def test_ah_without_its_esp_is_refused() -> None:
    assert drop(BUNDLE, protect(pair(AH)[0], PACKET, OUTER_SOURCE, 0.0)) == "bad-next-header"


def test_a_tunnel_of_ah_carries_ipv4_alone() -> None:
    transport = pair(AH, tunnel=False)[0]
    assert drop(AH, protect(transport, PACKET, OUTER_SOURCE, 0.0)) == "bad-next-header"


@pytest.mark.parametrize("method", [*SUITES, *AH_SUITES, *BUNDLES], ids=suite_name)
@pytest.mark.parametrize("tunnel", [True, False], ids=["tunnel", "transport"])
def test_the_room_under_an_mtu_is_exact(method: QuickModeMethod, tunnel: bool) -> None:
    for mtu in range(1000, 1020):
        room = room_for(method, mtu, tunnel=tunnel)
        lengths = []
        for length in (room, room + 1):
            packet = IPv4(1, 2, 17, bytes(length - 20))
            lengths.append(protect(pair(method, tunnel=tunnel)[0], packet, 1, 0.0).length)
        assert lengths[0] <= mtu < lengths[1]


ECN = [
    # inner, outer, decapsulated (RFC 6040 figure 4); None is dropped
    (0, 0, 0), (0, 1, 0), (0, 2, 0), (0, 3, None),
    (2, 0, 2), (2, 1, 1), (2, 2, 2), (2, 3, 3),
    (1, 0, 1), (1, 1, 1), (1, 2, 1), (1, 3, 3),
    (3, 0, 3), (3, 1, 3), (3, 2, 3), (3, 3, 3),
]


@pytest.mark.parametrize(("inner", "outer", "expected"), ECN)
def test_congestion_marks_reach_the_inner_packet(inner: int, outer: int,
                                                 expected: int | None) -> None:
    ours, opener = pair(QuickModeMethod("AES128", "SHA1"))
    sent = protect(ours, PACKET._replace(tos=0xB8 | inner), OUTER_SOURCE, 0.0)
    assert sent.tos == 0xB8 | inner
    arrived = sent._replace(tos=0x20 | outer)
    if expected is None:
        with pytest.raises(ParseError, match="ecn"):
            unprotect(opener, arrived, 0.0)
    else:
        assert unprotect(opener, arrived, 0.0).tos == 0xB8 | expected


@given(st.binary(max_size=120), st.sampled_from([*SUITES, *AH_SUITES, *BUNDLES]),
       st.sampled_from([PROTOCOL_AH, PROTOCOL_ESP, 17]), st.booleans())
def test_random_octets_are_refused_by_name(data: bytes, method: QuickModeMethod, protocol: int,
                                           tunnel: bool) -> None:
    _, opener = pair(method, tunnel=tunnel)
    known = {"truncated", "bad-length", "bad-spi", "bad-icv", "replay", "missing-ah",
             "bad-next-header"}
    heads = (b"", SPI.to_bytes(4, "big"), bytes((17, 4, 0, 0)) + AH_SPI.to_bytes(4, "big"))
    for head in heads:
        packet = IPv4(OUTER_SOURCE, OUTER_DESTINATION, protocol, head + data)
        if method.ah_auth or protocol == PROTOCOL_ESP:
            with pytest.raises(ParseError) as caught:
                unprotect(opener, packet, 0.0)
            assert caught.value.drop in known


@given(st.binary(max_size=200), st.integers(0, 255))
def test_anything_behind_a_good_icv_is_a_packet_or_a_named_drop(data: bytes,
                                                                protocol: int) -> None:
    ours, opener = pair(AH, tunnel=False)
    sealed = protect(ours, IPv4(OUTER_SOURCE, OUTER_DESTINATION, protocol, data), 1, 0.0)
    inside = pair(AH)[1]
    assert unprotect(opener, sealed, 0.0).payload == data
    try:
        assert unprotect(inside, sealed, 0.0).build()
    except ParseError as error:
        assert error.drop in {"bad-next-header", "truncated", "bad-version", "bad-length",
                              "bad-checksum", "source-route", "ecn"}
