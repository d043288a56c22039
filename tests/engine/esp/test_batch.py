"""Many packets at once through an SA: the same octets, checks and accounts as one by one."""

import pytest

from engine.ip import UDP, IPv4
from engine.suites import QuickModeMethod
from tests.support.suites import SUITES, pair, suite_name


def packets(count: int, size: int = 100) -> list[bytes]:
    return [IPv4(3, 4, UDP, bytes([at]) * (size + at % 7)).build() for at in range(count)]


@pytest.mark.parametrize("method", SUITES, ids=suite_name)
def test_what_goes_in_together_comes_out_together(method: QuickModeMethod) -> None:
    out, into = pair(method)
    inners = packets(20)
    datas = out.encap_many(inners, 5.0)
    assert into.decap_many(datas, 6.0) == (inners, [])
    octets = sum(map(len, inners))
    assert (out.sequence, out.packets, out.octets, out.used) == (20, 20, octets, 5.0)
    assert (into.sequence, into.packets, into.octets, into.used) == (20, 20, octets, 6.0)


@pytest.mark.parametrize("method", SUITES, ids=suite_name)
def test_one_by_one_opens_what_was_sealed_together(method: QuickModeMethod) -> None:
    out, into = pair(method)
    inners = packets(5)
    assert [into.decap(one)[0] for one in out.encap_many(inners, 0.0)] == inners


@pytest.mark.parametrize("method", SUITES, ids=suite_name)
def test_disorder_repetition_and_damage_are_judged_one_by_one(method: QuickModeMethod) -> None:
    out, into = pair(method)
    inners = packets(6)
    one, two, three, four, five, six = out.encap_many(inners, 0.0)
    damaged = four[:-1] + bytes([four[-1] ^ 1])
    other = bytes([five[0] ^ 1]) + five[1:]
    good, bad = into.decap_many([one, three, two, two, damaged, four, other, five[:9], six], 0.0)
    assert good == [inners[0], inners[2], inners[1], inners[3], inners[5]]
    assert [(data, reason) for data, reason in bad] == [
        (two, "replay"), (damaged, "bad-icv"), (other, "bad-spi"), (five[:9], "truncated")]
    assert into.decap_many([five], 0.0) == ([inners[4]], [])
    assert [reason for _, reason in into.decap_many([one, six], 0.0)[1]] == ["replay"] * 2


def test_a_limit_of_octets_is_reported_and_kept_within_a_batch() -> None:
    out, into = pair(SUITES[0], kilobytes=2)
    seen: list[str] = []
    out.on_limit = into.on_limit = lambda sa, limit: seen.append(limit)
    inners = packets(40)
    datas = out.encap_many(inners, 0.0)
    assert len(datas) < 40 and seen == ["soft", "hard"]
    seen.clear()
    good, bad = into.decap_many(datas, 0.0)
    assert good == inners[:len(datas)] and not bad and seen == ["soft", "hard"]
