"""ESP and AH per packet on one core: ours, the bare library work for the same octets, scapy's.

Prints microseconds of processor time and ratios; it asserts only that every side did the same work.
"""

from collections.abc import Callable
from time import process_time
from timeit import Timer

import pytest

from engine.esp.constants import CIPHERS, esp_overhead
from engine.esp.packets import protect, unprotect
from engine.esp.sa import SecurityAssociation
from engine.esp.transforms import make_aead, make_cipher, make_integrity
from engine.icmp import echo_request
from engine.ip import IPv4
from engine.suites import QuickModeMethod
from tests.support.oracle import oracle
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

pytestmark = pytest.mark.bench
LENGTHS = (64, 1400)
ROUNDS = 25
BUDGET = 0.004
SPARE = 20_000


def interleaved(*works: Callable[[], object]) -> list[float]:
    """Microseconds of each, the best of many short rounds in turn.

    In turn, because a machine shared with others is slow for seconds and would favour whoever
    was measured in a quiet one.
    """
    timers = [Timer(work, timer=process_time) for work in works]
    numbers = [max(1, int(BUDGET / max(timer.timeit(3) / 3, 1e-7))) for timer in timers]
    best = [float("inf")] * len(works)
    for _ in range(ROUNDS):
        for at, (timer, number) in enumerate(zip(timers, numbers, strict=True)):
            best[at] = min(best[at], timer.timeit(number) / number * 1e6)
    return best


def opening(out: SecurityAssociation, opener: SecurityAssociation,
            inner: bytes) -> Callable[[], object]:
    """Opens the next of some packets that were made before; makes others when they are spent."""
    packets: list[bytes] = []

    def work() -> None:
        if not packets:
            packets.extend(reversed([out.encap(inner) for _ in range(SPARE)]))
        opener.decap(packets.pop())

    return work


def bare_work(method: QuickModeMethod, length: int) -> Callable[[], object]:
    """One encryption and one HMAC over exactly the octets of the packet, nothing else."""
    key, auth_key = keys(method)
    if method.is_aead:
        aead, salt = make_aead(method.esp_cipher, key)
        nonce, aad = salt + bytes(8), bytes(8)
        text = octets("plain", (length + 2 + 3) // 4 * 4)
        return lambda: aead.encrypt(nonce, text, aad)
    _, block, iv = CIPHERS[method.esp_cipher]
    plain = octets("plain", iv + (length + 2 + block - 1) // block * block)
    signed = octets("header", 8) + plain
    encrypt = make_cipher(method.esp_cipher, key, octets("iv", iv), encrypt=True)
    integrity = make_integrity(method.esp_auth, auth_key)

    def work() -> None:
        encrypt(plain)
        integrity(signed)

    return work


@pytest.mark.parametrize("method", SUITES, ids=suite_name)
def test_esp_against_the_bare_work_and_scapy(method: QuickModeMethod) -> None:
    key, auth_key = keys(method)
    theirs = oracle(SPI, method, key, auth_key, source=OUTER_SOURCE,
                    destination=OUTER_DESTINATION, tunnel=True)
    for length in LENGTHS:
        inner = echo_request(1, 2, 1, 1, octets("ping", length - 28)).build()
        out, _ = pair(method)
        size = len(out.encap(inner))
        assert size - esp_overhead(method)[0] >= length + 2
        second, opener = pair(method)
        decap = opening(second, opener, inner)
        decap()
        ours, opened, bare, other = interleaved(
            lambda: out.encap(inner), decap, bare_work(method, length),  # noqa: B023
            lambda: theirs.wrap(inner, 1))  # noqa: B023
        print(f"\n{suite_name(method):14} {length:5} octets: encap {ours:7.2f} us, "
              f"decap {opened:7.2f} us, bare {bare:7.2f} us, scapy {other:8.1f} us; "
              f"encap/bare {ours / bare:5.2f}, decap/bare {opened / bare:5.2f}, "
              f"scapy/encap {other / ours:6.1f}", end="")


@pytest.mark.parametrize("method", [*AH_SUITES, *BUNDLES], ids=suite_name)
def test_ah_against_scapy(method: QuickModeMethod) -> None:
    key, auth_key = keys(method)
    theirs = oracle(SPI, method, key, auth_key, source=OUTER_SOURCE,
                    destination=OUTER_DESTINATION, tunnel=True, ah_spi=AH_SPI,
                    ah_key=ah_key(method))
    for length in LENGTHS:
        inner = echo_request(1, 2, 1, 1, octets("ping", length - 28))
        out, opener = pair(method)
        second, _ = pair(method)
        packets: list[IPv4] = []

        def unpack() -> None:
            if not packets:  # noqa: B023
                packets.extend(reversed([protect(second, inner, OUTER_SOURCE, 0.0)  # noqa: B023
                                         for _ in range(SPARE)]))
            unprotect(opener, packets.pop(), 0.0)  # noqa: B023

        unpack()
        ours, best, other = interleaved(
            lambda: protect(out, inner, 1, 0.0), unpack,  # noqa: B023
            lambda: theirs.wrap(inner.build(), 1))  # noqa: B023
        print(f"\n{suite_name(method):24} {length:5} octets: whole packet out {ours:7.2f} us, "
              f"in {best:7.2f} us, scapy {other:8.1f} us; scapy/out {other / ours:6.1f}", end="")
