"""The faults as data: every name once, every word of a line known, nothing empty."""

import pytest

from engine.errors import NotFound
from engine.faults.fault import Fault
from engine.faults.fill import fill
from engine.faults.registry import FAULTS, fault
from tests.support.faulty import words_of


@pytest.mark.parametrize("one", FAULTS.values(), ids=FAULTS)
def test_every_word_of_every_line_means_something(one: Fault) -> None:
    words = words_of(one)
    for lines in (one.stored, one.running, one.undo):
        assert all("{" not in line for line in fill(lines, words))
    assert one.stored or one.running
    assert one.verdict in ("FAIL", "WARN", "PASS") and one.help.endswith(".")


def test_names_are_found_in_any_case_and_others_are_named() -> None:
    assert fault("PSK-Mismatch").name == "psk-mismatch"
    with pytest.raises(NotFound) as missing:
        fault("bad-luck")
    assert "psk-mismatch" in missing.value.known
