"""The driver's filters of a booting machine."""

import pytest

from engine.boot import BootSpd, Exemption, boot_policy, format_exemptions, parse_exemptions
from engine.spd import INBOUND, OUTBOUND
from tests.support.site import HOST_A, INTERNAL, PEER, Site, article

DHCP_REPLY = (1, 2, 17, 67, 68)


def passes(spd: BootSpd, direction: str, *flow: int) -> bool:
    found = spd.lookup(direction, *flow)
    return found is None or found.action == "permit"


@pytest.mark.parametrize("mode", ["block", "stateful"])
def test_what_nobody_asked_for_is_kept_out_but_dhcp(mode: str) -> None:
    spd = BootSpd(mode, ())
    assert not passes(spd, INBOUND, PEER, INTERNAL, 1)
    assert not passes(spd, INBOUND, PEER, INTERNAL, 17, 67, 69)
    assert passes(spd, INBOUND, *DHCP_REPLY)
    assert passes(spd, OUTBOUND, 2, 1, 17, 68, 67)


def test_block_lets_nothing_out_and_stateful_lets_answers_in() -> None:
    block, stateful = BootSpd("block", ()), BootSpd("stateful", ())
    assert not passes(block, OUTBOUND, INTERNAL, PEER, 6, 1025, 80)
    assert passes(stateful, OUTBOUND, INTERNAL, PEER, 6, 1025, 80)
    assert passes(stateful, INBOUND, PEER, INTERNAL, 6, 80, 1025)
    assert not passes(stateful, INBOUND, PEER, INTERNAL, 6, 80, 1026)
    assert not passes(stateful, INBOUND, HOST_A, INTERNAL, 6, 80, 1025)


def test_permit_filters_nothing() -> None:
    assert len(BootSpd("permit", ())) == 0


def test_the_flows_that_are_remembered_are_bounded() -> None:
    spd = BootSpd("stateful", ())
    for port in range(5000):
        spd.lookup(OUTBOUND, INTERNAL, PEER, 17, port, 53)
    assert not passes(spd, INBOUND, PEER, INTERNAL, 17, 53, 0)
    assert passes(spd, INBOUND, PEER, INTERNAL, 17, 53, 4999)


@pytest.mark.parametrize("text", ["none", "TCP:0:3389:inbound", "UDP:53:0:outbound 47:0:0:inbound",
                                  "ICMP:0:0:inbound"])
def test_exemptions_are_written_as_they_are_read(text: str) -> None:
    assert format_exemptions(parse_exemptions(text.lower())) == text


@pytest.mark.parametrize("text", ["tcp", "tcp:1:2", "tcp:1:2:both", "tcp:1:65536:inbound",
                                  "0:0:0:inbound", "icmp:8:0:inbound", "x:0:0:inbound",
                                  "tcp:-1:0:inbound", " ".join(["tcp:0:1:inbound"] * 65)])
def test_what_is_no_exemption_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        parse_exemptions(text)


def test_an_exemption_opens_its_direction_only() -> None:
    spd = BootSpd("block", (Exemption(6, 0, 3389, INBOUND),))
    assert passes(spd, INBOUND, PEER, INTERNAL, 6, 4000, 3389)
    assert not passes(spd, OUTBOUND, PEER, INTERNAL, 6, 4000, 3389)


@pytest.mark.parametrize(("site", "setting", "entries"), [
    (Site(), "", 0), (article(), "", 3), (article(), "block", 4), (article(), "permit", 0),
    (article(), "nonsense", 4)])
def test_the_mode_is_a_setting_and_stateful_where_a_policy_is_assigned(
        site: Site, setting: str, entries: int) -> None:
    site.gwa.set_setting("bootmode", setting)
    site.gwa.set_setting("bootexemptions", "garbage")
    snapshot, spd = boot_policy(site.gwa, site.lab.hosts["gwA"].agent.snapshot)
    assert (snapshot.policy, len(spd)) == (None, entries)
