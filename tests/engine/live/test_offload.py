"""ESP handed to a kernel: what it is told, what it counts, and when it cannot."""

from collections.abc import Callable

import pytest

from engine.address import Address, Network
from engine.errors import Broken
from engine.ip import TCP
from engine.lab.lab import Lab
from engine.live.offload import REQUEST, RESERVED, Offload, why_not
from engine.live.xfrm import (
    FORWARD,
    IN,
    OUT,
    Counted,
    Expired,
    KernelPolicy,
    KernelSa,
    algorithms,
    policy_body,
    read_expiry,
    read_sa,
    sa_body,
)
from engine.sad import Expired as PairExpired
from engine.sad import SoftExpired
from engine.spd import Spd, SpdEntry
from engine.suites import QuickModeMethod
from tests.support.site import NET_A, NET_B, article


class FakeKernel:
    """A kernel with ESP, or one that refuses it."""

    def __init__(self, refusal: Broken | None = None) -> None:
        self.refusal = refusal
        self.sas: dict[tuple[Address, int], KernelSa] = {}
        self.policies: dict[tuple[object, int], KernelPolicy] = {}
        self.counted: dict[tuple[Address, int], Counted] = {}
        self.expired: list[Expired] = []
        self.descriptor = 7
        self.closed = self.swept = 0
        self.said: list[str] = []

    def try_esp(self) -> None:
        if self.refusal is not None:
            raise self.refusal

    def sweep(self, request: int) -> None:
        self.swept = request

    def add_sa(self, one: KernelSa) -> None:
        assert (one.destination, one.spi) not in self.sas
        self.said.append("association")
        self.sas[one.destination, one.spi] = one

    def delete_sa(self, destination: Address, spi: int) -> None:
        self.sas.pop((destination, spi), None)

    def add_policy(self, one: KernelPolicy) -> None:
        self.said.append(("in", "out", "forward")[one.direction])
        self.policies[one.selector, one.direction] = one

    def delete_policy(self, one: KernelPolicy) -> None:
        self.policies.pop((one.selector, one.direction), None)

    def counters(self) -> dict[tuple[Address, int], Counted]:
        return self.counted

    def expiries(self) -> list[Expired]:
        found, self.expired = self.expired, []
        return found

    def close(self) -> None:
        self.closed += 1


def offloaded(kernel: FakeKernel) -> tuple[Lab, Offload, Callable[[], object]]:
    site = article()
    host = site.lab.hosts["gwA"]
    site.lab.store.on("gwA").set_setting("offload", "kernel")
    offload = Offload(host, lambda: kernel)
    offload.settle()
    return site.lab, offload, site.ping


def test_a_pair_becomes_two_associations_and_three_policies() -> None:
    kernel = FakeKernel()
    lab, offload, ping = offloaded(kernel)
    assert offload.active and not offload.refused
    ping()
    offload.follow(lab.now)
    pair = lab.hosts["gwA"].sad.pairs()[0]
    assert pair.outbound is not None and offload.spis == {pair.spi}
    assert set(kernel.sas) == {(pair.local, pair.spi), (pair.peer, pair.outbound.spi)}
    assert [way for _, way in kernel.policies] == [IN, FORWARD, OUT]
    assert {one.key for one in kernel.sas.values()} == {
        pair.installed.inbound.esp_key, pair.installed.outbound.esp_key}
    # What the kernel opens before it has policies for it is lost.
    assert kernel.said == ["association", "in", "forward", "association", "out"]


@pytest.mark.parametrize(("action", "port", "theirs", "fits"), [
    ("block", 23, NET_B, False), ("permit", 23, NET_B, False), ("negotiate", 23, NET_B, False),
    ("block", 0, NET_B + 256, True)])
