"""ESP per packet on one core: ours, the bare library work for the same octets, and scapy's.

Prints microseconds and ratios; it asserts only that every side did the same work.
"""

from collections.abc import Callable
from timeit import Timer

import pytest

from engine.esp.constants import CIPHERS, INTEGRITY
from engine.esp.transforms import make_cipher, make_integrity
from engine.icmp import echo_request
from engine.suites import QuickModeMethod
from tests.support.oracle import oracle
from tests.support.suites import (
    OUTER_DESTINATION,
    OUTER_SOURCE,
    SPI,
    SUITES,
    keys,
    octets,
    pair,
    suite_name,
)

pytestmark = pytest.mark.bench
LENGTHS = (64, 1400)
ROUNDS = 7
BUDGET = 0.02


def microseconds(work: Callable[[], object]) -> float:
    """The best of some rounds of about 20 ms."""
    timer = Timer(work)
    number = max(1, int(BUDGET / max(timer.timeit(3) / 3, 1e-7)))
    return min(timer.repeat(ROUNDS, number)) / number * 1e6


def bare_work(method: QuickModeMethod, length: int) -> Callable[[], object]:
    """One encryption and one HMAC over exactly the octets of the packet, nothing else."""
    key, auth_key = keys(method)
    _, block, iv = CIPHERS[method.esp_cipher]
    plain = octets("plain", iv + (length + 2 + block - 1) // block * block)
    signed = octets("header", 8) + plain
    encrypt = make_cipher(method.esp_cipher, key, octets("iv", iv), encrypt=True)
    integrity = make_integrity(method.esp_auth, auth_key)

    def work() -> None:
        encrypt(plain)
        integrity(signed)

    return work


def decap_microseconds(method: QuickModeMethod, inner: bytes) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        out, opener = pair(method)
        packets = [out.encap(inner) for _ in range(400)]
        work = iter(packets)
        best = min(best, Timer(lambda: opener.decap(next(work))).timeit(len(packets)))  # noqa: B023
        assert opener.packets == len(packets)
    return best / 400 * 1e6


@pytest.mark.parametrize("method", SUITES, ids=suite_name)
def test_esp_against_the_bare_work_and_scapy(method: QuickModeMethod) -> None:
    key, auth_key = keys(method)
    theirs = oracle(SPI, method, key, auth_key, source=OUTER_SOURCE,
                    destination=OUTER_DESTINATION, tunnel=True)
    for length in LENGTHS:
        inner = echo_request(1, 2, 1, 1, octets("ping", length - 28)).build()
        out, opener = pair(method)
        size = len(out.encap(inner))
        assert size - 8 - INTEGRITY[method.esp_auth].icv >= length + 2
        ours = microseconds(lambda: out.encap(inner))  # noqa: B023
        decap = decap_microseconds(method, inner)
        bare = microseconds(bare_work(method, length))
        other = microseconds(lambda: theirs.wrap(inner, 1))  # noqa: B023
        print(f"\n{suite_name(method):14} {length:5} octets: encap {ours:7.2f} us, "
              f"decap {decap:7.2f} us, bare {bare:7.2f} us, scapy {other:8.1f} us; "
              f"encap/bare {ours / bare:5.2f}, decap/bare {decap / bare:5.2f}, "
              f"scapy/encap {other / ours:6.1f}", end="")
