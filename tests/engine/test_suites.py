"""The algorithms that can be named: written, read back, stored, and marked when weak."""

from itertools import product

import pytest

from engine.errors import Refused
from engine.policy.methods import (
    format_main_modes,
    format_quick_modes,
    parse_main_mode,
    parse_quick_mode,
)
from engine.policy.model import FilterAction, Policy
from engine.suites import (
    AEAD_CIPHERS,
    AH_HASHES,
    CIPHERS,
    GROUPS,
    HASHES,
    MainModeMethod,
    QuickModeMethod,
    weak_main_mode,
    weak_quick_mode,
)
from tests.support.stores import bare

MAIN_MODES = tuple(MainModeMethod(*one) for one in product(CIPHERS, HASHES, GROUPS))
ESP = tuple(QuickModeMethod(*one) for one in product(("", *CIPHERS), HASHES)) + tuple(
    QuickModeMethod(cipher) for cipher in AEAD_CIPHERS)
QUICK_MODES = ESP + tuple(QuickModeMethod(ah_auth=name) for name in AH_HASHES) + tuple(
    one._replace(ah_auth=name) for one, name in product(ESP, AH_HASHES))


def test_every_main_mode_method_is_read_as_it_is_written() -> None:
    assert len(set(MAIN_MODES)) == 200
    assert parse_main_mode(format_main_modes(MAIN_MODES)) == MAIN_MODES


def test_every_quick_mode_method_is_read_as_it_is_written() -> None:
    assert len(set(QUICK_MODES)) == 135
    assert parse_quick_mode(format_quick_modes(QUICK_MODES)) == QUICK_MODES


def test_every_method_comes_back_from_the_store() -> None:
    config = bare()
    for at in range(0, len(MAIN_MODES), 20):
        policy = config.add_policy(Policy(f"p{at}", methods=MAIN_MODES[at:at + 20]))
        assert config.policy(f"p{at}").methods == policy.methods == MAIN_MODES[at:at + 20]
    for at in range(0, len(QUICK_MODES), 20):
        action = config.add_filteraction(FilterAction(f"a{at}", methods=QUICK_MODES[at:at + 20]))
        assert config.filteraction(f"a{at}").methods == action.methods == QUICK_MODES[at:at + 20]


TEXTS = [
    ("ESP[AESGCM128]", QuickModeMethod("AESGCM128"), "ESP[AESGCM128]"),
    ("esp[aesgcm256,none]", QuickModeMethod("AESGCM256"), "ESP[AESGCM256]"),
    ("ESP[AESGCM]:300s", QuickModeMethod("AESGCM128", seconds=300), "ESP[AESGCM128]:300s"),
    ("ESP[AESGCM192]+AH[SHA1]", QuickModeMethod("AESGCM192", ah_auth="SHA1"),
     "AH[SHA1]+ESP[AESGCM192]"),
    ("ESP[None,SHA512]", QuickModeMethod("", "SHA512"), "ESP[None,SHA512]"),
    ("AH[SHA256]", QuickModeMethod(ah_auth="SHA256"), "AH[SHA256]"),
]


@pytest.mark.parametrize(("typed", "method", "written"), TEXTS, ids=[row[0] for row in TEXTS])
def test_extensions_of_the_method_syntax_are_read(typed: str, method: QuickModeMethod,
                                                  written: str) -> None:
    assert parse_quick_mode(typed) == (method,)
    assert format_quick_modes((method,)) == written


@pytest.mark.parametrize("typed", [
    "ESP[AESGCM128,SHA1]", "ESP[AESGCM512]", "ESP[AES128]", "ESP[None]", "ESP[AES128,None]",
    "ESP[AESGCM128,]", "AH[SHA512]", "AH[None]", "ESP[AESGCM128]+ESP[AES128,SHA1]",
    "ESP[None,SHA1]+ESP[DES,MD5]"])
def test_what_protects_nothing_or_twice_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="must"):
        parse_quick_mode(typed)


@pytest.mark.parametrize(("method", "rule"), [
    (QuickModeMethod("AES128"), "no-integrity"),
    (QuickModeMethod("AES128", ah_auth="SHA1"), "no-integrity"),
    (QuickModeMethod(), "no-integrity"),
    (QuickModeMethod("AESGCM128", "SHA1"), "two-integrities"),
])
def test_the_store_refuses_methods_that_no_line_can_write(method: QuickModeMethod,
                                                          rule: str) -> None:
    with pytest.raises(Refused) as caught:
        bare().add_filteraction(FilterAction("a", methods=(method,)))
    assert caught.value.rule == rule


@pytest.mark.parametrize(("method", "words"), [
    (MainModeMethod("DES", "MD5", 1), ("DES", "MD5", "768")),
    (MainModeMethod("3DES", "SHA1", 2), ("1024",)),
    (MainModeMethod("3DES", "SHA1", 5), ()),
    (MainModeMethod("AES256", "SHA512", 18), ()),
])
def test_weak_main_modes_say_why(method: MainModeMethod, words: tuple[str, ...]) -> None:
    reasons = weak_main_mode(method)
    assert len(reasons) == len(words)
    assert all(word in reason for word, reason in zip(words, reasons, strict=True))


@pytest.mark.parametrize(("method", "words"), [
    (QuickModeMethod("DES", "MD5"), ("DES", "MD5")),
    (QuickModeMethod("AES128", "MD5"), ("MD5",)),
    (QuickModeMethod("AES128", "SHA1", ah_auth="MD5"), ("MD5",)),
    (QuickModeMethod(ah_auth="SHA1"), ()),
    (QuickModeMethod("AESGCM128"), ()),
])
def test_weak_quick_modes_say_why(method: QuickModeMethod, words: tuple[str, ...]) -> None:
    reasons = weak_quick_mode(method)
    assert len(reasons) == len(words)
    assert all(word in reason for word, reason in zip(words, reasons, strict=True))