def test_a_tunnel_out_of_which_a_filter_takes_packets_stays_in_the_agent(
        action: str, port: int, theirs: int, fits: bool) -> None:
    kernel = FakeKernel()
    lab, offload, ping = offloaded(kernel)
    ping()
    offload.follow(lab.now)
    assert kernel.sas
    host = lab.hosts["gwA"]
    host.agent.spd = Spd((*host.spd.entries, SpdEntry(
        "narrow", "n", Network(NET_A, 24), Network(theirs, 24), TCP, destination_port=port,
        action=action)))
    offload.follow(lab.now)
    assert bool(kernel.sas) == bool(kernel.policies) == fits
    host.agent.spd = Spd(one for one in host.spd.entries if one.id != "narrow")
    offload.follow(lab.now)
    assert len(kernel.sas) == 2 and len(kernel.policies) == 3


def test_a_successor_takes_the_place_on_the_way_out_and_the_old_one_still_opens() -> None:
    kernel = FakeKernel()
    lab, offload, ping = offloaded(kernel)
    ping()
    offload.follow(lab.now)
    first = lab.hosts["gwA"].sad.pairs()[0]
    lab.run(lab.now + first.seconds * 0.85)
    ping()
    offload.follow(lab.now)
    pairs = lab.hosts["gwA"].sad.pairs()
    newest = pairs[-1]
    assert first.outbound is not None and newest.outbound is not None
    sealing = {spi for destination, spi in kernel.sas if destination == newest.peer}
    assert sealing == {newest.outbound.spi}
    assert {spi for destination, spi in kernel.sas if destination == newest.local} == {
        one.spi for one in pairs}


def test_what_the_kernel_counts_is_the_associations_and_reaches_its_limits() -> None:
    kernel = FakeKernel()
    lab, offload, ping = offloaded(kernel)
    ping()
    offload.follow(lab.now)
    pair = lab.hosts["gwA"].sad.pairs()[0]
    octets, packets = pair.inbound.octets, pair.inbound.packets
    kernel.counted[pair.local, pair.spi] = Counted(5000, 7, 0)
    offload.follow(lab.now + 1)
    assert (pair.inbound.octets, pair.inbound.packets) == (octets + 5000, packets + 7)
    assert pair.inbound.used == lab.now + 1
    seen: list[str] = []
    pair.inbound.on_limit = lambda sa, limit: seen.append(limit)
    kernel.counted[pair.local, pair.spi] = Counted(pair.kilobytes * 1024, 9, 0)
    offload.follow(lab.now + 2)
    assert seen in (["soft"], ["hard"])


def test_sequence_numbers_go_on_there_and_back() -> None:
    kernel = FakeKernel()
    lab, offload, ping = offloaded(kernel)
    for _ in range(3):
        ping()
    offload.follow(lab.now)
    pair = lab.hosts["gwA"].sad.pairs()[0]
    assert pair.outbound is not None and pair.outbound.sequence == 3
    out, back = kernel.sas[pair.peer, pair.outbound.spi], kernel.sas[pair.local, pair.spi]
    assert (out.sent, out.top, back.sent, back.top, back.seen) == (
        3 + RESERVED, 0, 0, 3, frozenset({1, 2, 3}))
    kernel.counted = {(pair.peer, pair.outbound.spi): Counted(500, 90, 0, sent=93),
                      (pair.local, pair.spi): Counted(500, 89, 0, 0, 93, frozenset({92, 93}))}
    lab.store.on("gwA").set_setting("offload", "no")
    offload.settle()
    assert pair.outbound.sequence == 93 and pair.inbound.window.top == 93
    assert [pair.inbound.window.check(one) for one in (91, 92, 93, 94)] == [
        True, False, False, True]


def test_windows_are_read_as_they_are_told() -> None:
    for top, seen in ((0, set[int]()), (5, {1, 5}), (200, {137, 150, 200}), (1 << 31, {1 << 31})):
        one = KernelSa(0x1000, 1, 2, QuickModeMethod("AES128", "SHA1"), bytes(16), bytes(20), 1,
                       64, sent=top + 1, top=top, seen=frozenset(seen))
        _, counted = read_sa(sa_body(one))
        assert (counted.sent, counted.top, counted.seen) == (
            top + 1, top, frozenset(seen))


