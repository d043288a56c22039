"""The life of associations in the whole network: kilobytes, idleness, dead and restarted peers."""

import pytest

from engine.suites import QuickModeMethod
from tests.support.site import HOST_A, Site

KILOBYTES = 20_480


def test_kilobytes_that_run_out_lead_to_a_successor_without_a_lost_packet() -> None:
    site = Site().policy(quick=(QuickModeMethod("3DES", "SHA1", kilobytes=KILOBYTES),)).route()
    site.ping(3)
    gwa = site.lab.hosts["gwA"]
    [old] = gwa.sad.pairs()
    assert old.outbound
    # What hours of traffic would have used up, but for the last packets before the soft limit.
    old.outbound.octets = int(KILOBYTES * 1024 * 0.8) - 200
    assert [one.kind for one in site.ping(20)] == ["reply"] * 20
    assert gwa.sad.pair(old.spi) is None
    [new] = gwa.sad.pairs()
    assert new.initiator and new.outbound and 0 < new.outbound.octets < 20 * 100
    assert site.ping(1, "hostB", HOST_A)[0].kind == "reply"


def test_a_hard_limit_of_kilobytes_is_never_passed() -> None:
    site = Site().policy(quick=(QuickModeMethod("3DES", "SHA1", kilobytes=KILOBYTES),)).route()
    site.ping(3)
    [old] = site.lab.hosts["gwA"].sad.pairs()
    assert old.outbound
    old.outbound.octets = KILOBYTES * 1024 - 30
    site.ping(3)
    assert old.outbound.octets < KILOBYTES * 1024 + 100
    assert site.lab.hosts["gwA"].sad.pair(old.spi) is None
    assert site.ping(1)[0].kind == "reply"


def test_an_idle_tunnel_is_deleted_at_both_ends() -> None:
    site = Site().policy().route()
    site.ping(3)
    site.lab.run(site.lab.now + 400.0)
    assert not site.lab.hosts["gwA"].sad.pairs() and not site.lab.hosts["gwB"].sad.pairs()
    assert [one.kind for one in site.ping(3)][-1] == "reply"


def restart_gwb_unheard(site: Site) -> None:
    """gwB forgets everything, and gwA never hears of it."""
    site.lab.links["middle"].up = False
    site.lab.stop_agent("gwB")
    site.lab.start_agent("gwB")
    site.lab.run(site.lab.now + 1.0)
    site.lab.links["middle"].up = True


@pytest.mark.parametrize(("dpd", "recovers"), [("30", True), ("0", False)])
def test_a_peer_that_restarted_unheard_is_found_dead_only_by_asking(dpd: str,
                                                                    recovers: bool) -> None:
    site = Site().policy().route()
    site.gwa.set_setting("dpd", dpd)
    site.lab.reload()
    site.ping(3)
    restart_gwb_unheard(site)
    kinds = [one.kind for one in site.ping(100)]
    assert kinds[0] == "timeout"
    assert (kinds[-1] == "reply") == recovers
    assert kinds.count("reply") > 30 or not recovers


def test_a_quiet_tunnel_sends_no_questions() -> None:
    site = Site().policy().route()
    site.ping(3)
    capture = site.lab.start_capture("gwA", "External")
    site.lab.run(site.lab.now + 250.0)
    assert not capture.packets
