"""How an echo's end is recognised and named."""

import pytest

from engine.echo import Crossings, Expected, pattern, refusal
from engine.icmp import build_icmp, echo_reply, echo_request, icmp_error
from engine.ip import ESP, ICMP, UDP, IPv4

REQUEST = echo_request(1, 0x0A020001, 512, 7, pattern(32), trace=5)._replace(source=0x0A010001)
EXPECTED = Expected("hostA", 512, 7, 5, 10.0)


def error(kind: int, code: int) -> IPv4:
    packet = icmp_error(REQUEST, 0x0A010002, kind, code)
    assert packet is not None
    return packet


@pytest.mark.parametrize(("packet", "kind"), [
    (echo_reply(REQUEST), "reply"),
    (error(3, 0), "unreachable-net"),
    (error(3, 1), "unreachable-host"),
    (error(3, 2), "unreachable-protocol"),
    (error(3, 3), "unreachable-port"),
    (error(3, 4), "needs-frag"),
    (error(3, 13), "prohibited"),
    (error(3, 7), "unreachable-host"),
    (error(11, 0), "ttl-expired"),
])
def test_answers_are_named(packet: IPv4, kind: str) -> None:
    result = EXPECTED.answer(packet, 10.5)
    assert result is not None
    assert (result.kind, result.seconds, result.sequence, result.trace) == (kind, 0.5, 7, 5)
    assert result.bytes == (32 if kind == "reply" else 0)


@pytest.mark.parametrize("packet", [
    echo_reply(echo_request(1, 2, 512, 8, b"")),
    echo_reply(echo_request(1, 2, 513, 7, b"")),
    REQUEST,
    IPv4(1, 2, UDP, bytes(8)),
    IPv4(1, 2, ICMP, b"broken"),
    IPv4(1, 2, ICMP, build_icmp(3, 0, 0, b"no header here")),
    error(4, 0),
])
def test_other_packets_are_not_taken_for_the_answer(packet: IPv4) -> None:
    assert EXPECTED.answer(packet, 10.5) is None


def test_an_error_about_another_packet_is_not_taken() -> None:
    other = icmp_error(echo_request(0x0A010001, 2, 512, 8, b""), 3, 11, 0)
    datagram = icmp_error(IPv4(0x0A010001, 2, UDP, bytes(8)), 3, 3, 3)
    assert other is not None and datagram is not None
    assert EXPECTED.answer(other, 0.0) is None and EXPECTED.answer(datagram, 0.0) is None


@pytest.mark.parametrize(("reason", "kind"), [
    ("negotiating", "negotiating"), ("no-route", "unreachable-host"),
    ("needs-frag", "needs-frag"), ("blocked", "general-failure"),
    ("rras-output", "general-failure")])
def test_refusals_of_the_own_stack_are_named(reason: str, kind: str) -> None:
    assert refusal(reason) == kind


def test_the_pattern_is_windows_alphabet() -> None:
    assert pattern(32) == b"abcdefghijklmnopqrstuvwabcdefghi" and pattern(0) == b""


def test_crossings_tell_clear_from_protected() -> None:
    crossings = Crossings()
    for trace in (1, 2, 3):
        crossings.watch(trace)
    crossings.note(REQUEST.with_trace(1))
    crossings.note(IPv4(1, 2, ESP, b"", trace=2))
    crossings.note(error(3, 0).with_trace(3))
    crossings.note(REQUEST.with_trace(4))
    assert [crossings.verdict(trace) for trace in (1, 2, 3, 4)] == [
        (True, False), (False, True), (False, False), (False, False)]


def test_crossings_forget_the_oldest() -> None:
    crossings = Crossings()
    for trace in range(Crossings.LIMIT + 1):
        crossings.watch(trace)
    crossings.note(REQUEST.with_trace(0))
    assert crossings.verdict(0) == (False, False)
