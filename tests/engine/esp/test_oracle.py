"""Our ESP and AH and scapy's read each other, in both directions, for every suite and mode."""

import pytest

from engine.errors import ParseError
from engine.esp.packets import protect, unprotect
from engine.icmp import echo_request
from engine.ip import IPv4, parse_ipv4, udp_packet
from engine.suites import QuickModeMethod
from tests.support.oracle import REFUSED, Oracle, oracle
from tests.support.suites import (
    AH_SPI,
    AH_SUITES,
    BUNDLES,
    OUTER_DESTINATION,
    OUTER_SOURCE,
    SPI,
    SUITES,
    ah_key,
    keys,
    octets,
    pair,
    suite_name,
)

SIZES = [0, 1, 13, 14, 15, 16, 32, 1400]
INNER_SOURCE, INNER_DESTINATION = 0x0A000101, 0x0A000201
every_suite = pytest.mark.parametrize("method", [*SUITES, *AH_SUITES, *BUNDLES], ids=suite_name)
both_modes = pytest.mark.parametrize("tunnel", [True, False], ids=["tunnel", "transport"])


def other_side(method: QuickModeMethod, tunnel: bool) -> Oracle:
    key, auth_key = keys(method)
    return oracle(SPI, method, key, auth_key, source=OUTER_SOURCE,
                  destination=OUTER_DESTINATION, tunnel=tunnel, ah_spi=AH_SPI,
                  ah_key=ah_key(method))


def plain_packet(size: int, tunnel: bool) -> IPv4:
    if tunnel:
        return echo_request(INNER_SOURCE, INNER_DESTINATION, 1, size, octets("ping", size))
    return udp_packet(OUTER_SOURCE, OUTER_DESTINATION, 4000, 5000, octets("data", size), df=True,
                      tos=0x28, ttl=77, identification=size)


@every_suite
@both_modes
def test_scapy_opens_our_packets(method: QuickModeMethod, tunnel: bool) -> None:
    ours, theirs = pair(method, tunnel=tunnel)[0], other_side(method, tunnel)
    for size in SIZES:
        plain = plain_packet(size, tunnel)
        packet = protect(ours, plain, OUTER_SOURCE, 0.0, identification=size)
        assert theirs.open(packet.build()) == plain.build()


@every_suite
@both_modes
def test_we_open_the_packets_of_scapy(method: QuickModeMethod, tunnel: bool) -> None:
    ours, theirs = pair(method, tunnel=tunnel)[1], other_side(method, tunnel)
    for size in SIZES:
        plain = plain_packet(size, tunnel)
        outer = parse_ipv4(theirs.wrap(plain.build(), size + 1))
        assert (outer.source, outer.destination) == (OUTER_SOURCE, OUTER_DESTINATION)
        assert unprotect(ours, outer, 0.0) == plain


@every_suite
def test_altered_packets_are_refused_by_both(method: QuickModeMethod) -> None:
    ours, opener = pair(method)
    theirs = other_side(method, tunnel=True)
    packet = protect(ours, plain_packet(40, True), OUTER_SOURCE, 0.0)
    # Behind the SPI, so that both find their SA; AH's length and reserved field stay as well.
    for at in range(8 if method.ah_auth else 4, len(packet.payload), 5):
        altered = bytearray(packet.payload)
        altered[at] ^= 0x40
        forged = packet.with_payload(bytes(altered))
        with pytest.raises(ParseError, match="bad-icv"):
            unprotect(opener, forged, 0.0)
        assert theirs.open(forged.build()) == REFUSED
    assert unprotect(opener, packet, 0.0) == plain_packet(40, True)
