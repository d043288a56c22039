"""Many packets at once through an SA: the same octets, checks and accounts as one by one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ParseError
from engine.esp import encap
from engine.esp.constants import NEXT_DUMMY, NEXT_TUNNEL
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


BENT, LONG = 256, 512


class BentTrailers(encap.Trailers):
    """Trailers of next header 256 have padding that is bent, those of 512 too much of it."""

    def __missing__(self, next_header: int) -> tuple[bytes, ...]:
        row = super().__missing__(next_header if next_header < BENT else NEXT_TUNNEL)
        if next_header == BENT:
            row = tuple(bytes((one[0] ^ 64,)) + one[1:] for one in row)
        elif next_header == LONG:
            row = tuple(one[:-2] + b"\xff" + one[-1:] for one in row)
        self[next_header] = row
        return row


@pytest.mark.parametrize("odd", [NEXT_TUNNEL, NEXT_DUMMY, BENT, LONG, -1, -2])
@settings(max_examples=25, deadline=None)
@given(st.sampled_from(SUITES), st.integers(1, 9), st.integers(0, 8), st.integers(20, 60),
       st.sampled_from([True, True, True, False]))
def test_together_is_judged_as_one_by_one(odd: int, method: QuickModeMethod, count: int, at: int,
                                          size: int, alike: bool) -> None:
    kinds = [NEXT_TUNNEL] * count
    kinds[at % count] = odd
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encap, "Trailers", BentTrailers)
        out, together = pair(method)
    _, single = pair(method)
    datas = []
    for number, kind in enumerate(kinds):
        inner = IPv4(3, 4, UDP, bytes(size + (0 if alike else number % 3 * 9))).build()
        data = out.encap(inner, kind if kind > 0 else NEXT_TUNNEL, 0.0)
        datas.append({-1: data[:-1] + bytes((data[-1] ^ 1,)),
                      -2: data[:7] + bytes((data[7] ^ 64,)) + data[8:]}.get(kind, data))
    inners, refusals = [], []
    for data in datas:
        try:
            inners.append(single.decap(data)[0])
        except ParseError as error:
            refusals.append((data, error.drop))
    assert together.decap_many(datas, 0.0) == (inners, refusals)