def test_switched_off_everything_comes_out_again() -> None:
    kernel = FakeKernel()
    lab, offload, ping = offloaded(kernel)
    ping()
    offload.follow(lab.now)
    lab.store.on("gwA").set_setting("offload", "no")
    offload.settle()
    assert not kernel.sas and not kernel.policies and not offload.active
    assert kernel.closed == 3 and kernel.swept == REQUEST


def test_a_kernel_without_esp_says_so_and_the_agents_way_goes_on() -> None:
    kernel = FakeKernel(Broken("absent", "this kernel has no ESP of its own"))
    lab, offload, ping = offloaded(kernel)
    assert offload.refused == "this kernel has no ESP of its own" and not offload.active
    ping()
    offload.follow(lab.now)
    assert not kernel.sas
    assert why_not(lambda: kernel) == offload.refused

    def no_xfrm() -> FakeKernel:
        raise Broken("absent", "this kernel has no XFRM")

    assert why_not(no_xfrm) == "this kernel has no XFRM"


@pytest.mark.parametrize(("method", "names"), [
    (QuickModeMethod("3DES", "MD5"), [b"cbc(des3_ede)", b"hmac(md5)"]),
    (QuickModeMethod("None", "SHA1"), [b"ecb(cipher_null)", b"hmac(sha1)"]),
    (QuickModeMethod("AESGCM256"), [b"rfc4106(gcm(aes))"])])
def test_transforms_have_the_kernels_names(method: QuickModeMethod, names: list[bytes]) -> None:
    octets = algorithms(KernelSa(300, 1, 2, method, b"k" * 24, b"a" * 16, 1))
    assert all(name + b"\0" in octets for name in names) and len(octets) % 4 == 0


def test_structures_have_the_sizes_of_the_kernels() -> None:
    one = KernelSa(0x1234, 1, 2, QuickModeMethod("AES128", "SHA1"), bytes(16), bytes(20), 7)
    body = sa_body(one)
    # xfrm_usersa_info is 224 octets; then crypt (4+68+16), auth (4+72+20), replay (4+24+8).
    assert len(body) == 224 + 88 + 96 + 36
    assert len(sa_body(one._replace(udp=(4500, 4500)))) == len(body) + 28
    assert read_sa(body) == ((2, 0x1234), Counted(0, 0, 0))
    site = article()
    site.ping()
    selector = site.lab.hosts["gwA"].sad.pairs()[0].inbound.selector
    # xfrm_userpolicy_info is 168 octets, xfrm_user_tmpl 64.
    assert len(policy_body(KernelPolicy(selector, IN, 1, 2, 7, 9))) == 168 + 4 + 64


def test_limits_that_only_the_kernel_sees_are_the_pairs() -> None:
    kernel = FakeKernel()
    lab, offload, ping = offloaded(kernel)
    ping()
    offload.follow(lab.now)
    sad = lab.hosts["gwA"].sad
    pair = sad.pairs()[0]
    assert pair.outbound is not None
    kernel.expired = [Expired(pair.peer, pair.outbound.spi, hard=False),
                      Expired(pair.peer, 0xBAD, hard=True)]
    offload.follow(lab.now)
    assert sad.next_expiry() == 0.0
    assert sad.expire(lab.now) == [SoftExpired(pair, "sequence")]
    kernel.expired = [Expired(pair.local, pair.spi, hard=True)]
    offload.follow(lab.now)
    assert sad.expire(lab.now) == [PairExpired(pair, "sequence")]
    assert not sad.pairs()


def test_an_expiry_is_read_as_the_kernel_writes_it() -> None:
    one = KernelSa(0x1234, 0x0A000001, 0x0A000002, QuickModeMethod("AES128", "SHA1"), bytes(16),
                   bytes(20), 1)
    state = sa_body(one)[:224]
    assert read_expiry(state + bytes([1]) + bytes(7)) == Expired(0x0A000002, 0x1234, hard=True)
    assert read_expiry(state + bytes(8)) == Expired(0x0A000002, 0x1234, hard=False)
