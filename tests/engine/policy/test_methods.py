"""netsh's security method strings: what is read, what is refused, and that writing reads back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.policy.methods import (
    format_main_modes,
    format_quick_modes,
    parse_main_mode,
    parse_quick_mode,
)
from engine.suites import CIPHERS, GROUPS, HASHES, MainModeMethod, QuickModeMethod


def quick(cipher: str = "", auth: str = "", ah: str = "", k: int = 0,
          s: int = 0) -> QuickModeMethod:
    return QuickModeMethod(cipher, auth, ah, k, s)


@pytest.mark.parametrize(("text", "methods"), [
    ("3DES-SHA1-2", [("3DES", "SHA1", 2)]),
    ("3des-md5-3", [("3DES", "MD5", 14)]),
    (" DES-MD5-1\t 3DES-SHA1-2 ", [("DES", "MD5", 1), ("3DES", "SHA1", 2)]),
    ("AES-SHA256-14", [("AES128", "SHA256", 14)]),
    ("aes256-sha1-5", [("AES256", "SHA1", 5)]),
])
def test_main_mode_offers(text: str, methods: list[tuple[str, str, int]]) -> None:
    assert parse_main_mode(text) == tuple(MainModeMethod(*one) for one in methods)


@pytest.mark.parametrize(("text", "methods"), [
    ("ESP[3DES,SHA1]", [quick("3DES", "SHA1")]),
    ("esp[des,md5]:30000k/480s", [quick("DES", "MD5", k=30000, s=480)]),
    ("ESP[3DES,SHA1]:3600s", [quick("3DES", "SHA1", s=3600)]),
    ("ESP[3DES,SHA1]:100000K", [quick("3DES", "SHA1", k=100000)]),
    ("ESP[3DES,SHA1]:300s/20480k", [quick("3DES", "SHA1", k=20480, s=300)]),
    ("ESP[3DES,SHA1]:0k/0s", [quick("3DES", "SHA1")]),
    ("AH[MD5]:204800k/300s ESP[DES,SHA1]", [quick(ah="MD5", k=204800, s=300),
                                            quick("DES", "SHA1")]),
    ("AH[SHA1]+ESP[AES,SHA256]", [quick("AES128", "SHA256", "SHA1")]),
    ("ESP[AES192,MD5]+AH[SHA256]", [quick("AES192", "MD5", "SHA256")]),
    ("ESP[None,SHA1]", [quick("", "SHA1")]),
])
def test_quick_mode_offers(text: str, methods: list[QuickModeMethod]) -> None:
    assert parse_quick_mode(text) == tuple(methods)


@pytest.mark.parametrize("text", [
    "", "   ", "3DES", "3DES-SHA1", "3DES-SHA1-2-1", "3DES-SHA1-4", "3DES-CRC-2", "ROT13-SHA1-2",
    "3DES--2", "3DES-SHA1-02", "-".join(["3DES"] * 1000),
])
def test_refused_main_mode_offers(text: str) -> None:
    with pytest.raises(ValueError, match="^must "):
        parse_main_mode(text)


@pytest.mark.parametrize("text", [
    "", "ESP", "ESP[]", "ESP[3DES]", "ESP[3DES,SHA1", "ESP[3DES,SHA1]]", "ESP[3DES,None]",
    "ESP[None,None]", "ESP[ROT13,SHA1]", "ESP[3DES,CRC]", "AH[None]", "AH[3DES,SHA1]", "AH[]",
    "AH[MD5]+AH[SHA1]", "ESP[DES,MD5]+ESP[DES,MD5]", "AH[SHA1]+", "+ESP[3DES,SHA1]",
    "ESP[3DES,SHA1]:", "ESP[3DES,SHA1]:100000", "ESP[3DES,SHA1]:100k", "ESP[3DES,SHA1]:299s",
    "ESP[3DES,SHA1]:172800s", "ESP[3DES,SHA1]:2147483648k", "ESP[3DES,SHA1]:-300s",
    "ESP[3DES,SHA1]:3600s/3600s", "ESP[3DES,SHA1]:3600s/100000k/1s", "ESP[3DES,SHA1]:3600m",
    "ESP[3DES,SHA1]:" + "9" * 5000 + "s", "ESP[3DES,SHA1]:٣٦٠٠s", "ESP[3DES, SHA1]",
])
def test_refused_quick_mode_offers(text: str) -> None:
    with pytest.raises(ValueError, match="^must "):
        parse_quick_mode(text)


AH_HASHES = ("MD5", "SHA1", "SHA256")
MAIN = st.builds(MainModeMethod, st.sampled_from(CIPHERS), st.sampled_from(HASHES),
                 st.sampled_from(GROUPS))
LIFE = (st.sampled_from([0, 20480, 100000, 2147483647]),
        st.sampled_from([0, 300, 3600, 172799]))
QUICK = st.one_of(
    st.builds(QuickModeMethod, st.sampled_from(["", *CIPHERS]), st.sampled_from(HASHES),
              st.sampled_from(["", *AH_HASHES]), *LIFE),
    st.builds(QuickModeMethod, st.just(""), st.just(""), st.sampled_from(AH_HASHES), *LIFE))


@given(st.lists(MAIN, min_size=1, max_size=5).map(tuple))
def test_written_main_mode_offers_read_back(methods: tuple[MainModeMethod, ...]) -> None:
    assert parse_main_mode(format_main_modes(methods)) == methods


@given(st.lists(QUICK, min_size=1, max_size=5).map(tuple))
def test_written_quick_mode_offers_read_back(methods: tuple[QuickModeMethod, ...]) -> None:
    assert parse_quick_mode(format_quick_modes(methods)) == methods


@given(st.text(alphabet="AESPDHMN[],+:-/0123456789ks ", max_size=40))
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    for parse in (parse_main_mode, parse_quick_mode):
        try:
            assert parse(text)
        except ValueError as error:
            assert str(error).startswith("must ")
