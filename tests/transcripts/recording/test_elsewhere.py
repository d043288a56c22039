"""What did not come out the same elsewhere once, and why; and what a recording makes of it."""

from pathlib import Path

import pytest

from tests.support.conversations import Line, conversation
from tests.support.replaying import elsewhere, told
from tests.support.typist import Typed, Typist

POLICY = "IPSec tunnel with third-party gateway"
RECORDED = {
    # What a NAT hides is known by its public address, which a carrier's is, too (RFC 6598).
    "nat": ("lab add nat", "diag check", "checklist"),
    # A network around NetB is named after it.
    "wide": ("lab add fault peer-filter-not-mirrored", "ipsec static show all",
             "diag check", "diag fix", "dump", "ipsec static show policy all | include 10.2."),
    # A GUID has "add" in it, or has not; an SPI that is sought is meant.
    "chance": ("ipsec dynamic show qmfilter | include add", "eventlog show | exclude 7",
               "ipsec dynamic show qmsas | begin a", "eventlog show | include 5 | count"),
    # Lines that somebody typed are printed as they were typed, and typed in full.
    "typed": ("offline", "ipsec st add pol P1 act=no", "ipsec st add filter NewList 10.1.0.0 "
              "10.2.0.0 srcm=24 dstm=16", "ipsec static add rule R P1 NewList psk=Tr0ub4dor&3-x4",
              "show changes", "show changes | json", "show changes as=diff", "commit confirm=2",
              "show revisions", "lab run 3m", "rollback previous", "show changes since=3"),
}


def recorded(folder: Path, *lines: str, running: bool = True) -> Typed:
    first = conversation((), running)
    return Typist(folder, 4).record([*first, *map(Line, lines)])


@pytest.mark.parametrize("what", RECORDED)
def test_it_replays_elsewhere(tmp_path: Path, what: str) -> None:
    typed = recorded(tmp_path, *RECORDED[what])
    report = elsewhere(typed.path, 5)
    assert not report.failed, told(report)


def test_a_wider_network_is_named_after_the_one_in_it(tmp_path: Path) -> None:
    text = recorded(tmp_path, *RECORDED["wide"][:2]).made.text
    assert "${NetB/16.id}" in text and "10.2.0.0" not in text.partition("\n\n")[2]
