"""A secret is found by its value, however it is spelled."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.policy.model import Secret
from transcripts.hiding import Hider

KEY = "Zw3rg/9+Ä!"


def spellings(key: str) -> list[str]:
    octets, wide = key.encode(), key.encode("utf-16-le")
    return [key, octets.hex(), octets.hex().upper(), octets.hex(":"), octets.hex(" "),
            wide.hex(), key.encode("utf-16-be").hex(), "0x" + octets.hex(),
            base64.b64encode(octets).decode(), base64.urlsafe_b64encode(octets).decode(),
            base64.b64encode(b"x" + octets + b"y").decode(),
            base64.b64encode(b"xy" + octets + b"z").decode(),
            base64.b64encode(b"xyz" + octets).decode(), base64.b64encode(wide).decode(),
            json.dumps(key), quote(key, safe=""), f"user:{key}@host"]


@pytest.mark.parametrize("text", spellings(KEY))
def test_every_spelling_is_found(text: str) -> None:
    hider = Hider()
    assert hider.learn(Secret(KEY), "secret:psk1") == "secret:psk1"
    shown = hider.hide(f"before {text} behind")
    assert "${secret:psk1" in shown
    assert shown.startswith("before ") and shown.endswith(" behind")
    assert hider.hide(shown) == shown and hider.holds(text)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.text(min_size=6, max_size=40).filter(lambda text: text.isprintable()))
def test_no_spelling_of_any_key_is_left(key: str) -> None:
    hider = Hider()
    hider.learn(key, "secret:k")
    for text in spellings(key)[:-1]:
        assert text not in hider.hide(f"<{text}>") or text in "${secret:k.base64}"


def test_one_value_has_one_name_and_others_have_others() -> None:
    hider = Hider()
    assert hider.fresh("first-key", "psk") == "secret:psk1"
    assert hider.fresh("second-key", "psk") == "secret:psk2"
    assert hider.fresh("first-key", "psk") == "secret:psk1"
    assert hider.learn("second-key", "PSK") == "secret:psk2"
    assert hider.learn("", "nothing") == "nothing"
    assert hider.hide("second-key and first-key") == "${secret:psk2} and ${secret:psk1}"


def test_a_short_secret_is_one_only_where_it_stands_alone() -> None:
    hider = Hider()
    hider.learn("a", "s")
    assert hider.hide("a banana, key=a") == "${s} banana, key=${s}"


def test_of_two_that_overlap_the_longer_one_is_written() -> None:
    hider = Hider()
    hider.learn("sesame", "short")
    hider.learn("open-sesame", "long")
    assert hider.hide("open-sesame sesame") == "${long} ${short}"
