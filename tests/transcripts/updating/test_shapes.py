"""What a target prints has no types: only what looks like nothing else becomes a placeholder."""

import pytest

from transcripts.lines import printed
from transcripts.model import Expected
from transcripts.pairing import Mismatch, pair
from transcripts.pattern import parse_pattern
from transcripts.updating.shapes import general


@pytest.mark.parametrize(("text", "wanted"), [
    ("S>* 10.2.0.0/24 via 203.0.113.2, wan0, weight 1, 00:01:30",
     "S>* 10.2.0.0/24 via 203.0.113.2, wan0, weight 1, <dur>"),
    ("last update 1d02h03m ago", "last update <dur> ago"),
    ("Last Modified : 11/27/2026 9:02:03 AM", "Last Modified : <time>"),
    ("at 2026-11-27T09:02:03Z, then", "at <time>, then"),
    ("GUID : {D239C599-F945-47A3-A4E3-B37BC12826B9}", "GUID : <guid>"),
    ("link 00:11:22:33:44:55", "link 00:11:22:33:44:55"),
    ("net fd00:11:22::1, AS 65000, 0x1f2e3d4c", "net fd00:11:22::1, AS 65000, 0x1f2e3d4c"),
    ("version 8.4.4, 12 routes, 10m", "version 8.4.4, 12 routes, 10m"),
    (r"\<a> <dur <10s> \${x} 0:00:01", r"\<a> <dur <10s> \${x} <dur>"),
])
def test_only_what_looks_like_nothing_else(text: str, wanted: str) -> None:
    assert general(text) == wanted


def test_what_is_written_fits_what_was_printed() -> None:
    text = "up 02w3d04h since 2026-11-27 09:02:03, id {D239C599-F945-47A3-A4E3-B37BC12826B9}"
    line = Expected("|", general(text), 1, parse_pattern(general(text)))
    assert not isinstance(pair(line, printed("|", [(text, "", None)]), {}, {}), Mismatch)
