"""What an agent lacks, by name."""

from engine.live.privilege import effective, missing

ALL = 1 << 10 | 1 << 12 | 1 << 13


def test_what_is_missing_is_named_with_what_it_is_for() -> None:
    assert missing(ALL) == ()
    assert missing(ALL & ~(1 << 13)) == ("CAP_NET_RAW (for ESP, AH and captures)",)
    assert len(missing(0)) == 3


def test_the_own_capabilities_can_be_read() -> None:
    assert effective() >= 0
