"""ICMP: echo, errors and their quotes, and the packets no error may be sent about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ParseError
from engine.icmp import (
    ECHO_REPLY,
    ECHO_REQUEST,
    NEEDS_FRAGMENTATION,
    TIME_EXCEEDED,
    TTL_IN_TRANSIT,
    UNREACHABLE,
    Icmp,
    build_icmp,
    echo_reply,
    echo_request,
    icmp_error,
    may_send_error,
    parse_icmp,
    quoted,
)
from engine.ip import ICMP, IPv4, checksum, udp_packet

A, B, ROUTER = 0x0A000105, 0x0A000206, 0x0A000101


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 0xFFFFFFFF),
       st.binary(max_size=60))
def test_messages_read_back(kind: int, code: int, rest: int, body: bytes) -> None:
    data = build_icmp(kind, code, rest, body)
    assert checksum(data) == 0
    assert parse_icmp(data) == Icmp(kind, code, rest, body)


def test_an_echo_is_answered_with_its_own_data_and_trace() -> None:
    request = echo_request(A, B, 0x200, 7, b"abc", ttl=3, tos=0x10, trace=42)
    reply = echo_reply(request, identification=9)
    assert (reply.source, reply.destination, reply.ttl, reply.tos) == (B, A, 128, 0x10)
    assert (reply.trace, reply.identification) == (42, 9)
    message = parse_icmp(reply.payload)
    assert (message.type, message.identifier, message.sequence) == (ECHO_REPLY, 0x200, 7)
    assert message.body == b"abc"
    assert parse_icmp(request.payload).type == ECHO_REQUEST


@pytest.mark.parametrize(("data", "name"), [(b"\0" * 7, "icmp-truncated"),
                                            (b"\x08" + b"\0" * 7, "icmp-checksum")])
def test_broken_messages_are_refused_by_name(data: bytes, name: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_icmp(data)
    assert caught.value.drop == name


def test_an_error_quotes_the_header_and_eight_octets() -> None:
    original = udp_packet(A, B, 1000, 2000, b"d" * 1400, df=True, trace=5)
    error = icmp_error(original, ROUTER, UNREACHABLE, NEEDS_FRAGMENTATION, 1400)
    assert error is not None
    assert (error.source, error.destination, error.trace) == (ROUTER, A, 5)
    message = parse_icmp(error.payload)
    assert (message.type, message.code, message.next_mtu) == (3, 4, 1400)
    assert message.body == original.build()[:28]
    quote = quoted(message)
    assert quote.length == original.length
    assert quote.packet == original._replace(payload=original.payload[:8], trace=0)


def test_an_error_may_be_followed_under_a_trace_of_its_own() -> None:
    error = icmp_error(udp_packet(A, B, 1, 2, b"", trace=5), ROUTER, TIME_EXCEEDED,
                       TTL_IN_TRANSIT, trace=6)
    assert error is not None
    assert error.trace == 6


SILENT = [
    ("an ICMP error", IPv4(A, B, ICMP, build_icmp(UNREACHABLE, 1, 0, b"x" * 28))),
    ("an ICMP packet without octets", IPv4(A, B, ICMP, b"")),
    ("a later fragment", IPv4(A, B, 17, b"x" * 8, offset=8)),
    ("a broadcast", IPv4(A, 0xFFFFFFFF, 17, b"x" * 8)),
    ("a multicast", IPv4(A, 0xE0000005, 17, b"x" * 8)),
    ("source unknown", IPv4(0, B, 17, b"x" * 8)),
    ("source broadcast", IPv4(0xFFFFFFFF, B, 17, b"x" * 8)),
    ("source multicast", IPv4(0xE0000001, B, 17, b"x" * 8)),
    ("source loopback", IPv4(0x7F000001, B, 17, b"x" * 8)),
]


@pytest.mark.parametrize(("what", "original"), SILENT, ids=[row[0] for row in SILENT])
def test_no_error_is_sent_about(what: str, original: IPv4) -> None:
    assert not may_send_error(original), what
    assert icmp_error(original, ROUTER, UNREACHABLE, 0) is None


def test_no_error_is_sent_about_a_packet_broadcast_on_its_link() -> None:
    original = udp_packet(A, B, 1, 2, b"")
    assert may_send_error(original)
    assert icmp_error(original, ROUTER, UNREACHABLE, 3, link_broadcast=True) is None


def test_errors_are_sent_about_an_echo_request_and_a_first_fragment() -> None:
    assert may_send_error(echo_request(A, B, 1, 1, b""))
    assert may_send_error(IPv4(A, B, 17, b"x" * 8, mf=True))


@given(st.binary(max_size=60))
def test_a_quote_is_read_or_refused_by_name(body: bytes) -> None:
    try:
        quote = quoted(Icmp(3, 4, 0, body))
    except ParseError as error:
        assert error.drop == "icmp-quote"
    else:
        assert len(quote.packet.payload) <= len(body) - 20
